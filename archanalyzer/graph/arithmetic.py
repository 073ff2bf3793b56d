"""How much is computed: counts as products of named factors, so that a total and its explanation are one thing."""

from __future__ import annotations

from math import prod
from typing import NamedTuple


class Factor(NamedTuple):
    """One factor of a count, with the name under which an explanation shows it."""

    name: str
    value: int


class Count(NamedTuple):
    """A number of operations of one kind: ``what`` is counted, and the factors whose product it is."""

    what: str
    factors: tuple[Factor, ...]

    @property
    def total(self) -> int:
        return prod(factor.value for factor in self.factors)


def count(what: str, /, **factors: int) -> Count:
    """``count("products", filters=64, kernel_height=3)``; underscores in names become spaces."""
    return Count(what, tuple(Factor(name.replace("_", " "), value) for name, value in factors.items()))


class Arithmetic(NamedTuple):
    """The arithmetic of a layer on one sample, by the rule of ``docs/counting.md``.

    ``macs``: multiply–accumulates of the forward step; a product x·w there is one product δ·w in the gradient by the
    input and one δ·x in the gradient by the weight, so the backward step needs no count of its own. Where the factors
    are two inputs, as in a matrix product, that goes for the gradient by each.
    ``operations``: all other operations of the forward step (bias additions, comparisons, exponentials, …).
    ``input_gradient_operations``, ``weight_gradient_operations``: the other operations of the backward step, the former
    of the gradients by all inputs.
    """

    macs: tuple[Count, ...] = ()
    operations: tuple[Count, ...] = ()
    input_gradient_operations: tuple[Count, ...] = ()
    weight_gradient_operations: tuple[Count, ...] = ()

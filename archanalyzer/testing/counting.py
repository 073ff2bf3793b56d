"""Numbers that count what is computed with them; NumPy computes with them in arrays of objects.

What is counted is told apart as ``docs/counting.md`` does: products of two numbers that are added up, which are
multiply–accumulates, and all other operations.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from archanalyzer.executor.kernel import Array

Origin: TypeAlias = tuple[int, ...]
"""What a number is: one of an array (its number), a sum of products of two arrays (both); else nothing is said."""

_COMPUTED: Origin = ()
_PADDED: Origin = (-1, -1)
"""A product with the zero of a padding, which goes with any sum of products."""


class Tally:
    """What was computed: ``products`` of two numbers, or of one and the zero of a padding, and other ``operations``.

    The additions by which products of the same two arrays become a sum are no other operations.
    """

    def __init__(self) -> None:
        self.products = 0
        self.operations = 0
        self._arrays = 0

    def numbers(self, values: Array) -> Array:
        """An array of numbers that are counted here."""
        self._arrays += 1
        made = np.empty(values.shape, object)
        made.reshape(-1)[:] = [Number(float(value), self, (self._arrays,)) for value in values.flat]
        return made


class Number(float):
    """A number that counts what is computed with it. A change of sign counts nothing."""

    tally: Tally
    origin: Origin

    def __new__(cls, value: float, tally: Tally, origin: Origin = _COMPUTED) -> Number:
        made = super().__new__(cls, value)
        made.tally, made.origin = tally, origin
        return made

    def _operated(self, value: float) -> Number:
        self.tally.operations += 1
        return Number(value, self.tally)

    def _added(self, other: Any, value: float) -> Number:
        mine, others = self.origin, getattr(other, "origin", _PADDED if other == 0 else _COMPUTED)
        if len(mine) == len(others) == 2 and (mine == others or _PADDED in (mine, others)):
            return Number(value, self.tally, others if mine == _PADDED else mine)
        return self._operated(value)

    def __add__(self, other: Any) -> Number:
        return self._added(other, float(self) + float(other))

    def __sub__(self, other: Any) -> Number:
        return self._added(other, float(self) - float(other))

    def __rsub__(self, other: Any) -> Number:
        return self._added(other, float(other) - float(self))

    def __mul__(self, other: Any) -> Number:
        value = float(self) * float(other)
        if not isinstance(other, Number) and other != 0:
            return self._operated(value)
        self.tally.products += 1
        if not isinstance(other, Number):
            return Number(value, self.tally, _PADDED)
        self.tally.operations += len(self.origin) != 1 or len(other.origin) != 1
        return Number(value, self.tally, tuple(sorted((*self.origin, *other.origin)))[:2])

    def __truediv__(self, other: Any) -> Number:
        return self._operated(float(self) / float(other))

    def __rtruediv__(self, other: Any) -> Number:
        return self._operated(float(other) / float(self))

    def __pow__(self, other: Any) -> Number:  # type: ignore[override]  # of these numbers, powers are real
        return self._operated(float(self) ** float(other))

    def __neg__(self) -> Number:
        return Number(-float(self), self.tally, self.origin)

    def __abs__(self) -> Number:
        return Number(abs(float(self)), self.tally)

    __radd__ = __add__
    __rmul__ = __mul__


def _comparison(compare: Callable[[float, float], bool]) -> Callable[[Number, Any], bool]:
    def compared(self: Number, other: Any) -> bool:
        self.tally.operations += 1
        return compare(float(self), float(other))

    return compared


def _function(name: str) -> Callable[[Number], Number]:
    def called(self: Number) -> Number:
        return self._operated(float(getattr(np, name)(float(self))))

    return called


for _name in ("lt", "le", "gt", "ge"):
    setattr(Number, f"__{_name}__", _comparison(getattr(operator, _name)))
for _name in ("exp", "expm1", "log", "log1p", "sqrt", "square", "tanh"):  # what `np.exp` of an object calls
    setattr(Number, _name, _function(_name))

"""A count as one writes it by hand: a sum of products of named factors, those that terms share taken out in front.

    2 × 224×224 × 9 × (3×64 + 64×64)

stands for two convolutions: 2 operations a multiply–accumulate, 224×224 positions, 9 weights of a 3×3 kernel, and in
brackets, one term a layer, input channels × filters. So the factors of a product are of four sorts: those that count
how often all of it happens, positions, the kernel, and what is left, its units.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from math import prod
from typing import NamedTuple

from archanalyzer.graph import Count, Factor, TensorType, Weight

_KERNEL = "kernel "
_INPUT = "input"
_SPATIAL = re.compile(r"(?:.* )?(?:length|height|width|depth|axis\d+)")
"""A factor's name that ends in the name of a spatial axis, as ``TensorType.axis_names`` gives them."""

Factors = tuple[Factor, ...]


class Product(NamedTuple):
    """One product of named factors: ``what`` it counts, and its factors by their sort, in the order of writing.

    ``array``: the one whose numbers it counts, if it counts those.
    """

    what: str
    units: Factors
    kernel: Factors = ()
    positions: Factors = ()
    often: Factors = ()
    array: Weight | None = None

    @property
    def factors(self) -> Factors:
        return self.often + self.positions + self.kernel + self.units

    @property
    def value(self) -> int:
        return product_of(self.factors)


class Term(NamedTuple):
    """The units of ``times`` products that are alike."""

    units: Factors
    times: int

    @property
    def value(self) -> int:
        return product_of(self.units) * self.times


class Group(NamedTuple):
    """Products of one kind that share all factors but their units: those are taken out of the sum of ``terms``."""

    what: str
    often: Factors
    positions: Factors
    kernel: Factors
    terms: tuple[Term, ...]

    @property
    def value(self) -> int:
        return product_of(self.often + self.positions + self.kernel) * sum(term.value for term in self.terms)


def product_of(factors: Iterable[Factor]) -> int:
    return prod(factor.value for factor in factors)


def of_count(count: Count, *often: Factor) -> Product:
    """What an op declares, its factors told apart by their names; times how ``often`` all of it happens."""
    kernel = tuple(each for each in count.factors if each.name.startswith(_KERNEL))
    positions = tuple(each for each in count.factors if each not in kernel and _SPATIAL.fullmatch(each.name))
    units = [each for each in count.factors if each not in kernel and each not in positions]
    # Ops name the outputs first; by hand one goes from what comes in to what goes out.
    units.sort(key=lambda factor: not factor.name.startswith(_INPUT))
    if len(units) > 1 and not units[0].name.startswith(_INPUT):
        units.reverse()
    return Product(count.what, tuple(units), kernel, positions, often)


def of_weight(weight: Weight, what: str, output: TensorType) -> Product:
    """The numbers in an array: inputs, outputs and kernel of one that is drawn with these; else the array's axes.

    An array that starts with one value, such as the scale of a normalization, has an axis for each axis of the output
    that it has the extent of.
    """
    laid_out = weight.fan_shape or weight.shape
    if weight.initial is not None or len(laid_out) < 2 or prod(laid_out) != weight.elements:
        return Product(what, _along_output(weight.shape, output), array=weight)
    outputs, inputs, *kernel = laid_out
    names = ("channels of each filter", "filters") if weight.filters == outputs else ("inputs", "outputs")
    along = TensorType((1, *kernel)).axis_names[1:]
    return Product(
        what,
        (Factor(names[0], inputs), Factor(names[1], outputs)),
        tuple(Factor(f"{_KERNEL}{name}", extent) for name, extent in zip(along, kernel, strict=True)),
        array=weight,
    )


def of_output(output: TensorType) -> Product:
    """The numbers in a layer's output."""
    along = named(output.shape, output.axis_names)
    return Product("numbers", along[:1], (), along[1:])


def _along_output(shape: tuple[int, ...], output: TensorType) -> Factors:
    if shape == output.shape[: len(shape)]:
        return named(shape, output.axis_names)
    return named(shape, ("numbers",) if len(shape) == 1 else [f"axis {axis}" for axis in range(len(shape))])


def named(numbers: Sequence[int], names: Sequence[str]) -> Factors:
    """Numbers as factors, by the names of the same place."""
    return tuple(Factor(name, number) for name, number in zip(names, numbers, strict=False))


def gathered(products: Iterable[tuple[Product, int]], *, in_order: bool = True) -> tuple[Group, ...]:
    """The sum of some products, each so many times, with what they share taken out.

    Those next to each other that are alike become one term; not ``in_order``, all that are.
    """
    groups: dict[object, list[Product]] = {}
    terms: dict[object, list[Term]] = {}
    places: dict[object, int] = {}
    for product, times in products:
        key = (product.what, *map(_values, (product.often, product.positions, product.kernel)), len(product.units))
        groups.setdefault(key, [product])
        listed, alike = terms.setdefault(key, []), (key, _values(product.units))
        place = places.get(alike, -1)
        if place >= 0 and (not in_order or place == len(listed) - 1):
            listed[place] = listed[place]._replace(times=listed[place].times + times)
        else:
            places[alike] = len(listed)
            listed.append(Term(product.units, times))
    return tuple(
        Group(first.what, first.often, first.positions, first.kernel, tuple(terms[key]))
        for key, (first,) in groups.items()
    )


def _values(factors: Factors) -> tuple[int, ...]:
    return tuple(factor.value for factor in factors)

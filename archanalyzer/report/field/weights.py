"""How much a place depends on each position of the inputs: paths counted, and the effective receptive field."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from math import sqrt
from typing import NamedTuple

import numpy as np

from archanalyzer.graph import Graph
from archanalyzer.passes.fields.paths import Gaussian, Size, gaussian_of, size_at, variances
from archanalyzer.passes.fields.reading_back import Array, Places, first_place_axis
from archanalyzer.passes.tensor_types import TensorTypes
from archanalyzer.report.field.words import place_text
from archanalyzer.report.parts import Grid, Notes, Pairs, Part, Row, Title
from archanalyzer.report.text import plural

_MOST_BINS = 16
_BAR, _LONGEST_BAR = "=", 24
"""A sign that means nothing in Markdown, and that ASCII has."""
_MOST_DIGITS = 60
"""Counts with more digits are rounded in text; JSON has them all."""


class Counted(NamedTuple):
    """What is told of the numbers of paths to one input of the network."""

    input: int
    counts: Places
    total: int
    positions: int
    most: int
    most_at: tuple[int, ...]
    fewest: int
    fewest_at: tuple[int, ...]
    half: int
    """The fewest positions from which half of all paths come."""

    @property
    def profiles(self) -> tuple[Array, ...]:
        """Along each axis, the paths from all positions of each place there."""
        axes = range(self.counts.numbers.ndim)
        return tuple(self.counts.numbers.sum(axis=tuple(other for other in axes if other != axis)) for axis in axes)


def counted(by_input: Mapping[int, Places]) -> list[Counted]:
    """What is told of the paths to each input that there are any to."""
    return [_counted(index, counts) for index, counts in by_input.items()]


def _counted(index: int, counts: Places) -> Counted:
    flat = counts.numbers.ravel()
    order = np.argsort(flat, kind="stable")
    some = order[np.count_nonzero(flat == 0) :]
    total = int(flat.sum())
    half, held = 0, 0
    for position in reversed(some.tolist()):
        half, held = half + 1, held + int(flat[position])
        if 2 * held >= total:
            break
    most = int(np.flatnonzero(flat == flat.max())[0])
    ends = [tuple(map(int, np.unravel_index(at, counts.numbers.shape))) for at in (most, int(some[0]))]
    places = [tuple(map(sum, zip(at, counts.start, strict=True))) for at in ends]
    return Counted(index, counts, total, len(some), int(flat[most]), places[0], int(flat[some[0]]), places[1], half)


def paths(by_input: Mapping[int, Places], graph: Graph, types: TensorTypes) -> Iterator[Part]:
    """The numbers of paths, input by input, with a profile along each axis."""
    for one in counted(by_input):
        shape = one.counts.numbers.shape
        yield Title(f"paths from {graph.layers[one.input].name}", is_section=True)
        yield Pairs(
            [
                ("in all", count_text(one.total)),
                ("positions", f"{one.positions:,} with a path, within {place_text(shape)}"),
                ("the most", f"{count_text(one.most)} from {place_text(one.most_at)}"),
                ("the fewest", f"{count_text(one.fewest)} from {place_text(one.fewest_at)}"),
                ("half of all", f"from {plural(one.half, 'position')}, {percent(one.half / one.positions)} of these"),
            ]
        )
        names = types.outputs[one.input].axis_names[first_place_axis(types.outputs[one.input].shape) :]
        yield from _histograms(one, names)


def _histograms(one: Counted, names: Sequence[str]) -> Iterator[Grid]:
    """One along each axis with several positions; axes together that have the same."""
    alike: dict[tuple[Row, ...], list[str]] = {}
    for name, start, profile in zip(names, one.counts.start, one.profiles, strict=True):
        if len(profile) > 1:
            alike.setdefault(tuple(_histogram(start, profile, one.total)), []).append(name)
    for rows, named in alike.items():
        yield Grid([", ".join(named), "paths", ""], rows, frozenset({2}))


def _histogram(start: int, profile: Array, total: int) -> Iterator[Row]:
    """The share of the paths from stretches of positions along an axis."""
    stretches = _stretches(len(profile))
    sums = [int(profile[each.start : each.stop].sum()) for each in stretches]
    largest = max(sums)
    for each, share in zip(stretches, sums, strict=True):
        first, last = start + each.start, start + each.stop - 1
        label = str(first) if first == last else f"{first}–{last}"
        yield Row((label, percent(share / total), _BAR * round(_LONGEST_BAR * share / largest)))


def _stretches(length: int) -> list[range]:
    """So many positions in as many stretches as are shown, all of one length but for the ends, which are alike.

    Else what is symmetric would not look so.
    """
    one = -(-length // _MOST_BINS)
    while (end := _end(length, one)) is None:
        one += 1
    starts = [0, *range(end, length, one)]
    return [range(start, stop) for start, stop in zip(starts, [*starts[1:], length], strict=True)]


def _end(length: int, one: int) -> int | None:
    """How long the first and the last stretch are, of ``one`` at most; None where they cannot be alike."""
    for number in (-(-length // one), -(-length // one) + 1):
        excess = number * one - length
        if excess % 2 == 0 and excess < 2 * one and number <= _MOST_BINS:
            return one - excess // 2
    return None


def count_text(count: int, most_digits: int = _MOST_DIGITS) -> str:
    """``1,234``; with more digits ``1.235e67``."""
    return f"{count:,}" if count < 10**most_digits else f"{Decimal(count):.3e}".replace("e+", "e")


def percent(share: float) -> str:
    """``12.3 %``; of what is not quite nothing, ``< 0.1 %``."""
    return "< 0.1 %" if 0 < share < 0.0005 else f"{100 * share:.1f} %"


# --- The effective field


class Effective(NamedTuple):
    """An effective receptive field: the weights of the positions of each input, and where they come from.

    ``squares``: of measured weights, which are mean magnitudes, the mean squares; of uniform ones, the weights.
    ``theoretical``: the size of the field of the actual input, all positions from which there is a path. ``variances``:
    along each axis, that of uniform weights far from any border; None where there is no formula.
    """

    origin: str
    threshold: float
    weights: Mapping[int, Places]
    squares: Mapping[int, Places]
    theoretical: Mapping[int, Size]
    variances: tuple[Fraction, ...] | None

    def size(self, index: int) -> Size:
        return size_at(self.weights[index].numbers, self.threshold)

    def deviations(self, index: int) -> tuple[float, ...]:
        """Along each axis, the standard deviation of the position, where squares are its distribution."""
        return tuple(map(sqrt, variances(self.squares[index].numbers)))

    @property
    def is_measured(self) -> bool:
        return any(self.squares[index] is not weights for index, weights in self.weights.items())

    @property
    def gaussian(self) -> Gaussian | None:
        """A Gaussian with the variances of the formula; None where there is no formula, or weights are not uniform.

        Magnitudes of gradients, whose squares are expected to be as the uniform weights, reach further.
        """
        if not self.weights or self.is_measured or self.variances is None:
            return None
        return gaussian_of(self.variances, self.threshold)

    def share(self, index: int) -> float:
        """What the positions that reach the threshold weigh, of all."""
        numbers = self.weights[index].numbers
        reached = numbers[numbers >= self.threshold * numbers.max()]
        return float(reached.sum() / numbers.sum())


def effective(found: Effective, graph: Graph) -> Iterator[Part]:
    """The size of an effective field at its threshold beside the theoretical one, and how far it spreads."""
    if not found.weights:
        yield Notes([f"effective field, weights {found.origin}: all gradients are zero"])
    for index in found.weights:
        size, theoretical = found.size(index), found.theoretical[index]
        share, of_what = percent(found.share(index)), ", of squared gradients" if found.is_measured else ""
        yield Title(f"effective field in {graph.layers[index].name}", is_section=True)
        pairs = [
            ("weights", found.origin),
            ("theoretical", size_in_full(theoretical)),
            ("effective", f"{size_in_full(size)}, {percent(size.places / theoretical.places)} of these"),
            ("threshold", f"{found.threshold:g} of the largest weight; {share} of all weights lie above"),
            ("deviation", f"{_numbers(found.deviations(index))}{of_what}"),
        ]
        if found.variances is not None:
            pairs.append(
                ("formula", f"{_numbers(map(sqrt, found.variances))}, for uniform weights far from any border")
            )
        if found.gaussian is not None:
            pairs.append(("Gaussian", _gaussian_text(found.gaussian)))
        yield Pairs(pairs)


def _gaussian_text(gaussian: Gaussian) -> str:
    """How far a Gaussian with the formula's deviations is above the threshold, and four deviations."""
    extents = "×".join(f"{each:.4g}" for each in gaussian.extents)
    within = f"±2 deviations: {_numbers(gaussian.within_two)}"
    return f"{extents}: {gaussian.places:.4g} positions by the formula; {within}"


def size_in_full(size: Size) -> str:
    """``61×61: 2,893 positions``."""
    return f"{place_text(size.extents)}: {plural(size.places, 'position')}"


def _numbers(values: Iterable[float]) -> str:
    """Standard deviations, one an axis: ``12.3 × 4.5``, or once where they are alike."""
    texts = [f"{value:.4g}" for value in values]
    return texts[0] if len(set(texts)) == 1 else " × ".join(texts)

"""All that is known of a layer's receptive field: which of its positions see what, and what the borders cut off."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from typing import NamedTuple

from archanalyzer.passes.fields.axis_field import AxisField
from archanalyzer.passes.fields.centres import mean_centre
from archanalyzer.passes.fields.field import Along, Field, features
from archanalyzer.passes.fields.moving import MOST_RUNS, Budget, Listed, Periodic, TooMany
from archanalyzer.passes.fields.positions import NOWHERE, Positions, TooWide, interval, union
from archanalyzer.passes.fields.told import Told, period, told


class Row(NamedTuple):
    """Positions of a layer that see the same positions of an input, as if it were endless."""

    positions: Positions
    seen: Positions


class CutSizes(NamedTuple):
    """What a layer's positions see of the input that there is.

    ``size``, ``min_size``: the most and the least positions from the first to the last that one of them sees, first at
    the positions ``most_at`` and ``least_at``; ``number``, ``min_number``: the most and the least, gaps left out.
    ``less``: the positions that see less than they would of an endless input, in intervals, ascending.
    """

    size: int
    min_size: int
    number: int
    min_number: int
    most_at: int
    least_at: int
    less: tuple[Positions, ...]


class AxisInFull(NamedTuple):
    """What a layer with an output of this shape sees along one axis of an input; of a flat one, some features of it."""

    field: Field
    along: Along
    shape: tuple[int, ...]

    @property
    def by_channel(self) -> bool:
        """Whether it is channels that see different things, the same at all places."""
        return self.along.along == 0 and len(self.shape) > 1

    @property
    def listed(self) -> Positions | None:
        """The features that the field is of, where it isn't that of all of them; they are told one by one."""
        return features(self.field, self.along, self.shape)

    def told(self) -> Told:
        """What is told of the axis as this part of the layer sees it."""
        found = next(iter(told([self.field._replace(axes=(self.along,))], self.shape)))
        if self.listed is None or not found.exact:
            return found
        seen = [self.along.field.at(feature) for feature in self.listed.each()]
        sizes, numbers = ([each.size for each in seen], [each.number for each in seen])
        return found._replace(min_size=min(sizes), min_number=min(numbers))

    @property
    def modulus(self) -> int | None:
        """The period of the layer's positions in ``rows``; None where these are all that there are."""
        moving = self.along.field.endless
        repeats = isinstance(moving, Periodic) and moving.period < self.along.field.positions
        return moving.period if isinstance(moving, Periodic) and repeats and self.listed is None else None

    @property
    def mean_centre(self) -> Fraction | None:
        """The middle of what a position sees, less stride times position, on average over a period.

        None where nothing moves, or what is seen does not repeat.
        """
        moving = self.along.field.endless
        return None if period(self.along) is None or isinstance(moving, Listed) else mean_centre(moving)

    def rows(self) -> tuple[Row, ...]:
        """Every position, or those of a period, with those that see the same in one row.

        Raises:
            TooMany: there are too many features to be told one by one.
        """
        alike: dict[Positions, list[Positions]] = {}
        for positions, seen in self._stretches():
            alike.setdefault(seen, []).append(positions)
        return tuple(Row(union(positions), seen) for seen, positions in alike.items())

    def _stretches(self) -> Iterator[tuple[Positions, Positions]]:
        field = self.along.field
        if self.listed is not None:
            if self.listed.number > MOST_RUNS:
                raise TooMany
            yield from ((interval(o, o + 1), field.at(o)) for o in self.listed.each())
            return
        moving = field.endless
        length = min(moving.period, field.positions) if isinstance(moving, Periodic) else field.positions
        ends = (*moving.firsts[1:], length)
        for first, end, seen in zip(moving.firsts, ends, moving.sets, strict=True):
            if first < length:
                yield interval(first, min(end, length)), seen

    def at(self, place: Sequence[int]) -> tuple[Positions, Positions]:
        """What a place sees, on all its channels, of an endless input, and of the one that there is.

        ``place`` has a position for each spatial axis, or of a flat layer, the feature.

        Raises:
            TooMany: it is not known.
            TooWide: it has gaps and is too wide.
        """
        field = self.along.field
        if self.by_channel:
            return field.endless.over(range(field.positions)), field.together()
        position = self._position(place)
        if self.listed is not None and not self.listed.has(position):
            return NOWHERE, NOWHERE
        return field.at(position), field.real(position)

    def _position(self, place: Sequence[int]) -> int:
        """That of a place along the axis along which what is seen moves; of scattered ones, its number."""
        if self.along.scattered:
            number = 0
            for position, extent in zip(place, self.shape[-len(place) :], strict=True):
                number = number * extent + position
            return number
        return 0 if self.along.along is None else place[self.along.along - (len(self.shape) - len(place))]

    def cut(self, budget: Budget | None = None) -> CutSizes | None:
        """What is seen of the input that there is; None where that is not known, or ``budget`` has not enough for it.

        Each position near a border is looked at, which takes microseconds.
        """
        field = self.along.field
        if not field.exact or field.cut is None:
            return None
        try:
            parts = list(self._parts(budget or Budget(MOST_RUNS)))
            less = _intervals(run for part in parts if part.real != part.endless for run in part.runs())
        except (TooMany, TooWide):
            return None
        if not parts:
            return None
        most = max(parts, key=lambda part: (part.real.size, -part.first))
        least = min(parts, key=lambda part: (part.real.size, part.first))
        numbers = [part.real.number for part in parts]
        return CutSizes(most.real.size, least.real.size, max(numbers), min(numbers), most.first, least.first, less)

    def _parts(self, budget: Budget) -> Iterator[_Part]:
        """Every stretch of positions, but of those that see the same moved on, and nothing of it cut off, the first.

        Raises:
            TooMany: there are.
        """
        field = self.along.field
        if self.listed is not None:
            budget.take(self.listed.number)
            yield from (_Part(o, o + 1, field.at(o), field.real(o)) for o in self.listed.each())
            return
        inner = field.inner()
        ends = (*range(inner.start), *range(max(inner.stop, inner.start), field.positions))
        budget.take(len(ends))
        yield from (_Part(o, o + 1, field.at(o), field.real(o)) for o in ends)
        if inner:
            yield from _inner_parts(field, inner, budget)


class _Part(NamedTuple):
    """Positions from ``first`` up to ``stop`` that see the same, and those ``apart`` from them, ``times`` in all."""

    first: int
    stop: int
    endless: Positions
    real: Positions
    apart: int = 0
    times: int = 1

    def runs(self) -> Iterator[Positions]:
        for turn in range(self.times):
            yield interval(self.first + turn * self.apart, self.stop + turn * self.apart)


def _inner_parts(field: AxisField, inner: range, budget: Budget) -> Iterator[_Part]:
    """The parts of positions that see what they would of an endless input, as far as there is an input."""
    moving = field.endless
    if isinstance(moving, Periodic):
        period, advance = moving.period, moving.advance
    else:
        period, advance = field.positions, 0
    repeats = not advance and inner == range(field.positions) and not field.positions % period
    times = field.positions // period if repeats else 1
    ends = (*moving.firsts[1:], period)
    for run, (first, end) in enumerate(zip(moving.firsts, ends, strict=True)):
        seen = moving.sets[run]
        turns = range(-((end - 1 - inner.start) // period), (inner[-1] - first) // period + 1)
        told = turns[:1] if times > 1 else _turns_told(field, seen, turns, advance)
        budget.take(len(told))
        for turn in told:
            start, stop = (max(first + turn * period, inner.start), min(end + turn * period, inner.stop))
            if start < stop:
                yield _Part(start, stop, seen.moved(turn * advance), field.real(start), period, times)


def _turns_told(field: AxisField, seen: Positions, turns: range, advance: int) -> Sequence[int]:
    """The turns in which a run's positions are to be looked at: of those in which nothing is cut off, the first."""
    if not seen.size:
        return turns[:1]
    if not advance or field.cut is None:
        return turns
    uncut = range(
        max(turns.start, -((seen.start - field.cut.start) // advance)),
        min(turns.stop, (field.cut.stop - seen.stop) // advance + 1),
    )
    before = range(turns.start, uncut.start + 1) if uncut else turns
    behind = range(uncut.stop, turns.stop) if uncut else range(0)
    if len(before) + len(behind) > MOST_RUNS:
        raise TooMany
    return (*before, *behind)


def _intervals(runs: Iterable[Positions]) -> tuple[Positions, ...]:
    """The same positions in as few intervals as there can be; a set of them might be too wide."""
    joined: list[Positions] = []
    for run in sorted(runs):
        if joined and run.start <= joined[-1].stop:
            joined[-1] = Positions(joined[-1].start, max(run.stop, joined[-1].stop))
        else:
            joined.append(run)
    return tuple(joined)


def in_full(fields: Sequence[Field], shape: tuple[int, ...]) -> tuple[tuple[AxisInFull, ...], ...]:
    """The fields of a layer with an output of this shape: for every input of the network and every part, its axes."""
    return tuple(tuple(AxisInFull(field, along, shape) for along in field.axes) for field in fields)


def cut_of_all(axes: Sequence[AxisInFull], budget: Budget) -> CutSizes | None:
    """What is seen along an axis by all parts of a layer together; None where that is not known."""
    cuts = [axis.cut(budget) for axis in axes]
    known = [cut for cut in cuts if cut is not None]
    if len(known) < len(cuts):
        return None
    most = max(known, key=lambda cut: (cut.size, -cut.most_at))
    least = min(known, key=lambda cut: (cut.min_size, cut.least_at))
    return CutSizes(
        most.size,
        least.min_size,
        max(cut.number for cut in known),
        min(cut.min_number for cut in known),
        most.most_at,
        least.least_at,
        _intervals(run for cut in known for run in cut.less),
    )

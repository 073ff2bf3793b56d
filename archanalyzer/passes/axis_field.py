"""What the positions of a layer see of one axis of a network input, and how that composes along the graph.

Every position sees an interval, as on an endless input: padding cuts nothing off. Behind an up-sampling the interval's
length differs from one output position to the next, so it is kept for one whole period of positions. Composition of
windows generalizes Araujo, Norris & Sim 2019, "Computing Receptive Fields of Convolutional Neural Networks" (Distill),
equations 1 and 2, which is the case of a chain with a period of 1.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import gcd, lcm, prod
from typing import NamedTuple

from archanalyzer.graph import IrregularWindow, Reading, Readings, Rearranged, WholeAxis, Window, aligned_axes

READS_PER_POSITION = 16
"""Positions read on average for each that is told apart; where it were more, the hull of all has to do."""


class Interval(NamedTuple):
    """Input positions from ``start`` up to, not including, ``stop``."""

    start: int
    stop: int

    @property
    def size(self) -> int:
        return self.stop - self.start


class AxisField(NamedTuple):
    """What the positions of a layer's output see of axis ``axis`` of the network input of index ``input``.

    Output position q·P + r along the output axis ``along`` sees ``intervals[r]`` moved by q·``advance``, where P is
    the number of intervals; None where a position sees nothing. ``periodic`` False: the intervals are those of all
    positions there are, and do not repeat.

    ``along`` None: what a position sees does not move with any one axis. Then there is one interval, which every
    position sees, unless ``scattered_by`` a layer, that of this index: there each position sees some one of the
    intervals. ``exact`` False: the one interval contains what a position sees, and may contain more. Of both,
    ``together`` is what all positions see between them, None where that is not known.
    """

    input: int
    axis: int
    along: int | None
    intervals: tuple[Interval | None, ...]
    advance: int = 0
    periodic: bool = True
    exact: bool = True
    scattered_by: int | None = None
    together: Interval | None = None

    @property
    def constant(self) -> bool:
        """Whether every position sees the same."""
        return self.along is None and self.exact and self.scattered_by is None

    def at(self, position: int) -> Interval | None:
        """What one position sees; of fields that do not repeat, a position outside sees what the nearest one does."""
        period = len(self.intervals)
        if not self.periodic:
            return self.intervals[min(max(position, 0), period - 1)]
        turn, residue = divmod(position, period)
        interval = self.intervals[residue]
        return interval and Interval(interval.start + turn * self.advance, interval.stop + turn * self.advance)

    def union_of(self, positions: range) -> Interval | None:
        """The hull of what some evenly spaced positions see; their step is above 0.

        Where fields repeat, residues do after at most a period's worth of positions, and intervals only move onwards
        from one turn to the next: the first ones decide the start, the last ones the stop.
        """
        most = len(self.intervals)
        if not self.periodic:
            positions, most = _within(positions, most), len(positions)
        starts = [seen.start for seen in map(self.at, positions[:most]) if seen]
        stops = [seen.stop for seen in map(self.at, positions[-most:]) if seen]
        return Interval(min(starts), max(stops)) if starts and stops else None

    def of_all(self, positions: int) -> Interval | None:
        """The hull of what so many positions see between them, as far as that is known."""
        if self.along is not None:
            return self.union_of(range(positions))
        return self.intervals[0] if self.constant else self.together

    def bound(self, positions: int) -> Interval | None:
        """An interval that contains what each of so many positions sees."""
        return self.intervals[0] if not self.exact else self.of_all(positions)

    def sizes(self, positions: int) -> list[int]:
        """The different sizes that occur among so many positions, ascending; of a field that is not exact, bounds."""
        if not self.exact:
            return [0, self.intervals[0].size if self.intervals[0] else 0]
        shown = self.intervals if self.along is None else self.intervals[: max(positions, 1)]
        return sorted({seen.size if seen else 0 for seen in shown})

    def covers(self, length: int) -> bool:
        """Whether what every position sees reaches from one end of an axis of this length to the other."""
        seen = self.intervals[0]
        return self.constant and seen is not None and seen.start <= 0 and seen.stop >= length

    @property
    def stride(self) -> int | str | None:
        """Input positions per output position, as a whole number or as "p/q"; None where there is no one stride."""
        if self.along is None or not self.periodic:
            return None
        common = gcd(self.advance, len(self.intervals))
        above, below = self.advance // common, len(self.intervals) // common
        return above if below == 1 else f"{above}/{below}"

    @property
    def offset(self) -> int | None:
        """The first input position that output position 0 sees; negative where it lies in the padding."""
        if self.scattered_by is not None or not self.exact:
            return None
        return self.intervals[0] and self.intervals[0].start


class Step(NamedTuple):
    """One layer reading one of its inputs: the layer's index, how it reads, the shapes of that input and its output.

    ``most``: how many positions are told apart at most. Where there are more, the hull of all has to do.
    """

    layer: int
    readings: Readings
    source: tuple[int, ...]
    output: tuple[int, ...]
    most: int

    @property
    def elementwise(self) -> bool:
        """Whether every output position reads the one of the same place."""
        return self.source == self.output and self.readings == aligned_axes(len(self.output))

    def read(self, field: AxisField, length: int) -> AxisField:
        """``field``, a field of what is read, as a field of the layer that reads it.

        ``length`` is that of the network input's axis.
        """
        if field.along is None:
            return self._read_anywhere(field, length)
        positions = self.source[field.along]
        match self.readings[field.along]:
            case Window() as window:
                return self._strided(field, window, length)
            case IrregularWindow() as window:
                return self._told_one_by_one(field, window, length)
            case WholeAxis():
                return _constant(field, field.of_all(positions), length)
        if positions == 1:
            return _constant(field, field.at(0), length)
        return self._scattered(field, field.intervals[:positions], field.of_all(positions))

    def _read_anywhere(self, field: AxisField, length: int) -> AxisField:
        if field.constant or self.elementwise:
            return field
        if field.together is not None and all(isinstance(each, WholeAxis) for each in self.readings):
            return _constant(field, field.together, length)
        if not all(self._keeps_all(axis, each) for axis, each in enumerate(self.readings)):
            return _bounded(field, field.bound(1), None, length)
        return self._scattered(field, field.intervals, field.together) if field.exact else field

    def _scattered(
        self, field: AxisField, intervals: tuple[Interval | None, ...], together: Interval | None
    ) -> AxisField:
        gaps = (None,) if prod(self.output) > prod(self.source) else ()
        field = field._replace(along=None, intervals=(*intervals, *gaps), advance=0, periodic=True)
        return field._replace(scattered_by=self.layer, together=together)

    def _keeps_all(self, axis: int, reading: Reading) -> bool:
        """Whether along an axis of the input each position is read, and each output position reads one at most."""
        match reading:
            case Rearranged():
                return True
            case Window(stride=1, upsampling=1, count=1):
                return reading.offset <= 0 and self.output[reading.axis] + reading.offset >= self.source[axis]
            case IrregularWindow() if self.output[reading.axis] <= self.most:
                read = [reading.reads(o) for o in range(self.output[reading.axis])]
                return all(len(each) <= 1 for each in read) and len({*map(tuple, read)} - {()}) == self.source[axis]
        return False

    def _affordable(self, positions: int, reads: int) -> bool:
        return positions <= self.most and positions * reads <= self.most * READS_PER_POSITION

    def _told_one_by_one(self, field: AxisField, window: IrregularWindow, length: int) -> AxisField:
        outputs, period = self.output[window.axis], len(field.intervals)
        reads = max(min(len(window.reads(o)), period) for o in (0, outputs // 2, outputs - 1))
        if not self._affordable(outputs, reads):
            return self._too_many(field, length)
        return _table(field._replace(along=window.axis), map(field.union_of, map(window.reads, range(outputs))))

    def _strided(self, field: AxisField, window: Window, length: int) -> AxisField:
        """A field seen through a window.

        Moving on by P′ = u·P / gcd(s, u·P) output positions moves the window by P′·s / u input positions, which is
        the least whole multiple of the input's period P.
        """
        if window == Window(window.axis):
            return field._replace(along=window.axis)
        seen = field._replace(along=window.axis)
        reads = min(window.count, len(field.intervals))
        unfolded = window.upsampling * len(field.intervals)
        period = unfolded // gcd(window.stride, unfolded)
        if field.periodic and self._affordable(period, reads):
            intervals = tuple(field.union_of(positions_read(window, o)) for o in range(period))
            return seen._replace(intervals=intervals, advance=period * window.stride // unfolded * field.advance)
        outputs = self.output[window.axis]
        if self._affordable(outputs, reads):
            return _table(seen, (field.union_of(positions_read(window, o)) for o in range(outputs)))
        return self._too_many(field, length)

    def _too_many(self, field: AxisField, length: int) -> AxisField:
        """What is known of a field with too many positions to tell apart."""
        everything = None if field.along is None else field.of_all(self.source[field.along])
        return _bounded(field, everything, None, length)

    def union(self, one: AxisField, other: AxisField, length: int) -> AxisField:
        """What is seen through either of two ways; where they don't move alike, told for each position there is."""
        for each in (one, other):
            if each.covers(length):
                return each
        if one == other:
            return one
        if one.constant and other.constant:
            return _constant(one, _hull(one.intervals[0], other.intervals[0]), length)
        moving, beside = (one, other) if one.along is not None else (other, one)
        if moving.along is None or not (beside.constant or beside.along == moving.along):
            return self._unknown_union(one, other, length)
        return self._moving_union(moving, beside, length)

    def _moving_union(self, moving: AxisField, beside: AxisField, length: int) -> AxisField:
        """The union of a field that moves along an axis and one that moves along the same, or is constant."""
        alike = not beside.constant and moving.periodic and beside.periodic
        if alike and moving.advance * len(beside.intervals) == beside.advance * len(moving.intervals):
            period = lcm(len(moving.intervals), len(beside.intervals))
            if self._affordable(period, 1):
                intervals = tuple(_hull(moving.at(o), beside.at(o)) for o in range(period))
                return moving._replace(intervals=intervals, advance=period // len(moving.intervals) * moving.advance)
        positions = self.output[moving.along or 0]
        if not self._affordable(positions, 1):
            return self._unknown_union(moving, beside, length)
        return _table(moving, (_hull(moving.at(o), beside.at(o)) for o in range(positions)))

    def _unknown_union(self, one: AxisField, other: AxisField, length: int) -> AxisField:
        """What is known of a position of which it is not known which positions of two fields meet there."""
        positions = [1 if each.along is None else self.output[each.along] for each in (one, other)]
        bounds = [each.bound(extent) for each, extent in zip((one, other), positions, strict=True)]
        together = [each.of_all(extent) for each, extent in zip((one, other), positions, strict=True)]
        return _bounded(one, _hull(*bounds), _hull(*together) if None not in together else None, length)


def positions_read(window: Window, o: int) -> range:
    """The positions, on an endless input, that output position ``o`` reads, ascending."""
    up, first = window.upsampling, o * window.stride + window.offset
    common = gcd(window.step, up)
    if first % common:
        return range(0)
    every = up // common
    k = -first // common * pow(window.step // common, -1, every) % every  # the first tap that meets a position
    start, step = (first + k * window.step) // up, window.step // common
    return range(start, start + step * ((window.count - 1 - k) // every + 1), step)


def _within(positions: range, length: int) -> range:
    """Those inside of an axis, and the nearest of those before and behind it."""
    before = min(max(-(positions.start // positions.step) - 1, 0), len(positions) - 1)
    return positions[before : max((length - 1 - positions.start) // positions.step + 2, 1)]


def _table(field: AxisField, intervals: Iterable[Interval | None]) -> AxisField:
    """``field`` with one interval for every position there is."""
    return field._replace(intervals=tuple(intervals), advance=0, periodic=False)


def _constant(field: AxisField, seen: Interval | None, length: int) -> AxisField:
    """Every position sees all of ``seen`` that lies inside the input."""
    return AxisField(field.input, field.axis, None, (_inside(seen, length),))


def _bounded(field: AxisField, bound: Interval | None, together: Interval | None, length: int) -> AxisField:
    """No position is known to see anything outside of ``bound``; what of it, isn't known."""
    seen = (_inside(bound, length),)
    return AxisField(field.input, field.axis, None, seen, exact=False, together=_inside(together, length))


def _inside(seen: Interval | None, length: int) -> Interval | None:
    return seen and Interval(max(seen.start, 0), min(seen.stop, length))


def _hull(one: Interval | None, other: Interval | None) -> Interval | None:
    if one is None or other is None:
        return one or other
    return Interval(min(one.start, other.start), max(one.stop, other.stop))

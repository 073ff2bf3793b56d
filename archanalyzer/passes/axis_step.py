"""How what a layer sees of one axis of a network input follows from what it reads.

Composition of windows generalizes Araujo, Norris & Sim 2019, "Computing Receptive Fields of Convolutional Neural
Networks" (Distill), equations 1 and 2, which is the case of a chain with a period of 1.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import gcd, lcm, prod
from typing import NamedTuple

from archanalyzer.graph import IrregularWindow, Reading, Readings, Rearranged, WholeAxis, Window, aligned_axes
from archanalyzer.passes.axis_field import UNKNOWN, AxisField, Margins, PerhapsHull, RealReader
from archanalyzer.passes.hulls import Hull, SlidingHull, clipped, hull

READS_PER_POSITION = 16
"""Positions read on average for each that is told apart; where it were more, the hull of all has to do."""

Stretches = Callable[[int], range]
"""For each output position, the positions that it reads along one axis."""


class Budget:
    """How many positions of margins may yet be told apart, in all layers of a network together."""

    def __init__(self, positions: int) -> None:
        self.left = positions

    def take(self, positions: int) -> bool:
        """Takes so many, if there are so many left."""
        enough = positions <= self.left
        self.left -= positions if enough else 0
        return enough


class Step(NamedTuple):
    """One layer reading one of its inputs: the layer's index, how it reads, the shapes of that input and its output.

    ``most``: how many positions are told apart at most. Where there are more, the hull of all has to do. ``budget``
    bounds those of margins.
    """

    layer: int
    readings: Readings
    source: tuple[int, ...]
    output: tuple[int, ...]
    most: int
    budget: Budget

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
        read = self._read_moving(field, field.along, length)
        return read if read.along is None else read._replace(blind=self._blind(field))

    def _read_moving(self, field: AxisField, along: int, length: int) -> AxisField:
        match self.readings[along]:
            case Window() as window:
                return self._strided(field, window, length)
            case IrregularWindow() as window:
                return self._told_one_by_one(field, window, length)
        positions = self.source[along]
        together = field.of_all(positions)
        if isinstance(self.readings[along], WholeAxis) or positions == 1:
            return self._constant(field, together, length)
        return self._scattered(field, field.intervals[:positions], together)

    def _blind(self, field: AxisField) -> bool:
        """Whether some output positions may see nothing, because of what they read along another spatial axis."""
        others = [(axis, each) for axis, each in enumerate(self.readings) if axis not in (0, field.along)]
        if all(isinstance(each, WholeAxis) for _, each in others):
            return False
        return field.blind or not all(self._reading_positions(axis, each)[0] for axis, each in others)

    # --- What moves with no axis

    def _read_anywhere(self, field: AxisField, length: int) -> AxisField:
        if self.elementwise:
            return field
        if field.constant:
            return self._constant(field, field.intervals[0], length)
        if all(isinstance(each, WholeAxis) for each in self.readings):
            return self._constant(field, field.together, length)
        if not all(self._keeps_all(axis, each) for axis, each in enumerate(self.readings)):
            return _bounded(field, field.bound(1, length), UNKNOWN)
        return self._scattered(field, field.intervals, field.together) if field.exact else field

    def _constant(self, field: AxisField, seen: PerhapsHull, length: int) -> AxisField:
        """Every position that reads anything sees all of ``seen``; one that reads padding alone, nothing."""
        if seen is UNKNOWN:
            return _bounded(field, field.bound(self._positions(field), length), UNKNOWN)
        first = 1 if len(self.output) > 1 else 0  # a position is a place: what any of its channels sees
        reading = [self._reading_positions(axis, each) for axis, each in enumerate(self.readings) if axis >= first]
        if seen is None or any(some is False for _, some in reading):
            return nothing(field)
        if all(every for every, _ in reading) and not self._blind(field):
            return _nowhere(field)._replace(intervals=(seen,))
        together = seen if all(some for _, some in reading) else UNKNOWN
        return _nowhere(field)._replace(intervals=(seen, None), scattered_by=self.layer, together=together)

    def _positions(self, field: AxisField) -> int:
        """The positions of what is read along the axis with which a field moves."""
        return 1 if field.along is None else self.source[field.along]

    def _reading_positions(self, axis: int, reading: Reading) -> tuple[bool, bool | None]:
        """Whether it is known that every output position reads some position of an axis; whether any does."""
        if not isinstance(reading, Window | IrregularWindow):
            return True, True
        outputs, length = self.output[reading.axis], self.source[axis]
        if isinstance(reading, Window) and (known := _reading_outputs(reading, outputs, length)) is not None:
            return len(known) == outputs, bool(known)
        if outputs > self.most:
            return False, None
        stretches = reading.reads if isinstance(reading, IrregularWindow) else partial(positions_read, reading)
        reads = [bool(clipped(stretches(o), 0, length)) for o in range(outputs)]
        return all(reads), any(reads)

    def _scattered(self, field: AxisField, intervals: tuple[Hull, ...], together: PerhapsHull) -> AxisField:
        gaps = (None,) if prod(self.output) > prod(self.source) else ()
        return _nowhere(field)._replace(intervals=(*intervals, *gaps), scattered_by=self.layer, together=together)

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

    # --- What moves with an axis

    def _affordable(self, positions: int, reads: int = 1) -> bool:
        return positions <= self.most and positions * reads <= self.most * READS_PER_POSITION

    def _told_one_by_one(self, field: AxisField, window: IrregularWindow, length: int) -> AxisField:
        outputs = self.output[window.axis]
        reads = max(len(window.reads(o)) for o in (0, outputs // 2, outputs - 1))
        reads = min(reads, len(field.intervals)) if field.periodic else 1
        if not self._affordable(outputs, reads):
            return self._too_many(field, length)
        return self._table(field, window.axis, window.reads)

    def _strided(self, field: AxisField, window: Window, length: int) -> AxisField:
        """A field seen through a window.

        Moving on by P′ = u·P / gcd(s, u·P) output positions moves the window by P′·s / u input positions, which is
        the least whole multiple of the input's period P.
        """
        outputs = self.output[window.axis]
        if window == Window(window.axis) and outputs == self._positions(field):
            return field._replace(along=window.axis)
        reads = min(window.count, len(field.intervals)) if field.periodic else 1
        unfolded = window.upsampling * len(field.intervals)
        period = unfolded // gcd(window.stride, unfolded)
        if field.periodic and self._affordable(period, reads):
            intervals = tuple(field.union_of(positions_read(window, o)) for o in range(period))
            advance = period * window.stride // unfolded * field.advance
            seen = field._replace(along=window.axis, intervals=intervals, advance=advance)
            return seen._replace(margins=self._margins(field, window, seen))
        if self._affordable(outputs, reads):
            return self._table(field, window.axis, partial(positions_read, window))
        return self._too_many(field, length)

    def _table(self, field: AxisField, along: int, stretches: Stretches) -> AxisField:
        """``field`` with one interval for every position there is."""
        outputs = range(self.output[along])
        if field.periodic:
            intervals = tuple(field.union_of(stretches(o)) for o in outputs)
        else:
            sliding, positions = SlidingHull(field.at), len(field.intervals)
            intervals = tuple(sliding.of(_and_nearest(stretches(o), positions)) for o in outputs)
        margins = _all_of(self._really_seen(field, stretches, outputs))
        return field._replace(along=along, intervals=intervals, advance=0, periodic=False, margins=margins)

    def _margins(self, field: AxisField, window: Window, seen: AxisField) -> Margins | None:
        """What differs of ``seen``, which is ``field`` seen through a window, where an end of the input is near."""
        if field.margins is None:
            return None
        positions, outputs = self._positions(field), self.output[window.axis]
        inner = field.margins.inner(positions)
        alike = not inner and _all_alike(field.margins)
        if alike and positions == outputs and len(_reading_outputs(window, outputs, positions) or ()) == outputs:
            return field.margins
        clear = _reading_only(window, inner, outputs)
        first = self._really_seen(field, partial(positions_read, window), range(clear.start))
        last = self._really_seen(field, partial(positions_read, window), range(clear.stop, outputs))
        return None if first is None or last is None else _trimmed(first, last, seen, outputs)

    def _really_seen(self, field: AxisField, stretches: Stretches, outputs: range) -> tuple[Hull, ...] | None:
        """What some output positions see of what there is; None where that isn't known."""
        if field.margins is None or not self.budget.take(len(outputs)):
            return None
        reader = RealReader(field, field.margins, self._positions(field))
        return tuple(reader.of(stretches(o)) for o in outputs)

    def _too_many(self, field: AxisField, length: int) -> AxisField:
        """What is known of a field with too many positions to tell apart."""
        return _bounded(field, field.bound(self._positions(field), length), UNKNOWN)

    # --- What is seen on two ways

    def union(self, one: AxisField, other: AxisField, length: int) -> AxisField:
        """What is seen through either of two ways; where they don't move alike, told for each position there is."""
        for each, beside in ((one, other), (other, one)):
            if each.covers(length) or beside == each or beside == nothing(beside):
                return each
        if one.constant and other.constant:
            return _nowhere(one)._replace(intervals=(hull(one.intervals[0], other.intervals[0]),))
        moving, beside = (one, other) if one.along is not None else (other, one)
        if moving.along is None or not (beside.constant or beside.along == moving.along):
            return self._unknown_union(one, other, length)
        return self._moving_union(moving, beside, length)

    def _moving_union(self, moving: AxisField, beside: AxisField, length: int) -> AxisField:
        """The union of a field that moves along an axis and one that moves along the same, or is constant."""
        positions = self.output[moving.along or 0]
        alike = not beside.constant and moving.periodic and beside.periodic
        if alike and moving.advance * len(beside.intervals) == beside.advance * len(moving.intervals):
            period = lcm(len(moving.intervals), len(beside.intervals))
            if self._affordable(period):
                intervals = tuple(hull(moving.at(o), beside.at(o)) for o in range(period))
                advance = period // len(moving.intervals) * moving.advance
                margins = self._margins_of_union(moving, beside, positions)
                blind = moving.blind or beside.blind
                return moving._replace(intervals=intervals, advance=advance, margins=margins, blind=blind)
        if not self._affordable(positions):
            return self._unknown_union(moving, beside, length)
        intervals = tuple(hull(moving.at(o), beside.at(o)) for o in range(positions))
        margins = _all_of(self._union_really_seen(moving, beside, range(positions), positions))
        seen = moving._replace(intervals=intervals, advance=0, periodic=False, margins=margins)
        return seen._replace(blind=moving.blind or beside.blind)

    def _margins_of_union(self, one: AxisField, other: AxisField, positions: int) -> Margins | None:
        if one.margins is None or other.margins is None:
            return None
        start = max(len(one.margins.first), len(other.margins.first))
        stop = max(start, positions - max(len(one.margins.last), len(other.margins.last)))
        first = self._union_really_seen(one, other, range(start), positions)
        last = self._union_really_seen(one, other, range(stop, positions), positions)
        return None if first is None or last is None else Margins(first, last)

    def _union_really_seen(
        self, one: AxisField, other: AxisField, outputs: range, positions: int
    ) -> tuple[Hull, ...] | None:
        seen: list[list[Hull]] = []
        for each in (one, other):
            if each.margins is None or not self.budget.take(len(outputs)):
                return None
            reader = RealReader(each, each.margins, positions)
            seen.append([each.intervals[0] if each.constant else reader.of(range(o, o + 1)) for o in outputs])
        return tuple(map(hull, *seen))

    def _unknown_union(self, one: AxisField, other: AxisField, length: int) -> AxisField:
        """What is known of a position of which it is not known which positions of two fields meet there."""
        positions = [1 if each.along is None else self.output[each.along] for each in (one, other)]
        bounds = [each.bound(extent, length) for each, extent in zip((one, other), positions, strict=True)]
        first, second = (each.of_all(extent) for each, extent in zip((one, other), positions, strict=True))
        together = UNKNOWN if first is UNKNOWN or second is UNKNOWN else hull(first, second)
        return _bounded(one, hull(*bounds), together)


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


def _reading_outputs(window: Window, outputs: int, length: int) -> range | None:
    """The outputs that read some position of an axis, where they follow each other; None where they may not."""
    if window.step > 1 or window.count < window.upsampling:
        return None
    start = max(0, -((window.offset + window.count - 1) // window.stride))
    stop = ((length - 1) * window.upsampling - window.offset) // window.stride + 1
    return range(start, max(start, min(stop, outputs)))


def _reading_only(window: Window, inner: range, outputs: int) -> range:
    """The outputs that read nothing outside of ``inner``."""
    start = max(0, -((window.offset - inner.start * window.upsampling) // window.stride))
    beyond = inner.stop * window.upsampling - window.offset - (window.count - 1) * window.step
    start = min(start, outputs)
    return range(start, max(start, min((beyond - 1) // window.stride + 1, outputs)))


def _all_alike(margins: Margins) -> bool:
    seen = (*margins.first, *margins.last)
    return seen.count(seen[0]) == len(seen)


def _all_of(seen: tuple[Hull, ...] | None) -> Margins | None:
    """Margins that hold all positions there are."""
    return None if seen is None else Margins(seen)


def _trimmed(first: tuple[Hull, ...], last: tuple[Hull, ...], field: AxisField, positions: int) -> Margins:
    """Margins without those positions at their inner ends that see as they would on an endless input."""
    begin, end = len(first), 0
    while begin and first[begin - 1] == field.at(begin - 1):
        begin -= 1
    while end < len(last) and last[end] == field.at(positions - len(last) + end):
        end += 1
    return Margins(first[:begin], last[end:])


def _nowhere(field: AxisField) -> AxisField:
    """A field of the same axis that moves with no axis; what is seen is still to be said."""
    return AxisField(field.input, field.axis, None, ())


def _bounded(field: AxisField, bound: Hull, together: PerhapsHull) -> AxisField:
    """No position is known to see anything outside of ``bound``; what of it, isn't known."""
    return _nowhere(field)._replace(intervals=(bound,), exact=False, together=together)


def _and_nearest(stretch: range, length: int) -> range:
    """Those inside of an axis, and the nearest of those before and behind it."""
    if not stretch:
        return stretch
    before = min(max(-(stretch.start // stretch.step) - 1, 0), len(stretch) - 1)
    return stretch[before : max((length - 1 - stretch.start) // stretch.step + 2, 1)]


def nothing(field: AxisField) -> AxisField:
    """A field of the same axis that no position sees anything of."""
    return _nowhere(field)._replace(intervals=(None,))

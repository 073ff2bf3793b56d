"""One layer reading one of its inputs, walked back: numbers of the layer's places become those of the input's places.

A place of the input gets the sum of the numbers of those places that read it; where means are asked for, of their
shares. As long as each axis of the input is read along one axis of the output, one is done after the other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import gcd, prod
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from archanalyzer.graph import (
    Digit,
    IrregularWindow,
    NoPosition,
    Reading,
    Readings,
    Rearranged,
    WholeAxis,
    Window,
    aligned_axes,
)

Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]
Place: TypeAlias = tuple[int, ...]

_MOST = 2**63 - 1


class Places(NamedTuple):
    """Numbers of a box of places: ``numbers[k]`` is that of the place ``start`` + k; outside of the box, all are 0."""

    start: Place
    numbers: Array

    @property
    def ranges(self) -> tuple[range, ...]:
        """Along each axis, the positions inside the box."""
        return tuple(range(first, first + extent) for first, extent in zip(self.start, self.numbers.shape, strict=True))

    def over(self, extent: tuple[int, ...]) -> Array:
        """The numbers of all places, those outside of the box as well, of an input of that extent."""
        numbers = np.zeros(extent, self.numbers.dtype)
        numbers[tuple(slice(along.start, along.stop) for along in self.ranges)] = self.numbers
        return numbers

    def trimmed(self) -> Places | None:
        """The same in the smallest box; None where all numbers are 0."""
        some = np.asarray(self.numbers != 0, bool)
        if not some.any():
            return None
        axes = range(some.ndim)
        along = [np.flatnonzero(some.any(axis=tuple(other for other in axes if other != axis))) for axis in axes]
        box = tuple(slice(int(each[0]), int(each[-1]) + 1) for each in along)
        return Places(tuple(first + each.start for first, each in zip(self.start, box, strict=True)), self.numbers[box])


def added(parts: Sequence[Places]) -> Places:
    """The sums of some numbers, in the smallest box around theirs."""
    if len(parts) == 1:
        return parts[0]
    start = tuple(map(min, zip(*(each.start for each in parts), strict=True)))
    stop = [max(along.stop for along in axis) for axis in zip(*(each.ranges for each in parts), strict=True)]
    dtype = np.result_type(*(each.numbers for each in parts))
    if dtype == np.int64 and sum(int(each.numbers.sum()) for each in parts) > _MOST:
        dtype = np.dtype(object)
    numbers = np.zeros([last - first for first, last in zip(start, stop, strict=True)], dtype)
    for each in parts:
        numbers[tuple(_moved(along, first) for along, first in zip(each.ranges, start, strict=True))] += each.numbers
    return Places(start, numbers)


class Reader:
    """One reading, walked back from ``here``, numbers of the layer's places: counted, or for ``mean``, shared out.

    ``source`` and ``output`` are the shapes of the input and of the layer's output. On the way, the first axes of
    ``numbers`` are axes of the output, ``left``; behind them are those of the input that are ``done``, in boxes that
    begin at ``starts``.
    """

    def __init__(self, readings: Readings, source: Place, output: Place, here: Places, *, mean: bool) -> None:
        self.readings, self.source, self.output, self.here, self.mean = readings, source, output, here, mean
        self.numbers = here.numbers
        self.left = list(range(first_place_axis(output), len(output)))
        self.ranges = dict(zip(self.left, here.ranges, strict=True))
        self.channels = list(range(output[0] if len(output) > 1 else 1))
        self.done: list[int] = []
        self.starts: list[int] = []

    def read(self) -> Places | None:
        """The places of the input that are read; None where there are none."""
        if any(isinstance(each, NoPosition) for each in self.readings):
            return None
        if self.source == self.output and self.readings == aligned_axes(len(self.output)):
            return self.here
        groups = self._groups()
        used = {axis for outs, _ in groups for axis in outs}
        self._leave_out_what_reads_no_channel(told_apart=0 in used)
        unused = tuple(place for place, axis in enumerate(self.left) if axis not in used)
        self.numbers = np.asarray(self.numbers.sum(axis=unused), self.numbers.dtype)
        self.left = [axis for axis in self.left if axis in used]
        for outs, ins in groups:
            reading = self.readings[ins[0]]
            if not outs:
                self._anywhere(ins[0])
            elif len(ins) == 1 and isinstance(reading, Window | IrregularWindow) and reading.axis in self.left:
                self._along(ins[0], reading)
            else:
                self._together(outs, ins)
        order = sorted(range(len(self.done)), key=self.done.__getitem__)
        read = Places(tuple(self.starts[each] for each in order), self.numbers.transpose(order))
        return read if self.channels and read.numbers.size else None

    def _groups(self) -> list[tuple[set[int], list[int]]]:
        """The input's place axes, those together that depend on the same axes of the output, behind these."""
        groups: list[tuple[set[int], list[int]]] = []
        for axis in range(first_place_axis(self.source), len(self.source)):
            outs, ins = _depends_on(self.readings[axis], len(self.output)), [axis]
            for group in [each for each in groups if each[0] & outs]:
                groups.remove(group)
                outs, ins = outs | group[0], group[1] + ins
            groups.append((outs, ins))
        return groups

    def _leave_out_what_reads_no_channel(self, *, told_apart: bool) -> None:
        """Of the output's channels, or where channels are read along another axis, of its places."""
        reading = self.readings[0]
        if len(self.source) > 1 and isinstance(reading, Window | IrregularWindow):
            axis, extent = reading.axis, self.source[0]
            if reading == Window(axis) and self.output[axis] <= extent:
                pass  # each reads its own
            elif axis in self.left:
                some = [bool(_inside(reading.reads(o), extent)) for o in self.ranges[axis]]
                self.numbers = self.numbers * np.reshape(some, [-1 if each == axis else 1 for each in self.left])
            else:
                self.channels = [o for o in self.channels if _inside(reading.reads(o), extent)]
        if self.mean and len(self.output) > 1 and not told_apart:
            self.numbers = self.numbers * (len(self.channels) / self.output[0])

    def _anywhere(self, axis: int) -> None:
        """An axis that every place reads all of."""
        extent = self.source[axis]
        numbers = self.numbers / extent if self.mean else _with_room(self.numbers, extent)
        self.numbers = np.repeat(numbers[..., None], extent, axis=-1)
        self.done.append(axis)
        self.starts.append(0)

    def _along(self, axis: int, reading: Window | IrregularWindow) -> None:
        """An axis that is read along one axis of the output."""
        place, outputs = self.left.index(reading.axis), self.ranges[reading.axis]
        del self.left[place]
        numbers = np.moveaxis(self.numbers, place, 0)
        if self.mean:
            numbers = numbers / _endless(reading, outputs).reshape(-1, *[1] * (numbers.ndim - 1))
        pairs, most = _pairs(reading, outputs, self.source[axis])
        numbers = _with_room(numbers, most)
        start = min((positions.start for _, positions in pairs), default=0)
        stop = max((positions.stop for _, positions in pairs), default=0)
        read = np.zeros((stop - start, *numbers.shape[1:]), numbers.dtype)
        for reading_it, positions in pairs:
            read[_moved(positions, start)] += numbers[reading_it]
        self.numbers = np.moveaxis(read, 0, -1)
        self.done.append(axis)
        self.starts.append(start)

    def _together(self, outs: set[int], ins: list[int]) -> None:
        """Axes that depend on some axes of the output in common: looked up position by position, channels last."""
        axes = [axis for axis in self.left if axis in outs]
        channel = sorted(outs.difference(axes))
        ranges = [*(self.ranges[axis] for axis in axes), *(self.channels for _ in channel)]
        grid = np.meshgrid(*(np.array(each, int) for each in ranges), indexing="ij")
        at = dict(zip((*axes, *channel), (each.ravel() for each in grid), strict=True))
        lookups, shares = _Lookups(np.arange(grid[0].size)), np.ones(grid[0].size)
        for axis in ins:
            taps = _taps(self.readings[axis], at, len(self.output), self.source[axis])
            lookups, shares = lookups.beside(taps), shares / np.maximum(taps.endless, 1)
        starts, extents, targets = lookups.box()
        places = lookups.rows // (len(self.channels) or 1 if channel else 1)
        numbers = np.moveaxis(self.numbers, [self.left.index(axis) for axis in axes], range(len(axes)))
        shape, rest = numbers.shape[: len(axes)], numbers.shape[len(axes) :]
        numbers = numbers.reshape(prod(shape), prod(rest))
        if self.mean:
            shares = shares / self.output[0] if channel else shares
            values = numbers[places] * shares[lookups.rows, None]
        else:
            if channel:  # several channels of one place may read the same place: that is one path
                places, targets = np.divmod(np.unique(places * prod(extents) + targets), prod(extents) or 1)
            values = _with_room(numbers, int(np.bincount(places).max(initial=0)))[places]
        read = np.zeros((prod(extents), prod(rest)), values.dtype)
        np.add.at(read, targets, values)
        read = read.reshape(*extents, *rest)
        self.numbers = np.moveaxis(read, range(len(ins)), range(-len(ins), 0))
        self.left = [axis for axis in self.left if axis not in axes]
        self.done += ins
        self.starts += starts


class _Taps(NamedTuple):
    """What each of some rows reads along one axis: how many positions of an endless input; how many there are; which.

    Those of all rows stand in ``positions``, one row's behind the other's.
    """

    endless: Array
    inside: Array
    positions: Array


class _Lookups(NamedTuple):
    """Positions that are read, in ``columns`` with one an axis, and the row that reads each."""

    rows: Array
    columns: tuple[Array, ...] = ()

    def beside(self, taps: _Taps) -> _Lookups:
        """Each of them with every position that its row reads along a further axis."""
        times = taps.inside[self.rows]
        first = (np.cumsum(taps.inside) - taps.inside)[self.rows]
        nth = np.arange(times.sum()) - np.repeat(np.cumsum(times) - times, times)
        columns = tuple(np.repeat(each, times) for each in self.columns)
        return _Lookups(np.repeat(self.rows, times), (*columns, taps.positions[np.repeat(first, times) + nth]))

    def box(self) -> tuple[list[int], list[int], Array]:
        """Where the smallest box around all positions begins, its extents, and each one's number inside the box."""
        if not self.rows.size:
            return [0] * len(self.columns), [0] * len(self.columns), self.rows
        starts = [int(each.min()) for each in self.columns]
        extents = [int(each.max()) - first + 1 for each, first in zip(self.columns, starts, strict=True)]
        moved = tuple(each - first for each, first in zip(self.columns, starts, strict=True))
        return starts, extents, np.ravel_multi_index(moved, extents)


def first_place_axis(shape: tuple[int, ...]) -> int:
    """The first axis that tells places apart: that behind the channels, or of a flat output, its only one."""
    return min(len(shape) - 1, 1)


def _depends_on(reading: Reading, rank: int) -> set[int]:
    """The axes of the output on which it depends which positions are read."""
    match reading:
        case Window() | IrregularWindow() | Digit():
            return {reading.axis}
        case Rearranged():
            return set(range(rank) if reading.axes is None else reading.axes)
        case WholeAxis() | NoPosition():
            return set()


def _taps(reading: Reading, at: Mapping[int, Array], rank: int, extent: int) -> _Taps:
    """What is read along an axis; ``at`` has the rows' positions along those axes of the output that matter.

    Raises:
        LookupError: that is not stated.
    """
    rows = next(iter(at.values())).size
    one = np.ones(rows, int)
    match reading:
        case Digit():
            return _Taps(one, one, at[reading.axis] // reading.divisor % reading.modulus)
        case Rearranged(reads=None):
            raise LookupError("it is not known which positions are read along an axis that is taken apart")
        case Rearranged(reads=reads) if reads is not None:
            outputs = zip(*(at.get(axis, np.zeros(rows, int)).tolist() for axis in range(rank)), strict=True)
            return _Taps(one, one, np.array([reads(output) for output in outputs], int))
        case Window() | IrregularWindow():
            stretches = [reading.reads(o) for o in at[reading.axis].tolist()]
            inside = [_inside(each, extent) for each in stretches]
            positions = np.array([position for each in inside for position in each], int)
            return _Taps(np.array([*map(len, stretches)], int), np.array([*map(len, inside)], int), positions)
    raise TypeError(f"expected a reading that depends on the output's position, found {reading}")


def _endless(reading: Window | IrregularWindow, outputs: range) -> Array:
    """How many positions of an endless input each output reads, 1 for none."""
    if isinstance(reading, IrregularWindow):
        return np.array([max(len(reading.reads(o)), 1) for o in outputs])
    period = reading.upsampling // gcd(reading.stride, reading.upsampling)
    return np.resize([max(len(reading.reads(o)), 1) for o in outputs[:period]], len(outputs))


def _pairs(reading: Window | IrregularWindow, outputs: range, extent: int) -> tuple[list[tuple[slice, slice]], int]:
    """Outputs, counted from the first, and as many positions that they read, or one and all that it reads.

    And how many positions one output reads at most.
    """
    if isinstance(reading, Window) and reading.count <= len(outputs):
        pairs = [pair for k in range(reading.count) if (pair := _pair(reading, k, outputs, extent)) is not None]
        return pairs, len(pairs)
    reads = [_inside(reading.reads(o), extent) for o in outputs]
    some = [(slice(o, o + 1), slice(each.start, each.stop, each.step)) for o, each in enumerate(reads) if each]
    return some, max(map(len, reads))


def _pair(window: Window, k: int, outputs: range, extent: int) -> tuple[slice, slice] | None:
    """The outputs of which tap ``k`` meets a position, and these positions."""
    first = outputs.start * window.stride + window.offset + k * window.step
    common = gcd(window.stride, window.upsampling)
    if first % common:
        return None
    every, apart = window.upsampling // common, window.stride // common
    output = -first // common * pow(apart, -1, every) % every  # the first one that meets any
    position = (first + output * window.stride) // window.upsampling
    before = max(0, -(position // apart))
    output, position = output + before * every, position + before * apart
    times = min((len(outputs) - 1 - output) // every, (extent - 1 - position) // apart)
    if times < 0:
        return None
    return slice(output, output + times * every + 1, every), slice(position, position + times * apart + 1, apart)


def _inside(positions: range, extent: int) -> range:
    """Those of some ascending positions that there are."""
    first = max(0, -(positions.start // positions.step))
    return positions[first : max(first, (extent - 1 - positions.start) // positions.step + 1)]


def _moved(positions: range | slice, start: int) -> slice:
    return slice(positions.start - start, positions.stop - start, positions.step)


def _with_room(numbers: Array, times: int) -> Array:
    """The same numbers; as Python's own where ``times`` their sum might not fit into 64 bits."""
    tight = numbers.dtype == np.int64 and int(numbers.sum()) * times > _MOST
    return numbers.astype(object) if tight else numbers

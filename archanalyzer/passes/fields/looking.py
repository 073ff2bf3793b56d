"""How a layer reads what it reads, as far as receptive fields need to know: whether all do, which channels do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from archanalyzer.graph import Digit, IrregularWindow, Reading, Readings, Rearranged, WholeAxis, Window
from archanalyzer.passes.fields.axis_field import MOST_LOOKED_AT
from archanalyzer.passes.fields.positions import Positions, TooWide, interval, union
from archanalyzer.passes.fields.walking import read_by


class Reads(NamedTuple):
    """Whether every output reads some position of an axis, whether any may, whether every position is read.

    Where it is too much to look, the first and the last are denied, the second isn't; where it is much too much, not
    even that is ``certain``.
    """

    by_all: bool
    some: bool
    everything: bool
    certain: bool = True


def reads_of(reading: Window | IrregularWindow, extent: int, outputs: int) -> Reads:
    if isinstance(reading, IrregularWindow) and reading.regular is not None:
        return Reads(by_all=True, some=True, everything=True)
    looked_at = outputs if isinstance(reading, Window) else min(outputs, MOST_LOOKED_AT)
    try:
        read = read_by(reading, interval(0, looked_at)).within(0, extent)
    except TooWide:
        return Reads(by_all=False, some=True, everything=False, certain=False)
    some = read.size > 0 or outputs > looked_at
    return Reads(_all_read(reading, extent, outputs), some, read == interval(0, extent))


def _all_read(reading: Window | IrregularWindow, extent: int, outputs: int) -> bool:
    """Whether it is certain that every output reads some position."""
    if isinstance(reading, IrregularWindow):
        return reading.only is None or len(reading.only) == outputs
    known = _reading_outputs(reading, outputs, extent)
    if known is not None:
        return len(known) == outputs
    if outputs > MOST_LOOKED_AT:
        return False
    return all(any(0 <= each < extent for each in reading.reads(o)) for o in range(outputs))


def _reading_outputs(window: Window, outputs: int, length: int) -> range | None:
    """The outputs that read some position of an axis, where they follow each other; None where they may not."""
    if window.step > 1 or window.count < window.upsampling:
        return None
    start = max(0, -((window.offset + window.count - 1) // window.stride))
    stop = ((length - 1) * window.upsampling - window.offset) // window.stride + 1
    return range(start, max(start, min(stop, outputs)))


def windows_over(
    readings: Readings, source: tuple[int, ...], output: tuple[int, ...]
) -> Iterator[tuple[Window | IrregularWindow, int, int]]:
    """The windows over places, with the extents of what is read and of what reads."""
    for reading, extent in zip(readings[1:], source[1:], strict=True):
        if isinstance(reading, Window | IrregularWindow):
            yield reading, extent, output[reading.axis]


def without_axis(reading: Window | IrregularWindow | Digit) -> tuple[object, ...]:
    match reading:
        case Window():
            return reading.stride, reading.upsampling, reading.offset, reading.count, reading.step
        case IrregularWindow():
            return reading.reads, reading.regular
        case Digit():
            return "digit", reading.divisor, reading.modulus


def reads_all_places(readings: Readings) -> bool:
    """Whether every output reads all places; of a flat input, all features."""
    return all(isinstance(each, WholeAxis) for each in readings[1:] or readings)


def channels_of(reading: Reading, channels: Positions, extent: int, outputs: int) -> Positions:
    """The output's channels that read some of these channels; all, where the axis is not one of channels any more."""
    if isinstance(reading, IrregularWindow) and reading.axis == 0:
        if reading.only is not None:
            return channels.moved(reading.only.start)
        if channels == interval(0, extent):
            return interval(0, outputs)
        reads = (o for o in range(outputs) if any(channels.has(each) for each in reading.reads(o)))
        return union(interval(o, o + 1) for o in reads)
    if channels != interval(0, extent):
        if isinstance(reading, Window) and reading.axis == 0 and reading.stride == reading.upsampling == 1:
            back = channels.moved(-reading.offset - (reading.count - 1) * reading.step)
            return back.repeated(reading.step, reading.count).within(0, outputs)
        if isinstance(reading, Digit) and reading.axis == 0:
            spread = Positions(0, reading.divisor)
            turns = outputs // (reading.divisor * reading.modulus)
            runs = (
                spread.moved(run.start * reading.divisor).repeated(reading.divisor, run.size) for run in channels.runs()
            )
            return union(runs).repeated(reading.divisor * reading.modulus, turns)
    return interval(0, outputs)


def mixes_channels(readings: Readings) -> bool:
    """Whether it takes channels too to say which place is read."""
    return any(isinstance(each, Rearranged) and (each.axes is None or 0 in each.axes) for each in readings)

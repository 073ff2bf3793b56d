"""From a place of a layer back to the input: which positions of every layer before it can reach it.

The way one does it by hand, for one place, or for some together: the windows of what is asked for are looked up in the
layer below, and so on. Over several axes what is reached need not be a product of sets, one an axis: a branch that sees
a row beside one that sees a column sees a cross. So it is kept as a union of boxes, of which each is a product.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import product
from math import prod
from typing import NamedTuple, TypeAlias

from archanalyzer.graph import (
    Digit,
    Graph,
    IrregularWindow,
    Layer,
    NoPosition,
    Reading,
    Readings,
    Rearranged,
    Regular,
    Window,
)
from archanalyzer.passes.fields.moving import TooMany
from archanalyzer.passes.fields.positions import Positions, TooWide, evenly_spaced, interval, union
from archanalyzer.passes.tensor_types import TensorTypes

MOST_ENUMERATED = 1 << 18
"""Positions of one layer that are looked at one by one, at most, where axes are taken apart."""
MOST_COMPARED = 1 << 8
"""Boxes of one layer of which it is looked up, at most, whether one lies in another."""


class Box(NamedTuple):
    """Positions of a layer's output: a product of sets, one an axis, the channels first.

    ``real``, one an axis: whether only positions that there are count; else padding's do as well, as if the axis had no
    ends.
    """

    sets: tuple[Positions, ...]
    real: tuple[bool, ...]

    def contains(self, other: Box) -> bool:
        """Whether all positions of ``other``, and all that they see, are among this box's."""
        return all(
            one.contains(another) and (theirs or not ours)
            for one, another, ours, theirs in zip(self.sets, other.sets, self.real, other.real, strict=True)
        )


Region: TypeAlias = tuple[Box, ...]
"""The union of some boxes."""


def along(region: Region, axis: int) -> Positions:
    """The positions of a region along one axis, whatever they are along the others."""
    return union(box.sets[axis] for box in region)


class Walk(NamedTuple):
    """What can reach some places of the layer ``start``: a region of every layer on the way, by the layer's index."""

    start: int
    regions: dict[int, Region]

    def along(self, layer: int, axis: int) -> Positions:
        """The positions along one axis of a layer that can reach the places; none of a layer that cannot."""
        return along(self.regions.get(layer, ()), axis)


def at_place(shape: Sequence[int], place: Sequence[int]) -> tuple[Positions, ...]:
    """All channels of one place of an output of this shape; of a flat one, a feature."""
    spatial = tuple(interval(position, position + 1) for position in place)
    return (interval(0, shape[0]), *spatial) if len(shape) > 1 else spatial


def walk_back(
    graph: Graph, types: TensorTypes, layer: int, sets: Sequence[Positions], *, endless: bool = False
) -> Walk:
    """What can reach some positions of a layer: the product of ``sets``, one for each axis of its output.

    ``endless``: as on an endless input, where padding cuts nothing off, so that there may be positions below 0.

    Raises:
        TooMany: axes are taken apart, and too many positions would have to be looked at one by one.
        TooWide: what is seen has gaps and is too wide.
        LookupError: it is not known what some layer reads.
    """
    start = tuple(sets)
    waiting: dict[int, list[Box]] = {layer: [Box(start, (not endless,) * len(start))]}
    regions: dict[int, Region] = {}
    readings: dict[tuple[int, object], tuple[Readings, ...] | None] = {}
    for index in range(layer, -1, -1):
        if index not in waiting:
            continue
        one, inputs = graph.layers[index], types.inputs(graph.layers[index])
        with _told_of(one):
            region = regions[index] = merged(waiting.pop(index))
        if not one.inputs or not region:
            continue
        key = id(one.op), inputs
        if key not in readings:
            readings[key] = one.op.readings(inputs, types.outputs[index])
        stated = readings[key]
        if stated is None:
            raise LookupError(f"it is not known what `{one.name}` ({one.op.name}) reads")
        for source, reading in zip(one.inputs, stated, strict=True):
            step = Lookup(reading, types.outputs[source].shape, types.outputs[index].shape)
            with _told_of(graph.layers[source]):
                read = [each for box in region for each in step.read_by(box)]
            waiting.setdefault(source, []).extend(read)
    return Walk(layer, {index: region for index, region in regions.items() if region})


@contextmanager
def _told_of(layer: Layer) -> Iterator[None]:
    """Where a set is too wide, says whose positions they are, and what can be asked all the same."""
    try:
        yield
    except TooWide as wide:
        hint = "walk from an earlier layer, or ask for the field without a walk: `archanalyzer field SPEC LAYER`"
        raise TooWide(wide.hull, f", of what is read of `{layer.name}`; {hint}") from None


class Lookup(NamedTuple):
    """One layer reading one of its inputs: how, the shape of that input, the shape of its own output."""

    readings: Readings
    source: tuple[int, ...]
    output: tuple[int, ...]

    def read_by(self, box: Box) -> Iterable[Box]:
        """The positions of the input that those of a box of the output read."""
        if any(isinstance(each, NoPosition) for each in self.readings):
            return ()
        axes = self._axes_used_together(box)
        if not axes or self._takes_apart_the_whole(box):
            return self._product(box, {})
        asking = [box.sets[axis].within(0, self.output[axis]) for axis in axes]
        if prod(each.number for each in asking) > MOST_ENUMERATED:
            raise TooMany
        every = product(*(each.each() for each in asking))
        return merged(found for chosen in every for found in self._product(box, dict(zip(axes, chosen, strict=True))))

    def _axes_used_together(self, box: Box) -> tuple[int, ...]:
        """The axes of the output of which one decides about several axes of the input, or several about one."""
        used: list[int] = []
        apart: set[int] = set()
        for reading in self.readings:
            match reading:
                case Rearranged():
                    apart.update(range(len(box.sets)) if reading.axes is None else reading.axes)
                case Window() | IrregularWindow() | Digit():
                    used.append(reading.axis)
        apart.update(axis for axis in used if used.count(axis) > 1)
        return tuple(sorted(apart))

    def _takes_apart_the_whole(self, box: Box) -> bool:
        """Whether the box is the whole output, and its one axis holds every position of the input once."""
        digits = sorted((each.divisor, each.modulus) for each in self.readings if isinstance(each, Digit))
        whole = all(each == interval(0, extent) for each, extent in zip(box.sets, self.output, strict=True))
        if not whole or len(self.output) > 1:
            return False
        divisor = 1
        for every, modulus in digits:
            if every != divisor:
                return False
            divisor *= modulus
        others = (
            extent for each, extent in zip(self.readings, self.source, strict=True) if not isinstance(each, Digit)
        )
        return divisor == self.output[0] and all(extent == 1 for extent in others)

    def _product(self, box: Box, chosen: dict[int, int]) -> Iterator[Box]:
        sets: list[Positions] = []
        real: list[bool] = []
        for reading, extent in zip(self.readings, self.source, strict=True):
            seen, is_real = self._along(reading, extent, box, chosen)
            if not seen.size:
                return
            sets.append(seen)
            real.append(is_real)
        yield Box(tuple(sets), tuple(real))

    def _along(self, reading: Reading, extent: int, box: Box, chosen: dict[int, int]) -> tuple[Positions, bool]:
        """What is read along one axis, and whether padding does not count from there on."""
        match reading:
            case Rearranged():
                if reading.reads is None:
                    raise LookupError("it is not known how axes are taken apart")
                position = reading.reads(tuple(chosen.get(axis, 0) for axis in range(len(box.sets))))
                return interval(position, position + 1), all(box.real[axis] for axis in chosen)
            case Window() | IrregularWindow() | Digit():
                here = chosen.get(reading.axis)
                if here is not None and isinstance(reading, Digit):
                    position = here // reading.divisor % reading.modulus
                    return Positions(position, position + 1), box.real[reading.axis]
                asking = box.sets[reading.axis] if here is None else interval(here, here + 1)
                real = box.real[reading.axis]
                return (_real if real else _endless)(reading, asking, extent, self.output[reading.axis]), real
        return interval(0, extent), True


def _real(reading: Window | IrregularWindow | Digit, asking: Positions, extent: int, _outputs: int) -> Positions:
    """What is read of an axis of this extent."""
    match reading:
        case Window():
            return read_by(reading, asking).within(0, extent)
        case IrregularWindow():
            return read_by(reading, asking)
        case Digit():
            return positions_of_digit(reading, asking)


def _endless(reading: Window | IrregularWindow | Digit, asking: Positions, extent: int, outputs: int) -> Positions:
    """What is read of an axis without ends; where told for ``outputs`` alone, those beyond read as the nearest."""
    match reading:
        case Window() | IrregularWindow(regular=Regular()):
            return read_by(reading.without_ends(), asking)
        case IrregularWindow():
            ends = [Positions(0, 1)] if asking.start < 0 else []
            ends += [Positions(outputs - 1, outputs)] if asking.stop > outputs else []
            return read_by(reading, union((asking.within(0, outputs), *ends)))
        case Digit():
            window = reading.window(outputs)
            return _real(reading, asking, extent, outputs) if window is None else read_by(window, asking)


def read_by(window: Window | IrregularWindow, outputs: Positions) -> Positions:
    """The positions that some outputs read; through a window, on an endless axis.

    Raises:
        TooWide: they have gaps, and are too wide.
    """
    if isinstance(window, IrregularWindow):
        return _read_one_by_one(window, outputs)
    if window.upsampling == 1 and window.stride == 1:
        return outputs.moved(window.offset).repeated(window.step, window.count)
    if window.upsampling == 1:
        return union(_spread(window, run) for run in outputs.runs())
    if window.stride == 1 and window.step == 1 and window.count >= window.upsampling:
        runs = ((window.reads(run.start), window.reads(run.stop - 1)) for run in outputs.runs())
        return union(interval(first.start, last.stop) for first, last in runs)
    return _read_one_by_one(window, outputs)


def _spread(window: Window, outputs: Positions) -> Positions:
    """What an interval of outputs reads through a window without up-sampling."""
    first = outputs.start * window.stride + window.offset
    starts = range(first, first + (outputs.size - 1) * window.stride + 1, window.stride)
    if window.step == 1:  # the taps first: whole intervals, that join up where they are as long as the stride
        return interval(first, first + window.count).repeated(window.stride, outputs.size)
    return evenly_spaced(starts).repeated(window.step, window.count)


def _read_one_by_one(window: Window | IrregularWindow, outputs: Positions) -> Positions:
    return union(evenly_spaced(window.reads(o)) for o in outputs.each())


def positions_of_digit(digit: Digit, outputs: Positions) -> Positions:
    """The positions that some outputs read of an axis of which each reads one."""
    if outputs.number >= digit.divisor * digit.modulus and outputs.bits is None:
        return interval(0, digit.modulus)
    read = {o // digit.divisor % digit.modulus for o in outputs.each()}
    return union(interval(position, position + 1) for position in read)


def merged(boxes: Iterable[Box]) -> Region:
    """The same positions in fewer boxes: those that differ in one axis are joined, those inside of another left out."""
    found = list(dict.fromkeys(boxes))
    for axis in range(len(found[0].sets) if len(found) > 1 else 0):
        together: dict[object, list[Box]] = {}
        for box in found:
            together.setdefault((box.sets[:axis], box.sets[axis + 1 :], box.real), []).append(box)
        found = [_joined(alike, axis) for alike in together.values()]
    if 1 < len(found) <= MOST_COMPARED:
        found = [
            box
            for number, box in enumerate(found)
            if not any(other.contains(box) for place, other in enumerate(found) if place != number)
        ]
    return tuple(found)


def _joined(boxes: Sequence[Box], axis: int) -> Box:
    """Boxes that differ along one axis alone, as one."""
    if len(boxes) == 1:
        return boxes[0]
    sets = list(boxes[0].sets)
    sets[axis] = union(box.sets[axis] for box in boxes)
    return Box(tuple(sets), boxes[0].real)

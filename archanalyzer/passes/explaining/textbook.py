"""A receptive field by the rule of textbooks, from an input on, layer by layer along one axis:

    r ← r + (k − 1)·j,  j ← j·s

with the field r, the jump j from one position's field to the next one's, the kernel's reach k and its stride s. It is
equation 2 of Araujo, Norris & Sim 2019 (Distill), whose closed form sums (k − 1)·j over the layers, j being the product
of the strides before. Where ways meet, the field is the interval around theirs; mostly one covers the others, and
decides.

The rule holds where every layer reads through a window and nothing is up-sampled, since then every position sees as
much as any other. Where that is not so, there is nothing to tell here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from archanalyzer.graph import (
    Digit,
    Graph,
    IrregularWindow,
    Layer,
    NoPosition,
    Reading,
    Readings,
    Rearranged,
    WholeAxis,
    Window,
)
from archanalyzer.passes.tensor_types import TensorTypes


class Seen(NamedTuple):
    """What a layer's position 0 sees along an axis of an input: ``size`` positions from ``start`` on.

    ``axis``: the layer's own axis along which the field moves by ``jump``. Where nothing moves, ``jump`` is 0; where it
    is not followed how, None. ``by_channel``: some of its channels may see less.
    """

    size: int
    start: int
    jump: int | None
    axis: int | None
    by_channel: bool = False

    @property
    def stop(self) -> int:
        return self.start + self.size


class Kernel(NamedTuple):
    """A window without up-sampling: ``taps`` positions, ``dilation`` apart, ``stride`` on for each output position."""

    taps: int
    dilation: int
    stride: int

    @property
    def reach(self) -> int:
        """Positions from the first tap to the last, both counted."""
        return (self.taps - 1) * self.dilation + 1


class Way(NamedTuple):
    """One of the inputs of a layer, and what the layer sees through it.

    ``kernel``: through which it reads; None where it reads one position each, in another order, or ``everything``, all
    so many positions that there are. ``decides``: the field is this way's, or one of its ends is.
    """

    source: int
    before: Seen
    seen: Seen
    kernel: Kernel | None = None
    everything: int | None = None
    decides: bool = True


class Step(NamedTuple):
    """A layer on the way: its ``ways``, and the field that they come to."""

    layer: int
    ways: tuple[Way, ...]
    seen: Seen

    @property
    def deciding(self) -> tuple[Way, ...]:
        return tuple(way for way in self.ways if way.decides)

    @property
    def everything(self) -> bool:
        """Whether it sees what it does because it reads everything of a layer."""
        return any(way.everything is not None for way in self.deciding)


class _Unknown(Exception):
    """The rule does not hold for a layer."""


def steps_by_rule(graph: Graph, types: TensorTypes, layer: int, source: int, axis: int) -> tuple[Step, ...] | None:
    """The steps from an axis of an input to a layer, those alone that decide; None where the rule does not hold.

    Of what reads all positions of a layer, ``seen`` is as if there were an input all along.
    """
    readings = types.map(lambda op, inputs, output: op.readings(inputs, output))
    steps: dict[int, Step | None] = {}
    start = Seen(1, 0, 1, axis)
    for one in graph.layers[source + 1 : layer + 1]:
        try:
            ways = list(_ways(one, readings[one.index], types, source, start, steps))
            if ways:
                steps[one.index] = _met(one, ways, apart=_keeps_apart(readings[one.index]))
        except _Unknown:
            steps[one.index] = None
    return _deciding(steps, layer)


def _ways(
    one: Layer,
    stated: Sequence[Readings] | None,
    types: TensorTypes,
    origin: int,
    start: Seen,
    steps: dict[int, Step | None],
) -> Iterator[Way]:
    """What a layer sees of the input through each layer that it reads, if that sees any of it."""
    for slot, source in enumerate(one.inputs):
        if source != origin and source not in steps:
            continue
        step = steps.get(source)
        if stated is None or (source != origin and step is None):
            raise _Unknown
        readings = stated[slot]
        if any(isinstance(each, NoPosition) for each in readings):
            continue
        before = start if step is None else step.seen
        if before.by_channel and isinstance(readings[0], WholeAxis):
            before = before._replace(by_channel=False)
        if before.axis is None:
            yield _not_moving(source, before, readings)
        else:
            is_flat = len(types.outputs[one.index].shape) == 1
            extent = types.outputs[source].shape[before.axis]
            yield _through(source, before, readings[before.axis], extent, is_flat=is_flat)


def _not_moving(source: int, before: Seen, readings: Readings) -> Way:
    """What a layer sees through one whose places see the same, or of which it is not followed which see what."""
    if before.jump == 0 or all(isinstance(each, Window) and each == Window(each.axis) for each in readings):
        return Way(source, before, before)
    if all(isinstance(each, WholeAxis) for each in readings):
        return Way(source, before, before._replace(jump=0), everything=0)
    raise _Unknown


def _through(source: int, before: Seen, reading: Reading, extent: int, *, is_flat: bool) -> Way:
    """What is seen through a layer of so many positions, by reading it so; of one that ``is_flat``, by one feature."""
    jump = before.jump or 0
    match reading:
        case Window(upsampling=1):
            kernel = Kernel(reading.count, reading.step, reading.stride)
            size, start = before.size + (kernel.reach - 1) * jump, before.start + reading.offset * jump
            seen = Seen(size, start, jump * reading.stride, reading.axis, before.by_channel)
            return Way(source, before, seen, kernel)
        case WholeAxis():
            seen = Seen(before.size + (extent - 1) * jump, before.start, 0, None)
            return Way(source, before, seen, everything=extent)
        case Digit() | Rearranged() if is_flat and not before.by_channel:
            return Way(source, before, before._replace(jump=None, axis=None))
    raise _Unknown


def _keeps_apart(stated: Sequence[Readings] | None) -> bool:
    """Whether a layer's channels read different inputs, as a concatenation's do."""
    channels = [readings[0] for readings in stated or ()]
    return any(isinstance(each, IrregularWindow) and each.only is not None for each in channels)


def _met(one: Layer, ways: Sequence[Way], *, apart: bool) -> Step:
    """The interval around what is seen on each way; a way that sees everything decides alone.

    ``apart``: each channel sees what one of them does.

    Raises:
        _Unknown: their fields move unlike each other.
    """
    whole = [way for way in ways if way.seen.jump == 0]
    moves = {(way.seen.axis, way.seen.jump) for way in ways}
    if not whole and len(ways) > 1 and (len(moves) > 1 or (None, None) in moves):
        raise _Unknown
    among = whole or ways
    start, stop = min(way.seen.start for way in among), max(way.seen.stop for way in among)
    ends = [way for way in among if (way.seen.start, way.seen.stop) == (start, stop)][:1] or [
        next(way for way in among if way.seen.start == start),
        next(way for way in among if way.seen.stop == stop),
    ]
    marked = tuple(way._replace(decides=any(way is end for end in ends)) for way in ways)
    unlike = len({way.seen[:2] for way in ways}) > 1 or len(ways) < len(one.inputs)
    by_channel = any(way.seen.by_channel for way in ways) or (apart and unlike)
    return Step(one.index, marked, among[0].seen._replace(start=start, size=stop - start, by_channel=by_channel))


def _deciding(steps: dict[int, Step | None], layer: int) -> tuple[Step, ...] | None:
    """The steps that decide about a layer's, in the order of the network."""
    waiting, found = [layer], {}
    while waiting:
        index = waiting.pop()
        if index in found or index not in steps:
            continue
        step = steps[index]
        if step is None:
            return None
        found[index] = step
        waiting += [way.source for way in step.deciding]
    return tuple(_without_axes(found[index]) for index in sorted(found))


def _without_axes(step: Step) -> Step:
    """The step as it is along any axis that is treated alike."""
    ways = (way._replace(before=way.before._replace(axis=None), seen=way.seen._replace(axis=None)) for way in step.ways)
    return Step(step.layer, tuple(ways), step.seen._replace(axis=None))

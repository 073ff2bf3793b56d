"""Which input positions can reach an output position?

For every layer, every network input and every spatial axis of that input, the interval that an output position sees,
as on an endless input: padding cuts nothing off. Behind an up-sampling the interval's length differs from one output
position to the next, so it is kept for one whole period of positions. Composition of windows generalizes Araujo,
Norris & Sim 2019, "Computing Receptive Fields of Convolutional Neural Networks" (Distill), equations 1 and 2, which
is the case of a chain with a period of 1.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import gcd, lcm
from typing import Any, NamedTuple

from archanalyzer.graph import (
    Graph,
    IrregularWindow,
    Layer,
    NoPosition,
    Reading,
    Readings,
    Rearranged,
    WholeAxis,
    Window,
    aligned_axes,
)
from archanalyzer.passes.analysis import Column, Kind, Rollup, analysis
from archanalyzer.passes.tensor_types import TensorTypes

LONGEST_PERIOD = 1 << 16
"""Positions that are told apart at most; a longer period is answered with the union of its fields."""


class Interval(NamedTuple):
    """Input positions from ``start`` up to, not including, ``stop``."""

    start: int
    stop: int

    @property
    def size(self) -> int:
        return self.stop - self.start


class AxisField(NamedTuple):
    """What the positions of a layer's output see of one axis of one network input.

    Output position q·P + r along the output axis ``along`` sees ``intervals[r]`` moved by q·``advance``, where P is
    the number of intervals; None where a position sees nothing. ``along`` None: what a position sees does not move
    with any one axis. Then there is one interval, which every position sees, unless ``rearranged``: there each position
    sees some one of the intervals, within ``hull``.
    ``periodic`` False: the intervals are those of all positions there are, and do not repeat.
    ``exact`` False: the intervals contain what is seen, and may contain more.
    """

    input: int
    axis: int
    along: int | None
    intervals: tuple[Interval | None, ...]
    advance: int
    periodic: bool = True
    rearranged: bool = False
    exact: bool = True
    hull: Interval | None = None

    def at(self, position: int) -> Interval | None:
        """What one position sees; of fields that do not repeat, a position outside sees what the nearest one does."""
        period = len(self.intervals)
        if not self.periodic:
            return self.intervals[min(max(position, 0), period - 1)]
        turn, residue = divmod(position, period)
        interval = self.intervals[residue]
        return interval and Interval(interval.start + turn * self.advance, interval.stop + turn * self.advance)

    def union_of(self, positions: range) -> Interval | None:
        """The hull of what some evenly spaced positions see.

        Residues repeat after at most a period's worth of positions, and intervals only move onwards from one turn to
        the next: the first ones decide the start, the last ones the stop.
        """
        period = len(self.intervals)
        starts = [seen.start for seen in map(self.at, positions[:period]) if seen]
        stops = [seen.stop for seen in map(self.at, positions[-period:]) if seen]
        return Interval(min(starts), max(stops)) if starts and stops else None

    def sizes(self, positions: int) -> list[int]:
        """The different sizes that occur among so many positions, ascending."""
        return sorted({seen.size if seen else 0 for seen in self.intervals[: max(positions, 1)]})

    @property
    def stride(self) -> int | str | None:
        """Input positions per output position, as a whole number or as "p/q"; None where there is no one stride."""
        if self.along is None or not self.periodic:
            return None
        common = gcd(self.advance, len(self.intervals))
        above, below = self.advance // common, len(self.intervals) // common
        return above if below == 1 else f"{above}/{below}"


Fields = tuple[AxisField, ...]


class ReceptiveFields(NamedTuple):
    """The fields of every layer, one for every spatial axis of every input that reaches it; None where unknown."""

    graph: Graph
    types: TensorTypes
    by_layer: tuple[Fields | None, ...]

    def data(self) -> list[Any]:
        """The fields as plain data, in the form of the JSON contract."""
        return [
            None if fields is None else [self._entry(index, field) for field in fields]
            for index, fields in enumerate(self.by_layer)
        ]

    def _entry(self, index: int, field: AxisField) -> dict[str, Any]:
        sizes = field.sizes(self._positions(index, field))
        entry = {
            "input": self.graph.layers[field.input].name,
            "axis": self.types.outputs[field.input].axis_names[field.axis],
            "size": sizes[-1],
            "min_size": sizes[0],
            "stride": field.stride,
            "offset": _offset(field),
            "whole": _covers(field, self.types.outputs[field.input].shape[field.axis]),
        }
        return entry if field.exact else {**entry, "exact": False}

    def _positions(self, index: int, field: AxisField) -> int:
        return len(field.intervals) if field.along is None else self.types.outputs[index].shape[field.along]

    def strides(self) -> list[Any]:
        return [_uniform(field.stride for field in fields or ()) for fields in self.by_layer]

    def offsets(self) -> list[Any]:
        return [_uniform(_offset(field) for field in fields or ()) for fields in self.by_layer]


def _offset(field: AxisField) -> int | None:
    """The first input position that output position 0 sees; negative where it lies in the padding."""
    first = None if field.rearranged else field.intervals[0]
    return first and first.start


def _covers(field: AxisField, length: int) -> bool:
    """Whether every position sees the whole input axis, wherever it is."""
    seen = field.intervals[0]
    return field.along is None and not field.rearranged and seen is not None and seen.start <= 0 and seen.stop >= length


def _uniform(values: Iterable[Any]) -> Any:
    """The one value that all axes have, else the list of them; None where there is no axis or nothing is known."""
    listed = list(values)
    if not listed or all(value is None for value in listed):
        return None
    return listed[0] if all(value == listed[0] for value in listed) else listed


@analysis(
    "receptive_field",
    columns=[
        Column(
            "receptive_field",
            "field",
            "Receptive field: input positions that can reach an output position, for each spatial axis of the input.",
            ReceptiveFields.data,
            Kind.FIELD,
            Rollup.OUTPUT,
        ),
        Column(
            "receptive_field_stride",
            "stride",
            "Input positions between the receptive fields of two neighbouring output positions.",
            ReceptiveFields.strides,
            Kind.FRACTION,
            Rollup.OUTPUT,
        ),
        Column(
            "receptive_field_offset",
            "offset",
            "First input position that output position 0 sees; negative where it lies in the padding.",
            ReceptiveFields.offsets,
            Kind.FRACTION,
            Rollup.OUTPUT,
        ),
    ],
)
def receptive_fields(graph: Graph, types: TensorTypes) -> ReceptiveFields:
    """The receptive field of every layer, with its stride and offset."""
    readings = types.map(lambda op, inputs, output: op.readings(inputs, output))
    by_layer: list[Fields | None] = []
    for layer in graph.layers:
        if not layer.inputs:
            by_layer.append(_own_positions(layer, types))
            continue
        sources = [by_layer[source] for source in layer.inputs]
        read = readings[layer.index]
        by_layer.append(None if read is None else _through(layer, read, sources, types))
    return ReceptiveFields(graph, types, tuple(by_layer))


def _own_positions(layer: Layer, types: TensorTypes) -> Fields:
    """A network input: every position sees itself."""
    rank = len(types.outputs[layer.index].shape)
    return tuple(AxisField(layer.index, axis, axis, (Interval(0, 1),), 1) for axis in range(1, rank))


def _through(
    layer: Layer, readings: tuple[Readings, ...], sources: Sequence[Fields | None], types: TensorTypes
) -> Fields | None:
    """What a layer sees through what it reads; None where that is not known of something that it reads."""
    shape = types.outputs[layer.index].shape
    seen: dict[tuple[int, int], AxisField] = {}
    for source, reading, fields in zip(layer.inputs, readings, sources, strict=True):
        if reading == aligned_axes(len(shape)) and fields is not None and not seen:
            seen = {(field.input, field.axis): field for field in fields}
            continue
        if any(isinstance(each, NoPosition) for each in reading):
            continue
        if fields is None:
            return None
        for field in fields:
            lengths = (types.outputs[field.input].shape[field.axis], types.outputs[source].shape)
            new = _read(field, reading, shape, *lengths)
            key = (field.input, field.axis)
            seen[key] = _union(seen[key], new, shape) if key in seen else new
    return tuple(seen.values())


def _reads_one(reading: Reading) -> bool:
    return isinstance(reading, Rearranged) or (isinstance(reading, Window) and reading.count == 1)


def _read(
    field: AxisField, readings: Readings, shape: tuple[int, ...], input_length: int, source_shape: tuple[int, ...]
) -> AxisField:
    """``field``, a field of what is read, as a field of the layer that reads it by ``readings``."""
    if field.along is None:
        if not field.rearranged or all(map(_reads_one, readings)):
            return field
        return _constant(field, field.hull, input_length)
    reading = readings[field.along]
    match reading:
        case Window():
            return _strided(field, reading, shape[reading.axis], input_length)
        case IrregularWindow():
            read = map(reading.reads, range(shape[reading.axis]))
            return _table(field._replace(along=reading.axis), map(field.union_of, read))
        case WholeAxis():
            return _constant(field, _everything(field, source_shape), input_length)
        case Rearranged() | NoPosition():
            intervals = field.intervals[: source_shape[field.along]]
            hull = _everything(field, source_shape)
            return field._replace(along=None, rearranged=True, intervals=intervals, hull=hull)


def _everything(field: AxisField, shape: tuple[int, ...]) -> Interval | None:
    """What all positions of a layer of that shape see together."""
    return field.union_of(range(shape[field.along])) if field.along is not None else field.hull or field.intervals[0]


def _table(field: AxisField, intervals: Iterable[Interval | None]) -> AxisField:
    """``field`` with one interval for every position there is."""
    return field._replace(intervals=tuple(intervals), advance=0, periodic=False)


def _constant(field: AxisField, hull: Interval | None, length: int) -> AxisField:
    """Every position sees all of ``hull`` that lies inside the input."""
    cut = hull and Interval(max(hull.start, 0), min(hull.stop, length))
    return field._replace(along=None, intervals=(cut,), advance=0, rearranged=False, hull=None)


def _strided(field: AxisField, window: Window, length: int, input_length: int) -> AxisField:
    """A field seen through a window, whose output is ``length`` long.

    Moving on by P′ = u·P / gcd(s, u·P) output positions moves the window by P′·s / u input positions, which is the
    least whole multiple of the input's period P.
    """
    if window == Window(window.axis):
        return field._replace(along=window.axis)
    seen = field._replace(along=window.axis)
    unfolded = window.upsampling * len(field.intervals)
    period = unfolded // gcd(window.stride, unfolded)
    if not field.periodic or (period > LONGEST_PERIOD >= length):
        return _table(seen, (field.union_of(_positions_read(window, o)) for o in range(length)))
    if period > LONGEST_PERIOD:
        everything = field.union_of(range(-(-length * window.stride // window.upsampling) + window.count * window.step))
        return _constant(field, everything, input_length)._replace(exact=False)
    intervals = tuple(field.union_of(_positions_read(window, o)) for o in range(period))
    return seen._replace(intervals=intervals, advance=period * window.stride // unfolded * field.advance)


def _positions_read(window: Window, o: int) -> range:
    """The positions, on an endless input, that output position ``o`` reads, ascending."""
    up, first = window.upsampling, o * window.stride + window.offset
    whole = (k for k in range(min(window.count, up)) if (first + k * window.step) % up == 0)
    k = next(whole, None)
    if k is None:
        return range(0)
    every = up // gcd(window.step, up)
    start, step = (first + k * window.step) // up, window.step * every // up
    return range(start, start + step * ((window.count - 1 - k) // every + 1), step)


def _union(one: AxisField, other: AxisField, shape: tuple[int, ...]) -> AxisField:
    """What is seen through either of two ways; where they don't move alike, told for each position there is."""
    exact = one.exact and other.exact
    if one.along is None and other.along is None:
        hull = _hull(one.hull or one.intervals[0], other.hull or other.intervals[0])
        alike = one == other
        return one if alike else one._replace(intervals=(hull,), rearranged=False, hull=None, exact=exact)
    along = other.along if one.along is None else one.along
    moving = one._replace(along=along, exact=exact)
    alike = one.along == other.along and one.periodic and other.periodic
    if alike and one.advance * len(other.intervals) == other.advance * len(one.intervals):
        period = lcm(len(one.intervals), len(other.intervals))
        if period <= LONGEST_PERIOD:
            intervals = tuple(_hull(one.at(o), other.at(o)) for o in range(period))
            return moving._replace(intervals=intervals, advance=period // len(one.intervals) * one.advance)
    length = shape[along] if along is not None else 1
    return _table(moving, (_hull(one.at(o), other.at(o)) for o in range(length)))


def _hull(one: Interval | None, other: Interval | None) -> Interval | None:
    if one is None or other is None:
        return one or other
    return Interval(min(one.start, other.start), max(one.stop, other.stop))

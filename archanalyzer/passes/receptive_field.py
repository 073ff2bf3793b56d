"""Which input positions can reach an output position?

For every layer, every network input and every spatial axis of that input, the interval that an output position sees.
What they are is told in ``axis_field``, how they follow from what each layer reads, in ``axis_step``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from archanalyzer.graph import Graph, Layer, NoPosition, Readings
from archanalyzer.passes.analysis import Column, Kind, Rollup, analysis
from archanalyzer.passes.axis_field import AxisField
from archanalyzer.passes.axis_step import Budget, Step, nothing
from archanalyzer.passes.fields_kept import FieldsKept
from archanalyzer.passes.hulls import Interval
from archanalyzer.passes.tensor_types import TensorTypes

LONGEST_PERIOD = 1 << 16
"""Positions of one layer that are told apart at most."""
MOST_POSITIONS = 1 << 22
"""Positions of all layers together that are told apart at most, so that a network of any size fits into memory."""
MOST_IN_MARGINS = 1 << 19
"""Positions of all layers together of which it is told what they see beside padding: each takes microseconds."""

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
        read = self.types.outputs[field.input]
        positions = 1 if field.along is None else self.types.outputs[index].shape[field.along]
        sizes = field.sizes(positions)
        entry = {
            "input": self.graph.layers[field.input].name,
            "axis": read.axis_names[field.axis],
            "size": sizes[-1],
            "min_size": sizes[0],
            "stride": field.stride,
            "offset": field.offset,
            "whole": field.covers(read.shape[field.axis]),
        }
        return entry if field.exact else {**entry, "exact": False}

    def strides(self) -> list[Any]:
        return [_uniform(field.stride for field in fields or ()) for fields in self.by_layer]

    def offsets(self) -> list[Any]:
        return [_uniform(field.offset for field in fields or ()) for fields in self.by_layer]


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
def receptive_fields(graph: Graph, types: TensorTypes, kept: FieldsKept) -> ReceptiveFields:
    """The receptive field of every layer, with its stride and offset."""
    readings = types.map(lambda op, inputs, output: op.readings(inputs, output))
    most = min(LONGEST_PERIOD, MOST_POSITIONS // max(len(graph.layers), 1))
    budget = Budget(MOST_IN_MARGINS)
    by_layer: list[Fields | None] = []
    for layer in graph.layers[: kept.layers]:
        if not layer.inputs:
            by_layer.append(_own_positions(layer, types))
            continue
        sources = [by_layer[source] for source in layer.inputs]
        read = readings[layer.index]
        by_layer.append(None if read is None else _through(layer, read, sources, types, most, budget))
    unknown = (None,) * (len(graph.layers) - len(by_layer))
    return ReceptiveFields(graph, types, (*by_layer, *unknown))


def _own_positions(layer: Layer, types: TensorTypes) -> Fields:
    """A network input: every position sees itself."""
    rank = len(types.outputs[layer.index].shape)
    return tuple(AxisField(layer.index, axis, axis, (Interval(0, 1),), 1) for axis in range(1, rank))


def _through(
    layer: Layer,
    readings: tuple[Readings, ...],
    sources: Sequence[Fields | None],
    types: TensorTypes,
    most: int,
    budget: Budget,
) -> Fields | None:
    """What a layer sees through what it reads; None where that is not known of something that it reads."""
    shape = types.outputs[layer.index].shape
    seen: dict[tuple[int, int], AxisField] = {}
    for source, reading, fields in zip(layer.inputs, readings, sources, strict=True):
        if any(isinstance(each, NoPosition) for each in reading):
            continue
        if fields is None:
            return None
        step = Step(layer.index, reading, types.outputs[source].shape, shape, most, budget)
        if not seen and step.elementwise:
            seen = {(field.input, field.axis): field for field in fields}
            continue
        for field in _read(step, fields, types):
            key, length = (field.input, field.axis), types.outputs[field.input].shape[field.axis]
            seen[key] = step.union(seen[key], field, length) if key in seen else field
    return tuple(seen.values())


def _read(step: Step, fields: Fields, types: TensorTypes) -> Fields:
    """Fields of what is read as fields of the layer that reads it.

    What sees nothing along one axis of an input, such as a crop that leaves rows of padding alone, sees nothing of it.
    """
    read = tuple(step.read(field, types.outputs[field.input].shape[field.axis]) for field in fields)
    lengths = (1 if field.along is None else step.output[field.along] for field in read)
    blind = {field.input for field, length in zip(read, lengths, strict=True) if field.sees_nothing(length)}
    return tuple(nothing(field) if field.input in blind else field for field in read) if blind else read

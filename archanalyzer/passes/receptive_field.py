"""Which input positions can reach an output position?

For every layer, every network input and every spatial axis of that input, the set of positions that an output position
sees. How it follows from what each layer reads is told in ``fields``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from archanalyzer.graph import Graph, Layer, NoPosition, Op, Readings, TensorType, Types
from archanalyzer.passes.analysis import Column, Kind, Rollup, analysis
from archanalyzer.passes.fields.composing import Composer
from archanalyzer.passes.fields.field import Field, Fields, own_places
from archanalyzer.passes.fields.moving import Budget
from archanalyzer.passes.fields.recounting import Recounter
from archanalyzer.passes.fields.told import Told, plain, told
from archanalyzer.passes.fields_kept import FieldsKept
from archanalyzer.passes.tensor_types import TensorTypes

MOST_POSITIONS = 1 << 21
"""Positions of all layers together that are told apart at most: each takes microseconds and some hundred bytes."""


class ReceptiveFields(NamedTuple):
    """What every layer sees of every input that reaches it; None where unknown.

    ``by_layer`` tells of parts of the channels, ``places`` of all channels of a place together; of a flat layer, whose
    places are its features, both are the same.
    """

    graph: Graph
    types: TensorTypes
    by_layer: tuple[Fields | None, ...]
    places: tuple[Fields | None, ...]
    told: tuple[tuple[Told, ...] | None, ...]

    def _each(self, write: Callable[[Sequence[Told]], Any]) -> list[Any]:
        """What is written of each layer, None where that is not known; once for all of which the same is told."""
        written: dict[int, Any] = {}
        for of_layer in self.told:
            if id(of_layer) not in written:
                written[id(of_layer)] = None if of_layer is None else write(of_layer)
        return [written[id(of_layer)] for of_layer in self.told]

    def data(self) -> list[Any]:
        """The fields as plain data, in the form of the JSON contract."""
        return self._each(lambda of_layer: [self._entry(each) for each in of_layer])

    def _entry(self, field: Told) -> dict[str, Any]:
        entry = {
            "input": self.graph.layers[field.input].name,
            "axis": self.types.outputs[field.input].axis_names[field.axis],
            "size": field.size,
            "min_size": field.min_size,
            "number": field.number,
            "min_number": field.min_number,
            "stride": plain(field.stride),
            "offset": field.offset,
            "whole": field.whole,
            "aligned": field.aligned,
        }
        return entry if field.exact else {**entry, "exact": False}

    def strides(self) -> list[Any]:
        return self._each(lambda of_layer: _uniform(plain(field.stride) for field in of_layer))

    def offsets(self) -> list[Any]:
        return self._each(lambda of_layer: _uniform(field.offset for field in of_layer))


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
            shown=True,
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
    readings = types.map(_readings)
    composer, recounter = Composer(Budget(MOST_POSITIONS)), Recounter(graph, types)
    by_layer: list[Fields | None] = []
    for layer in graph.layers[: kept.layers]:
        read = readings[layer.index]
        if not layer.inputs:
            by_layer.append(own_places(layer.index, types.outputs[layer.index].shape))
        elif read is None:
            by_layer.append(None)
        else:
            sources = [by_layer[source] for source in layer.inputs]
            fields = _through(layer, read, sources, types, composer)
            by_layer.append(fields and recounter.made_certain(layer.index, fields))
    by_layer += (None,) * (len(graph.layers) - len(by_layer))
    places = list(by_layer)
    for index, (fields, output) in enumerate(zip(by_layer, types.outputs, strict=True)):
        if fields is not None and len(output.shape) > 1:
            together = composer.of_places(fields)
            places[index] = fields if together is fields else recounter.made_certain(index, together)
    return ReceptiveFields(graph, types, tuple(by_layer), tuple(places), tuple(_told_of_all(places, types)))


def _told_of_all(places: Sequence[Fields | None], types: TensorTypes) -> Iterator[tuple[Told, ...] | None]:
    """What is told of each layer; one and the same of all that have the same fields."""
    known: dict[tuple[int, int], tuple[Told, ...]] = {}
    for fields, output in zip(places, types.outputs, strict=True):
        key = id(fields), len(output.shape)
        if fields is not None and key not in known:
            by_input: dict[int, list[Field]] = {}
            for field in fields:
                by_input.setdefault(field.input, []).append(field)
            known[key] = tuple(each for several in by_input.values() for each in told(several, output.shape))
        yield None if fields is None else known[key]


def _readings(op: Op, inputs: Types, output: TensorType) -> tuple[Readings | None, ...] | None:
    """How each input is read, None of one of which only the type matters; None where that is not known."""
    stated = op.readings(inputs, output)
    return stated and tuple(None if any(isinstance(each, NoPosition) for each in one) else one for one in stated)


def _through(
    layer: Layer,
    readings: Sequence[Readings | None],
    sources: Sequence[Fields | None],
    types: TensorTypes,
    composer: Composer,
) -> Fields | None:
    """What a layer sees through what it reads; None where that is not known of something that it reads."""
    shape = types.outputs[layer.index].shape
    if len(sources) == 1 and readings[0] is not None:  # as it mostly is
        fields = sources[0]
        return fields and composer.read(fields, readings[0], types.outputs[layer.inputs[0]].shape, shape)
    ways: list[Fields] = []
    for source, reading, fields in zip(layer.inputs, readings, sources, strict=True):
        if reading is None:
            continue
        if fields is None:
            return None
        ways.append(composer.read(fields, reading, types.outputs[source].shape, shape))
    return composer.merge(ways)

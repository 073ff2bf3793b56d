"""Do the ways that meet in a layer look at the same place of the input?

After Araujo, Norris & Sim 2019, "Computing Receptive Fields of Convolutional Neural Networks" (Distill): ways are
aligned where their strides and their centres are equal; behind an up-sampling, on average over a period.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import NamedTuple

from archanalyzer.diagnostics import Diagnostic, Note
from archanalyzer.diagnostics.rules.fields import MISALIGNED_WAYS
from archanalyzer.graph import Graph, Layer, NoPosition
from archanalyzer.passes.analysis import analysis
from archanalyzer.passes.fields.axis_field import mean_centre
from archanalyzer.passes.fields.field import Along, Composer
from archanalyzer.passes.fields.moving import Budget, Listed
from archanalyzer.passes.fields.told import stride
from archanalyzer.passes.receptive_field import MOST_POSITIONS, ReceptiveFields
from archanalyzer.passes.tensor_types import TensorTypes


class Alignment(NamedTuple):
    """The layers in which ways meet that do not align, each where it first comes about."""

    layers: tuple[int, ...]
    diagnostics: tuple[Diagnostic, ...]


class Way(NamedTuple):
    """A layer that is read: along one axis, the stride, and the centre of what position 0 sees through it."""

    source: int
    axis: int
    stride: Fraction
    centre: Fraction


@analysis("alignment", diagnostics=lambda alignment: alignment.diagnostics)
def alignment(graph: Graph, types: TensorTypes, fields: ReceptiveFields) -> Alignment:
    """Layers in which ways with different strides or centres meet."""
    meeting = [layer for layer in graph.layers if _first_misaligned(layer, fields)]
    composer = Composer(Budget(MOST_POSITIONS))
    told = tuple(_told(graph, layer, list(_ways(types, fields, composer, layer))) for layer in meeting)
    return Alignment(tuple(layer.index for layer in meeting), told)


def _first_misaligned(layer: Layer, fields: ReceptiveFields) -> bool:
    def misaligned(index: int) -> bool:
        return any(not each.aligned for each in fields.told[index] or ())

    return misaligned(layer.index) and not any(map(misaligned, layer.inputs))


def _ways(types: TensorTypes, fields: ReceptiveFields, composer: Composer, layer: Layer) -> Iterator[Way]:
    """The ways that lead to a layer, along each axis along which they move."""
    readings = layer.op.readings(types.inputs(layer), types.outputs[layer.index]) or ()
    for source, reading in zip(layer.inputs, readings, strict=True):
        of_source = fields.by_layer[source]
        if of_source is None or any(isinstance(each, NoPosition) for each in reading):
            continue
        shapes = types.outputs[source].shape, types.outputs[layer.index].shape
        for field in composer.of_places(composer.read(of_source, reading, *shapes)):
            for along in field.axes:
                pace, centre = stride(along), _centre(along)
                if pace and centre is not None:
                    yield Way(source, along.axis, pace, centre)


def _centre(along: Along) -> Fraction | None:
    moving = along.field.endless
    return None if isinstance(moving, Listed) else mean_centre(moving)


def _told(graph: Graph, layer: Layer, ways: list[Way]) -> Diagnostic:
    message = f"`{layer.name}` ({layer.op.name}) joins what does not look at the same place"
    notes = tuple(
        Note(
            f"through {graph.layers[way.source].name}: stride {way.stride}, centre {_number(way.centre)} at position 0",
            graph.layers[way.source].source,
        )
        for way in ways
        if way.axis == _differing(ways)
    )
    hint = "equal paddings on both sides, or a crop by as much as the other way loses, lays the centres upon each other"
    return Diagnostic(MISALIGNED_WAYS, message, layer.source, hint, layer.trail, notes)


def _differing(ways: list[Way]) -> int | None:
    """The first axis along which ways differ."""
    for axis in sorted({way.axis for way in ways}):
        if len({(way.stride, way.centre) for way in ways if way.axis == axis}) > 1:
            return axis
    return None


def _number(value: Fraction) -> str:
    """A half is written as one."""
    return f"{float(value):g}" if value.denominator in (1, 2, 4, 5, 10) else str(value)

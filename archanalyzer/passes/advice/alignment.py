"""Do the ways that meet in a layer look at the same place of the input?

After Araujo, Norris & Sim 2019, "Computing Receptive Fields of Convolutional Neural Networks" (Distill), section
"Arbitrary computation graphs": ways are aligned where their strides and their centres are equal; behind an up-sampling,
on average over a period. What moves by no one stride, as behind a resizing by a fraction, has no centre to compare.
Nor are those ways told apart that end at the same position of the input: causal layers, which see the past alone, lie
upon each other with their ends (van den Oord et al. 2016, "WaveNet", arXiv:1609.03499, section 2.1).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import NamedTuple

from archanalyzer.diagnostics import Diagnostic, Note
from archanalyzer.diagnostics.rules.fields import MISALIGNED_WAYS
from archanalyzer.graph import Graph, Layer, NoPosition
from archanalyzer.passes.advice.windows import joined
from archanalyzer.passes.analysis import analysis
from archanalyzer.passes.fields.axis_field import mean_centre
from archanalyzer.passes.fields.composing import Composer
from archanalyzer.passes.fields.moving import Budget, Listed
from archanalyzer.passes.fields.told import stride
from archanalyzer.passes.receptive_field import MOST_POSITIONS, ReceptiveFields
from archanalyzer.passes.tensor_types import TensorTypes

MOST_WAYS_SHOWN = 4


class Alignment(NamedTuple):
    """The layers in which ways meet that do not align, by their index, each where it first comes about."""

    layers: tuple[int, ...]
    diagnostics: tuple[Diagnostic, ...]


class Way(NamedTuple):
    """What is seen through the layer ``source`` along an ``axis`` of the input of index ``input``.

    ``stride``: input positions from one position to the next. ``centre``: the middle of what position 0 sees, and
    ``end``: the last of it; None where that moves by turns, as behind an up-sampling.
    """

    source: int
    input: int
    axis: int
    stride: Fraction
    centre: Fraction
    end: int | None


@analysis("alignment", diagnostics=lambda alignment: alignment.diagnostics)
def alignment(graph: Graph, types: TensorTypes, fields: ReceptiveFields) -> Alignment:
    """Layers in which ways with different strides or centres meet."""
    composer = Composer(Budget(MOST_POSITIONS))
    layers: list[int] = []
    told: list[Diagnostic] = []
    behind = [False] * len(graph.layers)
    for layer in graph.layers:
        behind[layer.index] = any(behind[source] for source in layer.inputs)
        if behind[layer.index] or all(each.aligned for each in fields.told[layer.index] or ()):
            continue
        differing = _differing(list(_ways(types, fields, composer, layer)))
        if differing:
            behind[layer.index] = True
            layers.append(layer.index)
            told.append(_told(graph, types, layer, differing))
    return Alignment(tuple(layers), tuple(told))


def _ways(types: TensorTypes, fields: ReceptiveFields, composer: Composer, layer: Layer) -> Iterator[Way]:
    """The ways that lead to a layer, along each axis along which they move."""
    shape = types.outputs[layer.index].shape
    readings = layer.op.readings(types.inputs(layer), types.outputs[layer.index]) or ()
    for source, reading in zip(layer.inputs, readings, strict=bool(readings)):
        of_source = fields.places[source]
        if of_source is None or any(isinstance(each, NoPosition) for each in reading):
            continue
        for field in composer.of_places(composer.read(of_source, reading, types.outputs[source].shape, shape)):
            for along in field.axes:
                pace, moving = stride(along), along.field.endless
                if not pace or isinstance(moving, Listed):
                    continue
                centre = mean_centre(moving)
                if centre is not None:
                    end = moving.sets[0].stop - 1 if moving.period == 1 else None
                    yield Way(source, field.input, along.axis, pace, centre, end)


def _differing(ways: Sequence[Way]) -> dict[tuple[int, int], list[Way]]:
    """The ways along those axes of inputs along which they differ: of each stride and centre, the first."""
    by_axis: dict[tuple[int, int], list[Way]] = {}
    for way in ways:
        by_axis.setdefault((way.input, way.axis), []).append(way)
    differing: dict[tuple[int, int], list[Way]] = {}
    for axis, along in by_axis.items():
        alike = {(way.stride, way.centre): way for way in reversed(along)}
        causal = len({(way.stride, way.end) for way in along}) == 1 and along[0].end is not None
        if len(alike) > 1 and not causal:
            differing[axis] = list(reversed(alike.values()))
    return differing


def _told(graph: Graph, types: TensorTypes, layer: Layer, differing: dict[tuple[int, int], list[Way]]) -> Diagnostic:
    """What differs along the first axis, and the names of all axes of that input."""
    (index, _), ways = next(iter(differing.items()))
    axes = joined(types.outputs[index].axis_names[axis] for source, axis in differing if source == index)
    strides = len({way.stride for way in ways}) > 1
    message = (
        f"`{layer.name}` ({layer.op.name}) joins ways with different {'strides' if strides else 'centres'} along the "
        f"{axes} of `{graph.layers[index].name}`"
    )
    notes = tuple(
        Note(
            f"through {graph.layers[way.source].name}: stride {way.stride}, centre {_number(way.centre)} at position 0",
            graph.layers[way.source].source,
        )
        for way in ways[:MOST_WAYS_SHOWN]
    )
    return Diagnostic(MISALIGNED_WAYS, message, layer.source, _hint(graph, ways), layer.trail, notes)


def _hint(graph: Graph, ways: Sequence[Way]) -> str:
    """How the first two of some ways may be laid upon each other."""
    first, second = sorted(ways[:2], key=lambda way: way.centre)
    if first.stride != second.stride:
        return "down-sample the one or up-sample the other, so that they move on alike before they meet"
    apart = (second.centre - first.centre) / first.stride
    number = "1 position" if apart == 1 else f"{_number(apart)} positions"
    if apart.denominator == 1:
        name = graph.layers[first.source].name
        return f"shift what comes through `{name}` by {number}: crop so many more at its start and fewer at its end"
    return (
        f"no crop mends {number}: kernels that are all odd or all even have equal centres where both ends are padded "
        "alike"
    )


def _number(value: Fraction) -> str:
    """A half is written as one."""
    return f"{float(value):g}" if value.denominator in (1, 2, 4, 5, 10) else str(value)

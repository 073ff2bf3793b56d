"""Do the ways that meet in a layer look at the same place of the input?

After Araujo, Norris & Sim 2019, "Computing Receptive Fields of Convolutional Neural Networks" (Distill), section
"Arbitrary computation graphs": ways are aligned where their strides and their centres are equal; behind an up-sampling,
on average over a period. What moves by no one stride, as behind a resizing by a fraction, has no centre to compare:
where up-sampling keeps the corners, say, it runs ahead at one end by as much as it lags behind at the other.
Nor are those ways told apart that end at the same position of the input: causal layers, which see the past alone, lie
upon each other with their ends (van den Oord et al. 2016, "WaveNet", arXiv:1609.03499, section 2.1).

What comes of a join that does not align is as far from others as the farthest of its ways. Where it meets one of these,
that is told only if the distance is not one told already: the ways up of a U-Net hand on what is amiss at its bottom.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import NamedTuple, TypeAlias

from archanalyzer.diagnostics import Diagnostic, Note
from archanalyzer.diagnostics.rules.fields import MISALIGNED_WAYS
from archanalyzer.graph import Graph, IrregularWindow, Layer, NoPosition, Window
from archanalyzer.passes.advice.windows import Windows, is_shift, joined, listed_names
from archanalyzer.passes.analysis import analysis
from archanalyzer.passes.fields.centres import mean_centre
from archanalyzer.passes.fields.composing import Composer
from archanalyzer.passes.fields.moving import Budget, Listed
from archanalyzer.passes.fields.told import stride
from archanalyzer.passes.receptive_field import MOST_POSITIONS, ReceptiveFields
from archanalyzer.passes.tensor_types import TensorTypes

MOST_WAYS_SHOWN = 4
MOST_TOLD = 8
"""Layers that are told of one by one."""

Apart: TypeAlias = tuple[int, int, Fraction]
"""An input, an axis of it, and how far the centres of two ways that met lie from each other."""


class Alignment(NamedTuple):
    """The layers in which ways meet that do not align, by their index, but for those which only inherit that."""

    layers: tuple[int, ...]
    diagnostics: tuple[Diagnostic, ...]


class Way(NamedTuple):
    """What is seen through the layer ``source`` along an ``axis`` of the input of index ``input``.

    ``stride``: input positions from one position to the next. ``centre``: the middle of what position 0 sees, and
    ``end``: the last of it; None where that moves by turns, as behind an up-sampling, and the centre is an average.
    ``inherited``: what was apart in the layers behind the source, and so may be again.
    """

    source: int
    input: int
    axis: int
    stride: Fraction
    centre: Fraction
    end: int | None
    inherited: frozenset[Apart] = frozenset()


@analysis("alignment", diagnostics=lambda alignment: alignment.diagnostics)
def alignment(graph: Graph, types: TensorTypes, windows: Windows, fields: ReceptiveFields) -> Alignment:
    """Layers in which ways with different strides or centres meet."""
    composer = Composer(Budget(MOST_POSITIONS))
    found: dict[int, list[Way]] = {}
    told: list[Diagnostic] = []
    apart: list[frozenset[Apart]] = []
    for layer in graph.layers:
        inherited = _together([apart[source] for source in _looked_at(windows, layer)])
        apart.append(inherited)
        if len(layer.inputs) < 2 or all(each.aligned and each.compared for each in fields.told[layer.index] or ()):
            continue
        ways = [way._replace(inherited=apart[way.source]) for way in _ways(types, windows, fields, composer, layer)]
        differing = _differing(ways)
        if differing:
            apart[layer.index] = inherited | {each for along in differing.values() for each in _distances(along)}
            found[layer.index] = next(iter(differing.values()))
            if len(found) <= MOST_TOLD:
                told.append(_told(graph, types, layer, differing))
    if len(found) > MOST_TOLD:
        others = listed_names([graph.layers[index].name for index in [*found][MOST_TOLD:]])
        told[-1] = told[-1]._replace(message=f"{told[-1].message}; of others, so do {others}")
    return Alignment(tuple(found), tuple(told))


def _looked_at(windows: Windows, layer: Layer) -> list[int]:
    """The layers of which a layer reads positions, not the type alone."""
    readings = windows.readings[layer.index] or ()
    by_source = zip(layer.inputs, readings, strict=False)
    return [source for source, reading in by_source if not any(isinstance(each, NoPosition) for each in reading)]


def _together(sets: Sequence[frozenset[Apart]]) -> frozenset[Apart]:
    """The union, and mostly, as in a chain of layers, the very same set."""
    first = sets[0] if sets else frozenset()
    return first if all(each is first for each in sets) else first.union(*sets)


def _distances(ways: Sequence[Way]) -> Iterator[Apart]:
    """How far the first of some ways lies from each of the others."""
    first = ways[0]
    for way in ways[1:]:
        yield first.input, first.axis, abs(way.centre - first.centre)


def _ways(
    types: TensorTypes, windows: Windows, fields: ReceptiveFields, composer: Composer, layer: Layer
) -> Iterator[Way]:
    """The ways that lead to a layer, along each axis along which they move."""
    shape = types.outputs[layer.index].shape
    readings = windows.readings[layer.index] or ()
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
        causal = len({(way.stride, way.end) for way in along}) == 1 and along[0].end is not None
        if causal or not any(_is_apart(along[0], way) for way in along[1:]):
            continue
        alike = {(way.stride, way.centre): way for way in reversed(along)}
        differing[axis] = list(reversed(alike.values()))
    return differing


def _is_apart(one: Way, other: Way) -> bool:
    """Whether two ways differ, and not just by what one of them, and not the other, has met with before."""
    if one.stride != other.stride:
        return True
    distance = one.input, one.axis, abs(one.centre - other.centre)
    return one.centre != other.centre and (distance in one.inherited) == (distance in other.inherited)


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
        Note(f"through {graph.layers[way.source].name}: {_where(way)}", graph.layers[way.source].source)
        for way in ways[:MOST_WAYS_SHOWN]
    )
    return Diagnostic(MISALIGNED_WAYS, message, layer.source, _hint(graph, types, ways), layer.trail, notes)


def _where(way: Way) -> str:
    """The stride and the centre of a way; an average, where what position 0 sees is not the whole truth."""
    average = ", on average over a period" if way.end is None else ""
    return f"stride {way.stride}, centre {_number(way.centre)} at position 0{average}"


def _hint(graph: Graph, types: TensorTypes, ways: Sequence[Way]) -> str:
    """How the first two of some ways may be laid upon each other."""
    first, second = sorted(ways[:2], key=lambda way: way.centre)
    if first.stride != second.stride:
        return "down-sample the one or up-sample the other, so that they move on alike before they meet"
    apart = (second.centre - first.centre) / first.stride
    number = "1 position" if apart == 1 else f"{_number(apart)} positions"
    if apart.denominator == 1:
        return _shifting(graph, types, first, second, number)
    if first.end is None or second.end is None:
        return (
            f"no crop mends {number}: on a way down and up by a stride of 2, let both kernels be even, or both odd; "
            "up-sampling by 2 counts as an even one"
        )
    return f"no crop mends {number}: an odd kernel, padded at both ends by half of what it reaches over, is centred"


def _shifting(graph: Graph, types: TensorTypes, first: Way, second: Way, number: str) -> str:
    """What to crop or pad differently; where one of two ways is cropped already, that crop."""
    name, other = graph.layers[first.source].name, graph.layers[second.source].name
    if _is_cut(graph, types, first):
        return f"crop {number} more at the start of what comes through `{name}`, and so many fewer at its end"
    if _is_cut(graph, types, second):
        return f"crop {number} fewer at the start of what comes through `{other}`, and so many more at its end"
    return f"shift what comes through `{name}` by {number}: crop more or pad less at its start"


def _is_cut(graph: Graph, types: TensorTypes, way: Way) -> bool:
    """Whether the layer that a way comes through cuts something off from what it reads, and does nothing else."""
    layer = graph.layers[way.source]
    output = types.outputs[way.source]
    for source, reading in zip(layer.inputs, layer.op.readings(types.inputs(layer), output) or (), strict=False):
        windows = [each for each in reading[1:] if isinstance(each, Window | IrregularWindow)]
        if windows and len(windows) == len(reading) - 1 and all(map(is_shift, windows)):
            return types.outputs[source].elements > output.elements
    return False


def _number(value: Fraction) -> str:
    """A half is written as one."""
    shown = f"{float(value):g}" if value.denominator in (1, 2, 4, 5, 10) else str(value)
    return shown.replace("-", "−")

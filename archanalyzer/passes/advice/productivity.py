"""Which layers look at nothing new, and for which sizes of the input would all of them be of use?

After Richter, Schöning, Wiedenroth & Krumnack 2021, "Should You Go Deeper? Optimizing Convolutional Neural Network
Architectures without Training by Receptive Field Analysis" (arXiv:2106.12307): a layer whose window is larger than one
position is unproductive where the field of what it reads, on the narrowest way, is larger than the input. From the
smallest feasible size on no layer is; up to the largest one, some position sees the whole input.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from archanalyzer.diagnostics import Diagnostic
from archanalyzer.diagnostics.rules.fields import UNPRODUCTIVE_LAYER
from archanalyzer.graph import Graph, Layer, NoPosition, Readings, Window, shown_shape
from archanalyzer.passes.advice.windows import listed_names, windows, with_weights
from archanalyzer.passes.analysis import Kind, Total, analysis
from archanalyzer.passes.fields.field import Along, Composer, Field, Fields, own_places
from archanalyzer.passes.fields.moving import Budget
from archanalyzer.passes.receptive_field import MOST_POSITIONS, ReceptiveFields
from archanalyzer.passes.tensor_types import TensorTypes


class Feasible(NamedTuple):
    """For one input, an extent an axis: the smallest and the largest feasible one; None where there is no such."""

    input: int
    smallest: tuple[int, ...]
    largest: tuple[int, ...]


class Useless(NamedTuple):
    """A layer of which what it reads sees so much of an input, along each axis, which is more than there is."""

    layer: Layer
    input: int
    seen: tuple[int, ...]


class Productivity(NamedTuple):
    """The layers that look at nothing new, and the feasible sizes of every input that some layer looks at."""

    graph: Graph
    feasible: tuple[Feasible, ...]
    diagnostics: tuple[Diagnostic, ...]

    def sizes(self) -> dict[str, Any] | None:
        """The feasible sizes as plain data, by input."""
        by_input = {
            self.graph.layers[each.input].name: {"smallest": list(each.smallest), "largest": list(each.largest)}
            for each in self.feasible
        }
        return by_input or None


@analysis(
    "productivity",
    totals=[
        Total(
            "feasible_input_sizes",
            "feasible inputs",
            "For each input, the smallest size at which every layer's window takes in something new, and the largest "
            "at which some position sees all of it (Richter et al. 2021).",
            Productivity.sizes,
            Kind.DATA,
        )
    ],
    diagnostics=lambda productivity: productivity.diagnostics,
)
def productivity(graph: Graph, types: TensorTypes, fields: ReceptiveFields) -> Productivity:
    """Layers that look at nothing new, and the sizes of inputs for which there are none."""
    looking = _looking(graph, types)
    narrowest = _narrowest(graph, types, looking[-1].index + 1) if looking else []
    read = [(layer, _sizes(narrowest[layer.inputs[0]])) for layer in looking]
    feasible = tuple(_feasible(graph, fields, read))
    extents = {each: types.outputs[each].spatial for each in graph.inputs}
    useless = [
        Useless(layer, index, seen)
        for layer, by_input in read
        for index, seen in by_input.items()
        if all(size > extent for size, extent in zip(seen, extents[index], strict=True))
    ]
    return Productivity(graph, feasible, tuple(_told(graph, types, useless, feasible)))


def _looking(graph: Graph, types: TensorTypes) -> list[Layer]:
    """Layers that learn something of several neighbouring positions: the window of some axis is larger than one."""
    learning = with_weights(types)
    wide = {
        each.layer.index
        for each in windows(graph, types)
        if learning[each.layer.index] and isinstance(each.window, Window) and each.window.count > each.window.upsampling
    }
    return [graph.layers[index] for index in sorted(wide)]


def _narrowest(graph: Graph, types: TensorTypes, layers: int) -> list[Fields]:
    """The fields of the first layers on the narrowest way that leads there, axis by axis."""
    readings = types.map(lambda op, inputs, output: op.readings(inputs, output))
    composer = Composer(Budget(MOST_POSITIONS))
    by_layer: list[Fields] = []
    for layer in graph.layers[:layers]:
        shape = types.outputs[layer.index].shape
        if not layer.inputs:
            by_layer.append(own_places(layer.index, shape))
            continue
        ways = [
            composer.of_places(composer.read(by_layer[source], reading, types.outputs[source].shape, shape))
            for source, reading in zip(layer.inputs, readings[layer.index] or (), strict=False)
            if _reads(reading)
        ]
        by_layer.append(ways[0] if len(ways) == 1 else _narrower(ways))
    return by_layer


def _reads(reading: Readings) -> bool:
    return not any(isinstance(each, NoPosition) for each in reading)


def _narrower(ways: Sequence[Fields]) -> Fields:
    """Of several ways, that on which least is seen, for each axis of each input."""
    chosen: dict[int, Field] = {}
    for field in (field for fields in ways for field in fields):
        other = chosen.get(field.input, field)
        axes = (min(pair, key=_size) for pair in zip(other.axes, field.axes, strict=True))
        chosen[field.input] = field._replace(axes=tuple(axes))
    return tuple(chosen.values())


def _size(along: Along) -> int:
    """The most positions from the first to the last that some position sees on an endless input."""
    return max(each.size for each in along.field.endless.sets)


def _sizes(fields: Fields) -> dict[int, tuple[int, ...]]:
    """By input with spatial axes, how much is seen of each of them."""
    return {field.input: tuple(_size(along) for along in field.axes) for field in fields if field.axes}


def _feasible(
    graph: Graph, fields: ReceptiveFields, read: Sequence[tuple[Layer, dict[int, tuple[int, ...]]]]
) -> Iterator[Feasible]:
    """The smallest size is the most that any window's input sees; the largest, the most that any window sees."""
    for index in graph.inputs:
        smallest = [by_input[index] for _, by_input in read if index in by_input]
        largest = [sizes for layer, _ in read if (sizes := _moving(fields, layer.index, index))]
        if smallest and largest:
            per_axis = (tuple(map(max, zip(*sizes, strict=True))) for sizes in (smallest, largest))
            yield Feasible(index, *per_axis)


def _moving(fields: ReceptiveFields, layer: int, index: int) -> tuple[int, ...] | None:
    """What a layer sees of an input, along each of its axes; None where some of it doesn't move with the position."""
    told = [each for each in fields.told[layer] or () if each.input == index]
    return tuple(each.size for each in told) if told and not any(each.whole for each in told) else None


def _told(
    graph: Graph, types: TensorTypes, useless: Sequence[Useless], feasible: Sequence[Feasible]
) -> Iterator[Diagnostic]:
    for sizes in feasible:
        of_input = [each for each in useless if each.input == sizes.input]
        if not of_input:
            continue
        layer, _, seen = of_input[0]
        image = types.outputs[sizes.input]
        reads = "it reads" if len(of_input) == 1 else "they read"
        first = "" if len(of_input) == 1 else ", at the first of them"
        message = (
            f"{listed_names([each.layer.name for each in of_input])}: what {reads} already sees "
            f"{shown_shape(seen)} positions{first}, more than the {shown_shape(image.spatial)} of "
            f"`{graph.layers[sizes.input].name}`"
        )
        hint = f"at {shown_shape(sizes.smallest)} and larger, every layer's window takes in something new"
        yield Diagnostic(UNPRODUCTIVE_LAYER, message, layer.source, hint, layer.trail)

"""What the pass says of random networks, against walks of single positions.

The input that there is, over all axes, is compared with the executor's gradients next door. Here it is the endless one,
the parts of the channels, which gradients do not tell apart, and the figures that are told of all.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archanalyzer.graph import Window
from archanalyzer.passes.fields.field import Along, Field
from archanalyzer.passes.fields.moving import Periodic
from archanalyzer.passes.fields.positions import NOWHERE, Positions, interval
from archanalyzer.passes.fields.told import Told
from archanalyzer.passes.fields.walking import at_place, walk_back
from archanalyzer.passes.receptive_field import ReceptiveFields
from archanalyzer.passes.tensor_types import propagate_types
from archanalyzer.spec import parse_spec
from tests.passes.fields.brute_force import places
from tests.passes.fields.random_networks import network, text
from tests.passes.fields.single_positions import Seen, alike_positions, fields_of, kept, walked

HEAD = "archspec: 1\ninputs: {signal: [1, 64]}\n"


# --- One axis without ends


@st.composite
def networks(draw: st.DrawFn) -> str:
    """A network over one axis: convolutions, pools, up-samplings, and merges of what has the same length."""
    spec = ""
    lengths = {"signal": 64}
    above = "signal"
    for number in range(draw(st.integers(1, 6))):
        name = f"l{number}"
        same = [other for other, length in lengths.items() if length == lengths[above] and other != above]
        merges: bool = draw(st.booleans())
        kinds = ["conv", "pool", "up"] if lengths[above] <= 100 else ["conv", "pool"]
        kind = "add" if same and merges else draw(st.sampled_from(kinds))
        if kind == "add":
            merge = draw(st.sampled_from(["add", "concat"]))
            spec += f"  - {merge}:\n    from: [{above}, {draw(st.sampled_from(same))}]\n    name: {name}\n"
        else:
            spec += f"  - {draw({'conv': CONVOLUTIONS, 'pool': POOLS, 'up': UPSAMPLINGS}[kind])}\n"
            spec += f"    from: {above}\n    name: {name}\n"
        length = measured(spec)
        if length is None:
            return f"{HEAD}layers:\n  - relu\n"
        lengths[name] = length
        above = name
    return f"{HEAD}outputs: [{', '.join(unread(spec))}]\nlayers:\n{spec}"


def numbers(**ranges: tuple[int, int]) -> st.SearchStrategy[str]:
    """Fields of a layer, each a whole number in its range."""
    drawn = {name: st.integers(least, most) for name, (least, most) in ranges.items()}
    return st.fixed_dictionaries(drawn).map(
        lambda values: ", ".join(f"{key}: {value}" for key, value in values.items())
    )


CONVOLUTIONS = numbers(kernel=(1, 4), stride=(1, 3), padding=(0, 2), dilation=(1, 3)).map(
    "conv1d: {{filters: 1, {}}}".format
)
POOLS = numbers(kernel=(3, 5), stride=(1, 3), padding=(0, 1)).map("avg_pool1d: {{{}}}".format)
UPSAMPLINGS = st.one_of(
    numbers(kernel=(1, 4), stride=(1, 3)).map("conv_transpose1d: {{filters: 1, {}}}".format),
    numbers(factor=(1, 3)).map("upsample: {{{}}}".format),
    numbers(factor=(1, 3)).map("upsample: {{{}, mode: linear}}".format),
)


def unread(spec: str) -> list[str]:
    graph = parse_spec(f"{HEAD}layers:\n{spec}").graph
    read = {source for layer in graph.layers for source in layer.inputs}
    return [layer.name for layer in graph.layers if layer.index not in read]


def measured(spec: str) -> int | None:
    """The length of the last layer's output; None where it does not fit what it reads."""
    last = propagate_types(parse_spec(f"{HEAD}layers:\n{spec}").graph).outputs[-1]
    return None if last is None else last.spatial[0]


def reached(fields: ReceptiveFields, layer: int, position: int) -> set[int]:
    """The input positions that one position of a layer sees on an endless input, by walking back every single way."""
    seen: set[int] = set()
    front = {(layer, position)}
    while front:
        at, position = front.pop()
        one = fields.graph.layers[at]
        if not one.inputs:
            seen.add(position)
            continue
        readings = one.op.readings(fields.types.inputs(one), fields.types.outputs[at])
        assert readings is not None
        for source, (_, window) in zip(one.inputs, readings, strict=True):
            assert isinstance(window, Window)
            for k in range(window.count):
                quotient, rest = divmod(position * window.stride + window.offset + k * window.step, window.upsampling)
                if rest == 0:
                    front.add((source, quotient))
    return seen


@settings(max_examples=100, deadline=None)
@given(networks())
def test_endless_fields_are_what_single_steps_reach(spec: str) -> None:
    """All that moves at one pace, told of any position; and walks back, which go on behind the ends of everything."""
    graph = parse_spec(spec).graph
    fields = fields_of(graph)
    lines = [axis_of(each) for each in fields.places]
    for layer in graph.layers:
        positions_there = range(fields.types.outputs[layer.index].spatial[0])
        for position in positions_there[:40]:
            expected = kept(reached(fields, layer.index, position))
            sets = at_place(fields.types.outputs[layer.index].shape, (position,))
            walk = walk_back(graph, fields.types, layer.index, sets, endless=True)
            assert walk.along(0, 1) == expected, (spec, layer.name, position)
            if all(isinstance(lines[source].field.endless, Periodic) for source in layer.inputs):
                assert lines[layer.index].field.at(position) == expected, (spec, layer.name, position)
        if isinstance(lines[layer.index].field.endless, Periodic):
            for position in (-70, 10_001):
                expected = kept(reached(fields, layer.index, position))
                assert lines[layer.index].field.at(position) == expected, (spec, layer.name, position)


def axis_of(fields: tuple[Field, ...] | None) -> Along:
    assert fields is not None
    (field,) = fields
    (along,) = field.axes
    assert along.field.exact
    assert along.along == 1 or along.field.endless.sets == (NOWHERE,)  # what sees nothing moves with no axis
    return along


# --- Parts of the channels


@pytest.mark.parametrize("axes", [1, 2])
def test_parts_of_the_channels_see_what_their_positions_do(axes: int) -> None:
    """Every position of every channel of networks that are compared nowhere else."""
    compared = 0
    for seed in range(5000, 5100):
        graph = network(seed, axes)
        fields = fields_of(graph)
        seen = walked(fields)
        for layer in graph.layers:
            for field in fields.by_layer[layer.index] or ():
                compare_part(layer.index, field, seen[layer.index], text(graph))
                compared += 1
    assert compared > 300


def compare_part(layer: int, field: Field, seen: Seen, told: str) -> None:
    """Along each axis, what is seen by positions that lie alike, in the channels of the part taken together."""
    for along in field.axes:
        found = alike_positions(field, along, seen)
        for number, alike in enumerate(sorted(found)):
            position = number if along.scattered or not alike else alike[0]
            assert along.field.real(position) == found[alike], (layer, along.axis, alike, told)


# --- What is told


@pytest.mark.parametrize("axes", [1, 2])
def test_figures_are_those_of_all_places(axes: int) -> None:
    """Where positions move along one axis, those of an endless input; ``whole``, of the one that there is."""
    compared = 0
    for seed in range(6000, 6100):
        graph = network(seed, axes)
        fields = fields_of(graph)
        for layer in graph.layers:
            of_places = dict(each for each in figures(fields, layer.index))
            for told in fields.told[layer.index] or ():
                real, endless = of_places[told.input, told.axis]
                length = fields.types.outputs[told.input].shape[told.axis]
                assert not told.whole or set(real) == {interval(0, length)}, text(graph)
                if moves_alike(fields, layer.index, told) and all(each.size for each in real):
                    compare_figures(told, endless, text(graph))
                    compared += 1
    assert compared > 300


def figures(
    fields: ReceptiveFields, layer: int
) -> Iterator[tuple[tuple[int, int], tuple[list[Positions], list[Positions]]]]:
    """By input and axis, what every place of a layer sees: of the input that there is, and on an endless one."""
    output = fields.types.outputs[layer]
    walks = [
        [
            walk_back(fields.graph, fields.types, layer, at_place(output.shape, place), endless=endless)
            for place in np.ndindex(*places(output))
        ]
        for endless in (False, True)
    ]
    for index in fields.graph.inputs:
        for axis in range(1, len(fields.types.outputs[index].shape)):
            real, without_ends = ([walk.along(index, axis) for walk in each] for each in walks)
            yield (index, axis), (real, without_ends)


def moves_alike(fields: ReceptiveFields, layer: int, told: Told) -> bool:
    """Whether places move at one pace along an axis, and all that lie alike along it see the same."""
    of_input = [field for field in fields.places[layer] or () if field.input == told.input]
    uneven = any(field.uneven for field in of_input)
    by_channel = len(fields.types.outputs[layer].shape) > 1 and any(
        along.along == 0 for field in of_input for along in field.axes
    )
    return bool(told.stride) and not uneven and not by_channel


def compare_figures(told: Told, seen: list[Positions], shown: str) -> None:
    sizes, counts = [each.size for each in seen], [each.number for each in seen]
    assert told.exact
    assert (told.size, told.min_size) == (max(sizes), min(sizes)), shown
    assert (told.number, told.min_number) == (max(counts), min(counts)), shown
    assert told.offset == (seen[0].start if seen[0].size else None), shown

"""Receptive fields by brute force, against fields worked out by hand and against walking position by position."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from math import prod

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archanalyzer import ops
from archanalyzer.graph import Graph, Layer
from archanalyzer.passes.tensor_types import TensorTypes, tensor_types
from archanalyzer.spec import parse_spec
from archanalyzer.testing import Positions, positions, readings_by_position
from tests import graphs
from tests.passes.fields.brute_force import Reach, Sums, kind, reached
from tests.passes.fields.random_networks import network, networks, text


def spec(inputs: str, layers: str) -> Graph:
    return parse_spec(f"archspec: 1\ninputs: {{{inputs}}}\nlayers: [{layers}]\n").graph


def drawn(reach: Reach, axes: int = 1) -> str:
    """One drawing for each output place: a cross for every input place that it sees, rows parted by bars."""
    extent = reach.shape[reach.ndim - axes :]
    by_place = reach.reshape(-1, prod(extent[:-1]), extent[-1])
    return " ".join("|".join("".join(".x"[int(seen)] for seen in row) for row in place) for place in by_place)


# --- By hand

DILATED = "{conv1d: {filters: 2, kernel: 2, dilation: 2}}"
CROPPED = "{conv_transpose1d: {filters: 2, kernel: 3, stride: 2, padding: [[1, 0]], output_padding: 1}}"


@pytest.mark.parametrize(
    ("length", "layers", "seen"),
    [
        (4, "{conv1d: {filters: 2, kernel: 3, padding: 1}}", "xx.. xxx. .xxx ..xx"),
        # Taps 2 apart leave a gap.
        (5, DILATED, "x.x.. .x.x. ..x.x"),
        # Twice: positions o and o + 2 of the first read o, o + 2 and o + 2, o + 4.
        (6, f"{DILATED}, {DILATED}", "x.x.x. .x.x.x"),
        # Windows begin at −1 and 1; with one position of padding, 6 − 3 leaves room for one step of 2.
        (5, "{conv1d: {filters: 1, kernel: 3, stride: 2, padding: [[1, 0]]}}", "xx... .xxx."),
        # Inputs add to outputs 0, 1 and 3, 4; none to output 2.
        (2, "{conv_transpose1d: {filters: 2, kernel: 2, stride: 3}}", "x. x. .. .x .x"),
        # Inputs add to outputs 0 to 2 and 2 to 4, of which the first is cropped; a bare one is added.
        (2, CROPPED, "x. xx .x .x .."),
        # The third window begins inside, at 4, and hangs over.
        (6, "{max_pool1d: {kernel: 3, stride: 2, ceil_mode: true}}", "xxx... ..xxx. ....xx"),
        (6, "{avg_pool1d: {kernel: 3, stride: 2, ceil_mode: true}}", "xxx... ..xxx. ....xx"),
        # A third window would begin in the padding: ceil mode leaves it out, the usual mode would not.
        (4, "{max_pool1d: {kernel: 1, stride: 2, padding: [[0, 1]], ceil_mode: true}}", "x... ..x."),
        (4, "{max_pool1d: {kernel: 2, stride: 1, padding: [[1, 1]], dilation: 2}}", ".x.. x.x. .x.x ..x."),
        (5, "{adaptive_max_pool1d: 3}", "xx... .xxx. ...xx"),
        (3, "{adaptive_avg_pool1d: 2}", "xx. .xx"),
        (3, "{global_max_pool: {keep_axes: true}}", "xxx"),
        # Sources at 0 (cut), ¼, ¾, 1¼, 1¾, 2¼ (whose right neighbour is not there).
        (3, "{upsample: {factor: 2, mode: linear}}", "x.. xx. xx. .xx .xx ..x"),
        # Sources at 0, ½, 1, 1½, 2.
        (3, "{upsample: {size: 5, mode: linear, align_corners: true}}", "x.. xx. .x. .xx ..x"),
        # ⌊0⌋, ⌊5 / 3⌋, ⌊10 / 3⌋
        (5, "{upsample: {size: 3}}", "x.... .x... ...x."),
        (3, "{pad: [[1, 2]]}", "... x.. .x. ..x ... ..."),
        (3, "{pad: {amount: [[2, 1]], mode: reflect}}", "..x .x. x.. .x. ..x .x."),
        (3, "{pad: {amount: [[2, 1]], mode: replicate}}", "x.. x.. x.. .x. ..x ..x"),
        (3, "{pad: {amount: [[2, 1]], mode: circular}}", ".x. ..x x.. .x. ..x x.."),
        (5, "{crop: [[1, 2]]}", ".x... ..x.."),
        # Channels 0 and 1 of positions 0 and 1, one after the other.
        (2, "{flatten: {}}", "x. .x x. .x"),
        (2, "{flatten: {}}, {dense: 3}", "xx xx xx"),
        # The numbers c0p0 c0p1 c0p2, c1p0 c1p1 c1p2 as three channels of two: the columns hold every second number.
        (3, "{reshape: {shape: [3, 2]}}", "xxx xxx"),
        (3, "{reshape: {shape: [1, 6]}}", "x.. .x. ..x x.. .x. ..x"),
        # Positions become channels: each place, a channel before, has all.
        (3, "{permute: {axes: [1, 0]}}", "xxx xxx"),
        # Around the only position that is not padding, as many as the kernel reaches.
        (3, "{crop: [[1, 1]]}, {pad: 1}, {conv1d: {filters: 1, kernel: 2}}", ".x. .x."),
        (2, "relu, {leaky_relu: 0.1}, dropout", "x. .x"),
    ],
)  # fmt: skip
def test_what_the_places_of_one_axis_see(length: int, layers: str, seen: str) -> None:
    graph = spec(f"signal: [2, {length}]", layers)
    assert drawn(reached(graph)[0]) == seen


def test_unpooling_sees_the_windows_that_may_have_had_their_maximum_there() -> None:
    """Windows of two leave position 4 bare; of windows 0 to 2 and 2 to 4, both may have theirs at 2."""
    for fields, seen in (
        ({"kernel": (2,)}, "xx... xx... ..xx. ..xx. ....."),
        ({"kernel": (3,), "stride": (2,)}, "xxx.. xxx.. xxxxx ..xxx ..xxx"),
        # Windows from −1: two taps, 2 apart, read (−1 and) 1, then 1 and 3; none reads 0, 2 or 4.
        ({"kernel": (2,), "stride": (2,), "dilation": (2,), "padding": ((1, 0),)}, "..... .x.x. ..... .x.x. ....."),
    ):
        build = graphs.Builder()
        build.input("signal", 1, 5)
        pool = build.add("max_pool1d", **fields)
        build.add("max_unpool1d", reads=(pool, pool))
        assert drawn(reached(build.graph())[0]) == seen, fields


def test_unpooling_sees_what_its_pool_sees_also_where_it_is_given_other_numbers() -> None:
    build = graphs.Builder()
    build.input("numbers", 1, 2)
    signal = build.input("signal", 1, 5)
    pool = build.add("max_pool1d", kernel=(2,), reads=(signal,))
    build.add("max_unpool1d", reads=(0, pool))
    seen = reached(build.graph())
    assert drawn(seen[0]) == "x. x. .x .x .."
    assert drawn(seen[signal]) == "xx... xx... ..xx. ..xx. ....."


def test_two_axes_that_differ() -> None:
    graph = spec("image: [1, 2, 3]", "{conv2d: {filters: 1, kernel: [2, 1], stride: [1, 2]}}")
    assert drawn(reached(graph)[0], 2) == "x..|x.. ..x|..x"
    padded = spec("image: [1, 2, 2]", "{pad: {amount: [[1, 0], [0, 1]], mode: reflect}}")
    assert drawn(reached(padded)[0], 2) == "..|x. ..|.x ..|x. x.|.. .x|.. x.|.. ..|x. ..|.x ..|x."


def test_a_cross_is_no_product() -> None:
    build = graphs.Builder()
    image = build.input("image", 1, 3, 3)
    row = build.add("conv2d", filters=2, kernel=(1, 3), padding="same", reads=(image,))
    column = build.add("conv2d", filters=2, kernel=(3, 1), padding="same", reads=(image,))
    build.add("add", reads=(row, column))
    top = "xx.|x..|... xxx|.x.|... .xx|..x|..."
    middle = "x..|xx.|x.. .x.|xxx|.x. ..x|.xx|..x"
    bottom = "...|x..|xx. ...|.x.|xxx ...|..x|.xx"
    assert drawn(reached(build.graph())[0], 2) == f"{top} {middle} {bottom}"


def test_several_inputs_side_by_side() -> None:
    build = graphs.Builder()
    left, right = build.input("left", 1, 2), build.input("right", 1, 2)
    build.input("flat", 3)
    build.add("concat", axis=1, reads=(left, right))
    build.add("conv1d", filters=1, kernel=(2,))
    seen = reached(build.graph())
    assert drawn(seen[left]) == "xx .x .."
    assert drawn(seen[right]) == ".. x. xx"
    assert set(seen) == {left, right}  # the flat one has no places


def test_a_product_with_padding_sees_both_factors() -> None:
    """Position 0 of the second factor is padding, so that the gradient by the first is zero there."""
    build = graphs.Builder()
    signal = build.input("signal", 1, 3)
    build.add("pad", amount=((1, 0),))
    moved = build.add("crop", amount=((0, 1),))
    build.add("multiply", reads=(signal, moved))
    assert drawn(reached(build.graph())[0]) == "x.. xx. .xx"


def test_features_see_each_for_itself() -> None:
    """Two channels that see one position, two that see three, each averaged."""
    build = graphs.Builder()
    signal = build.input("signal", 1, 3)
    one = build.add("crop", amount=((2, 0),), reads=(signal,))
    more = build.add("conv1d", filters=2, kernel=(3,), reads=(signal,))
    build.add("concat", reads=(one, more))
    build.add("global_avg_pool")
    assert drawn(reached(build.graph())[0]) == "..x xxx xxx"


def test_groups_keep_channels_apart() -> None:
    """Of two channels, one sees position 0, the other position 1, and two groups leave it so."""
    build = graphs.Builder()
    signal = build.input("signal", 1, 2)
    ends = [build.add("crop", amount=(cut,), reads=(signal,)) for cut in ((0, 1), (1, 0))]
    both = build.add("concat", reads=tuple(ends))
    apart = build.add("conv1d", filters=2, kernel=(1,), groups=2, reads=(both,))
    together = build.add("conv1d", filters=2, kernel=(1,), reads=(both,))
    flat = [build.add("flatten", reads=(each,)) for each in (apart, together)]
    assert drawn(reached(build.graph(), flat[0])[0]) == "x. .x"
    assert drawn(reached(build.graph(), flat[1])[0]) == "xx xx"


def test_any_layer_can_be_asked_for_and_what_only_lends_its_shape_is_not_seen() -> None:
    build = graphs.Builder()
    signal, like = build.input("signal", 1, 4), build.input("like", 1, 2)
    convolved = build.add("conv1d", filters=1, kernel=(2,), reads=(signal,))
    cropped = build.add("crop_like", align="start", reads=(convolved, like))
    build.add("relu", reads=(like,))
    graph = build.graph()
    assert drawn(reached(graph, signal)[signal]) == "x... .x.. ..x. ...x"
    assert drawn(reached(graph, convolved)[signal]) == "xx.. .xx. ..xx"
    assert drawn(reached(graph, cropped)[signal]) == "xx.. .xx."
    assert drawn(reached(graph, cropped)[like]) == ".. .."
    assert drawn(reached(graph)[signal]) == ".... ...."


@pytest.mark.parametrize(
    "layer", ["softmax: 1", "batch_norm", "layer_norm", "local_response_norm: 3", "relu6", "sigmoid", "silu"]
)
def test_layers_whose_gradients_may_be_zero_by_accident_are_refused(layer: str) -> None:
    with pytest.raises(ValueError, match=f"of {layer.partition(':')[0]}, gradients do not tell"):
        reached(spec("signal: [1, 4]", f"{{{layer}}}" if ":" in layer else layer))


def test_more_places_than_fit_into_one_batch() -> None:
    """300 places, each of which sees itself and the next."""
    seen = reached(spec("signal: [1, 301]", "{conv1d: {filters: 1, kernel: 2}}"))[0]
    assert np.array_equal(seen, np.eye(300, 301, dtype=bool) | np.eye(300, 301, k=1, dtype=bool))


@pytest.mark.parametrize("axes", [1, 2, 3])
def test_sums_have_the_shapes_of_what_they_stand_for(axes: int) -> None:
    replaced: Counter[str] = Counter()
    for seed in range(150):
        types = tensor_types(network(seed, axes))
        sums = Sums(types.graph)
        shapes = [tensor.shape for tensor in tensor_types(sums.graph).outputs]
        assert [shapes[new] for new in sums.moved] == [tensor.shape for tensor in types.outputs], text(types.graph)
        pairs = zip(types.graph.layers, sums.moved, strict=True)
        replaced.update(kind(old.op) for old, new in pairs if old.op.name != sums.graph.layers[new].op.name)
    assert set(replaced) == {"max_pool", "max_unpool", "adaptive_max_pool", "global_max_pool", "multiply", "pad"}


@pytest.mark.parametrize("axes", [1, 2])
def test_what_ops_declare_of_their_readings_is_not_asked(axes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a pad with zeros, the kernel asks it whether there is something to copy."""
    asked = [network(seed, axes) for seed in range(60)]
    seen = [reached(graph) for graph in asked]
    for name in set(ops.names()) - {"pad"}:
        monkeypatch.setattr(ops.get(name), "readings", lambda *_: None)
    for graph, before in zip(asked, seen, strict=True):
        for index, reach in reached(graph).items():
            assert np.array_equal(reach, before[index]), text(graph)


# --- Against walking


def walked(types: TensorTypes) -> Iterator[tuple[int, dict[int, Reach]]]:
    """By layer, what its places see of the inputs with spatial axes, from what every position is said to read."""
    by_layer: list[dict[int, Reach]] = []
    for layer, output in zip(types.graph.layers, types.outputs, strict=True):
        seen: dict[int, Reach] = {}
        for index in (each for each in types.graph.inputs if types.outputs[each].spatial):
            extent = types.outputs[index].spatial
            rows = np.zeros((*output.shape, *extent), np.bool_)
            for at in positions(output):
                if layer.index == index:
                    rows[(*at, *at[1:])] = True
                elif layer.inputs:
                    reads = readings_by_position(layer.op, types.inputs(layer), at)
                    rows[at] = union(extent, [by_layer[source][index] for source in layer.inputs], reads)
            seen[index] = rows
        by_layer.append(seen)
        by_place = np.logical_or.reduce if output.spatial else np.asarray
        yield layer.index, {index: by_place(rows) for index, rows in seen.items()}


def union(extent: tuple[int, ...], sources: list[Reach], reads: tuple[Positions, ...]) -> Reach:
    seen = np.zeros(extent, np.bool_)
    for source, read in zip(sources, reads, strict=True):
        for position in read:
            seen |= source[position]
    return seen


def check(graph: Graph) -> None:
    for index, seen in walked(tensor_types(graph)):
        found = reached(graph, index)
        assert found.keys() == seen.keys()
        for source, each in found.items():
            assert np.array_equal(each, seen[source]), f"layer {index}, input {source}\n{text(graph)}"


@pytest.mark.parametrize("axes", [1, 2, 3])
def test_networks_of_seeds_against_walking(axes: int) -> None:
    for seed in range(50):
        check(network(seed, axes))


@settings(max_examples=50, deadline=None)
@given(st.sampled_from([1, 2, 3]).flatmap(networks))
def test_networks_of_hypothesis_against_walking(graph: Graph) -> None:
    check(graph)


# --- The networks at random

FORMS = """
    input dense flatten reshape permute relu add multiply concat concat.axis
    conv conv.stride conv.dilation conv.groups conv.padding conv.padding=same
    conv_transpose conv_transpose.stride conv_transpose.dilation conv_transpose.groups
    conv_transpose.padding conv_transpose.padding=same conv_transpose.output_padding
    max_pool max_pool.stride max_pool.padding max_pool.padding=same max_pool.dilation max_pool.ceil_mode=True
    avg_pool avg_pool.stride avg_pool.padding avg_pool.ceil_mode=True avg_pool.count_padding=False max_unpool
    adaptive_max_pool adaptive_avg_pool global_max_pool.keep_axes=True global_max_pool.keep_axes=False
    global_avg_pool.keep_axes=True global_avg_pool.keep_axes=False
    upsample.factor upsample.size upsample.mode=nearest upsample.mode=linear upsample.align_corners=True
    upsample.align_corners=False pad.mode=zeros pad.mode=reflect pad.mode=replicate pad.mode=circular
    crop.amount crop.size crop_like.align=center crop_like.align=start
"""
"""Layer types, their fields with a number above the default, and those with a word."""


def forms(layer: Layer) -> Iterator[str]:
    """A layer as ``FORMS`` has it."""
    name = kind(layer.op)
    yield name
    for field, value in layer.op.model_dump(exclude_unset=True).items():
        default = type(layer.op).model_fields[field].default
        if isinstance(value, (bool, str)):
            yield f"{name}.{field}={value}"
        elif np.max(value) > (default if isinstance(default, int) else 0):
            yield f"{name}.{field}"


@pytest.mark.parametrize("axes", [1, 2])
def test_every_layer_type_that_reads_through_windows_occurs_in_many_forms(axes: int) -> None:
    found: Counter[str] = Counter()
    for seed in range(500):
        for layer in network(seed, axes).layers:
            found.update(forms(layer))
    windowed = {name[:-2] for name in ops.names() if name.endswith("1d")}
    rare = {form: found[form] for form in windowed | set(FORMS.split()) if found[form] < 10}
    assert not rare


@pytest.mark.parametrize("axes", [1, 2])
def test_fields_of_every_kind_occur(axes: int) -> None:
    """Places that see nothing, all of an input, two inputs, positions with gaps, and with two axes, no product."""
    found: Counter[str] = Counter()
    for seed in range(150):
        seen = reached(network(seed, axes))
        found["two inputs"] += sum(int(reach.any()) for reach in seen.values()) > 1
        for place in (place for reach in seen.values() for place in reach.reshape(-1, *reach.shape[-axes:])):
            along = [place.any(axis=tuple({*range(axes)} - {axis})) for axis in range(axes)]
            found["nothing"] += not place.any()
            found["all"] += bool(place.all())
            found["gaps"] += any(np.ptp(np.flatnonzero(each)) >= each.sum() for each in along if each.any())
            found["no product"] += bool((place != np.prod(np.meshgrid(*along, indexing="ij"), axis=0)).any())
    kinds = ("nothing", "all", "two inputs", "gaps", *["no product"][: axes - 1])
    assert all(found[each] >= 10 for each in kinds), found


@settings(max_examples=100, deadline=None)
@given(st.sampled_from([1, 2, 3]).flatmap(networks))
def test_a_network_as_text_is_the_same_network(graph: Graph) -> None:
    read = parse_spec(text(graph)).graph
    assert [(layer.name, layer.op, layer.inputs) for layer in read.layers] == [
        (layer.name, layer.op, layer.inputs) for layer in graph.layers
    ]
    assert read.outputs == graph.outputs

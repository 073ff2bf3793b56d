"""The sizes at which networks fit: some known by hand, others against trying all of them."""

from __future__ import annotations

import re
from itertools import product
from math import prod
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from archanalyzer.graph import Graph
from archanalyzer.passes.fitting import input_sizes
from archanalyzer.passes.tensor_types import propagate_types, tensor_types
from archanalyzer.spec import read_spec
from tests import graphs
from tests.graphs import Builder
from tests.passes.fitting_networks import IMAGE, SAME_UNET, SIGNAL, VALID_UNET, VGG, told

ROOT = Path(__file__).parents[2]


# --- Networks of which the sizes are known by hand


def test_a_unet_with_padding() -> None:
    # A pool makes ⌊n/2⌋ of n, and the way up 2·⌊n/2⌋, which is n where n is even; so on all four levels.
    assert told(IMAGE % "64, 64" + SAME_UNET) == ["height and width: multiples of 16"]


def test_the_unet_of_figure_1() -> None:
    # With b×b below, the way up is 2b, 2·(2b − 4), … long and ends at 16·b − 60, so that b is 4 at least. On the way
    # down, what a level hands over has 8, 32, 80, 176 positions more than what it is joined with: 2·b + 8, and so on up
    # to 16·b + 120, whence n = 16·b + 124: 188 for b = 4, and 572, the figure's, for b = 28. All halve evenly; in
    # between, where one does not, the pool drops a position and its partner has one more.
    assert told(IMAGE % "572, 572" + VALID_UNET) == ["height and width: 16·k + 12, from 188"]


def test_the_unet_that_crops_to_what_it_meets() -> None:
    # As before, but what a pool has dropped is cropped off, so that all sizes fit from the least one on, b = 4.
    graph = read_spec(str(ROOT / "specs" / "unet.yaml")).graph
    assert [fit.text for fit in input_sizes(graph, tensor_types(graph))] == ["height and width: any size from 188"]


def test_vgg_and_a_dense_layer() -> None:
    # Five pools leave ⌊n / 32⌋. A dense layer is made for as many features as there are.
    graph = graphs.vgg16()
    assert [fit.text for fit in input_sizes(graph, tensor_types(graph))] == ["height and width: any size from 32"]


def test_vgg_with_a_fixed_number_of_features() -> None:
    # ⌊n / 32⌋ = 7 from 7·32 = 224 up to 8·32 − 1 = 255.
    layers = VGG + "  - reshape: {shape: [98]}\n  - dense: 10\n"
    assert told(IMAGE % "224, 224" + layers) == ["height and width: 224 to 255"]


def test_a_residual_network() -> None:
    # Every layer pads by what its kernel reaches over the edge: ⌈n / stride⌉ positions, and one of one.
    graph = read_spec(str(ROOT / "tests" / "passes" / "cases" / "resnet50.yaml")).graph
    assert [fit.text for fit in input_sizes(graph, tensor_types(graph))] == ["height and width: any size"]


def test_a_ladder_for_odd_lengths() -> None:
    # Down to (n − 3) / 2 + 1, rounded down, and up to 2·((n − 1) / 2 − 1) + 3 = n, for odd n.
    layers = """\
  - max_pool1d: {kernel: 3, stride: 2}
  - conv_transpose1d: {filters: 1, kernel: 3, stride: 2}
  - concat:
    from: [signal, conv_transpose1d]
"""
    assert told(SIGNAL % "9" + layers) == ["length: odd, from 3"]


def test_axes_of_which_different_things_are_true() -> None:
    layers = """\
  - max_pool2d: {kernel: [4, 1]}
  - upsample: {factor: [4, 1]}
  - concat:
    from: [image, upsample]
  - conv2d: {filters: 1, kernel: [1, 7]}
"""
    assert told(IMAGE % "8, 16" + layers) == ["height: multiples of 4", "width: any size from 7"]


def test_an_extent_that_is_fixed() -> None:
    layers = "  - upsample: {size: [32, 8]}\n  - concat:\n    from: [image, upsample]\n"
    assert told(IMAGE % "32, 8" + layers) == ["height: 32 only", "width: 8 only"]


def test_axes_that_must_be_equal() -> None:
    layers = """\
  - max_pool2d: 2
  - upsample: 2
  - permute: {axes: [0, 2, 1]}
  - concat:
    from: [image, permute]
"""
    assert told(IMAGE % "32, 32" + layers) == ["height and width: even, equal"]


def test_an_axis_that_meets_itself_transposed() -> None:
    # h×w and w×h go together where they are equal, or where one extent is 1 and repeated; then there are w·w elements.
    layers = "  - permute: {axes: [0, 2, 1]}\n  - add:\n    from: [image, permute]\n  - flatten\n  - dense: 2\n"
    assert told(IMAGE % "1, 24" + layers) == ["height: 1 and 24", "width: any size"]


def test_inputs_that_must_be_of_one_size() -> None:
    text = """\
archspec: 1
inputs: {image: [3, 32, 48], depth: [1, 32, 48], words: [4, 20]}
layers:
  - concat:
    from: [image, depth]
  - max_pool2d: 4
    name: features
  - conv1d: {filters: 1, kernel: 3}
    from: words
outputs: [features, conv1d]
"""
    assert told(text) == [
        "height and width: any size from 4, the same for `image` and `depth`",
        "length of `words`: any size from 3",
    ]


def test_inputs_that_have_nothing_to_do_with_each_other() -> None:
    text = """\
archspec: 1
inputs: {left: [3, 8], right: [3, 9]}
layers:
  - conv1d: {filters: 1, kernel: 5}
    from: left
  - conv1d: {filters: 1, kernel: 5}
    from: right
outputs: [conv1d, conv1d_2]
"""
    assert told(text) == ["length of `left` and `right`: any size from 5"]


def test_inputs_with_other_axes() -> None:
    text = """\
archspec: 1
inputs: {image: [3, 8, 8], words: [4, 20]}
layers:
  - conv2d: {filters: 1, kernel: 5}
    from: image
  - conv1d: {filters: 1, kernel: 5}
    from: words
outputs: [conv2d, conv1d]
"""
    assert told(text) == ["height and width of `image` and length of `words`: any size from 5"]


def test_weights_that_are_shared_need_one_shape() -> None:
    # 8 features for the first, so that the other must flatten to 8 as well.
    text = """\
archspec: 1
inputs: {left: [2, 4], right: [1, 8]}
layers:
  - flatten:
    from: left
  - dense: 3
    name: first
  - flatten:
    from: right
  - dense: 3
    share: first
outputs: [first, dense]
"""
    assert told(text) == ["length of `left`: 4 only", "length of `right`: 8 only"]


def test_a_network_without_spatial_axes() -> None:
    assert told("archspec: 1\ninputs: {features: [8]}\nlayers:\n  - dense: 2\n") == []


# --- Against trying all sizes, of two axes

Plan = list[tuple[str, tuple[int, ...], dict[str, Any]]]
"""Layers: the name of the op, the indices of the layers it reads, its fields."""
KERNELS = st.tuples(st.integers(1, 3), st.integers(1, 3))
LAYERS: tuple[st.SearchStrategy[tuple[str, dict[str, Any]]], ...] = (
    KERNELS.map(lambda kernel: ("max_pool2d", {"kernel": kernel})),
    KERNELS.map(lambda kernel: ("conv2d", {"filters": 1, "kernel": kernel})),
    KERNELS.map(lambda kernel: ("upsample", {"factor": kernel})),
    KERNELS.map(lambda stride: ("conv2d", {"filters": 1, "kernel": 3, "padding": "same", "stride": stride})),
    st.just(("permute", {"axes": (0, 2, 1)})),
    st.sampled_from(((1, -1, 2), (1, 3, -1))).map(lambda shape: ("reshape", {"shape": shape})),
)


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """Networks over two axes: layers, what they read, their fields."""
    plan: Plan = []
    for above in range(draw(st.integers(1, 5))):
        if above and draw(st.booleans()):
            joint = draw(st.sampled_from(("add", "concat", "crop_like")))
            plan.append((joint, (above, draw(st.integers(0, above - 1))), {}))
        else:
            name, fields = draw(st.one_of(LAYERS))
            plan.append((name, (above,), fields))
    return plan


@st.composite
def ladders(draw: st.DrawFn) -> Plan:
    """Steps down and up again, each joined on the way up with what it was on the way down."""
    factors = draw(st.lists(KERNELS, min_size=1, max_size=2))
    plan: Plan = [("max_pool2d", (above,), {"kernel": factor}) for above, factor in enumerate(factors)]
    for skip, factor in reversed(list(enumerate(factors))):
        plan.append(("upsample", (len(plan),), {"factor": factor}))
        plan.append(("concat", (len(plan), skip), {}))
    return plan


def built(plan: Plan, height: int, width: int) -> Graph:
    build = Builder()
    build.input("image", 1, height, width)
    for name, reads, fields in plan:
        build.add(name, reads=reads, **fields)
    return build.graph()


MOST = 24
"""Sizes up to which all pairs are tried."""


@settings(max_examples=60, deadline=None)
@given(st.one_of(plans(), ladders()))
def test_what_is_said_of_two_axes(plan: Plan) -> None:
    pairs = product(range(1, MOST + 1), repeat=2)
    fitting = {pair for pair in pairs if not propagate_types(built(plan, *pair)).diagnostics}
    if not fitting:
        return
    pair = height, width = max(fitting, key=lambda pair: (min(pair), pair))
    graph = built(plan, height, width)
    fits = input_sizes(graph, tensor_types(graph))
    assert {axis for fit in fits for group in fit.groups for axis in group} == {(0, 1), (0, 2)}
    for fit in fits:
        for group in fit.groups:
            changed = [
                tuple(size if (0, axis) in group else pair[axis - 1] for axis in (1, 2)) for size in range(1, MOST + 1)
            ]
            assert [size in fit.sizes for size in range(1, MOST + 1)] == [each in fitting for each in changed]
        if len(fit.groups) > 1:  # told together, they go with each other
            inside = [size for size in range(1, MOST + 1) if size in fit.sizes]
            assert set(product(inside, repeat=2)) <= fitting


@settings(max_examples=60, deadline=None)
@given(ladders(), st.integers(1, 40), st.integers(1, 40))
def test_what_is_said_of_a_ladder_that_does_not_fit(plan: Plan, height: int, width: int) -> None:
    for diagnostic in graphs.analyzed(built(plan, height, width)).diagnostics:
        # Each step up ends where the step down began if its factor divides that.
        every = [prod(fields["kernel"][axis] for name, _, fields in plan if name == "max_pool2d") for axis in (0, 1)]
        shapes = re.findall(r"(\d+)×(\d+)", (diagnostic.hint or "").partition("the nearest ")[2])
        below = [max(size // factor, 1) * factor for size, factor in zip((height, width), every, strict=True)]
        above = [-(-size // factor) * factor for size, factor in zip((height, width), every, strict=True)]
        assert [[int(size) for size in shape] for shape in shapes] == ([below, above] if below != above else [below])

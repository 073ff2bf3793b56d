"""Measured fields: of networks whose gradients are known by hand, and on average over random weights."""

from __future__ import annotations

import numpy as np
import pytest

import archanalyzer
from archanalyzer.diagnostics import SpecError
from archanalyzer.executor.effective_field import Measured, Sampling, measured
from archanalyzer.executor.errors import ExecutorError
from archanalyzer.executor.kernel import Array
from archanalyzer.graph import Graph, Spec
from archanalyzer.passes.fields.paths import count_paths, uniform_weights
from archanalyzer.passes.tensor_types import tensor_types
from tests import graphs
from tests.executor.networks import network_of

ONCE = Sampling(seeds=(0,))


def spec(layers: str, inputs: str = "x: [1, 5]", more: str = "") -> Spec:
    return archanalyzer.loads(f"archspec: 1\ndtype: float64\ninputs: {{{inputs}}}\n{more}layers:\n{layers}")


def last(graph: Graph) -> int:
    return len(graph.layers) - 1


def magnitude(found: Measured) -> Array:
    """Of the only input that the layer sees."""
    (only,) = found.by_input.values()
    return only.magnitude


# --- Weights that are given


SUMS = """
  - conv1d: {filters: 1, kernel: 3, padding: same, bias: false}
    name: a
  - conv1d: {filters: 1, kernel: 2, stride: 2, dilation: 3, padding: 1, bias: false}
    name: b
  - add:
    from: [b, b]
  - conv_transpose1d: {filters: 1, kernel: 3, stride: 2, bias: false}
    name: c
"""


def test_with_all_weights_one_the_mean_is_the_number_of_paths() -> None:
    graph = spec(SUMS, "x: [1, 9]").graph
    types = tensor_types(graph)
    ones = {f"{name}.weight": np.ones((1, 1, kernel)) for name, kernel in {"a": 3, "b": 2, "c": 3}.items()}
    for place in range(types.outputs[-1].spatial[0]):
        found = measured(graph, last(graph), (place,), weights=ones, sampling=Sampling(seeds=(0, 1), samples=3))
        paths = count_paths(graph, types, last(graph), (place,)).by_input
        counts = paths[0].over((9,)) if paths else np.zeros(9)
        assert found.samples == 6
        assert np.array_equal(found.by_input[0].magnitude, counts)
        assert np.array_equal(found.by_input[0].square, counts**2)


def test_a_border() -> None:
    """Two convolutions of ones over three positions: the matrix [[1, 1, 0], [1, 1, 1], [0, 1, 1]], squared."""
    text = "  - conv1d: {filters: 1, kernel: 3, padding: same, bias: false}\n    name: a\n  - conv1d:\n    share: a\n"
    found = measured(spec(text, "x: [1, 3]"), 2, (0,), weights={"a.weight": np.ones((1, 1, 3))}, sampling=ONCE)
    assert magnitude(found).tolist() == [2, 2, 1]
    assert found.by_input[0].relative.tolist() == [1, 1, 0.5]


def test_a_network_keeps_its_weights() -> None:
    network = network_of("archspec: 1\ninputs: {x: [1, 5]}\nlayers: [conv1d: {filters: 1, kernel: 3}]\n")
    network.parameters["conv1d.weight"] = [[[2, -3, 0.5]]]
    before = network.parameters["conv1d.weight"].copy()
    assert magnitude(measured(network, 1, (1,))).tolist() == [0, 2, 3, 0.5, 0]
    assert magnitude(measured(network, 1, (1,), weights={"conv1d.weight": [[[7, 0, 1]]]})).tolist() == [0, 7, 0, 1, 0]
    assert np.array_equal(network.parameters["conv1d.weight"], before)


PINNED = "weights: {a: {weight: [[[2, -3]]]}, b: {weight: [[[1]]]}}\n"
TWO = "  - conv1d: {filters: 1, kernel: 2}\n    name: a\n  - conv1d: {filters: 1, kernel: %d}\n    name: b\n"


def test_what_a_spec_pins_stays() -> None:
    assert magnitude(measured(spec(TWO % 1, more=PINNED), 2, (2,))).tolist() == [0, 0, 2, 3, 0]


def test_a_spec_s_initializer_fills_the_rest() -> None:
    more = "training: {initializer: 4}\nweights: {a: {weight: [[[2, -3]]]}}\n"
    assert magnitude(measured(spec(TWO % 1, more=more), 2, (2,))).tolist() == [0, 0, 8, 12, 0]


def test_given_weights_come_before_pinned_ones() -> None:
    found = measured(spec(TWO % 1, more=PINNED), 2, (2,), weights={"a.weight": [[[1, 7]]]})
    assert magnitude(found).tolist() == [0, 0, 1, 7, 0]


def test_the_others_are_drawn_for_every_seed() -> None:
    graph = spec(TWO % 3).graph
    found = [
        measured(graph, 2, (1,), weights={"a.weight": [[[0, 1]]]}, sampling=Sampling((seed,))) for seed in (0, 1, 0)
    ]
    assert [np.flatnonzero(magnitude(each)).tolist() for each in found] == [[2, 3, 4]] * 3
    assert np.array_equal(magnitude(found[0]), magnitude(found[2]))
    assert not np.isclose(magnitude(found[0]), magnitude(found[1]))[2:].any()
    both = measured(graph, 2, (1,), weights={"a.weight": [[[0, 1]]]}, sampling=Sampling((0, 1)))
    assert magnitude(both) == pytest.approx((magnitude(found[0]) + magnitude(found[1])) / 2)
    squares = [each.by_input[0].square for each in found[:2]]
    assert both.by_input[0].square == pytest.approx((squares[0] + squares[1]) / 2)


# --- Layers on the way


SHARED = """
  - conv1d: {filters: 1, kernel: 2, bias: false}
    name: a
  - conv1d:
    share: a
    from: x
    name: b
  - conv1d:
    share: a
    name: c
  - global_avg_pool
  - global_avg_pool:
    from: a
outputs: [global_avg_pool, global_avg_pool_2]
"""


def test_weights_shared_with_a_layer_that_is_not_before_it() -> None:
    """Layer c sees the input through b alone; both have the weights of a: [1, 2] twice is [1, 4, 4]."""
    graph = spec(SHARED.partition("outputs")[0], more="outputs: [global_avg_pool, global_avg_pool_2]\n").graph
    index = graph.index["c"]
    assert magnitude(measured(graph, index, (0,), weights={"a.weight": [[[1, 2]]]})).tolist() == [1, 4, 4, 0, 0]
    first, middle, end = magnitude(measured(graph, index, (0,), sampling=ONCE))[:3]
    assert middle**2 == pytest.approx(4 * first * end)  # one kernel [v, w]: v², 2·v·w, w²


def test_inputs_are_those_before_the_layer() -> None:
    text = (
        "  - conv1d: {filters: 1, kernel: 2, bias: false}\n    from: b\n    name: c\n"
        "  - crop_like:\n    from: [c, r]\n    name: d\n  - add:\n    from: [a, c]\n    name: e\n"
    )
    graph = spec(text, "a: [1, 3], b: [2, 4], r: [1, 2]", "outputs: [d, e]\n").graph
    kernel = {"c.weight": [[[1, 2], [-3, 4]]]}
    of_sum = measured(graph, graph.index["e"], (1,), weights=kernel, sampling=ONCE).by_input
    assert {index: each.magnitude.tolist() for index, each in of_sum.items()} == {0: [0, 1, 0], 1: [0, 4, 6, 0]}
    of_crop = measured(graph, graph.index["d"], (1,), weights=kernel, sampling=ONCE).by_input
    assert {index: each.magnitude.tolist() for index, each in of_crop.items()} == {1: [0, 4, 6, 0], 2: [0, 0]}
    inputs = {"a": np.ones((5, 1, 3)), "b": np.ones((5, 2, 4)), "r": np.ones((5, 1, 2))}
    assert measured(graph, graph.index["c"], (0,), inputs=inputs, sampling=ONCE).samples == 5


def test_an_input_s_own_place() -> None:
    assert magnitude(measured(spec("  - relu\n"), 0, (3,), sampling=ONCE)).tolist() == [0, 0, 0, 1, 0]


def test_features() -> None:
    graph = spec("  - dense: {units: 2, bias: false}\n", "x: [3]").graph
    found = measured(graph, 1, (1,), weights={"dense.weight": [[1, 2, 3], [4, -5, 6]]})
    assert magnitude(found).tolist() == [4, 5, 6]


def test_gradients_depend_on_the_inputs() -> None:
    """Of four samples, so many are positive at a place."""
    graph = spec("  - relu\n  - global_avg_pool\n", "x: [1, 3]").graph
    inputs = {"x": np.array([[[1, -1, -1]], [[1, 1, -1]], [[1, -1, -1]], [[1, 1, -1]]])}
    found = measured(graph, 2, (0,), inputs=inputs).by_input[0]
    assert found.magnitude == pytest.approx(np.array([1, 0.5, 0]) / 3)
    assert found.square == pytest.approx(np.array([1, 0.5, 0]) / 9)


def test_channels_whose_sum_never_changes() -> None:
    graph = spec("  - softmax\n", "x: [4, 3]").graph
    assert magnitude(measured(graph, 1, (1,))).max() < 1e-15
    drawn = magnitude(measured(graph, 1, (1,), sampling=Sampling(upstream="normal")))
    assert drawn[1] > 0.1
    assert drawn[[0, 2]].tolist() == [0, 0]


# --- Weights at random


def test_nothing_outside_of_the_theoretical_field() -> None:
    graph = spec(
        "  - conv2d: {filters: 3, kernel: 3, stride: 2, padding: 1}\n  - relu\n  - max_pool2d: 2\n"
        "  - conv2d: {filters: 2, kernel: [2, 1], dilation: 2}\n  - upsample: 2\n",
        "x: [2, 17, 13]",
    ).graph
    types = tensor_types(graph)
    for place in ((0, 0), (1, 2), (3, 5)):
        box = count_paths(graph, types, last(graph), place).by_input[0].over((17, 13))
        assert 0 < (box > 0).sum() < 17 * 13
        found = magnitude(measured(graph, last(graph), place))
        assert np.array_equal(found > 0, box > 0), place  # 20 seeds leave nothing out


def test_mean_squares_are_the_uniform_weights_of_a_linear_chain() -> None:
    """Luo et al. 2016, section 2.2: in expectation, for weights drawn independently with mean 0."""
    graph = spec(
        "  - conv1d: {filters: 24, kernel: 3, padding: same}\n  - conv1d: {filters: 24, kernel: 2, stride: 2}\n"
        "  - avg_pool1d: {kernel: 1}\n  - conv1d: {filters: 24, kernel: 3, dilation: 2}\n",
        "x: [24, 16]",
    ).graph
    found = measured(graph, last(graph), (1,), sampling=Sampling(tuple(range(1000)), upstream="normal"))
    square = found.by_input[0].square
    expected = uniform_weights(graph, tensor_types(graph), last(graph), (1,)).by_input[0].over((16,))
    assert np.array_equal(square > 0, expected > 0)
    assert square / square.sum() == pytest.approx(expected, rel=0.1)  # of 150 seeds, it is 0.08 off


# --- What cannot be measured


def test_errors() -> None:
    graph = spec(TWO % 1).graph
    with pytest.raises(ExecutorError, match=r"^expected a place of `b`, within \(4,\), found \(4,\)$"):
        measured(graph, 2, (4,))
    with pytest.raises(ExecutorError, match=r"^there is no layer `c`; "):
        measured(graph, 2, (0,), weights={"c.weight": [1]})
    with pytest.raises(ExecutorError, match=r"^there is no array `a\.wait`$"):
        measured(graph, 2, (0,), weights={"a.wait": [1]})
    with pytest.raises(ExecutorError, match=r"^expected `a\.weight` with shape 1×1×2, found 1$"):
        measured(graph, 2, (0,), weights={"a.weight": [1]})
    with pytest.raises(ExecutorError, match=r"^expected seeds to draw from, found none$"):
        measured(graph, 2, (0,), sampling=Sampling(()))
    with pytest.raises(ExecutorError, match="found none for `x`"):
        measured(graph, 2, (0,), inputs={})
    with pytest.raises(ExecutorError, match="there is no input `y`"):
        measured(graph, 2, (0,), inputs={"x": np.ones((1, 1, 5)), "y": np.ones((1, 1, 5))})


def test_layers_that_do_not_fit() -> None:
    build = graphs.Builder()
    build.input("x", 1, 2)
    build.add("conv1d", filters=1, kernel=(3,))
    with pytest.raises(SpecError):
        measured(build.graph(), 1, (0,))

"""Uniform weights against means taken by hand and the executor's gradients, and how far they reach."""

from __future__ import annotations

from fractions import Fraction
from math import log, pi, sqrt

import numpy as np
import pytest

import archanalyzer
from archanalyzer.executor.network import Network
from archanalyzer.passes.fields.paths import (
    Gaussian,
    chain_variances,
    gaussian_of,
    size_at,
    uniform_weights,
    variances,
)
from archanalyzer.passes.tensor_types import tensor_types
from tests import graphs
from tests.docs.fences import ROOT
from tests.passes.fields.enumeration import by_end, chain, paths, places_of, shares, spec

BRANCHES = """
  - conv1d: {filters: 3, kernel: 1}
    name: narrow
  - conv1d: {filters: 1, kernel: 3, padding: same}
    from: x
    name: wide
  - %s:
    from: [narrow, wide]
  - conv1d: {filters: 1, kernel: 1}
"""


def test_branches_that_are_added_weigh_one_each() -> None:
    """A shortcut of 1 beside thirds: (1/3, 4/3, 1/3), divided by 2."""
    graph = spec(BRANCHES % "add")
    assert paths(graph, (2,)).tolist() == [0, 1, 2, 1, 0]
    assert shares(graph, (2,)).tolist() == pytest.approx([0, 1 / 6, 4 / 6, 1 / 6, 0])


def test_branches_side_by_side_weigh_as_many_channels_as_they_have() -> None:
    """Three of four channels beside one of thirds: ¾ + ¼ · ⅓ in the middle."""
    graph = spec(BRANCHES % "concat")
    assert paths(graph, (2,)).tolist() == [0, 1, 2, 1, 0]
    assert shares(graph, (2,)).tolist() == pytest.approx([0, 1 / 12, 10 / 12, 1 / 12, 0])


def test_the_shares_of_two_inputs_are_one_together() -> None:
    graph = spec(
        "  - conv1d: {filters: 1, kernel: 3}\n    from: a\n    name: c\n  - add:\n    from: [c, b]\n",
        "a: [1, 4], b: [1, 2]",
    )
    found = uniform_weights(graph, tensor_types(graph), 3, (1,)).by_input
    assert by_end(found) == pytest.approx({(0, (1,)): 1 / 6, (0, (2,)): 1 / 6, (0, (3,)): 1 / 6, (1, (1,)): 1 / 2})


def test_shares_are_the_gradients_of_means() -> None:
    """Every weight is 1 / (what an output sums), so that layers average; of an output, the mean over its channels."""
    graph = spec(
        "  - conv2d: {filters: 6, kernel: [3, 2], padding: [[1, 1], [0, 1]], bias: false}\n    name: c\n"
        "  - avg_pool2d: {kernel: 3, stride: 2, padding: 1}\n    name: p\n"
        "  - conv2d: {filters: 4, kernel: 3, padding: same, groups: 2, dilation: 2, bias: false}\n    name: g\n"
        "  - concat:\n    from: [p, g]\n"
        "  - conv_transpose2d: {filters: 2, kernel: 4, stride: 2, padding: 1, bias: false}\n    name: t\n"
        "  - conv2d: {filters: 2, kernel: 1, bias: false}\n    from: c\n    name: s\n"
        "  - add:\n    from: [t, s]\n",
        "x: [3, 8, 6]",
    )
    executed = Network(graph, dtype="float64", input_gradients=True)
    # Inputs times taps: c 3·6; g 3·9, of its group; t 10·4, since two of four taps an axis meet a position; s 6·1.
    for name, number in {"c": 18, "g": 27, "t": 40, "s": 6}.items():
        executed.parameters[f"{name}.weight"] = np.full(executed.parameters[f"{name}.weight"].shape, 1 / number)
    for place in places_of(executed.types.outputs[-1]):
        executed.forward(np.zeros((1, 3, 8, 6)))
        dy = np.zeros((1, *executed.types.outputs[-1].shape))
        dy[:, :, place[0], place[1]] = 1 / 2
        gradient = executed.backward(dy)["x"][0].sum(axis=0)
        assert shares(graph, place) == pytest.approx(gradient / gradient.sum(), abs=1e-15, rel=1e-12), place


def test_sums_that_double_beyond_64_bits() -> None:
    """2¹¹⁰⁰ is beyond the range of doubles as well; the share of the only place is 1 all the same."""
    graph = spec(
        "  - relu\n  - repeat: 1100\n    layers:\n      - add:\n        from: [previous, previous]\n", "x: [3]"
    )
    assert paths(graph, (1,)).tolist() == [0, 2**1100, 0]
    assert shares(graph, (1,)).tolist() == [0, 1, 0]


def test_doubling_on_two_ways_at_once() -> None:
    """700 times on one way, 300 times on the other."""
    layers = "  - {relu: , from: a, name: a0}\n  - {relu: , from: b, name: b0}\n"
    for number in range(700):
        for way in "ab" if number < 300 else "a":
            layers += f"  - {{add: , from: [{way}{number}, {way}{number}], name: {way}{number + 1}}}\n"
    graph = spec(layers + "  - {add: , from: [a700, b300]}\n", "a: [1], b: [1]")
    found = uniform_weights(graph, tensor_types(graph), len(graph.layers) - 1, (0,)).by_input
    assert by_end(found) == pytest.approx({(0, (0,)): 1, (1, (0,)): 2.0**-400}, abs=0)


def test_doubling_behind_an_input_that_is_reached_before() -> None:
    build = graphs.Builder()
    last = build.input("a", 1)
    for _ in range(700):
        last = build.add("add", reads=(last, last))
    build.add("add", reads=(last, build.input("b", 1)))
    graph = build.graph()
    found = uniform_weights(graph, tensor_types(graph), len(graph.layers) - 1, (0,)).by_input
    assert by_end(found) == pytest.approx({(0, (0,)): 1, (701, (0,)): 2.0**-700}, abs=0)


def test_shares_that_padding_takes_away() -> None:
    """Of 401 taps, one meets the only place; 401⁻³⁰⁰ is below the range of doubles."""
    graph = spec("  - conv1d: {filters: 1, kernel: 401, padding: 200}\n    repeat: 300\n", "x: [1, 1]")
    assert (paths(graph, (0,)).tolist(), shares(graph, (0,)).tolist()) == ([1], [1])


# --- How far weights reach


def test_sizes() -> None:
    weights = np.array([0, 1, 5, 100, 4, 1, 0])
    assert [size_at(weights, each)[1:] for each in (0.5, 0.05, 0.04, 0)] == [(1, (1,)), (2, (2,)), (3, (3,)), (5, (5,))]
    assert size_at(weights)[1:] == (2, (2,))  # from 4.55 on
    assert size_at(weights / 7, 0.045)[1:] == (2, (2,))
    assert size_at(np.zeros(3))[1:] == (0, (0,))


def test_sizes_of_what_has_gaps() -> None:
    cross = np.array([[0, 3, 0, 0], [3, 0, 0, 3], [0, 3, 0, 0]])
    assert size_at(cross)[1:] == (4, (3, 4))
    assert size_at(np.ones((2, 3, 36)))[1:] == (216, (2, 3, 36))


def test_thresholds_of_numbers_beyond_doubles() -> None:
    weights = np.array([10**400, 10**399, 10**399 - 1, 1], object)
    assert [size_at(weights, each).places for each in (0.1, 0)] == [2, 4]


STRIDED = """
  - conv1d: {filters: 1, kernel: 7, stride: 2}
  - relu
  - max_pool1d: {kernel: 3, stride: 2}
  - conv1d: {filters: 2, kernel: 3, dilation: 4}
  - conv1d: {filters: 1, kernel: 2}
"""


def test_variances_of_a_chain() -> None:
    """By hand: 1²·(49 − 1)/12, 2²·(9 − 1)/12, 4²·4²·(9 − 1)/12 and 4²·(4 − 1)/12: 4 + 8/3 + 512/3 + 4 = 544/3."""
    graph = spec(STRIDED, "x: [1, 200]")
    types = tensor_types(graph)
    assert chain_variances(graph, types, len(graph.layers) - 1) == (Fraction(544, 3),)
    place = types.outputs[-1].spatial[0] // 2
    assert variances(shares(graph, (place,))) == pytest.approx((544 / 3,), rel=1e-12)
    assert variances(paths(graph, (place,))) == pytest.approx((544 / 3,), rel=1e-12)


def test_variances_of_convolutions_of_one_kernel() -> None:
    """n·(k² − 1) / 12, along each axis."""
    graph = spec("  - conv2d: {filters: 1, kernel: [3, 5]}\n    repeat: 9\n", "x: [1, 19, 37]")
    assert chain_variances(graph, tensor_types(graph), 9) == (Fraction(6), Fraction(18))
    assert variances(shares(graph, (0, 0))) == pytest.approx((6, 18), rel=1e-12)


def test_no_chain_has_no_closed_form() -> None:
    for layers in (BRANCHES % "add", "  - global_avg_pool\n", "  - upsample: 2\n", "  - permute: {axes: [1, 0]}\n"):
        graph = spec(layers)
        assert chain_variances(graph, tensor_types(graph), len(graph.layers) - 1) is None


def test_the_reference_of_a_crop_is_no_branch() -> None:
    graph = spec("  - conv1d: {filters: 1, kernel: 3}\n    name: c\n  - crop_like:\n    from: [x, c]\n")
    assert chain_variances(graph, tensor_types(graph), 2) == (Fraction(0),)


def test_variance_of_a_resnet() -> None:
    """Half of what arrives at a unit goes through its 3×3 convolution, half around it, both centred alike.

    With s the stride before that convolution, a unit adds ½·s²·8/12 to the variance, the first convolution (49 − 1)/12,
    the pool 2²·8/12: 4 + 8/3 + 3·16/3 + 16/3 + 3·64/3 + 64/3 + 5·256/3 + 256/3 + 2·1024/3 = 1308.
    """
    path = ROOT / "tests" / "passes" / "cases" / "resnet50.yaml"
    graph = archanalyzer.load(path, input_shapes={"image": "3x512x512"}).graph
    (last,) = graph.layers[graph.index["global_avg_pool"]].inputs
    (weights,) = uniform_weights(graph, tensor_types(graph), last, (8, 8)).by_input.values()
    assert weights.numbers.shape == (427, 427)  # Araujo, Norris & Sim 2019: the theoretical field, no border is met
    assert variances(weights.numbers) == pytest.approx((1308, 1308), rel=1e-9)


def test_deep_chains_are_nearly_gaussian() -> None:
    """Edgeworth: the peak is off by γ / 8n of itself, γ = −1.5 being the excess kurtosis of one of three taps."""
    for layers in (20, 80, 320):
        weights = shares(chain(3, layers), (0,))
        variance = layers * 8 / 12
        positions = np.arange(-layers, layers + 1)
        gaussian = np.exp(-(positions**2) / (2 * variance)) / sqrt(2 * pi * variance)
        assert np.abs(weights / gaussian - 1)[layers] == pytest.approx(1.5 / (8 * layers), rel=0.05)
        assert np.abs(weights - gaussian).max() < 0.2 / layers * gaussian.max()


def gaussian(*along: Fraction | float, threshold: float = 0.0455) -> Gaussian:
    found = gaussian_of(along, threshold)
    assert found is not None
    return found


def test_the_size_of_a_gaussian() -> None:
    """Over one axis up to the threshold on both sides; over two and three, so many whole places are counted."""
    reach = sqrt(-2 * log(0.0455))  # 2.49 deviations
    line = gaussian(Fraction(9))
    assert (*line.extents, line.places) == pytest.approx((2 * reach * 3, 2 * reach * 3))
    assert list(line.within_two) == [12]
    x, y = np.meshgrid(np.arange(-300, 301), np.arange(-300, 301), indexing="ij")
    inside = np.exp(-(x**2) / (2 * 80**2) - y**2 / (2 * 50**2)) >= 0.0455
    plane = gaussian(80**2, 50**2)
    assert plane.places == pytest.approx(inside.sum(), rel=1e-3)
    assert plane.extents == pytest.approx(size_at(np.asarray(inside)).extents, abs=2)
    assert list(plane.within_two) == [320, 200]
    x, y, z = np.meshgrid(*[np.arange(-40, 41)] * 3)
    ball = (np.exp(-(x**2) / (2 * 10**2) - y**2 / (2 * 12**2) - z**2 / (2 * 8**2)) >= 0.2).sum()
    assert gaussian(10**2, 12**2, 8**2, threshold=0.2).places == pytest.approx(ball, rel=0.01)


def test_a_gaussian_along_some_axes_only() -> None:
    """A row: one place high, and as long and as many places as over one axis."""
    row, line = gaussian(0, 25), gaussian(25)
    assert (row.places, row.extents, row.within_two) == (line.places, (1, *line.extents), (0, 20))


def test_where_no_gaussian_has_a_size() -> None:
    assert gaussian_of([0, 0]) is None
    assert gaussian_of([9], 0) is None
    assert gaussian(9, threshold=1).places == 0  # its maximum alone


def test_the_effective_field_grows_with_the_root_of_the_depth() -> None:
    """Luo et al. 2016, section 3.1; the theoretical one grows with the depth."""
    sides = []
    for layers in (25, 100):
        graph = spec(
            f"  - conv2d: {{filters: 1, kernel: 3}}\n    repeat: {layers}\n",
            f"x: [1, {2 * layers + 1}, {2 * layers + 1}]",
        )
        weights = shares(graph, (0, 0))
        assert size_at(paths(graph, (0, 0)), 0).extents == (2 * layers + 1,) * 2
        closed = chain_variances(graph, tensor_types(graph), layers)
        assert closed == (Fraction(2 * layers, 3),) * 2
        sides.append(sqrt(size_at(weights).places))
        assert sides[-1] == pytest.approx(sqrt(gaussian(*closed).places), rel=0.02)
    assert sides[1] / sides[0] == pytest.approx(2, rel=0.02)

"""The affine map of a network: by hand, and against difference quotients, which are exact on a piece."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import assume, given, settings

import archanalyzer
from archanalyzer.executor import in_pieces
from archanalyzer.executor.errors import NonFiniteError
from archanalyzer.executor.kernel import Array
from archanalyzer.executor.linearizing import Linearized, NotPiecewiseLinear, linearize
from archanalyzer.executor.local_map import Carried, LocalMap
from archanalyzer.executor.network import Network
from archanalyzer.graph import Trait
from archanalyzer.ops.activation import Tanh
from tests.executor.networks import drawn_for, net, network_of, networks

VGG = """\
  - conv2d: {filters: 3, kernel: 3, padding: same}
  - relu
  - conv2d: {filters: 3, kernel: 3, padding: same}
  - batch_norm
  - relu
  - max_pool2d: 2
  - flatten
  - dense: 5
  - relu6
  - dropout: 0.5
  - dense: 4
"""
UNET = """\
  - conv2d: {filters: 2, kernel: 3, padding: same}
  - leaky_relu: 0.1
    name: skip
  - max_pool2d: 2
  - conv2d: {filters: 3, kernel: 3, padding: same}
  - prelu
  - conv_transpose2d: {filters: 2, kernel: 2, stride: 2}
    name: up
  - concat:
    from: [up, skip]
  - conv2d: {filters: 2, kernel: 1}
"""
BRANCHES = """\
  - conv1d: {filters: 2, kernel: 3, padding: same}
    from: x
    name: left
  - hardsigmoid
    name: gate
  - avg_pool1d: {kernel: 3, stride: 1, padding: 1}
    from: x
    name: right
  - add:
    from: [gate, right, x]
    name: sum
  - adaptive_max_pool1d: 3
    name: pooled
  - permute: {axes: [1, 0]}
  - reshape: {shape: [6]}
    name: flat
  - dense: 3
    name: first
  - relu
  - dense:
    share: first
    from: flat
    name: again
  - add:
    from: [relu, again, v]
    name: end
"""
PADDED = """\
  - upsample: {factor: 2, mode: linear}
  - crop_like:
    from: [upsample, x]
  - pad: {amount: 1, value: 1.5}
  - max_pool1d: {kernel: 3, stride: 2, padding: 1}
  - add:
    from: [max_pool1d, max_pool1d]
"""
NETWORKS = {
    "VGG-like": (VGG, "x: [2, 6, 6]", ""),
    "U-Net-like": (UNET, "x: [2, 4, 4]", ""),
    "branches": (BRANCHES.replace("hardsigmoid\n", "hardsigmoid:\n"), "x: [2, 8], v: [3]", "outputs: [end, pooled]\n"),
    "padded": (PADDED, "x: [2, 7]", ""),
}


def with_random_arrays(network: Network) -> Network:
    """Weights, biases and buffers that are none of those one begins with; variances above 0."""
    random = np.random.default_rng(5)
    for name, array in network.parameters.items():
        is_variance = name.endswith("running_var")
        array[...] = 0.5 + random.random(array.shape) if is_variance else 0.4 * random.standard_normal(array.shape)
    return network


def quotients(network: Network, x: dict[str, Array]) -> dict[tuple[str, str], tuple[Array, Array]]:
    """The difference quotients of each output by each input, forwards and backwards, by a step in one element each."""
    step = 1e-6
    found = {}
    here = network.forward(x)
    for name, point in x.items():
        size = point[0].size
        steps = step * np.eye(size).reshape(size, *point.shape[1:])
        repeated = {other: np.repeat(array, size, axis=0) for other, array in x.items()}
        after = network.forward(repeated | {name: point + steps})
        before = network.forward(repeated | {name: point - steps})
        for output, value in here.items():
            sides = (after[output] - value) / step, (value - before[output]) / step
            found[output, name] = tuple(side.reshape(size, -1).T for side in sides)
    return found  # type: ignore[return-value]


def assert_is_the_map(found: Linearized, network: Network, x: dict[str, Array]) -> None:
    """A is the quotient wherever both sides agree, which is nearly everywhere; and f(x) = A·x + c."""
    expected = quotients(network, x)
    assert set(found.matrices) == set(expected)
    for (output, name), (after, before) in expected.items():
        straight = np.abs(after - before) < 1e-6
        assert straight.mean() > 0.9
        np.testing.assert_allclose(found.matrices[output, name][straight], after[straight], atol=1e-6)
    for output, value in network.forward(x).items():
        mapped = found.constants[output] + sum(
            (found.matrices[output, name] @ array.reshape(-1)).reshape(value.shape[1:]) for name, array in x.items()
        )
        np.testing.assert_allclose(mapped, value[0], atol=1e-10)
    assert found.holds


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("seed", [0, 1])
def test_against_difference_quotients(name: str, seed: int) -> None:
    network = with_random_arrays(net(NETWORKS[name][0], *NETWORKS[name][1:]))
    x = drawn_for(network, network.graph.inputs, 1, seed)
    found = linearize(network, x)
    assert any(matrix.any() for matrix in found.matrices.values())
    assert any(constant.any() for constant in found.constants.values())
    assert_is_the_map(found, network, x)


@settings(max_examples=40)
@given(text=networks())
def test_any_network_against_difference_quotients(text: str) -> None:
    text = text.replace("tanh:", "hardsigmoid:").replace("silu:", "leaky_relu:")
    network = with_random_arrays(network_of(text, input_gradients=True))
    x = drawn_for(network, network.graph.inputs, 1)
    try:
        found = linearize(network, x)
    except NotPiecewiseLinear as no:
        assume(not any(word in str(no) for word in ("`multiply", "max_unpool", "is not")))
        raise
    assert_is_the_map(found, network, x)


def test_the_toy_by_hand() -> None:
    """With o = (1, −1): g¹ = (3, −1), so Λ¹ = diag(1, 0); g² = (4, 0), where the ReLU's slope is taken as 0.

    A = Λ²·W²·Λ¹·W¹ = [[1, −1], [0, 0]]; c = Λ²·(W²·Λ¹·b¹ + b²) = (2, 0); f(o) = A·o + c = (2 + 2, 0). J(o)·o is 2 less.
    """
    network = archanalyzer.compile("specs/toy.yaml", dtype="float64", input_gradients=True)
    found = linearize(network, {"x": np.array([[1.0, -1.0]])})
    w, b = [[1, -1], [0, 1]], [1, 0]
    factors = [(each.layer, each.factors[0].symbol, each.factors[0].value) for each in found.layers]
    shown = [(layer, symbol, np.asarray(value).tolist()) for layer, symbol, value in factors]
    assert shown == [("dense", "W", w), ("relu", "Λ", [1, 0]), ("dense_2", "W", w), ("relu_2", "Λ", [1, 0])]
    assert [each.constant.tolist() for each in found.layers] == [b, [0, 0], b, [0, 0]]
    assert found.matrices["relu_2", "x"].tolist() == [[1, -1], [0, 0]]
    assert found.constants["relu_2"].tolist() == [2, 0]
    assert [(check.difference, check.expected) for check in found.checks] == [(0, True), (0, True), (2, False)]
    assert found.why_not_homogeneous == "`dense` adds a bias"


def test_a_homogeneous_network_is_its_jacobian_times_x_on_the_whole_ray() -> None:
    layers = "  - conv1d: {filters: 3, kernel: 3, bias: false}\n  - leaky_relu\n  - max_pool1d: 2\n"
    network = with_random_arrays(net(layers, "x: [2, 8]"))
    x = drawn_for(network, network.graph.inputs, 1)
    found = linearize(network, x)
    assert found.why_not_homogeneous == ""
    assert np.abs(found.constants["max_pool1d"]).max() < 1e-14
    for a in (0.01, 1, 50):
        mapped = found.matrices["max_pool1d", "x"] @ (a * x["x"].reshape(-1))
        np.testing.assert_allclose(mapped, network.forward(a * x["x"]).reshape(-1), rtol=1e-9)
    assert [(check.holds, check.expected) for check in found.checks] == [(True, True)] * 3


# --- Kinks


def kinks(layers: str, *values: float) -> dict[str, tuple[tuple[int, ...], tuple[float, ...] | None, bool]]:
    network = net(layers, f"x: [1, {len(values)}]")
    found = linearize(network, {"x": np.array([[values]], float)})
    assert found.holds
    return {each.layer: tuple(each.kink) for each in found.layers if each.kink}  # type: ignore[misc]


@pytest.mark.parametrize(
    ("layer", "values", "units", "slopes"),
    [
        ("relu", (0, 1, -1), (0,), (0,)),
        ("leaky_relu: 0.5", (1, 0, 0), (1, 2), (0.5, 0.5)),  # y = x where x > 0, else slope · x
        ("relu6", (6, 3, 0), (0, 2), (0, 0)),
        ("hardsigmoid", (0, -3, 3), (1, 2), (0, 0)),
        ("relu", (1e-3, -1e-3), None, None),
        ("dropout: 0.5", (0, 0), None, None),
    ],
)
def test_a_point_at_a_kink(layer: str, values: tuple[float, ...], units: object, slopes: object) -> None:
    name = layer.partition(":")[0]
    assert kinks(f"  - {layer}\n", *values) == ({} if units is None else {name: (units, slopes, True)})


def test_equal_maxima_are_a_kink() -> None:
    assert kinks("  - max_pool1d: 2\n", 1, 1, 3, 4) == {"max_pool1d": ((0,), None, True)}


def test_a_kink_behind_what_does_not_change_bends_nothing() -> None:
    """Below 0 relu is 0 all around, so that all maxima of the zeros are equal, and the next relu's input is 0."""
    found = kinks(
        "  - relu\n  - max_pool1d: 2\n  - relu\n    name: last\n".replace("relu\n    n", "relu:\n    n"), -1, -2, 3, 4
    )
    assert found == {"max_pool1d": ((0,), None, False), "last": ((0,), (0,), False)}


def test_a_kink_at_what_is_always_the_same_bends_nothing() -> None:
    """Its c is not 0 there: 6, where the slope of a relu6 changes. But A is."""
    network = net("  - dense: 2\n  - relu6\n")
    for name, value in (("weight", np.zeros((2, 2))), ("bias", [6, 1])):
        network.parameters[f"dense.{name}"] = value
    found = linearize(network, {"x": np.ones((1, 2))})
    assert [each.kink for each in found.layers] == [None, ((0,), (0,), False)]


# --- What is no such map


@pytest.mark.parametrize(
    ("layers", "why"),
    [
        ("  - dense: 2\n  - sigmoid\n", "it is not piecewise linear: `sigmoid` is not"),
        ("  - multiply:\n    from: [x, x]\n", "it is not piecewise linear: `multiply` is not"),
    ],
)
def test_a_network_that_is_not_piecewise_linear(layers: str, why: str) -> None:
    with pytest.raises(NotPiecewiseLinear, match=why):
        linearize(net(layers), {"x": np.ones((1, 2))})


def test_checks_find_a_layer_that_claims_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    network = with_random_arrays(net("  - dense: 2\n  - tanh\n"))
    monkeypatch.setattr(Tanh, "also", Trait.LINEAR)
    found = linearize(network, {"x": np.ones((1, 2))})
    assert [check.holds for check in found.checks[:2]] == [False, False]
    assert not found.holds


def wrong_by(factor: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes every map of a layer wrong by a factor."""
    right = LocalMap.carry

    def wrong(self: LocalMap, rows: Sequence[Array], changing: int | None = None) -> Carried:
        carried = right(self, rows, changing)
        return carried._replace(rows=factor * carried.rows)

    monkeypatch.setattr(LocalMap, "carry", wrong)


@pytest.mark.parametrize("scale", [1e-200, 1e-12, 1, 1e12])
@pytest.mark.parametrize("factor", [2, 1 + 1e-6])
def test_checks_find_what_is_wrong_at_every_scale(factor: float, scale: float, monkeypatch: pytest.MonkeyPatch) -> None:
    network = net("  - dense: {units: 3, bias: false}\n  - leaky_relu\n  - dense: {units: 2, bias: false}\n")
    network.parameters["dense.weight"][...] *= scale
    x = {"x": np.array([[1.0, 2]])}
    right = linearize(network, x)
    assert right.holds
    wrong_by(factor, monkeypatch)
    wrong = linearize(network, x)
    np.testing.assert_allclose(wrong.matrices["dense_2", "x"], factor**3 * right.matrices["dense_2", "x"], rtol=1e-9)
    assert [check.holds for check in wrong.checks] == [False, False, True]


def test_checks_look_at_every_output_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two outputs, one is 10¹² times as large as the other, of which alone the map is wrong."""
    network = net("  - tanh\n  - dense: {units: 2, bias: false}\n    from: x\n", more="outputs: [tanh, dense]\n")
    network.parameters["dense.weight"][...] *= 1e12
    monkeypatch.setattr(Tanh, "also", Trait.LINEAR)
    found = linearize(network, {"x": np.full((1, 2), 2.0)})
    assert [check.holds for check in found.checks[:2]] == [False, False]


def test_what_cancels_out_is_rounded_as_what_it_is_made_of() -> None:
    """V·(W·x) − (V·W)·x is 0 but for rounding, which is not the same in both ways to A."""
    layers = """\
  - dense: {units: 30, bias: false}
    name: w
  - dense: {units: 4, bias: false}
    name: v
  - dense: {units: 4, bias: false}
    from: x
    name: minus
  - add:
    from: [v, minus]
"""
    network = with_random_arrays(net(layers, "x: [20]"))
    network.parameters["minus.weight"] = -(network.parameters["v.weight"] @ network.parameters["w.weight"])
    found = linearize(network, drawn_for(network, network.graph.inputs, 1))
    assert 0 < np.abs(found.matrices["add", "x"]).max() < 1e-13
    assert found.checks[1].difference > 1e-3 * np.abs(found.matrices["add", "x"]).max()
    assert [check.holds for check in found.checks] == [True] * 3


def test_a_large_bias_costs_no_digits_of_the_matrix() -> None:
    """With it, x and x + 1 would give the same but for 8 digits; A is the product of the weights."""
    network = with_random_arrays(net("  - dense: 3\n  - dense: 2\n"))
    network.parameters["dense.bias"] = [1e8, -1e8, 1e8]
    found = linearize(network, {"x": np.ones((1, 2))})
    expected = network.parameters["dense_2.weight"] @ network.parameters["dense.weight"]
    np.testing.assert_allclose(found.matrices["dense_2", "x"], expected, rtol=1e-12)
    formed = found.layers[0].factors[0].value
    assert formed is not None
    np.testing.assert_allclose(formed, network.parameters["dense.weight"], rtol=1e-14)
    assert found.layers[0].constant.tolist() == [1e8, -1e8, 1e8]
    assert found.holds


def test_piece_by_piece_it_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    network = with_random_arrays(net(UNET, "x: [2, 4, 4]"))
    x = drawn_for(network, network.graph.inputs, 1)
    whole = linearize(network, x)
    monkeypatch.setattr(in_pieces, "_BYTES_AT_ONCE", 1)  # a row at a time
    for name, array in linearize(network, x).arrays().items():
        np.testing.assert_allclose(array, whole.arrays()[name], atol=1e-13)


def test_checks_look_at_every_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of tanh, then of x itself, only the first is wrong."""
    network = net("  - tanh\n  - concat:\n    from: [tanh, x]\n")
    monkeypatch.setattr(Tanh, "also", Trait.LINEAR)
    monkeypatch.setattr(in_pieces, "_BYTES_AT_ONCE", 1)
    assert [check.holds for check in linearize(network, {"x": np.full((1, 2), 2.0)}).checks[:2]] == [False, False]


def test_a_map_beyond_all_numbers_is_told() -> None:
    """At 0 the outputs are 0; A = 1e200² is infinite."""
    network = net("  - dense: {units: 1, bias: false}\n  - dense: {units: 1, bias: false}\n", "x: [1]")
    for array in network.parameters.values():
        array[...] = 1e200
    with pytest.raises(NonFiniteError, match="infinity first appears in the map of `dense_2`"):
        linearize(network, {"x": np.zeros((1, 1))})


def test_a_very_large_factor_is_applied_and_not_formed() -> None:
    network = with_random_arrays(net("  - dense: 300\n  - dense: 2\n", "x: [300]"))
    x = drawn_for(network, network.graph.inputs, 1)
    found = linearize(network, x)
    assert [each.factors[0].value is None for each in found.layers] == [True, False]
    first, second = network.parameters["dense.weight"], network.parameters["dense_2.weight"]
    np.testing.assert_allclose(found.matrices["dense_2", "x"], second @ first, rtol=1e-9)

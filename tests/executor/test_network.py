"""Networks run by hand: shared and frozen weights, layers read twice, views, several inputs and outputs, seeds."""

from __future__ import annotations

import numpy as np
import pytest

from archanalyzer.executor.optimizers import Sgd
from tests.executor.networks import drawn_for, net, network_of

# --- Weights: shared, frozen, set


SHARING = "  - dense: {units: 2, bias: false}\n  - dense:\n    share: dense\n"


def test_shared_gradients_are_summed() -> None:
    """Y = W·W·x, W diagonal: ∂y₁/∂w₁₁ = 2·w₁₁·x₁."""
    network = net(SHARING)
    assert list(network.parameters) == list(network.gradients) == ["dense.weight"]
    network.parameters["dense.weight"] = [[3, 0], [0, 5]]
    assert network.forward([[1, 10]]).tolist() == [[9, 250]]
    network.backward([[1, 0]])
    # ∂c/∂W = ∂c/∂y · (W·x)ᵀ + (Wᵀ·∂c/∂y) · xᵀ = (3, 50) in the first row, and 3 · (1, 10)
    assert network.gradients["dense.weight"].tolist() == [[3 + 3, 50 + 30], [0, 0]]


def test_a_shared_layer_is_as_two_of_equal_weights() -> None:
    shared = net(
        "  - conv1d: {filters: 2, kernel: 3, padding: same}\n  - tanh\n  - conv1d:\n    share: conv1d\n", "x: [2, 5]"
    )
    conv = "conv1d: {filters: 2, kernel: 3, padding: same}"
    apart = net(f"  - {conv}\n  - tanh\n  - {conv}\n", "x: [2, 5]")
    for name in ("weight", "bias"):
        for layer in ("conv1d", "conv1d_2"):
            apart.parameters[f"{layer}.{name}"] = shared.parameters[f"conv1d.{name}"]
    x, dy = (drawn_for(shared, shared.graph.inputs, 3, seed)["x"] for seed in (0, 1))
    assert np.array_equal(shared.forward(x), apart.forward(x))
    shared.backward(dy)
    apart.backward(dy)
    for name in ("weight", "bias"):
        both = apart.gradients[f"conv1d_2.{name}"] + apart.gradients[f"conv1d.{name}"]
        np.testing.assert_allclose(shared.gradients[f"conv1d.{name}"], both, rtol=1e-14)


def test_frozen_layers_keep_their_weights_and_pass_gradients_on() -> None:
    network = net("  - dense: 2\n  - tanh\n  - batch_norm:\n    frozen: true\n  - dense: 2\n    frozen: true\n")
    assert list(network.gradients) == ["dense.weight", "dense.bias"]
    before = {name: array.copy() for name, array in network.parameters.items()}
    network.optimizer = Sgd(rate=0.1)
    network.step([[1, 2], [3, 5]], [[10, 10], [10, 10]])
    same = [name for name in network.parameters if np.array_equal(network.parameters[name], before[name])]
    assert same == ["batch_norm.weight", "batch_norm.bias", "dense_2.weight", "dense_2.bias"]


def test_running_statistics_move_in_training_alone() -> None:
    """Of 1, 3, 3, 5, at two positions of two samples: the mean is 3, the unbiased variance (4 + 0 + 0 + 4) / 3."""
    network, x = net("  - batch_norm: {momentum: 0.25}\n", "x: [1, 2]"), [[[1, 3]], [[3, 5]]]
    network.forward(x)
    assert network.parameters["batch_norm.running_mean"] == 0
    network.forward(x, training=True, gradients=False)
    assert network.parameters["batch_norm.running_mean"] == 0.25 * 3
    assert network.parameters["batch_norm.running_var"] == pytest.approx(0.75 * 1 + 0.25 * 8 / 3, rel=1e-15)


def test_parameters_can_be_set_and_looked_at() -> None:
    network = net("  - dense: {units: 1}\n")
    network.parameters["dense.weight"] = [[2, 3]]
    network.parameters["dense.bias"] = np.array([4], np.float32)
    assert network.forward([[1, 10]]).tolist() == [[36]]
    assert network.parameters.trainable.flat.tolist() == [2, 3, 4]
    assert "dense.bias" in network.parameters
    assert "dense.biases" not in network.parameters
    assert len(network.parameters) == 2
    network.parameters.trainable.flat[:] = 1
    assert network.parameters["dense.weight"].tolist() == [[1, 1]]


# --- Gradients that meet


def test_a_layer_added_to_itself() -> None:
    network = net("  - add:\n    from: [x, x]\n")
    assert network.forward([[1, 2]]).tolist() == [[2, 4]]
    assert network.backward([[1, 10]])["x"].tolist() == [[2, 20]]


def test_a_layer_multiplied_with_itself() -> None:
    network = net("  - multiply:\n    from: [x, x, x]\n")
    assert network.forward([[2, 3]]).tolist() == [[8, 27]]
    assert network.backward([[1, 10]])["x"].tolist() == [[12, 270]]


def test_a_layer_that_several_read() -> None:
    layers = "  - identity\n  - concat:\n    from: [identity, identity]\n  - relu:\n    from: identity\n"
    network = net(layers, more="outputs: [concat, relu]\n")
    outputs = network.forward({"x": [[1, -2]]})
    assert {name: array.tolist() for name, array in outputs.items()} == {"concat": [[1, -2, 1, -2]], "relu": [[1, 0]]}
    by_inputs = network.backward({"concat": [[1, 2, 3, 4]], "relu": [[10, 20]]})
    assert by_inputs["x"].tolist() == [[1 + 3 + 10, 2 + 4]]


def test_an_output_that_is_read_further() -> None:
    network = net("  - relu\n  - add:\n    from: [relu, relu]\n", more="outputs: [relu, add]\n")
    outputs = network.forward({"x": [[3, -1]]})
    assert {name: array.tolist() for name, array in outputs.items()} == {"relu": [[3, 0]], "add": [[6, 0]]}
    assert network.backward({"relu": [[100, 100]], "add": [[1, 1]]})["x"].tolist() == [[102, 0]]


def test_several_inputs_and_outputs() -> None:
    layers = "  - multiply:\n    from: [a, b]\n    name: product\n  - add:\n    from: [a, b]\n    name: sum\n"
    network = net(layers, inputs="a: [1], b: [1]", more="outputs: [sum, product]\n")
    outputs = network.forward({"b": [[3], [5]], "a": [[2], [7]]})
    assert {name: array.tolist() for name, array in outputs.items()} == {"sum": [[5], [12]], "product": [[6], [35]]}
    by_inputs = network.backward({"sum": [[1], [1]], "product": [[10], [100]]})
    assert {name: array.tolist() for name, array in by_inputs.items()} == {"a": [[31], [501]], "b": [[21], [701]]}


def test_the_loss_of_several_outputs_is_their_sum() -> None:
    network = net("  - dense: {units: 2, bias: false}\n  - relu\n", more="outputs: [relu, dense]\n")
    network.parameters["dense.weight"] = [[1, 0], [0, 1]]
    network.optimizer = Sgd(rate=1)
    # ½·((3 − 1)² + (0 − 1)²) of the ReLU, ½·((3 − 3)² + (−2 − 0)²) of what it reads
    assert network.step([[3, -2]], {"dense": [[3, 0]], "relu": [[1, 1]]}) == 2.5 + 2
    assert network.gradients["dense.weight"].tolist() == [[2 * 3, 2 * -2], [-2 * 3, -2 * -2]]


def test_gradients_by_the_inputs_are_given_where_they_were_asked_for() -> None:
    text = "archspec: 1\ninputs: {x: [2]}\nlayers: [dense: 1]\n"
    for asked in (True, False):
        network = network_of(text, input_gradients=asked)
        network.parameters["dense.weight"] = [[2, 3]]
        network.forward([[1, 1]])
        assert {name: array.tolist() for name, array in network.backward([[10]]).items()} == (
            {"x": [[20, 30]]} if asked else {}
        )
        assert network.gradients["dense.weight"].tolist() == [[10, 10]]


def test_where_nothing_learns_a_step_changes_nothing() -> None:
    network = network_of("archspec: 1\ninputs: {x: [2]}\nlayers: [relu]\n")
    assert network.step([[1, -1]], [[0, 0]]) == 0.5
    assert network.gradients.flat.size == 0
    network.forward([[1, -1]])
    assert network.backward([[1, 1]]) == {}


def test_an_input_of_which_the_shape_alone_is_read() -> None:
    network = net("  - crop_like:\n    from: [x, reference]\n", inputs="x: [1, 4], reference: [3, 2]")
    inputs = {"x": np.array([[[1, 2, 3, 4]]]), "reference": np.zeros((1, 3, 2))}
    assert network.forward(inputs)["crop_like"].tolist() == [[[2, 3]]]
    by_inputs = network.backward([[[5, 6]]])
    assert by_inputs["x"].tolist() == [[[0, 5, 6, 0]]]
    assert np.array_equal(by_inputs["reference"], np.zeros((1, 3, 2)))


# --- Views


def test_a_view_as_the_output() -> None:
    network = net("  - relu\n  - reshape: {shape: [2, -1]}\n  - identity\n", inputs="x: [4]")
    assert network.forward([[1, -2, 3, 4]]).tolist() == [[[1, 0], [3, 4]]]
    assert network.backward([[[1, 2], [3, 4]]])["x"].tolist() == [[1, 0, 3, 4]]


def test_a_view_of_an_input_as_the_output() -> None:
    network = net("  - flatten\n", inputs="x: [2, 2]")
    x = np.array([[[1.0, 2], [3, 4]]])
    found = network.forward(x)
    assert found.tolist() == [[1, 2, 3, 4]]
    assert network.backward([[5, 6, 7, 8]])["x"].tolist() == [[[5, 6], [7, 8]]]
    found[:] = 0
    assert x.sum() == 10
    assert network.forward(x).tolist() == [[1, 2, 3, 4]]


def test_a_view_and_what_it_views_as_outputs_with_other_readers() -> None:
    layers = "  - relu\n  - flatten\n  - identity\n  - dense: {units: 1, bias: false}\n  - tanh:\n    from: relu\n"
    network = net(layers, inputs="x: [1, 2]", more="outputs: [identity, relu, dense, tanh, flatten]\n")
    network.parameters["dense.weight"] = [[2, 3]]
    outputs = network.forward({"x": [[[1, -4]]]})
    assert outputs["identity"].tolist() == outputs["flatten"].tolist() == [[1, 0]]
    assert outputs["dense"].tolist() == [[2]]
    dy = {"identity": [[1, 1]], "relu": [[[10, 10]]], "dense": [[100]], "tanh": [[[0, 0]]], "flatten": [[1000, 0]]}
    assert network.backward(dy)["x"].tolist() == [[[1 + 10 + 200 + 1000, 0]]]
    assert network.gradients["dense.weight"].tolist() == [[100, 0]]


def test_what_comes_out_is_the_callers() -> None:
    """Outputs, and gradients by inputs, are copies; the next step does not change them."""
    network = net("  - tanh\n")
    first = network.forward([[1, 2]])
    by_x = network.backward([[1, 1]])["x"]
    copies = first.copy(), by_x.copy()
    network.forward([[5, 6]])
    network.backward([[7, 7]])
    assert np.array_equal(first, copies[0])
    assert np.array_equal(by_x, copies[1])


# --- Batches, dtypes, modes


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_any_batch_at_any_time(dtype: str) -> None:
    network = network_of("archspec: 1\ninputs: {x: [2]}\nlayers: [dense: 3, relu, dense: 2]\n", dtype=dtype)
    x = np.random.default_rng(0).standard_normal((7, 2))
    whole = network.forward(x)
    assert whole.dtype == dtype
    for size in (3, 1, 7, 2):
        np.testing.assert_allclose(network.forward(x[:size]), whole[:size], rtol=1e-5)
        network.backward(np.ones((size, 2)))
        assert network.gradients["dense_2.bias"].tolist() == [size, size]


def test_whole_numbers_are_taken() -> None:
    network = net("  - dense: {units: 1, bias: false}\n")
    network.parameters["dense.weight"] = [[2, 3]]
    assert network.forward(np.array([[True, False]])).tolist() == [[2]]
    assert network.forward(np.array([[1, 2]], np.int8)).tolist() == [[8]]


def test_dropout_drops_in_training_alone() -> None:
    network = net("  - dropout: 0.5\n", inputs="x: [1000]")
    x = np.ones((1, 1000))
    assert np.array_equal(network.forward(x), x)
    assert np.array_equal(network.forward(x, gradients=False), x)
    for gradients in (True, False):
        dropped = network.forward(x, training=True, gradients=gradients)
        assert set(np.unique(dropped)) == {0, 2}
        assert 400 < (dropped == 0).sum() < 600
    dropped = network.forward(x, training=True)
    assert np.array_equal(network.backward(x)["x"], dropped)

"""The map of one layer: its matrix by hand, and what carries rows through it."""

from __future__ import annotations

import numpy as np
import pytest

from archanalyzer.executor import in_pieces
from archanalyzer.executor.kernel import Array
from archanalyzer.executor.local_map import LocalMap
from archanalyzer.executor.network import Network
from tests.executor.networks import net


def local(network: Network, *point: Array) -> LocalMap:
    """The map of the network's last layer."""
    return LocalMap(network, len(network.graph.layers) - 1, point)


def test_a_convolution_is_its_banded_matrix() -> None:
    """y_i = h₀·x_i + h₁·x_{i+1} + b: every row has h, shifted by one."""
    network = net("  - conv1d: {filters: 1, kernel: 2}\n", "x: [1, 4]")
    network.parameters["conv1d.weight"] = [[[2, -3]]]
    network.parameters["conv1d.bias"] = [5]
    made = local(network, np.ones((1, 4)))
    matrix = made.matrix(0)
    assert matrix.tolist() == [[2, -3, 0, 0], [0, 2, -3, 0], [0, 0, 2, -3]]
    carried = made.carry([np.array([[[1.0, 1, 0, 0]], [[0, 0, 0, 1]]])])
    assert carried.rows.tolist() == [[[-1, 2, 0]], [[0, 0, -3]]]
    assert carried.constant.tolist() == [[5, 5, 5]]
    assert carried.kink is None


def test_a_maximum_takes_the_largest() -> None:
    made = local(net("  - max_pool1d: 2\n", "x: [1, 4]"), np.array([[1.0, 2, 4, 3]]))
    matrix = made.matrix(0)
    assert matrix.tolist() == [[0, 1, 0, 0], [0, 0, 1, 0]]
    carried = made.carry([np.array([[[10.0, 20, 30, 40]]])])
    assert carried.rows.tolist() == [[[20, 30]]]
    assert carried.constant.tolist() == [[0, 0]]


def test_a_batch_norm_is_a_diagonal() -> None:
    """(x − 1) / √(4 − ε + ε) · 3 + 7 = 1.5·x + 5.5."""
    network = net("  - batch_norm\n", "x: [1, 2]")
    values = {"weight": 3, "bias": 7, "running_mean": 1, "running_var": 4 - 1e-5}
    for name, value in values.items():
        network.parameters[f"batch_norm.{name}"] = [value]
    made = local(network, np.ones((1, 2)))
    (diagonal,) = made.diagonals()
    np.testing.assert_allclose(diagonal, [[1.5, 1.5]])
    np.testing.assert_allclose(made.carry([np.ones((1, 1, 2))]).constant, [[5.5, 5.5]])


def test_a_layer_with_several_inputs_has_a_matrix_for_each() -> None:
    network = net("  - concat:\n    from: [a, b]\n", "a: [1], b: [2]")
    made = local(network, np.ones(1), np.ones(2))
    first, second = made.matrix(0), made.matrix(1)
    assert (first.tolist(), second.tolist()) == ([[1], [0], [0]], [[0, 0], [1, 0], [0, 1]])
    carried = made.carry([np.array([[1.0]]), np.array([[2.0, 3]])])
    assert carried.rows.tolist() == [[1, 2, 3]]


@pytest.mark.parametrize("layer", ["max_pool1d: {kernel: 2, stride: 1}", "adaptive_max_pool1d: 3"])
def test_a_jacobian_is_applied_as_it_is_formed(layer: str) -> None:
    """Row by row, whether most of it is zero or not."""
    random = np.random.default_rng(3)
    made = local(net(f"  - {layer}\n", "x: [2, 20]"), random.standard_normal((2, 20)))
    matrix = made.matrix(0)
    assert (matrix.sum(axis=1) == 1).all()
    rows = random.standard_normal((5, 2, 20))
    np.testing.assert_allclose(made.carry([rows]).rows.reshape(5, -1), rows.reshape(5, -1) @ matrix.T, atol=1e-14)


@pytest.mark.parametrize("layer", ["conv1d: {filters: 3, kernel: 3}", "max_pool1d: {kernel: 3, stride: 1}", "relu6"])
def test_in_pieces_it_is_the_same(layer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(4)
    made = local(net(f"  - {layer}\n", "x: [2, 9]"), 4 * random.standard_normal((2, 9)))
    rows = random.standard_normal((7, 2, 9))
    whole, formed = made.carry([rows]), made.matrix(0)
    monkeypatch.setattr(in_pieces, "_BYTES_AT_ONCE", 1)
    np.testing.assert_allclose(made.carry([rows]).rows, whole.rows, atol=1e-14)
    np.testing.assert_allclose(made.carry([rows]).constant, whole.constant, atol=1e-14)
    np.testing.assert_array_equal(made.matrix(0), formed)
    np.testing.assert_allclose(whole.rows.reshape(7, -1), rows.reshape(7, -1) @ formed.T, atol=1e-13)


@pytest.mark.parametrize(("layer", "point"), [("relu", [0, 1]), ("max_pool1d: 2", [1, 1])])
def test_a_kink_bends_by_the_rows_that_are_asked_for(layer: str, point: list[float]) -> None:
    made = local(net(f"  - {layer}\n", "x: [1, 2]"), np.array([point]))
    rows = [np.array([[[0.0, 0]], [[1, 0]]])]
    for changing, bends in ((1, False), (2, True), (None, True)):
        kink = made.carry(rows, changing).kink
        assert kink is not None
        assert (kink.units, kink.bends) == ((0,), bends)

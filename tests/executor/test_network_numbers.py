"""Numbers that are late, tiny, large or out of hand."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import archanalyzer
from archanalyzer.executor import losses, optimizers
from archanalyzer.executor.errors import ExecutorError, NonFiniteError
from archanalyzer.executor.network import Network
from tests.executor.networks import network_of
from tests.graphs import Builder


def test_an_input_that_comes_late_in_the_graph_is_there_from_the_first_step() -> None:
    """The memory of one that is not read yet must not serve others meanwhile."""
    build = Builder()
    build.input("x", 1)
    build.add("relu")
    tanh = build.add("tanh")
    late = build.input("y", 1)
    build.add("add", reads=(tanh, late))
    network = Network(build.graph(), dtype="float64")
    for how in ({"gradients": False}, {"gradients": True}, {"keep": True}):
        out = network.forward({"x": [[1.0]], "y": [[10.0]]}, **how)
        assert out["add"].item() == pytest.approx(10 + math.tanh(1))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("x", [-80.0, -17.0, -1.0, 0.0, 1.0, 17.0])
def test_a_sigmoid_keeps_its_digits_in_its_tail(x: float, dtype: str) -> None:
    network = network_of("archspec: 1\ninputs: {x: [1]}\nlayers: [sigmoid]\n", dtype=dtype)
    expected = 1 / (1 + math.exp(-x))
    assert network.forward([[x]]).item() == pytest.approx(expected, rel=8 * float(np.finfo(dtype).eps), abs=0)


def test_a_sure_error_still_has_a_gradient() -> None:
    """With o = σ(−20) and y = 1: c = −log o = 20, ∂c/∂g = o − 1 = −1."""
    text = "archspec: 1\ninputs: {x: [1]}\nlayers: [dense: 1, sigmoid]\nweights: {dense: {weight: [[1]], bias: [0]}}\n"
    network = archanalyzer.compile(archanalyzer.loads(text))
    network.loss = losses.get("binary_cross_entropy")
    assert network.loss_gradients([[-20.0]], [[1.0]]) == pytest.approx(20, rel=1e-5)
    assert network.gradients["dense.bias"].item() == pytest.approx(-1, rel=1e-5)


SHARED = """\
archspec: 1
inputs: {x: [1]}
layers: [{dense: {units: 1, bias: false}, name: a}, {dense: , share: a}]
"""


def told(network: Network, use: Any) -> str:
    with pytest.raises(NonFiniteError) as caught:
        use(network)
    return str(caught.value)


def test_gradients_that_are_too_large_together() -> None:
    """With w = 1, each use of the weights has ∂c/∂w = 2e38·1.5, which float32 has; their sum, 6e38, it has not."""
    network = network_of(SHARED, dtype="float32")
    network.parameters["a.weight"] = [[1]]
    network.forward([[2e38]])
    assert told(network, lambda it: it.backward([[1.5]])) == "infinity first appears in the gradients of `a`"


def test_parameters_that_get_out_of_hand_in_the_update() -> None:
    network = network_of("archspec: 1\ninputs: {x: [1]}\nlayers: [dense: 1]\n", dtype="float32")
    network.optimizer = optimizers.Sgd(rate=1e30)
    assert told(network, lambda it: it.step([[1e15]], [[1e15]])) == "infinity first appears in `weight` of `dense`"


def test_running_statistics_that_get_out_of_hand() -> None:
    network = network_of("archspec: 1\ninputs: {x: [1]}\nlayers: [batch_norm]\n", dtype="float32")
    message = "infinity first appears in `running_var` of `batch_norm`"
    assert told(network, lambda it: it.forward([[1e30], [-1e30]], training=True)) == message


def test_a_layer_type_that_cannot_run() -> None:
    build = Builder()
    build.input("x", 1)
    build.add("mystery")
    with pytest.raises(ExecutorError, match=r"^`mystery` cannot run: there is no kernel of `mystery`$"):
        Network(build.graph())


def test_a_seed_below_0() -> None:
    with pytest.raises(ExecutorError, match=r"^expected a seed from 0, found -1$"):
        network_of(SHARED, seed=-1)


def test_what_passes_takes_one_place() -> None:
    """The positions of twenty pools at inference, 8 bytes each, do not add up: one pool's are the most at a time."""
    layers = "  - max_pool1d: {kernel: 1}\n" * 20
    network = network_of(f"archspec: 1\ninputs: {{x: [1, 1000]}}\nlayers:\n{layers}")
    network.forward(np.ones((1, 1, 1000)), gradients=False)
    positions = [call.extras["positions"] for _, _, call in network.bound.forward]
    assert len({array.ctypes.data for array in positions}) == 1

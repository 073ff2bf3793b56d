"""Networks that learn: the same seed gives the same bits, a step is what it says, and arrays come back from files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import archanalyzer
from archanalyzer.executor.optimizers import Momentum, Sgd
from tests.executor.networks import net

# --- Seeds


TRAINED = (
    "archspec: 1\ninputs: {x: [4]}\n"
    "layers: [dense: 8, batch_norm, relu, dropout: 0.3, dense: 3]\ntraining: {loss: cross_entropy, optimizer: adam}\n"
)


def trained(seed: int, dtype: str = "float32") -> tuple[list[bytes], list[float]]:
    """All arrays as bytes, and the losses, after a few steps."""
    network = archanalyzer.compile(archanalyzer.loads(TRAINED), seed=seed, dtype=dtype)
    random = np.random.default_rng(3)
    x, y = random.standard_normal((16, 4)), random.integers(3, size=16)
    losses = [network.step(x, y) for _ in range(5)]
    return [array.tobytes() for array in network.parameters.values()], losses


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_same_seed_gives_the_same_bits(dtype: str) -> None:
    assert trained(0, dtype) == trained(0, dtype)


def test_another_seed_gives_others() -> None:
    (first, losses), (second, other_losses) = trained(0), trained(1)
    learned = [n for n, (a, b) in enumerate(zip(first, second, strict=True)) if a != b]
    assert len(learned) == len(first)
    assert losses != other_losses


def test_each_training_step_draws_anew() -> None:
    network = net("  - dropout: 0.5\n", inputs="x: [64]")
    x = np.ones((1, 64))
    first, second = (network.forward(x, training=True) for _ in range(2))
    assert not np.array_equal(first, second)
    again = net("  - dropout: 0.5\n", inputs="x: [64]")
    assert np.array_equal(again.forward(x, training=True), first)
    other = net("  - dropout: 0.5\n", inputs="x: [64]", seed=1)
    assert not np.array_equal(other.forward(x, training=True), first)


# --- Training


def test_a_step_is_forward_loss_backward_and_update() -> None:
    """Of y = w·x at x = 2, w = 3, for 10: c = ½·(6 − 10)² = 8, ∂c/∂w = −4·2, w = 3 + 0.1·8."""
    network = net("  - dense: {units: 1, bias: false}\n", inputs="x: [1]")
    network.parameters["dense.weight"] = [[3]]
    network.optimizer = Sgd(rate=0.1)
    assert network.step([[2]], [[10]]) == 8
    assert network.gradients["dense.weight"] == -8
    assert network.parameters["dense.weight"] == pytest.approx(3.8)


def test_the_optimizer_remembers_from_step_to_step() -> None:
    network = net("  - dense: {units: 1, bias: false}\n", inputs="x: [1]")
    network.parameters["dense.weight"] = [[1]]
    network.optimizer = Momentum(rate=1, momentum=0.5)
    network.loss_gradients([[1]], [[0]])
    network.gradients.flat[:] = 1
    network.update()
    network.update()
    assert network.parameters["dense.weight"] == 1 - 1 - (1 + 0.5)


def test_kept_arrays_can_be_looked_at() -> None:
    network = net("  - dense: {units: 2, bias: false}\n  - relu\n  - dense: {units: 1, bias: false}\n")
    network.parameters["dense.weight"] = [[1, 0], [0, 1]]
    network.parameters["dense_2.weight"] = [[2, 3]]
    network.loss_gradients([[5, -7]], [[0]], keep=True)
    outputs = {layer.name: network.bound.output(layer.index).tolist() for layer in network.graph.layers}
    assert outputs == {"x": [[5, -7]], "dense": [[5, -7]], "relu": [[5, 0]], "dense_2": [[10]]}
    gradients = [network.bound.gradient(layer.index) for layer in network.graph.layers]
    shown = [None if each is None else each.tolist() for each in gradients]
    assert shown == [[[20, 0]], [[20, 0]], [[20, 30]], [[10]]]


# --- Files


@pytest.mark.parametrize("ending", ["npz", "safetensors"])
def test_arrays_come_back_from_a_file(ending: str, tmp_path: Path) -> None:
    """With running statistics, and what is frozen."""
    layers = "  - dense: 3\n  - batch_norm\n  - dense: 2\n    frozen: true\n"
    network, path = net(layers), tmp_path / f"weights.{ending}"
    x = np.random.default_rng(0).standard_normal((8, 2))
    for _ in range(3):
        network.step(x, np.ones((8, 2)))
    network.save(path)
    other = net(layers, seed=1)
    assert not np.array_equal(other.forward(x), network.forward(x))
    other.load(path)
    assert [array.tobytes() for array in other.parameters.values()] == [
        array.tobytes() for array in network.parameters.values()
    ]
    assert np.array_equal(other.forward(x), network.forward(x))
    assert not np.array_equal(other.parameters["batch_norm.running_mean"], np.zeros(3))

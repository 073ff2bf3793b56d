"""Exercise 6.5: the gradient of a batch as Δ·Oᵀ, what a step of descent fits, and the sign that is printed wrong.

Arrays of a batch have a sample a row, so they are the transposes of the textbook's Δ and O. The loss is the mean over
the samples, so their δ have a factor 1/N.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import archanalyzer
from archanalyzer.cli import main
from archanalyzer.executor.data import Data, gather
from archanalyzer.executor.kernel import Array
from archanalyzer.executor.network import Network
from archanalyzer.executor.trace import backward_arrays, forward_arrays
from archanalyzer.graph import Running
from tests.docs.fences import ROOT

SPEC = ROOT / "specs" / "homework" / "descent.yaml"
Places = dict[tuple[str, str], Array]

# By the comment in the spec.
BY_HAND = {"dense": [[-1, 1], [3, -5]], "dense_2": [[0, -12]]}
READS = {"dense": "x", "dense_2": "relu"}


def arrays_of(network: Network, data: Data) -> Places:
    """What a step computes, by layer and symbol."""
    network.loss_gradients(data.inputs, data.targets, keep=True)
    return {(each.layer, each.symbol): each.value for each in (*forward_arrays(network), *backward_arrays(network))}


def sample(data: Data, index: int) -> Data:
    """One of the samples alone."""
    cut = slice(index, index + 1)
    inputs, targets = ({name: each[cut] for name, each in of.items()} for of in (data.inputs, data.targets))
    return data._replace(inputs=inputs, targets=targets)


@st.composite
def networks(draw: st.DrawFn) -> str:
    """Two dense layers with a function without kinks between them."""
    function = draw(st.sampled_from(("tanh", "sigmoid", "silu")))
    return (
        f"archspec: 1\ninputs: {{x: [{draw(st.integers(1, 4))}]}}\n"
        f"layers: [dense: {draw(st.integers(1, 4))}, {function}, dense: {draw(st.integers(1, 3))}]\n"
    )


def drawn(text: str, batch: int, seed: int) -> tuple[Network, Data, dict[str, str]]:
    """A network, a batch for it, and the layer that each of its dense layers reads."""
    network = archanalyzer.compile(archanalyzer.loads(text), dtype="float64", seed=seed)
    layers = network.graph.layers
    reads = {name: layers[layers[network.graph.index[name]].inputs[0]].name for name in ("dense", "dense_2")}
    return network, gather(network, Running(), batch=batch), reads


def test_the_gradient_of_the_batch_of_three(capsys: pytest.CaptureFixture[str]) -> None:
    """The traced Δ and O, multiplied, are the gradient by hand, and the traced ∇W."""
    assert main(["run", str(SPEC), "--steps", "1", "--trace", "--format", "json", "--dtype", "float64"]) == 0
    (step,) = json.loads(capsys.readouterr().out)["steps"]
    arrays = {(each["layer"], each["symbol"]): np.array(each["value"]) for each in step["arrays"]}
    assert arrays["dense_2", "δ"].tolist() == [[-1], [1], [-2]]
    assert arrays["dense", "δ"].tolist() == [[-1, 1], [1, -1], [0, 2]]
    for layer, expected in BY_HAND.items():
        assert (arrays[layer, "δ"].T @ arrays[READS[layer], "o"]).tolist() == expected
        assert arrays[layer, "∇W"].tolist() == expected


@given(networks(), st.integers(1, 5), st.integers(0, 100))
@settings(derandomize=True, deadline=None, max_examples=50)
def test_the_gradient_of_a_batch_is_the_mean_of_its_samples(text: str, batch: int, seed: int) -> None:
    """Δ·Oᵀ, of one step with all samples, against δₙ·oₙᵀ of a step with each sample alone."""
    network, data, reads = drawn(text, batch, seed)
    whole = arrays_of(network, data)
    alone = [arrays_of(network, sample(data, n)) for n in range(batch)]
    for layer, read in reads.items():
        products = [np.outer(each[layer, "δ"][0], each[read, "o"][0]) for each in alone]
        np.testing.assert_allclose(whole[layer, "δ"].T @ whole[read, "o"], np.mean(products, axis=0), atol=1e-12)


@given(networks(), st.integers(1, 5), st.integers(0, 100))
@settings(derandomize=True, deadline=None, max_examples=50)
def test_what_a_step_fits(text: str, batch: int, seed: int) -> None:
    """‖−Δ − W·O‖²_F = Σₙ ‖−δₙ − W·oₙ‖² for any W, its right side from steps with each sample alone.

    The gradient of half of it by W, at W = 0, is Δ·Oᵀ, that of the loss: a central difference of a square is exact.
    """
    network, data, reads = drawn(text, batch, seed)
    whole = arrays_of(network, data)
    alone = [arrays_of(network, sample(data, n)) for n in range(batch)]
    for layer, read in reads.items():
        deltas, outputs = whole[layer, "δ"].T, whole[read, "o"].T

        def norm(w: Any, deltas: Array = deltas, outputs: Array = outputs) -> float:
            return float(np.linalg.norm(-deltas - w @ outputs, "fro") ** 2)

        w = np.random.default_rng(seed).standard_normal((len(deltas), len(outputs)))
        one_by_one = [np.sum((-each[layer, "δ"][0] / batch - w @ each[read, "o"][0]) ** 2) for each in alone]
        assert norm(w) == pytest.approx(sum(one_by_one))
        network.loss_gradients(data.inputs, data.targets)
        for place in np.ndindex(w.shape):
            h = np.zeros_like(w)
            h[place] = 0.5
            difference = (norm(h) - norm(-h)) / 2
            assert difference == pytest.approx(network.gradients[f"{layer}.weight"][place], abs=1e-9)


def test_the_error_at_the_output_is_o_minus_y() -> None:
    """The sign of ε in exercise 6.4, from which that of the gradient follows."""
    network = archanalyzer.compile(SPEC, dtype="float64")
    data = gather(network, archanalyzer.load(SPEC).running)
    arrays = arrays_of(network, data)
    assert arrays["dense_2", "ε"].tolist() == ((arrays["dense_2", "g"] - data.targets["dense_2"]) / 3).tolist()


def loss_after(network: Network, data: Data, updates: dict[str, Array]) -> float:
    """The loss, by a forward step alone, with something added to the weights, which are set back then."""
    before = {name: network.parameters[name].copy() for name in updates}
    for name, update in updates.items():
        network.parameters[name] = before[name] + update
    (output,) = network.forward(data.inputs).values()
    (target,) = data.targets.values()
    for name, kept in before.items():
        network.parameters[name] = kept
    return float(np.square(output - target).sum() / 2 / data.batch)


@given(networks(), st.integers(1, 5), st.integers(0, 100))
@settings(derandomize=True, deadline=None, max_examples=50)
def test_with_the_printed_sign_the_update_climbs(text: str, batch: int, seed: int) -> None:
    """The solution prints the gradient as −Σ δₙoₙᵀ, beside the update −γ Σ δₙoₙᵀ; it is +Σ δₙoₙᵀ.

    W − γ·(+Σ δₙoₙᵀ) makes the loss smaller, W − γ·(−Σ δₙoₙᵀ) makes it larger, by γ‖Σ δₙoₙᵀ‖² each.
    """
    network, data, reads = drawn(text, batch, seed)
    arrays = arrays_of(network, data)
    sums = {f"{layer}.weight": arrays[layer, "δ"].T @ arrays[read, "o"] for layer, read in reads.items()}
    squared = sum(float(np.square(each).sum()) for each in sums.values())
    assume(squared > 1e-6)
    gamma = 1e-6
    now = loss_after(network, data, {})
    right = loss_after(network, data, {name: -gamma * each for name, each in sums.items()})
    printed = loss_after(network, data, {name: -gamma * -each for name, each in sums.items()})
    assert right < now < printed
    assert right - now == pytest.approx(-gamma * squared, rel=1e-2)
    assert printed - now == pytest.approx(gamma * squared, rel=1e-2)


def test_the_prediction_beside_the_truth(capsys: pytest.CaptureFixture[str]) -> None:
    """Along −∇, the loss of the batch of three is 9 − 188γ + 1,783.5γ² − 5,380γ³ + 6,216γ⁴ while no ReLU turns.

    By hand: o¹ changes by γ·[1, −5], γ·[−1, 3], γ·[0, −15], W² by γ·[0, 12], b² by 2γ. So o² changes by 44γ − 60γ²,
    10γ + 36γ², 77γ − 180γ², and the loss is Σ (eₙ + aₙγ + bₙγ²)² / 6, with e = −3, 3, −6.
    """
    assert main(["descent", str(SPEC), "--from", "0.1", "--count", "4", "--format", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["value"], document["squared_gradient_norm"]) == (9, 188)
    assert len(document["rates"]) == 4
    for each in document["rates"]:
        r = each["rate"]
        change = -188 * r + 1783.5 * r**2 - 5380 * r**3 + 6216 * r**4
        assert each["predicted"] == pytest.approx(-188 * r)
        assert each["change"] == pytest.approx(change)
        assert each["quotient"] == pytest.approx(change / (-188 * r))
    assert document["largest_descending"] == 0.1

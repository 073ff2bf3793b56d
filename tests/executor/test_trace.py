"""The worked exercise, array by array, and what the trace of other networks names what."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

import archanalyzer
from archanalyzer.executor import optimizers
from archanalyzer.executor.data import gather
from archanalyzer.executor.network import Network
from archanalyzer.executor.trace import backward_arrays, forward_arrays, update_arrays
from archanalyzer.executor.training import Training
from tests.docs.fences import ROOT

Arrays = dict[tuple[str, str], Any]

# Worked by hand, from x = [1, −1], W¹ = W² = [[1, −1], [0, 1]], b¹ = b² = [1, 0], y = [1, 0] and rate 1:
# g = W·o + b, o = max(g, 0), ε² = o² − y, δ = Λ·ε, ε¹ = W²ᵀ·δ², ΔW = −δ·oᵀ, Δb = −δ.
STEP_1: Arrays = {
    ("x", "o"): [1, -1],
    ("dense", "g"): [3, -1],
    ("relu", "o"): [3, 0],
    ("dense_2", "g"): [4, 0],
    ("relu_2", "o"): [4, 0],
    ("relu_2", "y"): [1, 0],
    ("relu_2", "ε"): [3, 0],
    ("relu_2", "Λ"): [1, 0],
    ("dense_2", "δ"): [3, 0],
    ("relu", "ε"): [3, -3],
    ("relu", "Λ"): [1, 0],
    ("dense", "δ"): [3, 0],
    ("dense", "ΔW"): [[-3, 3], [0, 0]],
    ("dense", "Δb"): [-3, 0],
    ("dense_2", "ΔW"): [[-9, 0], [0, 0]],
    ("dense_2", "Δb"): [-3, 0],
    ("dense", "W"): [[-2, 2], [0, 1]],
    ("dense", "b"): [-2, 0],
    ("dense_2", "W"): [[-8, -1], [0, 1]],
    ("dense_2", "b"): [-2, 0],
}
STEP_2: Arrays = {
    ("x", "o"): [1, -1],
    ("dense", "g"): [-6, -1],
    ("relu", "o"): [0, 0],
    ("dense_2", "g"): [-2, 0],
    ("relu_2", "o"): [0, 0],
    ("relu_2", "y"): [1, 0],
    ("relu_2", "ε"): [-1, 0],
    ("relu_2", "Λ"): [0, 0],
    ("dense_2", "δ"): [0, 0],
    ("relu", "ε"): [0, 0],
    ("relu", "Λ"): [0, 0],
    ("dense", "δ"): [0, 0],
    ("dense", "ΔW"): [[0, 0], [0, 0]],
    ("dense", "Δb"): [0, 0],
    ("dense_2", "ΔW"): [[0, 0], [0, 0]],
    ("dense_2", "Δb"): [0, 0],
    ("dense", "W"): [[-2, 2], [0, 1]],
    ("dense", "b"): [-2, 0],
    ("dense_2", "W"): [[-8, -1], [0, 1]],
    ("dense_2", "b"): [-2, 0],
}


def trained(text: str, *, steps: int = 1, rate: float = 1, optimizer: str = "sgd") -> tuple[Network, list[Any]]:
    """The network of a spec, and the arrays of some training steps."""
    spec = archanalyzer.loads(text)
    network = archanalyzer.compile(spec, dtype="float64")
    network.optimizer = optimizers.get(optimizer)(rate=rate)
    training = Training(network, gather(network, spec.running))
    return network, [list(report.arrays) for report in training.steps(steps, trace=True)]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_worked_exercise(dtype: str) -> None:
    spec = archanalyzer.load(ROOT / "specs" / "toy.yaml")
    network = archanalyzer.compile(spec, dtype=dtype)
    training = Training(network, gather(network, spec.running))
    first, second = training.steps(2, trace=True)
    assert (first.loss, second.loss) == (4.5, 0.5)  # ½·3², ½·1²
    for report, expected in ((first, STEP_1), (second, STEP_2)):
        found = [(each.layer, each.symbol) for each in report.arrays]
        assert found == list(expected)
        for each in report.arrays:
            value = each.value[0] if each.has_batch else each.value
            assert value.tolist() == expected[each.layer, each.symbol], (each.layer, each.symbol)
            assert each.symbol == "y" or value.dtype == dtype


def test_a_net_input_is_what_a_layer_with_weights_puts_out() -> None:
    _, [arrays] = trained(
        "archspec: 1\ninputs: {x: [2, 4]}\nlayers:\n"
        "  - conv1d: {filters: 3, kernel: 3, padding: same}\n  - batch_norm\n  - prelu\n  - max_pool1d: 2\n"
        "  - flatten\n  - dense: 2\n"
    )
    symbols = [(each.layer, each.symbol) for each in arrays if each.has_batch and each.symbol != "positions"]
    assert symbols == [
        ("x", "o"),
        ("conv1d", "g"),
        ("batch_norm", "g"),
        ("prelu", "o"),
        ("max_pool1d", "o"),
        ("flatten", "o"),
        ("dense", "g"),
        ("dense", "y"),
        ("dense", "ε"),  # what comes from the loss
        ("dense", "δ"),
        ("max_pool1d", "ε"),
        ("prelu", "ε"),
        ("prelu", "Λ"),
        ("batch_norm", "δ"),
        ("conv1d", "δ"),
    ]


def test_the_gradient_is_shown_where_the_update_is_another() -> None:
    text = "archspec: 1\ninputs: {x: [1]}\nlayers: [dense: {units: 1, bias: false}]\n"
    text += "weights: {dense: {weight: [[2]]}}\ndata: {inputs: {x: [3]}, targets: {dense: [0]}}\n"
    # o = 6, δ = 6, ∂c/∂W = 18; V[1] = −0.01·18; then W = 1.82, o = 5.46, ∂c/∂W = 16.38; V[2] = 0.9·V[1] − 0.1638.
    # The sum of the unrolled form is S[1] = 18, S[2] = 0.9·18 + 16.38 = 32.58, and −0.01 times it is V.
    first = {"∇W": 18, "V(W)": -0.18, "S(W)": 18, "ΔW": -0.18, "W": 1.82}
    second = {"∇W": 16.38, "V(W)": -0.3258, "S(W)": 32.58, "ΔW": -0.3258, "W": 1.4942}
    for optimizer, kept in (("momentum", "V(W)"), ("momentum_unrolled", "S(W)")):
        _, steps = trained(text, steps=2, rate=0.01, optimizer=optimizer)
        for arrays, expected in zip(steps, (first, second), strict=True):
            found = {each.symbol: each.value.item() for each in arrays if not each.has_batch}
            assert list(found) == ["∇W", kept, "ΔW", "W"]
            assert found == pytest.approx({symbol: expected[symbol] for symbol in found})


def test_the_moments_of_adam_are_shown() -> None:
    """Of g = 18: m = 0.1·18, v = 0.001·18²; the first step is of length η."""
    text = "archspec: 1\ninputs: {x: [1]}\nlayers: [dense: {units: 1, bias: false}]\n"
    text += "weights: {dense: {weight: [[2]]}}\ndata: {inputs: {x: [3]}, targets: {dense: [0]}}\n"
    _, [arrays] = trained(text, rate=0.01, optimizer="adam")
    found = {each.symbol: each.value.item() for each in arrays if not each.has_batch}
    assert list(found) == ["∇W", "m(W)", "v(W)", "ΔW", "W"]
    assert found == pytest.approx({"∇W": 18, "m(W)": 1.8, "v(W)": 0.324, "ΔW": -0.01, "W": 1.99})


def test_what_is_kept_is_shown_array_by_array() -> None:
    """By the symbol of each array that learns; a frozen layer has none."""
    _, [arrays] = trained(
        "archspec: 1\ninputs: {x: [2]}\nlayers: [dense: 2, prelu, {dense: 1, frozen: true}]\n", optimizer="momentum"
    )
    kept = [(each.layer, each.symbol) for each in arrays if each.symbol.startswith("V")]
    assert kept == [("dense", "V(W)"), ("dense", "V(b)"), ("prelu", "V(W)")]


def test_the_loss_s_gradient_of_an_output_that_is_read_on() -> None:
    """ε of such an output is what the loss gives; the layer's own error has that of its readers added."""
    text = (
        "archspec: 1\ninputs: {x: [1]}\nlayers:\n  - {dense: {units: 1, bias: false}, name: a}\n"
        "  - {dense: {units: 1, bias: false}, name: b}\noutputs: [a, b]\n"
        "weights: {a: {weight: [[2]]}, b: {weight: [[3]]}}\n"
        "data: {inputs: {x: [1]}, targets: {a: [1], b: [2]}}\n"
    )
    # a = 2, b = 6: ε of a is 2 − 1, of b 6 − 2; δ of b is 4, of a 1 + 3·4.
    _, [arrays] = trained(text)
    errors = [(each.layer, each.symbol, each.value.item()) for each in arrays if each.symbol in "εδ"]
    assert errors == [("a", "ε", 1), ("b", "ε", 4), ("b", "δ", 4), ("a", "δ", 13)]


def test_what_a_layer_keeps_is_shown() -> None:
    text = (
        "archspec: 1\ninputs: {x: [1, 4]}\nlayers: [batch_norm, dropout: 0.5, max_pool1d: 2, flatten, dense: 1]\n"
        "data: {inputs: {x: [[[1, 2, 3, 6]]]}}\n"
    )
    _, [arrays] = trained(text)
    found = {(each.layer, each.symbol): each.value for each in arrays}
    assert found["batch_norm", "mean"].tolist() == [3]
    assert found["batch_norm", "inverse_deviation"].item() == pytest.approx((3.5 + 1e-5) ** -0.5)  # (4 + 1 + 0 + 9) / 4
    dropped = found["dropout", "mask"]
    assert (found["dropout", "o"] == found["batch_norm", "g"] * dropped * 2).all()
    pooled, where = found["dropout", "o"].reshape(2, 2), found["max_pool1d", "positions"].reshape(2)
    assert where.tolist() == [pooled[0].argmax(), 2 + pooled[1].argmax()]
    assert [each.has_batch for each in arrays if each.symbol in ("mean", "mask")] == [False, True]


def test_an_activation_that_is_an_output_and_read_on() -> None:
    """Its ε comes from the loss; then, with what its reader adds, it is what Λ is multiplied with: δ = Λ·ε."""
    text = (
        "archspec: 1\ninputs: {x: [1]}\nlayers:\n  - {dense: {units: 1, bias: false}, name: a}\n  - {relu: , name: r}\n"
        "  - {dense: {units: 1, bias: false}, name: b}\noutputs: [r, b]\n"
        "weights: {a: {weight: [[2]]}, b: {weight: [[3]]}}\n"
        "data: {inputs: {x: [1]}, targets: {r: [1], b: [2]}}\n"
    )
    _, [arrays] = trained(text)
    of_r = [(each.symbol, each.value.item()) for each in arrays if each.layer == "r" and each.symbol in "εΛ"]
    assert of_r == [("ε", 1), ("ε", 13), ("Λ", 1)]  # 2 − 1; 1 + 3·(6 − 2)
    assert [each.value.item() for each in arrays if (each.layer, each.symbol) == ("a", "δ")] == [13]


def test_arrays_outlive_the_next_step() -> None:
    network = archanalyzer.compile(ROOT / "specs" / "toy.yaml")
    x, y = np.array([[1.0, -1.0]]), np.array([[1.0, 0.0]])
    network.step(x, y, keep=True)
    arrays = [*forward_arrays(network), *backward_arrays(network), *update_arrays(network)]
    before = json.dumps([each.value.tolist() for each in arrays])
    network.step(x, y, keep=True)
    assert json.dumps([each.value.tolist() for each in arrays]) == before

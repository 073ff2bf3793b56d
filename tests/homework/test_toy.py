"""Exercise 6.4, the network of two layers: its two steps as the tool computes them, beside what the solution prints."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np
import pytest

from archanalyzer.cli import main
from tests.docs.fences import ROOT

X, Y = np.array([1, -1]), np.array([1, 0])
W0, B0 = np.array([[1, -1], [0, 1]]), np.array([1, 0])
"""Weights and bias of both layers, before the first step."""

PRINTED_UPDATE = np.array([[-3, 3], [0, 3]])
PRINTED_W = np.array([[-2, 2], [0, 1]])
"""The first layer's new weights, as printed and right."""
PRINTED_G = np.array([-1, -1])


@pytest.fixture
def steps(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """The two steps: for each, its arrays by layer and symbol, the loss, and whether and why it stands still."""
    assert main(["run", str(ROOT / "specs" / "toy.yaml"), "--steps", "2", "--trace", "--format", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    return [
        {(each["layer"], each["symbol"]): np.array(each["value"]) for each in step.pop("arrays")} | step
        for step in document["steps"]
    ]


def test_the_update_of_the_first_weights(steps: list[dict[Any, Any]]) -> None:
    """ΔW¹ = −η·δ¹·(o⁰)ᵀ with δ¹ = [3, 0]: its second row is zero. The printed one has a 3 there."""
    by_hand = -np.outer([3, 0], X)
    assert by_hand.tolist() == [[-3, 3], [0, 0]]
    found = steps[0]["dense", "ΔW"]
    assert found.tolist() == by_hand.tolist()
    assert (found != PRINTED_UPDATE).tolist() == [[False, False], [False, True]]


def test_the_new_first_weights_are_printed_right(steps: list[dict[Any, Any]]) -> None:
    """They follow from the right update, and not from the one that is printed before them."""
    assert steps[0]["dense", "W"].tolist() == PRINTED_W.tolist()
    assert (W0 + steps[0]["dense", "ΔW"]).tolist() == PRINTED_W.tolist()
    assert (W0 + PRINTED_UPDATE).tolist() != PRINTED_W.tolist()


def test_the_net_input_in_the_second_iteration(steps: list[dict[Any, Any]]) -> None:
    """g¹ = W¹·x + b¹ = [−2 − 2 − 2, −1] with the new W¹ and b¹ = [−2, 0]; the ReLU makes 0 of what is printed, too."""
    found = steps[1]["dense", "g"]
    assert found.tolist() == (PRINTED_W @ X + [-2, 0]).tolist() == [-6, -1]
    assert (found != PRINTED_G).tolist() == [True, False]
    assert steps[1]["relu", "o"].tolist() == np.maximum(PRINTED_G, 0).tolist() == [0, 0]


def derivative(g: Any, at_zero: float) -> Any:
    """σ′ of the ReLU."""
    return np.where(g == 0, at_zero, g > 0)


def by_hand(slopes_at_zero: Sequence[float]) -> list[Any]:
    """Two steps as the exercise writes them, with σ′(0) as given in each: all weights and biases after each step."""
    w, b = [W0.astype(float), W0.astype(float)], [B0.astype(float), B0.astype(float)]
    after = []
    for slope in slopes_at_zero:
        g1 = w[0] @ X + b[0]
        o1 = np.maximum(g1, 0)
        g2 = w[1] @ o1 + b[1]
        d2 = derivative(g2, slope) * (np.maximum(g2, 0) - Y)
        d1 = derivative(g1, slope) * (w[1].T @ d2)
        w = [w[0] - np.outer(d1, X), w[1] - np.outer(d2, o1)]
        b = [b[0] - d1, b[1] - d2]
        after.append([each.tolist() for each in (*w, *b)])
    return after


def test_the_slope_at_zero_does_not_matter(steps: list[dict[Any, Any]]) -> None:
    """The solution takes σ′(0) as 1 in one iteration, as 0 in the other. Nothing changes: ε is 0 there."""
    for step in steps:
        at_zero = [step[dense, "g"] == 0 for dense in ("dense", "dense_2")]
        assert [each.tolist() for each in at_zero] == [[False, False], [False, True]]
        assert step["relu_2", "ε"][at_zero[1]].tolist() == [0]
    order = [("dense", "W"), ("dense_2", "W"), ("dense", "b"), ("dense_2", "b")]
    found = [[step[place].tolist() for place in order] for step in steps]
    for slopes in product((0, 1), repeat=2):
        assert by_hand(slopes) == found


def test_the_critical_point(steps: list[dict[Any, Any]]) -> None:
    """In the second step nothing moves, at a loss of ½: all gradients are zero, and differences of the loss."""
    first, second = steps
    assert [step["loss"] for step in steps] == [4.5, 0.5]
    assert first["standstill"] is None
    assert second["standstill"]["cause"] == "blocked"
    for layer, symbol in product(("dense", "dense_2"), ("ΔW", "Δb")):
        assert not second[layer, symbol].any()
    point = np.concatenate([first[place].ravel() for place in product(("dense", "dense_2"), ("W", "b"))])
    assert loss_at(point) == 0.5
    for index in range(12):
        for h in (-1e-6, 1e-6):
            assert loss_at(point + h * (np.arange(12) == index)) == pytest.approx(0.5, abs=1e-11)


def test_the_critical_point_is_not_the_least_loss() -> None:
    """With W² = 0 and b² = y, the loss is 0."""
    assert loss_at(np.array([*np.ravel(PRINTED_W), -2, 0, 0, 0, 0, 0, 1, 0])) == 0


def loss_at(point: Any) -> float:
    """The loss, for W¹, b¹, W², b² as one vector."""
    w1, b1, w2, b2 = np.split(point, [4, 6, 10])
    o1 = np.maximum(w1.reshape(2, 2) @ X + b1, 0)
    o2 = np.maximum(w2.reshape(2, 2) @ o1 + b2, 0)
    return float(np.square(o2 - Y).sum() / 2)

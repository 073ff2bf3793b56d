"""Losses: values by hand, gradients against central differences, and targets that do not go."""

from __future__ import annotations

from math import log
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archanalyzer.executor import losses
from archanalyzer.executor.losses import LossError
from archanalyzer.recipe import LOSSES

GENERATOR = np.random.default_rng(0)
LOGITS = GENERATOR.normal(size=(3, 4, 2, 5))
FRACTIONS = GENERATOR.random((3, 4, 2, 5))
DISTRIBUTIONS = FRACTIONS / FRACTIONS.sum(axis=1, keepdims=True)
CLASSES = GENERATOR.integers(4, size=(3, 2, 5))
CASES: dict[str, tuple[str, Any, Any]] = {
    "half_squared_error": ("half_squared_error", LOGITS, FRACTIONS),
    "mean_squared_error": ("mean_squared_error", LOGITS, FRACTIONS),
    "cross_entropy, classes": ("cross_entropy", LOGITS, CLASSES),
    "cross_entropy, distributions": ("cross_entropy", LOGITS, DISTRIBUTIONS),
    "cross_entropy, of any sum": ("cross_entropy", LOGITS, FRACTIONS),
    "binary_cross_entropy": ("binary_cross_entropy", 0.1 + 0.8 * GENERATOR.random((3, 4, 2, 5)), FRACTIONS),
    "binary_cross_entropy_with_logits": ("binary_cross_entropy_with_logits", LOGITS, FRACTIONS),
}


def gradient(name: str, output: Any, target: Any) -> Any:
    out = np.full_like(output, np.nan)
    losses.get(name).gradient(output, target, out)
    return out


def test_the_losses_are_those_declared() -> None:
    assert [loss.name for loss in losses.ALL] == list(LOSSES)
    assert [name for name, _, _ in CASES.values()] == [
        name for name in LOSSES for _ in range(3 if LOSSES[name].takes_classes else 1)
    ]


@pytest.mark.parametrize(
    ("name", "output", "target", "value", "by_output"),
    [
        # The exercise: ½ (3² + 0²), ε = o − y.
        ("half_squared_error", [[4, 0]], [[1, 0]], 4.5, [[3, 0]]),
        # ½ (2² + 1²) = 2.5 and ½ (0² + 2²) = 2; their mean. The gradients o − y, halved: a batch of two.
        ("half_squared_error", [[3, 1], [0, 0]], [[1, 0], [0, 2]], 2.25, [[1, 0.5], [0, -1]]),
        # (1² + 2² + 0² + (−1)²) / 4; 2 (o − y) / 4.
        ("mean_squared_error", [[[1, 2], [3, 4]]], [[[0, 0], [3, 5]]], 1.5, [[[0.5, 1], [0, -0.5]]]),
        # (1² + 0²) / 2 = 0.5 and (3² + 4²) / 2 = 12.5; their mean. 2 (o − y) / 2, halved.
        ("mean_squared_error", [[1, 0], [3, 4]], [[0, 0], [0, 0]], 6.5, [[0.5, 0], [1.5, 2]]),
        # softmax(0, log 3) = (1/4, 3/4); −log 1/4; p − (1, 0).
        ("cross_entropy", [[0, log(3)]], [0], log(4), [[-0.75, 0.75]]),
        ("cross_entropy", [[0, log(3)]], [1], log(4 / 3), [[0.25, -0.25]]),
        ("cross_entropy", [[0, log(3)]], [[1, 0]], log(4), [[-0.75, 0.75]]),
        # ½ log 4 + ½ log 4/3; p − (½, ½).
        ("cross_entropy", [[0, log(3)]], [[0.5, 0.5]], 0.5 * log(4) + 0.5 * log(4 / 3), [[-0.25, 0.25]]),
        # Both samples of the above with classes: their mean; all halved.
        (
            "cross_entropy",
            [[0, log(3)], [0, log(3)]],
            [0, 1],
            (log(4) + log(4 / 3)) / 2,
            [[-0.375, 0.375], [0.125, -0.125]],
        ),
        # Two positions of one sample: softmax (1/4, 3/4) and (1/2, 1/2), channels first; the mean over positions.
        (
            "cross_entropy",
            [[[0, 0], [log(3), 0]]],
            [[0, 1]],
            (log(4) + log(2)) / 2,
            [[[-0.375, 0.25], [0.375, -0.25]]],
        ),
        # log(exp(1000) + exp(0)) − 0 = 1000, in floats; p = (1, 0).
        ("cross_entropy", [[1000, 0]], [1], 1000, [[1, -1]]),
        # −log 1/4; (o − y) / (o (1 − o)) = −(3/4) / (3/16).
        ("binary_cross_entropy", [[0.25]], [[1]], log(4), [[-4]]),
        # −½ log 1/4 − ½ log 3/4; (1/4 − 1/2) / (3/16) = −4/3; the mean with −log 3/4, 1/(3/4) = 4/3.
        (
            "binary_cross_entropy",
            [[0.25, 0.25]],
            [[0.5, 0]],
            (0.5 * log(4) + 0.5 * log(4 / 3) + log(4 / 3)) / 2,
            [[-2 / 3, 2 / 3]],
        ),
        # Logarithms are at least −100, o (1 − o) at least 1e-12.
        ("binary_cross_entropy", [[0]], [[1]], 100, [[-1e12]]),
        ("binary_cross_entropy", [[1]], [[0]], 100, [[1e12]]),
        ("binary_cross_entropy", [[0, 1]], [[0, 1]], 0, [[0, 0]]),
        # σ(0) = 1/2: log 2; 1/2 − 1. σ(log 3) = 3/4: −log 3/4 of y = 1, −log 1/4 of y = 0.
        ("binary_cross_entropy_with_logits", [[0]], [[1]], log(2), [[-0.5]]),
        (
            "binary_cross_entropy_with_logits",
            [[log(3)], [log(3)]],
            [[1], [0]],
            (log(4 / 3) + log(4)) / 2,
            [[-0.125], [0.375]],
        ),
        ("binary_cross_entropy_with_logits", [[-1000, 1000]], [[1, 0]], 1000, [[-0.5, 0.5]]),
    ],
)
def test_by_hand(name: str, output: Any, target: Any, value: float, by_output: Any) -> None:
    for dtype in (np.float32, np.float64):
        array = np.asarray(output, dtype)
        assert losses.get(name).value(array, target) == pytest.approx(value, rel=1e-6 if dtype == np.float32 else 1e-14)
        np.testing.assert_allclose(gradient(name, array, target), by_output, rtol=1e-5, atol=1e-7)
        assert gradient(name, array, target).dtype == dtype


@pytest.mark.parametrize("case", CASES)
def test_gradients_against_central_differences(case: str) -> None:
    name, output, target = CASES[case]
    loss, step = losses.get(name), 1e-5
    found = gradient(name, output, target)
    expected = np.empty_like(found)
    for index in np.ndindex(output.shape):
        up, down = output.copy(), output.copy()
        up[index] += step
        down[index] -= step
        expected[index] = (loss.value(up, target) - loss.value(down, target)) / (2 * step)
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("case", CASES)
def test_the_loss_of_a_batch_is_the_mean_over_its_samples(case: str) -> None:
    name, output, target = CASES[case]
    loss = losses.get(name)
    each = [loss.value(output[i : i + 1], target[i : i + 1]) for i in range(len(output))]
    assert loss.value(output, target) == pytest.approx(np.mean(each), rel=1e-14)
    by_each = [gradient(name, output[i : i + 1], target[i : i + 1])[0] for i in range(len(output))]
    np.testing.assert_allclose(gradient(name, output, target), np.stack(by_each) / len(output), rtol=1e-13)


@pytest.mark.parametrize("case", CASES)
def test_nothing_that_is_given_is_changed(case: str) -> None:
    name, output, target = CASES[case]
    before = output.copy(), target.copy()
    losses.get(name).value(output, target)
    gradient(name, output, target)
    assert (before[0] == output).all()
    assert (before[1] == target).all()


@given(st.lists(st.lists(st.floats(-1e4, 1e4), min_size=3, max_size=3), min_size=1, max_size=4), st.integers(0, 2))
@settings(derandomize=True, deadline=None)
def test_a_class_is_the_distribution_that_is_1_there(logits: list[list[float]], right: int) -> None:
    output = np.array(logits)
    classes, distribution = np.full(len(output), right), np.tile(np.eye(3)[right], (len(output), 1))
    loss = losses.get("cross_entropy")
    assert loss.value(output, classes) == pytest.approx(loss.value(output, distribution), rel=1e-12)
    by_classes, by_distribution = (
        gradient("cross_entropy", output, classes),
        gradient("cross_entropy", output, distribution),
    )
    np.testing.assert_allclose(by_classes, by_distribution, atol=1e-15)
    np.testing.assert_allclose(by_classes.sum(axis=1), 0, atol=1e-14)


@given(st.lists(st.floats(-30, 30), min_size=1, max_size=5), st.floats(0, 1))
@settings(derandomize=True, deadline=None)
def test_binary_cross_entropies_agree(logits: list[float], fraction: float) -> None:
    output, target = np.array([logits]), np.full((1, len(logits)), fraction)
    probabilities = 1 / (1 + np.exp(-output))
    of_logits = losses.get("binary_cross_entropy_with_logits").value(output, target)
    assert of_logits == pytest.approx(losses.get("binary_cross_entropy").value(probabilities, target), rel=1e-3)


def test_targets_of_other_types() -> None:
    output = np.array([[0.25, 0.5]], np.float32)
    for name in LOSSES:
        expected = losses.get(name).value(output, [[1.0, 0.0]])
        for target in ([[True, False]], np.array([[1, 0]], np.uint8), np.array([[1, 0]], np.float16)):
            assert losses.get(name).value(output, target) == expected
            assert (gradient(name, output, target) == gradient(name, output, [[1.0, 0.0]])).all()
    assert losses.get("cross_entropy").value(output, [1.0]) == losses.get("cross_entropy").value(output, np.array([1]))


@pytest.mark.parametrize("name", LOSSES)
def test_what_is_not_finite_passes_through_quietly(name: str) -> None:
    output = np.array([[np.nan, 0.5]])
    assert np.isnan(losses.get(name).value(output, [[0, 1]]))
    assert np.isnan(gradient(name, output, [[0, 1]])).any()


SHAPE = (2, 3)
IMAGE = (2, 3, 4, 5)


@pytest.mark.parametrize(
    ("name", "shape", "target", "text"),
    [
        ("half_squared_error", SHAPE, np.zeros(3), "expected a target with shape 2×3, found 3"),
        ("mean_squared_error", SHAPE, 1.0, "expected a target with shape 2×3, found a single number"),
        ("half_squared_error", SHAPE, [0, 1], "expected a target with shape 2×3, found 2"),
        ("cross_entropy", SHAPE, [0, 1, 2], "expected a target with shape 2×3, or classes with shape 2, found 3"),
        (
            "cross_entropy",
            IMAGE,
            np.zeros((2, 5, 4)),
            "expected a target with shape 2×3×4×5, or classes with shape 2×4×5, found 2×5×4",
        ),
        ("cross_entropy", SHAPE, [0, 3], "expected classes as whole numbers from 0 to 2, found 3 in sample 1"),
        ("cross_entropy", SHAPE, [-1, 0], "expected classes as whole numbers from 0 to 2, found -1 in sample 0"),
        ("cross_entropy", SHAPE, [0, 0.5], "expected classes as whole numbers from 0 to 2, found 0.5 in sample 1"),
        ("cross_entropy", SHAPE, [0, 1e300], "expected classes as whole numbers from 0 to 2, found 1e+300 in sample 1"),
        ("cross_entropy", SHAPE, [0, np.nan], "expected finite numbers in the target, found nan in sample 1"),
        ("half_squared_error", (1, 2), [[0, np.inf]], "expected finite numbers in the target, found inf in sample 0"),
        ("mean_squared_error", (1, 2), [["a", "b"]], "expected a target of numbers, found <U1"),
        ("mean_squared_error", (1, 2), [[1j, 0]], "expected a target of numbers, found complex128"),
        ("binary_cross_entropy", (1, 2), [[0, 2]], "expected targets from 0 to 1, found 2 in sample 0"),
        ("binary_cross_entropy_with_logits", (1, 2), [[0, -1]], "expected targets from 0 to 1, found -1 in sample 0"),
    ],
)
def test_targets_that_do_not_go(name: str, shape: tuple[int, ...], target: Any, text: str) -> None:
    output = np.full(shape, 0.5)
    with pytest.raises(LossError) as of_value:
        losses.get(name).value(output, target)
    with pytest.raises(LossError) as of_gradient:
        gradient(name, output, target)
    assert [str(of_value.value), str(of_gradient.value)] == [text, text]


def test_outputs_that_are_no_probabilities() -> None:
    with pytest.raises(LossError) as caught:
        losses.get("binary_cross_entropy").value(np.array([[0.5], [1.5]]), [[0], [0]])
    assert str(caught.value) == "expected outputs from 0 to 1, found 1.5 in sample 1"


def test_a_name_that_is_none() -> None:
    with pytest.raises(LossError) as caught:
        losses.get("mean_square_error")
    assert str(caught.value) == (
        "there is no loss `mean_square_error`: did you mean `mean_squared_error` or `half_squared_error`?"
    )
    assert issubclass(LossError, ValueError)


def test_a_loss_has_no_state() -> None:
    for loss in losses.ALL:
        with pytest.raises(AttributeError):
            loss.scale = 2  # type: ignore[attr-defined]

"""Optimizers: steps by hand, the two forms of momentum, and what an optimizer refuses."""

from __future__ import annotations

import tracemalloc
from dataclasses import fields
from itertools import pairwise
from math import sqrt
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archanalyzer.executor import optimizers
from archanalyzer.executor.optimizers import OptimizerError
from archanalyzer.recipe import OPTIMIZERS


def trajectory(name: str, gradients: Any, start: Any, dtype: Any = np.float64, **options: float) -> list[Any]:
    """Θ before the first step and after each, for the given gradients."""
    optimizer = optimizers.get(name)(**options)
    theta = np.array(start, dtype)
    found = [theta.copy()]
    for gradient in np.asarray(gradients, dtype):
        optimizer.update(theta, gradient)
        found.append(theta.copy())
    return found


def test_the_optimizers_are_those_declared() -> None:
    assert [optimizer.name for optimizer in optimizers.ALL] == list(OPTIMIZERS)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_an_optimizer_has_the_settings_declared(name: str) -> None:
    declared = {setting.name: setting.default for setting in OPTIMIZERS[name].settings}
    assert {each.name: each.default for each in fields(optimizers.get(name)) if each.init} == declared
    assert optimizers.get(name)().settings() == declared


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    ("name", "options", "gradients", "expected"),
    [
        # 1 − 0.5 · 2 = 0; 0 − 0.5 · (−1) = 0.5.
        ("sgd", {"rate": 0.5}, [2, -1], [0, 0.5]),
        # 1 − 0.5 · (2 + 0.5 · 1) = −0.25; −0.25 − 0.5 · (−1 + 0.5 · (−0.25)) = 0.3125.
        ("sgd", {"rate": 0.5, "weight_decay": 0.5}, [2, -1], [-0.25, 0.3125]),
        # V = −1, Θ = 0; V = −0.5 + 0.5 = 0, Θ = 0; V = 0 − 0.5 · 4 = −2, Θ = −2.
        ("momentum", {"rate": 0.5, "momentum": 0.5}, [2, -1, 4], [0, 0, -2]),
        # S = 2, Θ = 0; S = 1 − 1 = 0, Θ = 0; S = 4, Θ = −2.
        ("momentum_unrolled", {"rate": 0.5, "momentum": 0.5}, [2, -1, 4], [0, 0, -2]),
        # g = 2.5: V = −1.25, Θ = −0.25; g = −1.125: V = −0.625 + 0.5625 = −0.0625, Θ = −0.3125.
        ("momentum", {"rate": 0.5, "momentum": 0.5, "weight_decay": 0.5}, [2, -1], [-0.25, -0.3125]),
        # S = 2: Θ = 1 − 0.5 · (2 + 0.5 · 2) = −0.5; S = 0: Θ = −0.5 − 0.5 · (−1 + 0) = 0.
        ("nesterov", {"rate": 0.5, "momentum": 0.5}, [2, -1], [-0.5, 0]),
        # β = 0: all momentum is gradient descent.
        ("momentum", {"rate": 0.5, "momentum": 0}, [2, -1], [0, 0.5]),
        ("momentum_unrolled", {"rate": 0.5, "momentum": 0}, [2, -1], [0, 0.5]),
        ("nesterov", {"rate": 0.5, "momentum": 0}, [2, -1], [0, 0.5]),
        # m = 1, v = 3; m̂ = 2, v̂ = 4: 1 − 0.5 · 2 / (2 + 1). Then m = 0.5, v = 0.75 + 0.75, 1 − β₁² = 3/4,
        # 1 − β₂² = 15/16: m̂ = 0, by g = −1: m = 0.5 − 0.5 = 0.
        (
            "adam",
            {"rate": 0.5, "beta1": 0.5, "beta2": 0.25, "epsilon": 1},
            [2, -1],
            [1 - 1 / 3, 1 - 1 / 3],
        ),
        # As before with g = 1: m = 0.5 + 0.5 = 1, m̂ = 4/3; v = 0.75 + 0.75 = 1.5, v̂ = 1.6.
        (
            "adam",
            {"rate": 0.5, "beta1": 0.5, "beta2": 0.25, "epsilon": 1},
            [2, 1],
            [2 / 3, 2 / 3 - 0.5 * (4 / 3) / (sqrt(1.6) + 1)],
        ),
        # The first step of Adam is of length η, whatever the gradient.
        ("adam", {}, [1e-3], [1 - 1e-3 * 1e-3 / (1e-3 + 1e-8)]),
    ],
)
def test_by_hand(name: str, options: dict[str, float], gradients: Any, expected: list[float], dtype: Any) -> None:
    found = trajectory(name, [[g] for g in gradients], [1], dtype, **options)
    assert all(theta.dtype == dtype for theta in found)
    assert [float(theta[0]) for theta in found[1:]] == pytest.approx(
        expected, rel=1e-6 if dtype == np.float32 else 1e-13
    )


NUMBERS = st.floats(-10, 10)
VECTORS = st.lists(NUMBERS, min_size=3, max_size=3)


@given(st.lists(VECTORS, min_size=1, max_size=20), VECTORS, st.floats(0, 0.99), st.floats(0, 1))
@settings(derandomize=True, deadline=None)
def test_the_two_forms_of_momentum_agree(
    gradients: list[list[float]], start: list[float], beta: float, rate: float
) -> None:
    velocity = trajectory("momentum", gradients, start, rate=rate, momentum=beta)
    unrolled = trajectory("momentum_unrolled", gradients, start, rate=rate, momentum=beta)
    np.testing.assert_allclose(velocity, unrolled, rtol=1e-11, atol=1e-11)


@given(st.lists(VECTORS, min_size=1, max_size=12), VECTORS, st.floats(0, 0.99), st.floats(0, 1))
@settings(derandomize=True, deadline=None)
def test_each_form_is_what_the_textbook_writes(
    gradients: list[list[float]], start: list[float], beta: float, rate: float
) -> None:
    g = np.array(gradients)
    velocity = trajectory("momentum", gradients, start, rate=rate, momentum=beta)
    before = [velocity[0], *velocity]  # Θ[0] = Θ[−1]: the first step has no velocity yet
    for t in range(len(g)):
        expected = before[t + 1] + beta * (before[t + 1] - before[t]) - rate * g[t]
        np.testing.assert_allclose(before[t + 2], expected, atol=1e-10)
    unrolled = trajectory("momentum_unrolled", gradients, start, rate=rate, momentum=beta)
    for t in range(len(g)):
        total = sum(beta ** (t - s) * g[s] for s in range(t + 1))
        np.testing.assert_allclose(unrolled[t + 1], unrolled[t] - rate * total, atol=1e-10)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_delta_is_the_update_made_in_the_same_array(name: str) -> None:
    optimizer = optimizers.get(name)(rate=0.25, weight_decay=0.5)
    theta = np.array([1.0, -2.0, 0.5])
    thetas, deltas, arrays = [theta.copy()], [], []
    for gradient in np.random.default_rng(0).normal(size=(4, 3)):
        optimizer.update(theta, gradient)
        thetas.append(theta.copy())
        deltas.append(optimizer.delta.copy())
        arrays.append(optimizer.delta)
    assert all(array is arrays[0] for array in arrays)
    assert optimizer.steps == 4
    for (before, after), delta in zip(pairwise(thetas), deltas, strict=True):
        assert (before + delta == after).all()


@pytest.mark.parametrize(
    ("name", "states"),
    [
        ("sgd", []),
        ("momentum", ["velocity"]),
        ("momentum_unrolled", ["discounted_sum"]),
        ("nesterov", ["discounted_sum"]),
        ("adam", ["first_moment", "second_moment"]),
    ],
)
def test_state_is_there_by_name(name: str, states: list[str]) -> None:
    optimizer = optimizers.get(name)()
    optimizer.update(np.ones(3), np.ones(3))
    assert list(optimizer.state) == states
    assert all(array.shape == (3,) for array in optimizer.state.values())


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_gradient_stays(name: str) -> None:
    gradient = np.array([1.0, -2.0])
    optimizers.get(name)(weight_decay=0.5).update(np.ones(2), gradient)
    assert gradient.tolist() == [1, -2]


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_where_the_gradient_is_zero_so_is_the_update_and_not_minus_zero(name: str) -> None:
    optimizer = optimizers.get(name)()
    for _ in range(2):
        optimizer.update(np.ones(2), np.zeros(2))
        assert optimizer.delta.tolist() == [0, 0]
        assert not np.signbit(optimizer.delta).any()


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_long_vectors_are_updated_as_their_parts_are(name: str) -> None:
    random = np.random.default_rng(0)
    size = 2 * optimizers._BLOCK + 3
    gradients, start = random.normal(size=(3, size)), random.normal(size=size)
    whole = trajectory(name, gradients, start, weight_decay=0.1)
    for part in (slice(0, 7), slice(optimizers._BLOCK - 5, optimizers._BLOCK + 5), slice(size - 9, size)):
        for all_of_it, found in zip(
            whole, trajectory(name, gradients[:, part], start[part], weight_decay=0.1), strict=True
        ):
            assert (all_of_it[part] == found).all()


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_steps_after_the_first_need_no_more_memory(name: str) -> None:
    optimizer = optimizers.get(name)(weight_decay=0.1)
    theta, gradient = np.ones(1_000_000, np.float32), np.ones(1_000_000, np.float32)
    optimizer.update(theta, gradient)
    tracemalloc.start()
    try:
        optimizer.update(theta, gradient)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 20_000


def test_what_is_not_finite_passes_through_quietly() -> None:
    for name in OPTIMIZERS:
        theta = np.ones(2, np.float32)
        optimizers.get(name)(rate=1e30).update(theta, np.array([np.nan, 3e38], np.float32))
        assert np.isnan(theta[0])


@pytest.mark.parametrize(
    ("name", "options", "text"),
    [
        ("sgd", {"rate": -1}, "expected `rate` of `sgd` as a number, 0 or more, found -1"),
        ("sgd", {"rate": float("nan")}, "expected `rate` of `sgd` as a number, 0 or more, found nan"),
        ("sgd", {"rate": float("inf")}, "expected `rate` of `sgd` as a number, 0 or more, found inf"),
        ("momentum", {"momentum": 1}, "expected `momentum` of `momentum` as a number from 0 to below 1, found 1"),
        ("adam", {"epsilon": 0}, "expected `epsilon` of `adam` as a number above 0, found 0"),
    ],
)
def test_settings_out_of_their_bounds(name: str, options: dict[str, float], text: str) -> None:
    with pytest.raises(OptimizerError) as caught:
        optimizers.get(name)(**options)
    assert str(caught.value) == text


def test_vectors_that_do_not_go() -> None:
    optimizer = optimizers.get("adam")()
    with pytest.raises(OptimizerError) as caught:
        optimizer.update(np.ones(3), np.ones(2))
    assert str(caught.value) == "expected a gradient like the parameters, 3 of float64, found 2 of float64"
    with pytest.raises(OptimizerError) as caught:
        optimizer.update(np.ones((2, 2)), np.ones((2, 2)))
    assert str(caught.value) == "expected the parameters as one vector of floats, found 2×2 of float64"
    optimizer.update(np.ones(3), np.ones(3))
    with pytest.raises(OptimizerError) as caught:
        optimizer.update(np.ones(3, np.float32), np.ones(3, np.float32))
    assert str(caught.value) == "expected parameters as in the first step, 3 of float64, found 3 of float32"


def test_a_name_that_is_none() -> None:
    with pytest.raises(OptimizerError) as caught:
        optimizers.get("Adma")
    assert str(caught.value) == "there is no optimizer `Adma`: did you mean `adam`?"
    assert issubclass(OptimizerError, ValueError)

"""Derivatives from differences: exact to what rounding leaves, at any scale, and honest about kinks."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from archanalyzer.executor.kernel import Array
from archanalyzer.testing.differences import slope


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (np.sin, 1),
        (np.exp, 1),
        (lambda t: (1 + t) ** 5, 5),
        (lambda t: np.sin(200 * t) / 200, 1),
        (lambda t: np.sqrt(1e-6 + t**2) + t, 1),
        (lambda t: 0 * t, 0),
        (lambda t: 1e6 + t, 1),
    ],
)
def test_smooth_functions(function: Callable[[float], Array], expected: float) -> None:
    found = slope(lambda t: np.asarray(function(t)))
    assert found.exists
    assert found.values == pytest.approx(expected, abs=1e-3 if function(0.0) > 1e5 else 1e-8)


@pytest.mark.parametrize("at", [1e-1, 1e-2, 1e-3, 3e-4, 1e-4, 3e-5, 1.1e-5])
def test_a_kink_that_is_not_too_near_does_not_matter(at: float) -> None:
    found = slope(lambda t: np.array([max(t - at, 0), max(t + at, 0), abs(t - at)]))
    assert found.exists.all()
    assert found.values == pytest.approx([0, 1, -1], abs=1e-9)


@pytest.mark.parametrize("at", [0, 1e-9, 1e-7, 7e-6])
def test_a_kink_that_is_near_is_seen(at: float) -> None:
    found = slope(lambda t: np.array([max(t - at, 0), t, abs(t + at), float(t > at)]))
    assert found.exists.tolist() == [False, True, False, False]


def test_each_element_is_taken_for_itself() -> None:
    """The one has a kink where the other is straight, and bends where the first does not."""
    found = slope(lambda t: np.array([[np.sin(300 * t)], [abs(t - 2e-3)]]))
    assert found.values == pytest.approx(np.array([[300], [-1]]), rel=1e-7)

"""Resizing by hand: the source positions of ``ops/resizing.py``, evaluated for a few lengths."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from archanalyzer.testing import case_named, input_gradients, run_forward

NEAREST: dict[str, Any] = {"mode": "nearest"}
LINEAR: dict[str, Any] = {"mode": "linear"}
ALIGNED: dict[str, Any] = {"mode": "linear", "align_corners": True}


@pytest.mark.parametrize(
    ("x", "fields", "y", "dy", "dx"),
    [
        ([1, 2], NEAREST, [1, 1, 2, 2], [1, 2, 3, 4], [3, 7]),
        # ⌊o · 5 / 3⌋ = 0, 1, 3
        ([1, 2, 3, 4, 5], NEAREST, [1, 2, 4], [1, 2, 3], [1, 2, 0, 3, 0]),
        # ⌊o · 2 / 5⌋ = 0, 0, 0, 1, 1
        ([1, 2], NEAREST, [1, 1, 1, 2, 2], [1, 2, 3, 4, 5], [6, 9]),
        # s = -¼, raised to 0; ¼; ¾; 1¼, where the input ends at 1
        ([0, 4], LINEAR, [0, 1, 3, 4], [8, 8, 4, 4], [8 + 6 + 1, 2 + 3 + 4]),
        # s = ½, 2½
        ([0, 2, 4, 8], LINEAR, [1, 6], [2, 4], [1, 1, 2, 2]),
        # s = 0, ½, 1, 1½, 2
        ([0, 2, 4], ALIGNED, [0, 1, 2, 3, 4], [1, 2, 3, 4, 5], [1 + 1, 1 + 3 + 2, 2 + 5]),
        ([3, 4], ALIGNED, [3], [5], [5, 0]),
        ([3], LINEAR, [3, 3, 3], [1, 2, 4], [7]),
        ([3, 4], LINEAR, [3, 4], [1, 2], [1, 2]),
    ],
    ids=[
        "nearest, factor 2",
        "nearest, down",
        "nearest, by a fraction",
        "linear",
        "linear, down",
        "aligned",
        "to one",
        "from one",
        "to the same",
    ],
)
def test_one_axis(x: list[float], fields: dict[str, Any], y: list[float], dy: list[float], dx: list[float]) -> None:
    case = case_named("upsample", (1, len(x)), size=len(y), **fields)
    forward = run_forward(case, [[[x]]])
    np.testing.assert_allclose(forward.output, [[y]], rtol=1e-15)
    (found,) = input_gradients(case, forward, [[dy]])
    np.testing.assert_allclose(found, [[dx]], rtol=1e-15)


def test_two_axes() -> None:
    """The four corners stay; between them, means of two, and of four in the middle, whose gradients go back so."""
    case = case_named("upsample", (1, 2, 2), size=3, mode="bilinear", align_corners=True)
    forward = run_forward(case, [[[[[0, 2], [4, 6]]]]], dtype=np.float32)
    assert forward.output.tolist() == [[[[0, 1, 2], [2, 3, 4], [4, 5, 6]]]]
    (dx,) = input_gradients(case, forward, [[[[1, 10, 1], [20, 100, 20], [1, 10, 1]]]])
    np.testing.assert_array_equal(dx, np.full((1, 1, 2, 2), 1 + 5 + 10 + 25, np.float32))


def test_nearest_over_three_axes_of_several_samples() -> None:
    x = np.arange(8).reshape(2, 2, 1, 1, 2)
    case = case_named("upsample", (2, 1, 1, 2), factor=(2, 1, 3))
    forward = run_forward(case, [x])
    np.testing.assert_array_equal(forward.output, x.repeat(2, axis=2).repeat(3, axis=4))
    (dx,) = input_gradients(case, forward, forward.output)
    np.testing.assert_array_equal(dx, 6 * x)


def test_nan_stays_with_the_outputs_that_read_it() -> None:
    """Sources 0, ½, 1, 1½, 2: the third output shows position 1 alone."""
    case = case_named("upsample", (1, 3), size=5, **ALIGNED)
    np.testing.assert_array_equal(run_forward(case, [[[[np.nan, 1, 2]]]]).output, [[[np.nan, np.nan, 1, 1.5, 2]]])

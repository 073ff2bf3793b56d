"""Rearranging by hand: numbers keep their order, or go where their axes go, and gradients come back the same way."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from archanalyzer.testing import case_named, input_gradients, run_forward


@pytest.mark.parametrize(
    ("name", "fields", "shape"),
    [("flatten", {}, (2, 12)), ("reshape", {"shape": (4, -1)}, (2, 4, 3)), ("reshape", {"shape": (12,)}, (2, 12))],
    ids=str,
)
def test_numbers_keep_their_order(name: str, fields: dict[str, Any], shape: tuple[int, ...]) -> None:
    x = np.arange(24.0).reshape(2, 2, 3, 2)
    case = case_named(name, (2, 3, 2), **fields)
    forward = run_forward(case, [x])
    assert (forward.output.shape, forward.output.ravel().tolist()) == (shape, list(range(24)))
    (dx,) = input_gradients(case, forward, -forward.output)
    np.testing.assert_array_equal(dx, -x)


def test_axes_in_another_order() -> None:
    """Output axis k is input axis (2, 0, 1)[k]: of x[c, h, w], the output is y[w, c, h]; twice more, and x is back."""
    x = np.arange(48.0).reshape(2, 2, 3, 4)
    case = case_named("permute", (2, 3, 4), axes=(2, 0, 1))
    forward = run_forward(case, [x])
    assert forward.output.shape == (2, 4, 2, 3)
    assert forward.output[1, 3, 0, 2] == x[1, 0, 2, 3]
    (dx,) = input_gradients(case, forward, forward.output)
    np.testing.assert_array_equal(dx, x)

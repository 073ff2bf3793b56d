"""Pads and crops by hand, corners included."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from archanalyzer.testing import case_named, input_gradients, run_backward, run_forward

POWERS = [1, 2, 4, 8, 16, 32, 64]
"""As gradients by an output: a sum of them says which it is a sum of."""


@pytest.mark.parametrize(
    ("mode", "amount", "y", "shows"),
    [
        ("reflect", ((2, 2),), [3, 2, 1, 2, 3, 2, 1], [[2, 6], [1, 3, 5], [0, 4]]),
        ("replicate", ((3, 1),), [1, 1, 1, 1, 2, 3, 3], [[0, 1, 2, 3], [4], [5, 6]]),
        ("circular", ((1, 3),), [3, 1, 2, 3, 1, 2, 3], [[1, 4], [2, 5], [0, 3, 6]]),
        ("zeros", ((1, 3),), [0, 1, 2, 3, 0, 0, 0], [[1], [2], [3]]),
    ],
)
def test_one_axis(mode: str, amount: Any, y: list[float], shows: list[list[int]]) -> None:
    """Position i is shown by the outputs ``shows[i]``."""
    case = case_named("pad", (1, 3), mode=mode, amount=amount)
    forward = run_forward(case, [[[[1, 2, 3]]]])
    assert forward.output.tolist() == [[y]]
    (dx,) = input_gradients(case, forward, [[POWERS]])
    assert dx.tolist() == [[[sum(POWERS[o] for o in outputs) for outputs in shows]]]


def test_a_value_around_the_input() -> None:
    case = case_named("pad", (1, 1, 2), amount=((1, 0), 1), value=-1.5)
    forward = run_forward(case, [[[[[1, 2]]]]], dtype=np.float32)
    assert forward.output.tolist() == [[[[-1.5, -1.5, -1.5, -1.5], [-1.5, 1, 2, -1.5]]]]
    (dx,) = input_gradients(case, forward, [[[[1, 2, 3, 4], [5, 6, 7, 8]]]])
    assert dx.tolist() == [[[[6, 7]]]]


@pytest.mark.parametrize(
    ("mode", "y", "dx"),
    [
        ("replicate", [[1, 1, 2], [1, 1, 2], [3, 3, 4]], [[1 + 2 + 8 + 16, 4 + 32], [64 + 128, 256]]),
        ("reflect", [[4, 3, 4], [2, 1, 2], [4, 3, 4]], [[16, 8 + 32], [2 + 128, 1 + 4 + 64 + 256]]),
        ("circular", [[4, 3, 4], [2, 1, 2], [4, 3, 4]], [[16, 8 + 32], [2 + 128, 1 + 4 + 64 + 256]]),
    ],
)
def test_corners(mode: str, y: list[list[float]], dx: list[list[float]]) -> None:
    """A row and a column before the input: the corner shows what the rules of both axes name together."""
    case = case_named("pad", (1, 2, 2), mode=mode, amount=((1, 0), (1, 0)))
    forward = run_forward(case, [[[[[1, 2], [3, 4]]]]])
    assert forward.output.tolist() == [[y]]
    (found,) = input_gradients(case, forward, 2 ** np.arange(9).reshape(1, 1, 3, 3))
    assert found.tolist() == [[dx]]


@pytest.mark.parametrize(
    ("fields", "columns"),
    [({"amount": ((1, 2),)}, slice(1, 3)), ({"size": 2}, slice(1, 3)), ({"amount": 2}, slice(2, 3))],
    ids=str,
)
def test_crop(fields: dict[str, Any], columns: slice) -> None:
    x = np.arange(1.0, 11).reshape(1, 2, 5)
    case = case_named("crop", (2, 5), **fields)
    forward = run_forward(case, [x])
    np.testing.assert_array_equal(forward.output, x[..., columns])
    (dx,) = input_gradients(case, forward, forward.output)
    expected = np.zeros_like(x)
    expected[..., columns] = x[..., columns]
    np.testing.assert_array_equal(dx, expected)


@pytest.mark.parametrize(("align", "columns"), [("center", slice(1, 3)), ("start", slice(0, 2))])
def test_crop_like_gives_its_reference_no_gradient(align: str, columns: slice) -> None:
    x = np.arange(1.0, 6).reshape(1, 1, 5)
    case = case_named("crop_like", (1, 5), (3, 2), align=align)
    forward = run_forward(case, [x, np.ones((1, 3, 2))])
    np.testing.assert_array_equal(forward.output, x[..., columns])
    dx, of_reference = input_gradients(case, forward, [[[7, 8]]])
    expected = np.zeros((1, 1, 5))
    expected[..., columns] = [7, 8]
    np.testing.assert_array_equal(dx, expected)
    np.testing.assert_array_equal(of_reference, np.zeros((1, 3, 2)))
    assert run_backward(case, forward, [[[7, 8]]], wanted=[False, True]).dx[0] is None

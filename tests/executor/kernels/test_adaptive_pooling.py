"""Adaptive and global pools by hand: cells that overlap, more outputs than inputs, ties, NaN."""

from __future__ import annotations

import numpy as np
import pytest

from archanalyzer.testing import case_named, input_gradients, run_forward


@pytest.mark.parametrize(
    ("x", "y", "dy", "dx"),
    [
        # 5 positions to 3 outputs: the cells {0, 1}, {1, 2, 3}, {3, 4}.
        ([1, 2, 3, 4, 5], [1.5, 3, 4.5], [2, 3, 4], [1, 1 + 1, 1, 1 + 2, 2]),
        # 2 positions to 3 outputs: {0}, {0, 1}, {1}.
        ([4, 8], [4, 6, 8], [1, 2, 3], [1 + 1, 1 + 3]),
    ],
    ids=["overlap", "more outputs than inputs"],
)
def test_means(x: list[float], y: list[float], dy: list[float], dx: list[float]) -> None:
    case = case_named("adaptive_avg_pool1d", (1, len(x)), size=len(y))
    forward = run_forward(case, [[[x]]])
    assert forward.output.tolist() == [[y]]
    (found,) = input_gradients(case, forward, [[dy]])
    assert found.tolist() == [[dx]]


def test_maxima() -> None:
    """The cells are columns {0, 1} and {1, 2} of both rows; both samples' positions count from the sample's start."""
    case = case_named("adaptive_max_pool2d", (1, 2, 3), size=(1, 2))
    forward = run_forward(case, [[[[[1, 2, 9], [8, 3, 4]]], [[[0, 5, 0], [0, 5, 0]]]]])
    assert forward.output.tolist() == [[[[8, 9]]], [[[5, 5]]]]
    assert forward.extras["positions"].tolist() == [[[[3, 2]]], [[[1, 1]]]]
    (dx,) = input_gradients(case, forward, [[[[1, 10]]], [[[1, 10]]]])
    assert dx.tolist() == [[[[0, 0, 10], [1, 0, 0]]], [[[0, 11, 0], [0, 0, 0]]]]


@pytest.mark.parametrize(("keep_axes", "shape"), [(False, (2, 2)), (True, (2, 2, 1, 1))])
def test_global_pools(keep_axes: bool, shape: tuple[int, ...]) -> None:
    """Two samples of two channels; of the equal maxima of the first channel, the first gets the gradient."""
    x = [[[[1, 7], [7, 5]], [[0, 0], [0, 4]]], [[[2, 2], [2, 2]], [[-3, -1], [-2, -2]]]]
    dy = np.array([4, 8, 12, 16]).reshape(shape)

    case = case_named("global_max_pool", (2, 2, 2), keep_axes=keep_axes)
    forward = run_forward(case, [x])
    assert (forward.output.shape, forward.output.ravel().tolist()) == (shape, [7, 4, 2, -1])
    (dx,) = input_gradients(case, forward, dy)
    assert dx.reshape(4, 4).tolist() == [[0, 4, 0, 0], [0, 0, 0, 8], [12, 0, 0, 0], [0, 16, 0, 0]]

    case = case_named("global_avg_pool", (2, 2, 2), keep_axes=keep_axes)
    forward = run_forward(case, [x])
    assert (forward.output.shape, forward.output.ravel().tolist()) == (shape, [5, 1, 2, -2])
    (dx,) = input_gradients(case, forward, dy)
    assert dx.reshape(4, 4).tolist() == [[1] * 4, [2] * 4, [3] * 4, [4] * 4]


def test_nan_is_a_maximum() -> None:
    forward = run_forward(case_named("global_max_pool", (2, 3)), [[[[1.0, np.nan, 2.0], [1.0, 2.0, 3.0]]]])
    np.testing.assert_array_equal(forward.output, [[np.nan, 3]])
    assert forward.extras["positions"].tolist() == [[1, 2]]

"""Sliding pools by hand: ties, NaN, windows that overlap, reach into the padding or hang over the end."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest

from archanalyzer.ops.geometry import Sliding
from archanalyzer.testing import case_named, input_gradients, run_backward, run_forward

NAN, INF = np.nan, np.inf


def test_of_equal_maxima_the_first_counts() -> None:
    """The windows are (1, 3), (3, 3) and (3, 2): the maximum of the second one is its first element."""
    case = case_named("max_pool1d", (1, 4), kernel=2, stride=1)
    forward = run_forward(case, [[[[1, 3, 3, 2]]]])
    assert forward.output.tolist() == [[[3, 3, 3]]]
    assert forward.extras["positions"].tolist() == [[[1, 1, 2]]]
    (dx,) = input_gradients(case, forward, [[[1, 10, 100]]])
    assert dx.tolist() == [[[0, 11, 100, 0]]]


def test_dilated_windows_in_padding() -> None:
    """Along both axes, the outputs read the positions {1}, {0, 2} and {1}; the numbers grow along both."""
    case = case_named("max_pool2d", (1, 3, 3), kernel=2, stride=1, dilation=2, padding=1)
    forward = run_forward(case, [[[[[1, 2, 3], [4, 5, 6], [7, 8, 9]]]]])
    assert forward.output[0, 0].tolist() == [[5, 6, 5], [8, 9, 8], [5, 6, 5]]
    assert forward.extras["positions"][0, 0].tolist() == [[4, 5, 4], [7, 8, 7], [4, 5, 4]]
    (dx,) = input_gradients(case, forward, np.ones((1, 1, 3, 3)))
    assert dx[0, 0].tolist() == [[0, 0, 0], [0, 4, 2], [0, 2, 1]]


@pytest.mark.parametrize(
    ("x", "fields", "y", "positions"),
    [
        ([1, NAN, 3, NAN, 2], {"kernel": 3, "stride": 1}, [NAN, NAN, NAN], [1, 3, 3]),
        ([-INF, -INF], {"kernel": 2, "stride": 1, "padding": 1}, [-INF, -INF, -INF], [0, 0, 1]),
        ([INF, 1, INF], {"kernel": 2, "stride": 1}, [INF, INF], [0, 2]),
        ([1, 2, 3], {"kernel": 2, "ceil_mode": True}, [2, 3], [1, 2]),
        ([5, 1, 2], {"kernel": 2, "stride": 1, "padding": "same"}, [5, 2, 2], [0, 2, 2]),
    ],
    ids=["NaN: the last, as in PyTorch", "nothing above -inf: the first inside", "inf", "hangs over", "same"],
)
def test_special_maxima(x: list[float], fields: dict[str, Any], y: list[float], positions: list[int]) -> None:
    forward = run_forward(case_named("max_pool1d", (1, len(x)), **fields), [[[x]]])
    np.testing.assert_array_equal(forward.output, [[y]])
    assert forward.extras["positions"].tolist() == [[positions]]


def test_an_infinite_gradient_goes_to_the_maximum_alone() -> None:
    case = case_named("max_pool1d", (1, 4), kernel=2)
    (dx,) = input_gradients(case, run_forward(case, [[[[1, 2, 4, 3]]]]), [[[INF, 1]]])
    assert dx.tolist() == [[[0, INF, 1, 0]]]


@pytest.mark.parametrize(
    ("x", "fields", "y"),
    [
        ([2, 4, 6], {"kernel": 3, "stride": 1, "padding": 1}, [6 / 3, 12 / 3, 10 / 3]),
        ([2, 4, 6], {"kernel": 3, "stride": 1, "padding": 1, "count_padding": False}, [6 / 2, 12 / 3, 10 / 2]),
        ([1, 2, 3], {"kernel": 2, "stride": 1, "padding": "same"}, [3 / 2, 5 / 2, 3 / 2]),
        ([1, 2, 3, 4, 5], {"kernel": 2, "ceil_mode": True}, [3 / 2, 7 / 2, 5 / 1]),
        # Windows start at -1, 1 and 3; the padded input ends behind position 4.
        ([3, 6, 9, 12], {"kernel": 3, "stride": 2, "padding": 1, "ceil_mode": True}, [9 / 3, 27 / 3, 12 / 2]),
        (
            [3, 6, 9, 12],
            {"kernel": 3, "stride": 2, "padding": 1, "ceil_mode": True, "count_padding": False},
            [9 / 2, 27 / 3, 12 / 1],
        ),
        ([6, 4], {"kernel": 2, "stride": 1, "padding": ((1, 0),)}, [6 / 2, 10 / 2]),
    ],
    ids=["padding", "input alone", "same", "hangs over", "hangs over padding", "hangs over, input alone", "one side"],
)
def test_what_a_mean_counts(x: list[float], fields: dict[str, Any], y: list[float]) -> None:
    forward = run_forward(case_named("avg_pool1d", (1, len(x)), **fields), [[[x]]])
    np.testing.assert_allclose(forward.output, [[y]], rtol=1e-15)


def test_gradient_of_means() -> None:
    """Of dy = (2, 3, 4), windows of 2, 3 and 2 positions give 1, 1 and 2 to each."""
    case = case_named("avg_pool1d", (1, 3), kernel=3, stride=1, padding=1, count_padding=False)
    (dx,) = input_gradients(case, run_forward(case, [[[[2, 4, 6]]]]), [[[2, 3, 4]]])
    assert dx.tolist() == [[[1 + 1, 1 + 1 + 2, 1 + 2]]]


def test_means_over_three_axes_of_several_samples_and_channels() -> None:
    """Each cube holds eight numbers in a row, whose mean is 3.5 above its first."""
    x = np.arange(2 * 3 * 8).reshape(2, 3, 2, 2, 2)
    case = case_named("avg_pool3d", (3, 2, 2, 2), kernel=2)
    forward = run_forward(case, [x], dtype=np.float32)
    assert forward.output.dtype == np.float32
    assert forward.output.ravel().tolist() == [3.5, 11.5, 19.5, 27.5, 35.5, 43.5]
    (dx,) = input_gradients(case, forward, 8 * forward.output)
    np.testing.assert_array_equal(dx, np.broadcast_to(forward.output, dx.shape))


@pytest.mark.parametrize("name", ["max_pool1d", "avg_pool1d"])
def test_no_gradient_where_none_is_wanted(name: str) -> None:
    case = case_named(name, (1, 4), kernel=2)
    forward = run_forward(case, [[[[1, 2, 3, 4]]]])
    assert run_backward(case, forward, [[[1, 1]]], wanted=[False]).dx == (None,)


@pytest.mark.parametrize("kernel", [1, 3])
@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("dilation", [1, 2, 4])
def test_a_tap_is_where_the_window_says(kernel: int, stride: int, dilation: int) -> None:
    for length, before, outputs in product(range(1, 5), range(4), range(1, 6)):
        sliding = Sliding(length, kernel, stride, dilation, before, 0, outputs)
        for k in range(kernel):
            places = {o: o * stride - before + k * dilation for o in range(outputs)}
            of_outputs, of_positions = sliding.tap(k)
            found = zip(range(outputs)[of_outputs], range(length)[of_positions], strict=True)
            assert dict(found) == {o: position for o, position in places.items() if 0 <= position < length}

"""Merging by hand: pieces side by side, repeated inputs, and products with zeros among the factors."""

from __future__ import annotations

import numpy as np
import pytest

from archanalyzer.testing import case_named, input_gradients, run_backward, run_forward


def test_concat_puts_pieces_side_by_side() -> None:
    case = case_named("concat", (1, 1), (1, 3), (1, 2), axis=1)
    forward = run_forward(case, [[[[1]], [[7]]], [[[2, 3, 4]], [[8, 9, 10]]], [[[5, 6]], [[11, 12]]]])
    assert forward.output.tolist() == [[[1, 2, 3, 4, 5, 6]], [[7, 8, 9, 10, 11, 12]]]
    first, second, third = run_backward(case, forward, -forward.output, wanted=[True, False, True]).dx
    np.testing.assert_array_equal(first, [[[-1]], [[-7]]])
    assert second is None
    np.testing.assert_array_equal(third, [[[-5, -6]], [[-11, -12]]])


def test_add_sums_the_gradients_of_what_it_repeats() -> None:
    """A number a channel, and a row for all channels: the gradients are the sums over the other axis."""
    case = case_named("add", (2, 3), (2, 1), (1, 3))
    forward = run_forward(case, [[[[1, 2, 3], [4, 5, 6]]], [[[10], [20]]], [[[100, 200, 300]]]])
    assert forward.output.tolist() == [[[111, 212, 313], [124, 225, 326]]]
    whole, column, row = input_gradients(case, forward, [[[1, 2, 4], [8, 16, 32]]])
    np.testing.assert_array_equal(whole, [[[1, 2, 4], [8, 16, 32]]])
    np.testing.assert_array_equal(column, [[[7], [56]]])
    np.testing.assert_array_equal(row, [[[9, 18, 36]]])


def test_inputs_that_are_all_repeated() -> None:
    """A column and a row make a table; no input has its shape."""
    case = case_named("multiply", (2, 1), (1, 3))
    forward = run_forward(case, [[[[2], [3]]], [[[1, 10, 100]]]])
    assert forward.output.tolist() == [[[2, 20, 200], [3, 30, 300]]]
    column, row = input_gradients(case, forward, np.ones((1, 2, 3)))
    np.testing.assert_array_equal(column, [[[111], [111]]])
    np.testing.assert_array_equal(row, [[[5, 5, 5]]])


@pytest.mark.parametrize(
    ("factors", "gradients"),
    [
        ([2, 3, 5], [15, 10, 6]),
        ([0, 3, 5], [15, 0, 0]),
        ([0, 0, 5], [0, 0, 0]),
        ([-2, 3], [3, -2]),
    ],
    ids=str,
)
def test_products_with_zeros(factors: list[float], gradients: list[float]) -> None:
    """Each factor's gradient is the product of the others, times 7."""
    case = case_named("multiply", *[(1,)] * len(factors))
    forward = run_forward(case, [[[factor]] for factor in factors])
    assert forward.output.tolist() == [[np.prod(factors)]]
    found = input_gradients(case, forward, [[7]])
    np.testing.assert_array_equal(np.array(found).ravel(), 7 * np.array(gradients))

"""Sparse matrices do what the dense ones do."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archanalyzer.executor.errors import ExecutorError
from archanalyzer.executor.kernel import Array
from archanalyzer.executor.machine import limit_memory
from archanalyzer.executor.sparse import Sparse, difference, stacked


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Array, Array]:
    """Two matrices of one shape, many of whose entries are zero."""
    shape = draw(st.tuples(st.integers(1, 4), st.integers(1, 4)))
    numbers = st.lists(st.integers(-2, 2), min_size=shape[0] * shape[1], max_size=shape[0] * shape[1])
    first, second = (np.array(draw(numbers), float).reshape(shape) for _ in range(2))
    return first, second


def sparse(full: Array, rows_at_once: int = 2) -> Sparse:
    blocks = [full[start : start + rows_at_once] for start in range(0, len(full), rows_at_once)]
    return stacked(blocks, (full.shape[0], full.shape[1]))


@given(pairs())
def test_what_is_done_to_it(pair: tuple[Array, Array]) -> None:
    full, other = pair
    matrix = sparse(full)
    assert len(matrix.values) == np.count_nonzero(full)
    np.testing.assert_array_equal(matrix.dense(), full)
    np.testing.assert_array_equal(matrix.transposed().dense(), full.T)
    np.testing.assert_array_equal(matrix.at(np.arange(full.size)), full.reshape(-1))
    np.testing.assert_array_equal(matrix.times(other[0]), full @ other[0])
    np.testing.assert_array_equal(matrix.reshaped((1, full.size)).dense(), full.reshape(1, -1))
    np.testing.assert_array_equal(difference(matrix, sparse(other)).dense(), full - other)
    moved = np.roll(np.arange(len(full)), 1)
    turned = np.empty_like(full)
    turned[moved] = full
    np.testing.assert_array_equal(matrix.with_rows(moved).dense(), turned)


@given(pairs())
def test_entries_stand_row_by_row(pair: tuple[Array, Array]) -> None:
    full, other = pair
    for matrix in (sparse(full), sparse(full).transposed(), difference(sparse(full), sparse(other))):
        assert matrix.keys.tolist() == sorted(matrix.keys.tolist())
        starts = matrix.row_starts()
        for row in range(matrix.shape[0]):
            assert set(matrix.rows[starts[row] : starts[row + 1]].tolist()) <= {row}
        assert starts[-1] == len(matrix.values)


def test_what_rounding_leaves_is_zero() -> None:
    third = np.array([[1 / 3, 1.0]])
    rounded = np.array([[np.nextafter(1 / 3, 1), 0.5]])
    assert difference(sparse(rounded), sparse(third)).dense().tolist() == [[0, -0.5]]


def test_memory_is_asked_for_before_it_is_taken() -> None:
    before = limit_memory(24 * 3)
    try:
        sparse(np.eye(3))
        with pytest.raises(ExecutorError, match=r"the entries of the matrix need 96 bytes, allowed are 72"):
            sparse(np.eye(4))
        with pytest.raises(ExecutorError, match="zeros included, need 80 bytes, allowed are 72"):
            stacked([np.eye(1, 10)], (1, 10)).dense()
    finally:
        limit_memory(before)

"""Matrices of which most entries are zero, by the others: plain NumPy, so that nothing else need be installed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from archanalyzer.executor.kernel import Array
from archanalyzer.executor.machine import require_memory

ENTRY_BYTES = 24
"""Of one entry: its row, its column and its value."""


class Sparse(NamedTuple):
    """A matrix by those of its entries that are not zero: row, column (both from 0) and value of each, row by row."""

    shape: tuple[int, int]
    rows: Array
    columns: Array
    values: Array

    @property
    def keys(self) -> Array:
        """Where the entries would be in all of the matrix, one row behind the other; ascending."""
        return self.rows * self.shape[1] + self.columns

    def at(self, keys: Array) -> Array:
        """The values at such places, zeros among them."""
        own = self.keys
        if not len(own):
            return np.zeros(len(keys))
        place = np.minimum(np.searchsorted(own, keys), len(own) - 1)
        found: Array = np.where(own[place] == keys, self.values[place], 0.0)
        return found

    def dense(self) -> Array:
        """All of the matrix.

        Raises:
            ExecutorError: it is too large.
        """
        require_memory(8 * self.shape[0] * self.shape[1], "the entries of the matrix, zeros included,")
        full = np.zeros(self.shape)
        full[self.rows, self.columns] = self.values
        return full

    def row_starts(self) -> Array:
        """Where the entries of each row begin, and where those of the last end: ``indptr`` of the layout CSR."""
        return np.concatenate(([0], np.cumsum(np.bincount(self.rows, minlength=self.shape[0]))))

    def times(self, vector: Array) -> Array:
        """The product with a vector."""
        products = self.values * vector[self.columns]
        return np.bincount(self.rows, products, self.shape[0]).astype(np.float64)  # without entries it counts

    def reshaped(self, shape: tuple[int, int]) -> Sparse:
        """The same entries, one row behind the other, in rows of another length."""
        rows, columns = np.divmod(self.keys, shape[1])
        return Sparse(shape, rows, columns, self.values)

    def transposed(self) -> Sparse:
        """Rows as columns."""
        order = np.lexsort((self.rows, self.columns))
        shape = (self.shape[1], self.shape[0])
        return Sparse(shape, self.columns[order], self.rows[order], self.values[order])

    def with_rows(self, moved: Array) -> Sparse:
        """The matrix whose row ``moved[i]`` is row i of this one."""
        rows = moved[self.rows]
        order = np.lexsort((self.columns, rows))
        return Sparse(self.shape, rows[order], self.columns[order], self.values[order])


def empty(shape: tuple[int, int]) -> Sparse:
    """The matrix of zeros."""
    return Sparse(shape, np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0))


def stacked(blocks: Iterable[Array], shape: tuple[int, int]) -> Sparse:
    """The matrix of these blocks of rows, one below the other.

    Raises:
        ExecutorError: it has too many entries.
    """
    found: list[Sparse] = [empty(shape)]
    start = entries = 0
    for block in blocks:
        entries += int(np.count_nonzero(block))
        require_memory(ENTRY_BYTES * entries, "the entries of the matrix")
        rows, columns = np.nonzero(block)
        found.append(Sparse(shape, rows + start, columns, block[rows, columns]))
        start += len(block)
    return below(found)


def below(parts: list[Sparse]) -> Sparse:
    """The entries of several matrices of one shape, each in rows below those of the one before it."""
    _, rows, columns, values = zip(*parts, strict=True)
    return Sparse(parts[0].shape, np.concatenate(rows), np.concatenate(columns), np.concatenate(values))


def difference(one: Sparse, other: Sparse) -> Sparse:
    """``one`` minus ``other``, of one shape; what rounding alone leaves counts as zero."""
    if not len(other.values):
        return one
    keys = np.union1d(one.keys, other.keys)
    first, second = one.at(keys), other.at(keys)
    values = first - second
    kept = np.abs(values) > 1e-13 * np.maximum(np.abs(first), np.abs(second))
    rows, columns = np.divmod(keys[kept], one.shape[1])
    return Sparse(one.shape, rows, columns, values[kept])

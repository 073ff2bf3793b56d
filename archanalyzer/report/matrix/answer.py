"""What is told of the matrix of a layer, and its entries as they are listed, whether numbers or weights by name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from archanalyzer.executor.kernel import Array
from archanalyzer.executor.sparse import Sparse
from archanalyzer.executor.weight_terms import Terms

CONSTANT = -1
"""The weight of a number that stands alone."""


class Term(NamedTuple):
    """A number times the weight of an index; the number alone where that is ``CONSTANT``."""

    factor: float
    weight: int


class MatrixAnswer(NamedTuple):
    """The matrix of a part of a network: vec(output) = W·vec(input) + c.

    ``name`` is that of the layer, the block or the network, ``kind`` its type, ``block`` or ``network``; ``inputs`` and
    ``output`` are names and shapes. ``matrix`` and ``offset`` are W and c in numbers; ``terms`` are W in terms of the
    weights, ``offset_terms`` c in terms of weights and biases, None where that is not asked for or not possible.
    ``arrays`` are those of the weights and, behind them, the biases, by their names in the network. ``is_exact``: no
    weight is in the numbers, so that a fraction that gives an entry is that entry. ``shows_names``: entries are shown
    by name, where they have weights. ``gradient``: E is asked for too. ``notes`` are further lines.
    """

    network: str
    path: str
    name: str
    kind: str
    inputs: tuple[tuple[str, tuple[int, ...]], ...]
    output: tuple[str, tuple[int, ...]]
    matrix: Sparse
    offset: Array
    terms: Terms | None
    offset_terms: Terms | None
    arrays: tuple[str, ...]
    is_exact: bool
    shows_names: bool
    gradient: bool
    notes: tuple[str, ...] = ()

    @property
    def has_offset(self) -> bool:
        """Whether c is anything but zeros, whatever the biases are."""
        if self.shows_names and self.offset_terms is not None:
            terms = self.offset_terms
            return bool(len(terms.parts.values) or len(terms.constant.values))
        return bool(self.offset.any())

    def entries(self) -> Entries:
        """Those of W: by name where names are asked for."""
        return of_terms(self.terms) if self.shows_names and self.terms is not None else of_numbers(self.matrix)

    def offset_entries(self) -> Entries:
        """Those of c, a matrix of one column."""
        if self.shows_names and self.offset_terms is not None:
            return of_terms(self.offset_terms)
        rows = np.flatnonzero(self.offset)
        return of_numbers(Sparse((len(self.offset), 1), rows, np.zeros_like(rows), self.offset[rows]))


class Entries:
    """The entries of a matrix that are not zero, each a sum of terms, row by row."""

    def __init__(self, shape: tuple[int, int], keys: Array, weights: Array, factors: Array) -> None:
        self.shape = shape
        self._keys = keys
        self._weights = weights
        self._factors = factors

    def __len__(self) -> int:
        return int(np.count_nonzero(np.diff(self._keys, prepend=-1)))

    def of_row(self, row: int, columns: int | None = None, most: int | None = None) -> dict[int, list[Term]]:
        """By column, the entries of a row, in its first ``columns`` columns; the first ``most`` terms of them."""
        first = row * self.shape[1]
        stop = first + (self.shape[1] if columns is None else columns)
        start, end = np.searchsorted(self._keys, (first, stop))
        found: dict[int, list[Term]] = {}
        for place in range(start, end)[:most]:
            term = Term(float(self._factors[place]), int(self._weights[place]))
            found.setdefault(int(self._keys[place]) - first, []).append(term)
        return found

    def all(self) -> Iterator[tuple[int, int, list[Term]]]:
        """Row, column and terms of each."""
        for row in range(self.shape[0]):
            for column, terms in self.of_row(row).items():
                yield row, column, terms


def of_numbers(matrix: Sparse) -> Entries:
    """The entries of a matrix of numbers."""
    return Entries(matrix.shape, matrix.keys, np.full(len(matrix.values), CONSTANT), matrix.values)


def of_terms(terms: Terms) -> Entries:
    """The entries of a matrix in terms of weights."""
    keys = np.concatenate((terms.constant.keys, terms.parts.columns))
    weights = np.concatenate((np.full(len(terms.constant.values), CONSTANT), terms.parts.rows))
    factors = np.concatenate((terms.constant.values, terms.parts.values))
    order = np.lexsort((weights, keys))
    return Entries(terms.shape, keys[order], weights[order], factors[order])

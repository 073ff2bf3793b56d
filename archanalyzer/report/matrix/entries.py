"""The entries of a matrix as they are listed, whether numbers or weights by name, and what is told besides."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from archanalyzer.executor.kernel import Array
from archanalyzer.executor.matrix_answer import MatrixAnswer
from archanalyzer.executor.sparse import Sparse
from archanalyzer.executor.weight_terms import Terms

CONSTANT = -1
"""The weight of a number that stands alone."""


class Term(NamedTuple):
    """A number times the weight of an index; the number alone where that is ``CONSTANT``."""

    factor: float
    weight: int


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


def entries_of(answer: MatrixAnswer) -> Entries:
    """Those of W: by name where names are asked for."""
    return of_terms(answer.terms) if answer.shows_names and answer.terms is not None else of_numbers(answer.matrix)


def offset_entries_of(answer: MatrixAnswer) -> Entries:
    """Those of c, a matrix of one column."""
    if answer.shows_names and answer.offset_terms is not None:
        return of_terms(answer.offset_terms)
    rows = np.flatnonzero(answer.offset)
    return of_numbers(Sparse((len(answer.offset), 1), rows, np.zeros_like(rows), answer.offset[rows]))


def notes_of(answer: MatrixAnswer) -> tuple[str, ...]:
    """Further lines."""
    return () if answer.no_terms is None else (f"in numbers, since {answer.no_terms}",)

"""The matrix of a layer as JSON, by the contract of the documentation: what is not zero, by row and column from 0."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from archanalyzer.executor.machine import require_memory
from archanalyzer.executor.matrix_answer import MatrixAnswer
from archanalyzer.executor.sparse import Sparse
from archanalyzer.executor.weight_terms import Terms
from archanalyzer.report.json_text import document
from archanalyzer.report.matrix.entries import CONSTANT, Entries, Term, entries_of, notes_of, offset_entries_of
from archanalyzer.report.matrix.limits import require_short
from archanalyzer.report.matrix.words import UNICODE, Names, Writer

_BYTES_AN_ENTRY = 500
_TIMES_AS_LONG = 4
"""To write an entry by name as to write it in text; one in numbers takes as long as in text."""


def render(answer: MatrixAnswer) -> str:
    """One document: entries as text and as sums where they are names or fractions, as numbers where they are known.

    Raises:
        ExecutorError: the lists are too large.
    """
    parts = (
        [] if answer.terms is None or answer.offset_terms is None else [answer.terms.parts, answer.offset_terms.parts]
    )
    entries, gradient = len(answer.matrix.values), sum(len(each.values) for each in parts)
    besides = (_TIMES_AS_LONG - 1) * entries * answer.shows_names + gradient * answer.gradient
    require_short(entries, 0, "the document", besides=besides)
    require_memory(_BYTES_AN_ENTRY * (entries + gradient), "the lists of entries")
    return document(
        {
            "name": answer.network,
            "path": answer.path,
            "part": {"name": answer.name, "kind": answer.kind},
            "inputs": [{"name": name, "shape": list(shape)} for name, shape in answer.inputs],
            "output": {"name": answer.output[0], "shape": list(answer.output[1])},
            "matrix": _matrix(answer),
            "offset": _offset(answer),
            "weights": None if answer.offset_terms is None else _weights(answer.offset_terms, answer.arrays),
            "gradient": _gradient(answer) if answer.gradient else None,
            "notes": list(notes_of(answer)),
        }
    )


def _matrix(answer: MatrixAnswer) -> dict[str, Any]:
    if not answer.shows_names:
        return _sparse(answer.matrix)
    entries = list(entries_of(answer).all())
    writer = Writer(Names(answer.terms.weights if answer.terms else ()), UNICODE)
    return {
        "shape": list(answer.matrix.shape),
        "rows": [row for row, _, _ in entries],
        "columns": [column for _, column, _ in entries],
        "values": answer.matrix.values.tolist() if answer.is_exact else None,
        **_sums([terms for _, _, terms in entries], writer),
    }


def _sums(entries: Sequence[Sequence[Term]], writer: Writer) -> dict[str, Any]:
    """Each entry as text, and the terms that it is the sum of: their factors, and the numbers of their weights."""
    return {
        "entries": [writer.entry(terms) if terms else "0" for terms in entries],
        "factors": [[term.factor for term in terms] for terms in entries],
        "weights": [[None if term.weight == CONSTANT else term.weight for term in terms] for terms in entries],
    }


_NO_SUMS = dict.fromkeys(("entries", "factors", "weights"))


def _sparse(matrix: Sparse) -> dict[str, Any]:
    rows, columns = matrix.rows.tolist(), matrix.columns.tolist()
    return {
        "shape": list(matrix.shape),
        "rows": rows,
        "columns": columns,
        "values": matrix.values.tolist(),
        **_NO_SUMS,
    }


def _offset(answer: MatrixAnswer) -> dict[str, Any]:
    """The vector c, zeros and all: numbers where they are known, text where they are names."""
    terms = answer.offset_terms
    known = answer.is_exact or not answer.shows_names
    named = answer.shows_names and terms is not None
    writer = Writer(Names(terms.weights if terms is not None else ()), UNICODE)
    return {
        "values": answer.offset.tolist() if known else None,
        **(_sums(_column(offset_entries_of(answer)), writer) if named else _NO_SUMS),
    }


def _column(entries: Entries) -> list[list[Term]]:
    """The entries of a matrix of one column, those without terms too."""
    rows: list[list[Term]] = [[]] * entries.shape[0]
    for row, _, terms in entries.all():
        rows[row] = terms
    return rows


def _gradient(answer: MatrixAnswer) -> dict[str, Any] | None:
    """E and C; a row of either is the weight of its number among all that are listed, biases last."""
    if answer.terms is None or answer.offset_terms is None:
        return None
    return {"E": _sparse(answer.terms.parts), "C": _sparse(answer.offset_terms.parts)}


def _weights(terms: Terms, arrays: tuple[str, ...]) -> list[dict[str, Any]]:
    """The name of each weight and bias, the array that it is in, and where."""
    names, found = Names(terms.weights), []
    for number in range(terms.parts.shape[0]):
        array, index = names.place(int(terms.order[number]))
        found.append({"name": names.of(number, UNICODE), "array": arrays[array], "index": list(index)})
    return found

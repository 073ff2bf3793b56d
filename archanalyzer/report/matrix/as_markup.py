"""The matrix of a layer as LaTeX, and as Markdown with LaTeX in it, as GitHub and notebooks show it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from archanalyzer.executor.machine import require_memory
from archanalyzer.executor.matrix_answer import MatrixAnswer
from archanalyzer.report.cells import shape_text
from archanalyzer.report.matrix.entries import Entries, entries_of, notes_of, of_numbers, offset_entries_of
from archanalyzer.report.matrix.gradient import formulas
from archanalyzer.report.matrix.grid import Shapes
from archanalyzer.report.matrix.limits import require_short
from archanalyzer.report.matrix.lists import left_out
from archanalyzer.report.matrix.words import LATEX, UNICODE, Names, Writer, level
from archanalyzer.report.text import escape

_MOST = 24
"""Rows, and columns, that are shown unless all are."""
_BYTES_A_CELL = 100
_SUM = 240
"""Characters of a sum that are shown unless all are."""


def as_latex(answer: MatrixAnswer, *, is_whole: bool) -> str:
    """Displayed formulas: W, c, and where it is asked for, E; no package is needed."""
    lines = [f"% {escape(answer.network)}  {escape(answer.path)}", f"% {_part(answer)}"]
    lines += [f"% {note}" for note in notes_of(answer)]
    for formula, notes in _formulas(answer, is_whole=is_whole):
        lines += [*(f"% {note}" for note in notes), r"\[", *formula, r"\]"]
    return "".join(f"{line}\n" for line in lines)


def as_markdown(answer: MatrixAnswer, *, is_whole: bool) -> str:
    """The same, each formula between double dollars."""
    lines = [f"### {_code(answer.name)} of {_code(answer.network)}", "", _code(_part(answer)), ""]
    lines += [text for note in notes_of(answer) for text in (_code(note), "")]
    for formula, notes in _formulas(answer, is_whole=is_whole):
        lines += ["$$", *formula, "$$", "", *(text for note in notes for text in (note, ""))]
    return "".join(f"{line}\n" for line in lines[:-1])


def _code(text: str) -> str:
    """Text that means nothing but itself, between more backticks than are in it."""
    marks = "`" * (1 + max(map(len, re.findall("`+", text)), default=0))
    return f"{marks} {escape(text)} {marks}" if len(marks) > 1 else f"`{escape(text)}`"


def _part(answer: MatrixAnswer) -> str:
    inputs = ", ".join(f"{escape(name)} {shape_text(shape)}" for name, shape in answer.inputs)
    return f"{escape(answer.name)} ({answer.kind}): {inputs} → {shape_text(answer.output[1])}"


def _formulas(answer: MatrixAnswer, *, is_whole: bool) -> Iterator[tuple[list[str], list[str]]]:
    """Each formula, and what to say of it."""
    terms, offset_terms = answer.terms, answer.offset_terms
    shows = answer.shows_names and terms is not None
    writer = Writer(Names(terms.weights if shows and terms is not None else ()), LATEX, answer.is_exact or shows)
    inputs = [shape for _, shape in answer.inputs]
    yield _formula("W", entries_of(answer), writer, [answer.output[1]], inputs, is_whole=is_whole)
    if answer.has_offset:
        named = Names(offset_terms.weights if answer.shows_names and offset_terms is not None else ())
        writer = writer._replace(names=named)
        yield _formula("c", offset_entries_of(answer), writer, [answer.output[1]], [(1,)], is_whole=is_whole)
    if answer.gradient and terms is not None:
        if offset_terms is not None:
            width = None if is_whole else _SUM
            told = formulas(answer, terms, offset_terms, LATEX, width)
            meaning = formulas(answer, terms, offset_terms, UNICODE, width).meaning
            yield [told.rule], [meaning]
        shapes = [weight.shape for weight in terms.weights]
        plain = Writer(Names(()), LATEX)
        yield _formula("E", of_numbers(terms.parts), plain, shapes, [terms.shape], is_whole=is_whole)
        if offset_terms is not None and len(offset_terms.parts.values):
            shapes = [weight.shape for weight in offset_terms.weights]
            outputs = [answer.output[1]]
            yield _formula("C", of_numbers(offset_terms.parts), plain, shapes, outputs, is_whole=is_whole)
        if offset_terms is not None:
            lines = [f"  {each} \\\\" for each in told.sums]
            yield [r"\begin{array}{l}", *lines, r"\end{array}"], list(told.left_out)


def _formula(
    letter: str, entries: Entries, writer: Writer, row_shapes: Shapes, column_shapes: Shapes, *, is_whole: bool
) -> tuple[list[str], list[str]]:
    rows, columns = entries.shape if is_whole else (min(each, _MOST) for each in entries.shape)
    require_short(min(len(entries), rows * columns) if is_whole else 0, rows * columns, "the formula")
    require_memory(_BYTES_A_CELL * rows * columns, "the lines of the matrix")
    cuts = columns < entries.shape[1]
    begins = [column > 0 and level(column, column_shapes) == 2 for column in range(columns)]
    align = "".join("|c" if begin else "c" for begin in begins) + ("c" if cuts else "")
    lines = [f"{letter} = \\left[\\begin{{array}}{{{align}}}"]
    for row in range(rows):
        if row and level(row, row_shapes) == 2:
            lines.append(r"  \hline")
        by_column = entries.of_row(row, columns)
        cells = [writer.entry(by_column.get(column, ())) for column in range(columns)]
        lines.append(_row([*cells, LATEX.right] if cuts else cells))
    if rows < entries.shape[0]:
        lines.append(_row([LATEX.down] * (columns + cuts)))
    return [*lines, r"\end{array}\right]"], list(left_out(rows, columns, entries.shape))


def _row(cells: Sequence[str]) -> str:
    return f"  {' & '.join(cells)} \\\\"

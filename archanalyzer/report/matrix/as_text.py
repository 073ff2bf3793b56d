"""The matrix of a layer as text: its rows between brackets, or its entries in a list, and what its gradients sum."""

from __future__ import annotations

from collections.abc import Iterator

from archanalyzer.executor.matrix_answer import MatrixAnswer
from archanalyzer.report.cells import shape_text
from archanalyzer.report.matrix.entries import entries_of, notes_of, offset_entries_of
from archanalyzer.report.matrix.gradient import gradient
from archanalyzer.report.matrix.grid import MOST_ROWS, Grid, Room, Shapes, grid
from archanalyzer.report.matrix.lists import entry_list, left_out
from archanalyzer.report.matrix.words import Names, Notation, Writer
from archanalyzer.report.text import escape
from archanalyzer.report.text import width as width_of

_GAP = "  "


def render(answer: MatrixAnswer, notation: Notation, width: int | None, *, lists: bool) -> str:
    """The matrix, and where it is asked for, E, in lines of this width, None for all of it; in lists if ``lists``."""
    layout = _Layout(answer, notation, width)
    lines = [*layout.head(), ""]
    lines += layout.listed() if lists else layout.matrix()
    terms, offset_terms = answer.terms, answer.offset_terms
    if answer.gradient and terms is not None and offset_terms is not None:
        lines += ["", *gradient(answer, terms, offset_terms, notation, width, lists=lists)]
    return "".join(f"{line.rstrip()}\n" for line in lines)


class _Layout:
    """The parts of the page."""

    def __init__(self, answer: MatrixAnswer, notation: Notation, width: int | None) -> None:
        self.answer = answer
        self.notation = notation
        self.width = width
        self.room = Room(width, MOST_ROWS if width is not None else None)
        self.inputs: Shapes = [shape for _, shape in answer.inputs]
        self.output = answer.output[1]
        terms = answer.terms if answer.shows_names else None
        self.names = Names(() if terms is None else terms.weights)
        is_exact = answer.is_exact or terms is not None
        self.writer = Writer(self.names, notation, is_exact)

    def head(self) -> Iterator[str]:
        answer = self.answer
        rows, columns = answer.matrix.shape
        yield f"{escape(answer.network)}{_GAP}{escape(answer.path)}"
        inputs = ", ".join(f"{escape(name)} {shape_text(shape)}" for name, shape in answer.inputs)
        part = f"{escape(answer.name)} ({answer.kind})"
        yield f"{part}: {inputs} → {shape_text(self.output)}"
        plus = " + c" if answer.has_offset else ""
        vec = f"vec(output) = W{self.notation.times}vec(input){plus}"
        yield f"{vec}; W is {rows:,}×{columns:,}, not zero in {len(entries_of(answer)):,} of {rows * columns:,}"
        yield from notes_of(answer)

    # --- W and c

    def matrix(self) -> Iterator[str]:
        """W, and beside it c."""
        offset = self._offset()
        width = 0 if offset is None else width_of(offset.lines[0]) + len(_GAP)
        room = self.room if self.width is None else self.room._replace(width=max(self.width - width, 20))
        shown = grid(entries_of(self.answer), self.writer, [self.output], self.inputs, room)
        if offset is None:
            yield from shown.lines
        else:
            across = width_of(shown.lines[0])
            yield f"{'W':<{across}}{_GAP}c"
            for left, right in zip(shown.lines, offset.lines, strict=True):
                yield f"{left}{_GAP}{right}"
        yield from left_out(shown.rows, shown.columns, self.answer.matrix.shape)

    def _offset(self) -> Grid | None:
        if not self.answer.has_offset:
            return None
        return grid(offset_entries_of(self.answer), self._offset_writer(), [self.output], [(1,)], self.room)

    def _offset_writer(self) -> Writer:
        terms = self.answer.offset_terms
        if not self.answer.shows_names or terms is None:
            return self.writer
        return Writer(Names(terms.weights), self.notation)

    def listed(self) -> Iterator[str]:
        """Row, column and entry of what is not zero."""
        yield from entry_list(entries_of(self.answer), self.writer, "entry", is_whole=self.width is None)
        if self.answer.has_offset:
            yield ""
            yield from entry_list(
                offset_entries_of(self.answer), self._offset_writer(), "c", is_whole=self.width is None
            )

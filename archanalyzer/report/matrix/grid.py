"""A matrix as lines of text between brackets, its channels and lines set apart, cut to what fits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from archanalyzer.executor.machine import require_memory
from archanalyzer.report.matrix.entries import Entries
from archanalyzer.report.matrix.limits import require_short
from archanalyzer.report.matrix.words import Notation, Writer, level
from archanalyzer.report.text import width as width_of

MOST_ROWS = 40
_BYTES_A_CELL = 100
_GAPS = (1, 3, 3)
"""Columns of a terminal before a column of a matrix, by the level of what begins with it."""
_CHANNEL = 2
Shapes = Sequence[Sequence[int]]


class Room(NamedTuple):
    """At most so many columns of a terminal, and so many rows of a matrix; None for no end."""

    width: int | None
    rows: int | None = MOST_ROWS


class Grid(NamedTuple):
    """The lines of a matrix; ``heads`` are the numbers of the rows that they show, None of lines in between.

    ``rows`` and ``columns`` are how many of each are shown.
    """

    lines: list[str]
    heads: list[int | None]
    rows: int
    columns: int


def grid(entries: Entries, writer: Writer, row_shapes: Shapes, column_shapes: Shapes, room: Room) -> Grid:
    """The matrix, whose rows and columns number the elements of tensors of these shapes.

    Raises:
        ExecutorError: all of it is asked for, and it is too large.
    """
    rows = entries.shape[0] if room.rows is None else min(room.rows, entries.shape[0])
    most = entries.shape[1] if room.width is None else min(max(room.width // 2, 1), entries.shape[1])
    require_short(min(len(entries), rows * most) if room.width is None else 0, rows * most, "the text")
    require_memory(_BYTES_A_CELL * rows * most, "the lines of the matrix")
    cells = [{at: writer.entry(terms) for at, terms in entries.of_row(row, most).items()} for row in range(rows)]
    levels = [level(column, column_shapes) for column in range(most)]
    wide, columns = _fitting(cells, levels, entries.shape[1], _inner(room.width, writer.notation))
    line = _Line(writer.notation, wide, levels[:columns], is_cut=columns < entries.shape[1])
    shown = list(_lines(cells, row_shapes, line, is_cut=rows < entries.shape[0]))
    left, right = writer.notation.left_bracket, writer.notation.right_bracket
    lines = [
        f"{left.of(number, len(shown))} {text} {right.of(number, len(shown))}" for number, (_, text) in enumerate(shown)
    ]
    return Grid(lines, [row for row, _ in shown], rows, columns)


def _lines(
    cells: Sequence[Mapping[int, str]], row_shapes: Shapes, line: _Line, *, is_cut: bool
) -> Iterator[tuple[int | None, str]]:
    """The number of the row and the text of each line, what stands between rows included."""
    for row, by_column in enumerate(cells):
        if between := level(row, row_shapes):
            yield None, line.rule() if between == _CHANNEL else line.blank()
        yield row, line.row(by_column)
    if is_cut:
        yield None, line.rest()


def _inner(width: int | None, notation: Notation) -> int | None:
    """What the brackets leave of a width."""
    return None if width is None else width - 2 - len(notation.left_bracket.only) - len(notation.right_bracket.only)


def _fitting(
    cells: Sequence[Mapping[int, str]], levels: Sequence[int], all_columns: int, width: int | None
) -> tuple[int, int]:
    """How wide every cell is, and how many columns fit, one at least: the widest of those that are shown decides."""
    needs = [1] * len(levels)
    for row in cells:
        for column, text in row.items():
            needs[column] = max(needs[column], width_of(text))
    wide, gaps = needs[0], 0
    for column, (begins, need) in enumerate(zip(levels, needs, strict=True)):
        shown, wider = column + 1, max(wide, need)
        gaps += _GAPS[begins] if column else 0
        rest = _GAPS[0] + wider if shown < all_columns else 0
        if column and width is not None and gaps + shown * wider + rest > width:
            return wide, column
        wide = wider
    return wide, len(levels)


class _Line(NamedTuple):
    """Lines of one matrix: the width of its cells, and what begins with each of its columns."""

    notation: Notation
    wide: int
    levels: Sequence[int]
    is_cut: bool

    def row(self, by_column: Mapping[int, str]) -> str:
        cells = [by_column.get(column, self.notation.zero) for column in range(len(self.levels))]
        return self._joined([_right(cell, self.wide) for cell in cells], self.notation.right, " ", self.notation.bar)

    def blank(self) -> str:
        return self._joined([" " * self.wide] * len(self.levels), "", " ", self.notation.bar)

    def rule(self) -> str:
        dash = self.notation.dash
        return self._joined([dash * self.wide] * len(self.levels), dash * self.wide, dash, self.notation.cross)

    def rest(self) -> str:
        down = _right(self.notation.down, self.wide)
        return self._joined([down] * len(self.levels), "", " ", self.notation.bar)

    def _joined(self, cells: Sequence[str], rest: str, space: str, bar: str) -> str:
        text = cells[0]
        for cell, begins in zip(cells[1:], self.levels[1:], strict=True):
            text += f"{space}{bar}{space}" if begins == _CHANNEL else space * _GAPS[begins]
            text += cell
        return f"{text}{space}{_right(rest, self.wide)}" if self.is_cut else text


def _right(text: str, wide: int) -> str:
    return " " * (wide - width_of(text)) + text

"""The table for people, drawn with Rich; the only module that imports it.

The widths are worked out here, in one pass over the cells, and Rich is given finished lines: its own tables measure
and wrap every cell, which takes thirty times as long and is felt from a few thousand layers on.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from io import StringIO
from typing import NamedTuple

from rich.console import Console, ConsoleOptions, RenderResult
from rich.segment import Segment
from rich.style import Style

from archanalyzer.passes.analyzing import Analyzed
from archanalyzer.report.cells import UNKNOWN, cell
from archanalyzer.report.sheet import Row, RowKind, Sheet, build_sheet
from archanalyzer.report.summary import CONVENTION, LOWER_BOUND, PARTIAL, notes, summary
from archanalyzer.report.text import escape, shorten, width
from archanalyzer.report.view import Page, View

GAP = "  "
NARROWEST = 12
"""A column of text is not made narrower than this, whatever the page."""

_PLAIN = Style()
_BOLD = Style(bold=True)
_DIM = Style(dim=True)
_WARN = Style(color="yellow")
_ROW_STYLE = {RowKind.HEADING: _BOLD, RowKind.REST: _DIM}


class Span(NamedTuple):
    """A piece of a line in one style."""

    text: str
    style: Style = _PLAIN


Line = list[Span]


class Lines:
    """Finished lines as something that Rich prints; blanks at their ends are not printed."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self.lines = lines

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for line in self.lines:
            ends = max((number for number, span in enumerate(line, 1) if span.text.strip()), default=0)
            for number, span in enumerate(line[:ends], 1):
                yield Segment(span.text.rstrip() if number == ends else span.text, span.style)
            yield Segment.line()


def render(analyzed: Sequence[Analyzed], view: View, page: Page) -> str:
    """A table for each network, one after the other."""
    lines: list[Line] = []
    for number, one in enumerate(analyzed):
        lines += [[]] if number else []
        lines += _network(one, view, page.width)
    written = StringIO()
    console = Console(
        file=written,
        width=page.width,
        force_terminal=page.color,
        color_system="standard" if page.color else None,
        legacy_windows=False,
        _environ={},  # the caller has decided about colour and width; the bytes follow from the arguments alone
    )
    console.print(Lines(lines), soft_wrap=True, end="")
    return written.getvalue()


def _network(analyzed: Analyzed, view: View, page_width: int) -> Iterator[Line]:
    sheet = build_sheet(analyzed, view)
    name, path = escape(sheet.title), escape(analyzed.spec.path)
    yield [Span(name, _BOLD), Span(f"{GAP}{path}", _DIM)]
    if analyzed.graph.description:
        yield [Span(shorten(escape(analyzed.graph.description), page_width), _DIM)]
    yield []
    yield from _Grid(sheet, page_width).lines()
    yield []
    told = summary(analyzed)
    title_width = max((len(title) for title, _ in told), default=0)
    for title, text in told:
        for number, piece in enumerate(_wrapped(text, page_width - title_width - len(GAP))):
            yield [Span(f"{'' if number else title:<{title_width}}{GAP}", _DIM), Span(piece)]
    yield []
    for note in (*notes(analyzed, sheet), CONVENTION):
        style = _WARN if note in {PARTIAL, LOWER_BOUND} else _DIM
        yield from ([Span(piece, style)] for piece in _wrapped(note, page_width))


def _wrapped(text: str, most: int) -> list[str]:
    return textwrap.wrap(text, max(most, NARROWEST), break_long_words=False, break_on_hyphens=False)


class _Grid:
    """A sheet's cells as text, and the widths that they get."""

    def __init__(self, sheet: Sheet, page_width: int) -> None:
        self.sheet = sheet
        self.head = ["layer", *(column.title for column in sheet.columns)]
        self.total = [sheet.total_label, *self._texts(sheet.totals)]
        self.rows = [[_label(row), *self._texts(row.cells)] for row in sheet.rows]
        self.widths = [max(map(width, texts)) for texts in zip(self.head, self.total, *self.rows, strict=True)]
        self._squeeze(page_width)

    def _texts(self, cells: Sequence[object]) -> Iterator[str]:
        return (
            cell(value, column.form, several_inputs=column.several_inputs)
            for value, column in zip(cells, self.sheet.columns, strict=True)
        )

    def _squeeze(self, page_width: int) -> None:
        """Takes from the widest columns of text what is too much for the page; numbers are never cut."""
        text_columns = [0, *(at for at, column in enumerate(self.sheet.columns, 1) if column.align == "left")]
        excess = sum(self.widths) + len(GAP) * (len(self.widths) - 1) - page_width
        for at in sorted(text_columns, key=lambda at: -self.widths[at]):
            cut = max(0, min(excess, self.widths[at] - NARROWEST))
            self.widths[at] -= cut
            excess -= cut

    def lines(self) -> Iterator[Line]:
        rule = [Span("─" * (sum(self.widths) + len(GAP) * (len(self.widths) - 1)), _DIM)]
        yield self._line(self.head, _BOLD)
        yield rule
        for row, texts in zip(self.sheet.rows, self.rows, strict=True):
            yield self._line([_label(row, self.widths[0]), *texts[1:]], _ROW_STYLE.get(row.kind, _PLAIN))
        yield rule
        yield self._line(self.total, _BOLD)

    def _line(self, texts: Sequence[str], style: Style) -> Line:
        line = [Span(self._padded(texts[0], self.widths[0]), style)]
        for text, wide, column in zip(texts[1:], self.widths[1:], self.sheet.columns, strict=True):
            padded = self._padded(text, wide, right=column.align == "right")
            line.append(Span(GAP + padded, _style(text, style)))
        return line

    @staticmethod
    def _padded(text: str, wide: int, *, right: bool = False) -> str:
        shown = text if right else shorten(text, wide)
        space = " " * (wide - width(shown))
        return space + shown if right else shown + space


def _style(text: str, style: Style) -> Style:
    if style is not _PLAIN:
        return style
    if text == UNKNOWN or text.startswith("≥"):
        return _WARN
    return _DIM if text == "0" else style


def _label(row: Row, most: int | None = None) -> str:
    """The label, indented, with the number of copies behind it; ``most`` columns wide, the copies always whole."""
    indent, copies = "  " * row.indent, f" ×{row.copies:,}" if row.copies > 1 else ""
    label = escape(row.label)
    if most is not None:
        label = shorten(label, max(most - len(indent) - len(copies), 3))
    return f"{indent}{label}{copies}"

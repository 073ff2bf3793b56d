"""The table for people, drawn with Rich; the only module that imports it.

The widths are worked out here, in one pass over the cells, and Rich is given finished lines: its own tables measure
and wrap every cell, which takes thirty times as long and is felt from a few thousand layers on.
"""

from __future__ import annotations

import textwrap
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from decimal import Decimal
from io import StringIO
from typing import NamedTuple

from rich.console import Console, ConsoleOptions, RenderResult
from rich.segment import Segment
from rich.style import Style

from archanalyzer.passes.analysis import Kind
from archanalyzer.passes.analyzing import Analyzed
from archanalyzer.passes.facts import Amount
from archanalyzer.report.cells import UNKNOWN, Form, Look, cell
from archanalyzer.report.sheet import Row, RowKind, Sheet, build_sheet
from archanalyzer.report.summary import CONVENTION, LOWER_BOUND, PARTIAL, notes, summary
from archanalyzer.report.text import escape, shorten, width
from archanalyzer.report.view import Page, View

GAP = "  "
NARROWEST = 12
"""Columns of text, of shapes and of fields are not made narrower than this, whatever the page."""
HUGE = 10**20
"""Counts from here on are shown to three digits, however wide the page."""
DEEPEST = 24
"""Columns of indentation, at most; what is nested deeper stands no further to the right."""
_ROUNDED = "rounded to fit: k, M, G, T, P, E stand for 10³, 10⁶, 10⁹, 10¹², 10¹⁵, 10¹⁸"
_CUT = "cut to fit: …"

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
        lines += _network(one, view, page)
    written = StringIO()
    console = Console(
        force_jupyter=False,  # which would show it beside the text
        file=written,
        width=page.width,
        force_terminal=page.color,
        color_system="standard" if page.color else None,
        legacy_windows=False,
        _environ={},  # the caller has decided about colour and width; the bytes follow from the arguments alone
    )
    console.print(Lines(lines), soft_wrap=True, end="")
    return written.getvalue()


def _network(analyzed: Analyzed, view: View, page: Page) -> Iterator[Line]:
    sheet, page_width = build_sheet(analyzed, view), page.width
    name, path = escape(sheet.title), escape(analyzed.spec.path)
    yield from _heading(name, path, page_width)
    if analyzed.graph.description:
        yield [Span(shorten(escape(analyzed.graph.description), page_width), _DIM)]
    yield []
    grid = _Grid(sheet, page_width, keeps_distinct=view.columns is not None and not page.fixed)
    yield from grid.lines()
    yield []
    told = summary(analyzed)
    title_width = max((len(title) for title, _ in told), default=0)
    for title, text in told:
        for number, piece in enumerate(_wrapped(text, page_width - title_width - len(GAP))):
            yield [Span(f"{'' if number else title:<{title_width}}{GAP}", _DIM), Span(piece)]
    yield []
    for note in (*notes(analyzed, sheet), *grid.notes(), CONVENTION):
        style = _WARN if note in {PARTIAL, LOWER_BOUND} else _DIM
        yield from ([Span(piece, style)] for piece in _wrapped(note, page_width))


def _heading(name: str, path: str, page_width: int) -> Iterator[Line]:
    """The network's name and the path of its spec, below it where both do not fit into one line."""
    shown = Span(shorten(name, page_width), _BOLD)
    if width(shown.text) + len(GAP) + width(path) <= page_width:
        yield [shown, Span(f"{GAP}{path}", _DIM)]
    else:
        yield from ([shown], [Span(path, _DIM)])


def _wrapped(text: str, most: int) -> list[str]:
    return textwrap.wrap(text, max(most, NARROWEST), break_on_hyphens=False)


class _Grid:
    """A sheet's cells as text, column by column, and the widths that they get.

    ``keeps_distinct``: texts that differ are shown so that they do, and numbers in full, whatever the page.
    """

    def __init__(self, sheet: Sheet, page_width: int, *, keeps_distinct: bool = False) -> None:
        self.sheet = sheet
        self.page_width = page_width
        self.keeps_distinct = keeps_distinct
        self.titles = [["layer"], *([column.title] for column in sheet.columns)]
        self.texts = [[*map(_label, sheet.rows), sheet.total_label]]
        self.texts += [self._texts(at) for at in range(1, len(self.titles))]
        self.widths = [self._width(at) for at in range(len(self.titles))]
        self.whole = self.page_width + self._excess
        self.shortenings: list[str] = []
        self._fit()

    def _texts(self, at: int, *, rounded: bool = False) -> list[str]:
        column = self.sheet.columns[at - 1]
        values = (*(row.cells[at - 1] for row in self.sheet.rows), self.sheet.totals[at - 1])
        several = column.several_inputs
        return [_in_short(each) or cell(each, column.form, several_inputs=several, rounded=rounded) for each in values]

    def _width(self, at: int) -> int:
        return max(map(width, (*self.titles[at], *self.texts[at])))

    def _columns(self, *forms: Form) -> list[int]:
        return [at for at, column in enumerate(self.sheet.columns, 1) if column.form in forms]

    @property
    def _excess(self) -> int:
        """By how much the table is too wide for the page."""
        return sum(self.widths) + len(GAP) * (len(self.widths) - 1) - self.page_width

    def _fit(self) -> None:
        """Makes the table as narrow as the page: titles in several lines, then shorter texts, then shorter numbers."""
        if self._excess > 0:
            self._break_titles()
        self._squeeze([0, *self._columns(Look.TEXT, Kind.DATA)])
        if self._excess > 0 and not self.keeps_distinct:
            self._shorten_numbers()

    def _break_titles(self) -> None:
        for at, column in enumerate(self.sheet.columns, 1):
            self.titles[at] = column.title.split()
            self.widths[at] = self._width(at)

    def _squeeze(self, columns: Sequence[int]) -> None:
        """Takes what is too much for the page from these columns, the widest first."""
        for at in sorted(columns, key=lambda at: -self.widths[at]):
            if self._excess > 0:
                self.widths[at] -= max(0, min(self._excess, self.widths[at] - self._narrowest(at)))

    def _narrowest(self, at: int) -> int:
        """To what width a column may be squeezed; the number of rows that are left out is never cut."""
        rest = [width(row.label) for row in self.sheet.rows if at == 0 and row.kind is RowKind.REST]
        least = max(NARROWEST, *rest, 0)
        if not self.keeps_distinct or self.widths[at] <= least:
            return least
        labels = [escape(row.label) for row in self.sheet.rows] if at == 0 else self.texts[at]
        distinct = _distinct_from(set(labels), least)
        beside = (width(text) - width(label) for text, label in zip(self.texts[at], labels, strict=False))
        return max(more + min(width(label), distinct) for more, label in zip(beside, labels, strict=True))

    def _shorten_numbers(self) -> None:
        """Rounds counts and cuts shapes and fields, if the table comes to fit by that; else all stays exact."""
        exact = self.texts, self.widths
        self.texts, self.widths = list(self.texts), list(self.widths)
        for at in sorted(self._columns(Kind.COUNT), key=lambda at: -self.widths[at]):
            if self._excess > 0:
                self.texts[at] = self._texts(at, rounded=True)
                self.widths[at] = self._width(at)
        shortenings = [_ROUNDED, _CUT] if self._excess > 0 else [_ROUNDED]
        self._squeeze(self._columns(Kind.SHAPE, Kind.FIELD, Kind.FRACTION))
        if self._excess > 0:
            self.texts, self.widths = exact
        else:
            self.shortenings = shortenings

    def notes(self) -> list[str]:
        """What a reader must know where the table shows less than it could."""
        in_full = f"in full with --format csv, or COLUMNS={self.whole} for a page as wide as that"
        return [*self.shortenings, in_full] if self.shortenings else []

    def lines(self) -> Iterator[Line]:
        rule = [Span("─" * (sum(self.widths) + len(GAP) * (len(self.widths) - 1)), _DIM)]
        tallest = max(map(len, self.titles))
        titles = [[""] * (tallest - len(title)) + title for title in self.titles]
        for texts in zip(*titles, strict=True):
            yield self._line(texts, _BOLD)
        yield rule
        *rows, total = zip(*self.texts, strict=True)
        for row, texts in zip(self.sheet.rows, rows, strict=True):
            yield self._line([_label(row, self.widths[0]), *texts[1:]], _ROW_STYLE.get(row.kind, _PLAIN))
        yield rule
        yield self._line(total, _BOLD)

    def _line(self, texts: Sequence[str], style: Style) -> Line:
        line = [Span(_padded(texts[0], self.widths[0]), style)]
        for text, wide, column in zip(texts[1:], self.widths[1:], self.sheet.columns, strict=True):
            padded = _padded(text, wide, right=column.align == "right")
            line.append(Span(GAP + padded, _style(text, style)))
        return line


def _in_short(value: object) -> str:
    """A count with so many digits that nobody reads them, as ``1.23e20``; empty for any other."""
    number, at_least = value if isinstance(value, Amount) else (value, False)
    if not isinstance(number, int) or abs(number) < HUGE:
        return ""
    return f"{'≥ ' if at_least else ''}{Decimal(number):.2e}".replace("e+", "e")


def _distinct_from(texts: set[str], least: int) -> int:
    """The least width, from ``least`` on, to which texts can be shortened without coming to look alike."""
    longest = max(map(width, texts))

    def are_distinct(most: int) -> bool:
        return len({shorten(text, most) for text in texts}) == len(texts)

    return bisect_left(range(max(least, longest)), True, least, key=are_distinct)


def _padded(text: str, wide: int, *, right: bool = False) -> str:
    shown = shorten(text, wide)
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
    indent = min(len(GAP) * row.indent, DEEPEST)
    copies = f" ×{row.copies:,}" if row.copies > 1 else ""
    label = escape(row.label)
    if most is not None:
        room = most - len(copies)
        indent = min(indent, max(room - width(label), room // 3))
        label = shorten(label, max(room - indent, 3))
    return f"{' ' * indent}{label}{copies}"

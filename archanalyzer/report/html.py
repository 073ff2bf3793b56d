"""Reports as pieces of HTML, for notebooks: tables and texts, no script, no style sheet, nothing fetched."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape as escape_html

from archanalyzer.passes.analyzing import Analyzed
from archanalyzer.report.cells import cell
from archanalyzer.report.parts import Grid, Notes, Pairs, Part, Row, Title, Verbatim
from archanalyzer.report.sheet import RowKind, build_sheet
from archanalyzer.report.summary import CONVENTION, notes, summary
from archanalyzer.report.text import escape
from archanalyzer.report.view import View

_INDENT_EM = 1.5
_PRE = "line-height: 1.2; overflow-x: auto"


def as_html(parts: Iterable[Part]) -> str:
    """The parts, one below the other."""
    return f"<div>\n{''.join(f'{line}{chr(10)}' for part in parts for line in _lines(part))}</div>\n"


def text_as_html(text: str) -> str:
    """A text whose columns stay below each other."""
    return f'<pre style="{_PRE}">{_plain(text.rstrip())}</pre>\n'


def parts_of(analyzed: Analyzed, view: View | None = None) -> list[Part]:
    """The report of a network, as ``archanalyzer analyze`` tells it.

    Raises:
        SheetError: the view names a column that there isn't.
    """
    sheet = build_sheet(analyzed, view or View())
    left = frozenset(at for at, column in enumerate(sheet.columns, 1) if column.align != "right")
    rows = [(row.label, row.copies, row.indent, row.kind is RowKind.HEADING, row.cells) for row in sheet.rows]
    rows.append((sheet.total_label, 1, 0, True, sheet.totals))
    grid = Grid(
        ("layer", *(column.title for column in sheet.columns)),
        [
            Row(
                (
                    label + (f" ×{copies:,}" if copies > 1 else ""),
                    *(
                        cell(value, column.form, several_inputs=column.several_inputs)
                        for value, column in zip(cells, sheet.columns, strict=True)
                    ),
                ),
                indent,
                is_heading,
            )
            for label, copies, indent, is_heading, cells in rows
        ],
        left,
    )
    title = Title(sheet.title, analyzed.spec.path)
    return [title, grid, Pairs(summary(analyzed)), Notes((*notes(analyzed, sheet), CONVENTION))]


def _lines(part: Part) -> Iterator[str]:
    match part:
        case Title(text, beside, is_section):
            level = 4 if is_section else 3
            yield f"<h{level}>{_plain(text)}{f' <small>{_plain(beside)}</small>' if beside else ''}</h{level}>"
        case Pairs(pairs) if pairs:
            yield "<table>"
            yield from (f"<tr>{_cell(name, 'th', 'left')}{_cell(text, 'td', 'left')}</tr>" for name, text in pairs)
            yield "</table>"
        case Grid():
            yield from _grid(part)
        case Notes(lines):
            yield from (f"<p><small>{_plain(line)}</small></p>" for line in lines)
        case Verbatim(text) if text:
            yield text_as_html(text).rstrip()


def _grid(grid: Grid) -> Iterator[str]:
    sides = ["left" if at == 0 or at in grid.left else "right" for at in range(len(grid.titles))]
    yield "<table>"
    head = "".join(_cell(title, "th", side) for title, side in zip(grid.titles, sides, strict=True))
    yield f"<thead><tr>{head}</tr></thead>"
    yield "<tbody>"
    for row in grid.rows:
        tag = "th" if row.is_heading else "td"
        cells = [_cell(row.cells[0], tag, "left", row.indent)]
        cells += [_cell(text, tag, side) for text, side in zip(row.cells[1:], sides[1:], strict=True)]
        yield f"<tr>{''.join(cells)}</tr>"
    yield "</tbody>"
    yield "</table>"


def _cell(text: str, tag: str, side: str, indent: int = 0) -> str:
    style = f"text-align: {side}" + (f"; padding-left: {indent * _INDENT_EM + 0.5}em" if indent else "")
    return f'<{tag} style="{style}">{_plain(text)}</{tag}>'


def _plain(text: str) -> str:
    return escape_html("\n".join(map(escape, text.split("\n"))))

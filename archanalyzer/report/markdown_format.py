"""Markdown for a comment on a pull request: a table and the summary below it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from archanalyzer.passes.analyzing import Analyzed
from archanalyzer.report.cells import cell
from archanalyzer.report.markup import in_markdown
from archanalyzer.report.sheet import Row, RowKind, Sheet, build_sheet
from archanalyzer.report.summary import CONVENTION, notes, summary
from archanalyzer.report.view import Page, View


def render(analyzed: Sequence[Analyzed], view: View, page: Page) -> str:  # noqa: ARG001
    """A section for each network."""
    return "\n".join("\n".join(_network(one, view)) + "\n" for one in analyzed)


def _network(analyzed: Analyzed, view: View) -> Iterator[str]:
    sheet = build_sheet(analyzed, view)
    yield f"### {in_markdown(sheet.title)}"
    yield ""
    yield from _table(sheet)
    yield ""
    yield from (f"- {title}: {in_markdown(text)}" for title, text in summary(analyzed))
    yield ""
    yield "\\\n".join(f"<sub>{in_markdown(note)}</sub>" for note in (*notes(analyzed, sheet), CONVENTION))


def _table(sheet: Sheet) -> Iterator[str]:
    yield _line(["layer", *(column.title for column in sheet.columns)])
    yield _line([":--", *("--:" if column.align == "right" else ":--" for column in sheet.columns)])
    for row in sheet.rows:
        yield _line([_label(row), *_texts(sheet, row.cells)])
    yield _line([f"**{text}**" if text else "" for text in (sheet.total_label, *_texts(sheet, sheet.totals))])


def _texts(sheet: Sheet, cells: Sequence[object]) -> Iterator[str]:
    for value, column in zip(cells, sheet.columns, strict=True):
        yield in_markdown(cell(value, column.form, several_inputs=column.several_inputs))


def _label(row: Row) -> str:
    label = in_markdown(row.label)
    copies = f" ×{row.copies:,}" if row.copies > 1 else ""
    return "&emsp;" * row.indent + (f"**{label}**" if row.kind is RowKind.HEADING else label) + copies


def _line(texts: Sequence[str]) -> str:
    return f"| {' | '.join(texts)} |"

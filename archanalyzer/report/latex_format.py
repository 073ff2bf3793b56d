"""LaTeX for a paper or a thesis: one ``tabular`` in the style of booktabs, which any document can take in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from archanalyzer.passes.analyzing import Analyzed
from archanalyzer.report.cells import cell
from archanalyzer.report.markup import in_latex
from archanalyzer.report.sheet import Row, RowKind, Sheet, build_sheet
from archanalyzer.report.summary import CONVENTION, notes
from archanalyzer.report.text import escape
from archanalyzer.report.view import Page, View


def render(analyzed: Sequence[Analyzed], view: View, page: Page) -> str:  # noqa: ARG001
    """A ``tabular`` for each network."""
    return "\n".join("\n".join(_network(one, view)) + "\n" for one in analyzed)


def _network(analyzed: Analyzed, view: View) -> Iterator[str]:
    sheet = build_sheet(analyzed, view)
    yield f"% {escape(sheet.title)}; needs \\usepackage{{booktabs}}"
    yield f"% {CONVENTION}"
    yield from (f"% {note}" for note in notes(analyzed, sheet))
    yield f"\\begin{{tabular}}{{l{''.join(column.align[0] for column in sheet.columns)}}}"
    yield r"  \toprule"
    yield _line(["layer", *(in_latex(column.title) for column in sheet.columns)])
    yield r"  \midrule"
    for row in sheet.rows:
        yield _line([_label(row), *_texts(sheet, row.cells)])
    yield r"  \midrule"
    yield _line([sheet.total_label, *_texts(sheet, sheet.totals)])
    yield r"  \bottomrule"
    yield r"\end{tabular}"


def _texts(sheet: Sheet, cells: Sequence[object]) -> Iterator[str]:
    for value, column in zip(cells, sheet.columns, strict=True):
        yield in_latex(cell(value, column.form, several_inputs=column.several_inputs))


def _label(row: Row) -> str:
    label = in_latex(row.label)
    copies = f" $\\times${row.copies:,}" if row.copies > 1 else ""
    return r"\quad " * row.indent + (f"\\textbf{{{label}}}" if row.kind is RowKind.HEADING else label) + copies


def _line(texts: Sequence[str]) -> str:
    # An empty group, so that no cell that begins with a bracket is taken for an argument of the line before.
    return f"  {{}}{' & '.join(texts)} \\\\"

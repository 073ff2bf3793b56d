"""CSV for spreadsheets and data frames: one record a layer, values as they are, no totals among them.

By default with all columns. Yes and no are ``true`` and ``false``, as in JSON; what is not known is empty. Nothing in
it says that a network is partial, which would be no CSV: that is told on standard error, and by the exit code.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from io import StringIO
from itertools import groupby
from typing import Any

from archanalyzer.passes.analysis import Kind
from archanalyzer.passes.analyzing import Analyzed
from archanalyzer.passes.facts import Amount
from archanalyzer.report.cells import BLANK
from archanalyzer.report.columns import SheetColumn, all_columns
from archanalyzer.report.json_text import dump
from archanalyzer.report.sheet import RowKind, build_sheet
from archanalyzer.report.text import escape
from archanalyzer.report.view import Page, View


def render(analyzed: Sequence[Analyzed], view: View, page: Page) -> str:  # noqa: ARG001
    """The networks below each other, with the path of its spec before each record."""
    written = StringIO()
    writer = csv.writer(written, lineterminator="\r\n")  # as RFC 4180 has it
    for number, one in enumerate(analyzed):
        names = view.columns or all_columns(one.facts)
        sheet = build_sheet(one, View(names, view.depth, view.sort, view.top), fold=False)
        if number == 0:
            writer.writerow(["spec", "name", *(column.name for column in sheet.columns)])
        for row in sheet.rows:
            if row.kind is not RowKind.REST:
                cells = zip(row.cells, sheet.columns, strict=True)
                values = [_raw(value, column) for value, column in cells]
                writer.writerow([_text(one.spec.path), _text(row.name), *values])
    return written.getvalue()


def _raw(value: Any, column: SheetColumn) -> Any:
    if isinstance(value, Amount):
        value = None if value.at_least else value.value
    if value is None or value is BLANK:
        return ""
    if column.form is Kind.SHAPE:
        return "x".join(map(str, value))
    if column.form is Kind.FIELD:
        return _text(_field(value, several_inputs=column.several_inputs))
    if isinstance(value, bool | list | Mapping):
        return _text(dump(value))
    return _text(value) if isinstance(value, str) else value


def _field(entries: Sequence[Mapping[str, Any]], *, several_inputs: bool) -> str:
    """``5x5``; in a network with several inputs, ``left 5x5; right 3x3``."""
    fields = []
    for name, axes in groupby(entries, key=lambda entry: str(entry["input"])):
        extents = "x".join(map(_extent, axes))
        fields.append(f"{name} {extents}" if several_inputs else extents)
    return "; ".join(fields)


def _extent(entry: Mapping[str, Any]) -> str:
    """The size of a field along one axis, ``188-204`` where positions differ, ``<=212`` for an upper bound."""
    least, most = entry["min_size"], entry["size"]
    if not entry.get("exact", True):
        return f"<={most}"
    return str(most) if least == most else f"{least}-{most}"


def _text(text: str) -> str:
    """Text that a spreadsheet takes for text: a formula begins with one of these signs."""
    return f"'{escape(text)}" if len(text) > 1 and text[0] in {"=", "+", "-", "@"} else escape(text)

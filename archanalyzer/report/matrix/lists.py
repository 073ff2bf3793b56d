"""The entries of a matrix in a list, and what of a matrix is left out."""

from __future__ import annotations

from collections.abc import Iterator

from archanalyzer.executor.machine import require_memory
from archanalyzer.report.matrix.entries import Entries
from archanalyzer.report.matrix.limits import require_short
from archanalyzer.report.matrix.words import Writer
from archanalyzer.report.text import width as width_of

_MOST_LISTED = 100
_BYTES_AN_ENTRY = 500
_GAP = "  "


def entry_list(entries: Entries, writer: Writer, what: str, *, is_whole: bool) -> Iterator[str]:
    """Row, column and text of each entry; of a matrix of one column, only the row; unless all are shown, the first.

    Raises:
        ExecutorError: all are to be shown, and they are too many.
    """
    shown = len(entries) if is_whole else min(len(entries), _MOST_LISTED)
    require_short(shown, 0, "the list")
    require_memory(_BYTES_AN_ENTRY * shown, "the list of entries")
    rows = [("row", "column", what)]
    for row, column, terms in entries.all():
        if len(rows) > shown:
            break
        rows.append((f"{row + 1:,}", f"{column + 1:,}", writer.entry(terms)))
    if entries.shape[1] == 1:
        rows = [(row, "", entry) for row, _, entry in rows]
    widths = [max(map(width_of, column)) for column in zip(*rows, strict=True)]
    for texts in rows:
        cells = [" " * (wide - width_of(text)) + text for text, wide in zip(texts, widths, strict=True) if wide]
        yield _GAP.join(cells)
    if shown < len(entries):
        yield f"{shown:,} of {len(entries):,} entries; `--full` shows all"


def left_out(rows: int, columns: int, shape: tuple[int, int]) -> Iterator[str]:
    """What of a matrix of this shape is not shown, where only its first rows and columns are."""
    parts = []
    if rows < shape[0]:
        parts.append(f"rows 1–{rows:,} of {shape[0]:,}")
    if columns < shape[1]:
        parts.append(f"columns 1–{columns:,} of {shape[1]:,}")
    if parts:
        yield f"{', '.join(parts)}; `--full` shows all, `--sparse` a list"

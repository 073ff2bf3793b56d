"""Diagnostics as text, with the line that they are about, and as data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from archanalyzer.diagnostics import BlockUse, Diagnostic, Severity, Source
from archanalyzer.report.text import escape, width

MOST = 50
"""Diagnostics that are printed; beyond that, more of them help nobody."""

_LINE = 100
"""Columns of a spec's line that are shown at most."""
_BEFORE = 60
"""Columns of these that may stand before the place."""
_INNER_USES, _OUTER_USES = 4, 2
"""Of a long way into nested blocks, the uses that are shown at its two ends."""

_WEIGHT = {Severity.ERROR: 0, Severity.FAILURE: 1, Severity.WARNING: 2}
_COLOR = {Severity.ERROR: "1;31", Severity.FAILURE: "1;31", Severity.WARNING: "1;33"}


def as_text(diagnostics: Sequence[Diagnostic], *, color: bool = False, most: int = MOST) -> str:
    """The diagnostics in the order of their places; of too many, the gravest. Empty where there are none."""
    gravest = sorted(diagnostics, key=lambda each: (_WEIGHT[each.severity], _place(each)))[:most]
    lines = [line for each in sorted(gravest, key=_place) for line in _lines(each, color=color)]
    if len(diagnostics) > most:
        lines.append(f"… and {len(diagnostics) - most:,} more")
    return "".join(f"{line}\n" for line in lines)


def _place(diagnostic: Diagnostic) -> tuple[str, int, int]:
    source = diagnostic.source
    return (source.file.name, source.line, source.column) if source else ("", 0, 0)


def _lines(diagnostic: Diagnostic, *, color: bool) -> Iterator[str]:
    source = diagnostic.source
    where = f"{_where(source)}: " if source else ""
    severity = f"{diagnostic.severity.value}[{diagnostic.rule.code}]"
    yield f"{where}{_painted(severity, _COLOR[diagnostic.severity], color=color)}: {escape(diagnostic.message)}"
    if source:
        yield from _excerpt(source, _COLOR[diagnostic.severity], color=color)
    for note in diagnostic.notes:
        yield f"  note: {_where(note.source)}: {escape(note.text)}"
    yield from _trail(diagnostic.trail)
    if diagnostic.hint:
        yield f"  hint: {escape(diagnostic.hint)}"


def _where(source: Source) -> str:
    """Of a file that could not be read, there is no place to point at."""
    return escape(str(source) if source.file.text else source.file.name)


def _painted(text: str, code: str, *, color: bool) -> str:
    return f"\x1b[{code}m{text}\x1b[0m" if color else text


def _excerpt(source: Source, code: str, *, color: bool) -> Iterator[str]:
    """The line with carets below it; empty and non-existent lines are not worth showing."""
    text = source.file.line(source.line)
    if not text.strip():
        return
    shown, before, marked = _cropped(text, source)
    number = str(source.line)
    yield f"  {number} | {shown}".rstrip()
    yield f"  {' ' * len(number)} | {' ' * before}{_painted('^' * marked, code, color=color)}"


def _cropped(text: str, source: Source) -> tuple[str, int, int]:
    """The part of a line around a place, the columns before the place, and those that it takes up.

    Written out, a character may be longer than itself: a tab is shown as spaces, an ESC as its code.
    """
    at = min(source.column - 1, len(text))
    first = max(0, at - _BEFORE)
    pieces = [_shown(character) for character in text[first : first + _LINE]]
    marked = pieces[at - first : max(source.end_column - 1, at + 1) - first]
    shown, before = "".join(pieces), sum(map(width, pieces[: at - first]))
    if first:
        shown, before = f"…{shown}", before + 1
    if first + _LINE < len(text):
        shown += "…"
    return shown, before, max(1, sum(map(width, marked)))


def _shown(character: str) -> str:
    return "    " if character == "\t" else escape(character)


def _trail(use: BlockUse | None) -> Iterator[str]:
    uses = use.outwards() if use else []
    left_out = len(uses) - _INNER_USES - _OUTER_USES
    for number, each in enumerate(uses):
        if left_out > 1 and number == _INNER_USES:
            yield f"  … {left_out:,} blocks further out …"
        if left_out <= 1 or not _INNER_USES <= number < _INNER_USES + left_out:
            yield f"  in block `{escape(each.block)}`, used at {_where(each.source)}"


def as_data(diagnostic: Diagnostic) -> dict[str, Any]:
    """The diagnostic in the form of the JSON contract."""
    uses = diagnostic.trail.outwards() if diagnostic.trail else []
    return {
        "rule": diagnostic.rule.code,
        "severity": diagnostic.severity.value,
        "message": diagnostic.message,
        **_place_data(diagnostic.source),
        "hint": diagnostic.hint,
        "trail": [{"block": use.block, **_place_data(use.source)} for use in uses],
        "notes": [{"text": note.text, **_place_data(note.source)} for note in diagnostic.notes],
    }


def _place_data(source: Source | None) -> dict[str, Any]:
    return {
        "file": source.file.name if source else None,
        "line": source.line if source else None,
        "column": source.column if source else None,
        "end_column": source.end_column if source else None,
    }

"""Diagnostics as text, with the line that they are about, and as data."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from archanalyzer.diagnostics import BlockUse, Diagnostic, Severity, Source
from archanalyzer.report.text import escape, width
from archanalyzer.report.view import Page

MOST = 50
"""Diagnostics that are printed; beyond that, more of them help nobody."""

_NARROWEST = 20
"""Columns of a spec's line that are shown, however narrow the page."""
_NUMBER = re.compile(r"[-_]?\d[\d,.×]*")
_INNER_USES, _OUTER_USES = 4, 2
"""Of a long way into nested blocks, the uses that are shown at its two ends."""

_WEIGHT = {Severity.ERROR: 0, Severity.FAILURE: 1, Severity.WARNING: 2, Severity.ADVICE: 3, Severity.NOTE: 4}
_COLOR = {
    Severity.ERROR: "1;31",
    Severity.FAILURE: "1;31",
    Severity.WARNING: "1;33",
    Severity.ADVICE: "1;36",
    Severity.NOTE: "1;36",
}


def as_text(diagnostics: Sequence[Diagnostic], page: Page | None = None, *, most: int = MOST) -> str:
    """The diagnostics in the order of their places; of too many, the gravest. Empty where there are none.

    What a repeat or the uses of a block make many of, at one place and alike but for numbers, is told once.
    """
    page = page or Page()
    groups: dict[Any, list[Diagnostic]] = {}
    for each in sorted(diagnostics, key=_place):
        groups.setdefault(_kind(each), []).append(each)
    gravest = sorted(groups.values(), key=lambda group: (_WEIGHT[group[0].severity], _place(group[0])))
    lines: list[str] = []
    for first, *others in sorted(gravest[:most], key=lambda group: _place(group[0])):
        lines.extend(_lines(first, page))
        lines.extend([f"  … and {len(others):,} more at this place"] if others else [])
    if left := sum(map(len, gravest[most:])):
        lines.append(f"… and {left:,} more")
    return "".join(f"{line}\n" for line in lines)


def _kind(diagnostic: Diagnostic) -> Any:
    """What diagnostics have in common that a repeat makes many of: all but numbers, those at the ends of names too."""
    uses = diagnostic.trail.outwards()[:_INNER_USES] if diagnostic.trail else []
    places = (_place(diagnostic), *((use.source.line, use.source.column) for use in uses))
    return diagnostic.rule.code, places, _NUMBER.sub("", diagnostic.message)


def _place(diagnostic: Diagnostic) -> tuple[str, int, int]:
    source = diagnostic.source
    return (source.file.name, source.line, source.column) if source else ("", 0, 0)


def _lines(diagnostic: Diagnostic, page: Page) -> Iterator[str]:
    source = diagnostic.source
    where = f"{_where(source)}: " if source else ""
    severity = f"{diagnostic.severity.value}[{diagnostic.rule.code}]"
    color = _COLOR[diagnostic.severity] if page.color else ""
    yield f"{where}{_painted(severity, color)}: {escape(diagnostic.message)}"
    if source:
        yield from _excerpt(source, color, page.width)
    for note in diagnostic.notes:
        yield f"  note: {_where(note.source)}: {escape(note.text)}"
    yield from _trail(diagnostic.trail)
    if diagnostic.hint:
        yield f"  hint: {escape(diagnostic.hint)}"


def _where(source: Source) -> str:
    """Of a file that could not be read, there is no place to point at."""
    return escape(str(source) if source.file.text else source.file.name)


def _painted(text: str, color: str) -> str:
    return f"\x1b[{color}m{text}\x1b[0m" if color else text


def _excerpt(source: Source, color: str, page_width: int) -> Iterator[str]:
    """The line with carets below it; empty and non-existent lines are not worth showing."""
    text = source.file.line(source.line)
    if not text.strip():
        return
    number = str(source.line)
    shown, before, marked = _cropped(text, source, max(page_width - len(f"  {number} | "), _NARROWEST))
    yield f"  {number} | {shown}".rstrip()
    yield f"  {' ' * len(number)} | {' ' * before}{_painted('^' * marked, color)}"


def _cropped(text: str, source: Source, most: int) -> tuple[str, int, int]:
    """The part of a line around a place, the columns before the place, and those that it takes up.

    Written out, a character may be longer than itself: a tab is shown as spaces, an ESC as its code.
    """
    at = min(source.column - 1, len(text))
    end = max(source.end_column - 1, at + 1)
    first, stop = 0, len(text)
    if stop > most or _columns(text) > most:
        first, stop = _window(text, at, min(end, stop), most)
    dots = "…" if first else ""
    shown = f"{dots}{''.join(map(_shown, text[first:stop]))}{'…' if stop < len(text) else ''}"
    return shown, len(dots) + _columns(text[first:at]), max(1, _columns(text[at : min(end, stop)]))


def _window(text: str, at: int, end: int, most: int) -> tuple[int, int]:
    """What to show of a line with an ellipsis on either side: the place, and around it more before than behind it."""
    first = stop = at

    def take(indices: range, room: int) -> tuple[int, int]:
        for taken, index in enumerate(indices):
            room -= _columns(text[index])
            if room < 0:
                return taken, room + _columns(text[index])
        return len(indices), room

    taken, left = take(range(at, end), most - 2)
    stop += taken
    taken, unused = take(range(first)[::-1], left * 2 // 3)
    first, left = first - taken, left - left * 2 // 3 + unused
    taken, left = take(range(stop, len(text)), left)
    stop += taken
    taken, left = take(range(first)[::-1], left)
    return first - taken, stop


def _columns(text: str) -> int:
    return sum(width(_shown(character)) for character in text)


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

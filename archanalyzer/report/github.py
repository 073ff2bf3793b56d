"""Diagnostics as annotations of GitHub: workflow commands, which a job prints and GitHub shows beside the lines.

A command is ``::error file=net.yaml,line=3,col=5,title=wrong-rank::message``. In it, ``%`` and line breaks are written
as ``%25``, ``%0D`` and ``%0A``; in a property, ``:`` and ``,`` as ``%3A`` and ``%2C`` too (``command.ts`` of GitHub's
actions/toolkit).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from os import path
from pathlib import PurePath

from archanalyzer.diagnostics import Diagnostic, Severity, Source
from archanalyzer.report.text import escape

_COMMANDS = {
    Severity.ERROR: "error",
    Severity.FAILURE: "error",
    Severity.WARNING: "warning",
    Severity.ADVICE: "notice",
    Severity.NOTE: "notice",
}
_IN_TEXT = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_IN_PROPERTY = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A", ":": "%3A", ",": "%2C"})


def as_commands(diagnostics: Iterable[Diagnostic], folder: str = "") -> str:
    """One command a line; files in ``folder``, the root of the repository, are named from there.

    GitHub shows ten annotations of a kind at most; so what a rule says several times of one place is told once.
    """
    places: dict[tuple[str, Source | None], list[Diagnostic]] = {}
    for each in diagnostics:
        places.setdefault((each.rule.code, each.source), []).append(each)
    return "".join(f"{_command(first, len(others), folder)}\n" for first, *others in places.values())


def _command(diagnostic: Diagnostic, more: int, folder: str) -> str:
    properties = {**_place(diagnostic.source, folder), "title": diagnostic.rule.code}
    listed = ",".join(f"{name}={escape(value).translate(_IN_PROPERTY)}" for name, value in properties.items())
    lines = [*_lines(diagnostic, folder), *([f"… and {more:,} more at this place"] if more else [])]
    text = "\n".join(map(escape, lines)).translate(_IN_TEXT)
    return f"::{_COMMANDS[diagnostic.severity]} {listed}::{text}"


def _place(source: Source | None, folder: str) -> dict[str, str]:
    if source is None:
        return {}
    return {"file": named_from(folder, source.file.name), "line": str(source.line), "col": str(source.column)}


def _lines(diagnostic: Diagnostic, folder: str) -> Iterator[str]:
    """The message, and below it whatever else is said."""
    yield diagnostic.message
    for note in diagnostic.notes:
        yield f"note: {_shown(note.source, folder)}: {note.text}"
    for use in diagnostic.trail.outwards() if diagnostic.trail else ():
        yield f"in block `{use.block}`, used at {_shown(use.source, folder)}"
    if diagnostic.hint:
        yield f"hint: {diagnostic.hint}"


def _shown(source: Source, folder: str) -> str:
    return f"{named_from(folder, source.file.name)}:{source.line}:{source.column}"


def named_from(folder: str, name: str) -> str:
    """The name of a file in ``folder`` as seen from there, with ``/`` between its parts; any other name as it is."""
    if folder and PurePath(name).is_absolute():
        relative = path.relpath(name, folder)
        name = name if relative.startswith("..") else relative
    parts = path.normpath(name) if name else name
    return parts.replace(path.sep, "/")

"""Specs that are wrong, each with all that is said of it in the comments at its end.

The files are a catalogue to learn the errors from. To add one, write a spec and run the test: it shows what is said.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from archanalyzer.diagnostics import Diagnostic, Severity, Source, SpecError, has_errors
from archanalyzer.diagnostics.rules import all_rules
from archanalyzer.passes.analyzing import analyze
from archanalyzer.passes.expectations import hold
from archanalyzer.spec import read_spec

FILES = sorted(Path(__file__).parent.glob("*.yaml"))
HEADER = re.compile(r"# (error|failure|warning|note)\[([\w-]+)\] ")


def found(path: Path) -> tuple[Diagnostic, ...]:
    """Everything that `check` would say of a spec, in the order of the places."""
    try:
        spec = read_spec(str(path))
    except SpecError as error:
        return error.diagnostics
    analyzed = analyze(spec)
    held = hold(analyzed)
    remarks = (each.remark for each in held.judged if each.remark)
    return tuple(sorted((*analyzed.diagnostics, *held.diagnostics, *remarks), key=_place))


def _place(diagnostic: Diagnostic) -> tuple[int, int]:
    return (diagnostic.source.line, diagnostic.source.column) if diagnostic.source else (0, 0)


def as_comments(diagnostics: tuple[Diagnostic, ...]) -> list[str]:
    lines = []
    for each in diagnostics:
        lines.append(f"# {each.severity.value}[{each.rule.code}] {_at(each.source)}: {each.message}")
        lines += [f"#   note: {_at(note.source)}: {note.text}" for note in each.notes]
        uses = each.trail.outwards() if each.trail else []
        lines += [f"#   in block `{use.block}`, used at {_at(use.source)}" for use in uses]
        lines += [f"#   hint: {each.hint}"] if each.hint else []
    return lines


def _at(source: Source | None) -> str:
    return f"{source.line}:{source.column}" if source else "nowhere"


def expected(path: Path) -> list[str]:
    lines = path.read_text(encoding="utf-8").splitlines()
    start = next((number for number, line in enumerate(lines) if HEADER.match(line)), len(lines))
    return lines[start:]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_what_is_said_is_what_stands_there(path: Path) -> None:
    assert as_comments(found(path)) == expected(path)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_something_is_said_and_each_thing_has_a_place(path: Path) -> None:
    diagnostics = found(path)
    assert diagnostics
    assert all(each.source is not None and each.source.file.name == str(path) for each in diagnostics)
    assert has_errors(diagnostics) or all(each.severity.value != "error" for each in diagnostics)


def test_the_catalogue_shows_every_rule_that_a_spec_can_break() -> None:
    shown = {match[2] for path in FILES for line in expected(path) if (match := HEADER.match(line))}
    can_be_shown = {code for code, rule in all_rules().items() if rule.bad and rule.severity is not Severity.ADVICE}
    assert can_be_shown - shown == set()

"""``archanalyzer check``: holds what specs expect against the facts."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

if TYPE_CHECKING:
    from archanalyzer.diagnostics import Diagnostic

Outcome = Literal["ok", "failed", "error", "none"]


@dataclass(frozen=True)
class Verdict:
    """What came out of a spec: ``none`` where it expects nothing, ``error`` where it could not be used."""

    path: str
    name: str
    outcome: Outcome
    expectations: int
    unmet: int
    diagnostics: tuple[Diagnostic, ...]

    def __str__(self) -> str:
        from archanalyzer.report.text import escape, plural

        expectations = plural(self.expectations, "expectation")
        one = self.expectations == 1
        text = {
            "ok": f"{expectations} {'holds' if one else 'hold'}",
            "failed": f"{self.unmet:,} of {expectations} {'fails' if self.unmet == 1 else 'fail'}",
            "error": "could not be used",
            "none": "has no `expect:`",
        }[self.outcome]
        return f"{self.outcome} {escape(self.path)}: {text}"

    def data(self) -> dict[str, Any]:
        from archanalyzer.report.diagnostics import as_data

        return {
            "name": self.name,
            "path": self.path,
            "outcome": self.outcome,
            "expectations": self.expectations,
            "unmet": self.unmet,
            "diagnostics": [as_data(diagnostic) for diagnostic in self.diagnostics],
        }


@click.command(
    "check",
    short_help="Hold every `expect:` against the facts.",
    epilog="Exit codes: 0 all hold; 1 some fail; 2 a spec could not be used.",
)
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option(
    "--format",
    "format_name",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="How to tell.",
)
def command(paths: tuple[str, ...], format_name: str) -> int:
    """Hold every `expect:` against the facts, in spec files and in all *.yaml and *.yml below folders.

    \b
    archanalyzer check specs/
    archanalyzer check vgg16.yaml --format json
    """  # noqa: D301 - click reads the control character
    from archanalyzer.cli.output import emit

    verdicts = []
    for path in _specs(paths):
        verdicts.append(_judge(path))
        if format_name == "text":
            _tell(verdicts[-1])
    if format_name == "json":
        from archanalyzer.report.json_format import document

        emit(document([verdict.data() for verdict in verdicts]), exact=True)
    else:
        emit(_summary(verdicts))
    outcomes = {verdict.outcome for verdict in verdicts}
    return 2 if "error" in outcomes else int("failed" in outcomes)


def _specs(paths: tuple[str, ...]) -> list[str]:
    """The files named, and those below the folders named, each once."""
    found: dict[str, None] = {}
    for path in paths:
        below = list(_below(path)) if Path(path).is_dir() else [path]
        if not below:
            raise click.UsageError(f"there is no *.yaml or *.yml below `{path}`")
        found.update(dict.fromkeys(below))
    return list(found)


def _below(folder: str) -> Iterator[str]:
    for here, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (str(Path(here, name)) for name in sorted(files) if name.endswith((".yaml", ".yml")))


def _judge(path: str) -> Verdict:
    from archanalyzer.cli.reading import read_and_analyze
    from archanalyzer.diagnostics import has_errors
    from archanalyzer.passes.expectations import unmet

    analyzed = read_and_analyze(path)
    expectations = analyzed.spec.expectations
    found = () if analyzed.partial else unmet(analyzed.facts, expectations)
    outcome: Outcome = "ok" if expectations else "none"
    if analyzed.partial or has_errors(found):
        outcome = "error"
    elif found:
        outcome = "failed"
    diagnostics = (*analyzed.diagnostics, *found)
    return Verdict(path, analyzed.graph.name, outcome, len(expectations), len(found), diagnostics)


def _tell(verdict: Verdict) -> None:
    """The verdict, and the failures, which are the answer, on standard output; the rest on standard error."""
    from archanalyzer.cli.output import emit, wants_color
    from archanalyzer.diagnostics import Severity
    from archanalyzer.report.diagnostics import as_text

    failures = [each for each in verdict.diagnostics if each.severity is Severity.FAILURE]
    others = [each for each in verdict.diagnostics if each.severity is not Severity.FAILURE]
    emit(f"{verdict}\n{as_text(failures, color=wants_color(sys.stdout))}")
    emit(as_text(others, color=wants_color(sys.stderr)), err=True)


def _summary(verdicts: list[Verdict]) -> str:
    from archanalyzer.report.text import plural

    counts = Counter(verdict.outcome for verdict in verdicts)
    words: dict[Outcome, str] = {"ok": "ok", "failed": "failed", "error": "not usable", "none": "without `expect:`"}
    parts = ", ".join(f"{counts[outcome]:,} {word}" for outcome, word in words.items() if counts[outcome])
    return f"{plural(len(verdicts), 'spec')}: {parts}\n"

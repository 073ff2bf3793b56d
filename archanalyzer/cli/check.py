"""``archanalyzer check``: holds what specs expect against the facts."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from archanalyzer.report.verdicts import Verdict


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
    help="How to write what came of it.",
)
def command(paths: tuple[str, ...], format_name: str) -> int:
    """Hold every `expect:` against the facts, in spec files and in all *.yaml and *.yml below folders.

    \b
    archanalyzer check specs/
    archanalyzer check vgg16.yaml --format json
    """  # noqa: D301 - click reads the control character
    from archanalyzer.cli.output import emit
    from archanalyzer.report.verdicts import Outcome, as_json, summary

    verdicts = []
    for path in _specs(paths):
        verdicts.append(_judge(path))
        if format_name == "text":
            _tell(verdicts[-1])
    if format_name == "json":
        emit(as_json(verdicts), exact=True)
    else:
        emit(summary(verdicts))
    outcomes = {verdict.outcome for verdict in verdicts}
    return 2 if Outcome.ERROR in outcomes else int(Outcome.FAILED in outcomes)


def _specs(paths: tuple[str, ...]) -> list[str]:
    """The files named, and those below the folders named, each once."""
    found: dict[str, None] = {}
    for path in paths:
        below = list(_below(path)) if path and Path(path).is_dir() else [path]
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
    from archanalyzer.passes.expectations import judge
    from archanalyzer.report.verdicts import Outcome, Verdict

    analyzed = read_and_analyze(path)
    expectations = analyzed.spec.expectations
    found = judge(analyzed)
    if analyzed.partial or has_errors(found):
        outcome = Outcome.ERROR
    elif found:
        outcome = Outcome.FAILED
    else:
        outcome = Outcome.OK if expectations else Outcome.NONE
    diagnostics = (*analyzed.diagnostics, *found)
    return Verdict(analyzed.spec.path, analyzed.graph.name, outcome, len(expectations), len(found), diagnostics)


def _tell(verdict: Verdict) -> None:
    """The verdict, and the failures, which are the answer, on standard output; the rest on standard error."""
    from archanalyzer.cli.output import emit, page
    from archanalyzer.diagnostics import Severity
    from archanalyzer.report.diagnostics import as_text
    from archanalyzer.report.verdicts import line

    failures = [each for each in verdict.diagnostics if each.severity is Severity.FAILURE]
    others = [each for each in verdict.diagnostics if each.severity is not Severity.FAILURE]
    emit(line(verdict) + as_text(failures, page(sys.stdout)))
    emit(as_text(others, page(sys.stderr)), err=True)

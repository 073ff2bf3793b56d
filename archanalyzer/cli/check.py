"""``archanalyzer check``: holds what specs expect against the facts."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archanalyzer.cli.options import format_option

if TYPE_CHECKING:
    from archanalyzer.cli.updating import Update
    from archanalyzer.diagnostics import Diagnostic
    from archanalyzer.passes.analyzing import Analyzed
    from archanalyzer.report.verdicts import Verdict


@click.command(
    "check",
    short_help="Hold every `expect:` against the facts.",
    epilog="Exit codes: 0 all hold; 1 some fail; 2 a spec could not be used.",
)
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@format_option(
    "text",
    "json",
    "github",
    "sarif",
    help_text="How to write what came of it: for people, for programs, as annotations of GitHub, for code scanning.",
)
@click.option("--update", is_flag=True, help="Rewrite the values of expectations that fail, and nothing else.")
@click.option("--dry-run", is_flag=True, help="With --update: write nothing, show what would change as a diff.")
def command(paths: tuple[str, ...], format_name: str, update: bool, dry_run: bool) -> int:
    """Hold every `expect:` against the facts, in spec files and in all *.yaml and *.yml below folders.

    \b
    archanalyzer check specs/
    archanalyzer check vgg16.yaml --format github
    archanalyzer check vgg16.yaml --update --dry-run
    """  # noqa: D301 - click reads the control character
    from archanalyzer.cli.output import emit
    from archanalyzer.report.verdicts import Outcome, summary

    _refuse_misuse(paths, format_name, update=update, dry_run=dry_run)
    verdicts = []
    for path in _specs(paths):
        verdict, changes = _judge(path, update=update)
        if changes is not None and not dry_run and changes.updated:
            changes.write()
            verdict = _after(path, changes)
        verdicts.append(verdict)
        if format_name == "text":
            _tell(verdict)
        if changes is not None and dry_run:
            emit(changes.difference(), exact=True)
    emit(summary(verdicts) if format_name == "text" else _written(verdicts, format_name), exact=format_name != "text")
    outcomes = {verdict.outcome for verdict in verdicts}
    return 2 if Outcome.ERROR in outcomes else int(Outcome.FAILED in outcomes)


def _refuse_misuse(paths: tuple[str, ...], format_name: str, *, update: bool, dry_run: bool) -> None:
    if dry_run and not update:
        raise click.UsageError("`--dry-run` goes with `--update`")
    if dry_run and format_name != "text":
        what = {"json": "JSON", "github": "annotation", "sarif": "SARIF"}[format_name]
        raise click.UsageError(f"`--dry-run` shows a diff, which is no {what}")
    if update and "-" in paths:
        raise click.UsageError("standard input, `-`, cannot be updated")


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


def _judge(path: str, *, update: bool) -> tuple[Verdict, Update | None]:
    """What came of the spec at ``path``, and, if asked for, what to write so that its expectations hold."""
    from archanalyzer.cli.reading import read_and_analyze
    from archanalyzer.cli.snapshots import compare
    from archanalyzer.passes.expectations import hold

    analyzed = read_and_analyze(path)
    held = hold(analyzed)
    snapshot = compare(analyzed, held)
    changes = None
    if update:
        from archanalyzer.cli.updating import update_of

        changes = update_of(path, held, snapshot)
    unmet = (*held.diagnostics, *([snapshot.diagnostic] if snapshot.diagnostic else []))
    verdict = _verdict(analyzed, (*held.found, *snapshot.unused), unmet)._replace(difference=snapshot.difference)
    refused = changes.refused if changes else ()
    silenced = sum(each.silenced is not None for each in held.judged) + (snapshot.silenced is not None)
    return verdict._replace(diagnostics=(*verdict.diagnostics, *refused), silenced=silenced), changes


def _verdict(analyzed: Analyzed, found: Sequence[Diagnostic], unmet: Sequence[Diagnostic]) -> Verdict:
    from archanalyzer.diagnostics import has_errors
    from archanalyzer.report.verdicts import Outcome, Verdict

    expectations = analyzed.spec.expectations
    if has_errors(each for each in found if each not in analyzed.faults) or has_errors(unmet):
        outcome = Outcome.ERROR
    elif unmet:
        outcome = Outcome.FAILED
    else:
        outcome = Outcome.OK if expectations else Outcome.NONE
    diagnostics = (*found, *unmet)
    return Verdict(analyzed.spec.path, analyzed.graph.name, outcome, len(expectations), len(unmet), diagnostics)


def _after(path: str, changes: Update) -> Verdict:
    """What came of a spec once it is rewritten; what was refused is told beside what still fails."""
    from archanalyzer.report.verdicts import Outcome

    verdict, _ = _judge(path, update=False)
    outcome = Outcome.UPDATED if verdict.outcome is Outcome.OK else verdict.outcome
    diagnostics = (*verdict.diagnostics, *changes.refused)
    return verdict._replace(outcome=outcome, updated=changes.updated, diagnostics=diagnostics)


def _written(verdicts: Sequence[Verdict], format_name: str) -> str:
    """All that came of it in a format for machines; files are named from the current folder."""
    found = [diagnostic for verdict in verdicts for diagnostic in verdict.diagnostics]
    if format_name == "github":
        from archanalyzer.report.github import as_commands

        return as_commands(found, str(Path.cwd()))
    if format_name == "sarif":
        from archanalyzer.report.sarif import as_sarif

        return as_sarif(found, str(Path.cwd()))
    from archanalyzer.report.verdicts import as_json

    return as_json(verdicts)


def _tell(verdict: Verdict) -> None:
    """The verdict, and the failures, which are the answer, on standard output; the rest on standard error."""
    from archanalyzer.cli.output import emit, page
    from archanalyzer.diagnostics import Severity
    from archanalyzer.report.diagnostics import as_text
    from archanalyzer.report.verdicts import differing_lines, line

    failures = [each for each in verdict.diagnostics if each.severity is Severity.FAILURE]
    others = [each for each in verdict.diagnostics if each.severity is not Severity.FAILURE]
    emit(line(verdict) + as_text(failures, page(sys.stdout)) + differing_lines(verdict))
    emit(as_text(others, page(sys.stderr)), err=True)

"""``archanalyzer check``: holds what specs expect against the facts."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archanalyzer.cli.limiting import chosen_limits
from archanalyzer.cli.options import format_option

if TYPE_CHECKING:
    from archanalyzer.checking.checked import Checked
    from archanalyzer.cli.updating import Update
    from archanalyzer.report.verdicts import Verdict


@click.command(
    "check",
    short_help="Hold every `expect:` against the facts.",
    epilog="Exit codes: 0 all hold; 1 some fail; 2 a spec could not be used, or not be written.",
)
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@format_option(
    "text",
    "json",
    "github",
    "sarif",
    help_text="How to write what came of it: for people, for programs, as annotations of GitHub, for code scanning.",
)
@click.option("--only-specs", is_flag=True, help="Pass over YAML without `archspec` at its top level.")
@click.option("--update", is_flag=True, help="Rewrite the values of expectations that fail, and nothing else.")
@click.option("--dry-run", is_flag=True, help="With --update: write nothing, show what would change as a diff.")
def command(paths: tuple[str, ...], format_name: str, only_specs: bool, update: bool, dry_run: bool) -> int:
    """Hold every `expect:` against the facts, in spec files and in all *.yaml and *.yml below folders.

    \b
    archanalyzer check specs/
    archanalyzer check . --only-specs
    archanalyzer check vgg16.yaml --format github
    archanalyzer check vgg16.yaml --update --dry-run
    """  # noqa: D301 - click reads the control character
    from archanalyzer.cli.output import emit
    from archanalyzer.report.verdicts import Outcome

    _refuse_misuse(paths, format_name, update=update, dry_run=dry_run)
    verdicts = []
    snapshots: dict[str, str] = {}
    for path in _specs(paths, only_specs=only_specs):
        checked = _check(path)
        difference = ""
        if not update:
            verdict = checked.verdict
        elif (other := snapshots.setdefault(_snapshot_of(checked) or path, path)) != path:
            verdict = _left_alone(checked, f"`{path}` stays as it is: `{other}` names the same snapshot")
        elif _leads_out(path, paths):
            verdict = _left_alone(
                checked, f"`{path}` stays as it is: it is a link to a file elsewhere; name it to update it"
            )
        else:
            verdict, difference = _updated(checked, path, dry_run=dry_run)
        verdicts.append(verdict)
        if format_name == "text":
            _tell(verdict)
            emit(difference, exact=True)
    emit(_summary(verdicts) if format_name == "text" else _written(verdicts, format_name), exact=format_name != "text")
    outcomes = {verdict.outcome for verdict in verdicts}
    return 2 if outcomes & {Outcome.ERROR, Outcome.UNWRITTEN} else int(Outcome.FAILED in outcomes)


def _refuse_misuse(paths: tuple[str, ...], format_name: str, *, update: bool, dry_run: bool) -> None:
    if dry_run and not update:
        raise click.UsageError("`--dry-run` goes with `--update`")
    if dry_run and format_name != "text":
        what = {"json": "JSON", "github": "annotation", "sarif": "SARIF"}[format_name]
        raise click.UsageError(f"`--dry-run` shows a diff, which is no {what}")
    if update and "-" in paths:
        raise click.UsageError("standard input, `-`, cannot be updated")


# --- Which files


def _specs(paths: tuple[str, ...], *, only_specs: bool) -> list[str]:
    """The files named, and those below the folders named, each once."""
    found: dict[str, None] = {}
    for path in paths:
        below = list(_below(path)) if path and Path(path).is_dir() else [path]
        if not below:
            raise click.UsageError(f"there is no *.yaml or *.yml below `{path}`")
        found.update(dict.fromkeys(below))
    return [path for path in found if not only_specs or _may_be_a_spec(path)]


def _below(folder: str) -> Iterator[str]:
    for here, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (str(Path(here, name)) for name in sorted(files) if name.endswith((".yaml", ".yml")))


def _may_be_a_spec(path: str) -> bool:
    """Whether a file says that it is a spec, or cannot be read, which is told as always."""
    from archanalyzer.spec.text import says_it_is_a_spec

    try:
        return path == "-" or says_it_is_a_spec(path, chosen_limits())
    except (OSError, ValueError):
        return True


def _leads_out(path: str, named: tuple[str, ...]) -> bool:
    """Whether a file that was found below a folder is, by a link, one that does not lie in what was named."""
    real = Path(os.path.realpath(path))
    return path not in named and not any(real.is_relative_to(os.path.realpath(each)) for each in named)


# --- One spec


def _check(path: str) -> Checked:
    from archanalyzer.checking.checked import check
    from archanalyzer.cli.plugging import plugin_is_at_fault

    checked = check(path, limits=chosen_limits())
    if checked.analyzed.faults:
        plugin_is_at_fault()
    return checked


def _snapshot_of(checked: Checked) -> str | None:
    """Where the snapshot lies that a spec names; None where it names none."""
    from archanalyzer.graph import Topic

    named = (each.value for each in checked.analyzed.spec.expectations if each.topic is Topic.SNAPSHOT)
    folder = Path(checked.analyzed.spec.path).parent
    return next((os.path.realpath(folder / name) for name in named), None)


def _updated(checked: Checked, path: str, *, dry_run: bool) -> tuple[Verdict, str]:
    """What came of a spec once it is rewritten, or, in a ``dry_run``, as it is, and a diff of what would change."""
    from archanalyzer.cli.output import NotWritten
    from archanalyzer.cli.updating import update_of
    from archanalyzer.report.verdicts import Outcome

    changes = update_of(path, checked.held, checked.snapshot, chosen_limits())
    try:
        if dry_run or not changes.updated:
            return _with_refused(checked.verdict, changes), changes.difference()
        changes.write()
    except NotWritten as error:
        return _left_alone(checked, error.message)._replace(outcome=Outcome.UNWRITTEN), ""
    verdict = _check(path).verdict
    outcome = Outcome.UPDATED if verdict.outcome is Outcome.OK else verdict.outcome
    return _with_refused(verdict._replace(outcome=outcome, updated=changes.updated), changes), ""


def _with_refused(verdict: Verdict, changes: Update) -> Verdict:
    """What could not be rewritten is told beside what fails."""
    return verdict._replace(diagnostics=(*verdict.diagnostics, *changes.refused))


def _left_alone(checked: Checked, reason: str) -> Verdict:
    from archanalyzer.cli.updating import left_alone

    verdict = checked.verdict
    refused = left_alone(checked.held, checked.snapshot, reason)
    return verdict._replace(diagnostics=(*verdict.diagnostics, *refused))


# --- Telling


def _summary(verdicts: Sequence[Verdict]) -> str:
    """How many specs came out how, and whether a plugin is at fault, which the exit code says, too."""
    from archanalyzer.cli.plugging import a_plugin_is_at_fault
    from archanalyzer.report.verdicts import summary

    line = summary(verdicts)
    return f"{line.rstrip()}; a plugin is at fault\n" if a_plugin_is_at_fault() else line


def _written(verdicts: Sequence[Verdict], format_name: str) -> str:
    """All that came of it in a format for machines, plugins too; files are named from the current folder."""
    from archanalyzer.cli.plugging import plugins_refused, with_plugins_refused

    found = [*plugins_refused(), *(diagnostic for verdict in verdicts for diagnostic in verdict.diagnostics)]
    if format_name == "github":
        from archanalyzer.report.github import as_commands

        return as_commands(found, str(Path.cwd()))
    if format_name == "sarif":
        from archanalyzer.report.sarif import as_sarif

        return as_sarif(found, str(Path.cwd()))
    from archanalyzer.report.verdicts import as_json

    return with_plugins_refused(as_json(verdicts))


def _tell(verdict: Verdict) -> None:
    """The verdict, and failures and notes, which are the answer, on standard output; the rest on standard error."""
    from archanalyzer.cli.output import emit, page
    from archanalyzer.diagnostics import Severity
    from archanalyzer.report.diagnostics import as_text
    from archanalyzer.report.verdicts import differing_lines, line

    answers = (Severity.FAILURE, Severity.NOTE)
    answered = [each for each in verdict.diagnostics if each.severity in answers]
    others = [each for each in verdict.diagnostics if each.severity not in answers]
    emit(line(verdict) + as_text(answered, page(sys.stdout)) + differing_lines(verdict))
    emit(as_text(others, page(sys.stderr)), err=True)

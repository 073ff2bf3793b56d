"""The snapshot that a spec names: a file beside it, compared with the report and written anew.

A spec may come from anyone. So what it names lies in its folder or below, whatever links there are, and is a snapshot
by its name; nothing else is read or written.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

from archanalyzer.diagnostics import Diagnostic, SpecError
from archanalyzer.diagnostics.ignoring import told
from archanalyzer.diagnostics.rules.expectations import IMPOSSIBLE_EXPECTATION, SNAPSHOT_DIFFERS
from archanalyzer.diagnostics.rules.text import FILE_NOT_FOUND
from archanalyzer.graph import Expectation, Topic
from archanalyzer.passes.analyzing import Analyzed
from archanalyzer.passes.expectations import Held
from archanalyzer.passes.facts import Facts
from archanalyzer.spec.expectations import SNAPSHOT_ENDING
from archanalyzer.spec.limits import Limits
from archanalyzer.spec.text import STDIN, STRING, read


class Compared(NamedTuple):
    """What came of a snapshot. ``report``: what is to be written to ``path``, None where nothing is to be.

    ``name`` is what the spec calls it. ``silenced``: a diagnostic that a comment silences; ``unused``: that one of them
    silences nothing.
    """

    diagnostic: Diagnostic | None = None
    difference: tuple[str, ...] = ()
    path: Path | None = None
    report: str | None = None
    name: str = ""
    silenced: Diagnostic | None = None
    unused: tuple[Diagnostic, ...] = ()


def compare(analyzed: Analyzed, held: Held, limits: Limits) -> Compared:
    """Compares the report with the snapshot that a spec names, if it names one."""
    compared, ignores = _compared(analyzed, held, limits), analyzed.spec.ignores
    found = (compared.diagnostic,) if compared.diagnostic else ()
    left = told(found, ignores, lambda rule: rule is SNAPSHOT_DIFFERS and held.complete)
    unused = tuple(each for each in left if each not in found)
    if compared.diagnostic is None or compared.diagnostic in left:
        return compared._replace(unused=unused)
    return Compared(silenced=compared.diagnostic)


def _compared(analyzed: Analyzed, held: Held, limits: Limits) -> Compared:
    wanted = next((each for each in analyzed.spec.expectations if each.topic is Topic.SNAPSHOT), None)
    if wanted is None or not (held.complete or held.excused):
        return Compared()
    if not held.complete:
        return Compared(_differs(wanted, "found a network with errors"))
    path = _inside(analyzed.spec.path, str(wanted.value))
    if path is None:
        return _refused(wanted, "does not lie in the folder that the spec stands in")
    if not path.name.endswith(SNAPSHOT_ENDING):
        return _refused(wanted, f"is a link to a file whose name does not end in `{SNAPSHOT_ENDING}`")
    return _with_file(analyzed.facts, wanted, path, limits)


def _with_file(facts: Facts, wanted: Expectation, path: Path, limits: Limits) -> Compared:
    from archanalyzer.report.snapshot import difference, snapshot

    name, report = str(wanted.value), snapshot(facts)
    try:
        old = read(str(path), limits).text
    except SpecError as error:
        wrong = error.diagnostics[0]
        if wrong.rule is FILE_NOT_FOUND:
            hint = "`archanalyzer check --update` writes it"
            return Compared(_differs(wanted, f"there is no file `{name}` yet", hint), (), path, report, name)
        return Compared(_differs(wanted, f"`{name}`: {wrong.message}"))
    lines = difference(old, report, name)
    if not lines:
        return Compared()
    hint = "if it was meant to change, `archanalyzer check --update` writes it anew"
    return Compared(_differs(wanted, f"the report is not the one in `{name}`", hint), lines, path, report, name)


def _differs(wanted: Expectation, message: str, hint: str | None = None) -> Diagnostic:
    return Diagnostic(SNAPSHOT_DIFFERS, f"`snapshot`: {message}", wanted.source, hint)


def _refused(wanted: Expectation, why: str) -> Compared:
    message = f"`snapshot`: `{wanted.value}` {why}"
    return Compared(Diagnostic(IMPOSSIBLE_EXPECTATION, message, wanted.source))


def _inside(spec: str, name: str) -> Path | None:
    """The file of a name in the folder of a spec; None where a link leads out of it, or there is no folder."""
    if spec in {"-", STDIN, STRING}:
        return None
    folder = Path(os.path.realpath(Path(spec).parent))
    path = Path(os.path.realpath(folder / name))
    return path if path.is_relative_to(folder) else None

"""What came of holding specs against what they expect."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from enum import Enum
from typing import Any, NamedTuple

from archanalyzer.diagnostics import Diagnostic
from archanalyzer.report.diagnostics import as_data
from archanalyzer.report.json_format import document
from archanalyzer.report.text import escape, plural


class Outcome(Enum):
    """What came of a spec in a word.

    All expectations hold; all do once some were rewritten; some do not; what was to be rewritten could not be written;
    the spec could not be used; it has no expectations.
    """

    OK = "ok"
    UPDATED = "updated"
    FAILED = "failed"
    UNWRITTEN = "unwritten"
    ERROR = "error"
    NONE = "none"


_IN_SUMMARY = {
    Outcome.OK: "ok",
    Outcome.UPDATED: "updated",
    Outcome.FAILED: "failed",
    Outcome.UNWRITTEN: "not written",
    Outcome.ERROR: "not usable",
    Outcome.NONE: "without `expect:`",
}


class Verdict(NamedTuple):
    """What came of one spec; ``unmet`` counts the expectations that do not hold or are about nothing there is.

    ``updated`` counts those that were rewritten, which then hold. ``difference``: the lines in which a snapshot and the
    report differ. ``silenced`` counts the expectations that do not hold, but that comments of the spec silence.
    """

    path: str
    name: str
    outcome: Outcome
    expectations: int
    unmet: int
    diagnostics: tuple[Diagnostic, ...]
    updated: int = 0
    difference: tuple[str, ...] = ()
    silenced: int = 0


def line(verdict: Verdict) -> str:
    """``ok specs/vgg16.yaml: 5 expectations hold``."""
    expectations = plural(verdict.expectations, "expectation")
    held = plural(verdict.expectations - verdict.silenced, "expectation")
    updated = f"{verdict.updated:,} of {expectations} {'is' if verdict.updated == 1 else 'are'} rewritten"
    text = {
        Outcome.OK: f"{held} {'holds' if held.startswith('1 ') else 'hold'}",
        Outcome.UPDATED: updated,
        Outcome.FAILED: f"{verdict.unmet:,} of {expectations} {'fails' if verdict.unmet == 1 else 'fail'}",
        Outcome.UNWRITTEN: "could not be updated",
        Outcome.ERROR: "could not be used",
        Outcome.NONE: "has no `expect:`",
    }[verdict.outcome]
    also = f"; {updated}" if verdict.updated and verdict.outcome is not Outcome.UPDATED else ""
    silenced = "that fails is silenced" if verdict.silenced == 1 else "that fail are silenced"
    also += f"; {verdict.silenced:,} {silenced}" if verdict.silenced else ""
    return f"{verdict.outcome.value} {escape(verdict.path)}: {text}{also}\n"


def differing_lines(verdict: Verdict) -> str:
    """The lines in which a snapshot and the report differ, indented below the verdict."""
    return "".join(f"  {escape(each)}\n" for each in verdict.difference)


def summary(verdicts: Sequence[Verdict]) -> str:
    """``3 specs: 1 ok, 2 failed``."""
    if not verdicts:
        return "no specs\n"
    counts = Counter(verdict.outcome for verdict in verdicts)
    parts = ", ".join(f"{counts[outcome]:,} {words}" for outcome, words in _IN_SUMMARY.items() if counts[outcome])
    return f"{plural(len(verdicts), 'spec')}: {parts}\n"


def as_json(verdicts: Sequence[Verdict]) -> str:
    """The verdicts as one document, in the frame of the JSON contract."""
    return document([_entry(verdict) for verdict in verdicts])


def _entry(verdict: Verdict) -> dict[str, Any]:
    return {
        "name": verdict.name,
        "path": verdict.path,
        "outcome": verdict.outcome.value,
        "expectations": verdict.expectations,
        "unmet": verdict.unmet,
        "updated": verdict.updated,
        "silenced": verdict.silenced,
        "difference": list(verdict.difference),
        "diagnostics": [as_data(diagnostic) for diagnostic in verdict.diagnostics],
    }

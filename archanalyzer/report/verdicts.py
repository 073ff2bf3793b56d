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
    """All expectations hold; some do not; the spec could not be used; it expects nothing."""

    OK = "ok"
    FAILED = "failed"
    ERROR = "error"
    NONE = "none"


_IN_SUMMARY = {
    Outcome.OK: "ok",
    Outcome.FAILED: "failed",
    Outcome.ERROR: "not usable",
    Outcome.NONE: "without `expect:`",
}


class Verdict(NamedTuple):
    """What came of one spec; ``unmet`` counts the expectations that do not hold or are about nothing there is."""

    path: str
    name: str
    outcome: Outcome
    expectations: int
    unmet: int
    diagnostics: tuple[Diagnostic, ...]


def line(verdict: Verdict) -> str:
    """``ok specs/vgg16.yaml: 5 expectations hold``."""
    expectations = plural(verdict.expectations, "expectation")
    text = {
        Outcome.OK: f"{expectations} {'holds' if verdict.expectations == 1 else 'hold'}",
        Outcome.FAILED: f"{verdict.unmet:,} of {expectations} {'fails' if verdict.unmet == 1 else 'fail'}",
        Outcome.ERROR: "could not be used",
        Outcome.NONE: "has no `expect:`",
    }[verdict.outcome]
    return f"{verdict.outcome.value} {escape(verdict.path)}: {text}\n"


def summary(verdicts: Sequence[Verdict]) -> str:
    """``3 specs: 1 ok, 2 failed``."""
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
        "diagnostics": [as_data(diagnostic) for diagnostic in verdict.diagnostics],
    }

"""One spec held against what it expects: the whole answer, and the verdict, which sums it up."""

from __future__ import annotations

from typing import NamedTuple, Unpack

from archanalyzer.checking.reading import Reading, read_and_analyze
from archanalyzer.checking.snapshots import Compared, compare
from archanalyzer.diagnostics import Diagnostic, has_errors
from archanalyzer.passes.analysis import Passes
from archanalyzer.passes.analyzing import Analyzed
from archanalyzer.passes.expectations import Held, hold
from archanalyzer.report.verdicts import Outcome, Verdict
from archanalyzer.spec import DEFAULT_LIMITS


class Checked(NamedTuple):
    """What came of a spec: its facts, each expectation judged, the snapshot compared."""

    analyzed: Analyzed
    held: Held
    snapshot: Compared

    @property
    def found(self) -> tuple[Diagnostic, ...]:
        """What was found in the spec, but for what it expects to be found."""
        return (*self.held.found, *self.snapshot.unused)

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        """The errors for which it cannot be used."""
        return self.analyzed.errors_among(self.found)

    @property
    def unmet(self) -> tuple[Diagnostic, ...]:
        """What is to be said of expectations."""
        return (*self.held.diagnostics, *((self.snapshot.diagnostic,) if self.snapshot.diagnostic else ()))

    @property
    def verdict(self) -> Verdict:
        """All of it in the form in which it is told."""
        silenced = sum(each.silenced is not None for each in self.held.judged) + (self.snapshot.silenced is not None)
        return Verdict(
            path=self.analyzed.spec.path,
            name=self.analyzed.graph.name,
            outcome=self._outcome,
            expectations=len(self.analyzed.spec.expectations),
            unmet=len(self.unmet),
            diagnostics=(*self.found, *self.unmet),
            difference=self.snapshot.difference,
            silenced=silenced,
        )

    @property
    def _outcome(self) -> Outcome:
        if self.errors or has_errors(self.unmet):
            return Outcome.ERROR
        if self.unmet:
            return Outcome.FAILED
        return Outcome.OK if self.analyzed.spec.expectations else Outcome.NONE


def check(path: str, *, text: str | None = None, passes: Passes | None = None, **reading: Unpack[Reading]) -> Checked:
    """What came of the spec at ``path``, ``-`` being standard input, or of a ``text`` that is called so.

    Nothing is raised for what is wrong with it, be it that there is no such file: the verdict says so.
    """
    analyzed = read_and_analyze(path, text=text, passes=passes, **reading)
    held = hold(analyzed)
    return Checked(analyzed, held, compare(analyzed, held, reading.get("limits", DEFAULT_LIMITS)))

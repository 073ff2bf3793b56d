"""What is wrong, as data: a rule, a message, a place, a hint."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from archanalyzer.diagnostics.source import BlockUse, Source


class Severity(Enum):
    """How much a diagnostic weighs.

    An error stops the answer, a failure is an answer of "no", a warning is neither; advice is what one may want to know
    of a network that is sound, and a note what one may want to know of its spec.
    """

    ERROR = "error"
    FAILURE = "failure"
    WARNING = "warning"
    ADVICE = "advice"
    NOTE = "note"


class Rule(NamedTuple):
    """One thing that can be wrong, declared once.

    ``bad`` is the shortest spec that breaks the rule and ``good`` the same one mended; the documentation shows both
    and a test analyzes both. A rule about the file rather than its text has no such pair: ``unshown`` says why.
    """

    code: str
    summary: str
    why: str
    bad: str = ""
    good: str = ""
    unshown: str = ""
    severity: Severity = Severity.ERROR


class Note(NamedTuple):
    """A second place that a diagnostic points to, and what stands there."""

    text: str
    source: Source


class Diagnostic(NamedTuple):
    """One finding: which rule, what was expected and found, where, and what to do about it."""

    rule: Rule
    message: str
    source: Source | None = None
    hint: str | None = None
    trail: BlockUse | None = None
    notes: tuple[Note, ...] = ()

    @property
    def severity(self) -> Severity:
        return self.rule.severity


class SpecError(Exception):
    """A spec could not be used; ``diagnostics`` says everything that is wrong with it."""

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        super().__init__("\n".join(_one_line(diagnostic) for diagnostic in diagnostics))
        self.diagnostics = tuple(diagnostics)


def _one_line(diagnostic: Diagnostic) -> str:
    where = f"{diagnostic.source}: " if diagnostic.source else ""
    hint = f" ({diagnostic.hint})" if diagnostic.hint else ""
    return f"{where}{diagnostic.severity.value}[{diagnostic.rule.code}]: {diagnostic.message}{hint}"


def has_errors(diagnostics: Iterable[Diagnostic]) -> bool:
    return any(diagnostic.severity is Severity.ERROR for diagnostic in diagnostics)

"""Expectations that nothing could keep: the expectation is wrong, not the network."""

from __future__ import annotations

from archanalyzer.diagnostics import Rule, Source, did_you_mean
from archanalyzer.diagnostics.rules.expectations import IMPOSSIBLE_EXPECTATION, UNKNOWN_EXPECTATION
from archanalyzer.graph import PartPath


class Fault(Exception):
    """What is wrong with an expectation, told without its name.

    It stands at ``path`` in the value, or at ``place``, where that is given.
    """

    def __init__(
        self,
        rule: Rule,
        message: str,
        hint: str | None = None,
        path: PartPath = (),
        place: Source | None = None,
    ) -> None:
        super().__init__(message)
        self.rule = rule
        self.message = message
        self.hint = hint
        self.path = path
        self.place = place


def impossible(message: str, path: PartPath, hint: str | None = None) -> Fault:
    """That a value can never be what is expected."""
    return Fault(IMPOSSIBLE_EXPECTATION, message, hint, path)


def require_known(
    name: str, known: tuple[str, ...], message: str, what: str, place: Source | None = None, path: PartPath = ()
) -> None:
    """Refuses a name that is not known.

    Raises:
        Fault: it is not.
    """
    if name not in known:
        raise Fault(UNKNOWN_EXPECTATION, message, did_you_mean(name, known, what), path, place)

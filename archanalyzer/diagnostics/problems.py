"""Collecting what is wrong, so that one reading reports all of it."""

from __future__ import annotations

import re
from collections.abc import Collection
from itertools import islice

from archanalyzer.diagnostics.diagnostic import Diagnostic, Note, Rule, has_errors
from archanalyzer.diagnostics.source import BlockUse, Source

_MOST_COMPARED = 5_000
_MOST_LISTED = 16
_NEAR = 0.7
"""From where on names are alike, as ``difflib`` reckons: `activation` and `dilation` come to 0.67."""
_NEAR_OF_SHORT = 0.66
"""Of three letters, one may be wrong."""
_WORDS = re.compile("[_/]")


class Problems:
    """The diagnostics found so far, in order; what a block says at each of its uses is kept once."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, Source | None, str], Diagnostic] = {}
        self._compared = 0

    @property
    def gives_hints(self) -> bool:
        """Whether names are still compared; of many wrong ones, only the first are, for that takes its time."""
        return self._compared < _MOST_COMPARED

    def similar(self, name: str, known: Collection[str], what: str) -> str | None:
        """The hint ``did_you_mean``, as long as hints are given."""
        if not self.gives_hints:
            return None
        self._compared += len(known)
        return did_you_mean(name, tuple(islice(known, _MOST_COMPARED)), what)

    def add(
        self,
        rule: Rule,
        message: str,
        source: Source | None,
        *,
        hint: str | None = None,
        trail: BlockUse | None = None,
        notes: tuple[Note, ...] = (),
    ) -> None:
        self._found.setdefault((rule.code, source, message), Diagnostic(rule, message, source, hint, trail, notes))

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        return tuple(self._found.values())

    @property
    def has_errors(self) -> bool:
        return has_errors(self._found.values())


def did_you_mean(name: str, known: tuple[str, ...] | list[str], what: str) -> str:
    """A hint for a misspelt ``name``: the nearest known ones, or all where none is near; of many, the most similar."""
    near = _near(name, known) if len(name) <= 80 else []
    if near:
        return "did you mean " + " or ".join(f"`{candidate}`" for candidate in near) + "?"
    if not known:
        return f"there are no {what} here"
    if len(known) > _MOST_LISTED:
        known = sorted(known, key=lambda candidate: -_similarity(name[:80], candidate))
    shown = ", ".join(f"`{candidate}`" for candidate in known[:_MOST_LISTED])
    return f"{what}: {shown}" + (", …" if len(known) > _MOST_LISTED else "")


def _near(name: str, known: Collection[str]) -> list[str]:
    """At most two names that one may have meant: spelt alike, or with it as one of their words."""
    from difflib import get_close_matches  # only ever needed once something is wrong

    folded = {candidate.lower(): candidate for candidate in known}
    alike = get_close_matches(name.lower(), folded, n=2, cutoff=_NEAR if len(name) > 3 else _NEAR_OF_SHORT)
    of_words = (each for each in folded if not alike and name.lower() in _WORDS.split(each))
    return [folded[each] for each in (*alike, *islice(of_words, 2))]


def _similarity(one: str, other: str) -> float:
    from difflib import SequenceMatcher

    return SequenceMatcher(None, one.lower(), other.lower()).ratio()

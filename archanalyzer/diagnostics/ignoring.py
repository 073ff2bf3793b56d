"""Diagnostics that a comment in the spec silences, and comments that silence nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from archanalyzer.diagnostics.diagnostic import Diagnostic, Rule, Severity, has_errors
from archanalyzer.diagnostics.rules.ignoring import INVALID_IGNORE, UNUSED_IGNORE
from archanalyzer.diagnostics.source import Source, SourceFile


class Ignore(NamedTuple):
    """What a comment says of one rule: that its diagnostics at ``line`` are not to be told.

    ``line`` is None for a comment on a line of its own with nothing below it; ``source`` is where the rule is named.
    """

    rule: Rule
    line: int | None
    source: Source


def can_be_silenced(rule: Rule) -> bool:
    """Whether a comment can silence a rule: none that is an error, and none about such comments."""
    return rule.severity is not Severity.ERROR and rule.code not in {INVALID_IGNORE.code, UNUSED_IGNORE.code}


def told(
    found: Iterable[Diagnostic], ignores: Sequence[Ignore], looked_for: Callable[[Rule], bool]
) -> tuple[Diagnostic, ...]:
    """``found`` without what is silenced, and behind it a warning for every comment that silences nothing.

    A diagnostic is silenced at its own line and at the lines of the block uses that lead there; an error never is.
    ``looked_for`` says of which rules everything was found that there is: only with these can a comment be known to
    silence nothing, and not where errors kept others from being found.
    """
    if not ignores:
        return tuple(found)
    silent = {(ignore.rule.code, ignore.line) for ignore in ignores}
    file = ignores[0].source.file
    used: set[tuple[str, int | None]] = set()
    kept: list[Diagnostic] = []
    for each in found:
        hit = silent.intersection((each.rule.code, line) for line in _lines(each, file))
        if hit and can_be_silenced(each.rule):
            used |= hit
        else:
            kept.append(each)
    if not has_errors(kept):
        unused = (ignore for ignore in ignores if (ignore.rule.code, ignore.line) not in used)
        kept.extend(_unused(ignore) for ignore in unused if looked_for(ignore.rule))
    return tuple(kept)


def _lines(diagnostic: Diagnostic, file: SourceFile) -> Iterator[int]:
    """The lines of the spec's file at which a diagnostic can be silenced."""
    uses = diagnostic.trail.outwards() if diagnostic.trail else []
    for source in (diagnostic.source, *(use.source for use in uses)):
        if source is not None and source.file is file:
            yield source.line


def _unused(ignore: Ignore) -> Diagnostic:
    where = "below it is no line" if ignore.line is None else f"nothing breaks that rule in line {ignore.line}"
    message = f"`ignore[{ignore.rule.code}]` silences nothing: {where}"
    return Diagnostic(UNUSED_IGNORE, message, ignore.source, "take it out")

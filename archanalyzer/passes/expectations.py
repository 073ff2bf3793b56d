"""Does a network keep what its spec's ``expect:`` says?

Numbers are compared exactly. What is not known, or known only as a lower bound, keeps no expectation. A receptive
field may be given as one size for all axes (the largest, where positions differ), a list with one an axis, ``all``, or
a map of any of its parts: ``{size: 212, stride: 32}``; where a network has several inputs, by input as well.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

from archanalyzer.diagnostics import Diagnostic, did_you_mean
from archanalyzer.diagnostics.rules.expectations import EXPECTATION_FAILED, UNKNOWN_EXPECTATION
from archanalyzer.graph import Expectation
from archanalyzer.passes.analysis import Kind, Rollup
from archanalyzer.passes.facts import Amount, Facts

FIELD_PARTS = ("size", "min_size", "stride", "offset", "whole")


class _Unknown(Exception):
    """An expectation about nothing that there is: no such fact, or, ``of_subject``, no such layer."""

    def __init__(self, message: str, hint: str, *, of_subject: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.of_subject = of_subject


class _Found(NamedTuple):
    """What the passes say: the value, and what kind of value it is."""

    amount: Amount
    kind: Kind


def unmet(facts: Facts, expectations: Iterable[Expectation]) -> tuple[Diagnostic, ...]:
    """A diagnostic for every expectation that the facts do not keep, or that is about nothing that there is."""
    checker = _Checker(facts)
    found = (checker.check(expectation) for expectation in expectations)
    return tuple(diagnostic for diagnostic in found if diagnostic)


class _Checker:
    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.blocks = {block.name: block for block in facts.graph.blocks}
        self.columns = facts.columns

    def check(self, expectation: Expectation) -> Diagnostic | None:
        name = f"`{expectation.subject or 'totals'}.{expectation.fact}`"
        try:
            found = self._find(expectation)
            kept = not found.amount.at_least and _equal(expectation.value, found.amount.value, found.kind)
        except _Unknown as unknown:
            message = f"{name}: {unknown.message}"
            place = expectation.subject_source if unknown.of_subject else expectation.fact_source
            return Diagnostic(UNKNOWN_EXPECTATION, message, place or expectation.source, unknown.hint)
        if kept:
            return None
        message = f"{name}: expected {_shown(expectation.value)}, found {_found_text(expectation.value, found)}"
        return Diagnostic(EXPECTATION_FAILED, message, expectation.source)

    def _find(self, expectation: Expectation) -> _Found:
        subject, fact = expectation.subject, expectation.fact
        if subject is None:
            _require(fact, tuple(self.facts.passes.total_owner), "there is no such total", "totals")
            total = self.facts.total(fact)
            return _Found(total.amount, total.kind)
        if subject in self.facts.graph.index:
            _require(fact, tuple(self.columns), "there is no such fact about a layer", "facts")
            amount = Amount(self.facts.values(fact)[self.facts.graph.index[subject]])
        elif subject in self.blocks:
            rolled_up = tuple(name for name, column in self.columns.items() if column.rollup is not Rollup.NONE)
            _require(fact, rolled_up, "there is no such fact about a block", "facts")
            amount = self.facts.block_value(self.blocks[subject], fact)
        else:
            known = (*self.facts.graph.index, *self.blocks)
            hint = did_you_mean(subject, known, "layers")
            raise _Unknown(f"there is no layer or block `{subject}`", hint, of_subject=True)
        return _Found(amount, self.columns[fact].kind)


def _require(name: str, known: tuple[str, ...], message: str, what: str) -> None:
    if name not in known:
        raise _Unknown(message, did_you_mean(name, known, what))


def _equal(expected: Any, found: Any, kind: Kind) -> bool:
    if found is None:
        return False
    match kind:
        case Kind.FIELD:
            return _field_is(expected, found)
        case Kind.FRACTION:
            return bool(_fraction(expected) == _fraction(found))
    return bool(_plain(expected) == _plain(found))


def _plain(value: Any) -> Any:
    """Lists for tuples, dicts for maps; a truth value is made different from the number that Python takes it for."""
    if isinstance(value, bool):
        return ("truth", value)
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, list | tuple) else value


def _fraction(value: Any) -> Any:
    """A number written ``1/2`` or 0.5, alone or in a list, as the number that it is; what is none, as it stands."""
    if isinstance(value, list | tuple):
        return [_fraction(each) for each in value]
    try:
        return _plain(value) if isinstance(value, bool | None) else Fraction(value)
    except (ValueError, ZeroDivisionError, OverflowError, TypeError):
        return value


def _field_is(expected: Any, entries: Sequence[Mapping[str, Any]]) -> bool:
    if isinstance(expected, Mapping):
        return all(_part_is(name, value, entries) for name, value in expected.items())
    if expected == "all":
        return bool(entries) and all(entry["whole"] for entry in entries)
    return _axes_are(expected, entries, "size")


def _part_is(name: str, expected: Any, entries: Sequence[Mapping[str, Any]]) -> bool:
    of_input = [entry for entry in entries if entry["input"] == name]
    if of_input:
        return _field_is(expected, of_input)
    _require(name, FIELD_PARTS, f"`{name}` is neither a part of a receptive field nor an input that it sees", "parts")
    return _axes_are(expected, entries, name)


def _axes_are(expected: Any, entries: Sequence[Mapping[str, Any]], part: str) -> bool:
    """One value for all axes, or a list with one an axis; an upper bound is not known to be anything."""
    if not all(entry.get("exact", True) for entry in entries):
        return False
    found = [entry[part] for entry in entries]
    if not isinstance(expected, list | tuple):
        expected = [expected] * max(len(found), 1)
    return bool(_fraction(expected) == _fraction(found))


def _found_text(expected: Any, found: _Found) -> str:
    value, at_least = found.amount
    if value is None:
        return "what is not known"
    if at_least:
        return f"at least {_shown(value)}, of which a part is not known"
    if found.kind is Kind.FIELD:
        return _field_text(value, expected)
    return f"{_shown(value)}{_difference(expected, value)}"


def _difference(expected: Any, found: Any) -> str:
    """``(1 more)`` where both are numbers."""
    numbers = all(isinstance(each, int | float) and not isinstance(each, bool) for each in (expected, found))
    if not numbers:
        return ""
    difference = found - expected
    return f" ({abs(difference):,} {'more' if difference > 0 else 'fewer'})"


def _field_text(entries: Sequence[Mapping[str, Any]], expected: Any) -> str:
    """The parts of a field that were asked for."""
    if not entries:
        return "no axis of any input"
    if isinstance(expected, Mapping):
        return "; ".join(
            f"{entry['input']} {entry['axis']} " + ", ".join(f"{part} {_shown(entry[part])}" for part in FIELD_PARTS)
            for entry in entries
        )
    sizes = [entry["size"] for entry in entries]
    if any(entry["min_size"] != entry["size"] for entry in entries):
        ranges = ", ".join(f"{entry['min_size']} to {entry['size']}" for entry in entries)
        return f"{ranges}, by position"
    if len(set(sizes)) > 1:
        return _shown(sizes)
    return f"{_shown(sizes[0])}{_difference(expected, sizes[0])}"


def _shown(value: Any) -> str:
    """A value as a message tells it; numbers alone with their thousands apart."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"{value:,}"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 200 else f"{text[:199]}…"

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

from archanalyzer.diagnostics import Diagnostic, Rule, Source, did_you_mean
from archanalyzer.diagnostics.rules.expectations import (
    EXPECTATION_FAILED,
    IMPOSSIBLE_EXPECTATION,
    UNKNOWN_EXPECTATION,
)
from archanalyzer.graph import Expectation
from archanalyzer.passes.analysis import Kind, Rollup
from archanalyzer.passes.analyzing import Analyzed
from archanalyzer.passes.facts import Amount, Facts

FIELD_PARTS = ("size", "min_size", "stride", "offset", "whole")


class _Fault(Exception):
    """An expectation that nothing could keep: it is about nothing that there is, or expects what cannot be.

    ``place`` is where the fault stands, None for the value.
    """

    def __init__(self, rule: Rule, message: str, hint: str | None = None, place: Source | None = None) -> None:
        super().__init__(message)
        self.rule = rule
        self.message = message
        self.hint = hint
        self.place = place


class _Found(NamedTuple):
    """What the passes say: the value, and what kind of value it is."""

    amount: Amount
    kind: Kind


def judge(analyzed: Analyzed) -> tuple[Diagnostic, ...]:
    """What is to be said of what a spec expects; of a network that is not sound, only what no network would keep."""
    return unmet(analyzed.facts, analyzed.spec.expectations, whole=analyzed.network_is_sound)


def unmet(facts: Facts, expectations: Iterable[Expectation], *, whole: bool = True) -> tuple[Diagnostic, ...]:
    """A diagnostic for every expectation that the facts do not keep, or that is about nothing that there is.

    Where the facts are not those of the ``whole`` network, they are not compared.
    """
    checker = _Checker(facts, whole=whole)
    found = (checker.check(expectation) for expectation in expectations)
    return tuple(diagnostic for diagnostic in found if diagnostic)


class _Checker:
    def __init__(self, facts: Facts, *, whole: bool) -> None:
        self.facts = facts
        self.whole = whole
        self.blocks = {block.name: block for block in facts.graph.blocks}
        self.columns = facts.columns
        self._told: set[str | None] = set()

    def check(self, expectation: Expectation) -> Diagnostic | None:
        subject, fact = expectation.subject, expectation.fact
        if subject in self._told or not self._has(expectation):
            return self._no_subject(expectation)
        if fact is None:
            return None
        name = f"`{subject or 'totals'}.{fact}`"
        try:
            kind = self._kind(subject, fact, expectation.fact_source)
            _require_possible(expectation.value, kind)
            if not self.whole:
                return None
            found = _Found(self._amount(subject, fact), kind)
            kept = not found.amount.at_least and _equal(expectation.value, found.amount.value, kind)
        except _Fault as fault:
            return Diagnostic(fault.rule, f"{name}: {fault.message}", fault.place or expectation.source, fault.hint)
        if kept:
            return None
        message = f"{name}: expected {_shown(expectation.value)}, found {_found_text(expectation.value, found)}"
        return Diagnostic(EXPECTATION_FAILED, message, expectation.source)

    def _has(self, expectation: Expectation) -> bool:
        """Whether there is what an expectation is about, as far as that is known."""
        subject = expectation.subject
        if subject is None or subject in self.facts.graph.index or subject in self.blocks:
            return True
        return expectation.missing is None and not self.whole

    def _no_subject(self, expectation: Expectation) -> Diagnostic | None:
        """That there is no such layer, told once."""
        subject = expectation.subject
        if subject is None or subject in self._told:
            return None
        self._told.add(subject)
        hint = expectation.missing
        if hint is None:
            hint = did_you_mean(subject, (*self.facts.graph.index, *self.blocks), "layers")
        place = expectation.subject_source or expectation.source
        return Diagnostic(UNKNOWN_EXPECTATION, f"there is no layer or block `{subject}`", place, hint or None)

    def _kind(self, subject: str | None, fact: str, place: Source | None) -> Kind:
        """What kind of value a fact has.

        Raises:
            _Fault: there is no such fact.
        """
        if subject is None:
            _require(fact, tuple(self.facts.passes.total_owner), "there is no such total", "totals", place)
            return self.facts.total(fact).kind
        known, what = tuple(self.columns), "a layer"
        if subject in self.blocks:
            known = tuple(name for name, column in self.columns.items() if column.rollup is not Rollup.NONE)
            what = "a block"
        _require(fact, known, f"there is no such fact about {what}", "facts", place)
        return self.columns[fact].kind

    def _amount(self, subject: str | None, fact: str) -> Amount:
        if subject is None:
            return self.facts.total(fact).amount
        if subject in self.blocks:
            return self.facts.block_value(self.blocks[subject], fact)
        return Amount(self.facts.values(fact)[self.facts.graph.index[subject]])


def _require(name: str, known: tuple[str, ...], message: str, what: str, place: Source | None = None) -> None:
    if name not in known:
        raise _Fault(UNKNOWN_EXPECTATION, message, did_you_mean(name, known, what), place)


_POSSIBLE = {
    Kind.COUNT: "a number",
    Kind.BYTES: "a number",
    Kind.SHAPE: "a list of numbers",
    Kind.FRACTION: "a number, a fraction such as `1/2`, or a list of them",
    Kind.FIELD: "a number, a list of numbers, `all`, or a map",
}


def _require_possible(value: Any, kind: Kind) -> None:
    """Refuses what a fact of this kind can never be."""
    items = value if isinstance(value, list | tuple) else [value]
    match kind:
        case Kind.COUNT | Kind.BYTES:
            possible = _is_number(value)
        case Kind.SHAPE:
            possible = isinstance(value, list | tuple) and all(map(_is_number, items))
        case Kind.FRACTION:
            possible = value is not None and all(each is None or _is_number(_fraction(each)) for each in items)
        case Kind.FIELD:
            possible = isinstance(value, Mapping) or value == "all" or all(map(_is_number, items))
        case _:
            possible = True
    if not possible:
        found = "nothing" if value is None else _shown(value)
        quoted = isinstance(value, str) and value.isdecimal()
        hint = f"in quotes it is text; write `{value}`" if quoted else None
        raise _Fault(IMPOSSIBLE_EXPECTATION, f"expected {_POSSIBLE[kind]}, found {found}", hint)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | Fraction) and not isinstance(value, bool)


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

"""What a spec expects to be found in it: by a rule, something, nothing, so many times, or at certain layers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from archanalyzer.diagnostics import BlockUse, Diagnostic, Rule, Severity, Source
from archanalyzer.diagnostics.rules import all_rules
from archanalyzer.diagnostics.rules import expectations as own_rules
from archanalyzer.graph import Expectation, Graph, Topic
from archanalyzer.graph.quantities import number_of
from archanalyzer.passes.analysis import Kind
from archanalyzer.passes.expecting.bounds import is_bound_map
from archanalyzer.passes.expecting.comparing import Change, Difference, Stuck, bound_of, differences
from archanalyzer.passes.expecting.differing import shown
from archanalyzer.passes.expecting.faults import Fault, impossible, require_known
from archanalyzer.passes.expecting.wording import expected_text
from archanalyzer.passes.facts import Amount

NONE, SOME = "none", "some"

_NAMED_FIRST = re.compile(r"(?:(?:, | and )?`[^`]*`)+")
_NAME = re.compile("`([^`]*)`")
_MOST_SHOWN = 8


def rules_that_can_be_expected() -> dict[str, Rule]:
    """Every rule by which something is found before expectations are held."""
    own = _own_codes()
    return {code: rule for code, rule in all_rules().items() if code not in own}


def _own_codes() -> set[str]:
    return {rule.code for rule in vars(own_rules).values() if isinstance(rule, Rule)}


def wants_advice(expectations: Sequence[Expectation]) -> bool:
    """Whether a rule of advice is named, which is only found where it is asked for."""
    return any(each.topic is Topic.DIAGNOSTICS and is_advice(each) for each in expectations)


def is_advice(expectation: Expectation) -> bool:
    """Whether a rule that is expected to be broken, or not to be, is one of advice."""
    rule = rules_that_can_be_expected().get(expectation.fact or "")
    return rule is not None and rule.severity is Severity.ADVICE


class Findings:
    """What was found in a network, by rule, and at which layers."""

    def __init__(self, graph: Graph, found: Sequence[Diagnostic]) -> None:
        self.graph = graph
        self.by_rule: dict[str, list[Diagnostic]] = {}
        for each in found:
            self.by_rule.setdefault(each.rule.code, []).append(each)
        self._at: dict[tuple[Source, BlockUse | None], list[str]] = {}

    def require_possible(self, expectation: Expectation) -> None:
        """Refuses what can never be found.

        Raises:
            Fault: there is no such rule or layer, or the value is of no kind that fits.
        """
        value, known = expectation.value, tuple(rules_that_can_be_expected())
        if expectation.fact in _own_codes():
            message = "a rule about expectations is found by holding them, not before"
            raise Fault(own_rules.IMPOSSIBLE_EXPECTATION, message, place=expectation.fact_source)
        require_known(expectation.fact or "", known, "there is no such rule", "rules", expectation.fact_source)
        if isinstance(value, list | tuple) and all(isinstance(each, str) for each in value):
            for index, name in enumerate(value):
                message = f"there is no layer `{name}`"
                require_known(name, tuple(self.graph.index), message, "layers", path=(index,))
        elif value not in (NONE, SOME) and not _is_count(value):
            raise impossible(f"expected `none`, `some`, a number or a list of layers, found {shown(value)}", ())

    def differences(self, expectation: Expectation) -> Iterator[Difference]:
        """Where what is found is not what is expected; nothing where it is."""
        found = self.by_rule.get(expectation.fact or "", [])
        value = expectation.value
        if isinstance(value, list | tuple):
            yield from self._named(list(value), found)
        elif value in (NONE, SOME):
            if bool(found) != (value == SOME):
                yield Change((), SOME if found else NONE)
        else:
            yield from differences(value, Amount(len(found)), Kind.COUNT)

    def _named(self, expected: list[str], found: Sequence[Diagnostic]) -> Iterator[Difference]:
        """A list is held by the layers in it and by no others, in any order."""
        at = {name: None for each in found for name in self._layers(each)}
        if not all(map(self._layers, found)):
            yield Stuck("some of what is found stands at no layer")
        elif set(at) != set(expected) or len(set(expected)) < len(expected):
            new = [name for name in at if name not in expected]
            gone = [index for index, name in enumerate(expected) if name not in at or name in expected[:index]]
            if len(new) != len(gone):
                yield Change((), [name for name in dict.fromkeys(expected) if name in at] + new)
            else:
                yield from (Change((index,), name) for index, name in zip(gone, new, strict=True))

    def _layers(self, diagnostic: Diagnostic) -> Sequence[str]:
        """The layers that a diagnostic is about: those that its message names first, else those at its place."""
        first = _NAMED_FIRST.match(diagnostic.message)
        named = [name for name in _NAME.findall(first[0]) if name in self.graph.index] if first else []
        if named or diagnostic.source is None:
            return named
        if not self._at:
            for layer in self.graph.layers:
                self._at.setdefault((layer.source, layer.trail), []).append(layer.name)
        return self._at.get((diagnostic.source, diagnostic.trail), [])

    def expected_text(self, expectation: Expectation) -> str:
        """What an expectation says, as a message tells it."""
        value = expectation.value
        if isinstance(value, list | tuple):
            return self._listed(value) if value else NONE
        return value if value in (NONE, SOME) else expected_text(value, Kind.COUNT)

    def found_text(self, expectation: Expectation) -> str:
        """What is found by the rule that an expectation names."""
        found = self.by_rule.get(expectation.fact or "", [])
        if not found:
            return NONE
        names = list(dict.fromkeys(name for each in found for name in self._layers(each)))
        return f"{len(found):,}" + (f", at {self._listed(names)}" if names else "")

    def _listed(self, names: Sequence[str]) -> str:
        return ", ".join(f"`{name}`" for name in names[:_MOST_SHOWN]) + (", …" if len(names) > _MOST_SHOWN else "")


def _is_count(value: Any) -> bool:
    """Whether something may be found as many times: a whole number or a bound."""
    if isinstance(value, str) or (isinstance(value, Mapping) and is_bound_map(value)):
        return bound_of(value) is not None
    number = number_of(value)
    return number is not None and number >= 0 and number.denominator == 1

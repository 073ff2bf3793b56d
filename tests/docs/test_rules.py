"""The examples of the rules: the bad one breaks its rule and no other, the good one breaks none."""

from __future__ import annotations

import pytest

from archanalyzer.diagnostics import Rule, Severity
from archanalyzer.diagnostics.rules import all_rules
from tests.docs.examples import diagnosed

RULES = list(all_rules().values())
SHOWN = [rule for rule in RULES if not rule.unshown]


def advises(rule: Rule) -> bool:
    return rule.severity is Severity.ADVICE


def test_rules_are_found() -> None:
    assert len(SHOWN) > 50


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_a_rule_is_shown_or_says_why_not(rule: Rule) -> None:
    assert rule.why.endswith(".")
    assert not rule.summary.endswith(".")
    assert (bool(rule.bad), bool(rule.good)) == (not rule.unshown, not rule.unshown)


@pytest.mark.parametrize("rule", SHOWN, ids=lambda rule: rule.code)
def test_the_bad_example_breaks_this_rule_alone(rule: Rule) -> None:
    assert {each.rule.code for each in diagnosed(rule.bad, "spec.yaml", advice=advises(rule))} == {rule.code}


@pytest.mark.parametrize("rule", SHOWN, ids=lambda rule: rule.code)
def test_the_good_example_breaks_none(rule: Rule) -> None:
    assert [each.message for each in diagnosed(rule.good, "spec.yaml", advice=advises(rule))] == []

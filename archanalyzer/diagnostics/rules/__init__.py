"""The catalogue of rules: one module a topic, one declaration a rule."""

from __future__ import annotations

import importlib
import pkgutil

from archanalyzer.diagnostics.diagnostic import Rule

_added: dict[str, Rule] = {}


def add(rule: Rule) -> None:
    """Makes a rule known that does not come with the package.

    Raises:
        ValueError: there is one of that code.
    """
    if rule.code in all_rules():
        raise ValueError(f"there is a rule `{rule.code}` already")
    _added[rule.code] = rule


def take_away(code: str) -> None:
    """Forgets a rule that was added."""
    del _added[code]


def all_rules() -> dict[str, Rule]:
    """Every rule, by code, in the order of the topics and then of their declarations; those that were added last.

    Raises:
        ValueError: two rules carry one code.
    """
    rules: dict[str, Rule] = {}
    for module in pkgutil.iter_modules(__path__, f"{__name__}."):
        for value in vars(importlib.import_module(module.name)).values():
            if not isinstance(value, Rule):
                continue
            if value.code in rules:
                raise ValueError(f"two rules are called {value.code!r}; the second is in {module.name}")
            rules[value.code] = value
    return {**rules, **_added}

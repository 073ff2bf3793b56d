"""Are the parts of a plugin what they should be? What is not would be found out in the middle of an answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from archanalyzer.diagnostics import Rule, Severity
from archanalyzer.diagnostics.guarding import shown
from archanalyzer.diagnostics.rules.plugins import NOT_A_PLUGIN
from archanalyzer.executor import kernels
from archanalyzer.graph import Op
from archanalyzer.passes.analysis import Analysis
from archanalyzer.plugins.plugin import Plugin
from archanalyzer.plugins.refusing import TEXT, Refused, one_of, require_fields, require_name
from archanalyzer.plugins.sound_ops import require_op
from archanalyzer.plugins.sound_passes import require_pass

_KINDS_OF_PARTS: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "passes": ("functions made passes by `@analysis`", lambda each: isinstance(each, Analysis)),
    "ops": ("subclasses of `Op` with a `name`", lambda each: isinstance(each, type) and issubclass(each, Op)),
    "rules": ("rules made with `Rule`", lambda each: isinstance(each, Rule)),
}


def with_sound_parts(plugin: Plugin) -> Plugin:
    """The plugin, its parts in tuples, all of them looked through.

    Raises:
        Refused: a part is not what it should be.
    """
    parts: dict[str, tuple[Any, ...]] = {}
    for field, (expected, fits) in _KINDS_OF_PARTS.items():
        given = getattr(plugin, field)
        wrong = [each for each in given if not fits(each)] if isinstance(given, list | tuple) else [given]
        if wrong:
            raise Refused(NOT_A_PLUGIN, f"`{field}`: expected a list of {expected}, found {shown(wrong[0])}")
        parts[field] = tuple(given)
    for one in parts["passes"]:
        require_pass(one)
    for op in parts["ops"]:
        require_op(op)
    for rule in parts["rules"]:
        _require_rule(rule)
    _require_formats(plugin.formats)
    _require_kernels(plugin.kernels, {op.name for op in parts["ops"]})
    return replace(plugin, passes=parts["passes"], ops=parts["ops"], rules=parts["rules"])


def _require_rule(rule: Rule) -> None:
    require_name("rule", rule.code)
    texts = dict.fromkeys(("summary", "why", "bad", "good", "unshown"), TEXT)
    require_fields(f"rule `{rule.code}`", rule, {**texts, "severity": one_of(Severity)})


def _require_formats(given: Any) -> None:
    _require_callables("formats", given)
    for name in given:
        require_name("format", name)


def _require_kernels(given: Any, declared: set[str]) -> None:
    """A function that gives a kernel is not called here: that would import NumPy."""
    _require_callables("kernels", given)
    if strangers := sorted(set(given) - declared):
        raise Refused(NOT_A_PLUGIN, f"`kernels`: there is no layer type `{strangers[0]}` in `ops`")
    for name, kernel in given.items():
        if isinstance(kernel, type) and not kernels.is_kernel(kernel):
            message = f"kernel of `{name}`: expected {kernels.EXPECTED}, found {shown(kernel)}"
            raise Refused(NOT_A_PLUGIN, message)


def _require_callables(field: str, given: Any) -> None:
    if not isinstance(given, Mapping) or not all(isinstance(name, str) for name in given):
        raise Refused(NOT_A_PLUGIN, f"`{field}`: expected a dict with names as keys, found {shown(given)}")
    wrong = [each for each in given.values() if not callable(each)]
    if wrong:
        raise Refused(NOT_A_PLUGIN, f"`{field}`: expected functions or classes, found {shown(wrong[0])}")

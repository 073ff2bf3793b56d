"""Rules as a page, as a list and as data: what each says, why, and what it looks like."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from typing import Any

from archanalyzer.diagnostics import Diagnostic, Rule, Severity
from archanalyzer.diagnostics.ignoring import can_be_silenced
from archanalyzer.report.diagnostics import as_data, as_text
from archanalyzer.report.json_text import document
from archanalyzer.report.view import Page

_MEANING = {
    Severity.ERROR: "An error: the spec, or a part of it, cannot be used; the exit code is 2.",
    Severity.FAILURE: "A failure: the answer is no; the exit code is 1.",
    Severity.WARNING: "A warning: it changes no exit code.",
    Severity.ADVICE: "Advice, which `archanalyzer field` gives on a network that is sound; it changes no exit code.",
    Severity.NOTE: "A note: it says something of the spec, and changes no exit code.",
}
_INDENT = "    "


def page_of(rule: Rule, said: Sequence[Diagnostic], page: Page | None = None) -> str:
    """All that there is to say of a rule; ``said`` is what is found in its bad example."""
    page = page or Page()
    width = max(page.width, 20)
    parts = [_filled(f"{rule.code}: {rule.summary}", width), _filled(rule.why, width)]
    parts.append(_filled(_MEANING[rule.severity], width))
    if can_be_silenced(rule):
        parts.append("At the end of the line that it points at, this silences it:\n")
        parts.append(f"{_INDENT}# archanalyzer: ignore[{rule.code}]\n")
    if rule.unshown:
        parts.append(_filled(f"There is no example: {rule.unshown}.", width))
    else:
        printed = as_text(said, page._replace(width=width - len(_INDENT)))
        for title, text in (("A spec that breaks it", rule.bad), ("What is said to that", printed)):
            parts.append(f"{title}:\n\n{textwrap.indent(text, _INDENT)}")
        parts.append(f"The spec mended:\n\n{textwrap.indent(rule.good, _INDENT)}")
    return "\n".join(parts)


def _filled(text: str, width: int) -> str:
    return textwrap.fill(text, width, break_long_words=False, break_on_hyphens=False) + "\n"


def as_list(rules: Iterable[Rule], page: Page | None = None) -> str:
    """The rules by code, with their severity and what is wrong."""
    rules = list(rules)
    longest = max((len(rule.code) for rule in rules), default=0)
    lines = []
    for rule in rules:
        head = f"{rule.code:{longest}}  {rule.severity.value:{len(Severity.FAILURE.value)}}  "
        room = max((page or Page()).width - len(head), 20)
        summary = _filled(rule.summary, room)
        lines.append(head + textwrap.indent(summary, " " * len(head)).lstrip())
    return "".join(lines)


def as_json(rules: Iterable[tuple[Rule, Sequence[Diagnostic] | None]]) -> str:
    """The rules as one document; each with what is found in its bad example, None where that was not asked."""
    return document({"rules": [_entry(rule, said) for rule, said in rules]})


def _entry(rule: Rule, said: Sequence[Diagnostic] | None) -> dict[str, Any]:
    entry = {
        "rule": rule.code,
        "severity": rule.severity.value,
        "summary": rule.summary,
        "why": rule.why,
        "can_be_silenced": can_be_silenced(rule),
        "bad": rule.bad or None,
        "good": rule.good or None,
        "unshown": rule.unshown or None,
    }
    return entry if said is None else {**entry, "diagnostics": [as_data(each) for each in said]}

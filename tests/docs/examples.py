"""The specs that pages show: a whole one as it stands, a fragment completed to a whole one.

Where something is wrong on purpose, the line says so: ``# error: CODE`` (or ``# warning:``, ``# failure:``, or
``# note:``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

from archanalyzer.diagnostics import Diagnostic, SpecError
from archanalyzer.passes.advice import advising_passes
from archanalyzer.passes.analyzing import analyze
from archanalyzer.passes.expectations import judge
from archanalyzer.spec import parse_spec
from tests.docs.fences import Fence

_INPUTS = "inputs: {image: [3, 32, 32]}"
_ENTRIES = re.compile(r"(?:#.*\n)*- ")
_ANNOUNCED = re.compile(r"# (error|warning|failure|note): ([a-z0-9-]+)")


class Finding(NamedTuple):
    """What is wrong in a block: how much it weighs, which rule is broken, in which line of the block, from 1."""

    severity: str
    rule: str
    line: int


def announced(fence: Fence) -> set[Finding]:
    """What a block says is wrong with it."""
    lines = enumerate(fence.text.splitlines(), start=1)
    return {Finding(found[1], found[2], number) for number, line in lines for found in _ANNOUNCED.finditer(line)}


def found(fence: Fence) -> set[Finding]:
    """What is wrong with a block."""
    text, above = completed(fence)
    diagnostics = diagnosed(text, str(fence))
    return {
        Finding(each.severity.value, each.rule.code, each.source.line - above if each.source else 0)
        for each in diagnostics
    }


@cache
def diagnosed(text: str, name: str, *, advice: bool = False) -> tuple[Diagnostic, ...]:
    """Everything that is wrong with a spec, what it expects included; if asked for, advice on a sound one too."""
    try:
        analyzed = analyze(parse_spec(text, name=name), advising_passes() if advice else None)
    except SpecError as error:
        return error.diagnostics
    return (*analyzed.diagnostics, *judge(analyzed))


def completed(fence: Fence) -> tuple[str, int]:
    """A block as a whole spec, and the number of lines put above it."""
    if not fence.info.endswith("fragment"):
        return fence.text, 0
    head = ["archspec: 1"]
    if fence.comment.startswith("with"):
        head += fence.comment.removeprefix("with").strip("\n").splitlines()
    sections = set(_sections((*head, *fence.text.splitlines())))
    head += [] if "inputs" in sections else [_INPUTS]
    if _ENTRIES.match(fence.text):
        body = "".join(f"  {line}" for line in fence.text.splitlines(keepends=True))
        return "\n".join((*head, "layers:", body)), len(head) + 1
    below = "" if "layers" in sections else "layers: [relu]\n"
    return "\n".join((*head, fence.text + below)), len(head)


def _sections(lines: Iterable[str]) -> Iterable[str]:
    return (line.partition(":")[0] for line in lines if line[:1].isalpha())

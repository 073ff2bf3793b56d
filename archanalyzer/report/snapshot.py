"""A report to keep beside a spec: every fact on a line of its own, under its full name, so that a diff reads well."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import unified_diff
from itertools import islice
from typing import Any

from archanalyzer.passes.analysis import Rollup
from archanalyzer.passes.facts import Amount, Facts
from archanalyzer.report.json_text import dump

_MOST_LINES = 40
_MOST_COMPARED = 2_000
"""Lines from the first difference on in which others are looked for."""
_MOST_WHOLE = 5_000
"""Lines of texts that are compared whole: what it takes may grow with their square."""
_CONTEXT = 1


def snapshot(facts: Facts) -> str:
    """The facts of a network: totals, layers, blocks. No path, no order of files, nothing of the machine is in it.

    Facts of plugins are left out: whether one is installed says nothing about the network.
    """
    return "".join(f"{line}\n" for line in _lines(facts))


def _lines(facts: Facts) -> Iterator[str]:
    graph = facts.graph
    yield f"network: {dump(graph.name)}"
    yield f"dtype: {dump(graph.dtype)}"
    yield f"outputs: {dump([graph.layers[output].name for output in graph.outputs])}"
    for name, owner in facts.passes.total_owner.items():
        if owner.plugin is None:
            yield from _fact(f"total {name}", facts.total(name).amount)
    columns = {name: facts.values(name) for name, owner in facts.passes.column_owner.items() if owner.plugin is None}
    of_blocks = [name for name in columns if facts.columns[name].rollup is not Rollup.NONE]
    for layer in graph.layers:
        yield f"layer {layer.name} type: {dump(layer.op.name)}"
        yield f"layer {layer.name} inputs: {dump([graph.layers[source].name for source in layer.inputs])}"
        for name, values in columns.items():
            yield from _fact(f"layer {layer.name} {name}", Amount(values[layer.index]))
    for block in graph.blocks:
        for name in of_blocks:
            yield from _fact(f"block {block.name} {name}", facts.block_value(block, name))


def _fact(name: str, amount: Amount) -> Iterator[str]:
    """A line, or of a list of records one a record; what is not known is ``null``."""
    value: Any = amount.value
    if isinstance(value, list | tuple) and value and isinstance(value[0], dict):
        yield from (f"{name}: {dump(each)}" for each in value)
    else:
        yield f"{name}: {'at least ' if amount.at_least else ''}{dump(value)}"


def difference(old: str, new: str, name: str) -> tuple[str, ...]:
    """The lines in which two reports differ, as a unified diff of at most 40 lines; none where they are the same.

    Line breaks of other systems do not count. Of very long differences, only the beginning is looked at.
    """
    before, after = old.splitlines(), new.splitlines()
    if before == after:
        return ()
    pairs = zip(before, after, strict=False)
    start = next((index for index, (line, found) in enumerate(pairs) if line != found), min(len(before), len(after)))
    start = max(start - _CONTEXT, 0)
    one, other = (lines[start : start + _MOST_COMPARED] for lines in (before, after))
    changes = list(islice(unified_diff(one, other, n=_CONTEXT, lineterm=""), 2, None))
    shown = ["…" if each.startswith("@@") else each for each in changes[1:]]
    cut = len(shown) > _MOST_LINES - 3 or max(len(before), len(after)) - start > _MOST_COMPARED
    return (f"--- {name}", "+++ what is found", *shown[: _MOST_LINES - 3], *(["… and more"] if cut else []))


def text_difference(old: str, new: str, name: str) -> str:
    """A unified diff of two texts, whole; line breaks are as they are in the texts. Of long ones, the beginning."""
    if max(old.count("\n"), new.count("\n")) > _MOST_WHOLE:
        return "".join(f"{line}\n" for line in difference(old, new, name))
    path = name.lstrip("/")
    diff = unified_diff(_with_breaks(old), _with_breaks(new), f"a/{path}", f"b/{path}")
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in diff)


def _with_breaks(text: str) -> Sequence[str]:
    """The lines as a patch counts them, each with its break."""
    *lines, last = text.split("\n")
    return [f"{line}\n" for line in lines] + ([last] if last else [])

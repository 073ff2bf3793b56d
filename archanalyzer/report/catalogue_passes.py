"""Passes as a list, as a page each, and as data: what they need, and the facts that come from them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from archanalyzer.passes.analysis import Analysis, Column, Kind, Rollup, Total
from archanalyzer.report.catalogue import filled, first_paragraph, first_sentence, paragraphs, prose, table
from archanalyzer.report.json_text import document
from archanalyzer.report.view import Page

KINDS = {
    Kind.COUNT: "whole number",
    Kind.BYTES: "bytes",
    Kind.SHAPE: "list of whole numbers",
    Kind.FIELD: "list of maps, one for each axis",
    Kind.FRACTION: "number, or `p/q`",
    Kind.REAL: "number",
    Kind.DATA: "plain data",
}
"""What the values of a column or total are, in words."""

ROLLUPS = {Rollup.SUM: "sum", Rollup.OUTPUT: "its output layer's", Rollup.NONE: "–"}
"""What a column says of a block."""

GRAPH = "graph"
"""What a pass needs that no pass produces."""


_FOR_CALLERS = re.compile(r"^(?:Args|Raises|Returns|Yields):\n(?:(?: +.*)?(?:\n|$))+", re.MULTILINE)
"""Sections of a docstring that tell who calls the function in Python what it takes, gives and raises."""


def answers(one: Analysis[Any]) -> str:
    """What a pass answers: its docstring without what only concerns those who call it in Python."""
    return _FOR_CALLERS.sub("", prose(one.help)).strip()


def needs(one: Analysis[Any], passes: Iterable[Analysis[Any]]) -> tuple[str, ...]:
    """The names of the passes whose results a pass needs, and ``graph``, in the order of its arguments."""
    producers = {each.produces: each.name for each in passes}
    return tuple(producers.get(need, GRAPH) for need in one.needs)


def facts_of_a_layer(passes: Iterable[Analysis[Any]]) -> dict[str, str]:
    """The columns of passes, each with what it is."""
    return {column.name: prose(column.help) for one in passes for column in one.columns}


def totals(passes: Iterable[Analysis[Any]]) -> dict[str, str]:
    """The totals of passes, each with what it is; the sum of a column is one, too."""
    found: dict[str, str] = {}
    for one in passes:
        found |= {each.name: prose(each.help) for each in one.columns if each.rollup is Rollup.SUM}
        found |= {each.name: prose(each.help) for each in one.totals}
    return found


def kinds_of_a_layer(passes: Iterable[Analysis[Any]]) -> dict[str, str]:
    """The columns of passes, each with the name of its kind."""
    return {column.name: column.kind.value for one in passes for column in one.columns}


def kinds_of_totals(passes: Iterable[Analysis[Any]]) -> dict[str, str]:
    """The totals of passes, and the sums of columns, each with the name of its kind."""
    found: dict[str, str] = {}
    for one in passes:
        found |= {each.name: each.kind.value for each in one.columns if each.rollup is Rollup.SUM}
        found |= {each.name: each.kind.value for each in one.totals}
    return found


def as_list(passes: Iterable[Analysis[Any]], page: Page | None = None) -> str:
    """The passes, each with a sentence."""
    rows = [(one.name, first_sentence(one.help)) for one in passes]
    return table(rows, (page or Page()).width, indent="") if rows else ""


def page_of(one: Analysis[Any], passes: Sequence[Analysis[Any]], page: Page | None = None) -> str:
    """All that a pass declares; ``passes`` are those that may produce what it needs."""
    columns = (page or Page()).width
    needed = ", ".join("the graph" if name == GRAPH else name for name in needs(one, passes))
    parts = [f"{one.name}\n", paragraphs(answers(one), columns), filled(f"Needs: {needed}.", columns)]
    if one.plugin is not None:
        parts.append(f"From the plugin `{one.plugin}`.\n")
    if one.columns:
        rows = [(each.name, KINDS[each.kind], ROLLUPS[each.rollup], first_paragraph(each.help)) for each in one.columns]
        parts.append(f"Columns\n{table([('name', 'value', 'of a block', ''), *rows], columns)}")
    if one.totals:
        of_all = [(each.name, KINDS[each.kind], first_paragraph(each.help)) for each in one.totals]
        parts.append(f"Totals\n{table([('name', 'value', ''), *of_all], columns)}")
    return "\n".join(parts)


def as_json(passes: Iterable[Analysis[Any]], known: Sequence[Analysis[Any]]) -> str:
    """Some passes as one document; ``known`` are those that may produce what they need."""
    return document({"passes": [_entry(one, known) for one in passes]})


def _entry(one: Analysis[Any], known: Sequence[Analysis[Any]]) -> dict[str, Any]:
    return {
        "name": one.name,
        "plugin": one.plugin,
        "help": answers(one),
        "needs": list(needs(one, known)),
        "columns": [{**_fact(each), "of_a_block": each.rollup.value} for each in one.columns],
        "totals": [_fact(each) for each in one.totals],
    }


def _fact(fact: Column | Total) -> dict[str, Any]:
    return {"name": fact.name, "title": fact.title, "kind": fact.kind.value, "help": prose(fact.help)}

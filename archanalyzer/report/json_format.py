"""JSON for programs, by the contract of the documentation: everything that is known, one layer a line.

Whatever the view, all layers and all columns are here; None is written ``null`` and means that a value is not known.
A total or a block's sum of which a part is not known stands among the names in ``at_least``. A block consists of the
layers from ``start`` up to, not including, ``stop``, counted from 0 in ``layers``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from archanalyzer.passes.analyzing import Analyzed
from archanalyzer.passes.facts import Facts
from archanalyzer.report.diagnostics import as_data
from archanalyzer.report.json_text import SCHEMA, members
from archanalyzer.report.view import Page, View


def render(analyzed: Sequence[Analyzed], view: View, page: Page) -> str:  # noqa: ARG001
    """The networks as one document."""
    return document([_entry(one) for one in analyzed])


def document(specs: Sequence[Mapping[str, Any]]) -> str:
    """One entry a spec, under the version of the contract; lists of objects are written with one object a line."""
    entries = ",\n".join("  {\n" + ",\n".join(members(spec, "    ")) + "\n  }" for spec in specs)
    return f'{{"schema": {SCHEMA}, "specs": [\n{entries}\n]}}\n' if specs else f'{{"schema": {SCHEMA}, "specs": []}}\n'


def _entry(analyzed: Analyzed) -> dict[str, Any]:
    graph, facts = analyzed.graph, analyzed.facts
    totals = facts.totals()
    return {
        "name": graph.name,
        "path": analyzed.spec.path,
        "dtype": graph.dtype,
        "partial": analyzed.partial,
        "outputs": [graph.layers[output].name for output in graph.outputs],
        "totals": {total.name: total.amount.value for total in totals},
        "at_least": [total.name for total in totals if total.amount.at_least],
        "layers": _layers(facts),
        "blocks": _blocks(facts),
        "diagnostics": [as_data(diagnostic) for diagnostic in analyzed.diagnostics],
    }


def _layers(facts: Facts) -> list[dict[str, Any]]:
    layers = facts.graph.layers
    values = {name: facts.values(name) for name in facts.columns}
    return [
        {
            "name": layer.name,
            "op": layer.op.name,
            "inputs": [layers[source].name for source in layer.inputs],
            **{name: column[layer.index] for name, column in values.items()},
        }
        for layer in layers
    ]


def _blocks(facts: Facts) -> list[dict[str, Any]]:
    layers = facts.graph.layers
    entries = []
    for block in facts.graph.blocks:
        amounts = {name: facts.block_value(block, name) for name in facts.columns}
        entries.append(
            {
                "name": block.name,
                "block": block.block,
                "start": block.start,
                "stop": block.stop,
                "output": None if block.output is None else layers[block.output].name,
                **{name: amount.value for name, amount in amounts.items()},
                "at_least": [name for name, amount in amounts.items() if amount.at_least],
            }
        )
    return entries

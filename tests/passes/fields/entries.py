"""Facts of small networks for tests by hand: what is told of a layer's fields, and what single positions see."""

from __future__ import annotations

from typing import Any

from archanalyzer.passes.analyzing import analyze
from archanalyzer.passes.facts import Facts
from archanalyzer.passes.receptive_field import ReceptiveFields
from archanalyzer.spec import parse_spec

Entry = dict[str, Any]
"""As in the report: what is told along one axis of one input."""


def facts_of(inputs: str, layers: str) -> Facts:
    analyzed = analyze(parse_spec(f"archspec: 1\ninputs: {{{inputs}}}\nlayers:\n{layers}"))
    assert not analyzed.diagnostics, analyzed.diagnostics[0].message
    return analyzed.facts


def entries_of(inputs: str, layers: str, layer: str = "") -> list[Entry]:
    """The entries of a layer, by default of the last."""
    facts = facts_of(inputs, layers)
    entries: list[Entry] = facts.values("receptive_field")[facts.graph.index[layer] if layer else -1]
    return entries


def entry_of(length: int, layers: str, layer: str = "") -> Entry:
    """The one entry of a layer over one input with one axis."""
    (entry,) = entries_of(f"signal: [1, {length}]", layers, layer)
    return entry


def seen_by(length: int, layers: str, *positions: int) -> list[list[int]]:
    """Which positions of the signal that there is, positions of the last layer's first channel see."""
    facts = facts_of(f"signal: [1, {length}]", layers)
    field = (facts.result(ReceptiveFields).by_layer[-1] or ())[0]
    assert field.channels.has(0)
    return [list(field.axes[0].field.real(position).each()) for position in positions]


def some(entry: Entry, *keys: str) -> tuple[Any, ...]:
    return tuple(entry[key] for key in keys)

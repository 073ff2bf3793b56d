"""Specs for tests, and what comes of them in few words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from archanalyzer.diagnostics import SpecError
from archanalyzer.graph import Graph, Spec
from archanalyzer.passes.analyzing import analyze
from archanalyzer.spec import parse_spec

FLAT = "archspec: 1\ninputs: {x: [4]}\n"
IMAGE = "archspec: 1\ninputs: {x: [3, 8, 8]}\n"


def sound(text: str, **overrides: Any) -> Graph:
    """The graph of a spec that nothing is wrong with."""
    analyzed = analyze(parse_spec(text, **overrides))
    assert [each.message for each in analyzed.diagnostics] == []
    return analyzed.graph


def names(graph: Graph) -> list[str]:
    """The names of the layers, inputs left out."""
    return [layer.name for layer in graph.layers if layer.inputs]


def reads(graph: Graph) -> dict[str, list[str]]:
    """What each layer reads."""
    named = [layer.name for layer in graph.layers]
    return {layer.name: [named[source] for source in layer.inputs] for layer in graph.layers if layer.inputs}


def shares(graph: Graph) -> dict[str, str]:
    """The layers that use another's weights, and whose."""
    layers = graph.layers
    return {layer.name: layers[layer.shares].name for layer in layers if layer.shares is not None}


def said(text: str, **overrides: Any) -> list[str]:
    """What is wrong with a spec, one line each: place, rule, message, hint, and where the blocks around are used."""
    try:
        diagnostics = analyze(parse_spec(text, name="s", **overrides)).diagnostics
    except SpecError as error:
        diagnostics = error.diagnostics
    lines = []
    for each in diagnostics:
        uses = "".join(f" <{use.block} {use.source.line}>" for use in each.trail.outwards()) if each.trail else ""
        hint = f" ({each.hint})" if each.hint else ""
        place = f"{each.source.file.name}:{each.source.line}:{each.source.column}" if each.source else "nowhere"
        lines.append(f"{place} {each.rule.code}: {each.message}{hint}{uses}")
    return lines


def totals(spec: Spec, *wanted: str) -> Mapping[str, Any]:
    """Some totals of a spec."""
    facts = analyze(spec).facts
    return {name: facts.total(name).amount.value for name in wanted}

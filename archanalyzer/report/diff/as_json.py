"""What differs between two networks as JSON: all of it, whatever a table leaves out."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from archanalyzer.graph import Graph
from archanalyzer.passes.analyzing import Analyzed
from archanalyzer.passes.comparing.comparison import (
    Comparison,
    FieldChange,
    LayerChange,
    Moved,
    Piece,
    PinnedChange,
)
from archanalyzer.passes.pinned import shape_of
from archanalyzer.report.diagnostics import as_data
from archanalyzer.report.diff.words import ratio_data
from archanalyzer.report.json_text import document


def render(comparison: Comparison) -> str:
    """The comparison as a document, as ``docs/diff.md`` describes it."""
    return document(data(comparison))


def data(comparison: Comparison) -> dict[str, Any]:
    """The members of the document."""
    old, new = comparison.old, comparison.new
    graphs = old.graph, new.graph
    return {
        "old": _side(old),
        "new": _side(new),
        "differs": comparison.differs,
        "network": [_field(each) for each in comparison.network],
        "totals": [_fact(each) for each in comparison.totals],
        "changed": [_layer(each, graphs) for each in comparison.changed],
        "followed": [_layer(each, graphs) for each in comparison.followed],
        "removed": [_piece(old, each) for each in comparison.removed],
        "added": [_piece(new, each) for each in comparison.added],
        "renamed": [each._asdict() for each in comparison.renamed],
        "ungrouped": [_around(each) for each in comparison.ungrouped],
        "grouped": [_around(each) for each in comparison.grouped],
        "reordered": [{"old": before, "new": after} for before, after in comparison.reordered],
        "blocks": [
            {"old": each.old.name, "new": each.new.name, "own": each.is_own, "facts": _facts(each.facts)}
            for each in comparison.blocks
        ],
        "training": [_field(each) for each in comparison.training],
        "pinned": [_pinned(each) for each in comparison.pinned],
        "gone": [as_data(each) for each in comparison.gone],
        "come": [as_data(each) for each in comparison.come],
    }


def _side(analyzed: Analyzed) -> dict[str, Any]:
    return {"name": analyzed.graph.name, "path": analyzed.spec.path}


def _field(field: FieldChange) -> dict[str, Any]:
    return {"field": field.name, "old": plain(field.old), "new": plain(field.new)}


def _facts(facts: Sequence[Moved]) -> list[dict[str, Any]]:
    return [_fact(each) for each in facts]


def _fact(fact: Moved) -> dict[str, Any]:
    entry = {
        "fact": fact.name,
        "old": fact.old.value,
        "new": fact.new.value,
        "difference": plain(fact.difference),
        "ratio": ratio_data(fact.ratio),
    }
    bounds = [side for side, amount in (("old", fact.old), ("new", fact.new)) if amount.at_least]
    return {**entry, "at_least": bounds} if bounds else entry


def _layer(change: LayerChange, graphs: tuple[Graph, Graph]) -> dict[str, Any]:
    layers = graphs[0].layers[change.old], graphs[1].layers[change.new]
    return {
        "old": layers[0].name,
        "new": layers[1].name,
        "op": None if change.types is None else {"old": change.types[0], "new": change.types[1]},
        "fields": [_field(each) for each in change.fields],
        "reads": None if change.reads is None else {"old": list(change.reads[0]), "new": list(change.reads[1])},
        "facts": _facts(change.facts),
    }


def _piece(analyzed: Analyzed, piece: Piece) -> dict[str, Any]:
    graph, facts = analyzed.graph, analyzed.facts
    return {
        "name": piece.name(graph),
        "block": None if piece.block is None else piece.block.block,
        "layers": [
            {
                "name": layer.name,
                "op": layer.op.name,
                "fields": {name: plain(getattr(layer.op, name)) for name in type(layer.op).model_fields},
                "inputs": [graph.layers[source].name for source in layer.inputs],
                **{name: facts.values(name)[layer.index] for name in facts.columns},
            }
            for layer in graph.layers[piece.start : piece.stop]
        ],
    }


def _around(piece: Piece) -> dict[str, Any]:
    block = piece.block
    return {
        "name": "" if block is None else block.name,
        "block": "" if block is None else block.block,
        "layers": piece.stop - piece.start,
    }


def _pinned(change: PinnedChange) -> dict[str, Any]:
    differing, numbers = change.differing or (None, None)
    return {
        "section": change.section,
        "array": change.array,
        "old": _side_pinned(change.old_name, change.old),
        "new": _side_pinned(change.new_name, change.new),
        "differing": differing,
        "numbers": numbers,
    }


def _side_pinned(layer: str | None, value: Any) -> dict[str, Any] | None:
    """The layer on one side, and what is pinned: of a list, only its shape."""
    if layer is None:
        return None
    shape = list(shape_of(value)) if isinstance(value, list) else None
    return {"layer": layer, "value": None if isinstance(value, list) else value, "shape": shape}


def plain(value: Any) -> Any:
    """A value as JSON has it: lists for tuples, text for what JSON does not know."""
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    if isinstance(value, Fraction):
        return value.numerator if value.denominator == 1 else str(value)
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)

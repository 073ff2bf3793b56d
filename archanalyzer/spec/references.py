"""Names that mean no layer above: what is wrong with them can only be told once all names are known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from archanalyzer.diagnostics import Note, did_you_mean
from archanalyzer.diagnostics.rules.language import CYCLE, FORWARD_REFERENCE, UNKNOWN_LAYER
from archanalyzer.graph import Layer
from archanalyzer.spec.evaluation import Evaluator
from archanalyzer.spec.naming import Frame
from archanalyzer.spec.nodes import ScalarNode


class Unresolved(NamedTuple):
    """A reference to no layer above, where it is written, and the index of the layer that was to read it."""

    name: ScalarNode
    frame: Frame
    reader: int


def report_unresolved(
    unresolved: Sequence[Unresolved], layers: Sequence[Layer], outputs: Mapping[str, int], ev: Evaluator
) -> None:
    """Tells misspelt names from layers further down, and those from circles."""
    for each in unresolved:
        target = outputs.get(each.frame.full_name(each.name.text))
        if target is None:
            _report_unknown(each, outputs, ev)
        else:
            _report_forward(each, target, layers, ev)


def _report_unknown(each: Unresolved, outputs: Mapping[str, int], ev: Evaluator) -> None:
    written, trail = each.name.text, each.frame.scope.trail
    known = each.frame.known_names()
    hint = did_you_mean(written, known, "names to be seen here")
    if written == "previous":
        hint = "there is no one layer above the first one"
    elif "/" in written:
        hint = did_you_mean(written, list(outputs), "names to be seen here")
    elif trail is not None and written in outputs:
        hint = f"a block sees nothing outside itself: give it `{written}` as one of its `inputs:`"
    ev.report(UNKNOWN_LAYER, f"there is no layer `{written}` here", each.name, hint=hint, trail=trail)


def _report_forward(each: Unresolved, target: int, layers: Sequence[Layer], ev: Evaluator) -> None:
    path = _path(each.reader, target, layers)
    reader, read, trail = layers[each.reader], layers[target], each.frame.scope.trail
    if path:
        chain = " → ".join(f"`{layers[index].name}`" for index in (*path, each.reader))
        ev.report(CYCLE, f"layers read each other in a circle: {chain}", each.name, trail=trail)
        return
    ev.problems.add(
        FORWARD_REFERENCE,
        f"`{reader.name}` reads `{each.name.text}`, which stands further down",
        each.name.source,
        hint=f"move `{each.name.text}` above `{reader.name}`",
        trail=trail,
        notes=(Note(f"`{read.name}` stands here", read.source),),
    )


def _path(start: int, stop: int, layers: Sequence[Layer]) -> list[int]:
    """A way that data takes from one layer to another, both included; empty where there is none."""
    import networkx  # only ever needed where a reference is wrong

    graph: networkx.DiGraph[int] = networkx.DiGraph()
    graph.add_nodes_from((start, stop))
    graph.add_edges_from((source, layer.index) for layer in layers for source in layer.inputs)
    try:
        path: list[int] = networkx.shortest_path(graph, start, stop)
    except networkx.NetworkXNoPath:
        return []
    return path

"""Pairs of networks for tests of comparing them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from archanalyzer.graph import Graph
from archanalyzer.passes.analyzing import Analyzed, analyze
from archanalyzer.passes.comparing.comparing import compare
from archanalyzer.passes.comparing.comparison import Comparison, LayerChange
from archanalyzer.spec import parse_spec
from tests import graphs

HEAD = "archspec: 1\nname: net\ninputs: {image: [3, 8, 8]}\n"
CONV4 = "conv2d: {filters: 4, kernel: 3, padding: same}"
CONV8 = "conv2d: {filters: 8, kernel: 3, padding: same}"


def chain(*layers: str, above: str = "") -> str:
    """A spec with these layers, one behind the other; each is its type, with fields or without, and further lines."""
    body = ""
    for layer in layers:
        type_, *lines = layer.split("\n")
        colon = ":" if lines and ":" not in type_ else ""
        body += "".join(f"{line}\n" for line in (f"  - {type_}{colon}", *(f"    {line}" for line in lines)))
    return f"{HEAD}{above}layers:\n{body}"


def analyzed(text: str) -> Analyzed:
    """The facts of a spec that is sound."""
    found = analyze(parse_spec(text, name="net.yaml"))
    assert not found.partial, found.diagnostics
    return found


def compared(old: str, new: str) -> Comparison:
    """The comparison of two specs."""
    return compare(analyzed(old), analyzed(new))


def of_graphs(old: Graph, new: Graph) -> Comparison:
    """The comparison of two graphs."""
    return compare(graphs.analyzed(old), graphs.analyzed(new))


def with_names(graph: Graph, names: Sequence[str]) -> Graph:
    """The network with other names of its layers, in their order."""
    layers = zip(graph.layers, names, strict=True)
    return replace(graph, layers=tuple(replace(layer, name=name) for layer, name in layers))


def names_of(comparison: Comparison) -> dict[str, object]:
    """What is told of layers, by name: plain enough to be written down by hand."""
    old, new = comparison.old.graph, comparison.new.graph
    told = {
        "changed": {new.layers[each.new].name: _what(each) for each in comparison.changed},
        "removed": [piece.name(old) for piece in comparison.removed],
        "added": [piece.name(new) for piece in comparison.added],
        "renamed": {each.old: each.new for each in comparison.renamed},
        "reordered": [each for _, each in comparison.reordered],
    }
    return {name: what for name, what in told.items() if what}


def _what(change: LayerChange) -> dict[str, tuple[object, object]]:
    told: dict[str, tuple[object, object]] = {each.name: (each.old, each.new) for each in change.fields}
    told |= {} if change.types is None else {"type": change.types}
    return told if change.reads is None else {**told, "reads": change.reads}

"""What single positions see, found by following what each of them reads, one layer after the other."""

from __future__ import annotations

from collections.abc import Iterable

from archanalyzer.graph import Graph
from archanalyzer.passes import standard_passes
from archanalyzer.passes.facts import Facts
from archanalyzer.passes.fields.field import Along, Field
from archanalyzer.passes.fields.positions import Positions, interval, union
from archanalyzer.passes.receptive_field import ReceptiveFields
from archanalyzer.testing import positions, readings_by_position

Seen = dict[tuple[int, ...], frozenset[tuple[int, tuple[int, ...]]]]
"""For every position of a layer, the positions of network inputs that it sees, each with the input's index."""


def walked(fields: ReceptiveFields) -> list[Seen]:
    by_layer: list[Seen] = []
    for layer in fields.graph.layers:
        inputs, own = fields.types.inputs(layer), layer.index
        if not inputs:
            by_layer.append({at: frozenset({(own, at)}) for at in positions(fields.types.outputs[own])})
            continue
        sources = [by_layer[source] for source in layer.inputs]
        by_layer.append({})
        for at in positions(fields.types.outputs[own]):
            pairs = zip(sources, readings_by_position(layer.op, inputs, at), strict=True)
            by_layer[own][at] = frozenset().union(*(source[each] for source, read in pairs for each in read))
    return by_layer


def alike_positions(field: Field, along: Along, seen: Seen) -> dict[tuple[int, ...], Positions]:
    """What is seen by positions that a field takes together, by what they have in common."""
    found: dict[tuple[int, ...], set[int]] = {}
    for at, reach in seen.items():
        if field.channels.has(at[0]):
            alike = (at[1:] or at) if along.scattered else () if along.along is None else (at[along.along],)
            found.setdefault(alike, set()).update(each[along.axis] for index, each in reach if index == field.input)
    return {alike: kept(each) for alike, each in found.items()}


def fields_of(graph: Graph) -> ReceptiveFields:
    return Facts(graph, standard_passes()).result(ReceptiveFields)


def kept(some: Iterable[int]) -> Positions:
    return union(interval(position, position + 1) for position in some)

"""How many receptive fields are there, and how many of them are worked out?

There is one for every axis of every input that a layer sees, which a thousand inputs make too many to keep.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from archanalyzer.diagnostics import Diagnostic
from archanalyzer.diagnostics.rules.layers import TOO_MANY_FIELDS
from archanalyzer.graph import Graph
from archanalyzer.passes.analysis import analysis
from archanalyzer.passes.tensor_types import TensorTypes

MOST_FIELDS = 600_000
"""Of all layers together: two axes of an image, for as many layers as a spec may have."""


class FieldsKept(NamedTuple):
    """The first so many layers have their fields worked out; ``diagnostics`` says so where others have not."""

    layers: int
    diagnostics: tuple[Diagnostic, ...] = ()


@analysis("fields_kept", diagnostics=lambda kept: kept.diagnostics)
def fields_kept(graph: Graph, types: TensorTypes) -> FieldsKept:
    """For how many layers the receptive fields are worked out: for all, unless thousands of inputs make them many."""
    axes = {index: len(types.outputs[index].shape) - 1 for index in graph.inputs}
    if sum(axes.values()) * len(graph.layers) <= MOST_FIELDS:
        return FieldsKept(len(graph.layers))
    fields = 0
    for index, seen in enumerate(_seen(graph)):
        fields += sum(axes[each] for each in seen)
        if fields > MOST_FIELDS:
            return FieldsKept(index, (_told(graph, index),))
    return FieldsKept(len(graph.layers))


def _seen(graph: Graph) -> Iterator[frozenset[int]]:
    """For each layer, the inputs of the network that lead to it."""
    seen: list[frozenset[int]] = []
    for layer in graph.layers:
        read = {seen[source] for source in layer.inputs}
        seen.append(frozenset().union(*read) if len(read) > 1 else next(iter(read), frozenset((layer.index,))))
        yield seen[-1]


def _told(graph: Graph, index: int) -> Diagnostic:
    layer = graph.layers[index]
    message = (
        f"expected at most {MOST_FIELDS:,} receptive fields in all, found more: "
        f"those of `{layer.name}` and of the layers below are not worked out"
    )
    return Diagnostic(TOO_MANY_FIELDS, message, layer.source, "a layer has one for every axis of every input it sees")

"""What is said of the layers that look at nothing new, and of feasible sizes."""

from __future__ import annotations

from archanalyzer.graph import Graph
from archanalyzer.passes.advice.productivity import Productivity
from tests.passes.advice.asking import ask

Sizes = tuple[int, ...]


def unproductive(graph: Graph) -> list[str]:
    """The names of the layers that look at nothing new."""
    return [graph.layers[index].name for index in ask(graph, Productivity).unproductive]


def feasible(graph: Graph) -> dict[str, tuple[Sizes, Sizes]]:
    """By input, the smallest and the largest feasible size."""
    found = ask(graph, Productivity).feasible
    return {graph.layers[each.input].name: (each.smallest, each.largest) for each in found}

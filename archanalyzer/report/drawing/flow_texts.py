"""Forward and backward propagation as a text that other programs draw from: Mermaid, Graphviz's dot, JSON.

The way forward and the way back are a graph each. Mermaid draws them below each other, the one to the right, the other
to the left; dot draws them side by side.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from archanalyzer.passes.drawing_flow import Flow, units
from archanalyzer.report.drawing.as_texts import dot_label, mermaid_label, yaml_text
from archanalyzer.report.drawing.flow_words import Cell, Shape, cells, legend, shown_units
from archanalyzer.report.json_text import document
from archanalyzer.report.text import escape

_INK = "#1b1f24"
_COLORS = {
    "weights": ("#e3f0fa", "#2f7fb8"),
    "activation": ("#fdf1d9", "#c98d12"),
    "other": ("#f7f7f5", "#a3a29b"),
    "loss": ("#f3ecf8", "#9a72b8"),
    "sum": ("#ffffff", "#5a6774"),
    "given": ("#ffffff", "#ffffff"),
    "gradient": ("#fdf0ea", "#cc5a2a"),
    "frame": ("#f4f6f8", "#a9b4bf"),
}
"""The inside and the border of a node, by what it is."""


class Node(NamedTuple):
    """``look`` is a key of the colours."""

    id: str
    lines: tuple[str, ...]
    look: str


class Edge(NamedTuple):
    """From a node to the next, with the name of the signal."""

    source: str
    target: str
    label: str = ""


class Ways(NamedTuple):
    """A graph for the way forward and one for the way back; ``title`` says of which unit they are."""

    title: str
    forward: tuple[tuple[Node, ...], tuple[Edge, ...]]
    back: tuple[tuple[Node, ...], tuple[Edge, ...]]


def ways(flow: Flow, *, diagonal: bool = False) -> list[Ways]:
    """Both ways of a network, or of the units of a diagonal one, of many the first two and the last.

    Raises:
        NotDiagonal: it is to be, but the network does not fall into chains.
    """
    if not diagonal:
        return [_ways(cells(flow), "", "")]
    return [_ways(cells(flow, unit), f"unit {unit}: ", f"u{unit}") for unit in shown_units(units(flow))]


def _ways(row: Sequence[Cell], title: str, prefix: str) -> Ways:
    forward = _Forward(row, f"{prefix}f")
    back = _Back(row, f"{prefix}b")
    return Ways(title, forward.graph(), back.graph())


class _Forward:
    def __init__(self, row: Sequence[Cell], prefix: str) -> None:
        self.row, self.prefix = row, prefix

    def graph(self) -> tuple[tuple[Node, ...], tuple[Edge, ...]]:
        return tuple(self._nodes()), tuple(self._edges())

    def _nodes(self) -> Iterator[Node]:
        for at, cell in enumerate(self.row):
            if not cell.operators:
                yield Node(self._id(at, 0), (cell.layer,), "given")
            for place, operator in enumerate(cell.operators):
                symbol = "⊕" if operator.shape is Shape.SUM else operator.forward
                lines = tuple(line for line in (symbol, operator.name) if line)
                yield Node(self._id(at, place), lines, operator.shape.value)
                if operator.above:
                    yield Node(f"{self._id(at, place)}a", (operator.above,), "given")

    def _edges(self) -> Iterator[Edge]:
        for at, cell in enumerate(self.row):
            for source in cell.sources:
                read = self.row[source]
                last = max(len(read.operators) - 1, 0)
                yield Edge(self._id(source, last), self._id(at, 0), read.signal)
            for place, operator in enumerate(cell.operators):
                if place:
                    yield Edge(self._id(at, place - 1), self._id(at, place))
                if operator.above:
                    yield Edge(f"{self._id(at, place)}a", self._id(at, place))

    def _id(self, at: int, place: int) -> str:
        return f"{self.prefix}{at}_{place}"


class _Back:
    """The way back: where several readers return an error, a node adds them up."""

    def __init__(self, row: Sequence[Cell], prefix: str) -> None:
        self.row, self.prefix = row, prefix
        self.returning: dict[int, list[int]] = {}
        for at, cell in enumerate(row):
            for source in cell.sources:
                if cell.passes and row[source].arrives:
                    self.returning.setdefault(source, []).append(at)

    def graph(self) -> tuple[tuple[Node, ...], tuple[Edge, ...]]:
        return tuple(self._nodes()), tuple(self._edges())

    def _nodes(self) -> Iterator[Node]:
        for at, cell in reversed(list(enumerate(self.row))):
            if len(self.returning.get(at, ())) > 1:
                yield Node(self._sum(at), ("⊕",), "sum")
            for operator in cell.operators:
                if operator.back is not None and cell.passes:
                    tie = f"diag {operator.tie}" if operator.back.startswith("Λ") else operator.tie
                    lines = tuple(line for line in (operator.back, tie) if line)
                    yield Node(self._id(at), lines, operator.shape.value)
            if cell.gradients:
                yield Node(f"{self._id(at)}g", cell.gradients, "gradient")

    def _edges(self) -> Iterator[Edge]:
        for at, cell in reversed(list(enumerate(self.row))):
            readers = self.returning.get(at, [])
            from_ = [self._id(reader) for reader in readers]
            if len(readers) > 1:
                yield from (Edge(each, self._sum(at)) for each in from_)
                from_ = [self._sum(at)]
            for each in from_:
                if cell.passes:
                    yield Edge(each, self._id(at), cell.error)
                if cell.gradients:
                    yield Edge(each, f"{self._id(at)}g", cell.error)

    def _id(self, at: int) -> str:
        return f"{self.prefix}{at}"

    def _sum(self, at: int) -> str:
        return f"{self.prefix}{at}s"


def as_mermaid(flow: Flow, *, diagonal: bool = False) -> str:
    """A flowchart, ending with a line break.

    Raises:
        NotDiagonal: it is to be, but the network does not fall into chains.
    """
    lines = ["---", f"title: {yaml_text(_title(flow))}", "---", "flowchart TB"]
    looks: dict[str, list[str]] = {}
    frames = looks.setdefault("frame", [])
    for number, each in enumerate(ways(flow, diagonal=diagonal)):
        for name, direction, (nodes, edges) in (("forward", "LR", each.forward), ("back", "RL", each.back)):
            if not nodes:  # nothing learns
                continue
            frames.append(f"{name}{number}")
            lines += [f"  subgraph {frames[-1]}[{mermaid_label(each.title + name)}]", f"    direction {direction}"]
            lines += [f"    {_mermaid_node(node)}" for node in nodes]
            lines += [f"    {_mermaid_edge(edge)}" for edge in edges]
            lines.append("  end")
            if len(frames) > 1:
                lines.append(f"  {frames[-2]} {'-->' if name == 'back' else '~~~'} {frames[-1]}")
            for node in nodes:
                looks.setdefault(node.look, []).append(node.id)
    for look, ids in looks.items():
        inside, border = _COLORS[look]
        lines.append(f"  classDef {look} fill:{inside},stroke:{border},color:{_INK}")
        lines.append(f"  class {','.join(ids)} {look}")
    return "\n".join(lines) + "\n"


def _title(flow: Flow) -> str:
    return f"{escape(flow.graph.name)}: forward and back"


def _mermaid_node(node: Node) -> str:
    opening, closing = {"sum": ("((", "))"), "given": ("([", "])")}.get(node.look, ("[", "]"))
    return f"{node.id}{opening}{mermaid_label(*node.lines)}{closing}"


def _mermaid_edge(edge: Edge) -> str:
    label = f"|{mermaid_label(edge.label)}|" if edge.label else ""
    return f"{edge.source} -->{label} {edge.target}"


def as_dot(flow: Flow, *, diagonal: bool = False) -> str:
    """A graph of Graphviz, ending with a line break; the way back is drawn from right to left.

    Raises:
        NotDiagonal: it is to be, but the network does not fall into chains.
    """
    lines = [
        f"digraph {dot_label(_title(flow))} {{",
        f"  graph [label={dot_label(_title(flow))}, labelloc=t, rankdir=LR]",
        f'  node [shape=box, style="rounded,filled", fontname="Times", fontsize=13, fontcolor="{_INK}"]',
        '  edge [fontname="Times", arrowsize=0.7, color="#5a6774"]',
    ]
    for each in ways(flow, diagonal=diagonal):
        lines += [f"  {_dot_node(node)}" for node in (*each.forward[0], *each.back[0])]
        lines += [f"  {edge.source} -> {edge.target} [label={dot_label(edge.label)}]" for edge in each.forward[1]]
        lines += [
            f'  {edge.target} -> {edge.source} [dir=back, color="#cc5a2a", label={dot_label(edge.label)}]'
            for edge in each.back[1]
        ]
    return "\n".join(lines) + "\n}\n"


def _dot_node(node: Node) -> str:
    inside, border = _COLORS[node.look]
    shape = {"sum": ", shape=circle", "given": ", shape=plain"}.get(node.look, "")
    return f'{node.id} [label={dot_label(*node.lines)}, fillcolor="{inside}", color="{border}"{shape}]'


def as_json(flow: Flow, *, diagonal: bool = False) -> str:
    """The layers with their symbols as data; of a diagonal network, the units as they are drawn.

    Raises:
        NotDiagonal: it is to be, but the network does not fall into chains.
    """
    number = units(flow) if diagonal else None
    chains = [None] if number is None else shown_units(number)
    shown = [{"unit": unit, "cells": [_entry(cell) for cell in cells(flow, unit)]} for unit in chains]
    about = {"name": escape(flow.graph.name), "units": number, "legend": legend(flow, diagonal=diagonal)}
    return document({**about, "chains": shown})


def _entry(cell: Cell) -> dict[str, Any]:
    operators = [{**each._asdict(), "shape": each.shape.value} for each in cell.operators]
    return {**cell._asdict(), "operators": operators, "sources": list(cell.sources), "gradients": list(cell.gradients)}

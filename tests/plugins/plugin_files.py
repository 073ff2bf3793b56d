"""Plugins as text, to be written to files: one that is sound, and what is wrong with others."""

DEPTH = '''
from typing import NamedTuple

from archanalyzer.plugins import Column, Graph, Kind, Plugin, Rollup, Total, analysis


class Depth(NamedTuple):
    by_layer: list[int]

    def deepest(self) -> int:
        return max(self.by_layer)


@analysis(
    "depth",
    columns=[Column("depth", "depth", "Layers from an input.", lambda r: r.by_layer, rollup=Rollup.OUTPUT, shown=True)],
    totals=[Total("deepest", "deepest", "Of all layers.", Depth.deepest)],
)
def depth(graph: Graph) -> Depth:
    """How many layers lie between an input and a layer."""
    found: list[int] = []
    for layer in graph.layers:
        found.append(1 + max((found[source] for source in layer.inputs), default=-1))
    return Depth(found)


plugin = Plugin("depth", api=1, passes=[depth])
'''

SHOUT = """
from archanalyzer.plugins import Plugin


def render(analyzed, view, page):
    return "".join(f"{one.graph.name.upper()}\\n" for one in analyzed)


plugin = Plugin("shouting", api=1, formats={"shout": render})
"""


def failing(line: str) -> str:
    """The pass of ``DEPTH``, whose function begins with a line."""
    return DEPTH.replace("    found: list[int] = []\n", f"    {line}\n    found: list[int] = []\n")

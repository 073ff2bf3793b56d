"""How much smaller than its input does a network make its data? A pass from outside the package."""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

from archanalyzer.plugins import Column, Graph, Kind, Plugin, Rollup, TensorTypes, Total, analysis


class Compression(NamedTuple):
    """For every layer, the numbers that come into the network per number in the layer's output."""

    by_layer: tuple[Fraction, ...]

    def column(self) -> list[str]:
        return [str(ratio) for ratio in self.by_layer]

    def most(self) -> str:
        return str(max(self.by_layer))


@analysis(
    "compression_ratio",
    columns=[
        Column(
            "compression",
            "compression",
            "Numbers in the network's inputs per number in the layer's output.",
            Compression.column,
            Kind.FRACTION,
            Rollup.OUTPUT,
        )
    ],
    totals=[
        Total(
            "compression_ratio",
            "compression",
            "The compression of the layer with the fewest numbers in its output.",
            Compression.most,
            Kind.FRACTION,
        )
    ],
)
def compression_ratio(graph: Graph, types: TensorTypes) -> Compression:
    """Compares every layer's output with what comes in."""
    incoming = sum(types.outputs[index].elements for index in graph.inputs)
    return Compression(tuple(Fraction(incoming, output.elements) for output in types.outputs))


plugin = Plugin("compression_ratio", api=1, passes=(compression_ratio,))

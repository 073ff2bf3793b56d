"""At which sizes of its inputs does a network fit together? What is asked in ``fitting``, as a fact of the network."""

from __future__ import annotations

from typing import NamedTuple

from archanalyzer.graph import Graph
from archanalyzer.passes.analysis import Kind, Total, analysis
from archanalyzer.passes.fitting import Fit, input_sizes
from archanalyzer.passes.tensor_types import TensorTypes


class FittingSizes(NamedTuple):
    """The sizes at which a network fits, axis by axis; empty where that takes too long to find out."""

    fits: tuple[Fit, ...]

    def allow(self, index: int, axis: int, size: int) -> bool:
        """Whether the network fits with another size of one axis of an input, as far as that is known.

        An axis that must be of one size with others is meant with these.
        """
        return all(size in fit.sizes for fit in self.fits if any((index, axis) in group for group in fit.groups))

    def texts(self) -> list[str] | None:
        return [fit.text for fit in self.fits] or None


@analysis(
    "fitting_sizes",
    totals=[
        Total(
            "fitting_input_sizes",
            "fitting inputs",
            "The sizes of the inputs at which the network fits together, all others as they are.",
            FittingSizes.texts,
            Kind.DATA,
        )
    ],
)
def fitting_sizes(graph: Graph, types: TensorTypes) -> FittingSizes:
    """The sizes of the inputs at which all layers fit what they read."""
    return FittingSizes(input_sizes(graph, types))

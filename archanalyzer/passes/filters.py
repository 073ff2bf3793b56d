"""How many convolution filters are there?"""

from __future__ import annotations

from typing import NamedTuple

from archanalyzer.passes.analysis import Column, analysis
from archanalyzer.passes.parameters import Parameters


class Filters(NamedTuple):
    """For every layer, the filters of the convolutions that it owns."""

    by_layer: tuple[int, ...]


@analysis(
    "filters",
    columns=[
        Column(
            "filters",
            "filters",
            "Convolution filters, which are output channels; transposed convolutions too; a shared one counts once.",
            lambda result: result.by_layer,
        ),
        Column(
            "convolutions",
            "convolutions",
            "Convolution layers, transposed ones too; one that shares another's filters is not counted again.",
            lambda result: [int(filters > 0) for filters in result.by_layer],
        ),
    ],
)
def filters(parameters: Parameters) -> Filters:
    """The filters of every layer: those its own arrays consist of."""
    return Filters(tuple(sum(weight.filters for weight in weights) for weights in parameters.owned))

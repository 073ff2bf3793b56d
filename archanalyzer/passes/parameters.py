"""How many numbers does the network learn?"""

from __future__ import annotations

from typing import NamedTuple

from archanalyzer.diagnostics import Diagnostic, Note
from archanalyzer.diagnostics.rules.language import SHARED_WEIGHTS_DIFFER
from archanalyzer.graph import Graph, Layer, Role, Weight, shown_shape
from archanalyzer.passes.analysis import Column, Kind, Rollup, analysis
from archanalyzer.passes.tensor_types import TensorTypes


class Parameters(NamedTuple):
    """The arrays of every layer: ``used`` are those that it computes with, ``owned`` those that are counted for it.

    A layer that shares another's weights owns none, so that each array is counted once.
    """

    types: TensorTypes
    used: tuple[tuple[Weight, ...], ...]
    diagnostics: tuple[Diagnostic, ...]

    @property
    def graph(self) -> Graph:
        return self.types.graph

    @property
    def owned(self) -> tuple[tuple[Weight, ...], ...]:
        pairs = zip(self.graph.layers, self.used, strict=True)
        return tuple(() if layer.shares is not None else weights for layer, weights in pairs)

    def elements(self, *roles: Role) -> list[int]:
        """For every layer, the numbers in the owned arrays of these roles."""
        return [sum(weight.elements for weight in weights if weight.role in roles) for weights in self.owned]

    def trainable(self, layer: Layer) -> bool:
        """Whether a training step changes the weights that ``layer`` uses."""
        owner = layer if layer.shares is None else self.graph.layers[layer.shares]
        return not owner.frozen and any(weight.role is not Role.BUFFER for weight in self.used[layer.index])

    def trainable_elements(self) -> list[int]:
        counts = self.elements(Role.WEIGHT, Role.BIAS)
        return [0 if layer.frozen else count for layer, count in zip(self.graph.layers, counts, strict=True)]


def _different(graph: Graph, used: tuple[tuple[Weight, ...], ...]) -> tuple[Diagnostic, ...]:
    return tuple(
        Diagnostic(
            SHARED_WEIGHTS_DIFFER,
            f"`{layer.name}` needs {_shapes(used[layer.index])}, "
            f"`{graph.layers[layer.shares].name}` has {_shapes(used[layer.shares])}",
            layer.source,
            "layers that share weights need them in the same shapes",
            layer.trail,
            (Note(f"`{graph.layers[layer.shares].name}` stands here", graph.layers[layer.shares].source),),
        )
        for layer in graph.layers
        if layer.shares is not None and used[layer.index] != used[layer.shares]
    )


def _shapes(weights: tuple[Weight, ...]) -> str:
    return ", ".join(f"{weight.name} {shown_shape(weight.shape)}" for weight in weights) or "no weights"


@analysis(
    "parameters",
    columns=[
        Column(
            "parameters",
            "parameters",
            "Learned numbers: weights and biases; a shared one is counted where it is first used.",
            lambda result: result.elements(Role.WEIGHT, Role.BIAS),
            shown=True,
        ),
        Column(
            "trainable_parameters",
            "trainable",
            "Parameters that a training step changes: those of layers that are not frozen.",
            Parameters.trainable_elements,
        ),
        Column(
            "weight_parameters",
            "weight parameters",
            "Parameters that multiply.",
            lambda result: result.elements(Role.WEIGHT),
        ),
        Column(
            "bias_parameters",
            "bias parameters",
            "Parameters that are added.",
            lambda result: result.elements(Role.BIAS),
        ),
        Column(
            "buffers",
            "buffers",
            "Numbers kept beside the parameters and not learned, such as running means.",
            lambda result: result.elements(Role.BUFFER),
        ),
        Column(
            "weights",
            "weights",
            "The layer's arrays and their shapes; of a layer that shares weights, those it uses.",
            lambda result: [{weight.name: list(weight.shape) for weight in weights} for weights in result.used],
            Kind.DATA,
            Rollup.NONE,
        ),
    ],
    diagnostics=lambda result: result.diagnostics,
)
def parameters(graph: Graph, types: TensorTypes) -> Parameters:
    """Every array of every layer, and how many numbers there are in them."""
    used = types.map(lambda op, inputs, _: op.weights(inputs))
    return Parameters(types, used, _different(graph, used))

"""How much does a training step compute, and for which layers?

A layer is left out of the backward step where nothing before it learns; the gradient by its weights is left out where
they are frozen, the gradient by its input where that input leads back to nothing that learns. By an input whose type
alone matters, there is none.
"""

from __future__ import annotations

from typing import NamedTuple

from archanalyzer.graph import Graph
from archanalyzer.passes.analysis import Column, analysis
from archanalyzer.passes.arithmetic import LayerArithmetic, total
from archanalyzer.passes.parameters import Parameters


class Backward(NamedTuple):
    """Which layers the backward step visits, and what for.

    ``by_weight``: the gradient by the layer's weights is needed. ``by_input``: by how many of its inputs one is.
    ``needed``: the gradient by the layer's output is needed, for either of the two.
    """

    by_weight: tuple[bool, ...]
    by_input: tuple[int, ...]
    needed: tuple[bool, ...]

    def visits(self, index: int) -> bool:
        """Whether anything is computed for the layer: its output has a gradient that is needed."""
        return self.needed[index]


@analysis("backward")
def backward(graph: Graph, parameters: Parameters) -> Backward:
    """Follows what learns, front to back."""
    return follow_gradients(graph, parameters)


def follow_gradients(graph: Graph, parameters: Parameters, *, by_network_inputs: bool = False) -> Backward:
    """Which gradients are needed for what learns and, if asked for, for those by the network's inputs."""
    needed: list[bool] = []
    by_weight: list[bool] = []
    by_input: list[int] = []
    reading = parameters.types.sources()
    reached = _reached(graph, reading)
    for layer, sources in zip(graph.layers, reading, strict=True):
        arrives = reached[layer.index]
        by_weight.append(arrives and parameters.trainable(layer))
        by_input.append(arrives and sum(needed[source] for source in sources))
        asked_for = by_network_inputs and not layer.inputs
        needed.append(arrives and (by_weight[-1] or by_input[-1] > 0 or asked_for))
    return Backward(tuple(by_weight), tuple(by_input), tuple(needed))


def _reached(graph: Graph, reading: tuple[tuple[int, ...], ...]) -> list[bool]:
    """For each layer, whether a gradient arrives: a layer may lead to the outputs by its shape alone.

    Where the end of a network is missing, gradients are taken to arrive at the layers that nothing reads.
    """
    reached = [True] * len(graph.layers)
    for source in (source for layer in graph.layers for source in layer.inputs):
        reached[source] = False
    for output in graph.outputs:
        reached[output] = True
    for index in range(len(reading) - 1, -1, -1):
        for source in reading[index] if reached[index] else ():
            reached[source] = True
    return reached


class TrainingArithmetic(NamedTuple):
    """For every layer, the arithmetic of the backward step, None where it is not known."""

    input_gradient_macs: tuple[int | None, ...]
    weight_gradient_macs: tuple[int | None, ...]
    training_macs: tuple[int | None, ...]
    training_flops: tuple[int | None, ...]


@analysis(
    "training",
    columns=[
        Column(
            "input_gradient_macs",
            "MACs by input",
            "Multiply–accumulates of the gradient by the layer's input.",
            lambda result: result.input_gradient_macs,
        ),
        Column(
            "weight_gradient_macs",
            "MACs by weight",
            "Multiply–accumulates of the gradient by the layer's weights.",
            lambda result: result.weight_gradient_macs,
        ),
        Column(
            "training_macs",
            "training MACs",
            "Multiply–accumulates of a training step: forward, gradient by input, gradient by weight.",
            lambda result: result.training_macs,
        ),
        Column(
            "training_flops",
            "training FLOPs",
            "Floating-point operations of a training step, forward and backward; the optimizer's update not counted.",
            lambda result: result.training_flops,
        ),
    ],
)
def training(arithmetic: LayerArithmetic, visited: Backward) -> TrainingArithmetic:
    """What every layer computes in a training step on one sample."""
    rows: list[tuple[int | None, int | None, int | None, int | None]] = []
    for index, declared in enumerate(arithmetic.by_layer):
        if declared is None:
            rows.append((None, None, None, None))
            continue
        macs = total(declared.macs)
        by_input = macs * visited.by_input[index]
        by_weight = macs if visited.by_weight[index] else 0
        operations = total(declared.operations)
        if visited.by_input[index]:
            operations += total(declared.input_gradient_operations)
        if visited.by_weight[index]:
            operations += total(declared.weight_gradient_operations)
        steps = macs + by_input + by_weight
        rows.append((by_input, by_weight, steps, 2 * steps + operations))
    return TrainingArithmetic(*zip(*rows, strict=True)) if rows else TrainingArithmetic((), (), (), ())

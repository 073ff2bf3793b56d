"""How much does a training step compute, and for which layers?

A layer is left out of the backward step where nothing before it learns; the gradient by its weights is left out where
they are frozen, the gradient by its input where that input leads back to nothing that learns.
"""

from __future__ import annotations

from typing import NamedTuple

from archanalyzer.graph import Graph
from archanalyzer.passes.analysis import Column, analysis
from archanalyzer.passes.arithmetic import LayerArithmetic, total
from archanalyzer.passes.parameters import Parameters


class Backward(NamedTuple):
    """Which layers the backward step visits, and what for.

    ``by_weight``: the gradient by the layer's weights is needed. ``by_input``: how many of its inputs need theirs.
    """

    by_weight: tuple[bool, ...]
    by_input: tuple[int, ...]

    def visits(self, index: int) -> bool:
        """Whether anything is computed for the layer: its output has a gradient that is needed."""
        return self.by_weight[index] or self.by_input[index] > 0


@analysis("backward")
def backward(graph: Graph, parameters: Parameters) -> Backward:
    """Follows what learns, front to back."""
    needs_gradient: list[bool] = []
    by_weight: list[bool] = []
    by_input: list[int] = []
    for layer in graph.layers:
        by_weight.append(parameters.trainable(layer))
        by_input.append(sum(needs_gradient[source] for source in layer.inputs))
        needs_gradient.append(by_weight[-1] or by_input[-1] > 0)
    return Backward(tuple(by_weight), tuple(by_input))


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
        by_input = macs if visited.by_input[index] else 0
        by_weight = macs if visited.by_weight[index] else 0
        operations = total(declared.operations)
        if visited.by_input[index]:
            operations += total(declared.input_gradient_operations)
        if visited.by_weight[index]:
            operations += total(declared.weight_gradient_operations)
        steps = macs + by_input + by_weight
        rows.append((by_input, by_weight, steps, 2 * steps + operations))
    return TrainingArithmetic(*zip(*rows, strict=True)) if rows else TrainingArithmetic((), (), (), ())

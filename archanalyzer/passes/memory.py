"""How much memory do weights and activations take, and how much at the worst moment?

A time line is laid out: the layers run one after the other in the graph's order, then, in training, the loss, then the
backward steps in reverse. Every buffer lives from the step that fills it to the last step that reads it; the peak is
the most that lives at any one step, what the step reads and what it fills included. No layer works in place, but views
(``flatten``) share their input's buffer. The rule is written down in ``docs/counting.md``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import accumulate
from typing import NamedTuple

from archanalyzer.graph import DTYPE_BYTES, Graph, Kept, Layer, Role, View
from archanalyzer.passes.analysis import Column, Kind, Total, analysis
from archanalyzer.passes.facts import Amount
from archanalyzer.passes.parameters import Parameters
from archanalyzer.passes.tensor_types import TensorTypes
from archanalyzer.passes.training import Backward


class Lifetime(NamedTuple):
    """A buffer of ``size`` bytes that lives from step ``first`` to step ``last``, both included."""

    first: int
    last: int
    size: int


def peak(lifetimes: Iterable[Lifetime]) -> int:
    """The most bytes that live at one step."""
    lifetimes = tuple(lifetimes)
    if not lifetimes:
        return 0
    changes = [0] * (max(each.last for each in lifetimes) + 2)
    for each in lifetimes:
        changes[each.first] += each.size
        changes[each.last + 1] -= each.size
    return max(accumulate(changes))


class Memory(NamedTuple):
    """Bytes, one sample: by layer, and the peaks of what lives at once."""

    elements: tuple[int, ...]
    output_bytes: tuple[int, ...]
    parameter_bytes: tuple[int, ...]
    buffer_bytes: int
    gradient_bytes: int
    peak_inference_bytes: int
    peak_training_bytes: int
    complete: bool
    """Whether every layer says what it keeps for the backward step; else the peak in training is a lower bound."""

    def peak_training(self) -> Amount:
        return Amount(self.peak_training_bytes, not self.complete)

    def inference(self) -> Amount:
        return Amount(sum(self.parameter_bytes) + self.buffer_bytes + self.peak_inference_bytes)

    def training(self) -> Amount:
        held = sum(self.parameter_bytes) + self.buffer_bytes + self.gradient_bytes
        return Amount(held + self.peak_training_bytes, not self.complete)


class _Timeline:
    """When what is filled and read: the graph's layers at steps 0 … n − 1, the loss at n, backward steps behind."""

    def __init__(
        self, types: TensorTypes, output_bytes: tuple[int, ...], kept: tuple[Kept | None, ...], item: int
    ) -> None:
        self.graph = types.graph
        self.sources = types.sources()
        self.output_bytes = output_bytes
        self.kept = kept
        self.item = item

    def roots(self, *sharing: View) -> list[int]:
        """For each layer, the layer whose buffer holds its output."""
        roots: list[int] = []
        for layer in self.graph.layers:
            roots.append(roots[layer.inputs[0]] if layer.op.view in sharing and layer.inputs else layer.index)
        return roots

    def inference(self) -> list[Lifetime]:
        roots = self.roots(View.ALWAYS, View.INFERENCE)
        extras = {source: layer.index for layer in self._readers_of_extras() for source in layer.inputs}
        return self._forward(roots, len(self.graph.layers) - 1) + self._extras(roots, extras)

    def _readers_of_extras(self) -> list[Layer]:
        return [layer for layer in self.graph.layers if layer.op.reads_extras]

    def _forward(self, roots: list[int], end: int, reads: Iterable[tuple[int, int]] = ()) -> list[Lifetime]:
        """Lifetimes of the outputs; the network's outputs live up to ``end``; ``reads`` are further (layer, step)."""
        last = list(range(len(roots)))
        for layer in self.graph.layers:
            last[roots[layer.index]] = max(last[roots[layer.index]], layer.index)
            for source in self.sources[layer.index]:
                last[roots[source]] = max(last[roots[source]], layer.index)
        for output in self.graph.outputs:
            last[roots[output]] = max(last[roots[output]], end)
        for index, step in reads:
            last[roots[index]] = max(last[roots[index]], step)
        return [
            Lifetime(index, last[index], self.output_bytes[index]) for index, root in enumerate(roots) if index == root
        ]

    def training(self, visited: Backward) -> list[Lifetime]:
        roots = self.roots(View.ALWAYS)
        loss = len(self.graph.layers)
        steps = {layer.index: 2 * loss - layer.index for layer in self.graph.layers if visited.visits(layer.index)}
        extras = dict(steps)
        for layer in self._readers_of_extras():
            step = steps.get(layer.index, layer.index)
            extras.update((source, max(step, extras.get(source, 0))) for source in layer.inputs)
        reads: list[tuple[int, int]] = []
        for index, step in steps.items():
            kept = self.kept[index] or Kept()
            if reads_inputs(kept, weight_gradient=visited.by_weight[index]):
                reads.extend((source, step) for source in self.sources[index])
            if kept.output:
                reads.append((index, step))
        return self._forward(roots, loss, reads) + self._extras(roots, extras) + self._gradients(roots, visited, loss)

    def _extras(self, roots: list[int], last: Mapping[int, int]) -> list[Lifetime]:
        """What layers keep beside inputs and output, up to its last reading; a view has no step that would keep any."""
        return [
            Lifetime(index, step, extra_bytes(self.kept[index] or Kept(), self.item))
            for index, step in last.items()
            if roots[index] == index
        ]

    def _gradients(self, roots: list[int], visited: Backward, loss: int) -> list[Lifetime]:
        """A gradient's buffer is filled by the loss or by the first backward step that reaches it; views share it."""
        first: dict[int, int] = {}
        for output in self.graph.outputs:
            first[roots[output]] = loss
        for layer in self.graph.layers:
            for source in self.sources[layer.index]:
                step = 2 * loss - layer.index
                first[roots[source]] = min(first.get(roots[source], step), step)
        return [
            Lifetime(first[root], 2 * loss - root, self.output_bytes[root])
            for root in set(roots)
            if root in first and visited.visits(root)
        ]


def reads_inputs(kept: Kept, *, weight_gradient: bool) -> bool:
    """Whether the backward step of a layer reads its inputs again."""
    return kept.inputs and (weight_gradient or not kept.inputs_for_weights_only)


def extra_bytes(kept: Kept, item: int) -> int:
    """Bytes kept beside whole inputs and outputs, with ``item`` bytes a number."""
    return kept.extra_elements * item + kept.extra_bytes


@analysis(
    "memory",
    columns=[
        Column(
            "activations", "activations", "Numbers in the layer's output, one sample.", lambda result: result.elements
        ),
        Column(
            "activation_bytes",
            "activation bytes",
            "Bytes of the layer's output, one sample.",
            lambda result: result.output_bytes,
            Kind.BYTES,
        ),
        Column(
            "parameter_bytes",
            "parameter bytes",
            "Bytes of the layer's parameters.",
            lambda result: result.parameter_bytes,
            Kind.BYTES,
        ),
    ],
    totals=[
        Total(
            "peak_inference_bytes",
            "peak at inference",
            "The most bytes of activations that live at one moment of a forward step, one sample.",
            lambda result: result.peak_inference_bytes,
            Kind.BYTES,
        ),
        Total(
            "peak_training_bytes",
            "peak in training",
            "The most bytes of activations and their gradients that live at one moment of a training step, one sample.",
            Memory.peak_training,
            Kind.BYTES,
        ),
        Total(
            "inference_bytes",
            "memory at inference",
            "Parameters, buffers and the peak of activations at inference.",
            Memory.inference,
            Kind.BYTES,
        ),
        Total(
            "training_bytes",
            "memory in training",
            "Parameters, their gradients, buffers and the peak in training; an optimizer's own state not counted.",
            Memory.training,
            Kind.BYTES,
        ),
    ],
)
def memory(graph: Graph, types: TensorTypes, parameters: Parameters, visited: Backward) -> Memory:
    """Bytes of weights and activations at the graph's dtype, one sample, and the peaks."""
    item = DTYPE_BYTES[graph.dtype]
    elements = tuple(output.elements for output in types.outputs)
    output_bytes = tuple(count * item for count in elements)
    kept = types.map(lambda op, inputs, output: op.kept(inputs, output))
    timeline = _Timeline(types, output_bytes, kept, item)
    return Memory(
        elements=elements,
        output_bytes=output_bytes,
        parameter_bytes=tuple(count * item for count in parameters.elements(Role.WEIGHT, Role.BIAS)),
        buffer_bytes=item * sum(parameters.elements(Role.BUFFER)),
        gradient_bytes=item * sum(parameters.trainable_elements()),
        peak_inference_bytes=peak(timeline.inference()),
        peak_training_bytes=peak(timeline.training(visited)),
        complete=None not in kept,
    )

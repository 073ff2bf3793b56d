"""From a graph to a plan: which kernels are called in which order, and what lives how long.

Forward steps run in the graph's order; then the loss fills the gradients by the network's outputs; backward steps run
in reverse. A layer is left out of the backward steps where nothing before it learns. A layer that only looks at its
input's memory in another shape (``flatten``) has no step: it shares the buffer, and the buffer of the gradient.
"""

from __future__ import annotations

from itertools import chain
from typing import Any

import numpy as np

from archanalyzer.diagnostics import SpecError
from archanalyzer.executor import kernels
from archanalyzer.executor.errors import ExecutorError
from archanalyzer.executor.kernel import Extra, Kernel
from archanalyzer.executor.plan import (
    BackwardStep,
    Buffer,
    BufferKind,
    FeedStep,
    ForwardStep,
    LossStep,
    Plan,
    Step,
    Target,
    lay_out,
)
from archanalyzer.graph import Graph, Kept, Layer, View
from archanalyzer.passes import standard_passes
from archanalyzer.passes.facts import Facts
from archanalyzer.passes.memory import reads_inputs
from archanalyzer.passes.tensor_types import TensorTypes, propagate_types
from archanalyzer.passes.training import Backward

DTYPES = ("float32", "float64")
Kernels = dict[int, Kernel[Any]]


def make_kernels(types: TensorTypes) -> Kernels:
    """The kernel of each layer that computes something, by index.

    Raises:
        ExecutorError: a layer type has none and should.
    """
    made: Kernels = {}
    for layer, output in zip(types.graph.layers, types.outputs, strict=True):
        if layer.op.name not in kernels.NOT_EXECUTABLE:
            try:
                kernel = kernels.get(layer.op.name)
            except KeyError:
                raise ExecutorError(f"`{layer.name}` cannot run: there is no kernel of `{layer.op.name}`") from None
            made[layer.index] = kernel(layer.op, types.inputs(layer), output)
    return made


def require_dtype(dtype: str) -> np.dtype[Any]:
    """The type of numbers to compute in, ``float32`` or ``float64``.

    Raises:
        ExecutorError: it is another.
    """
    if dtype not in DTYPES:
        raise ExecutorError(f"expected float32 or float64 to compute in, found `{dtype}`")
    return np.dtype(dtype)


def dtype_for(graph: Graph, chosen: str | None = None) -> str:
    """What to compute in: what is chosen, else the graph's own dtype, or where that is another, ``float32``."""
    return chosen or (graph.dtype if graph.dtype in DTYPES else DTYPES[0])


def lower(graph: Graph, dtype: str, *, gradients: bool) -> Plan:
    """The plan of a graph, without parameters or data: of a forward step, or with ``gradients``, of a training step.

    Raises:
        ExecutorError: it cannot compute in that dtype.
        SpecError: the layers do not fit each other.
    """
    numbers = require_dtype(dtype)
    typing = propagate_types(graph)
    if typing.diagnostics:
        raise SpecError(typing.diagnostics)
    facts = Facts(graph, standard_passes())
    types = facts.result(TensorTypes)
    return Lowering(types, make_kernels(types), numbers, facts.result(Backward) if gradients else None).plan()


class Lowering:
    """One lowering of one graph: forward alone, or where ``gradients`` says which are needed, forward and backward.

    With ``keep`` every buffer has a place of its own, so that after a step all numbers are still there. A forward step
    alone is that of inference, where a dropout shares its input's memory, unless it is said to be of ``training``.
    """

    def __init__(
        self,
        types: TensorTypes,
        made: Kernels,
        dtype: np.dtype[Any],
        gradients: Backward | None = None,
        *,
        keep: bool = False,
        training: bool = False,
    ) -> None:
        self.graph: Graph = types.graph
        self.types = types
        self.sources = types.sources()
        self.kernels = made
        self.dtype = dtype
        self.needed = gradients
        self.keep = keep
        self.training = training
        self.buffers: list[Buffer] = []
        self.steps: list[Step] = []
        self.roots = self._roots()
        self.outputs: dict[int, int] = {}  # by layer, the buffer of its output
        self.gradients: dict[int, int] = {}  # by layer, the buffer of the gradient by its output
        self.extras: dict[int, tuple[int, ...]] = {}
        self.weights_done: set[int] = set()

    def plan(self) -> Plan:
        """The steps, the buffers, and where they lie."""
        for index in self.graph.inputs:  # all data comes in before anything is computed
            self.outputs[index] = self._output_buffer(index)
            self.steps.append(FeedStep(index, self.outputs[index]))
        for layer in self.graph.layers:
            if self.roots[layer.index] == layer.index and layer.inputs:
                self._forward(layer)
        end = len(self.steps) - 1
        if self.needed is not None:
            end = self._loss()
            for layer in reversed(self.graph.layers):
                if layer.index in self.gradients and layer.index in self.kernels:
                    self._backward(layer, self.needed)
        self._set_lifetimes(end)
        size = lay_out(self.buffers, reuse=not self.keep)
        output_of = tuple(self.outputs[root] for root in self.roots)
        gradient_of = tuple(self.gradients.get(root) for root in self.roots)
        return Plan(self.graph, tuple(self.steps), tuple(self.buffers), output_of, gradient_of, size)

    def _roots(self) -> list[int]:
        """For each layer, the one whose buffer holds its output."""
        inference = self.needed is None and not self.keep and not self.training
        sharing = {View.ALWAYS, View.INFERENCE} if inference else {View.ALWAYS}
        roots: list[int] = []
        for layer in self.graph.layers:
            roots.append(roots[layer.inputs[0]] if layer.op.view in sharing and layer.inputs else layer.index)
        return roots

    def _buffer(self, kind: BufferKind, layer: int, extra: Extra) -> int:
        dtype = self.dtype if extra.dtype is None else np.dtype(extra.dtype)
        self.buffers.append(Buffer(extra.name, layer, kind, extra.shape, dtype, extra.per_sample))
        return len(self.buffers) - 1

    def _output_buffer(self, index: int) -> int:
        return self._buffer(BufferKind.OUTPUT, index, Extra("output", self.types.outputs[index].shape))

    def _forward(self, layer: Layer) -> None:
        index = layer.index
        self.outputs[index] = output = self._output_buffer(index)
        kernel = self.kernels[index]
        self.extras[index] = tuple(self._buffer(BufferKind.EXTRA, index, extra) for extra in kernel.extras())
        inputs = self._inputs(layer)
        self.steps.append(ForwardStep(index, kernel, inputs, output, self.extras[index], self._read_extras(layer)))

    def _inputs(self, layer: Layer) -> tuple[int | None, ...]:
        """The buffers that a layer reads; None for an input of which the type alone matters."""
        reads = self.sources[layer.index]
        return tuple(self.outputs[self.roots[source]] if source in reads else None for source in layer.inputs)

    def _read_extras(self, layer: Layer) -> tuple[tuple[int, ...], ...]:
        return tuple(self.extras.get(source, ()) for source in layer.inputs) if layer.op.reads_extras else ()

    def _loss(self) -> int:
        """Adds the step of the loss; returns its number."""
        outputs = tuple(self.outputs[self.roots[index]] for index in self.graph.outputs)
        self.steps.append(LossStep(outputs, tuple(map(self._target, self.graph.outputs))))
        return len(self.steps) - 1

    def _target(self, index: int) -> Target | None:
        """Where a gradient by a layer's output goes: what comes first fills the buffer, what follows is added."""
        root = self.roots[index]
        if self.needed is None or not self.needed.visits(root):
            return None
        added = root in self.gradients
        if not added:
            extra = Extra("gradient", self.types.outputs[root].shape)
            self.gradients[root] = self._buffer(BufferKind.GRADIENT, root, extra)
        return Target(self.gradients[root], added)

    def _backward(self, layer: Layer, needed: Backward) -> None:
        index, kernel = layer.index, self.kernels[layer.index]
        learns = needed.by_weight[index]
        kept = layer.op.kept(self.types.inputs(layer), self.types.outputs[index]) or Kept(inputs=True, output=True)
        reads = reads_inputs(kept, weight_gradient=learns)
        self.steps.append(
            BackwardStep(
                index,
                kernel,
                inputs=self._inputs(layer) if reads else (None,) * len(layer.inputs),
                output=self.outputs[index] if kept.output else None,
                extras=self.extras[index],
                read_extras=self._read_extras(layer),
                dy=self.gradients[index],
                dx=tuple(self._target(source) if source in self.sources[index] else None for source in layer.inputs),
                dw=self._weight_target(layer) if learns else None,
            )
        )

    def _weight_target(self, layer: Layer) -> Target:
        owner = layer.index if layer.shares is None else layer.shares
        added = owner in self.weights_done
        self.weights_done.add(owner)
        return Target(owner, added)

    def _set_lifetimes(self, end: int) -> None:
        """A buffer lives from the first to the last step that uses it.

        The network's outputs live up to step ``end``; the gradients by its inputs are read after all steps.
        """
        for number, step in enumerate(self.steps):
            for index in chain(step.reads(), step.fills()):
                self.buffers[index].live(number)
        for output in self.graph.outputs:
            self.buffers[self.outputs[self.roots[output]]].live(end)
        for source in self.graph.inputs:
            if source in self.gradients:
                self.buffers[self.gradients[source]].live(len(self.steps) - 1)

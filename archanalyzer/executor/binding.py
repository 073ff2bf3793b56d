"""A plan with its memory, for one batch size: every kernel call with the arrays that it works on."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any, NamedTuple

import numpy as np

from archanalyzer.executor.kernel import ABSENT, Array, Backward, Forward, Kernel, Scratch, whole_lines
from archanalyzer.executor.plan import BackwardStep, Buffer, BufferKind, ForwardStep, Plan, Step
from archanalyzer.passes.tensor_types import TensorTypes


class LayerArrays(NamedTuple):
    """A layer's arrays, the gradients by those that learn, and the buffers among them.

    A layer that shares weights has the owner's.
    """

    weights: Mapping[str, Array]
    gradients: Mapping[str, Array]
    buffers: Mapping[str, Array]


class ForwardCall(NamedTuple):
    """A forward step, ready to run."""

    layer: int
    kernel: Kernel[Any]
    call: Forward


class BackwardCall(NamedTuple):
    """A backward step, ready to run; after it, each array of ``sums`` is added to the one before it."""

    layer: int
    kernel: Kernel[Any]
    call: Backward
    sums: tuple[tuple[Array, Array], ...]


class Binding:
    """The memory of a plan at one batch size, and its calls."""

    def __init__(
        self, plan: Plan, types: TensorTypes, arrays: tuple[LayerArrays, ...], batch: int, random: np.random.Generator
    ) -> None:
        self.plan = plan
        self.layers = types.graph.layers
        self.shapes = tuple(output.shape for output in types.outputs)
        self.arrays = arrays
        self.batch = batch
        self.random = random
        self.scratch = Scratch()
        memory = np.empty(plan.bytes * batch, np.uint8)
        self._buffers = [self._place(buffer, memory) for buffer in plan.buffers]
        self._place_passing_extras()
        self._aside = np.empty(max((self._bytes_aside(step) for step in plan.steps), default=0), np.uint8)
        self.forward = [self._forward_call(step) for step in plan.steps if isinstance(step, ForwardStep)]
        self.backward = [self._backward_call(step) for step in plan.steps if isinstance(step, BackwardStep)]

    def output(self, layer: int) -> Array:
        """The output of a layer, (batch, *shape)."""
        return self._shaped(self._buffers[self.plan.output_of[layer]], layer)

    def gradient(self, layer: int) -> Array | None:
        """The gradient by the output of a layer, None where it is not needed."""
        buffer = self.plan.gradient_of[layer]
        return None if buffer is None else self._shaped(self._buffers[buffer], layer)

    def kept_extras(self) -> dict[int, list[tuple[Buffer, Array]]]:
        """By layer, what it has kept beside its output for its backward step: a dropout's mask, a pool's positions."""
        kept: dict[int, list[tuple[Buffer, Array]]] = {}
        for buffer, array in zip(self.plan.buffers, self._buffers, strict=True):
            if buffer.kind is BufferKind.EXTRA and buffer.is_lasting:
                kept.setdefault(buffer.layer, []).append((buffer, array))
        return kept

    def _shaped(self, array: Array, layer: int) -> Array:
        return array.reshape(self.batch, *self.shapes[layer])

    def _place(self, buffer: Buffer, memory: Array) -> Array:
        shape = self._shape(buffer)
        if not buffer.is_lasting:
            return ABSENT
        start = buffer.offset * self.batch
        return memory[start : start + prod(shape) * buffer.dtype.itemsize].view(buffer.dtype).reshape(shape)

    def _place_passing_extras(self) -> None:
        """Extras that do not outlive their step have one place, which the next step uses again."""
        steps = [
            [index for index in step.extras if not self.plan.buffers[index].is_lasting]
            for step in self.plan.steps
            if isinstance(step, ForwardStep)
        ]
        sizes = (sum(self.plan.buffers[index].room for index in extras) for extras in steps)
        memory = np.empty(max(sizes, default=0) * self.batch, np.uint8)
        for extras in steps:
            aside = _Aside(memory)
            for index in extras:
                self._buffers[index] = aside.take(self._shape(self.plan.buffers[index]), self.plan.buffers[index].dtype)

    def _shape(self, buffer: Buffer) -> tuple[int, ...]:
        return (self.batch, *buffer.shape) if buffer.per_sample else buffer.shape

    def _extras(self, indices: tuple[int, ...]) -> dict[str, Array]:
        return {self.plan.buffers[index].name: self._buffers[index] for index in indices}

    def _inputs(self, step: ForwardStep | BackwardStep) -> tuple[Array, ...]:
        """What a layer reads of the layers before it, in their shapes."""
        pairs = zip(step.inputs, self.layers[step.layer].inputs, strict=True)
        return tuple(ABSENT if read is None else self.output(source) for read, source in pairs)

    def _forward_call(self, step: ForwardStep) -> ForwardCall:
        layer = self.layers[step.layer]
        call = Forward(
            inputs=self._inputs(step),
            output=self.output(layer.index),
            weights=self.arrays[layer.index].weights,
            extras=self._extras(step.extras),
            read_extras=tuple(map(self._extras, step.read_extras)),
            random=self.random,
            scratch=self.scratch,
        )
        return ForwardCall(layer.index, step.kernel, call)

    def _backward_call(self, step: BackwardStep) -> BackwardCall:
        layer = self.layers[step.layer]
        aside = _Aside(self._aside)
        sums: list[tuple[Array, Array]] = []

        def filled(target: Array, *, added: bool) -> Array:
            """The array that the kernel is to fill: the target, or one aside that is added to it."""
            if not added:
                return target
            sums.append((target, aside.like(target)))
            return sums[-1][1]

        dx = tuple(
            None if target is None else filled(self._shaped(self._buffers[target.to], source), added=target.added)
            for target, source in zip(step.dx, layer.inputs, strict=True)
        )
        gradients = self.arrays[layer.index].gradients.items() if step.dw else ()
        dw = {name: filled(array, added=step.dw is not None and step.dw.added) for name, array in gradients}
        call = Backward(
            inputs=self._inputs(step),
            output=ABSENT if step.output is None else self.output(layer.index),
            dy=self._shaped(self._buffers[step.dy], layer.index),
            dx=dx,
            dw=dw,
            weights=self.arrays[layer.index].weights,
            extras=self._extras(step.extras),
            read_extras=tuple(map(self._extras, step.read_extras)),
            scratch=self.scratch,
        )
        return BackwardCall(layer.index, step.kernel, call, tuple(sums))

    def _bytes_aside(self, step: Step) -> int:
        """Bytes of what a backward step computes aside, to be added."""
        if not isinstance(step, BackwardStep):
            return 0
        dx = sum(self.plan.buffers[each.to].room * self.batch for each in step.dx if each and each.added)
        if step.dw is None or not step.dw.added:
            return dx
        return dx + sum(whole_lines(array.nbytes) for array in self.arrays[step.layer].gradients.values())


class _Aside:
    """Cuts arrays off a piece of memory, one behind the other."""

    def __init__(self, memory: Array) -> None:
        self.memory = memory
        self.used = 0

    def like(self, array: Array) -> Array:
        return self.take(array.shape, array.dtype)

    def take(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
        start, size = self.used, prod(shape) * dtype.itemsize
        self.used += whole_lines(size)
        return self.memory[start : start + size].view(dtype).reshape(shape)

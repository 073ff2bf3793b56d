"""Several inputs made into one.

    concat:    y = x₁, x₂, … side by side        ∂c/∂xᵢ = xᵢ's piece of ∂c/∂y
    add:       y = x₁ + x₂ + …                   ∂c/∂xᵢ = Σ ∂c/∂y
    multiply:  y = x₁ · x₂ · …                   ∂c/∂xᵢ = Σ ∂c/∂y · Π xⱼ, over all j but i

the sums running over the axes along which xᵢ is repeated to fill y.
"""

from __future__ import annotations

from itertools import accumulate
from typing import Any

import numpy as np

from archanalyzer.executor.kernel import Array, Backward, Forward, Kernel
from archanalyzer.graph import TensorType, Types
from archanalyzer.ops.merging import Add, Concat, Multiply


class ConcatKernel(Kernel[Concat]):
    """Copies each input to its piece of the output."""

    def __init__(self, op: Concat, inputs: Types, output: TensorType) -> None:
        super().__init__(op, inputs, output)
        self.axis = op.axis + 1
        self.ends = tuple(accumulate(tensor.shape[op.axis] for tensor in inputs))

    def forward(self, call: Forward) -> None:
        np.concatenate(call.inputs, axis=self.axis, out=call.output)

    def backward(self, call: Backward) -> None:
        for dx, piece in zip(call.dx, np.split(call.dy, self.ends[:-1], axis=self.axis), strict=True):
            if dx is not None:
                np.copyto(dx, piece)


def sum_of_repeated(array: Array, out: Array) -> None:
    """Fills ``out`` with the sums over the axes along which ``out`` is repeated to fill the array."""
    extents = enumerate(zip(array.shape, out.shape, strict=True))
    repeated = tuple(axis for axis, (extent, of_out) in extents if extent != of_out)
    np.sum(array, axis=repeated, keepdims=True, out=out)


class AddKernel(Kernel[Add]):
    """Adds the inputs one by one."""

    def forward(self, call: Forward) -> None:
        first, second, *others = call.inputs
        np.add(first, second, out=call.output)
        for x in others:
            call.output += x

    def backward(self, call: Backward) -> None:
        for dx in call.dx:
            if dx is not None:
                sum_of_repeated(call.dy, dx)


class MultiplyKernel(Kernel[Multiply]):
    """Multiplies the inputs one by one; never divides, since an input may be zero."""

    def forward(self, call: Forward) -> None:
        first, second, *others = call.inputs
        np.multiply(first, second, out=call.output)
        for x in others:
            call.output *= x

    def backward(self, call: Backward) -> None:
        product = call.scratch(call.dy.shape, call.dy.dtype)
        for number, dx in enumerate(call.dx):
            if dx is None:
                continue
            np.copyto(product, call.dy)
            for x in (*call.inputs[:number], *call.inputs[number + 1 :]):
                product *= x
            sum_of_repeated(product, dx)


KERNELS: dict[str, type[Kernel[Any]]] = {"concat": ConcatKernel, "add": AddKernel, "multiply": MultiplyKernel}

"""Pooling: the maximum or the average of each window, tap by tap.

With p = o·stride − before + k·dilation, the position that tap k of output o reads,

    max:      y[o] = max_k x[p]            ∂c/∂x[p] = Σ ∂c/∂y[o], over the o that have their maximum at p
    average:  y[o] = Σ_k x[p] / n[o]       ∂c/∂x[p] = Σ ∂c/∂y[o] / n[o], over the o that read p

One tap of all outputs is a strided view of x, and the taps are few. Of equal maxima, the first in scan order counts;
NaN counts as larger than any number (as in PyTorch).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from math import prod

import numpy as np

from archanalyzer.executor.kernel import Array, Backward, Extra, Forward, Kernel
from archanalyzer.executor.kernels.windows import Place
from archanalyzer.graph import TensorType, Types
from archanalyzer.ops.geometry import Sliding
from archanalyzer.ops.pooling import AveragePooling, MaxPooling


def taps(slidings: Sequence[Sliding]) -> list[tuple[Place, Place]]:
    """For each tap, in scan order: the outputs for which it lies inside the input, and where they read with it."""
    along = ([each.tap(k) for k in range(each.kernel)] for each in slidings)
    by_tap = (tuple(zip(*of_axes, strict=True)) for of_axes in product(*along))
    return [((..., *outputs), (..., *positions)) for outputs, positions in by_tap]


def numbered(extent: tuple[int, ...]) -> Array:
    """The number of each position of an extent, the last axis running fastest."""
    return np.arange(prod(extent), dtype=np.int64).reshape(extent)


class MaxPoolingKernel(Kernel[MaxPooling]):
    """Keeps, for every output, the number of the position where its maximum was."""

    def __init__(self, op: MaxPooling, inputs: Types, output: TensorType) -> None:
        super().__init__(op, inputs, output)
        self.taps = taps(op.slide(inputs))
        self.numbers = numbered(inputs[0].spatial)
        self.first = np.empty(output.spatial, np.int64)
        """The first position of each window that lies inside the input."""
        for outputs, read in reversed(self.taps):
            self.first[outputs] = self.numbers[read]

    def extras(self) -> tuple[Extra, ...]:
        return (Extra("positions", self.output_type.shape, np.int64),)

    def forward(self, call: Forward) -> None:
        y, positions = call.output, call.extras["positions"]
        y[...] = -np.inf
        positions[...] = self.first
        for outputs, read in self.taps:
            x, most = call.x[read], y[outputs]
            larger = (x > most) | np.isnan(x)
            np.copyto(positions[outputs], self.numbers[read], where=larger)
            np.maximum(most, x, out=most)

    def backward(self, call: Backward) -> None:
        (dx,) = call.dx
        if dx is None:
            return
        positions = call.extras["positions"]
        dx[...] = 0
        for outputs, read in self.taps:
            here = positions[outputs] == self.numbers[read]
            dx[read] += np.where(here, call.dy[outputs], 0)


class AveragePoolingKernel(Kernel[AveragePooling]):
    """Adds the taps up, and divides by how many of them count."""

    def __init__(self, op: AveragePooling, inputs: Types, output: TensorType) -> None:
        super().__init__(op, inputs, output)
        self.taps = taps(op.slide(inputs))
        self.counts = np.zeros(output.spatial, np.int64)
        for outputs, _ in taps(op.counted(inputs)):
            self.counts[outputs] += 1

    def forward(self, call: Forward) -> None:
        y = call.output
        y[...] = 0
        for outputs, read in self.taps:
            y[outputs] += call.x[read]
        y /= self.counts.astype(y.dtype)

    def backward(self, call: Backward) -> None:
        (dx,) = call.dx
        if dx is None:
            return
        shares = call.scratch(call.dy.shape, call.dy.dtype)
        np.divide(call.dy, self.counts.astype(call.dy.dtype), out=shares)
        dx[...] = 0
        for outputs, read in self.taps:
            dx[read] += shares[outputs]


KERNELS: dict[str, type[MaxPoolingKernel | AveragePoolingKernel]] = {
    **dict.fromkeys(("max_pool1d", "max_pool2d", "max_pool3d"), MaxPoolingKernel),
    **dict.fromkeys(("avg_pool1d", "avg_pool2d", "avg_pool3d"), AveragePoolingKernel),
}

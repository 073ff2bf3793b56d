"""Adaptive and global pooling: the maximum or the mean of each cell, cell by cell.

With X the positions that output o pools, n of them,

    max:   y[o] = max x[X]        ∂c/∂x[p] = Σ ∂c/∂y[o], over the o that have their maximum at p
    mean:  y[o] = Σ x[X] / n      ∂c/∂x[p] = Σ ∂c/∂y[o] / n, over the o that pool p

Of equal maxima, the first in scan order counts; NaN counts as larger than any number.
"""

from __future__ import annotations

from itertools import product
from types import EllipsisType
from typing import Any

import numpy as np

from archanalyzer.executor.kernel import Backward, Extra, Forward, Kernel, OpT
from archanalyzer.executor.kernels.pooling import numbered
from archanalyzer.executor.kernels.windows import Place
from archanalyzer.graph import TensorType, Types
from archanalyzer.ops.adaptive_pooling import (
    AdaptiveAveragePooling,
    AdaptiveMaxPooling,
    GlobalAvgPool,
    GlobalMaxPool,
    share,
)


class Cells(Kernel[OpT]):
    """Pools cells that share the axes out; a global pool has a single one, whose axes may be dropped."""

    def __init__(self, op: OpT, inputs: Types, output: TensorType) -> None:
        super().__init__(op, inputs, output)
        extent = inputs[0].spatial
        sizes = output.spatial or (1,) * len(extent)
        self.axes = tuple(range(2, 2 + len(extent)))
        self.cells: list[tuple[tuple[EllipsisType | int, ...], Place]] = []
        """For each cell, where its output is and what it pools."""
        for o in product(*map(range, sizes)):
            pooled = (share(*each) for each in zip(extent, sizes, o, strict=True))
            cell = (slice(positions.start, positions.stop) for positions in pooled)
            self.cells.append(((..., *o[: len(output.spatial)]), (..., *cell)))


class MaximumKernel(Cells[AdaptiveMaxPooling | GlobalMaxPool]):
    """Keeps, for every output, the number of the position where its maximum was."""

    def __init__(self, op: AdaptiveMaxPooling | GlobalMaxPool, inputs: Types, output: TensorType) -> None:
        super().__init__(op, inputs, output)
        self.numbers = numbered(inputs[0].spatial)

    def extras(self) -> tuple[Extra, ...]:
        return (Extra("positions", self.output_type.shape, np.int64),)

    def forward(self, call: Forward) -> None:
        for o, cell in self.cells:
            x = call.x[cell].reshape(*call.x.shape[:2], -1)
            largest = x.argmax(axis=-1)
            call.output[o] = np.take_along_axis(x, largest[..., np.newaxis], axis=-1)[..., 0]
            call.extras["positions"][o] = self.numbers[cell].reshape(-1)[largest]

    def backward(self, call: Backward) -> None:
        (dx,) = call.dx
        if dx is None:
            return
        dx[...] = 0
        batch, channels = dx.shape[:2]
        by_number = dx.reshape(batch, channels, -1)
        sample, channel = np.ogrid[:batch, :channels]
        for o, _ in self.cells:
            by_number[sample, channel, call.extras["positions"][o]] += call.dy[o]


class MeanKernel(Cells[AdaptiveAveragePooling | GlobalAvgPool]):
    """Means over the axes of each cell."""

    def forward(self, call: Forward) -> None:
        for o, cell in self.cells:
            np.mean(call.x[cell], axis=self.axes, out=call.output[o])

    def backward(self, call: Backward) -> None:
        (dx,) = call.dx
        if dx is None:
            return
        dx[...] = 0
        for o, cell in self.cells:
            pooled = dx[cell]
            pooled += np.expand_dims(call.dy[o] / pooled[0, 0].size, self.axes)


_MAXIMA = ("adaptive_max_pool1d", "adaptive_max_pool2d", "adaptive_max_pool3d", "global_max_pool")
_MEANS = ("adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d", "global_avg_pool")
KERNELS: dict[str, type[Kernel[Any]]] = {
    **dict.fromkeys(_MAXIMA, MaximumKernel),
    **dict.fromkeys(_MEANS, MeanKernel),
}

"""Resizing: axis by axis, each output o shows one position of its input, or two by their nearness.

    nearest:  y[o] = x[i]                        ∂c/∂x[i] = Σ ∂c/∂y[o], over the o that show i
    linear:   y[o] = (1 − t)·x[i] + t·x[j]       ∂c/∂x[i] = Σ weight · ∂c/∂y[o], over the o that show i

where o looks at s, with i = ⌊s⌋, t = s − ⌊s⌋ and j = i + 1, or j = i where t = 0 or the input ends.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np

from archanalyzer.executor.kernel import Array, Backward, Forward, Kernel, Scratch
from archanalyzer.ops.resizing import Upsample, around


class Tap:
    """Along one axis, each output shows one position, times its weight; ``positions`` never fall."""

    def __init__(self, axis: int, positions: Array, weights: Array | None = None) -> None:
        self.axis = axis
        self.positions = positions
        self.weights = weights
        shown_before = np.arange(len(positions)) - np.searchsorted(positions, positions)
        self.rounds = [np.flatnonzero(shown_before == times) for times in range(shown_before.max() + 1)]
        """All outputs, in rounds in which none shows a position twice."""

    def show(self, x: Array, y: Array) -> None:
        """y[o] = weight[o] · x[position[o]]."""
        np.take(x, self.positions, axis=self.axis, out=y, mode="clip")
        if self.weights is not None:
            np.multiply(y, self._along(self.weights, y), out=y)

    def add_back(self, dy: Array, dx: Array, scratch: Scratch) -> None:
        """The adjoint: dx[i] += Σ weight[o] · dy[o], over the o that show i."""
        weighed = dy
        if self.weights is not None:
            weighed = scratch(dy.shape, dy.dtype)
            np.multiply(dy, self._along(self.weights, dy), out=weighed)
        before: tuple[slice | Array, ...] = (slice(None),) * self.axis
        for outputs in self.rounds:
            dx[(*before, self.positions[outputs])] += weighed[(*before, outputs)]
        if weighed is not dy:
            scratch.give_back(weighed)

    def _along(self, weights: Array, array: Array) -> Array:
        return weights.astype(array.dtype).reshape(-1, *(1,) * (array.ndim - 1 - self.axis))


class ResizedAxis:
    """One axis and all that its outputs show of it."""

    def __init__(self, op: Upsample, axis: int, length: int, outputs: int) -> None:
        self.axis = axis
        self.length = length
        self.outputs = outputs
        sources = [op.source(length, outputs, o) for o in range(outputs)]
        shown = [around(*source, length) for source in sources]
        first, last = (np.array([positions[end] for positions in shown]) for end in (0, -1))
        weights = np.array([numerator % denominator / denominator for numerator, denominator in sources])
        nearest = (Tap(axis, first),)
        self.taps = nearest if op.mode == "nearest" else (Tap(axis, first, 1 - weights), Tap(axis, last, weights))

    def show(self, x: Array, y: Array, scratch: Scratch) -> None:
        first, *others = self.taps
        first.show(x, y)
        for tap in others:
            shown = scratch(y.shape, y.dtype)
            tap.show(x, shown)
            y += shown
            scratch.give_back(shown)

    def add_back(self, dy: Array, dx: Array, scratch: Scratch) -> None:
        dx[...] = 0
        for tap in self.taps:
            tap.add_back(dy, dx, scratch)

    def room(self, beside: Array, extent: int, scratch: Scratch) -> Array:
        """Scratch for an array like the one ``beside`` it, with another extent along the axis."""
        return scratch((*beside.shape[: self.axis], extent, *beside.shape[self.axis + 1 :]), beside.dtype)


class UpsampleKernel(Kernel[Upsample]):
    """One axis after the other, and back in reverse."""

    @cached_property
    def axes(self) -> tuple[ResizedAxis, ...]:
        """The axes, each with all its positions looked up once."""
        along = enumerate(zip(self.input_types[0].spatial, self.output_type.spatial, strict=True), start=2)
        return tuple(ResizedAxis(self.op, axis, *extents) for axis, extents in along)

    def forward(self, call: Forward) -> None:
        x = call.x
        *others, last = self.axes
        for axis in others:
            y = axis.room(x, axis.outputs, call.scratch)
            axis.show(x, y, call.scratch)
            x = y
        last.show(x, call.output, call.scratch)

    def backward(self, call: Backward) -> None:
        if call.dx[0] is None:
            return
        dy = call.dy
        first, *others = self.axes
        for axis in reversed(others):
            dx = axis.room(dy, axis.length, call.scratch)
            axis.add_back(dy, dx, call.scratch)
            dy = dx
        first.add_back(dy, call.dx[0], call.scratch)


KERNELS = {"upsample": UpsampleKernel}

"""What is added to, or cut off, the ends of the spatial axes.

A pad's output is the input in the middle, and around it ``value``, or, axis by axis, copies of what is there already:

    y[inner] = x               then y[o] = y[shown_shape(o)] for every added o
    ∂c/∂x = d[inner]           after d[shown_shape(o)] += d[o] for every added o, beginning with d = ∂c/∂y

A crop shows the inner part of x; the gradient by what is cut off is zero.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from archanalyzer.executor.kernel import Array, Backward, Forward, Kernel
from archanalyzer.executor.kernels.windows import Place
from archanalyzer.graph import IrregularWindow, TensorType, Types
from archanalyzer.ops.borders import Cropping, Pad, Pairs, sides

Line = tuple[slice | int, ...]
"""An index of one position along an axis."""


def inner(outer: tuple[int, ...], amounts: Pairs) -> Place:
    """What lies between the two ends of each axis of ``outer``."""
    return (..., *(slice(before, length - after) for length, (before, after) in zip(outer, amounts, strict=True)))


class PadKernel(Kernel[Pad]):
    """The input in the middle, and the added positions one by one."""

    def __init__(self, op: Pad, inputs: Types, output: TensorType) -> None:
        super().__init__(op, inputs, output)
        self.amounts = sides(op.amount, inputs[0])
        self.inner = inner(output.spatial, self.amounts)
        self.copies = tuple(self._copies())

    def _copies(self) -> Iterator[tuple[Line, Line]]:
        """The added positions, and the one that each is a copy of; none where they show ``value``."""
        _, *readings = self.op.readings(self.input_types, self.output_type)[0]
        along = zip(readings, self.amounts, self.output_type.spatial, strict=True)
        for axis, (reading, (before, after), extent) in enumerate(along, start=2):
            if isinstance(reading, IrregularWindow):
                for o in (*range(before), *range(extent - after, extent)):
                    shown = before + reading.reads(o).start
                    yield (*(slice(None),) * axis, o), (*(slice(None),) * axis, shown)

    def forward(self, call: Forward) -> None:
        y = call.output
        if self.op.mode == "zeros":
            y[...] = self.op.value
        y[self.inner] = call.x
        for added, shown in self.copies:
            y[added] = y[shown]

    def backward(self, call: Backward) -> None:
        (dx,) = call.dx
        if dx is None:
            return
        np.copyto(dx, self._without_copies(call)[self.inner])

    def _without_copies(self, call: Backward) -> Array:
        """The gradient by the output, that of each added position given to the one it is a copy of."""
        if not self.copies:
            return call.dy
        dy = call.scratch(call.dy.shape, call.dy.dtype)
        np.copyto(dy, call.dy)
        for added, shown in self.copies:
            dy[shown] += dy[added]
        return dy


class CroppingKernel(Kernel[Cropping]):
    """A view of what is left. A second input gives its shape alone, and gets no gradient."""

    def __init__(self, op: Cropping, inputs: Types, output: TensorType) -> None:
        super().__init__(op, inputs, output)
        self.inner = inner(inputs[0].spatial, op.cuts(inputs))

    def forward(self, call: Forward) -> None:
        np.copyto(call.output, call.x[self.inner])

    def backward(self, call: Backward) -> None:
        for dx in call.dx:
            if dx is not None:
                dx[...] = 0
        if call.dx[0] is not None:
            call.dx[0][self.inner] = call.dy


KERNELS: dict[str, type[Kernel[Any]]] = {"pad": PadKernel, "crop": CroppingKernel, "crop_like": CroppingKernel}

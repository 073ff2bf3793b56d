"""The same numbers in another arrangement; the gradient's numbers go back to where the input's came from."""

from __future__ import annotations

from typing import Any

import numpy as np

from archanalyzer.executor.kernel import Array, Backward, Forward, Kernel
from archanalyzer.ops.rearranging import Permute, Rearranging


class ReshapeKernel(Kernel[Rearranging]):
    """The same memory in another shape. The plan lets both share it, and calls this only where it is called by hand."""

    def forward(self, call: Forward) -> None:
        np.copyto(call.output, call.x.reshape(call.output.shape))

    def backward(self, call: Backward) -> None:
        (dx,) = call.dx
        if dx is not None:
            np.copyto(dx, call.dy.reshape(dx.shape))


class PermuteKernel(Kernel[Permute]):
    """A copy of the transposed view, and into the transposed view."""

    def forward(self, call: Forward) -> None:
        np.copyto(call.output, self._permuted(call.x))

    def backward(self, call: Backward) -> None:
        (dx,) = call.dx
        if dx is not None:
            np.copyto(self._permuted(dx), call.dy)

    def _permuted(self, array: Array) -> Array:
        return array.transpose(0, *(axis + 1 for axis in self.op.axes))


KERNELS: dict[str, type[Kernel[Any]]] = {"flatten": ReshapeKernel, "reshape": ReshapeKernel, "permute": PermuteKernel}

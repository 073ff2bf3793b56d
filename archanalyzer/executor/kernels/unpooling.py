"""Unpooling: with the position p that the paired max-pool has kept of output o,

    y[p] = x[o], 0 elsewhere        ∂c/∂x[o] = ∂c/∂y[p]

Where several o have one p, the last value stays, and the gradient goes to it alone.
"""

from __future__ import annotations

import numpy as np

from archanalyzer.executor.kernel import Array, Backward, Forward, Kernel
from archanalyzer.ops.unpooling import MaxUnpooling


class MaxUnpoolingKernel(Kernel[MaxUnpooling]):
    """Takes the positions from the pool, which keeps them for its own backward step."""

    def forward(self, call: Forward) -> None:
        call.output[...] = 0
        call.output.reshape(-1)[self._places(call)] = call.x.reshape(-1)

    def backward(self, call: Backward) -> None:
        dx, of_pool = call.dx
        if of_pool is not None:
            of_pool[...] = 0
        if dx is None:
            return
        places = self._places(call)
        numbers = np.arange(places.size)
        last = call.scratch((call.dy.size,), numbers.dtype)
        last[places] = numbers
        dx.reshape(-1)[...] = np.where(last[places] == numbers, call.dy.reshape(-1)[places], 0)

    def _places(self, call: Forward | Backward) -> Array:
        """For each element of x, where it goes in the whole batch's output, laid out in a row."""
        positions = call.read_extras[1]["positions"]
        batch, channels = positions.shape[:2]
        planes = np.arange(batch * channels).reshape(batch, channels, *(1,) * self.op.axes)
        size = self.output_type.elements // self.output_type.channels
        return (planes * size + positions).reshape(-1)


KERNELS = dict.fromkeys(("max_unpool1d", "max_unpool2d", "max_unpool3d"), MaxUnpoolingKernel)

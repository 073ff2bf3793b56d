"""Dense layers.

    y = W·x + b        ∂c/∂x = Wᵀ·∂c/∂y        ∂c/∂W = Σ ∂c/∂y · xᵀ        ∂c/∂b = Σ ∂c/∂y

the sums running over the batch, which is the first axis of x (batch, features) and y (batch, units).
"""

from __future__ import annotations

import numpy as np

from archanalyzer.executor.kernel import Backward, Forward, Kernel
from archanalyzer.ops.dense import Dense


class DenseKernel(Kernel[Dense]):
    """One matrix product each way."""

    algorithms = ("matmul",)

    def forward(self, call: Forward) -> None:
        np.matmul(call.x, call.weights["weight"].T, out=call.output)
        if self.op.bias:
            call.output += call.weights["bias"]

    def backward(self, call: Backward) -> None:
        (dx,) = call.dx
        if dx is not None:
            np.matmul(call.dy, call.weights["weight"], out=dx)
        if call.dw:
            np.matmul(call.dy.T, call.x, out=call.dw["weight"])
            if self.op.bias:
                np.sum(call.dy, axis=0, out=call.dw["bias"])


KERNELS = {"dense": DenseKernel}

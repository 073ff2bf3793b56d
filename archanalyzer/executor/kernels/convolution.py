"""Convolution over one, two or three axes, and what it shares with the transposed one.

With X the columns of x, the taps of each output position (``windows.py``), and W the weights as a matrix,

    y = W·X + b        ∂c/∂x: the columns of Wᵀ·∂c/∂y, each added to where it was taken from
                       ∂c/∂W = Σ ∂c/∂y · Xᵀ        ∂c/∂b = Σ ∂c/∂y, over batch and positions
"""

from __future__ import annotations

import numpy as np

from archanalyzer.executor.kernel import Array, Backward, Forward, Kernel
from archanalyzer.executor.kernels.windows import DepthwiseProducts, Products, WindowProducts, Windows
from archanalyzer.graph import TensorType, Types
from archanalyzer.ops.convolution import Convolution

ALGORITHMS = ("im2col", "matmul", "depthwise")
"""Columns made block by block; no columns, since the input is one; no matrices, since groups are single channels."""


def products(windows: Windows, groups: int, channels: int, filters: int) -> tuple[str, Products]:
    """How to multiply weights and windows: the algorithm's name, and what carries it out."""
    if groups == channels == filters:
        return "depthwise", DepthwiseProducts(windows)
    return "matmul" if windows.is_matrix else "im2col", WindowProducts(windows, groups)


def add_bias(output: Array, bias: Array) -> None:
    """Adds one number a channel to an output (batch, channels, *spatial)."""
    output += bias.reshape(-1, *(1,) * (output.ndim - 2))


def sum_by_channel(dy: Array, out: Array) -> None:
    """The gradient by a bias: the sums of (batch, channels, *spatial) over all but the channels."""
    np.sum(dy, axis=(0, *range(2, dy.ndim)), out=out)


class ConvolutionKernel(Kernel[Convolution]):
    """A matrix product with the columns of the input."""

    algorithms = ALGORITHMS

    def __init__(self, op: Convolution, inputs: Types, output: TensorType) -> None:
        super().__init__(op, inputs, output)
        windows = Windows.of_convolution(op.slide(inputs))
        self.algorithm, self.products = products(windows, op.groups, inputs[0].channels, op.filters)

    def forward(self, call: Forward) -> None:
        self.products.gather(call.x, call.weights["weight"], call.output, call.scratch)
        if self.op.bias:
            add_bias(call.output, call.weights["bias"])

    def backward(self, call: Backward) -> None:
        (dx,) = call.dx
        if dx is not None:
            self.products.scatter(call.dy, call.weights["weight"], dx, call.scratch)
        if call.dw:
            self.products.correlate(call.x, call.dy, call.dw["weight"], call.scratch)
            if self.op.bias:
                sum_by_channel(call.dy, call.dw["bias"])


KERNELS = dict.fromkeys(("conv1d", "conv2d", "conv3d"), ConvolutionKernel)

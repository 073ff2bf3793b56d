"""Transposed convolution: a convolution's way back, so that forward and backward have changed their places.

With X the columns of the *output* (``windows.py``) and W the weights as a matrix, X = Wᵀ·x, each column added to where
it belongs, is the forward step; ∂c/∂x = W·∂c/∂X gathers, and ∂c/∂W = Σ x · (∂c/∂X)ᵀ.
"""

from __future__ import annotations

from archanalyzer.executor.kernel import Backward, Forward, Kernel
from archanalyzer.executor.kernels.convolution import ALGORITHMS, add_bias, products, sum_by_channel
from archanalyzer.executor.kernels.windows import Windows
from archanalyzer.graph import TensorType, Types
from archanalyzer.ops.transposed_convolution import TransposedConvolution


class TransposedConvolutionKernel(Kernel[TransposedConvolution]):
    """What ``ConvolutionKernel`` does, run the other way."""

    algorithms = ALGORITHMS

    def __init__(self, op: TransposedConvolution, inputs: Types, output: TensorType) -> None:
        super().__init__(op, inputs, output)
        windows = Windows.of_transposed(op.slide(inputs))
        self.algorithm, self.products = products(windows, op.groups, op.filters, inputs[0].channels)

    def forward(self, call: Forward) -> None:
        self.products.scatter(call.x, call.weights["weight"], call.output, call.scratch)
        if self.op.bias:
            add_bias(call.output, call.weights["bias"])

    def backward(self, call: Backward) -> None:
        (dx,) = call.dx
        if dx is not None:
            self.products.gather(call.dy, call.weights["weight"], dx, call.scratch)
        if call.dw:
            self.products.correlate(call.dy, call.x, call.dw["weight"], call.scratch)
            if self.op.bias:
                sum_by_channel(call.dy, call.dw["bias"])


KERNELS = dict.fromkeys(("conv_transpose1d", "conv_transpose2d", "conv_transpose3d"), TransposedConvolutionKernel)

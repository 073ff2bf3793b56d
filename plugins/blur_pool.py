"""A layer type from outside: ``blur_pool2d``, a fixed blur before a stride, so that a shift of the image matters less.

Zhang 2019, "Making convolutional networks shift-invariant again": the filter is [1, 2, 1]/4 along each axis.

    y[c, o] = Σ_k w[k_h]·w[k_w] x[c, o·stride − 1 + k],  w = [1/4, 1/2, 1/4],  k from 0 to 2, zeros around x
"""

from __future__ import annotations

from typing import Annotated, Any

from annotated_types import Ge
from pydantic import Field

from archanalyzer.plugins import (
    WRONG_RANK,
    Arithmetic,
    Example,
    Kept,
    Misfit,
    Op,
    Plugin,
    Readings,
    TensorType,
    Trait,
    Types,
    Window,
    count,
)

TAPS = (0.25, 0.5, 0.25)


class BlurPool2d(Op):
    """Each channel blurred by a fixed 3×3 filter, of which every ``stride``-th position is kept.

    Input (channels, height, width) → output (channels, ⌈height / stride⌉, ⌈width / stride⌉). No weights.
    """

    name = "blur_pool2d"
    scalar_field = "stride"
    examples = (
        Example("blur_pool2d", (TensorType((2, 6, 6)),), "by default, of every two positions one is kept"),
        Example("blur_pool2d: 3", (TensorType((1, 5, 8)),)),
        Example("blur_pool2d: {stride: 1}", (TensorType((2, 3, 4)),), "blurs alone"),
    )

    stride: Annotated[int, Ge(1)] = Field(2, description="A whole number from 1: steps between windows.")

    def output_type(self, inputs: Types) -> TensorType:
        if len(inputs[0].shape) != 3:
            raise Misfit(WRONG_RANK, f"expected channels, height and width, found {inputs[0]}")
        return TensorType((inputs[0].channels, *(-(-extent // self.stride) for extent in inputs[0].spatial)))

    def arithmetic(self, inputs: Types, output: TensorType) -> Arithmetic:  # noqa: ARG002
        taps = len(TAPS) ** 2
        multiplications = count("multiplications", taps=taps, output_elements=output.elements)
        additions = count("additions", additions_for_each_element=taps - 1, output_elements=output.elements)
        back = (multiplications, count("additions", taps=taps, output_elements=output.elements))
        return Arithmetic(operations=(multiplications, additions), input_gradient_operations=back)

    def readings(self, inputs: Types, output: TensorType) -> tuple[Readings, ...]:  # noqa: ARG002
        return ((Window(0), *(Window(axis, stride=self.stride, offset=-1, count=len(TAPS)) for axis in (1, 2))),)

    def kept(self, inputs: Types, output: TensorType) -> Kept:  # noqa: ARG002
        return Kept()

    @property
    def traits(self) -> Trait:
        return Trait.LINEAR


def kernel() -> Any:
    """How it computes; imported where something is computed, since it needs NumPy."""
    import numpy as np

    from archanalyzer.plugins import Array, Backward, Forward, Kernel

    class BlurPoolKernel(Kernel[BlurPool2d]):
        """One tap after the other, over the whole batch."""

        def forward(self, call: Forward) -> None:
            padded = np.pad(call.x, ((0, 0), (0, 0), (1, 1), (1, 1)))
            call.output[...] = 0
            for weight, read in self._taps(padded):
                call.output += weight * read

        def backward(self, call: Backward) -> None:
            (dx,) = call.dx
            if dx is not None:
                batch, channels, height, width = dx.shape
                padded = np.zeros((batch, channels, height + 2, width + 2), dx.dtype)
                for weight, view in self._taps(padded):
                    np.add(view, weight * call.dy, out=view)
                dx[...] = padded[:, :, 1:-1, 1:-1]

        def _taps(self, padded: Array) -> list[tuple[float, Array]]:
            """Every tap's weight, with the view of the padded input that it reads, of the output's shape."""
            _, height, width = self.output_type.shape
            stride = self.op.stride
            rows = [(tap, slice(k, k + (height - 1) * stride + 1, stride)) for k, tap in enumerate(TAPS)]
            columns = [(tap, slice(k, k + (width - 1) * stride + 1, stride)) for k, tap in enumerate(TAPS)]
            return [(a * b, padded[:, :, i, j]) for a, i in rows for b, j in columns]

    return BlurPoolKernel


plugin = Plugin("blur_pool", api=1, ops=(BlurPool2d,), kernels={"blur_pool2d": kernel})

"""Pooling: the maximum or the average of a window that slides over one, two or three axes.

    max:      y[c, o] = max_k x[c, o·stride − before + k·dilation]
    average:  y[c, o] = Σ_k x[c, o·stride − before + k] / n

with o and k running over all spatial axes and padding left out of the maximum. n is the window's number of positions
that lie inside the padded input, or inside the input alone where ``count_padding`` is false. In ``ceil_mode`` a last
window may hang over the end, if it starts before the padding there (as in PyTorch).
"""

from math import prod
from typing import Any

from pydantic import Field, ValidationInfo, field_validator

from archanalyzer.diagnostics.rules.layers import WINDOW_IN_PADDING
from archanalyzer.graph import (
    Arithmetic,
    Example,
    Kept,
    Misfit,
    Op,
    Readings,
    TensorType,
    Trait,
    Types,
    Unpooling,
    Window,
)
from archanalyzer.ops.counting import Tally, for_each
from archanalyzer.ops.geometry import DilatedOp, PerAxis, Sliding, SlidingOp, per_axis


class Reduction(Op):
    """Makes one number of a window of numbers, each channel for itself."""

    def forward(self, window: int) -> Tally:
        """The operations for one output element, of a window of so many positions."""
        raise NotImplementedError

    def backward(self, window: int) -> Tally:
        """The operations that spread one output element's gradient over its window."""
        raise NotImplementedError


class Maximum(Reduction):
    """The largest element of each window."""

    def forward(self, window: int) -> Tally:
        return {"comparisons": window - 1}

    def backward(self, window: int) -> Tally:  # noqa: ARG002
        return {"additions": 1}

    def kept(self, inputs: Types, output: TensorType) -> Kept:  # noqa: ARG002
        return Kept(extra_bytes=8 * output.elements)  # where each maximum was, as a 64-bit number

    @property
    def traits(self) -> Trait:
        return Trait.HOMOGENEOUS | Trait.PIECEWISE_LINEAR


class Mean(Reduction):
    """The mean of each window."""

    def forward(self, window: int) -> Tally:
        return {"additions": window - 1, "divisions": 1}

    def backward(self, window: int) -> Tally:
        return {"divisions": 1, "additions": window}

    def kept(self, inputs: Types, output: TensorType) -> Kept:  # noqa: ARG002
        return Kept()

    @property
    def traits(self) -> Trait:
        return Trait.LINEAR


class Pooling(Reduction, SlidingOp):
    """A window over each channel for itself. Input (channels, *spatial) → output (channels, *spatial)."""

    scalar_field = "kernel"

    kernel: PerAxis = Field(description="A whole number from 1, or one an axis: the extent of the window.")
    stride: PerAxis = Field(
        None,
        validate_default=True,
        description="A whole number from 1, or one an axis: steps between windows; if not given, the kernel's extent.",
    )
    ceil_mode: bool = Field(False, description="true or false: whether a last window may hang over the end.")

    @field_validator("stride", mode="before")
    @classmethod
    def _stride_is_the_kernel(cls, value: Any, info: ValidationInfo) -> Any:
        return info.data.get("kernel", 1) if value is None else per_axis(value, cls.axes)

    def output_type(self, inputs: Types) -> TensorType:
        return TensorType((inputs[0].channels, *(sliding.outputs for sliding in self.slide(inputs))))

    def _outputs(self, room: int, stride: int, end: int) -> int:
        if not self.ceil_mode:
            return super()._outputs(room, stride, end)
        outputs = -(-room // stride) + 1
        return outputs - 1 if (outputs - 1) * stride >= end else outputs

    def _slide_axis(self, axis: int, length: int, name: str) -> Sliding:
        sliding = super()._slide_axis(axis, length, name)
        if _sees_padding_alone(sliding):
            raise Misfit(
                WINDOW_IN_PADDING,
                f"along the {name}, a window lies in the padding alone, {sliding.before} before, {sliding.after} after",
                hint="use less padding than the kernel is long",
            )
        return sliding

    def arithmetic(self, inputs: Types, output: TensorType) -> Arithmetic:  # noqa: ARG002
        window = prod(self.kernel)
        return Arithmetic(
            operations=for_each(output, "output", self.forward(window)),
            input_gradient_operations=for_each(output, "output", self.backward(window)),
        )

    def readings(self, inputs: Types, output: TensorType) -> tuple[Readings, ...]:  # noqa: ARG002
        windows = (sliding.window(axis) for axis, sliding in enumerate(self.slide(inputs), start=1))
        return ((Window(0), *windows),)


def _sees_padding_alone(sliding: Sliding) -> bool:
    """Whether some window has all its taps before the input, after it, or, dilated, on both sides of it."""
    if (sliding.outputs - 1) * sliding.stride - sliding.before >= sliding.length:
        return True
    starts = range(-sliding.before, 0, sliding.stride)[: sliding.outputs]
    if starts and starts[0] + (sliding.kernel - 1) * sliding.dilation < 0:
        return True
    return _leaves_from(sliding.length, sliding.dilation, starts)


def _leaves_from(least: int, divisor: int, numbers: range) -> bool:
    """Whether one of some evenly spaced numbers leaves ``least`` or more when divided by ``divisor``.

    There, and nowhere else, adding divisor − least makes the quotient one larger.
    """
    moved = range(numbers.start + divisor - least, numbers.stop + divisor - least, numbers.step)
    return least < divisor and _sum_of_quotients(moved, divisor) > _sum_of_quotients(numbers, divisor)


def _sum_of_quotients(numbers: range, divisor: int) -> int:
    """Σ ⌊number / divisor⌋ by Euclid's algorithm: points under a line, counted along whichever axis has fewer."""
    count, slope, offset, total = len(numbers), numbers.step, numbers.start, 0
    while True:
        quotient, slope = divmod(slope, divisor)
        total += quotient * (count * (count - 1) // 2)
        quotient, offset = divmod(offset, divisor)
        total += quotient * count
        count, offset = divmod(slope * count + offset, divisor)
        if count == 0:
            return total
        slope, divisor = divisor, slope


class MaxPooling(Maximum, Pooling, DilatedOp):
    """Maxima of a sliding window, which know where they were: an unpooling may be paired with them."""

    def output_type(self, inputs: Types) -> TensorType:
        windows = tuple(sliding.transposed_window(axis) for axis, sliding in enumerate(self.slide(inputs), start=1))
        return TensorType(super().output_type(inputs).shape, Unpooling(inputs[0].spatial, windows))


class AveragePooling(Mean, Pooling):
    """Means of a sliding window."""

    count_padding: bool = Field(True, description="true or false: whether padding counts as zeros in the mean.")

    def counted(self, inputs: Types) -> tuple[Sliding, ...]:
        """How the kernel lies along what counts in the mean: the padded input, or the input alone."""
        slidings = self.slide(inputs)
        return tuple(sliding.over_padding() for sliding in slidings) if self.count_padding else slidings


class MaxPool1d(MaxPooling):
    """Maxima over a length. Input (channels, length) → output (channels, length)."""

    name = "max_pool1d"
    axes = 1
    examples = (
        Example("max_pool1d: 2", (TensorType((3, 8)),)),
        Example("max_pool1d: {kernel: 3, stride: 2, padding: [[1, 0]]}", (TensorType((2, 8)),), "padded on one side"),
    )


class MaxPool2d(MaxPooling):
    """Maxima over height and width. Input (channels, height, width) → output (channels, height, width)."""

    name = "max_pool2d"
    axes = 2
    examples = (
        Example("max_pool2d: 2", (TensorType((3, 4, 6)),)),
        Example("max_pool2d: {kernel: 3, stride: 2, padding: 1}", (TensorType((2, 7, 6)),), "overlapping"),
        Example("max_pool2d: {kernel: 2, ceil_mode: true}", (TensorType((2, 5, 4)),), "the last window hangs over"),
        Example("max_pool2d: {kernel: 3, stride: 1, padding: same, dilation: 2}", (TensorType((1, 5, 6)),), "dilated"),
    )


class MaxPool3d(MaxPooling):
    """Maxima over depth, height and width.

    Input (channels, depth, height, width) → output (channels, depth, height, width).
    """

    name = "max_pool3d"
    axes = 3
    examples = (Example("max_pool3d: {kernel: [1, 2, 2]}", (TensorType((2, 3, 4, 4)),)),)


class AvgPool1d(AveragePooling):
    """Means over a length. Input (channels, length) → output (channels, length)."""

    name = "avg_pool1d"
    axes = 1
    examples = (Example("avg_pool1d: {kernel: 3, stride: 1, padding: same}", (TensorType((3, 7)),)),)


class AvgPool2d(AveragePooling):
    """Means over height and width. Input (channels, height, width) → output (channels, height, width)."""

    name = "avg_pool2d"
    axes = 2
    examples = (
        Example("avg_pool2d: 2", (TensorType((3, 4, 6)),)),
        Example(
            "avg_pool2d: {kernel: 3, stride: 2, padding: 1, count_padding: false}",
            (TensorType((2, 6, 5)),),
            "means of the input alone",
        ),
        Example("avg_pool2d: {kernel: 3, stride: 2, ceil_mode: true}", (TensorType((2, 6, 6)),)),
    )


class AvgPool3d(AveragePooling):
    """Means over depth, height and width.

    Input (channels, depth, height, width) → output (channels, depth, height, width).
    """

    name = "avg_pool3d"
    axes = 3
    examples = (Example("avg_pool3d: {kernel: [2, 1, 2]}", (TensorType((2, 4, 3, 4)),)),)


OPS = (MaxPool1d, MaxPool2d, MaxPool3d, AvgPool1d, AvgPool2d, AvgPool3d)

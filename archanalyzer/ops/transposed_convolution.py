"""Transposed convolution over one, two or three axes: a convolution run from its output to its input.

    y[f, o] = bias[f] + Σ_c Σ_{i, k: i·stride − before + k·dilation = o} weight[c, f, k] · x[c, i]

with i, k and o running over all spatial axes and c over the channels of f's group. Output length after Dumoulin &
Visin 2016, relationship 14, with the crop given for each side:

    (length − 1)·stride + (kernel − 1)·dilation + 1 − before − after + output_padding
"""

from typing import Any, Self

from pydantic import Field, field_validator, model_validator

from archanalyzer.diagnostics.rules.layers import CROP_LARGER_THAN_INPUT
from archanalyzer.graph import (
    Arithmetic,
    Count,
    Example,
    Factor,
    Kept,
    Misfit,
    Readings,
    Role,
    TensorType,
    Trait,
    Types,
    Weight,
    WrongField,
)
from archanalyzer.ops.counting import for_each
from archanalyzer.ops.geometry import (
    DilatedOp,
    NonNegative,
    Padding,
    Positive,
    Sliding,
    kernel_factors,
    per_axis,
    position_factors,
    reach,
)
from archanalyzer.ops.groups import channels_of_group, require_divisible


class TransposedConvolution(DilatedOp):
    """Every input position adds its multiple of the filters to the output, ``stride`` further on for each.

    Input (channels, *spatial) → output (filters, *spatial). Weights: ``weight`` (channels, filters / groups, *kernel),
    ``bias`` (filters).
    """

    filters: Positive = Field(description="A whole number from 1: how many filters, which is how many output channels.")
    padding: Padding = Field(
        "valid",
        description="`same` (the output is length · stride long), `valid`, or a whole number from 0, one an axis, or "
        "[before, after] an axis: positions cropped from the two ends of the output.",
    )
    output_padding: tuple[NonNegative, ...] = Field(
        0,
        validate_default=True,
        description="A whole number below stride or dilation, or one an axis: positions added to the output's end.",
    )
    groups: Positive = Field(1, description="A whole number from 1: groups that channels and filters are split into.")
    bias: bool = Field(True, description="true or false: whether each filter adds a bias.")

    @field_validator("output_padding", mode="before")
    @classmethod
    def _one_output_padding_an_axis(cls, value: Any) -> Any:
        return per_axis(value, cls.axes)

    @model_validator(mode="after")
    def _output_padding_fits(self) -> Self:
        for extra, stride, dilation in zip(self.output_padding, self.stride, self.dilation, strict=True):
            if extra >= max(stride, dilation):
                expected = f"a number below stride or dilation, the larger of which is {max(stride, dilation):,}"
                raise WrongField("output_padding", expected)
        if self.padding == "same" and any(self.output_padding):
            raise WrongField("output_padding", "0 with padding `same`, which fixes the output's length")
        return self

    def output_type(self, inputs: Types) -> TensorType:
        slidings = self.slide(inputs)
        require_divisible(inputs[0].channels, self.groups, "input channels")
        require_divisible(self.filters, self.groups, "filters")
        return TensorType((self.filters, *(sliding.outputs for sliding in slidings)))

    def _slide_axis(self, axis: int, length: int, name: str) -> Sliding:
        kernel, stride, dilation = self.kernel[axis], self.stride[axis], self.dilation[axis]
        full = (length - 1) * stride + reach(kernel, dilation) + self.output_padding[axis]
        before, after = self._crop(axis, full - length * stride)
        if before + after >= full:
            raise Misfit(
                CROP_LARGER_THAN_INPUT,
                f"padding crops {before} + {after} positions along the {name}, the uncropped output has only {full}",
                hint="padding of a transposed convolution makes its output smaller: use less",
            )
        return Sliding(length, kernel, stride, dilation, before, after, full - before - after)

    def _crop(self, axis: int, surplus: int) -> tuple[int, int]:
        if self.padding == "valid":
            return 0, 0
        if self.padding != "same":
            return self.padding[axis]
        before = max(surplus, 0) // 2
        return (
            before,
            surplus - before,
        )  # a stride beyond the kernel's reach leaves bare positions at the end: after < 0

    def weights(self, inputs: Types) -> tuple[Weight, ...]:
        channels = inputs[0].channels
        weight = Weight(
            "weight",
            (channels, self.filters // self.groups, *self.kernel),
            filters=self.filters,
            fan_shape=(self.filters, channels // self.groups, *self.kernel),
        )
        return (weight, Weight("bias", (self.filters,), Role.BIAS, initial=0)) if self.bias else (weight,)

    def arithmetic(self, inputs: Types, output: TensorType) -> Arithmetic:
        macs = Count(
            "products of weight and input",
            (
                Factor("input channels", inputs[0].channels),
                Factor("filters of a group" if self.groups > 1 else "filters", self.filters // self.groups),
                *kernel_factors(self.kernel, inputs[0]),
                *position_factors(inputs[0], "input"),
            ),
        )
        bias = for_each(output, "output", {"bias additions": int(self.bias)})
        return Arithmetic(macs=(macs,), operations=bias, weight_gradient_operations=bias)

    def readings(self, inputs: Types, output: TensorType) -> tuple[Readings, ...]:  # noqa: ARG002
        windows = (sliding.transposed_window(axis) for axis, sliding in enumerate(self.slide(inputs), start=1))
        return ((channels_of_group(inputs[0].channels, self.filters, self.groups), *windows),)

    def kept(self, inputs: Types, output: TensorType) -> Kept:  # noqa: ARG002
        return Kept(inputs=True, inputs_for_weights_only=True)

    @property
    def traits(self) -> Trait:
        return Trait.AFFINE | Trait.PIECEWISE_LINEAR if self.bias else Trait.LINEAR


class ConvTranspose1d(TransposedConvolution):
    """Transposed convolution over a length. Input (channels, length) → output (filters, length)."""

    name = "conv_transpose1d"
    axes = 1
    examples = (
        Example("conv_transpose1d: {filters: 4, kernel: 5, stride: 2, padding: [[2, 1]]}", (TensorType((3, 6)),)),
        Example(
            "conv_transpose1d: {filters: 2, kernel: 2, stride: 3, padding: same}",
            (TensorType((3, 4)),),
            "a stride beyond the kernel leaves bare positions",
        ),
    )


class ConvTranspose2d(TransposedConvolution):
    """Transposed convolution over height and width.

    Input (channels, height, width) → output (filters, height, width).
    """

    name = "conv_transpose2d"
    axes = 2
    examples = (
        Example("conv_transpose2d: {filters: 8, kernel: 4, stride: 2}", (TensorType((3, 5, 5)),)),
        Example("conv_transpose2d: {filters: 2, kernel: 3, stride: 2, padding: same}", (TensorType((4, 3, 4)),)),
        Example(
            "conv_transpose2d: {filters: 6, kernel: 3, stride: 2, padding: 1, output_padding: 1, groups: 2}",
            (TensorType((4, 3, 2)),),
            "in groups",
        ),
        Example(
            "conv_transpose2d: {filters: 2, kernel: [3, 2], dilation: [2, 1], bias: false}",
            (TensorType((2, 3, 4)),),
            "dilated",
        ),
    )


class ConvTranspose3d(TransposedConvolution):
    """Transposed convolution over depth, height and width.

    Input (channels, depth, height, width) → output (filters, depth, height, width).
    """

    name = "conv_transpose3d"
    axes = 3
    examples = (Example("conv_transpose3d: {filters: 2, kernel: 2, stride: [1, 2, 2]}", (TensorType((3, 2, 2, 3)),)),)


OPS = (ConvTranspose1d, ConvTranspose2d, ConvTranspose3d)

"""Convolution over one, two or three axes.

    y[f, o] = bias[f] + Σ_c Σ_k weight[f, c, k] · x[c, o·stride − padding + k·dilation]

with o and k running over all spatial axes and c over the channels of f's group. (As everywhere in deep learning the
kernel is not mirrored: strictly a cross-correlation; Goodfellow, Bengio & Courville 2016, section 9.1.)
"""

from pydantic import Field

from archanalyzer.graph import (
    Arithmetic,
    Count,
    Example,
    Factor,
    Kept,
    Readings,
    Role,
    TensorType,
    Trait,
    Types,
    Weight,
)
from archanalyzer.ops.counting import for_each
from archanalyzer.ops.geometry import DilatedOp, Positive, kernel_factors, position_factors
from archanalyzer.ops.groups import channels_of_group, require_divisible


class Convolution(DilatedOp):
    """Slides filters over the input; each filter sees all channels of its group and makes one output channel.

    Input (channels, *spatial) → output (filters, *spatial). Weights: ``weight`` (filters, channels / groups, *kernel),
    ``bias`` (filters).
    """

    filters: Positive = Field(description="A whole number from 1: how many filters, which is how many output channels.")
    groups: Positive = Field(
        1, description="A whole number from 1: the groups that the channels and the filters are split into."
    )
    bias: bool = Field(True, description="true or false: whether each filter adds a bias.")

    def output_type(self, inputs: Types) -> TensorType:
        slidings = self.slide(inputs)
        require_divisible(inputs[0].channels, self.groups, "input channels")
        require_divisible(self.filters, self.groups, "filters")
        return TensorType((self.filters, *(sliding.outputs for sliding in slidings)))

    def weights(self, inputs: Types) -> tuple[Weight, ...]:
        weight = Weight("weight", (self.filters, inputs[0].channels // self.groups, *self.kernel), filters=self.filters)
        return (weight, Weight("bias", (self.filters,), Role.BIAS, initial=0)) if self.bias else (weight,)

    def arithmetic(self, inputs: Types, output: TensorType) -> Arithmetic:
        channels = inputs[0].channels // self.groups
        macs = Count(
            "products of weight and input",
            (
                Factor("filters", self.filters),
                Factor("input channels of a group" if self.groups > 1 else "input channels", channels),
                *kernel_factors(self.kernel, inputs[0]),
                *position_factors(output, "output"),
            ),
        )
        bias = for_each(output, "output", {"bias additions": int(self.bias)})
        return Arithmetic(macs=(macs,), operations=bias, weight_gradient_operations=bias)

    def readings(self, inputs: Types, output: TensorType) -> tuple[Readings, ...]:  # noqa: ARG002
        windows = (sliding.window(axis) for axis, sliding in enumerate(self.slide(inputs), start=1))
        return ((channels_of_group(inputs[0].channels, self.filters, self.groups), *windows),)

    def kept(self, inputs: Types, output: TensorType) -> Kept:  # noqa: ARG002
        return Kept(inputs=True, inputs_for_weights_only=True)

    @property
    def traits(self) -> Trait:
        return Trait.AFFINE | Trait.PIECEWISE_LINEAR if self.bias else Trait.LINEAR


class Conv1d(Convolution):
    """Convolution over a length. Input (channels, length) → output (filters, length)."""

    name = "conv1d"
    axes = 1
    examples = (
        Example("conv1d: {filters: 8, kernel: 5, stride: 2, padding: 2}", (TensorType((3, 16)),)),
        Example("conv1d: {filters: 4, kernel: 3, padding: [[2, 0]]}", (TensorType((2, 9)),), "causal: pads the past"),
    )


class Conv2d(Convolution):
    """Convolution over height and width. Input (channels, height, width) → output (filters, height, width)."""

    name = "conv2d"
    axes = 2
    examples = (
        Example("conv2d: {filters: 8, kernel: 3, padding: same}", (TensorType((3, 7, 6)),)),
        Example("conv2d: {filters: 8, kernel: 3, groups: 4, bias: false}", (TensorType((4, 6, 6)),), "in groups"),
        Example(
            "conv2d: {filters: 2, kernel: [3, 2], stride: [2, 1], padding: [[1, 0], [0, 1]]}", (TensorType((2, 6, 5)),)
        ),
        Example("conv2d: {filters: 3, kernel: 3, dilation: 2}", (TensorType((2, 7, 8)),), "dilated"),
    )


class Conv3d(Convolution):
    """Convolution over depth, height and width.

    Input (channels, depth, height, width) → output (filters, depth, height, width).
    """

    name = "conv3d"
    axes = 3
    examples = (Example("conv3d: {filters: 3, kernel: [1, 3, 3], padding: [0, 1, 1]}", (TensorType((2, 3, 5, 4)),)),)


OPS = (Conv1d, Conv2d, Conv3d)

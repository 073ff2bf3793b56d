"""Normalization: numbers brought to a common scale.

    y = (x − mean) / √(variance + epsilon) · weight + bias

where mean and variance (the biased one) are taken over, and weight and bias belong to,

    batch_norm      a channel over the batch; at inference the running mean and variance; a channel
    layer_norm      a sample, or all channels at one position; an element, or a channel
    group_norm      a sample's channels of one group, at all positions; a channel
    instance_norm   a sample's channel; a channel

(Ioffe & Szegedy 2015; Ba, Kiros & Hinton 2016; Wu & He 2018; Ulyanov, Vedaldi & Lempitsky 2016). Local response
normalization (Krizhevsky, Sutskever & Hinton 2012, section 3.3; the sum's mean, as PyTorch has it) divides by what the
neighbouring channels at the same position hold:

    y[c] = x[c] / (k + alpha / size · Σ_{c′ = c − ⌊size / 2⌋}^{c + ⌊(size − 1) / 2⌋} x[c′]²)^beta
"""

from typing import Annotated, Literal

from annotated_types import Ge, Gt, Le
from pydantic import Field

from archanalyzer.graph import (
    Arithmetic,
    Example,
    Factor,
    Kept,
    Op,
    Readings,
    Role,
    TensorType,
    Trait,
    Types,
    Weight,
    WholeAxis,
    Window,
    aligned_axes,
    whole_axes,
)
from archanalyzer.ops.counting import Tally, for_each, times
from archanalyzer.ops.geometry import Positive, require_some_spatial_axes
from archanalyzer.ops.groups import channels_of_group, require_divisible

PositiveNumber = Annotated[float, Gt(0)]


class Normalization(Op):
    """Shifts and scales so that what is normalized together has mean 0 and variance 1. The shape stays.

    Weights, where ``affine``: ``weight`` and ``bias``, one an element of ``affine_shape``.
    """

    epsilon: PositiveNumber = Field(1e-5, description="A number above 0: added to the variance.")
    affine: bool = Field(
        True, description="true or false: whether a learned weight and bias scale and shift the result."
    )

    def output_type(self, inputs: Types) -> TensorType:
        return TensorType(inputs[0].shape)

    def affine_shape(self, inputs: Types) -> tuple[int, ...]:
        """The shape of weight and bias: one number a channel."""
        return (inputs[0].channels,)

    def together(self, inputs: Types) -> int:
        """How many means and variances are taken of one sample."""
        raise NotImplementedError

    def weights(self, inputs: Types) -> tuple[Weight, ...]:
        shape = self.affine_shape(inputs)
        if not self.affine:
            return ()
        return Weight("weight", shape, initial=1), Weight("bias", shape, Role.BIAS, initial=0)

    def arithmetic(self, inputs: Types, output: TensorType) -> Arithmetic:
        forward = {
            "additions and divisions of the means": 1,
            "subtractions of the mean": 1,
            "operations of the variances": 2,
            "multiplications by 1 / deviation": 1,
        }
        return self._arithmetic(inputs, output, forward)

    def _arithmetic(self, inputs: Types, output: TensorType, forward: Tally) -> Arithmetic:
        """The arithmetic with these operations an element up to the division by the deviation.

        Backward, with x̂ = (x − mean) / deviation and g = δ · weight, the gradient by x is
        (g − mean(g) − x̂ · mean(g · x̂)) / deviation; those by weight and bias sum δ · x̂ and δ.
        """
        means = (Factor("means", self.together(inputs)),)
        by_input = {"operations of the gradient by the input": 9, "multiplications by the weight": int(self.affine)}
        by_weight = {"operations of the gradients by weight and bias": 5 * self.affine}
        return Arithmetic(
            operations=(
                *for_each(output, "output", forward),
                *times({"operations of 1 / deviation": 3}, means, "mean"),
                *for_each(output, "output", {"operations of weight and bias": 2 * self.affine}),
            ),
            input_gradient_operations=for_each(output, "output", by_input),
            weight_gradient_operations=for_each(output, "output", by_weight),
        )

    def kept(self, inputs: Types, output: TensorType) -> Kept:  # noqa: ARG002
        return Kept(inputs=True, extra_elements=2 * self.together(inputs))


class BatchNorm(Normalization):
    """Normalizes each channel over the batch, at inference by running statistics. The shape, of any rank, stays.

    Weights, where ``affine``: ``weight``, ``bias`` (channels). Buffers: ``running_mean``, ``running_var`` (channels).
    """

    name = "batch_norm"
    examples = (
        Example("batch_norm", (TensorType((3, 4, 5)),)),
        Example("batch_norm: {affine: false, epsilon: 0.001, momentum: 0.01}", (TensorType((4,)),), "of flat inputs"),
    )

    momentum: Annotated[float, Ge(0), Le(1)] = Field(
        0.1, description="A number from 0 to 1: the weight of the newest batch in the running mean and variance."
    )

    def together(self, inputs: Types) -> int:
        return inputs[0].channels

    def weights(self, inputs: Types) -> tuple[Weight, ...]:
        shape = (inputs[0].channels,)
        mean = Weight("running_mean", shape, Role.BUFFER, initial=0)
        variance = Weight("running_var", shape, Role.BUFFER, initial=1)
        return (*super().weights(inputs), mean, variance)

    def arithmetic(self, inputs: Types, output: TensorType) -> Arithmetic:
        forward = {"subtractions of the mean": 1, "multiplications by 1 / deviation": 1}
        return self._arithmetic(inputs, output, forward)

    def readings(self, inputs: Types, output: TensorType) -> tuple[Readings, ...]:  # noqa: ARG002
        return (aligned_axes(len(inputs[0].shape)),)

    @property
    def traits(self) -> Trait:
        return Trait.AFFINE | Trait.PIECEWISE_LINEAR | Trait.ELEMENTWISE


class LayerNorm(Normalization):
    """Normalizes a whole sample, or its channels at each position. The shape, of any rank, stays.

    Weights, where ``affine``: ``weight`` and ``bias``, of the input's shape, or (channels) over channels.
    """

    name = "layer_norm"
    examples = (
        Example("layer_norm", (TensorType((3, 2, 4)),), "over all of a sample"),
        Example("layer_norm: {over: channels, epsilon: 1.0e-6}", (TensorType((3, 2, 4)),), "at each position"),
        Example("layer_norm: {affine: false}", (TensorType((6,)),)),
    )

    over: Literal["all", "channels"] = Field(
        "all", description="`all` (the whole sample) or `channels` (at each position): what is normalized together."
    )

    def affine_shape(self, inputs: Types) -> tuple[int, ...]:
        return inputs[0].shape if self.over == "all" else (inputs[0].channels,)

    def together(self, inputs: Types) -> int:
        return 1 if self.over == "all" else inputs[0].elements // inputs[0].channels

    def readings(self, inputs: Types, output: TensorType) -> tuple[Readings, ...]:  # noqa: ARG002
        rank = len(inputs[0].shape)
        return (whole_axes(rank) if self.over == "all" else (WholeAxis(), *aligned_axes(rank)[1:]),)


class GroupNorm(Normalization):
    """Normalizes each group of channels over all positions. The shape, of any rank, stays.

    Weights, where ``affine``: ``weight`` and ``bias`` (channels).
    """

    name = "group_norm"
    scalar_field = "groups"
    examples = (
        Example("group_norm: 2", (TensorType((4, 3, 2)),)),
        Example("group_norm: {groups: 1, affine: false, epsilon: 0.001}", (TensorType((4, 3)),)),
    )

    groups: Positive = Field(description="A whole number from 1: the groups that the channels are split into.")

    def output_type(self, inputs: Types) -> TensorType:
        require_divisible(inputs[0].channels, self.groups, "channels")
        return super().output_type(inputs)

    def together(self, inputs: Types) -> int:  # noqa: ARG002
        return self.groups

    def readings(self, inputs: Types, output: TensorType) -> tuple[Readings, ...]:  # noqa: ARG002
        channels = inputs[0].channels
        return ((channels_of_group(channels, channels, self.groups), *whole_axes(len(inputs[0].spatial))),)


class InstanceNorm(Normalization):
    """Normalizes each channel over its positions. Input and output (channels, *spatial).

    Weights, where ``affine``: ``weight`` and ``bias`` (channels).
    """

    name = "instance_norm"
    examples = (
        Example("instance_norm", (TensorType((3, 4, 2)),)),
        Example("instance_norm: {affine: true, epsilon: 0.001}", (TensorType((3, 4)),)),
    )

    affine: bool = Field(
        False, description="true or false: whether a learned weight and bias scale and shift the result."
    )

    def output_type(self, inputs: Types) -> TensorType:
        require_some_spatial_axes(inputs[0])
        return super().output_type(inputs)

    def together(self, inputs: Types) -> int:
        return inputs[0].channels

    def readings(self, inputs: Types, output: TensorType) -> tuple[Readings, ...]:  # noqa: ARG002
        return ((Window(0), *whole_axes(len(inputs[0].spatial))),)


class LocalResponseNorm(Op):
    """Divides each element by what its neighbouring channels hold at its position. The shape, of any rank, stays."""

    name = "local_response_norm"
    scalar_field = "size"
    examples = (
        Example("local_response_norm: 3", (TensorType((5, 2, 3)),)),
        Example("local_response_norm: {size: 2, alpha: 0.1, beta: 0.5, k: 2}", (TensorType((4, 2)),), "an even window"),
    )

    size: Positive = Field(description="A whole number from 1: how many neighbouring channels, its own included.")
    alpha: PositiveNumber = Field(1e-4, description="A number above 0: the weight of the mean of squares.")
    beta: PositiveNumber = Field(0.75, description="A number above 0: the exponent.")
    k: PositiveNumber = Field(1.0, description="A number above 0: added to the weighted mean of squares.")

    def output_type(self, inputs: Types) -> TensorType:
        return TensorType(inputs[0].shape)

    def arithmetic(self, inputs: Types, output: TensorType) -> Arithmetic:  # noqa: ARG002
        forward = {
            "squares": 1,
            "additions": self.size,
            "multiplications": 1,
            "powers": 1,
            "divisions": 1,
        }
        backward = {
            "powers": 1,
            "multiplications": 4,
            "divisions": 1,
            "additions": self.size,
        }
        return Arithmetic(
            operations=for_each(output, "output", forward),
            input_gradient_operations=for_each(output, "output", backward),
        )

    def readings(self, inputs: Types, output: TensorType) -> tuple[Readings, ...]:  # noqa: ARG002
        neighbours = Window(0, offset=-(self.size // 2), count=self.size)
        return ((neighbours, *aligned_axes(len(inputs[0].shape))[1:]),)

    def kept(self, inputs: Types, output: TensorType) -> Kept:  # noqa: ARG002
        return Kept(inputs=True, output=True, extra_elements=output.elements)  # and the base of the power


OPS = (BatchNorm, LayerNorm, GroupNorm, InstanceNorm, LocalResponseNorm)

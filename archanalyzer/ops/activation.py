"""Activations: one function applied to every element; softmax, to every line of elements along an axis.

Each class states its formula, what is counted of it (``docs/counting.md``; derivatives are taken from what is kept),
and what the backward step reads again: the output where the derivative can be told from it, else the input.
"""

from typing import Annotated, ClassVar, Literal

from annotated_types import Gt
from pydantic import Field

from archanalyzer.graph import (
    Arithmetic,
    Example,
    Kept,
    Op,
    Readings,
    TensorType,
    Trait,
    Types,
    View,
    Weight,
    WholeAxis,
    aligned_axes,
)
from archanalyzer.ops.counting import Tally, all_factors, for_each, times
from archanalyzer.ops.geometry import NonNegative, require_axis

_EXAMPLE_INPUT = (TensorType((3, 4, 5)),)


class Activation(Op):
    """A function of each element for itself. The shape, of any rank, stays.

    A subclass gives the operations an element of the forward step and of the gradient by the input.
    """

    forward: ClassVar[Tally]
    backward: ClassVar[Tally]
    keeps_output: ClassVar[bool] = True
    """Whether the derivative is told from the output; else it is from the input."""
    also: ClassVar[Trait] = Trait.NONE
    """What is true of the function beside its being elementwise."""

    def output_type(self, inputs: Types) -> TensorType:
        return TensorType(inputs[0].shape)

    def arithmetic(self, inputs: Types, output: TensorType) -> Arithmetic:  # noqa: ARG002
        return Arithmetic(
            operations=for_each(output, "output", self.forward),
            input_gradient_operations=for_each(output, "output", self.backward),
        )

    def readings(self, inputs: Types, output: TensorType) -> tuple[Readings, ...]:  # noqa: ARG002
        return (aligned_axes(len(inputs[0].shape)),)

    def kept(self, inputs: Types, output: TensorType) -> Kept:  # noqa: ARG002
        return Kept(output=True) if self.keeps_output else Kept(inputs=True)

    @property
    def traits(self) -> Trait:
        return Trait.ELEMENTWISE | self.also


class Identity(Activation):
    """y = x."""

    name = "identity"
    view = View.ALWAYS
    examples = (Example("identity", _EXAMPLE_INPUT),)
    forward: ClassVar[Tally] = {}
    backward: ClassVar[Tally] = {}
    also = Trait.LINEAR

    def kept(self, inputs: Types, output: TensorType) -> Kept:  # noqa: ARG002
        return Kept()


class Relu(Activation):
    """y = max(x, 0)."""

    name = "relu"
    examples = (Example("relu", _EXAMPLE_INPUT),)
    forward: ClassVar[Tally] = {"comparisons": 1}
    backward: ClassVar[Tally] = {"comparisons": 1}
    also = Trait.HOMOGENEOUS | Trait.PIECEWISE_LINEAR


class Relu6(Activation):
    """y = min(max(x, 0), 6)."""

    name = "relu6"
    examples = (Example("relu6", _EXAMPLE_INPUT),)
    forward: ClassVar[Tally] = {"comparisons": 2}
    backward: ClassVar[Tally] = {"comparisons": 2}
    also = Trait.PIECEWISE_LINEAR


class LeakyRelu(Activation):
    """y = x where x > 0, else slope · x."""

    name = "leaky_relu"
    scalar_field = "slope"
    examples = (Example("leaky_relu", _EXAMPLE_INPUT), Example("leaky_relu: 0.2", _EXAMPLE_INPUT))
    forward: ClassVar[Tally] = {"comparisons": 1, "multiplications": 1}
    backward: ClassVar[Tally] = {"comparisons": 1, "multiplications": 1}
    also = Trait.HOMOGENEOUS | Trait.PIECEWISE_LINEAR

    slope: float = Field(0.01, description="A number: the slope below 0.")

    def kept(self, inputs: Types, output: TensorType) -> Kept:  # noqa: ARG002
        # The output has the input's sign, unless the slope turns it round.
        return Kept(output=True) if self.slope >= 0 else Kept(inputs=True)


class Prelu(Activation):
    """y = x where x > 0, else weight[c] · x (He et al. 2015). Weights: ``weight`` (channels) or (1)."""

    name = "prelu"
    examples = (Example("prelu", _EXAMPLE_INPUT), Example("prelu: {per_channel: false}", _EXAMPLE_INPUT, "one slope"))
    forward: ClassVar[Tally] = {"comparisons": 1, "multiplications": 1}
    backward: ClassVar[Tally] = {"comparisons": 1, "multiplications": 1}
    keeps_output = False
    also = Trait.HOMOGENEOUS | Trait.PIECEWISE_LINEAR

    per_channel: bool = Field(True, description="true or false: whether each channel has a slope of its own.")

    def weights(self, inputs: Types) -> tuple[Weight, ...]:
        return (Weight("weight", (inputs[0].channels if self.per_channel else 1,), initial=0.25),)

    def arithmetic(self, inputs: Types, output: TensorType) -> Arithmetic:
        shared = super().arithmetic(inputs, output)
        by_weight = for_each(output, "output", {"comparisons": 1, "multiplications": 1, "additions": 1})
        return Arithmetic(
            operations=shared.operations,
            input_gradient_operations=shared.input_gradient_operations,
            weight_gradient_operations=by_weight,
        )


class Elu(Activation):
    """y = x where x > 0, else alpha · (exp(x) − 1) (Clevert et al. 2016); y′ = y + alpha below 0."""

    name = "elu"
    scalar_field = "alpha"
    examples = (Example("elu", _EXAMPLE_INPUT), Example("elu: 0.5", _EXAMPLE_INPUT))
    forward: ClassVar[Tally] = {"comparisons": 1, "exponentials": 1, "subtractions": 1, "multiplications": 1}
    backward: ClassVar[Tally] = {"comparisons": 1, "additions": 1, "multiplications": 1}

    alpha: Annotated[float, Gt(0)] = Field(1.0, description="A number above 0: the output goes down to its negative.")


class Selu(Activation):
    """y = 1.0507 · x where x > 0, else 1.0507 · 1.6733 · (exp(x) − 1) (Klambauer et al. 2017).

    y′ is 1.0507 above 0, y + 1.7581 below.
    """

    name = "selu"
    examples = (Example("selu", _EXAMPLE_INPUT),)
    forward: ClassVar[Tally] = {"comparisons": 1, "exponentials": 1, "subtractions": 1, "multiplications": 1}
    backward: ClassVar[Tally] = {"comparisons": 1, "additions": 1, "multiplications": 1}


class Gelu(Activation):
    """y = x · Φ(x), Φ being the normal distribution (Hendrycks & Gimpel 2016).

    Exactly Φ(x) = ½ · (1 + erf(x / √2)); with ``approximate: tanh``,
    ½ · (1 + tanh(√(2 / π) · x · (1 + 0.044715 · x²))).
    """

    name = "gelu"
    examples = (Example("gelu", _EXAMPLE_INPUT), Example("gelu: {approximate: tanh}", _EXAMPLE_INPUT))
    keeps_output = False
    forward: ClassVar[Tally] = {"multiplications": 3, "error functions": 1, "additions": 1}
    backward: ClassVar[Tally] = {"multiplications": 7, "error functions": 1, "exponentials": 1, "additions": 2}
    forward_tanh: ClassVar[Tally] = {"multiplications": 6, "hyperbolic tangents": 1, "additions": 2}
    backward_tanh: ClassVar[Tally] = {"multiplications": 12, "hyperbolic tangents": 1, "additions": 5}

    approximate: Literal["none", "tanh"] = Field("none", description="`none` or `tanh`: how Φ is computed.")

    def arithmetic(self, inputs: Types, output: TensorType) -> Arithmetic:
        if self.approximate == "none":
            return super().arithmetic(inputs, output)
        return Arithmetic(
            operations=for_each(output, "output", self.forward_tanh),
            input_gradient_operations=for_each(output, "output", self.backward_tanh),
        )


class Silu(Activation):
    """y = x / (1 + exp(−x)), also called swish."""

    name = "silu"
    examples = (Example("silu", _EXAMPLE_INPUT),)
    forward: ClassVar[Tally] = {"exponentials": 1, "additions": 1, "divisions": 1}
    backward: ClassVar[Tally] = {"exponentials": 1, "additions": 3, "divisions": 1, "multiplications": 3}
    keeps_output = False


class Hardswish(Activation):
    """y = x · min(max(x + 3, 0), 6) / 6 (Howard et al. 2019)."""

    name = "hardswish"
    examples = (Example("hardswish", _EXAMPLE_INPUT),)
    forward: ClassVar[Tally] = {"additions": 1, "comparisons": 2, "multiplications": 1, "divisions": 1}
    backward: ClassVar[Tally] = {"comparisons": 2, "multiplications": 2, "additions": 1}
    keeps_output = False


class Hardsigmoid(Activation):
    """y = min(max(x + 3, 0), 6) / 6."""

    name = "hardsigmoid"
    examples = (Example("hardsigmoid", _EXAMPLE_INPUT),)
    forward: ClassVar[Tally] = {"additions": 1, "comparisons": 2, "divisions": 1}
    backward: ClassVar[Tally] = {"comparisons": 2, "divisions": 1}
    also = Trait.PIECEWISE_LINEAR


class Sigmoid(Activation):
    """y = 1 / (1 + exp(−x)); y′ = y · (1 − y)."""

    name = "sigmoid"
    examples = (Example("sigmoid", _EXAMPLE_INPUT),)
    forward: ClassVar[Tally] = {"exponentials": 1, "additions": 1, "divisions": 1}
    backward: ClassVar[Tally] = {"subtractions": 1, "multiplications": 2}


class Tanh(Activation):
    """y = tanh(x); y′ = 1 − y²."""

    name = "tanh"
    examples = (Example("tanh", _EXAMPLE_INPUT),)
    forward: ClassVar[Tally] = {"hyperbolic tangents": 1}
    backward: ClassVar[Tally] = {"subtractions": 1, "multiplications": 2}


class Softplus(Activation):
    """y = log(1 + exp(x)); y′ = 1 / (1 + exp(−x))."""

    name = "softplus"
    examples = (Example("softplus", _EXAMPLE_INPUT),)
    forward: ClassVar[Tally] = {"exponentials": 1, "additions": 1, "logarithms": 1}
    backward: ClassVar[Tally] = {"exponentials": 1, "additions": 1, "divisions": 1, "multiplications": 1}
    keeps_output = False


class Softmax(Op):
    """y = exp(x − max x) / Σ exp(x − max x), along an axis; the gradient is y · (δ − Σ δ · y). The shape stays."""

    name = "softmax"
    scalar_field = "axis"
    examples = (
        Example("softmax", (TensorType((10,)),)),
        Example("softmax: {axis: 2}", (TensorType((2, 3, 4)),), "along the width"),
    )

    axis: NonNegative = Field(0, description="A whole number from 0: the axis, 0 being the channels.")

    def output_type(self, inputs: Types) -> TensorType:
        require_axis(inputs[0], self.axis)
        return TensorType(inputs[0].shape)

    def arithmetic(self, inputs: Types, output: TensorType) -> Arithmetic:  # noqa: ARG002
        length = output.shape[self.axis]
        lines = tuple(factor for axis, factor in enumerate(all_factors(output, "output")) if axis != self.axis)
        forward = {
            "comparisons": length - 1,
            "subtractions": length,
            "exponentials": length,
            "additions": length - 1,
            "divisions": length,
        }
        backward = {"multiplications": 2 * length, "additions": length - 1, "subtractions": length}
        return Arithmetic(
            operations=times(forward, lines, "line"), input_gradient_operations=times(backward, lines, "line")
        )

    def readings(self, inputs: Types, output: TensorType) -> tuple[Readings, ...]:  # noqa: ARG002
        aligned = aligned_axes(len(inputs[0].shape))
        return (tuple(WholeAxis() if axis == self.axis else own for axis, own in enumerate(aligned)),)

    def kept(self, inputs: Types, output: TensorType) -> Kept:  # noqa: ARG002
        return Kept(output=True)


OPS = (
    Identity,
    Relu,
    Relu6,
    LeakyRelu,
    Prelu,
    Elu,
    Selu,
    Gelu,
    Silu,
    Hardswish,
    Hardsigmoid,
    Sigmoid,
    Tanh,
    Softplus,
    Softmax,
)

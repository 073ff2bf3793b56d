"""Dense (fully connected) layer.

y[u] = bias[u] + Σ_i weight[u, i] · x[i]
"""

from pydantic import Field

from archanalyzer.diagnostics.rules.layers import WRONG_RANK
from archanalyzer.graph import (
    Arithmetic,
    Example,
    Kept,
    Misfit,
    Op,
    Readings,
    Role,
    TensorType,
    Trait,
    Types,
    Weight,
    count,
    whole_axes,
)
from archanalyzer.ops.counting import for_each
from archanalyzer.ops.geometry import Positive


class Dense(Op):
    """Every unit sums all input features, each with its own weight.

    Input (features) → output (units). Weights: ``weight`` (units, features), ``bias`` (units).
    """

    name = "dense"
    scalar_field = "units"
    examples = (
        Example("dense: 10", (TensorType((12,)),)),
        Example("dense: {units: 4, bias: false}", (TensorType((6,)),), "without bias"),
    )

    units: Positive = Field(description="A whole number from 1: how many outputs.")
    bias: bool = Field(True, description="true or false: whether each unit adds a bias.")

    def output_type(self, inputs: Types) -> TensorType:
        if len(inputs[0].shape) != 1:
            raise Misfit(
                WRONG_RANK,
                f"expected a flat input, found {inputs[0]} with {len(inputs[0].shape)} axes",
                hint="put `flatten` or a global pool before it; a convolution with kernel 1 is dense at each position",
            )
        return TensorType((self.units,))

    def weights(self, inputs: Types) -> tuple[Weight, ...]:
        weight = Weight("weight", (self.units, inputs[0].elements))
        return (weight, Weight("bias", (self.units,), Role.BIAS, initial=0)) if self.bias else (weight,)

    def arithmetic(self, inputs: Types, output: TensorType) -> Arithmetic:
        macs = count("products of weight and input", units=self.units, input_features=inputs[0].elements)
        bias = for_each(output, "output", {"bias additions": int(self.bias)})
        return Arithmetic(macs=(macs,), operations=bias, weight_gradient_operations=bias)

    def readings(self, inputs: Types, output: TensorType) -> tuple[Readings, ...]:  # noqa: ARG002
        return (whole_axes(1),)

    def kept(self, inputs: Types, output: TensorType) -> Kept:  # noqa: ARG002
        return Kept(inputs=True, inputs_for_weights_only=True)

    @property
    def traits(self) -> Trait:
        return Trait.AFFINE | Trait.PIECEWISE_LINEAR if self.bias else Trait.LINEAR


OPS = (Dense,)

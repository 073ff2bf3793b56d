"""Dropout: in training every element is set to 0 with probability ``rate``, the others are scaled up to make up for it.

    training:   y = x · mask / (1 − rate), mask 0 with probability rate, else 1
    inference:  y = x

(Srivastava et al. 2014; "inverted", so that inference needs no scaling.)
"""

from typing import Annotated

from annotated_types import Ge, Lt
from pydantic import Field

from archanalyzer.graph import Arithmetic, Example, Kept, Op, Readings, TensorType, Trait, Types, View, aligned_axes
from archanalyzer.ops.counting import for_each


class Dropout(Op):
    """Drops elements in training; at inference it does nothing. The shape stays. Traits are those at inference."""

    name = "dropout"
    scalar_field = "rate"
    view = View.INFERENCE
    examples = (Example("dropout: 0.5", (TensorType((3, 4, 5)),)),)

    rate: Annotated[float, Ge(0), Lt(1)] = Field(
        0.5, description="A number from 0 to below 1: the probability that an element is dropped."
    )

    def output_type(self, inputs: Types) -> TensorType:
        return TensorType(inputs[0].shape)

    def arithmetic(self, inputs: Types, output: TensorType) -> Arithmetic:  # noqa: ARG002
        return Arithmetic(input_gradient_operations=for_each(output, "output", {"multiplications": 1}))

    def readings(self, inputs: Types, output: TensorType) -> tuple[Readings, ...]:  # noqa: ARG002
        return (aligned_axes(len(inputs[0].shape)),)

    def kept(self, inputs: Types, output: TensorType) -> Kept:  # noqa: ARG002
        return Kept(extra_bytes=output.elements)  # the mask, one byte an element

    @property
    def traits(self) -> Trait:
        return Trait.LINEAR | Trait.ELEMENTWISE


OPS = (Dropout,)

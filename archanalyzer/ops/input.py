"""What comes into the network from outside; every entry of a spec's ``inputs:`` becomes one such layer."""

from pydantic import Field

from archanalyzer.graph import Arithmetic, Arity, Kept, Op, TensorType, Trait, Types
from archanalyzer.ops.geometry import PerAxis


class Input(Op):
    """Data from outside, of a given shape."""

    name = "input"
    arity = Arity(0, 0)

    shape: PerAxis = Field(description="A list of whole numbers from 1: the shape of one sample, channels first.")

    def output_type(self, inputs: Types) -> TensorType:  # noqa: ARG002
        return TensorType(self.shape)

    def arithmetic(self, inputs: Types, output: TensorType) -> Arithmetic:  # noqa: ARG002
        return Arithmetic()

    def kept(self, inputs: Types, output: TensorType) -> Kept:  # noqa: ARG002
        return Kept()

    @property
    def traits(self) -> Trait:
        return Trait.LINEAR  # it puts out what comes in


OPS = (Input,)

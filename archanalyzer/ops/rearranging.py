"""The same numbers in another arrangement: flatten, reshape, permute.

Elements are numbered with the last axis running fastest; flattening and reshaping keep the numbers.
"""

from math import prod

from pydantic import Field, field_validator

from archanalyzer.diagnostics.rules.layers import ELEMENTS_DIFFER, WRONG_RANK
from archanalyzer.graph import (
    Arithmetic,
    Digit,
    Example,
    Kept,
    Misfit,
    Op,
    Reading,
    Readings,
    Rearranged,
    TensorType,
    Trait,
    Types,
    View,
    WholeAxis,
    Window,
    aligned_axes,
)
from archanalyzer.ops.geometry import NonNegative


class Rearranging(Op):
    """Moves numbers and computes nothing."""

    def arithmetic(self, inputs: Types, output: TensorType) -> Arithmetic:  # noqa: ARG002
        return Arithmetic()

    def kept(self, inputs: Types, output: TensorType) -> Kept:  # noqa: ARG002
        return Kept()

    @property
    def traits(self) -> Trait:
        return Trait.LINEAR


class Flatten(Rearranging):
    """All axes as one. Input of any shape → output (features)."""

    name = "flatten"
    view = View.ALWAYS
    examples = (
        Example("flatten", (TensorType((3, 2, 4)),)),
        Example("flatten", (TensorType((5, 1, 1)),), "after a global pool that keeps its axes"),
    )

    def output_type(self, inputs: Types) -> TensorType:
        return TensorType((inputs[0].elements,))

    def readings(self, inputs: Types, output: TensorType) -> tuple[Readings, ...]:
        return (_renumbered(inputs[0].shape, output.shape),)


class Reshape(Rearranging):
    """Another shape of as many elements. Input of any shape → output ``shape``."""

    name = "reshape"
    view = View.ALWAYS
    examples = (
        Example("reshape: {shape: [4, 3, 2]}", (TensorType((24,)),)),
        Example("reshape: {shape: [3, -1]}", (TensorType((3, 2, 4)),), "-1 is what is left"),
        Example("reshape: {shape: [2, 2, 3, 2]}", (TensorType((4, 3, 2)),), "the channels taken apart"),
    )

    shape: tuple[int, ...] = Field(
        min_length=1, description="A list of whole numbers from 1, one of which may be -1, for what is left."
    )

    @field_validator("shape")
    @classmethod
    def _extents(cls, shape: tuple[int, ...]) -> tuple[int, ...]:
        if any(extent < 1 and extent != -1 for extent in shape) or shape.count(-1) > 1:
            raise ValueError("whole numbers from 1, and -1 at most once")
        return shape

    def output_type(self, inputs: Types) -> TensorType:
        elements, given = inputs[0].elements, prod(extent for extent in self.shape if extent != -1)
        left, remainder = divmod(elements, given)
        if remainder or (-1 not in self.shape and left != 1):
            raise Misfit(
                ELEMENTS_DIFFER,
                f"{inputs[0]} has {elements:,} elements, which do not make {TensorType(self.shape)}",
                hint="the product of the extents must be the number of elements, or divide it where one of them is -1",
            )
        return TensorType(tuple(left if extent == -1 else extent for extent in self.shape))

    def readings(self, inputs: Types, output: TensorType) -> tuple[Readings, ...]:
        return (_renumbered(inputs[0].shape, output.shape),)


class Permute(Rearranging):
    """The axes in another order: output axis k is input axis ``axes[k]``, 0 being the channels."""

    name = "permute"
    examples = (Example("permute: {axes: [2, 0, 1]}", (TensorType((2, 3, 4)),), "channels last to channels first"),)

    axes: tuple[NonNegative, ...] = Field(
        description="A list of all axes' numbers, 0 being the channels, in new order."
    )

    @field_validator("axes")
    @classmethod
    def _every_axis_once(cls, axes: tuple[int, ...]) -> tuple[int, ...]:
        if sorted(axes) != list(range(len(axes))):
            raise ValueError(f"every axis from 0 to {len(axes) - 1} once")
        return axes

    def output_type(self, inputs: Types) -> TensorType:
        if len(inputs[0].shape) != len(self.axes):
            message = f"{len(self.axes)} axes are permuted, the input, {inputs[0]}, has {len(inputs[0].shape)}"
            raise Misfit(WRONG_RANK, message, hint="axis 0 is the channels: the batch is not counted")
        return TensorType(tuple(inputs[0].shape[axis] for axis in self.axes))

    def readings(self, inputs: Types, output: TensorType) -> tuple[Readings, ...]:  # noqa: ARG002
        return (tuple(Window(self.axes.index(axis)) for axis in range(len(self.axes))),)


def _renumbered(before: tuple[int, ...], after: tuple[int, ...]) -> Readings:
    """The readings where the element of every number stays.

    An input axis is an output axis where both are equally long and equally many elements lie behind them.
    """
    if before == after:
        return aligned_axes(len(before))
    kept = {(extent, _behind(after, axis)): axis for axis, extent in enumerate(after) if extent > 1}
    same = (kept.get((extent, _behind(before, axis))) for axis, extent in enumerate(before))
    return tuple(_taken_apart(before, after, axis) if to is None else Window(to) for axis, to in enumerate(same))


def _taken_apart(before: tuple[int, ...], after: tuple[int, ...], axis: int) -> Reading:
    """Which position along an input axis the elements come from whose numbers the output's axes make up.

    An element's number is Σ oⱼ·wⱼ; divided by what lies ``behind`` the input axis, modulo its extent, it is the
    position along that axis. An output axis is of no matter where it adds whole multiples of behind · extent, or where
    what it and all axes behind it add goes away in the division.
    """
    behind, extent = _behind(before, axis), before[axis]
    if extent == 1:
        return WholeAxis()
    weights = tuple(_behind(after, each) for each in range(len(after)))
    axes = tuple(
        each
        for each, weight in enumerate(weights)
        if after[each] > 1 and weight % (behind * extent) and behind % (weight * after[each])
    )
    if len(axes) == 1 and behind % weights[axes[0]] == 0:
        return Digit(axes[0], behind // weights[axes[0]], extent)

    def read(position: tuple[int, ...]) -> int:
        number = sum(index * weight for index, weight in zip(position, weights, strict=True))
        return number // behind % extent

    return Rearranged(read, axes)


def _behind(shape: tuple[int, ...], axis: int) -> int:
    """Elements between two neighbours along an axis."""
    return prod(shape[axis + 1 :])


OPS = (Flatten, Reshape, Permute)

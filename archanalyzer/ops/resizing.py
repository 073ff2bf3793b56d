"""Resizing of the spatial axes, up or down.

Along each axis of n positions resized to m, output o shows what lies at a source position of the input:

    nearest:                        input position ⌊o·n / m⌋
    linear:                         s = max((o + ½)·n / m − ½, 0)
    linear, with align_corners:     s = o·(n − 1) / (m − 1)

where linear weighs the two positions around s by their nearness, (1 − t)·x[⌊s⌋] + t·x[⌊s⌋ + 1] with t = s − ⌊s⌋, over
two axes bilinearly, over three trilinearly. The formulas are PyTorch's; they are evaluated exactly here, whereas
PyTorch rounds o·n / m in 32 bits and may come out one position lower where the quotient is whole.
"""

from typing import Literal, Self

from pydantic import Field, model_validator

from archanalyzer.diagnostics.rules.layers import WRONG_RANK
from archanalyzer.graph import (
    Arithmetic,
    Example,
    IrregularWindow,
    Kept,
    Misfit,
    Op,
    Reading,
    Readings,
    TensorType,
    Trait,
    Types,
    Window,
    WrongField,
)
from archanalyzer.ops.counting import for_each
from archanalyzer.ops.geometry import PerAxis, Positive, require_some_spatial_axes

_AXES_OF_MODE = {"bilinear": 2, "trilinear": 3}


class Upsample(Op):
    """Resizes by a whole factor, or to a given size.

    Input (channels, *spatial), one to three spatial axes → output (channels, *spatial · factor) or (channels, *size).
    """

    name = "upsample"
    scalar_field = "factor"
    examples = (
        Example("upsample: 2", (TensorType((2, 3, 4)),)),
        Example("upsample: {factor: [2, 3], mode: bilinear}", (TensorType((2, 3, 4)),)),
        Example("upsample: {size: [5, 7], mode: bilinear, align_corners: true}", (TensorType((2, 3, 4)),)),
        Example("upsample: {size: 7, mode: linear}", (TensorType((2, 4)),), "by a fraction"),
        Example("upsample: {size: 3}", (TensorType((2, 7)),), "down"),
        Example("upsample: {factor: 2, mode: trilinear}", (TensorType((1, 2, 3, 2)),)),
    )

    factor: Positive | PerAxis | None = Field(
        None, description="A whole number from 1, or one an axis: the output's extent over the input's."
    )
    size: Positive | PerAxis | None = Field(
        None, description="A whole number from 1, or one an axis: the output's extent, in place of a factor."
    )
    mode: Literal["nearest", "linear", "bilinear", "trilinear"] = Field(
        "nearest",
        description="`nearest`, `linear` (whatever the number of axes), `bilinear` (two axes), `trilinear` (three).",
    )
    align_corners: bool = Field(
        False,
        description="true or false: whether the centres of the corners are laid upon each other (not for nearest).",
    )

    @model_validator(mode="after")
    def _fields_agree(self) -> Self:
        if (self.factor is None) == (self.size is None):
            expected = "either `factor` or `size`"
            raise WrongField("", expected, "neither") if self.size is None else WrongField("size", expected, "both")
        if self.align_corners and self.mode == "nearest":
            raise WrongField("align_corners", "`false` with mode `nearest`, which has no use for it")
        return self

    def output_type(self, inputs: Types) -> TensorType:
        require_some_spatial_axes(inputs[0], most=3)
        spatial = inputs[0].spatial
        axes = _AXES_OF_MODE.get(self.mode, len(spatial))
        if axes != len(spatial):
            raise Misfit(
                WRONG_RANK,
                f"mode {self.mode} resizes {axes} spatial axes, found {inputs[0]} with {len(spatial)}",
                hint="mode linear fits any number of axes",
            )
        if self.size is not None:
            return TensorType((inputs[0].channels, *_for_axes("size", self.size, inputs[0])))
        factors = _for_axes("factor", self.factor or 1, inputs[0])
        extents = (length * factor for length, factor in zip(spatial, factors, strict=True))
        return TensorType((inputs[0].channels, *extents))

    def arithmetic(self, inputs: Types, output: TensorType) -> Arithmetic:
        if self.mode == "nearest":
            return Arithmetic(input_gradient_operations=for_each(output, "output", {"additions": 1}))
        taps = 2 ** len(inputs[0].spatial)
        return Arithmetic(
            operations=for_each(output, "output", {"multiplications": taps, "additions": taps - 1}),
            input_gradient_operations=for_each(output, "output", {"multiplications": taps, "additions": taps}),
        )

    def source(self, length: int, outputs: int, o: int) -> tuple[int, int]:
        """Where along an axis of ``length`` positions output o of ``outputs`` looks: a numerator and a denominator."""
        if self.mode == "nearest":
            return o * length // outputs, 1
        if self.align_corners:
            return o * (length - 1), max(outputs - 1, 1)
        return max((2 * o + 1) * length - outputs, 0), 2 * outputs

    def readings(self, inputs: Types, output: TensorType) -> tuple[Readings, ...]:
        lengths = enumerate(zip(inputs[0].spatial, output.spatial, strict=True), start=1)
        return ((Window(0), *(self._reading(axis, length, outputs) for axis, (length, outputs) in lengths)),)

    def _reading(self, axis: int, length: int, outputs: int) -> Reading:
        window = _nearest if self.mode == "nearest" else _aligned_linear if self.align_corners else _linear
        return window(axis, length, outputs) or IrregularWindow(
            axis, lambda o: around(*self.source(length, outputs, o), length)
        )

    def kept(self, inputs: Types, output: TensorType) -> Kept:  # noqa: ARG002
        return Kept()

    @property
    def traits(self) -> Trait:
        return Trait.LINEAR


def _for_axes(field: str, value: int | tuple[int, ...], tensor: TensorType) -> tuple[int, ...]:
    axes = len(tensor.spatial)
    if isinstance(value, int):
        return (value,) * axes
    if len(value) != axes:
        raise Misfit(WRONG_RANK, f"{field} lists {len(value)} numbers, the input, {tensor}, has {axes} spatial axes")
    return value


def around(numerator: int, denominator: int, length: int) -> range:
    """The position numerator / denominator where it is whole, else the two around it; of those inside."""
    below, remainder = divmod(numerator, denominator)
    return range(below, min(below + (2 if remainder else 1), length))


def _nearest(axis: int, length: int, outputs: int) -> Window | None:
    """The regular window, where there is one."""
    if outputs % length == 0:
        factor = outputs // length
        return Window(axis, upsampling=factor, offset=1 - factor, count=factor)
    return Window(axis, stride=length // outputs) if length % outputs == 0 else None


def _linear(axis: int, length: int, outputs: int) -> Window | None:
    if outputs % length:
        return None
    # Output o reads the i with |(o + ½) / f − ½ − i| < 1: with f·i = o + j, the j from (1 − 3f) / 2 to (1 + f) / 2.
    factor = outputs // length
    first, stop = (1 - 3 * factor) // 2 + 1, -(-(1 + factor) // 2)
    return Window(axis, upsampling=factor, offset=first, count=stop - first)


def _aligned_linear(axis: int, length: int, outputs: int) -> Window | None:
    return Window(axis) if length == outputs else None


OPS = (Upsample,)

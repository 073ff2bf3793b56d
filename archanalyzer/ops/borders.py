"""What is added to, or cut off, the ends of the spatial axes: pad, crop, crop_like.

Along an axis of n positions, with ``before`` positions added in front, output o of a pad shows input position
i = o − before where that lies inside, and elsewhere

    zeros:      ``value``
    reflect:    −i before the input, 2·(n − 1) − i after it; the first and last position are not repeated
    replicate:  the first or the last position
    circular:   i mod n

(as in PyTorch). Output o of a crop shows o + before. A crop to a smaller extent leaves the middle, cutting an odd
position off the end, as Ronneberger, Fischer & Brox 2015 ("U-Net") crop a skip to what it is joined with.
"""

from typing import Literal, Self

from pydantic import Field, model_validator

from archanalyzer.diagnostics.rules.layers import CROP_LARGER_THAN_INPUT, PADDING_LARGER_THAN_INPUT, WRONG_RANK
from archanalyzer.graph import (
    Arithmetic,
    Arity,
    Example,
    IrregularWindow,
    Kept,
    Misfit,
    NoPosition,
    Op,
    Reading,
    Readings,
    Regular,
    TensorType,
    Trait,
    Types,
    Window,
    WrongField,
)
from archanalyzer.ops.counting import for_each
from archanalyzer.ops.geometry import NonNegative, PerAxis, Positive, require_some_spatial_axes

Amount = NonNegative | tuple[NonNegative | tuple[NonNegative, NonNegative], ...]
Pairs = tuple[tuple[int, int], ...]


def sides(amount: Amount, tensor: TensorType) -> Pairs:
    """An amount as a pair [before, after] for each spatial axis of ``tensor``.

    Raises:
        Misfit: ``tensor`` is flat, or the amount is a list for another number of axes.
    """
    require_some_spatial_axes(tensor)
    axes = len(tensor.spatial)
    listed = (amount,) * axes if isinstance(amount, int) else amount
    if len(listed) != axes:
        message = f"amount lists {len(listed)} axes, the input, {tensor}, has {axes} spatial ones"
        raise Misfit(WRONG_RANK, message, hint="write one number, or one pair [before, after], an axis")
    return tuple((side, side) if isinstance(side, int) else side for side in listed)


class Pad(Op):
    """Adds positions to the ends of the spatial axes.

    Input (channels, *spatial) → output (channels, *(before + spatial + after)).
    """

    name = "pad"
    scalar_field = "amount"
    examples = (
        Example("pad: 1", (TensorType((2, 3, 4)),)),
        Example("pad: {amount: [[1, 2], [0, 1]], value: -1.5}", (TensorType((2, 3, 4)),), "each side for itself"),
        Example("pad: {amount: 2, mode: reflect}", (TensorType((2, 3, 4)),)),
        Example("pad: {amount: [2, 1], mode: replicate}", (TensorType((2, 3, 4)),)),
        Example("pad: {amount: 3, mode: circular}", (TensorType((2, 4)),)),
    )

    amount: Amount = Field(
        description="A whole number from 0, one an axis, or [before, after] an axis: added positions."
    )
    mode: Literal["zeros", "reflect", "replicate", "circular"] = Field(
        "zeros", description="`zeros`, `reflect`, `replicate` or `circular`: what the added positions show."
    )
    value: float = Field(0.0, description="A number: what mode zeros shows in place of 0.")

    @model_validator(mode="after")
    def _value_is_shown(self) -> Self:
        if self.value and self.mode != "zeros":
            raise WrongField("value", f"none with mode `{self.mode}`, which shows positions of the input")
        return self

    def output_type(self, inputs: Types) -> TensorType:
        amounts = sides(self.amount, inputs[0])
        for length, pair, name in zip(inputs[0].spatial, amounts, inputs[0].axis_names[1:], strict=True):
            self._require_enough(length, max(pair), name)
        extents = (length + sum(pair) for length, pair in zip(inputs[0].spatial, amounts, strict=True))
        return TensorType((inputs[0].channels, *extents))

    def _require_enough(self, length: int, amount: int, name: str) -> None:
        most = {"reflect": length - 1, "circular": length}.get(self.mode, amount)
        if amount > most:
            raise Misfit(
                PADDING_LARGER_THAN_INPUT,
                f"mode {self.mode} shows {amount} positions along the {name}, the input, {length} long, has {most}",
                hint="pad less, or use mode replicate or zeros",
            )

    def arithmetic(self, inputs: Types, output: TensorType) -> Arithmetic:  # noqa: ARG002
        additions = 0 if self.mode == "zeros" else 1
        return Arithmetic(input_gradient_operations=for_each(output, "output", {"additions": additions}))

    def readings(self, inputs: Types, output: TensorType) -> tuple[Readings, ...]:  # noqa: ARG002
        along = zip(inputs[0].spatial, sides(self.amount, inputs[0]), strict=True)
        return ((Window(0), *(self._reading(axis, *each) for axis, each in enumerate(along, start=1))),)

    def _reading(self, axis: int, length: int, pair: tuple[int, int]) -> Reading:
        before = pair[0]
        if self.mode == "zeros" or pair == (0, 0):
            return Window(axis, offset=-before)
        shown = {"reflect": _reflected, "replicate": _replicated, "circular": _circular}[self.mode]

        def read(o: int) -> range:
            position = shown(o - before, length)
            return range(position, position + 1)

        regular = Regular(Window(axis, offset=-before), range(before, before + length))
        return IrregularWindow(axis, read, regular)

    def kept(self, inputs: Types, output: TensorType) -> Kept:  # noqa: ARG002
        return Kept()

    @property
    def traits(self) -> Trait:
        return Trait.AFFINE | Trait.PIECEWISE_LINEAR if self.value else Trait.LINEAR


def _reflected(position: int, length: int) -> int:
    return length - 1 - abs(length - 1 - abs(position))


def _replicated(position: int, length: int) -> int:
    return min(max(position, 0), length - 1)


def _circular(position: int, length: int) -> int:
    return position % length


class Cropping(Op):
    """Cuts positions off the ends of the spatial axes; ``cuts`` says how many."""

    def cuts(self, inputs: Types) -> Pairs:
        """The positions cut off before and after, an axis.

        Raises:
            Misfit: the input has another number of axes, or fewer positions than are cut off.
        """
        raise NotImplementedError

    def output_type(self, inputs: Types) -> TensorType:
        cuts = zip(inputs[0].spatial, self.cuts(inputs), strict=True)
        return TensorType((inputs[0].channels, *(length - before - after for length, (before, after) in cuts)))

    def arithmetic(self, inputs: Types, output: TensorType) -> Arithmetic:  # noqa: ARG002
        return Arithmetic()

    def kept(self, inputs: Types, output: TensorType) -> Kept:  # noqa: ARG002
        return Kept()

    def readings(self, inputs: Types, output: TensorType) -> tuple[Readings, ...]:  # noqa: ARG002
        windows = (Window(axis, offset=before) for axis, (before, _) in enumerate(self.cuts(inputs), start=1))
        return ((Window(0), *windows),)

    @property
    def traits(self) -> Trait:
        return Trait.LINEAR


class Crop(Cropping):
    """Cuts off an amount, or all but a size in the middle. Input (channels, *spatial) → output (channels, *size)."""

    name = "crop"
    scalar_field = "amount"
    examples = (
        Example("crop: 1", (TensorType((2, 5, 4)),)),
        Example("crop: {amount: [[1, 0], [0, 2]]}", (TensorType((2, 5, 4)),), "each side for itself"),
        Example("crop: {size: [2, 3]}", (TensorType((2, 5, 4)),), "the middle"),
    )

    amount: Amount | None = Field(
        None, description="A whole number from 0, one an axis, or [before, after] an axis: positions cut off."
    )
    size: Positive | PerAxis | None = Field(
        None, description="A whole number from 1, or one an axis: the extent of the middle that is left."
    )

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.amount is None) == (self.size is None):
            expected = "either `amount` or `size`"
            raise WrongField("", expected, "neither") if self.size is None else WrongField("size", expected, "both")
        return self

    def cuts(self, inputs: Types) -> Pairs:
        if self.size is not None:
            require_some_spatial_axes(inputs[0])
            axes = len(inputs[0].spatial)
            size = (self.size,) * axes if isinstance(self.size, int) else self.size
            if len(size) != axes:
                raise Misfit(
                    WRONG_RANK, f"size lists {len(size)} axes, the input, {inputs[0]}, has {axes} spatial ones"
                )
            return _down_to(inputs[0], size, start=False)
        amounts = sides(self.amount or 0, inputs[0])
        for length, pair, name in zip(inputs[0].spatial, amounts, inputs[0].axis_names[1:], strict=True):
            if sum(pair) >= length:
                raise Misfit(
                    CROP_LARGER_THAN_INPUT,
                    f"cutting {pair[0]} + {pair[1]} of {length} positions off the {name} leaves none",
                )
        return amounts


class CropLike(Cropping):
    """Crops to the spatial extent of another layer, of which nothing but the shape is used.

    Inputs x (channels, *spatial) and a reference (any channels, *extent) → output (channels, *extent).
    """

    name = "crop_like"
    arity = Arity(2, 2)
    examples = (
        Example("crop_like:\nfrom: [x, reference]", (TensorType((2, 5, 4)), TensorType((3, 2, 3)))),
        Example("crop_like: {align: start}\nfrom: [x, reference]", (TensorType((2, 5, 4)), TensorType((3, 2, 3)))),
    )

    align: Literal["center", "start"] = Field(
        "center", description="`center` or `start`: whether the middle is left, or the beginning."
    )

    def cuts(self, inputs: Types) -> Pairs:
        x, reference = inputs
        require_some_spatial_axes(x)
        if len(x.shape) != len(reference.shape):
            raise Misfit(WRONG_RANK, f"{x} is to be cropped like {reference}, which has another number of axes")
        try:
            return _down_to(x, reference.spatial, start=self.align == "start")
        except Misfit as misfit:
            hint = "the first of the two is cropped, to the extent of the second"
            raise Misfit(misfit.rule, misfit.message, hint) from None

    def readings(self, inputs: Types, output: TensorType) -> tuple[Readings, ...]:
        return (*super().readings(inputs, output), (NoPosition(),) * len(output.shape))


def _down_to(tensor: TensorType, size: tuple[int, ...], *, start: bool) -> Pairs:
    """What to cut off each spatial axis to leave ``size``, of the beginning or of the middle."""
    for length, left, name in zip(tensor.spatial, size, tensor.axis_names[1:], strict=True):
        if left > length:
            raise Misfit(
                CROP_LARGER_THAN_INPUT,
                f"{left} positions are to be left along the {name}, where {tensor} has only {length}",
            )
    surplus = tuple(length - left for length, left in zip(tensor.spatial, size, strict=True))
    return tuple((0, cut) if start else (cut // 2, cut - cut // 2) for cut in surplus)


OPS = (Pad, Crop, CropLike)

"""Kernels sliding over axes: the fields that such layers share, and where along an axis the kernel comes to lie.

Output lengths after Dumoulin & Visin 2016, "A guide to convolution arithmetic for deep learning" (relationships 5, 6
and 14), with padding given for each side.
"""

from typing import Annotated, Any, ClassVar, Literal, NamedTuple, Self

from annotated_types import Ge
from pydantic import Field, field_validator

from archanalyzer.diagnostics.rules.layers import KERNEL_LARGER_THAN_INPUT, WRONG_RANK
from archanalyzer.graph import Factor, Misfit, Op, TensorType, Types, Window

Positive = Annotated[int, Ge(1)]
NonNegative = Annotated[int, Ge(0)]
PerAxis = tuple[Positive, ...]
Sides = tuple[tuple[NonNegative, NonNegative], ...]
Padding = Literal["same", "valid"] | Sides


class Sliding(NamedTuple):
    """A kernel sliding along one axis: ``before`` and ``after`` are the padding of its two ends.

    For a transposed layer, which runs the other way, they are what is cropped from the two ends of the output.
    """

    length: int
    kernel: int
    stride: int
    dilation: int
    before: int
    after: int
    outputs: int

    def window(self, axis: int) -> Window:
        """Output o reads o·stride − before + k·dilation."""
        return Window(axis, stride=self.stride, offset=-self.before, count=self.kernel, step=self.dilation)

    def tap(self, k: int) -> tuple[slice, slice]:
        """The outputs whose tap k lies inside the input, and the positions that they read with it."""
        offset = k * self.dilation - self.before
        first = max(0, -(offset // self.stride))
        count = max(0, min(self.outputs, (self.length - 1 - offset) // self.stride + 1) - first)
        start = first * self.stride + offset
        return slice(first, first + count), slice(start, start + count * self.stride, self.stride)

    def over_padding(self) -> Self:
        """The same kernel over the padded input, taken for an input without padding."""
        return self._replace(length=self.before + self.length + self.after, before=0, after=0)

    def transposed_window(self, axis: int) -> Window:
        """Output o reads every i with o = i·stride − before + k·dilation: the same window, read backwards."""
        offset = self.before - (reach(self.kernel, self.dilation) - 1)
        return Window(axis, upsampling=self.stride, offset=offset, count=self.kernel, step=self.dilation)


def reach(kernel: int, dilation: int) -> int:
    """Positions from a dilated kernel's first tap to its last, both counted."""
    return (kernel - 1) * dilation + 1


def per_axis(value: Any, axes: int) -> Any:
    """One number for all axes, or a list with one an axis, as a tuple with one an axis.

    Raises:
        ValueError: a list of another length.
    """
    if not isinstance(value, tuple):
        return (value,) * axes
    if len(value) != axes:
        raise ValueError(f"one number, or a list of {axes} (one an axis)")
    return value


def per_side(value: Any, axes: int) -> Any:
    """Padding, cropping: one number, one an axis, or a pair [before, after] an axis, as a pair an axis.

    Raises:
        ValueError: a list of another length, or pairs of other than two.
    """
    if isinstance(value, tuple) and len(value) != axes:
        raise ValueError(f"one number, or a list of {axes}, of one number or one pair [before, after] an axis")
    numbers = per_axis(value, axes)
    pairs = tuple(side if isinstance(side, tuple) else (side, side) for side in numbers)
    if any(len(pair) != 2 for pair in pairs):
        raise ValueError("a pair [before, after] for each axis")
    return pairs


class SpatialOp(Op):
    """An op over ``axes`` spatial axes behind the channels."""

    axes: ClassVar[int]

    def spatial(self, inputs: Types) -> tuple[int, ...]:
        """The spatial extent of the first input.

        Raises:
            Misfit: it has another number of axes.
        """
        require_spatial_axes(inputs[0], self.axes, self.name)
        return inputs[0].spatial


def require_spatial_axes(tensor: TensorType, axes: int, name: str) -> None:
    """Raises Misfit where ``tensor`` has other than ``axes`` axes behind the channels.

    ``name`` is that of a layer type which ends in the number of axes: ``conv2d``.
    """
    if len(tensor.spatial) == axes:
        return
    wanted = ", ".join(TensorType((1,) * (axes + 1)).axis_names)
    message = f"expected an input with {axes + 1} axes ({wanted}), found {tensor} with {len(tensor.shape)}"
    fitting = name.replace(f"{axes}d", f"{len(tensor.spatial)}d")
    hint = f"use `{fitting}`" if 1 <= len(tensor.spatial) <= 3 else None
    if tensor.channels == 1 and len(tensor.spatial) == axes + 1:
        batch = "if the 1 is the batch, take it out: shapes have no batch axis"
        hint = f"{hint}; {batch}" if hint else batch
    raise Misfit(WRONG_RANK, message, hint=hint)


def require_some_spatial_axes(tensor: TensorType, most: int | None = None) -> None:
    """Raises Misfit where ``tensor`` is flat, or has more than ``most`` axes behind the channels."""
    spatial = len(tensor.spatial)
    if spatial == 0:
        raise Misfit(WRONG_RANK, f"expected an input with spatial axes behind the channels, found {tensor}, a flat one")
    if most is not None and spatial > most:
        raise Misfit(WRONG_RANK, f"expected an input with at most {most} spatial axes, found {tensor} with {spatial}")


def require_axis(tensor: TensorType, axis: int) -> None:
    """Raises Misfit where ``tensor`` has no axis of that number; 0 is the channels."""
    if axis >= len(tensor.shape):
        last = len(tensor.shape) - 1
        raise Misfit(WRONG_RANK, f"expected an input with an axis {axis}, found {tensor}, whose last is axis {last}")


class SlidingOp(SpatialOp):
    """An op whose kernel slides over the axes.

    ``kernel`` and ``stride`` are one number or one an axis. ``padding`` is ``same`` (the output is ⌈length / stride⌉
    long, an odd pixel goes to the end), ``valid`` (none), a number for both sides of every axis, one an axis, or a
    pair [before, after] an axis.
    """

    kernel: PerAxis = Field(description="A whole number from 1, or one an axis: the extent of the kernel.")
    stride: PerAxis = Field(
        1,
        validate_default=True,
        description="A whole number from 1, or one an axis: steps between two positions of the kernel.",
    )
    padding: Padding = Field(
        "valid",
        description="`same`, `valid`, or a whole number from 0, one an axis, or [before, after] an axis: "
        "positions added to the two ends of the input.",
    )

    @field_validator("kernel", "stride", mode="before")
    @classmethod
    def _one_an_axis(cls, value: Any) -> Any:
        return per_axis(value, cls.axes)

    @field_validator("padding", mode="before")
    @classmethod
    def _padding_sides(cls, value: Any) -> Any:
        return value if isinstance(value, str) else per_side(value, cls.axes)

    def step(self, axis: int) -> int:  # noqa: ARG002
        """Steps between two taps of the kernel along spatial axis ``axis``."""
        return 1

    def slide(self, inputs: Types) -> tuple[Sliding, ...]:
        """How the kernel lies along each spatial axis of the first input.

        Raises:
            Misfit: the input has another number of axes, or the kernel does not fit into it.
        """
        names = inputs[0].axis_names[1:]
        axes = enumerate(zip(self.spatial(inputs), names, strict=True))
        try:
            return tuple(self._slide_axis(axis, length, name) for axis, (length, name) in axes)
        except Misfit as misfit:
            raise Misfit(misfit.rule, misfit.message, f"{misfit.hint}{_if_channels_last(inputs[0])}") from None

    def _slide_axis(self, axis: int, length: int, name: str) -> Sliding:
        kernel, stride, dilation = self.kernel[axis], self.stride[axis], self.step(axis)
        before, after = self._sides(axis, length)
        outputs = self._outputs(length + before + after - reach(kernel, dilation), stride, length + before)
        if outputs < 1:
            dilated = f" (kernel {kernel}, dilation {dilation})" if dilation > 1 else ""
            raise Misfit(
                KERNEL_LARGER_THAN_INPUT,
                f"the kernel spans {reach(kernel, dilation)}{dilated} along the {name}, "
                f"the padded input only {length + before + after} ({length} + {before} + {after})",
                hint="use a smaller kernel, more padding or a larger input",
            )
        return Sliding(length, kernel, stride, dilation, before, after, outputs)

    def _sides(self, axis: int, length: int) -> tuple[int, int]:
        if self.padding == "valid":
            return 0, 0
        if self.padding != "same":
            return self.padding[axis]
        stride = self.stride[axis]
        total = max((-(-length // stride) - 1) * stride + reach(self.kernel[axis], self.step(axis)) - length, 0)
        return total // 2, total - total // 2

    def _outputs(self, room: int, stride: int, end: int) -> int:  # noqa: ARG002
        """Positions of a kernel that has ``room`` to move; the padding after the input begins at ``end``."""
        return room // stride + 1


def _if_channels_last(tensor: TensorType) -> str:
    """A further hint for an image that looks as if its channels were the last axis: 32×32×3."""
    first, *middle, last = tensor.shape
    if not middle or set(middle) != {first} or last not in (1, 3, 4) or last >= first:
        return ""
    return f"; if the {last} are the channels, they come first: {TensorType((last, first, *middle))}"


class DilatedOp(SlidingOp):
    """A sliding op whose kernel's taps may lie apart: ``dilation`` is one number or one an axis."""

    dilation: PerAxis = Field(
        1,
        validate_default=True,
        description="A whole number from 1, or one an axis: steps between two taps of the kernel.",
    )

    @field_validator("dilation", mode="before")
    @classmethod
    def _one_dilation_an_axis(cls, value: Any) -> Any:
        return per_axis(value, cls.axes)

    def step(self, axis: int) -> int:
        return self.dilation[axis]


def kernel_factors(kernel: tuple[int, ...], tensor: TensorType) -> tuple[Factor, ...]:
    """The extents of a kernel as factors of a count: kernel height 3, kernel width 3."""
    names = tensor.axis_names[1:]
    return tuple(Factor(f"kernel {name}", extent) for name, extent in zip(names, kernel, strict=True))


def position_factors(tensor: TensorType, of: str) -> tuple[Factor, ...]:
    """The extents of a tensor's spatial axes as factors of a count: output height 224, output width 224."""
    names = tensor.axis_names[1:]
    return tuple(Factor(f"{of} {name}", extent) for name, extent in zip(names, tensor.spatial, strict=True))

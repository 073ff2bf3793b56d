"""Pooling to a given size: windows that share an axis out evenly, or one window over everything.

Along an axis of n positions shared out to ``size`` outputs, output o pools the positions from ⌊o·n / size⌋ up to, not
including, ⌈(o + 1)·n / size⌉: every position is pooled, and where size does not divide n, neighbours overlap (as in
PyTorch). Global pooling is the case of one output, whose axes may be dropped.
"""

from collections import Counter
from itertools import product
from math import gcd, prod
from typing import Any

from pydantic import Field, field_validator

from archanalyzer.graph import (
    Arithmetic,
    Example,
    Factor,
    IrregularWindow,
    Reading,
    Readings,
    TensorType,
    Types,
    WholeAxis,
    Window,
    whole_axes,
)
from archanalyzer.ops.counting import times
from archanalyzer.ops.geometry import PerAxis, SpatialOp, per_axis, require_some_spatial_axes
from archanalyzer.ops.pooling import Maximum, Mean, Reduction


def share(length: int, size: int, output: int) -> range:
    """The positions that one of ``size`` outputs pools of an axis of ``length`` positions."""
    return range(output * length // size, -(-(output + 1) * length // size))


def lengths(length: int, size: int) -> Counter[int]:
    """How many of ``size`` outputs pool how many positions of an axis of ``length`` positions.

    With length = q·size + t and r = o·length mod size, output o pools q + ⌈(r + t) / size⌉ positions; r takes every
    multiple of g = gcd(length, size) below size, g times each, and r + t is above size for (t − g) / g of them.
    """
    quotient, rest = divmod(length, size)
    common = gcd(length, size)
    if rest == 0:
        return Counter({quotient: size})
    return Counter({quotient + 1: size - rest + common, quotient + 2: rest - common})


class AdaptivePooling(Reduction, SpatialOp):
    """Pools to a given size. Input (channels, *spatial) → output (channels, *size)."""

    scalar_field = "size"

    size: PerAxis = Field(description="A whole number from 1, or one an axis: the extent of the output.")

    @field_validator("size", mode="before")
    @classmethod
    def _one_an_axis(cls, value: Any) -> Any:
        return per_axis(value, cls.axes)

    def output_type(self, inputs: Types) -> TensorType:
        self.spatial(inputs)
        return TensorType((inputs[0].channels, *self.size))

    def readings(self, inputs: Types, output: TensorType) -> tuple[Readings, ...]:  # noqa: ARG002
        lengths = zip(inputs[0].spatial, self.size, strict=True)
        return ((Window(0), *(_shared_out(axis, *pair) for axis, pair in enumerate(lengths, start=1))),)

    def arithmetic(self, inputs: Types, output: TensorType) -> Arithmetic:  # noqa: ARG002
        windows = self._windows(inputs[0]).items()
        return Arithmetic(
            operations=tuple(each for size, often in windows for each in times(self.forward(size), often, "window")),
            input_gradient_operations=tuple(
                each for size, often in windows for each in times(self.backward(size), often, "window")
            ),
        )

    def _windows(self, tensor: TensorType) -> dict[int, tuple[Factor, ...]]:
        """The different numbers of positions that a window has, and how often there is such a window."""
        along = [lengths(*pair) for pair in zip(tensor.spatial, self.size, strict=True)]
        often: Counter[int] = Counter()
        for extents in product(*along):
            often[prod(extents)] += prod(counter[extent] for counter, extent in zip(along, extents, strict=True))
        channels = Factor("channels", tensor.channels)
        return {size: (channels, Factor(f"windows of {size}", often[size])) for size in sorted(often) if often[size]}


def _shared_out(axis: int, length: int, size: int) -> Reading:
    if size == 1:
        return WholeAxis()
    if length % size == 0:
        return Window(axis, stride=length // size, count=length // size)
    return IrregularWindow(axis, lambda o: share(length, size, o))


class AdaptiveMaxPooling(Maximum, AdaptivePooling):
    """Maxima of windows that share an axis out evenly."""


class AdaptiveAveragePooling(Mean, AdaptivePooling):
    """Means of windows that share an axis out evenly."""


class GlobalPooling(Reduction):
    """Pools each channel into one number. Input (channels, *spatial) → output (channels)."""

    keep_axes: bool = Field(False, description="true or false: whether the spatial axes stay, with an extent of 1.")

    def output_type(self, inputs: Types) -> TensorType:
        require_some_spatial_axes(inputs[0])
        kept = (1,) * len(inputs[0].spatial) if self.keep_axes else ()
        return TensorType((inputs[0].channels, *kept))

    def readings(self, inputs: Types, output: TensorType) -> tuple[Readings, ...]:  # noqa: ARG002
        return ((Window(0), *whole_axes(len(inputs[0].spatial))),)

    def arithmetic(self, inputs: Types, output: TensorType) -> Arithmetic:  # noqa: ARG002
        channels, window = (Factor("channels", inputs[0].channels),), prod(inputs[0].spatial)
        return Arithmetic(
            operations=times(self.forward(window), channels, "channel"),
            input_gradient_operations=times(self.backward(window), channels, "channel"),
        )


class GlobalMaxPool(Maximum, GlobalPooling):
    """The largest element of each channel. Input (channels, *spatial) → output (channels)."""

    name = "global_max_pool"
    examples = (
        Example("global_max_pool", (TensorType((3, 4, 5)),)),
        Example("global_max_pool: {keep_axes: true}", (TensorType((3, 4)),)),
    )


class GlobalAvgPool(Mean, GlobalPooling):
    """The mean of each channel. Input (channels, *spatial) → output (channels)."""

    name = "global_avg_pool"
    examples = (
        Example("global_avg_pool", (TensorType((3, 4, 5)),)),
        Example("global_avg_pool: {keep_axes: true}", (TensorType((3, 4, 5)),), "(channels, 1, 1)"),
    )


class AdaptiveMaxPool1d(AdaptiveMaxPooling):
    """Maxima, to a given length. Input (channels, length) → output (channels, size)."""

    name = "adaptive_max_pool1d"
    axes = 1
    examples = (Example("adaptive_max_pool1d: 3", (TensorType((2, 7)),)),)


class AdaptiveMaxPool2d(AdaptiveMaxPooling):
    """Maxima, to a given height and width. Input (channels, height, width) → output (channels, *size)."""

    name = "adaptive_max_pool2d"
    axes = 2
    examples = (Example("adaptive_max_pool2d: {size: [2, 3]}", (TensorType((2, 4, 5)),)),)


class AdaptiveMaxPool3d(AdaptiveMaxPooling):
    """Maxima, to a given depth, height and width. Input (channels, depth, height, width) → output (channels, *size)."""

    name = "adaptive_max_pool3d"
    axes = 3
    examples = (Example("adaptive_max_pool3d: 2", (TensorType((2, 3, 4, 2)),)),)


class AdaptiveAvgPool1d(AdaptiveAveragePooling):
    """Means, to a given length. Input (channels, length) → output (channels, size)."""

    name = "adaptive_avg_pool1d"
    axes = 1
    examples = (Example("adaptive_avg_pool1d: 5", (TensorType((2, 3)),), "more outputs than inputs"),)


class AdaptiveAvgPool2d(AdaptiveAveragePooling):
    """Means, to a given height and width. Input (channels, height, width) → output (channels, *size)."""

    name = "adaptive_avg_pool2d"
    axes = 2
    examples = (
        Example("adaptive_avg_pool2d: 2", (TensorType((3, 4, 6)),), "windows of equal size"),
        Example("adaptive_avg_pool2d: {size: [3, 2]}", (TensorType((2, 5, 5)),), "windows that overlap"),
    )


class AdaptiveAvgPool3d(AdaptiveAveragePooling):
    """Means, to a given depth, height and width. Input (channels, depth, height, width) → output (channels, *size)."""

    name = "adaptive_avg_pool3d"
    axes = 3
    examples = (Example("adaptive_avg_pool3d: {size: [1, 2, 2]}", (TensorType((2, 3, 3, 4)),)),)


OPS = (
    AdaptiveMaxPool1d,
    AdaptiveMaxPool2d,
    AdaptiveMaxPool3d,
    AdaptiveAvgPool1d,
    AdaptiveAvgPool2d,
    AdaptiveAvgPool3d,
    GlobalMaxPool,
    GlobalAvgPool,
)

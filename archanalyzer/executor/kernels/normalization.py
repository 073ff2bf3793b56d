"""Normalization.

With x̂ = (x − mean) / deviation over what is normalized together, deviation = √(variance + epsilon), w and b the weight
and bias,

    y = w · x̂ + b        ∂c/∂w = Σ ∂c/∂y · x̂        ∂c/∂b = Σ ∂c/∂y
    ∂c/∂x = (g − mean(g) − x̂ · mean(g · x̂)) / deviation        where g = w · ∂c/∂y

(Ioffe & Szegedy 2015, section 3). A batch norm at inference takes mean and variance from its running statistics, which
do not depend on x: there ∂c/∂x = g / deviation. Local response normalization, with s = k + alpha / size · Σ x² over the
neighbouring channels, is y = x · s^−beta, and

    ∂c/∂x = ∂c/∂y · s^−beta − 2 · alpha · beta / size · x · Σ ∂c/∂y · y / s        over the channels that x is near to
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import numpy as np

from archanalyzer.executor.kernel import Array, Backward, Extra, Forward, Kernel
from archanalyzer.ops.normalization import (
    BatchNorm,
    GroupNorm,
    InstanceNorm,
    LayerNorm,
    LocalResponseNorm,
    Normalization,
)

NormT = TypeVar("NormT", bound=Normalization)


class NormalizationKernel(Kernel[NormT]):
    """Sees x as (batch, rows, rest) and normalizes along some of these axes."""

    axes: tuple[int, ...] = (2,)

    @property
    def rows(self) -> int:
        """The extent of the middle axis: by default, as many as there are means of a sample."""
        return self.op.together(self.input_types)

    def extras(self) -> tuple[Extra, ...]:
        shape = (self.op.together(self.input_types),)
        per_sample = 0 not in self.axes
        return Extra("mean", shape, per_sample=per_sample), Extra("inverse_deviation", shape, per_sample=per_sample)

    def forward(self, call: Forward) -> None:
        x, y = self._view(call.x), self._view(call.output)
        self.statistics(call, x)
        mean, inverse = self._statistics_for(x, call.extras)
        np.subtract(x, mean, out=y)
        y *= inverse
        if self.op.affine:
            call.output *= self._affine(call.weights["weight"])
            call.output += self._affine(call.weights["bias"])

    def statistics(self, call: Forward, x: Array) -> None:
        """Fills the extras with mean and 1 / deviation of the view ``x``."""
        mean, inverse = call.extras["mean"], call.extras["inverse_deviation"]
        mean[...] = x.mean(axis=self.axes).reshape(mean.shape)
        inverse[...] = x.var(axis=self.axes).reshape(mean.shape)
        self._invert(inverse)

    def _invert(self, variance: Array) -> None:
        variance += self.op.epsilon
        np.sqrt(variance, out=variance)
        np.divide(1, variance, out=variance)

    def backward(self, call: Backward) -> None:
        x = self._view(call.x)
        mean, inverse = self._statistics_for(x, call.extras)
        normalized = call.scratch(x.shape, x.dtype)
        np.subtract(x, mean, out=normalized)
        normalized *= inverse
        if call.dw:
            self._weight_gradients(call.dy, normalized.reshape(call.dy.shape), call.dw)
        (dx,) = call.dx
        if dx is not None:
            np.multiply(call.dy, self._affine(call.weights["weight"]) if self.op.affine else 1, out=dx)
            self.input_gradient(self._view(dx), normalized, inverse, training=call.training)

    def input_gradient(self, g: Array, normalized: Array, inverse: Array, *, training: bool) -> None:
        """Makes ∂c/∂x of g, in its place; ``normalized`` may be used up."""
        mean = g.mean(axis=self.axes, keepdims=True)
        normalized *= np.mean(g * normalized, axis=self.axes, keepdims=True)
        g -= mean
        g -= normalized
        g *= inverse

    def _weight_gradients(self, dy: Array, normalized: Array, dw: Mapping[str, Array]) -> None:
        axes = (0, *range(1 + dw["weight"].ndim, dy.ndim))
        np.sum(dy * normalized, axis=axes, out=dw["weight"])
        np.sum(dy, axis=axes, out=dw["bias"])

    def _view(self, x: Array) -> Array:
        return x.reshape(len(x), self.rows, -1)

    def _statistics_for(self, x: Array, extras: Mapping[str, Array]) -> tuple[Array, Array]:
        """Mean and 1 / deviation in a shape that goes with the view ``x``."""
        shape = tuple(1 if axis in self.axes else extent for axis, extent in enumerate(x.shape))
        return extras["mean"].reshape(shape), extras["inverse_deviation"].reshape(shape)

    def _affine(self, array: Array) -> Array:
        """Weight or bias in a shape that goes with x."""
        return array.reshape(*array.shape, *(1,) * (len(self.output_type.shape) - array.ndim))


class BatchNormKernel(NormalizationKernel[BatchNorm]):
    """Over the batch and all positions of a channel; keeps running statistics.

    In training, each moves by ``momentum`` towards that of the batch, the variance towards the unbiased one.
    """

    axes = (0, 2)

    def statistics(self, call: Forward, x: Array) -> None:
        running_mean, running_variance = call.weights["running_mean"], call.weights["running_var"]
        mean, inverse = call.extras["mean"], call.extras["inverse_deviation"]
        if not call.training:
            mean[...] = running_mean
            inverse[...] = running_variance
            self._invert(inverse)
            return
        super().statistics(call, x)
        count = x.shape[0] * x.shape[2]
        unbiased = x.var(axis=self.axes) * (count / max(count - 1, 1))
        running_mean += self.op.momentum * (mean - running_mean)
        running_variance += self.op.momentum * (unbiased - running_variance)

    def input_gradient(self, g: Array, normalized: Array, inverse: Array, *, training: bool) -> None:
        if training:
            super().input_gradient(g, normalized, inverse, training=training)
        else:
            g *= inverse


class LayerNormKernel(NormalizationKernel[LayerNorm]):
    """Over a whole sample, or over the channels at each position."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        if self.op.over == "channels":
            self.axes = (1,)

    @property
    def rows(self) -> int:
        return self.output_type.channels if self.op.over == "channels" else 1


class GroupNormKernel(NormalizationKernel[GroupNorm]):
    """Over the channels of a group, at all positions."""


class InstanceNormKernel(NormalizationKernel[InstanceNorm]):
    """Over all positions of a channel."""


class LocalResponseNormKernel(Kernel[LocalResponseNorm]):
    """Sums over neighbouring channels, one neighbour after the other."""

    def extras(self) -> tuple[Extra, ...]:
        return (Extra("base", self.output_type.shape),)

    def forward(self, call: Forward) -> None:
        x, base, op = call.x, call.extras["base"], self.op
        self._sum_near(x * x, base, before=op.size // 2)
        base *= op.alpha / op.size
        base += op.k
        np.power(base, -op.beta, out=call.output)
        call.output *= x

    def backward(self, call: Backward) -> None:
        (dx,) = call.dx
        if dx is None:
            return
        x, y, base, op = call.x, call.output, call.extras["base"], self.op
        # Channel c is near to those from c − ⌊(size − 1) / 2⌋ to c + ⌊size / 2⌋: the window, looked at from its taps.
        self._sum_near(call.dy * y / base, dx, before=(op.size - 1) // 2)
        dx *= x
        dx *= -2 * op.alpha * op.beta / op.size
        dx += call.dy * np.power(base, -op.beta)

    def _sum_near(self, values: Array, out: Array, before: int) -> None:
        """For each channel, the sum over ``size`` channels, the first one ``before`` channels before it."""
        channels = values.shape[1]
        out[...] = 0
        for offset in range(-before, self.op.size - before):
            here = slice(max(-offset, 0), min(channels - offset, channels))
            there = slice(max(offset, 0), min(channels + offset, channels))
            if here.start < here.stop:
                out[:, here] += values[:, there]


KERNELS: dict[str, type[Kernel[Any]]] = {
    "batch_norm": BatchNormKernel,
    "layer_norm": LayerNormKernel,
    "group_norm": GroupNormKernel,
    "instance_norm": InstanceNormKernel,
    "local_response_norm": LocalResponseNormKernel,
}

"""Activations: y = f(x), element by element, and ∂c/∂x = f′(x) · ∂c/∂y.

Each class states f and f′ side by side; f′ is told from x or from y, whichever the op keeps. Where f has a kink, f′ is
that of one side, the same as PyTorch takes: 0 for a ReLU at 0, and for a ReLU6 at 6.
"""

from __future__ import annotations

from math import erf, pi, sqrt
from typing import Any

import numpy as np

from archanalyzer.executor.kernel import Array, Backward, Forward, Kernel, OpT
from archanalyzer.graph import Op
from archanalyzer.ops.activation import Elu, Gelu, LeakyRelu, Prelu, Softmax


class Elementwise(Kernel[OpT]):
    """A function of each element for itself."""

    def function(self, x: Array, y: Array) -> None:
        """Writes f(x) to ``y``."""
        raise NotImplementedError

    def derivative(self, x: Array, y: Array) -> Array:
        """f′ at x, where y = f(x); the one of the two that the op does not keep is empty."""
        raise NotImplementedError

    def forward(self, call: Forward) -> None:
        self.function(call.x, call.output)

    def backward(self, call: Backward) -> None:
        (dx,) = call.dx
        if dx is not None:
            np.multiply(self.derivative(call.x, call.output), call.dy, out=dx)


class IdentityKernel(Elementwise[Op]):
    """f(x) = x. The plan lets the output share the input's memory, and calls this only where it is called by hand."""

    def function(self, x: Array, y: Array) -> None:
        np.copyto(y, x)

    def derivative(self, x: Array, y: Array) -> Array:
        return np.ones((), x.dtype)


class ReluKernel(Elementwise[Op]):
    """f(x) = max(x, 0); f′ = 1 where y > 0, else 0."""

    def function(self, x: Array, y: Array) -> None:
        np.maximum(x, 0, out=y)

    def derivative(self, x: Array, y: Array) -> Array:
        return y > 0


class Relu6Kernel(Elementwise[Op]):
    """f(x) = min(max(x, 0), 6); f′ = 1 where 0 < y < 6, else 0."""

    def function(self, x: Array, y: Array) -> None:
        np.clip(x, 0, 6, out=y)

    def derivative(self, x: Array, y: Array) -> Array:
        return (y > 0) & (y < 6)


class LeakyReluKernel(Elementwise[LeakyRelu]):
    """f(x) = x where x > 0, else slope · x; f′ = 1 or slope."""

    def function(self, x: Array, y: Array) -> None:
        np.multiply(x, self.op.slope, out=y)
        np.copyto(y, x, where=x > 0)

    def derivative(self, x: Array, y: Array) -> Array:
        positive = y > 0 if self.op.slope >= 0 else x > 0
        return np.where(positive, 1, (x if positive.shape == x.shape else y).dtype.type(self.op.slope))


class PreluKernel(Kernel[Prelu]):
    """f(x) = x where x > 0, else a · x, with a learned slope a for all channels or each; ∂c/∂a = Σ x · ∂c/∂y, x < 0."""

    def forward(self, call: Forward) -> None:
        np.multiply(call.x, self._slopes(call.weights["weight"]), out=call.output)
        np.copyto(call.output, call.x, where=call.x > 0)

    def backward(self, call: Backward) -> None:
        (dx,) = call.dx
        x, dy = call.x, call.dy
        if dx is not None:
            np.multiply(dy, np.where(x > 0, 1, self._slopes(call.weights["weight"])), out=dx)
        if call.dw:
            products = np.where(x > 0, 0, x) * dy
            axes = (0, *range(2, products.ndim)) if self.op.per_channel else None
            call.dw["weight"][:] = products.sum(axis=axes)

    def _slopes(self, weight: Array) -> Array:
        return weight.reshape(-1, *(1,) * (len(self.output_type.shape) - 1))


class EluKernel(Elementwise[Elu]):
    """f(x) = x where x > 0, else alpha · (exp(x) − 1); f′ = 1, or y + alpha."""

    def function(self, x: Array, y: Array) -> None:
        np.expm1(np.minimum(x, 0), out=y)
        y *= self.op.alpha
        np.copyto(y, x, where=x > 0)

    def derivative(self, x: Array, y: Array) -> Array:
        return np.where(y > 0, 1, y + self.op.alpha)


class SeluKernel(Elementwise[Op]):
    """f(x) = scale · x where x > 0, else scale · alpha · (exp(x) − 1), with the constants of Klambauer et al. 2017."""

    alpha = 1.6732632423543772848170429916717
    scale = 1.0507009873554804934193349852946

    def function(self, x: Array, y: Array) -> None:
        np.expm1(np.minimum(x, 0), out=y)
        y *= self.alpha
        np.copyto(y, x, where=x > 0)
        y *= self.scale

    def derivative(self, x: Array, y: Array) -> Array:
        return np.where(y > 0, self.scale, y + self.scale * self.alpha)


_erf_of_each = np.frompyfunc(erf, 1, 1)


class GeluKernel(Elementwise[Gelu]):
    """f(x) = x · Φ(x); f′ = Φ(x) + x · φ(x), with the normal distribution Φ and its density φ, or as tanh has them."""

    def function(self, x: Array, y: Array) -> None:
        np.multiply(x, self._distribution(x), out=y)

    def derivative(self, x: Array, y: Array) -> Array:
        if self.op.approximate == "tanh":
            t = np.tanh(self._inner(x))
            slope = sqrt(2 / pi) * (1 + 3 * 0.044715 * x * x)
            return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * slope
        density = np.exp(-0.5 * x * x) / sqrt(2 * pi)
        return self._distribution(x) + x * density

    def _distribution(self, x: Array) -> Array:
        if self.op.approximate == "tanh":
            return 0.5 * (1 + np.tanh(self._inner(x)))
        errors: Array = np.asarray(_erf_of_each(x / sqrt(2)))
        return 0.5 * (1 + errors.astype(x.dtype))

    def _inner(self, x: Array) -> Array:
        return sqrt(2 / pi) * x * (1 + 0.044715 * x * x)


class SigmoidKernel(Elementwise[Op]):
    """f(x) = 1 / (1 + exp(−x)); f′ = y · (1 − y)."""

    def function(self, x: Array, y: Array) -> None:
        _sigmoid(x, out=y)

    def derivative(self, x: Array, y: Array) -> Array:
        return y * (1 - y)


class SiluKernel(Elementwise[Op]):
    """f(x) = x · s(x) with s the sigmoid; f′ = s + x · s · (1 − s)."""

    def function(self, x: Array, y: Array) -> None:
        _sigmoid(x, out=y)
        y *= x

    def derivative(self, x: Array, y: Array) -> Array:
        s = _sigmoid(x)
        return s * (1 + x * (1 - s))


class HardswishKernel(Elementwise[Op]):
    """f(x) = x · min(max(x + 3, 0), 6) / 6; f′ = (2x + 3) / 6 from −3 to 3, 0 below, 1 above."""

    def function(self, x: Array, y: Array) -> None:
        np.clip(x + 3, 0, 6, out=y)
        y *= x
        y /= 6

    def derivative(self, x: Array, y: Array) -> Array:
        return np.where(x <= -3, 0, np.where(x < 3, x / 3 + 0.5, 1))


class HardsigmoidKernel(Elementwise[Op]):
    """f(x) = min(max(x + 3, 0), 6) / 6; f′ = 1/6 where 0 < y < 1, else 0."""

    def function(self, x: Array, y: Array) -> None:
        np.clip(x + 3, 0, 6, out=y)
        y /= 6

    def derivative(self, x: Array, y: Array) -> Array:
        return np.where((y > 0) & (y < 1), y.dtype.type(1 / 6), 0)


class TanhKernel(Elementwise[Op]):
    """f(x) = tanh(x); f′ = 1 − y²."""

    def function(self, x: Array, y: Array) -> None:
        np.tanh(x, out=y)

    def derivative(self, x: Array, y: Array) -> Array:
        return 1 - y * y


class SoftplusKernel(Elementwise[Op]):
    """f(x) = log(1 + exp(x)); f′ is the sigmoid."""

    def function(self, x: Array, y: Array) -> None:
        np.logaddexp(x, 0, out=y)

    def derivative(self, x: Array, y: Array) -> Array:
        return _sigmoid(x)


def _sigmoid(x: Array, out: Array | None = None) -> Array:
    """1 / (1 + exp(−x)) = exp(x) / (1 + exp(x)): whichever has an exponential below 1, so that no digit is lost."""
    small = np.exp(-np.abs(x))
    return np.divide(np.where(x < 0, small, 1), 1 + small, out=out)


class SoftmaxKernel(Kernel[Softmax]):
    """y = exp(x − max x) / Σ exp(x − max x) along an axis; ∂c/∂x = y · (∂c/∂y − Σ ∂c/∂y · y)."""

    def forward(self, call: Forward) -> None:
        y, axis = call.output, self.op.axis + 1
        np.subtract(call.x, call.x.max(axis=axis, keepdims=True), out=y)
        np.exp(y, out=y)
        y /= y.sum(axis=axis, keepdims=True)

    def backward(self, call: Backward) -> None:
        (dx,) = call.dx
        if dx is None:
            return
        y = call.output
        np.multiply(call.dy, y, out=dx)
        mean = dx.sum(axis=self.op.axis + 1, keepdims=True)
        np.subtract(call.dy, mean, out=dx)
        dx *= y


KERNELS: dict[str, type[Kernel[Any]]] = {
    "identity": IdentityKernel,
    "relu": ReluKernel,
    "relu6": Relu6Kernel,
    "leaky_relu": LeakyReluKernel,
    "prelu": PreluKernel,
    "elu": EluKernel,
    "selu": SeluKernel,
    "gelu": GeluKernel,
    "silu": SiluKernel,
    "hardswish": HardswishKernel,
    "hardsigmoid": HardsigmoidKernel,
    "sigmoid": SigmoidKernel,
    "tanh": TanhKernel,
    "softplus": SoftplusKernel,
    "softmax": SoftmaxKernel,
}

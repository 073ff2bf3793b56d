"""Losses: how far outputs o are from their targets y, and the gradient ∂c/∂o.

Outputs have the batch as their first axis, then the channels. The loss of a batch is the mean over its samples, so each
class states c for one sample, and every gradient has a factor 1 / batch. Of a network with several outputs, the losses
add up; that is the work of whoever calls.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike

from archanalyzer.diagnostics import did_you_mean
from archanalyzer.executor.errors import ExecutorError
from archanalyzer.executor.kernel import Array
from archanalyzer.graph import shown_shape
from archanalyzer.recipe import LOSSES


class LossError(ExecutorError):
    """A target does not go with the output or the loss, or there is no such loss."""


class Loss:
    """One loss. It has no state."""

    __slots__ = ()
    name: ClassVar[str]

    def value(self, output: Array, target: ArrayLike) -> float:
        """The loss c of a batch.

        Raises:
            LossError: the target does not go with the output.
        """
        with np.errstate(all="ignore"):  # what is not finite is the network's to report
            return float(self._total(output, self.checked(output, target)))

    def gradient(self, output: Array, target: ArrayLike, out: Array) -> None:
        """Writes ∂c/∂o of a batch to ``out``.

        Raises:
            LossError: the target does not go with the output.
        """
        with np.errstate(all="ignore"):
            self._gradient(output, self.checked(output, target), out)

    def checked(self, output: Array, target: ArrayLike) -> Array:
        """The target as an array, of the output's shape, or as classes, of whole numbers.

        Raises:
            LossError: it does not go with the output.
        """
        array = np.asarray(target)
        if array.dtype.kind not in "biuf":
            raise LossError(f"expected a target of numbers, found {array.dtype}")
        if array.shape != output.shape and not self._are_classes(output, array):
            raise LossError(f"expected {self._expected(output)}, found {shown_shape(array.shape)}")
        _require(np.isfinite(array), array, "finite numbers in the target")
        if array.shape == output.shape:
            return array
        number = output.shape[1]
        whole = (array >= 0) & (array < number) & (array % 1 == 0)
        _require(whole, array, f"classes as whole numbers from 0 to {number - 1:,}")
        return array.astype(np.intp)

    def drawn(self, random: np.random.Generator, shape: tuple[int, ...]) -> Array:
        """A target for an output of ``shape``, the batch first, for a network to be tried on."""
        return random.standard_normal(shape)

    def _are_classes(self, output: Array, target: Array) -> bool:
        return LOSSES[self.name].takes_classes and target.shape == (output.shape[0], *output.shape[2:])

    def _expected(self, output: Array) -> str:
        distribution = f"a target with shape {shown_shape(output.shape)}"
        if not LOSSES[self.name].takes_classes:
            return distribution
        return f"{distribution}, or classes with shape {shown_shape((output.shape[0], *output.shape[2:]))}"

    def _total(self, output: Array, target: Array) -> Any:
        raise NotImplementedError

    def _gradient(self, output: Array, target: Array, out: Array) -> None:
        raise NotImplementedError


class HalfSquaredError(Loss):
    """c = ½ Σ (o − y)²; ∂c/∂o = o − y."""

    __slots__ = ()
    name = "half_squared_error"

    def _total(self, output: Array, target: Array) -> Any:
        return 0.5 * _sum(np.square(output - target)) / len(output)

    def _gradient(self, output: Array, target: Array, out: Array) -> None:
        np.subtract(output, target, out=out)
        out /= len(output)


class MeanSquaredError(Loss):
    """c = Σ (o − y)² / n, with n elements; ∂c/∂o = 2 (o − y) / n."""

    __slots__ = ()
    name = "mean_squared_error"

    def _total(self, output: Array, target: Array) -> Any:
        return _sum(np.square(output - target)) / output.size

    def _gradient(self, output: Array, target: Array, out: Array) -> None:
        np.subtract(output, target, out=out)
        out *= 2 / output.size


class CrossEntropy(Loss):
    """c = −Σ y · log p / positions, with p = softmax(o) over the channels; ∂c/∂o = (p · Σ y − y) / positions.

    Σ y, over the channels, is 1 for a distribution. A class stands for the distribution that has 1 there, else 0.
    """

    __slots__ = ()
    name = "cross_entropy"

    def checked(self, output: Array, target: ArrayLike) -> Array:
        array = super().checked(output, target)
        if array.shape == output.shape:
            _require_fractions(array, "a distribution over the channels, of numbers")
        return array

    def drawn(self, random: np.random.Generator, shape: tuple[int, ...]) -> Array:
        return random.integers(shape[1], size=(shape[0], *shape[2:]))

    def _total(self, output: Array, target: Array) -> Any:
        log_p = _log_softmax(output)
        if target.shape == output.shape:
            return -_sum(target * log_p) / _positions(output)
        return -_sum(np.take_along_axis(log_p, target[:, None], axis=1)) / _positions(output)

    def _gradient(self, output: Array, target: Array, out: Array) -> None:
        np.exp(_log_softmax(output), out=out)
        if target.shape == output.shape:
            out *= target.sum(axis=1, keepdims=True)
            out -= target
        else:
            right = np.take_along_axis(out, target[:, None], axis=1)
            np.put_along_axis(out, target[:, None], right - 1, axis=1)
        out /= _positions(output)


class BinaryCrossEntropy(Loss):
    """c = −Σ (y · log o + (1 − y) · log(1 − o)) / n, with n elements; ∂c/∂o = (o − y) / (o (1 − o) n).

    As PyTorch has it, logarithms are at least −100, and o (1 − o) in the gradient at least 1e-12.
    """

    __slots__ = ()
    name = "binary_cross_entropy"
    takes_fractions: ClassVar[bool] = True
    """Whether outputs are probabilities themselves."""

    def drawn(self, random: np.random.Generator, shape: tuple[int, ...]) -> Array:
        return random.integers(2, size=shape)

    def checked(self, output: Array, target: ArrayLike) -> Array:
        array = super().checked(output, target)
        _require_fractions(array, "targets")
        if self.takes_fractions:
            _require_fractions(output, "outputs")
        return array

    def _total(self, output: Array, target: Array) -> Any:
        log_right, log_wrong = np.maximum(np.log(output), -100), np.maximum(np.log1p(-output), -100)
        return -_sum(target * log_right + (1 - target) * log_wrong) / output.size

    def _gradient(self, output: Array, target: Array, out: Array) -> None:
        np.subtract(output, target, out=out)
        out /= np.maximum(output * (1 - output), 1e-12)
        out /= output.size


class BinaryCrossEntropyWithLogits(BinaryCrossEntropy):
    """The binary cross-entropy of σ(o), with σ(o) = 1 / (1 + exp(−o)).

    c = Σ (max(o, 0) − o · y + log(1 + exp(−|o|))) / n, with n elements; ∂c/∂o = (σ(o) − y) / n.
    """

    __slots__ = ()
    name = "binary_cross_entropy_with_logits"
    takes_fractions = False

    def _total(self, output: Array, target: Array) -> Any:
        losses = np.maximum(output, 0) - output * target + np.log1p(np.exp(-np.abs(output)))
        return _sum(losses) / output.size

    def _gradient(self, output: Array, target: Array, out: Array) -> None:
        np.exp(-np.logaddexp(0, -output), out=out)
        out -= target
        out /= output.size


def _sum(array: Array) -> Any:
    return array.sum(dtype=np.float64)


def _positions(output: Array) -> int:
    """The positions of all samples."""
    return output.size // output.shape[1]


def _log_softmax(x: Array) -> Array:
    """log(exp(x) / Σ exp(x)) over the channels, for x of any magnitude."""
    shifted = x - x.max(axis=1, keepdims=True)
    result: Array = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return result


def _require_fractions(array: Array, what: str) -> None:
    _require(~((array < 0) | (array > 1)), array, f"{what} from 0 to 1")  # a NaN of the network is told elsewhere


def _require(good: Array, array: Array, expected: str) -> None:
    if not good.all():
        sample, *_ = place = tuple(np.argwhere(~good)[0].tolist())
        raise LossError(f"expected {expected}, found {array[place]} in sample {sample}")


ALL: tuple[Loss, ...] = (
    HalfSquaredError(),
    MeanSquaredError(),
    CrossEntropy(),
    BinaryCrossEntropy(),
    BinaryCrossEntropyWithLogits(),
)
_BY_NAME = {loss.name: loss for loss in ALL}


def get(name: str) -> Loss:
    """The loss of a name.

    Raises:
        LossError: there is none.
    """
    if name not in _BY_NAME:
        raise LossError(f"there is no loss `{name}`: {did_you_mean(name, tuple(_BY_NAME), 'losses')}")
    return _BY_NAME[name]

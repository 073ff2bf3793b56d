"""What the loss does along the negative gradient: the prediction of first order beside the true change.

For a loss c that is smooth around the parameters Θ, Taylor's theorem says c(Θ − γ∇) = c(Θ) − γ‖∇‖² + O(γ²), with
∇ = ∂c/∂Θ. So the true change, divided by −γ‖∇‖², approaches 1 with γ, and where ∇ is not zero, every γ that is small
enough makes the loss smaller. Where it is zero, no γ changes anything.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import accumulate, repeat
from math import isfinite
from typing import NamedTuple

import numpy as np

from archanalyzer.executor.arrays import require_finite
from archanalyzer.executor.data import Data
from archanalyzer.executor.errors import ExecutorError, NonFiniteError
from archanalyzer.executor.kernel import Array
from archanalyzer.executor.losses import LossError
from archanalyzer.executor.machine import require_memory
from archanalyzer.executor.network import Network
from archanalyzer.executor.training import Standstill, find_standstill

MOST = 1000
"""Rates to try at most."""
_TOLD_APART = 100
"""How many roundings of the loss a change has to be worth to be told: its quotient has two digits then."""


class Trial(NamedTuple):
    """One rate γ: the change predicted, −γ‖∇‖², the loss at Θ − γ∇, and how much that changes; None where it failed.

    What is predicted may be beyond all floats, −inf.

    ``quotient`` is the true change by the predicted one. ``is_told`` says whether it is known to two digits,
    ``descends`` whether the loss is surely smaller, both against the rounding of the loss. A ``failure`` is what came
    up in place of a loss: NaN, infinity, or outputs that the loss does not take.
    """

    rate: float
    predicted: float
    loss: float | None = None
    change: float | None = None
    quotient: float | None = None
    is_told: bool = False
    descends: bool = False
    failure: NonFiniteError | LossError | None = None


class Descent(NamedTuple):
    """The loss at Θ, ‖∇‖² there, and the rates tried, falling; at a critical point none, but why it is one."""

    network: Network
    data: Data
    loss: float
    squared_norm: float
    trials: tuple[Trial, ...] = ()
    critical: Standstill | None = None

    @property
    def largest(self) -> float | None:
        """The largest of the rates that is seen to make the loss smaller, None where none is."""
        return max((trial.rate for trial in self.trials if trial.descends), default=None)


def falling(first: float, factor: float, count: int) -> tuple[float, ...]:
    """The rates ``first``, ``first`` · ``factor``, …, ``count`` of them.

    Raises:
        ExecutorError: they are not finite, or do not fall, or fall to zero.
    """
    if not (isfinite(first) and first > 0):
        raise ExecutorError(f"expected the first rate as a number above 0, found {first:g}")
    if not 0 < factor < 1:
        raise ExecutorError(f"expected the factor between rates as a number between 0 and 1, found {factor:g}")
    if not 1 <= count <= MOST:
        raise ExecutorError(f"expected 1 to {MOST:,} rates, found {count:,}")
    powers = accumulate(repeat(factor, count - 1), lambda power, each: power * each, initial=1.0)
    rates = tuple(first * power for power in powers)
    if rates[-1] == 0:
        raise ExecutorError(f"expected rates above 0, found {first:g} · {factor:g}^{count - 1}, which is 0 as a float")
    return rates


def descend(network: Network, data: Data, rates: tuple[float, ...]) -> Descent:
    """Tries each rate from where the network is, as in training: the loss, its gradient, and the loss at Θ − γ∇.

    All along the batch is the same, and so is what dropouts draw. Afterwards all is as it was before: parameters,
    running statistics, and what is drawn next.

    Raises:
        ExecutorError: the data are not what the network and the loss need, or ‖∇‖² is beyond all floats.
        NonFiniteError: NaN or infinity came up before the first rate.
    """
    with _as_before(network):
        drawn_so_far = network.random.bit_generator.state
        loss = network.loss_gradients(data.inputs, data.targets)
        gradient = network.gradients.flat
        if not gradient.any():
            return Descent(network, data, loss, 0.0, critical=find_standstill(network, data, drawn_so_far))
        squared_norm = _squared_norm(gradient)
    return Descent(network, data, loss, squared_norm, tuple(_trials(network, data, loss, squared_norm, rates)))


def _trials(
    network: Network, data: Data, loss: float, squared_norm: float, rates: tuple[float, ...]
) -> Iterator[Trial]:
    rounding = _TOLD_APART * float(np.finfo(network.dtype).eps) * abs(loss)
    for rate in rates:
        predicted = -rate * squared_norm
        try:
            with _as_before(network):
                there = _loss_there(network, data, rate)
        except (NonFiniteError, LossError) as error:
            yield Trial(rate, predicted, failure=error)
            continue
        change = there - loss
        known = predicted and isfinite(predicted) and isfinite(change / predicted)
        quotient = change / predicted if known else None
        is_told = quotient is not None and abs(predicted) >= rounding
        yield Trial(rate, predicted, there, change, quotient, is_told, descends=change < 0 and -change >= rounding)


def _loss_there(network: Network, data: Data, rate: float) -> float:
    """The loss at Θ − γ∇, in training; the forward step leaves the gradient alone.

    Raises:
        LossError: the loss does not take the outputs there.
        NonFiniteError: NaN or infinity came up.
    """
    trainable = network.parameters.trainable
    with np.errstate(all="ignore"):  # whatever comes of it is looked for
        trainable.flat[...] -= rate * network.gradients.flat
    for name, array in trainable.items():
        layer, _, own = name.rpartition(".")
        require_finite(array, layer, f"`{own}`")
    outputs = network.forward(data.inputs, training=True, gradients=False)
    loss = sum(network.loss_of(name, outputs[name], target) for name, target in data.targets.items())
    if not isfinite(loss):
        raise NonFiniteError(next(iter(outputs)), "the loss", "NaN" if np.isnan(loss) else "infinity")
    return loss


@contextmanager
def _as_before(network: Network) -> Iterator[None]:
    """Leaves parameters, running statistics and what is drawn next as they were."""
    pieces = (network.parameters.trainable.flat, network.parameters.fixed.flat)
    room = pieces[0].nbytes + sum(piece.nbytes for piece in pieces)  # γ∇, and what is kept
    require_memory(room, "other parameters to try", beside=network.held)
    before = [piece.copy() for piece in pieces]
    network.beside["the parameters to go back to"] = room
    drawn_so_far = network.random.bit_generator.state
    try:
        yield
    finally:
        for piece, kept in zip(pieces, before, strict=True):
            piece[...] = kept
        del network.beside["the parameters to go back to"]
        network.random.bit_generator.state = drawn_so_far


def _squared_norm(gradient: Array) -> float:
    """‖∇‖², in double precision.

    Raises:
        ExecutorError: it is beyond all floats.
    """
    with np.errstate(over="ignore"):
        squared = float(np.sum(np.square(gradient, dtype=np.float64)))
    if not isfinite(squared):
        largest = np.abs(gradient).max()
        raise ExecutorError(f"expected a gradient whose square is a float, found elements up to {largest:g}")
    return squared

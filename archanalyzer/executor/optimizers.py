"""Optimizers: how the parameters Θ change, given the gradient g[t] = ∂c/∂Θ[t] of step t = 1, 2, …

With weight decay λ, every optimizer takes g + λ Θ in place of g. Each works on one flat vector, in place, a block at a
time, so that it needs no memory beside its state.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import ClassVar

import numpy as np

from archanalyzer.diagnostics import did_you_mean
from archanalyzer.executor.errors import ExecutorError
from archanalyzer.executor.kernel import Array
from archanalyzer.graph import shown_shape
from archanalyzer.recipe import BETA1, BETA2, EPSILON, MOMENTUM, OPTIMIZERS, RATE, WEIGHT_DECAY

_BLOCK = 1 << 15
"""Elements that are updated at a time: few enough for a processor's cache."""


class OptimizerError(ExecutorError):
    """A setting is out of its bounds, the vectors are not those of the step before, or there is no such optimizer."""


@dataclass(kw_only=True, eq=False)
class Optimizer:
    """One optimizer, with its settings and its state.

    ``state`` are vectors like Θ by name, ``steps`` is how many steps were made, ``delta`` is the last update ΔΘ; the
    same arrays are used in every step.
    """

    name: ClassVar[str]
    states: ClassVar[Mapping[str, str]] = MappingProxyType({})
    """The names of what is kept from step to step, 0 in the beginning, each with its symbol in the formula."""

    rate: float = RATE.default
    weight_decay: float = WEIGHT_DECAY.default

    steps: int = field(default=0, init=False)
    state: dict[str, Array] = field(default_factory=dict, init=False, repr=False)
    delta: Array = field(default_factory=lambda: np.empty(0), init=False, repr=False)
    _aside: Array = field(default_factory=lambda: np.empty((2, 0)), init=False, repr=False)

    def __post_init__(self) -> None:
        for setting in OPTIMIZERS[self.name].settings:
            value = getattr(self, setting.name)
            if not setting.admits(value):
                raise OptimizerError(f"expected `{setting.name}` of `{self.name}` as {setting.expected}, found {value}")

    def settings(self) -> dict[str, float]:
        """Its settings by name."""
        return {setting.name: getattr(self, setting.name) for setting in OPTIMIZERS[self.name].settings}

    def update(self, theta: Array, gradient: Array) -> None:
        """One step: changes ``theta`` in place, and leaves what was added to it in ``delta``.

        Raises:
            OptimizerError: they are not two vectors alike, and like those of the step before.
        """
        self._prepare(theta, gradient)
        self.steps += 1
        with np.errstate(all="ignore"):  # what is not finite is the network's to report
            for start in range(0, theta.size, _BLOCK):
                block = slice(start, start + _BLOCK)
                self._write_delta(self._decayed(gradient[block], theta[block]), block)
                theta[block] += self.delta[block]

    def _write_delta(self, g: Array, block: slice) -> None:
        """Fills a block of ``delta``, given that of the gradient."""
        raise NotImplementedError

    def _prepare(self, theta: Array, gradient: Array) -> None:
        if gradient.shape != theta.shape or gradient.dtype != theta.dtype:
            raise OptimizerError(f"expected a gradient like the parameters, {_shown(theta)}, found {_shown(gradient)}")
        if self.steps == 0:
            self._allocate(theta)
        elif self.delta.shape != theta.shape or self.delta.dtype != theta.dtype:
            raise OptimizerError(
                f"expected parameters as in the first step, {_shown(self.delta)}, found {_shown(theta)}"
            )

    def _allocate(self, theta: Array) -> None:
        if theta.ndim != 1 or theta.dtype.kind != "f":
            raise OptimizerError(f"expected the parameters as one vector of floats, found {_shown(theta)}")
        self.state = {name: np.zeros_like(theta) for name in self.states}
        self.delta = np.zeros_like(theta)
        self._aside = np.empty((2, min(theta.size, _BLOCK)), theta.dtype)

    def _room(self, row: int, g: Array) -> Array:
        """Room for an intermediate result of the length of ``g``, of which there is two times as much."""
        room: Array = self._aside[row, : g.size]
        return room

    def _decayed(self, g: Array, theta: Array) -> Array:
        """The gradient with weight decay, g + λ Θ."""
        if self.weight_decay == 0:
            return g
        decayed: Array = np.multiply(theta, self.weight_decay, out=self._room(0, g))
        decayed += g
        return decayed


@dataclass(kw_only=True, eq=False)
class Sgd(Optimizer):
    """Gradient descent: Θ[t+1] = Θ[t] − η g[t] (Robbins & Monro 1951, of samples drawn at random)."""

    name = "sgd"

    def _write_delta(self, g: Array, block: slice) -> None:
        _descend(g, self.rate, self.delta[block])


@dataclass(kw_only=True, eq=False)
class Momentum(Optimizer):
    """Momentum in its velocity form (Polyak 1964): Θ[t+1] = Θ[t] + V[t], V[t] = β (Θ[t] − Θ[t−1]) − η g[t].

    Since Θ[t] − Θ[t−1] is V[t−1], nothing but V is kept. It is the update, too, so ``delta`` is the same array.
    """

    name = "momentum"
    states = MappingProxyType({"velocity": "V"})

    momentum: float = MOMENTUM.default

    def _allocate(self, theta: Array) -> None:
        super()._allocate(theta)
        self.delta = self.state["velocity"]

    def _write_delta(self, g: Array, block: slice) -> None:
        velocity = self.state["velocity"][block]
        velocity *= self.momentum
        velocity -= np.multiply(g, self.rate, out=self._room(1, g))


@dataclass(kw_only=True, eq=False)
class MomentumUnrolled(Optimizer):
    """Momentum with its recursion unrolled: Θ[t+1] = Θ[t] − η Σ_{s=1}^{t} β^(t−s) g[s].

    What is kept is the sum S[t] = Σ_{s=1}^{t} β^(t−s) g[s] = β S[t−1] + g[t]. With a constant rate η, the iterates are
    those of the velocity form, whose V[t] is −η S[t].
    """

    name = "momentum_unrolled"
    states = MappingProxyType({"discounted_sum": "S"})

    momentum: float = MOMENTUM.default

    def _write_delta(self, g: Array, block: slice) -> None:
        _descend(self._add_up(g, block), self.rate, self.delta[block])

    def _add_up(self, g: Array, block: slice) -> Array:
        """S[t]."""
        total: Array = self.state["discounted_sum"][block]
        total *= self.momentum
        total += g
        return total


@dataclass(kw_only=True, eq=False)
class Nesterov(MomentumUnrolled):
    """Nesterov's momentum: Θ[t+1] = Θ[t] − η (g[t] + β S[t]), S[t] = β S[t−1] + g[t].

    Nesterov 1983, in the form of Sutskever et al. 2013 with the gradient at the point looked ahead to, which is what Θ
    stands for here; as ``torch.optim.SGD(nesterov=True)``.
    """

    name = "nesterov"

    def _write_delta(self, g: Array, block: slice) -> None:
        ahead = np.multiply(self._add_up(g, block), self.momentum, out=self._room(1, g))
        ahead += g
        _descend(ahead, self.rate, self.delta[block])


@dataclass(kw_only=True, eq=False)
class Adam(Optimizer):
    """Adam (Kingma & Ba 2015, algorithm 1): Θ[t+1] = Θ[t] − η m̂[t] / (√v̂[t] + ε).

    m[t] = β₁ m[t−1] + (1 − β₁) g[t] and v[t] = β₂ v[t−1] + (1 − β₂) g[t]² are the running means of g and g²;
    m̂[t] = m[t] / (1 − β₁^t) and v̂[t] = v[t] / (1 − β₂^t) correct for their beginning at 0. Weight decay is part of g,
    as in ``torch.optim.Adam``.
    """

    name = "adam"
    states = MappingProxyType({"first_moment": "m", "second_moment": "v"})

    beta1: float = BETA1.default
    beta2: float = BETA2.default
    epsilon: float = EPSILON.default

    def _write_delta(self, g: Array, block: slice) -> None:
        first, second, room = self.state["first_moment"][block], self.state["second_moment"][block], self._room(1, g)
        first *= self.beta1
        first += np.multiply(g, 1 - self.beta1, out=room)
        second *= self.beta2
        np.square(g, out=room)
        second += np.multiply(room, 1 - self.beta2, out=room)
        np.divide(second, 1 - self.beta2**self.steps, out=room)
        np.sqrt(room, out=room)
        room += self.epsilon
        np.divide(first, room, out=room)
        _descend(room, self.rate / (1 - self.beta1**self.steps), self.delta[block])


def _descend(direction: Array, rate: float, delta: Array) -> None:
    """Writes −η · direction; 0 − 0 is 0, where −η · 0 would be −0, which reads oddly in a trace."""
    np.multiply(direction, rate, out=delta)
    np.subtract(0, delta, out=delta)


def _shown(array: Array) -> str:
    return f"{shown_shape(array.shape)} of {array.dtype}"


ALL: tuple[type[Optimizer], ...] = (Sgd, Momentum, MomentumUnrolled, Nesterov, Adam)
_BY_NAME = {optimizer.name: optimizer for optimizer in ALL}


def get(name: str) -> type[Optimizer]:
    """The optimizer of a name, to be called with its settings.

    Raises:
        OptimizerError: there is none.
    """
    if name not in _BY_NAME:
        raise OptimizerError(f"there is no optimizer `{name}`: {did_you_mean(name, tuple(_BY_NAME), 'optimizers')}")
    return _BY_NAME[name]

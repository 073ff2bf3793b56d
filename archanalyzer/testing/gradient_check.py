"""The gradients of a kernel against differences of its outputs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from archanalyzer.executor.kernel import Array, Backward
from archanalyzer.graph import Role
from archanalyzer.testing.calling import run_backward
from archanalyzer.testing.cases import Case
from archanalyzer.testing.differences import Slope, slope
from archanalyzer.testing.points import Point, draw_point
from archanalyzer.testing.requiring import require, require_close, require_filled

_WITHIN = 1e-6
"""Of the gradient, as a vector: how far what differences give may be from it."""
_FLOOR = 1e-3
"""Gradients smaller than this are compared as if they were as large: differences see no further."""
_MOST = 32
"""So many inputs and weights, and so many outputs at most: then every entry of the Jacobian is compared."""


def gradient(case: Case) -> None:
    """The gradients by inputs and learned arrays are those that differences of the output give, in both modes.

    Each is the same whichever others are wanted beside it, and about the same in single precision.
    """
    random = np.random.default_rng(0)
    for training in (False, True):
        probe = _Probe(case, draw_point(case, 2, random), training=training)
        for variable in _variables(case):
            probe.require_slopes(variable, random.standard_normal((2, *variable.of(probe.point).shape)), random)
        probe.require_one_by_one(random)
        probe.require_single_precision(random)
        if _is_tiny(case):
            _Probe(case, draw_point(case, 1, random), training=training).require_jacobian()


class _Variable(NamedTuple):
    """What gradients are taken by: an input, by its number, or an array of the layer, by its name."""

    key: int | str
    what: str

    def of(self, point: Point) -> Array:
        return point.inputs[self.key] if isinstance(self.key, int) else point.weights[self.key]

    def moved(self, point: Point, by: Array) -> Point:
        """The point with something added to the variable."""
        if isinstance(self.key, int):
            return point.with_inputs(*(x + by if n == self.key else x for n, x in enumerate(point.inputs)))
        return replace(point, weights={**point.weights, self.key: point.weights[self.key] + by})

    def gradient(self, call: Backward) -> Array:
        found = call.dx[self.key] if isinstance(self.key, int) else call.dw[self.key]
        return np.empty(0) if found is None else found


def _variables(case: Case) -> Iterator[_Variable]:
    for number in _read(case):
        yield _Variable(number, f"the gradient by input {number}" if len(case.inputs) > 1 else "the gradient by x")
    for weight in case.op.weights(case.inputs):
        if weight.role is not Role.BUFFER:
            yield _Variable(weight.name, f"the gradient by `{weight.name}`")


def _read(case: Case) -> list[int]:
    """The numbers of the inputs that are read; by the others no gradient is ever wanted."""
    return [number for number, reads in enumerate(case.reads) if reads]


def _is_tiny(case: Case) -> bool:
    weights = sum(weight.elements for weight in case.op.weights(case.inputs))
    return sum(tensor.elements for tensor in case.inputs) + weights <= _MOST and case.output.elements <= _MOST


class _Probe:
    """The kernel of a case at one point, in one mode."""

    def __init__(self, case: Case, point: Point, *, training: bool) -> None:
        self.case = case
        self.point = point
        self.training = training
        self.mode = "in training" if training else "at inference"

    def backward(
        self, dy: Array, dtype: DTypeLike = np.float64, wanted: Sequence[bool] | None = None, *, learning: bool = True
    ) -> Backward:
        forward = self.point.forward(self.case, training=self.training, dtype=dtype)
        return run_backward(self.case, forward, dy, wanted=wanted or self.case.reads, learning=learning)

    def draw_dy(self, random: np.random.Generator) -> Array:
        return random.standard_normal((len(self.point.inputs[0]), *self.case.output.shape))

    def slope(self, variable: _Variable, direction: Array) -> Slope:
        """How the outputs change as the variable moves in a direction."""

        def moved(t: float) -> Array:
            return variable.moved(self.point, t * direction).forward(self.case, training=self.training).output

        return slope(moved)

    def require_slopes(self, variable: _Variable, directions: Array, random: np.random.Generator) -> None:
        """⟨∂c/∂x, v⟩ is ⟨∂c/∂y, J·v⟩, with J·v from differences and a ∂c/∂y that leaves kinks out."""
        what = f"{variable.what}, {self.mode}"
        for direction in directions:
            change = self.slope(variable, direction)
            rough = "at a point drawn at random, most outputs jump or have a kink"
            require(bool(change.exists.mean() >= 0.5), f"{what}: {rough}")
            dy = np.where(change.exists, self.draw_dy(random), 0)
            found = variable.gradient(self.backward(dy))
            require_filled(found, what)
            size = max(float(np.linalg.norm(found)), _FLOOR)
            message = f"{what}, along a direction"
            require_close((found * direction).sum(), (dy * change.values).sum(), message, within=_WITHIN, floor=size)

    def require_jacobian(self) -> None:
        """Every entry, at a single sample."""
        outputs = self.case.output.elements
        unit = np.eye(outputs).reshape(outputs, 1, *self.case.output.shape)
        calls = [self.backward(dy) for dy in unit]
        for variable in _variables(self.case):
            shape = variable.of(self.point).shape
            found = np.stack([variable.gradient(call).reshape(-1) for call in calls])
            directions = np.eye(found.shape[1]).reshape(-1, *shape)
            slopes = [self.slope(variable, direction) for direction in directions]
            exists = np.stack([each.exists.reshape(-1) for each in slopes], axis=1)
            expected = np.stack([each.values.reshape(-1) for each in slopes], axis=1)
            what = f"{variable.what}, {self.mode}, entry by entry"
            require_close(np.where(exists, found, 0), np.where(exists, expected, 0), what, within=_WITHIN, floor=_FLOOR)

    def require_one_by_one(self, random: np.random.Generator) -> None:
        """Each gradient by itself, what is kept for the others alone being absent."""
        dy, inputs = self.draw_dy(random), range(len(self.case.inputs))
        together = self.backward(dy)
        for variable in _variables(self.case):
            of_weight = isinstance(variable.key, str)
            alone = self.backward(dy, wanted=[number == variable.key for number in inputs], learning=of_weight)
            what = f"{variable.what}, {self.mode}, the only one that is wanted"
            require_close(variable.gradient(alone), variable.gradient(together), what, within=1e-12)

    def require_single_precision(self, random: np.random.Generator) -> None:
        dy = self.draw_dy(random)
        double, single = self.backward(dy), self.backward(dy, np.float32)
        for variable in _variables(self.case):
            what = f"{variable.what}, {self.mode}, in float32"
            require_close(variable.gradient(single), variable.gradient(double), what, within=1e-3)

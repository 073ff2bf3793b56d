"""Whether a layer has the traits that its op claims, as a function of its inputs at inference."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from archanalyzer.executor.kernel import Array
from archanalyzer.graph import Trait
from archanalyzer.testing.cases import Case
from archanalyzer.testing.points import Point, draw_point
from archanalyzer.testing.requiring import require, require_close

_WITHIN = 1e-11
_SAMPLES = 8
_STEP = 1e-4
_FEW = 0.01
"""Of elements: so many may have a kink within a step."""


def traits(case: Case) -> None:
    """What the op claims of the layer as a function holds at random points."""
    random = np.random.default_rng(0)
    for trait, holds in _CHECKS.items():
        if trait in case.op.traits:
            holds(case, draw_point(case, _SAMPLES, random), random)


def affine(case: Case, point: Point, random: np.random.Generator) -> None:
    """f(t·x + (1 − t)·z) = t·f(x) + (1 − t)·f(z), for t inside and outside of 0 to 1."""
    x, z = point.inputs, draw_point(case, _SAMPLES, random).inputs
    for t in (0.3, -1.7, 4.0):
        mixed = _at(case, point, [t * a + (1 - t) * b for a, b in zip(x, z, strict=True)])
        expected = t * _at(case, point, x) + (1 - t) * _at(case, point, z)
        require_close(mixed, expected, "it is not affine: f(t·x + (1 − t)·z)", within=_WITHIN)


def homogeneous(case: Case, point: Point, random: np.random.Generator) -> None:  # noqa: ARG001
    """f(a·x) = a·f(x)."""
    for a in (0.01, 0.7, 30.0):
        expected = a * _at(case, point, point.inputs)
        found = _at(case, point, [a * x for x in point.inputs])
        require_close(found, expected, f"it is not homogeneous: f({a}·x)", within=_WITHIN, floor=a)


def elementwise(case: Case, point: Point, random: np.random.Generator) -> None:
    """An output element stays as it is where all input elements but that of its own position are drawn anew."""
    shape = case.output.shape
    same = all(tensor.shape == shape for tensor in case.inputs)
    require(same, f"it is not elementwise: its inputs are not all of its output's shape, {case.output}")
    elements = case.output.elements
    own = np.eye(elements, dtype=bool).reshape(elements, *shape)
    point = point.samples(np.zeros(elements, int))
    others = draw_point(case, elements, random).inputs
    found = _at(case, point, [np.where(own, x, other) for x, other in zip(point.inputs, others, strict=True)])
    expected = _at(case, point, point.inputs)
    require_close(found[own], expected[own], "it is not elementwise: with other neighbours, f(x)", within=_WITHIN)


def piecewise_linear(case: Case, point: Point, random: np.random.Generator) -> None:
    """Along short steps it is straight at nearly all places; and it has no jump."""
    ends = draw_point(case, _SAMPLES, random).inputs
    steps = [end - x for end, x in zip(ends, point.inputs, strict=True)]

    def along(t: Array) -> Array:
        """The outputs so far from the points towards the ends, in each sample; (samples, elements)."""
        moved = [x + t.reshape(-1, *(1,) * (x.ndim - 1)) * step for x, step in zip(point.inputs, steps, strict=True)]
        return _at(case, point, moved).reshape(_SAMPLES, -1)

    before, here, after = (along(np.full(_SAMPLES, 0.5 + step)) for step in (-_STEP, 0, _STEP))
    bent = np.abs(after - 2 * here + before) > _WITHIN * np.maximum(np.abs(here).max(), 1)
    require(bool(bent.mean() <= _FEW), f"it is not piecewise linear: it bends at {bent.mean():.0%} of all places")
    _require_continuous(along)


def _require_continuous(along: Callable[[Array], Array]) -> None:
    """Halves 32 pieces of the way, again and again, to where the outputs change most: a jump stays as it is."""
    marks = np.linspace(0, 1, 33)
    values = np.stack([along(np.full(_SAMPLES, mark)) for mark in marks])
    piece, sample = np.abs(np.diff(values, axis=0)).max(axis=2).argmax(axis=0), np.arange(_SAMPLES)
    start, stop = marks[piece], marks[piece + 1]
    at_start, at_stop = values[piece, sample], values[piece + 1, sample]
    for _ in range(36):
        middle = (start + stop) / 2
        value = along(middle)
        earlier = np.abs(value - at_start).max(axis=1) >= np.abs(at_stop - value).max(axis=1)
        start, at_start = np.where(earlier, start, middle), np.where(earlier[:, None], at_start, value)
        stop, at_stop = np.where(earlier, middle, stop), np.where(earlier[:, None], value, at_stop)
    jump = np.abs(at_stop - at_start).max()
    require(bool(jump <= 1e-8 * max(1, np.abs(values).max())), f"it is not continuous: it jumps by {jump:.3g}")


def _at(case: Case, point: Point, inputs: list[Array] | tuple[Array, ...]) -> Array:
    return point.with_inputs(*inputs).forward(case).output


_CHECKS: dict[Trait, Callable[[Case, Point, np.random.Generator], None]] = {
    Trait.AFFINE: affine,
    Trait.HOMOGENEOUS: homogeneous,
    Trait.ELEMENTWISE: elementwise,
    Trait.PIECEWISE_LINEAR: piecewise_linear,
}

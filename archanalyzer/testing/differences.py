"""Derivatives from differences, told apart from kinks.

A central difference (f(t) − f(−t)) / 2t is f′(0) but for rounding, which grows as t falls, and for curvature or a kink
within t, which grow with t. So each element of f takes the step at which its differences settle: where making it
smaller changes least. A kink very near is seen in the slopes to its two sides.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from archanalyzer.executor.kernel import Array

_STEPS = tuple(10.0**-exponent for exponent in (2, 3, 4, 4.5, 5, 5.5, 6))
_NEAR = 1e-5
"""Kinks nearer than this are looked for; two smaller steps see those that are not."""


class Slope(NamedTuple):
    """The derivative of each element, and whether it has one: whether no kink is near."""

    values: Array
    exists: Array


def slope(function: Callable[[float], Array]) -> Slope:
    """The derivative at 0 of a function of one number, whose values are arrays."""
    differences = np.stack([(function(step) - function(-step)) / (2 * step) for step in _STEPS])
    changes = np.abs(np.diff(differences, axis=0))
    settled = changes.argmin(axis=0, keepdims=True) + 1
    return Slope(np.take_along_axis(differences, settled, axis=0)[0], _is_smooth(function))


def _is_smooth(function: Callable[[float], Array]) -> Array:
    """Whether the slopes to both sides agree or, where the function is curved, differ less the nearer one looks."""
    here = function(0)
    left, right = (here - function(-_NEAR)) / _NEAR, (function(_NEAR) - here) / _NEAR
    further = np.abs(function(-10 * _NEAR) - 2 * here + function(10 * _NEAR)) / (10 * _NEAR)
    differ = np.abs(right - left)
    rounding = 1e-10 * np.maximum(np.abs(here), 1)
    smooth: Array = differ <= np.maximum(1e-3 * np.maximum(np.abs(left), np.abs(right)) + rounding, 0.2 * further)
    return smooth

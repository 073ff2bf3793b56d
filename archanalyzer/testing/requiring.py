"""How a check says that something does not hold: an AssertionError with a text."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike


def require(holds: bool, message: str) -> None:
    """Raises AssertionError, saying ``message``, unless it holds."""
    if not holds:
        raise AssertionError(message)


def require_filled(array: ArrayLike, what: str) -> None:
    """Raises AssertionError where an array that a kernel is to fill holds garbage still, NaN or infinity."""
    given = np.asarray(array, np.float64)
    found = "NaN, or nothing at all" if np.isnan(given).any() else "infinity"
    require(bool(np.isfinite(given).all()), f"{what}: expected to be filled with finite numbers, found {found}")


def require_close(found: ArrayLike, expected: ArrayLike, what: str, *, within: float, floor: float = 1) -> None:
    """Raises AssertionError where numbers differ by more than ``within`` times the largest of them.

    Where all are smaller than ``floor``, that counts as the largest: near zero, rounding is all that is left.
    """
    given, wanted = np.asarray(found, np.float64), np.asarray(expected, np.float64)
    require(given.shape == wanted.shape, f"{what}: expected the shape {wanted.shape}, found {given.shape}")
    require_filled(given, what)
    if given.size == 0:
        return
    off = np.abs(given - wanted)
    scale = max(float(np.abs(given).max()), float(np.abs(wanted).max()), floor)
    place = np.unravel_index(off.argmax(), off.shape)
    where = f" at {tuple(map(int, place))}" if place else ""
    message = f"{what}: expected {wanted[place]:.9g}, found {given[place]:.9g}{where}"
    require(bool(off[place] <= within * scale), message)

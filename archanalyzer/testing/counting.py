"""Numbers that count the products in which they take part; NumPy computes with them in arrays of objects."""

from __future__ import annotations

from typing import Any

import numpy as np

from archanalyzer.executor.kernel import Array


class Tally:
    """How many products were made of two numbers, or of one and the zero of a padding."""

    def __init__(self) -> None:
        self.products = 0

    def numbers(self, values: Array) -> Array:
        """An array of numbers that are counted here."""
        made = np.empty(values.shape, object)
        made.reshape(-1)[:] = [Number(float(value), self) for value in values.flat]
        return made


class Number(float):
    """A number that counts its products. Scaled by a plain number that is not zero, it counts none."""

    tally: Tally

    def __new__(cls, value: float, tally: Tally) -> Number:
        made = super().__new__(cls, value)
        made.tally = tally
        return made

    def _made(self, value: float) -> Number:
        return Number(value, self.tally)

    def __add__(self, other: Any) -> Number:
        return self._made(float(self) + float(other))

    def __sub__(self, other: Any) -> Number:
        return self._made(float(self) - float(other))

    def __rsub__(self, other: Any) -> Number:
        return self._made(float(other) - float(self))

    def __mul__(self, other: Any) -> Number:
        self.tally.products += isinstance(other, Number) or other == 0
        return self._made(float(self) * float(other))

    def __truediv__(self, other: Any) -> Number:
        return self._made(float(self) / float(other))

    def __neg__(self) -> Number:
        return self._made(-float(self))

    def exp(self) -> Number:
        """What ``np.exp`` calls."""
        return self._made(float(np.exp(float(self))))

    __radd__ = __add__
    __rmul__ = __mul__

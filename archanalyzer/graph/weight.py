"""The arrays that a layer owns."""

from __future__ import annotations

from enum import Enum
from math import prod
from typing import NamedTuple


class Role(Enum):
    """What an array is for: a weight or a bias is learned; a buffer (a running mean) is kept but not learned."""

    WEIGHT = "weight"
    BIAS = "bias"
    BUFFER = "buffer"


class Weight(NamedTuple):
    """One array of a layer; ``filters`` is the number of convolution filters that it consists of.

    ``initial`` is the value that every element starts with; where None, an initializer draws them. ``fan_shape`` is
    (outputs, inputs, *kernel) where the shape itself is not laid out so.
    """

    name: str
    shape: tuple[int, ...]
    role: Role = Role.WEIGHT
    filters: int = 0
    initial: float | None = None
    fan_shape: tuple[int, ...] | None = None

    @property
    def elements(self) -> int:
        return prod(self.shape)

    @property
    def fans(self) -> tuple[int, int]:
        """How many inputs an output sums, and how many outputs an input reaches: what initializers scale by.

        With groups, the outputs of all of them count, as in PyTorch and Keras. With fewer than two axes, both are the
        number of elements, as in Keras.
        """
        shape = self.fan_shape or self.shape
        if len(shape) < 2:
            return prod(shape), prod(shape)
        outputs, inputs, *kernel = shape
        return inputs * prod(kernel), outputs * prod(kernel)

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
    """One array of a layer; ``filters`` is the number of convolution filters that it consists of."""

    name: str
    shape: tuple[int, ...]
    role: Role = Role.WEIGHT
    filters: int = 0

    @property
    def elements(self) -> int:
        return prod(self.shape)

"""The type of what flows along an edge."""

from __future__ import annotations

from collections.abc import Iterable
from math import prod
from typing import NamedTuple

from archanalyzer.graph.window import Window

MOST_AXES = 8
"""Of one tensor: half as many again as any layer has a use for, so that what is kept of each axis stays small."""

DTYPE_BYTES = {"float32": 4, "float64": 8, "float16": 2, "bfloat16": 2, "int8": 1}
"""The types that numbers may have, the default first, and the bytes of one."""

_AXIS_NAMES = {
    1: ("features",),
    2: ("channels", "length"),
    3: ("channels", "height", "width"),
    4: ("channels", "depth", "height", "width"),
}


class Unpooling(NamedTuple):
    """The way back through a max-pool: the spatial extent before it, into which the positions of its maxima point.

    ``windows``, one a spatial axis, say which pooled positions may have had their maximum at a position before it.
    """

    extent: tuple[int, ...]
    windows: tuple[Window, ...]


class TensorType(NamedTuple):
    """The type of one sample: its shape, channels first, without the batch axis.

    ``unpooled`` is set on the output of a max-pool, and of nothing else: it pairs an unpooling with its pool.
    """

    shape: tuple[int, ...]
    unpooled: Unpooling | None = None

    @property
    def elements(self) -> int:
        """Numbers in one sample."""
        return prod(self.shape)

    @property
    def channels(self) -> int:
        return self.shape[0]

    @property
    def spatial(self) -> tuple[int, ...]:
        """The extent of the axes behind the channels."""
        return self.shape[1:]

    @property
    def axis_names(self) -> tuple[str, ...]:
        """One name an axis: channels, then length, or height and width, or depth, height and width."""
        named = _AXIS_NAMES.get(len(self.shape))
        return named or ("channels", *(f"axis{axis}" for axis in range(1, len(self.shape))))

    def __str__(self) -> str:
        return shown_shape(self.shape)


def shown_shape(shape: Iterable[int | str]) -> str:
    """A shape in a message: ``3×224×224``."""
    return "×".join(map(str, shape)) or "a single number"

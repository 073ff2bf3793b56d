"""Which input positions one output position reads, axis by axis.

A layer answers with one reading for every axis of every input. All that is known of receptive fields follows from
composing these answers along the graph.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class Window:
    """Output position o along ``axis`` reads the input positions (o·stride + offset + k·step) / upsampling.

    k runs from 0 to ``count`` − 1; only whole quotients inside the input count. A convolution has ``upsampling`` 1,
    ``offset`` −padding, ``step`` its dilation. A transposed convolution has ``stride`` 1 and its own stride as
    ``upsampling``: output o takes from input i where o = i·stride − padding + k·dilation.
    """

    axis: int
    stride: int = 1
    upsampling: int = 1
    offset: int = 0
    count: int = 1
    step: int = 1


class IrregularWindow(NamedTuple):
    """Output position o along ``axis`` reads the input positions ``reads(o)``, by no one stride.

    Adaptive pooling, resizing by a fraction and padding by reflection read so; each position lies inside the input.
    """

    axis: int
    reads: Callable[[int], range]


@dataclass(frozen=True, slots=True)
class WholeAxis:
    """Every output position reads every position of the input axis."""


@dataclass(frozen=True, slots=True)
class Rearranged:
    """Every output position reads a single position of the input axis, which one depends on several output axes.

    What flattening and reshaping do to an axis that they take apart. ``reads`` tells which one, given the whole output
    position; None where that is not stated.
    """

    reads: Callable[[tuple[int, ...]], int] | None = None


@dataclass(frozen=True, slots=True)
class NoPosition:
    """No output position reads any position of the input axis: of that input, only the type matters."""


Reading = Window | IrregularWindow | WholeAxis | Rearranged | NoPosition
Readings = tuple[Reading, ...]


@cache
def aligned_axes(rank: int) -> Readings:
    """The readings of an elementwise layer: each axis at its own position."""
    return tuple(Window(axis) for axis in range(rank))


def whole_axes(rank: int) -> Readings:
    """The readings of a layer whose every output reads all of its input."""
    return (WholeAxis(),) * rank

"""Which input positions one output position reads, axis by axis.

A layer answers with one reading for every axis of every input. All that is known of receptive fields follows from
composing these answers along the graph.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from math import gcd
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

    def reads(self, o: int) -> range:
        """The positions that output position ``o`` reads, ascending, as on an endless input."""
        first, up, step = o * self.stride + self.offset, self.upsampling, self.step
        if up == 1:
            return range(first, first + (self.count - 1) * step + 1, step)
        common = gcd(step, up)
        if first % common:
            return range(0)
        every = up // common
        k = -first // common * pow(step // common, -1, every) % every  # the first tap that meets a position
        start, apart = (first + k * step) // up, step // common
        return range(start, start + apart * ((self.count - 1 - k) // every + 1), apart)

    def without_ends(self) -> Window:
        """How outputs read on an endless input: so."""
        return self


class Regular(NamedTuple):
    """Of an irregular reading, the outputs that read through a window, and which."""

    window: Window
    outputs: range


class IrregularWindow(NamedTuple):
    """Output position o along ``axis`` reads the input positions ``reads(o)``, by no one stride.

    Adaptive pooling, resizing by a fraction and padding by reflection read so; each position lies inside the input.
    ``regular``: where the axis is irregular at its ends alone, as padding by reflection is, what is regular of it; on
    an endless input all of it would be. ``only``: of one of several inputs joined end to end, the outputs that it makes
    up, of which the k-th reads position k; the others read nothing. Where that is None, each reads something.
    """

    axis: int
    reads: Callable[[int], range]
    regular: Regular | None = None
    only: range | None = None

    def without_ends(self) -> Window | IrregularWindow:
        """How outputs read on an endless input: through the window that is regular of it, where there is one."""
        return self if self.regular is None else self.regular.window


@dataclass(frozen=True, slots=True)
class Digit:
    """Output position o along ``axis`` reads the input position (o // ``divisor``) % ``modulus``, the input's extent.

    What becomes of an axis of which the elements are numbered anew, as flattening does, where it takes only one axis of
    the output to say which position it is.
    """

    axis: int
    divisor: int
    modulus: int

    def window(self, outputs: int) -> Window | None:
        """The same of so many outputs as a window, which goes on without ends; None where positions come again."""
        if outputs != self.divisor * self.modulus:
            return None
        return Window(self.axis, upsampling=self.divisor, offset=1 - self.divisor, count=self.divisor)


@dataclass(frozen=True, slots=True)
class WholeAxis:
    """Every output position reads every position of the input axis."""


@dataclass(frozen=True, slots=True)
class Rearranged:
    """Every output position reads a single position of the input axis, which one depends on several output axes.

    What reshaping does to an axis that it takes apart. ``reads`` tells which one, given the whole output position; None
    where that is not stated. ``axes`` are the output axes on which it depends; None for all.
    """

    reads: Callable[[tuple[int, ...]], int] | None = None
    axes: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class NoPosition:
    """No output position reads any position of the input axis: of that input, only the type matters."""


Reading = Window | IrregularWindow | Digit | WholeAxis | Rearranged | NoPosition
Readings = tuple[Reading, ...]


@cache
def aligned_axes(rank: int) -> Readings:
    """The readings of an elementwise layer: each axis at its own position."""
    return tuple(Window(axis) for axis in range(rank))


def whole_axes(rank: int) -> Readings:
    """The readings of a layer whose every output reads all of its input."""
    return (WholeAxis(),) * rank

"""What is computed, in which order, and in which memory: a straight list of kernel calls with their buffers.

A buffer is one piece of memory with a lifetime, from the step that fills it to the last one that reads it; buffers
whose lifetimes do not meet may lie in the same place. Sizes and places are those of one sample: with a batch of n, all
of them are n times as large.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import accumulate, chain
from math import prod
from typing import Any, ClassVar, NamedTuple, TypeAlias

import numpy as np

from archanalyzer.executor.kernel import Kernel, whole_lines
from archanalyzer.graph import Graph


class BufferKind(Enum):
    """What a buffer holds."""

    OUTPUT = "output"
    GRADIENT = "gradient"
    EXTRA = "extra"
    """What a kernel leaves for its backward step beside inputs and output."""


@dataclass(slots=True)
class Buffer:
    """One piece of memory, ``name`` of a layer: ``shape`` is one sample's, without ``per_sample`` the whole batch's.

    It lives from step ``first`` to step ``last``, both included, ``offset`` bytes from the start of the plan's memory.
    """

    name: str
    layer: int
    kind: BufferKind
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    per_sample: bool = True
    first: int = -1
    last: int = -1
    offset: int = 0

    @property
    def bytes(self) -> int:
        """Bytes, of one sample."""
        return prod(self.shape) * self.dtype.itemsize

    @property
    def room(self) -> int:
        """Bytes, up to a whole number of cache lines."""
        return whole_lines(self.bytes)

    @property
    def is_lasting(self) -> bool:
        """Whether it outlives the step that fills it; an extra that doesn't is no more than scratch space."""
        return self.kind is not BufferKind.EXTRA or self.first < self.last

    def live(self, step: int) -> None:
        """Makes it live at a step too."""
        self.first = step if self.first < 0 else min(self.first, step)
        self.last = max(self.last, step)


class Target(NamedTuple):
    """Where a gradient goes: to buffer ``to`` or, of weights, to those of layer ``to``; ``added`` to what is there."""

    to: int
    added: bool


@dataclass(frozen=True, slots=True)
class FeedStep:
    """Data from outside comes into an input's buffer."""

    layer: int
    output: int
    phase: ClassVar[str] = "feed"

    def reads(self) -> Iterable[int]:
        return ()

    def fills(self) -> Iterable[int]:
        return (self.output,)

    def gradients(self) -> Iterable[Target]:
        return ()


@dataclass(frozen=True, slots=True)
class ForwardStep:
    """A kernel reads ``inputs``, some also the extras of the layers that they read, and fills ``output`` and extras.

    An input of which the type alone matters is None.
    """

    layer: int
    kernel: Kernel[Any]
    inputs: tuple[int | None, ...]
    output: int
    extras: tuple[int, ...]
    read_extras: tuple[tuple[int, ...], ...]
    phase: ClassVar[str] = "forward"

    def reads(self) -> Iterable[int]:
        return chain((index for index in self.inputs if index is not None), *self.read_extras)

    def fills(self) -> Iterable[int]:
        return (self.output, *self.extras)

    def gradients(self) -> Iterable[Target]:
        return ()


@dataclass(frozen=True, slots=True)
class LossStep:
    """The loss, or whoever calls, reads the network's outputs and fills the gradients by them, where needed."""

    outputs: tuple[int, ...]
    by_output: tuple[Target | None, ...]
    phase: ClassVar[str] = "loss"

    def reads(self) -> Iterable[int]:
        return self.outputs

    def fills(self) -> Iterable[int]:
        return (target.to for target in self.gradients())

    def gradients(self) -> Iterable[Target]:
        return filter(None, self.by_output)


@dataclass(frozen=True, slots=True)
class BackwardStep:
    """A kernel reads ``dy`` and what was kept, and fills the gradients by inputs and weights, where needed.

    ``inputs`` and ``output`` are those of the forward step, None where they are not read again.
    """

    layer: int
    kernel: Kernel[Any]
    inputs: tuple[int | None, ...]
    output: int | None
    extras: tuple[int, ...]
    read_extras: tuple[tuple[int, ...], ...]
    dy: int
    dx: tuple[Target | None, ...]
    dw: Target | None
    phase: ClassVar[str] = "backward"

    def reads(self) -> Iterable[int]:
        kept = (index for index in (self.dy, *self.inputs, self.output) if index is not None)
        return chain(kept, self.extras, *self.read_extras)

    def fills(self) -> Iterable[int]:
        return (target.to for target in self.gradients())

    def gradients(self) -> Iterable[Target]:
        return filter(None, self.dx)


Step: TypeAlias = FeedStep | ForwardStep | LossStep | BackwardStep


@dataclass(frozen=True)
class Plan:
    """The steps of a network, forward or forward and backward, and the memory that they need.

    ``output_of`` and ``gradient_of`` give, by layer, the buffer of its output and of the gradient by it: layers that
    share their input's memory have its buffer. ``bytes`` is the memory that holds all buffers, ``live_bytes`` the most
    that lives at once, both of one sample; kernels' scratch space comes on top.
    """

    graph: Graph
    steps: tuple[Step, ...]
    buffers: tuple[Buffer, ...]
    output_of: tuple[int, ...]
    gradient_of: tuple[int | None, ...]
    bytes: int

    @property
    def live_bytes(self) -> int:
        changes = [0] * (len(self.steps) + 1)
        for buffer in self.buffers:
            if buffer.is_lasting:
                changes[buffer.first] += buffer.bytes
                changes[buffer.last + 1] -= buffer.bytes
        return max(accumulate(changes), default=0)


def lay_out(buffers: Sequence[Buffer], *, reuse: bool = True) -> int:
    """Gives each buffer its place, each into the smallest gap that takes it; returns the bytes of all.

    In the order of their lifetimes' beginnings, buffers take the memory that earlier ones have left. Without
    ``reuse`` each has a place of its own. What does not last gets none.
    """
    buffers = [buffer for buffer in buffers if buffer.is_lasting]
    if not reuse:
        return _side_by_side(buffers)
    gaps: list[tuple[int, int]] = []  # (start, size), by start
    living: list[tuple[int, int, int]] = []  # (last step, start, size), by last step
    end = 0
    for buffer in sorted(buffers, key=lambda each: each.first):
        while living and living[0][0] < buffer.first:
            _, start, size = living.pop(0)
            _free(gaps, start, size)
        size = buffer.room
        fitting = [gap for gap in gaps if gap[1] >= size]
        if fitting:
            gap = min(fitting, key=lambda each: each[1])
            gaps.remove(gap)
            buffer.offset = gap[0]
            if gap[1] > size:
                insort(gaps, (gap[0] + size, gap[1] - size))
        else:
            last = gaps[-1] if gaps and sum(gaps[-1]) == end else None
            if last:
                gaps.pop()
            buffer.offset = last[0] if last else end
            end = buffer.offset + size
        insort(living, (buffer.last, buffer.offset, size))
    return end


def _side_by_side(buffers: Sequence[Buffer]) -> int:
    end = 0
    for buffer in buffers:
        buffer.offset = end
        end += buffer.room
    return end


def _free(gaps: list[tuple[int, int]], start: int, size: int) -> None:
    """Adds a gap, joined with those that touch it."""
    insort(gaps, (start, size))
    at = gaps.index((start, size))
    if at + 1 < len(gaps) and start + size == gaps[at + 1][0]:
        size += gaps.pop(at + 1)[1]
    if at and sum(gaps[at - 1]) == start:
        before = gaps.pop(at - 1)
        at -= 1
        start, size = before[0], before[1] + size
    gaps[at] = (start, size)

"""How a layer type computes: the contract between the kernels and the plan that calls them.

Beside what an op declares (``archanalyzer/ops``), a kernel is its execution. Arrays have the batch as their first axis:
the array of a tensor of shape (3, 8, 8) is (batch, 3, 8, 8). With c the loss, ``dx`` is ∂c/∂x: the gradient by an
array has that array's shape.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import prod
from typing import Any, ClassVar, Generic, NamedTuple, TypeAlias, TypeVar

import numpy as np
from numpy.typing import DTypeLike

from archanalyzer.graph import Op, TensorType, Types

Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]
OpT = TypeVar("OpT", bound=Op)

ABSENT: Array = np.empty(0)
"""Stands for an array that is not there, since the op does not ask for it: in ``kept``, or in its readings."""


class Extra(NamedTuple):
    """An array that the forward step fills and the backward step reads again, beside whole inputs and the output.

    ``shape`` is one sample's, or with ``per_sample`` false, the whole batch's. ``dtype`` None is the network's. All
    extras of a kernel are as many bytes for one sample as ``op.kept`` declares.
    """

    name: str
    shape: tuple[int, ...]
    dtype: DTypeLike | None = None
    per_sample: bool = True


class Scratch:
    """Room for intermediate results: one piece of memory, lent out like a stack and used again by every call."""

    def __init__(self) -> None:
        self._memory = np.empty(0, np.uint8)
        self._used = 0
        self.most = 0
        """The most bytes that were lent at once."""

    def __call__(self, shape: tuple[int, ...], dtype: DTypeLike) -> Array:
        """An array without definite content, good until it is given back or the call of the kernel returns."""
        kind = np.dtype(dtype)
        start = self._used
        self._used += whole_lines(prod(shape) * kind.itemsize)
        self.most = max(self.most, self._used)
        if self._used > self._memory.size or kind.hasobject:
            return np.empty(shape, kind)
        return self._memory[start : start + prod(shape) * kind.itemsize].view(kind).reshape(shape)

    def give_back(self, array: Array) -> None:
        """Takes an array back, the last one that is still lent."""
        self._used -= whole_lines(array.nbytes)

    def reset(self) -> None:
        """Takes everything back, and makes room for as much as was needed at once so far."""
        self._used = 0
        if self.most > self._memory.size:
            self._memory = np.empty(self.most, np.uint8)


def whole_lines(size: int) -> int:
    """A size in bytes, rounded up to whole cache lines."""
    return -(-size // 64) * 64


@dataclass(slots=True)
class Forward:
    """What a kernel is given for one forward step; it fills ``output`` and, where it has some, ``extras``.

    An input of which the type alone matters, as the op's readings say, is ``ABSENT``; no gradient by it is wanted.
    ``read_extras`` are the extras of the layers that this one reads, for ops that say so with ``Op.reads_extras``.
    ``training`` tells training from inference: what a batch norm or a dropout does.
    """

    inputs: tuple[Array, ...]
    output: Array
    weights: Mapping[str, Array] = field(default_factory=dict)
    extras: Mapping[str, Array] = field(default_factory=dict)
    read_extras: tuple[Mapping[str, Array], ...] = ()
    training: bool = False
    random: np.random.Generator = field(default_factory=np.random.default_rng)
    scratch: Scratch = field(default_factory=Scratch)

    @property
    def x(self) -> Array:
        """The only, or first, input."""
        return self.inputs[0]


@dataclass(slots=True)
class Backward:
    """What a kernel is given for one backward step; it fills what is there of ``dx`` and ``dw``.

    ``inputs`` and ``output`` are those of the forward step where ``op.kept`` asks for them, else ``ABSENT``. ``dy`` is
    the gradient by the output. ``dx`` has an array for each input whose gradient is wanted, else None; ``dw`` has an
    array for each weight and bias by name, or is empty where none is wanted. All of an array is to be filled; adding up
    what comes from several layers is the plan's work.
    """

    inputs: tuple[Array, ...]
    output: Array
    dy: Array
    dx: tuple[Array | None, ...]
    dw: Mapping[str, Array] = field(default_factory=dict)
    weights: Mapping[str, Array] = field(default_factory=dict)
    extras: Mapping[str, Array] = field(default_factory=dict)
    read_extras: tuple[Mapping[str, Array], ...] = ()
    training: bool = False
    scratch: Scratch = field(default_factory=Scratch)

    @property
    def x(self) -> Array:
        """The only, or first, input."""
        return self.inputs[0]


class Kernel(Generic[OpT]):
    """How one layer computes, forward and backward, at any batch size.

    It is made once, when the network is lowered, and takes its geometry from the op. ``algorithms`` names the ways in
    which it can compute, the usual one first.
    """

    algorithms: ClassVar[tuple[str, ...]] = ("plain",)

    def __init__(self, op: OpT, inputs: Types, output: TensorType) -> None:
        self.op = op
        self.input_types = inputs
        self.output_type = output
        self.algorithm = self.algorithms[0]
        """The one of ``algorithms`` for this layer; a kernel that has several chooses here."""

    def extras(self) -> tuple[Extra, ...]:
        """What the forward step leaves for the backward step; nothing by default."""
        return ()

    def forward(self, call: Forward) -> None:
        """Computes the output."""
        raise NotImplementedError

    def backward(self, call: Backward) -> None:
        """Computes the gradients by inputs and weights, from the gradient by the output."""
        raise NotImplementedError

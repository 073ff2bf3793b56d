"""How long the matrix of a part takes: counted in steps before any is made, for a request as a whole.

A step is about a nanosecond of one core. What counts is what each layer does in one forward step: the products of
weights and inputs, which are made in matrix products, many a step; and one by one, its other operations, or the numbers
that it gathers from its inputs where these are more. The factors below were measured.
"""

from __future__ import annotations

from math import prod
from typing import NamedTuple

from archanalyzer.executor.errors import ExecutorError
from archanalyzer.graph import (
    Arithmetic,
    IrregularWindow,
    NoPosition,
    Op,
    Reading,
    Readings,
    Rearranged,
    TensorType,
    Types,
    WholeAxis,
    Window,
)
from archanalyzer.passes.tensor_types import TensorTypes

MOST_STEPS = 2**33
"""For all of a request: some ten seconds."""
_PRODUCTS_A_STEP = 16
_STEPS_A_NUMBER = 2
"""For one that is gathered, added or compared."""
_STEPS_AN_ENTRY = 5
"""For each row and each column of a matrix, when a row or a column is computed: it is set, checked and looked through,
be it zero."""
_STEPS_A_POSITION = 1000
"""For each position of a window, which all outputs take in one call."""
_PIECES = 4
"""Times as long for numbers that are not read at regular distances, where no matrix product reads them."""
_MOST_LOOKED_AT = 4096
"""Outputs of which it is looked at what they read."""


class TakesTooLongError(ExecutorError):
    """What is asked for takes more steps than a request may."""


class Work(NamedTuple):
    """What the matrix of a part takes that has so many rows and columns, and makes a forward step in ``forward``."""

    forward: int
    rows: int
    columns: int

    @property
    def by_rows(self) -> int:
        """For all rows, each by a forward and a backward step."""
        return self.rows * (2 * self.forward + self._entries)

    @property
    def by_columns(self) -> int:
        """For all columns, each by a forward step."""
        return self.columns * (self.forward + self._entries)

    @property
    def _entries(self) -> int:
        return _STEPS_AN_ENTRY * (self.rows + self.columns)

    @property
    def a_column(self) -> int:
        """For one output, as for a column."""
        return self.forward + self._entries

    @property
    def at_least(self) -> int:
        """By columns where there are fewer, as far as that is open."""
        return self.by_columns if self.columns < self.rows else self.by_rows


def work_of(types: TensorTypes, rows: int, columns: int) -> Work:
    """What a network takes that has so many numbers of outputs and inputs."""
    return Work(sum(types.map(_steps)), rows, columns)


class Budget:
    """The steps that are left to a request."""

    def __init__(self, steps: int | None = None) -> None:
        """``steps`` are those that it may take, ``MOST_STEPS`` if not said."""
        self._left = MOST_STEPS if steps is None else steps

    def has(self, steps: int) -> bool:
        """Whether so many are left."""
        return steps <= self._left

    def take(self, steps: int, what: str) -> None:
        """Takes so many for ``what``.

        Raises:
            TakesTooLongError: they are not left.
        """
        if not self.has(steps):
            raise TakesTooLongError(f"{what} would take too long: try a smaller input")
        self._left -= steps


def _steps(op: Op, inputs: Types, output: TensorType) -> int:
    if not inputs:
        return 0
    declared = op.arithmetic(inputs, output)
    readings = op.readings(inputs, output)
    arithmetic = Arithmetic() if declared is None else declared
    products, others = (sum(count.total for count in each) for each in (arithmetic.macs, arithmetic.operations))
    positions = 0
    if readings is not None:
        positions = sum(map(_positions, readings))
        gathered = sum(_gathered(each, tensor, output) for each, tensor in zip(readings, inputs, strict=True))
        is_irregular = any(isinstance(each, IrregularWindow) for by_axis in readings for each in by_axis)
        gathered *= _PIECES if is_irregular and not products else 1
    else:  # nothing is stated: each output may read each input
        gathered = 0 if declared is not None else output.elements * sum(tensor.elements for tensor in inputs)
    numbers = max(others, gathered, output.elements)
    return products // _PRODUCTS_A_STEP + _STEPS_A_NUMBER * numbers + _STEPS_A_POSITION * positions


def _positions(readings: Readings) -> int:
    """How many positions a window has, all axes together."""
    if any(isinstance(each, NoPosition) for each in readings):
        return 0
    return prod(each.count for each in readings if isinstance(each, Window))


def _gathered(readings: Readings, tensor: TensorType, output: TensorType) -> int:
    """The numbers of an input that are read: of all output positions along the axes that decide which ones."""
    axes = {axis for each in readings for axis in _axes(each, output)}
    sizes = (_size(each, extent, output) for each, extent in zip(readings, tensor.shape, strict=True))
    return prod(sizes) * prod(output.shape[axis] for axis in axes)


def _axes(reading: Reading, output: TensorType) -> tuple[int, ...]:
    """The axes of the output of which each position reads for itself."""
    if isinstance(reading, WholeAxis | NoPosition | IrregularWindow):
        return ()
    if isinstance(reading, Rearranged):
        return tuple(range(len(output.shape))) if reading.axes is None else reading.axes
    return (reading.axis,)


def _size(reading: Reading, extent: int, output: TensorType) -> int:
    """The positions that one output position reads; all of them, by an irregular window."""
    if isinstance(reading, NoPosition):
        return 0
    if isinstance(reading, WholeAxis):
        return extent
    if isinstance(reading, Window):
        return reading.count
    if isinstance(reading, IrregularWindow):
        return _irregular(reading, output.shape[reading.axis])
    return 1


def _irregular(reading: IrregularWindow, outputs: int) -> int:
    """What all outputs read, once where several read the same, as the filters of a group do."""
    every = -(-outputs // _MOST_LOOKED_AT)
    return every * sum(map(len, {reading.reads(at) for at in range(0, outputs, every)}))

"""Readings spelt out: for one output position, the set of input positions that it reads.

Slow and obvious, for comparison with what is fast.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from archanalyzer.graph import (
    Digit,
    IrregularWindow,
    NoPosition,
    Op,
    Reading,
    Rearranged,
    TensorType,
    Types,
    WholeAxis,
    Window,
)

Position = tuple[int, ...]
Positions = frozenset[Position]


def positions(tensor: TensorType) -> Iterator[Position]:
    """Every position of a tensor, the last axis running fastest."""
    return product(*map(range, tensor.shape))


def readings_by_position(op: Op, inputs: Types, output: Position) -> tuple[Positions, ...]:
    """For each input, the positions that the output position reads.

    Raises:
        ValueError: the op does not state its readings.
    """
    by_input = op.readings(inputs, op.output_type(inputs))
    if by_input is None:
        raise ValueError(f"{op.name} does not state its readings")
    return tuple(
        frozenset(product(*(read_along(axis, *each, output) for axis, each in enumerate(_zipped(readings, tensor)))))
        for readings, tensor in zip(by_input, inputs, strict=True)
    )


def _zipped(readings: tuple[Reading, ...], tensor: TensorType) -> Iterator[tuple[Reading, int]]:
    return zip(readings, tensor.shape, strict=True)


def read_along(axis: int, reading: Reading, length: int, output: Position) -> list[int]:
    """The positions of one input axis that an output position reads; ``axis`` is for messages.

    Raises:
        ValueError: the reading says something that readings may not say.
    """
    match reading:
        case Window():
            first = output[reading.axis] * reading.stride + reading.offset
            starts = (first + k * reading.step for k in range(reading.count))
            quotients = (start // reading.upsampling for start in starts if start % reading.upsampling == 0)
            return [position for position in quotients if 0 <= position < length]
        case IrregularWindow():
            read = list(reading.reads(output[reading.axis]))
            if any(not 0 <= position < length for position in read):
                raise ValueError(f"axis {axis}: output position {output} reads {read}, outside of 0 to {length - 1}")
            return read
        case Digit():
            position = output[reading.axis] // reading.divisor % reading.modulus
            if reading.modulus != length:
                raise ValueError(f"axis {axis}, {length} long, is read modulo {reading.modulus}")
            return [position]
        case WholeAxis():
            return list(range(length))
        case NoPosition():
            return []
        case Rearranged():
            if reading.reads is None:
                raise ValueError(f"axis {axis} is rearranged without saying how")
            return [reading.reads(output)]

"""The windows of layers over the spatial axes of what they read, and how advice names layers and axes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from math import gcd
from typing import NamedTuple

from archanalyzer.diagnostics import enumerated
from archanalyzer.graph import Graph, IrregularWindow, Layer, Readings, Window
from archanalyzer.passes.analysis import analysis
from archanalyzer.passes.tensor_types import TensorTypes

MOST_NAMED = 4
MOST_TAPS_COUNTED = 1 << 12
"""Outputs of one layer of which it is counted what they read, at most."""


class Looking(NamedTuple):
    """A layer reading its input ``slot``, the layer ``source``, along ``axis``, of ``extent`` positions, by a window.

    ``outputs``: the positions of the layer along the axis of its own over which the window slides.
    """

    layer: Layer
    slot: int
    source: int
    axis: int
    extent: int
    outputs: int
    window: Window | IrregularWindow


class Windows(NamedTuple):
    """How every layer reads its inputs, None where that is not known, and all windows that are no mere shift."""

    readings: tuple[tuple[Readings, ...] | None, ...]
    looking: tuple[Looking, ...]


@analysis("windows")
def windows(graph: Graph, types: TensorTypes) -> Windows:
    """The windows over spatial axes that are larger than one position, or move by more or less than one."""
    readings = types.map(lambda op, inputs, output: op.readings(inputs, output))
    return Windows(readings, tuple(_looking(graph, types, readings)))


def _looking(graph: Graph, types: TensorTypes, readings: tuple[tuple[Readings, ...] | None, ...]) -> Iterator[Looking]:
    for layer, by_input in zip(graph.layers, readings, strict=True):
        output = types.outputs[layer.index].shape
        for slot, (source, reading) in enumerate(zip(layer.inputs, by_input or (), strict=bool(by_input))):
            for axis, window in enumerate(reading[1:], start=1):
                if isinstance(window, Window | IrregularWindow) and not is_shift(window):
                    extent = types.outputs[source].shape[axis]
                    yield Looking(layer, slot, source, axis, extent, output[window.axis], window)


def is_shift(window: Window | IrregularWindow) -> bool:
    """Whether each output, but for those at the ends, reads one position, and the next output the next position."""
    if isinstance(window, IrregularWindow):
        return window.only is not None or (window.regular is not None and is_shift(window.regular.window))
    return window.stride == window.upsampling == window.count == 1


def taps(window: Window, outputs: int) -> tuple[int, ...]:
    """How many positions each output reads, over one period of the outputs, as on an endless input."""
    period = window.upsampling // gcd(window.stride, window.upsampling)
    return tuple(len(window.reads(o)) for o in range(min(period, outputs, MOST_TAPS_COUNTED)))


def with_weights(types: TensorTypes) -> tuple[bool, ...]:
    """For every layer, whether it has weights, of its own or another's, that say how it looks."""
    return types.map(lambda op, inputs, output: bool(op.weights(inputs)))  # noqa: ARG005


def listed_names(names: Sequence[str]) -> str:
    """``a``, ``a and b``, ``a, b, c and 3 more``."""
    quoted = [f"`{name}`" for name in names]
    if len(quoted) > MOST_NAMED:
        quoted = [*quoted[: MOST_NAMED - 1], f"{len(quoted) - MOST_NAMED + 1:,} more"]
    return enumerated(quoted)


def joined(parts: Iterable[str]) -> str:
    """``height and width``; of what stands there twice, once."""
    return enumerated(dict.fromkeys(parts))

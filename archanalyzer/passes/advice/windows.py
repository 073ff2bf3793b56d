"""The windows of layers over the spatial axes of what they read, as advice looks at them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from archanalyzer.graph import Graph, IrregularWindow, Layer, Window
from archanalyzer.passes.tensor_types import TensorTypes


class Looking(NamedTuple):
    """A layer reading ``source`` along ``axis`` of its output, of ``extent`` positions, by a window."""

    layer: Layer
    source: int
    axis: int
    extent: int
    window: Window | IrregularWindow


def windows(graph: Graph, types: TensorTypes) -> Iterator[Looking]:
    """Every window over a spatial axis of something that has such axes."""
    readings = types.map(lambda op, inputs, output: op.readings(inputs, output))
    for layer, by_input in zip(graph.layers, readings, strict=True):
        for source, reading in zip(layer.inputs, by_input or (), strict=bool(by_input)):
            shape = types.outputs[source].shape
            for axis, window in enumerate(reading[1:], start=1):
                if isinstance(window, Window | IrregularWindow):
                    yield Looking(layer, source, axis, shape[axis], window)


def with_weights(types: TensorTypes) -> tuple[bool, ...]:
    """For every layer, whether it has weights of its own to learn, or shares another's."""
    owned = types.map(lambda op, inputs, output: bool(op.weights(inputs)))  # noqa: ARG005
    return tuple(own or layer.shares is not None for own, layer in zip(owned, types.graph.layers, strict=True))


def listed_names(names: list[str]) -> str:
    """``a``, ``a and b``, ``a, b and 3 more``."""
    quoted = [f"`{name}`" for name in names]
    if len(quoted) > MOST_NAMED:
        quoted = [*quoted[: MOST_NAMED - 1], f"{len(quoted) - MOST_NAMED + 1:,} more"]
    *others, last = quoted
    return f"{', '.join(others)} and {last}" if others else last


MOST_NAMED = 4


def axes_named(names: list[str]) -> str:
    """``height and width``."""
    *others, last = dict.fromkeys(names)
    return f"{', '.join(others)} and {last}" if others else last

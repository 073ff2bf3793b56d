"""Is every position looked at as often as its neighbours? Kernels that overlap unevenly, and fields with gaps."""

from __future__ import annotations

from collections.abc import Iterator
from math import gcd
from typing import NamedTuple

from archanalyzer.diagnostics import Diagnostic
from archanalyzer.diagnostics.rules.fields import GRIDDING, UNEVEN_OVERLAP
from archanalyzer.graph import Graph, Window
from archanalyzer.passes.advice.windows import axes_named, listed_names, windows, with_weights
from archanalyzer.passes.analysis import analysis
from archanalyzer.passes.fields.told import Told
from archanalyzer.passes.receptive_field import ReceptiveFields
from archanalyzer.passes.tensor_types import TensorTypes


class Evenness(NamedTuple):
    """Layers whose outputs overlap unevenly, and layers whose fields have gaps that nothing fills."""

    diagnostics: tuple[Diagnostic, ...]


@analysis("evenness", diagnostics=lambda evenness: evenness.diagnostics)
def evenness(graph: Graph, types: TensorTypes, fields: ReceptiveFields) -> Evenness:
    """Checkerboards of transposed convolutions, and grids of dilated ones."""
    return Evenness((*_uneven(graph, types), *_gridded(graph, types, fields)))


def taps(window: Window) -> tuple[int, ...]:
    """How many positions each output reads, over one period of the outputs, as on an endless input."""
    period = window.upsampling // gcd(window.stride, window.upsampling)
    return tuple(len(window.reads(o)) for o in range(period))


def _uneven(graph: Graph, types: TensorTypes) -> Iterator[Diagnostic]:
    """Layers with weights of which some outputs take part in more products than others."""
    learning = with_weights(types)
    by_layer: dict[int, list[tuple[str, tuple[int, ...]]]] = {}
    for each in windows(graph, types):
        if learning[each.layer.index] and isinstance(each.window, Window):
            numbers = taps(each.window)
            if len(set(numbers)) > 1:
                name = types.outputs[each.layer.index].axis_names[each.window.axis]
                by_layer.setdefault(each.layer.index, []).append((name, numbers))
    for index, found in by_layer.items():
        layer = graph.layers[index]
        numbers = found[0][1]
        message = (
            f"`{layer.name}` ({layer.op.name}): along the {axes_named([name for name, _ in found])}, outputs take "
            f"turns in reading {', '.join(map(str, numbers[:6]))}{', …' if len(numbers) > 6 else ''} positions"
        )
        stride = len(numbers)
        hint = f"a kernel that is a multiple of {stride}, the stride, or up-sampling by {stride} and a convolution"
        yield Diagnostic(UNEVEN_OVERLAP, message, layer.source, hint, layer.trail)


def _gridded(graph: Graph, types: TensorTypes, fields: ReceptiveFields) -> Iterator[Diagnostic]:
    """Layers whose fields have gaps while those of no layer that reads them have, nor does any fill them."""
    gaps = [next((each for each in told or () if _has_gaps(each)), None) for told in fields.told]
    handed_on: set[int] = set()
    for layer in graph.layers:
        for source in layer.inputs:
            if gaps[layer.index] is not None or _moves(fields.told[layer.index]):
                handed_on.add(source)
    ends = [index for index, gap in enumerate(gaps) if gap is not None and index not in handed_on]
    if not ends:
        return
    layer, told = graph.layers[ends[0]], gaps[ends[0]]
    if told is None:
        return
    axis = types.outputs[told.input].axis_names[told.axis]
    names = listed_names([graph.layers[index].name for index in ends])
    message = (
        f"{names}: a position sees {told.number} of the {told.size} positions that its field spans along the {axis}, "
        f"with gaps between them"
    )
    hint = (
        "dilations without a common factor fill the gaps, 1, 2, 5 rather than 2, 2, 2; so do strides below the kernel"
    )
    yield Diagnostic(GRIDDING, message, layer.source, hint, layer.trail)


def _has_gaps(told: Told) -> bool:
    return told.exact and told.number < told.size


def _moves(told: tuple[Told, ...] | None) -> bool:
    """Whether something is known of a layer that still moves with the position."""
    return bool(told) and any(each.stride for each in told or ())

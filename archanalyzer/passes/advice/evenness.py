"""Is every position looked at as often as its neighbours? Kernels that overlap unevenly, and fields with gaps.

What is told of checkerboards is their cause in what a network computes: outputs that are sums of unequally many
products. A convolution with a stride that doesn't divide its kernel does the same to gradients, of which some pixels
get more than others (Odena, Dumoulin & Olah 2016, "Deconvolution and Checkerboard Artifacts", Distill, on gradients).
That is not told: it is true of every 3×3 convolution with stride 2, and so of most networks that work well.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from math import gcd
from typing import NamedTuple, TypeAlias

from archanalyzer.diagnostics import Diagnostic, Note, enumerated
from archanalyzer.diagnostics.rules.fields import GRIDDING, UNEVEN_OVERLAP
from archanalyzer.graph import Graph, Layer, Window
from archanalyzer.passes.advice.windows import Looking, Windows, joined, listed_names, taps, with_weights
from archanalyzer.passes.analysis import analysis
from archanalyzer.passes.fields.field import Along, Fields
from archanalyzer.passes.fields.moving import Periodic
from archanalyzer.passes.receptive_field import ReceptiveFields
from archanalyzer.passes.tensor_types import TensorTypes

MOST_SHOWN = 6

Gaps: TypeAlias = dict[tuple[int, int], tuple[int, int]]
"""By input and axis, of a field with gaps: how many positions it has, and how many it spans."""


class Evenness(NamedTuple):
    """Layers whose outputs overlap unevenly, and layers whose fields have gaps that nothing fills, by their index."""

    uneven: tuple[int, ...]
    gridded: tuple[int, ...]
    diagnostics: tuple[Diagnostic, ...]


@analysis("evenness", diagnostics=lambda evenness: evenness.diagnostics)
def evenness(graph: Graph, types: TensorTypes, windows: Windows, fields: ReceptiveFields) -> Evenness:
    """Checkerboards of transposed convolutions, and grids of dilated ones."""
    uneven = _uneven(types, windows.looking)
    told = [_told_uneven(graph, index, found) for index, found in uneven.items()]
    gaps = _gaps_by_layer(fields)
    gridded = _gridded(graph, types, fields, windows, gaps)
    if gridded:
        told.append(_told_gridded(graph, types, windows, gridded, gaps))
    return Evenness(tuple(uneven), tuple(gridded), tuple(told))


# --- Outputs that are sums of more products than others


def _uneven(types: TensorTypes, every: Iterable[Looking]) -> dict[int, list[tuple[str, Window, tuple[int, ...]]]]:
    """Layers with weights, and by axis the windows of which some outputs read more positions than others.

    Of an input that is one position long, no output reads more than that.
    """
    learning = with_weights(types)
    by_layer: dict[int, list[tuple[str, Window, tuple[int, ...]]]] = {}
    for each in every:
        if learning[each.layer.index] and isinstance(each.window, Window) and each.extent > 1:
            numbers = taps(each.window, each.outputs)
            if len(set(numbers)) > 1:
                name = types.outputs[each.layer.index].axis_names[each.window.axis]
                by_layer.setdefault(each.layer.index, []).append((name, each.window, numbers))
    return by_layer


def _told_uneven(graph: Graph, index: int, found: Sequence[tuple[str, Window, tuple[int, ...]]]) -> Diagnostic:
    layer = graph.layers[index]
    turns, kernels = dict[str, list[str]](), dict[str, list[str]]()
    for name, window, numbers in found:
        turns.setdefault(_in_turns(numbers), []).append(name)
        kernels.setdefault(_even_kernels(window), []).append(name)
    told = "; ".join(
        f"along the {joined(names)}, outputs read by turns {each} positions" for each, names in turns.items()
    )
    if any(gcd(window.step, window.upsampling) > 1 for _, window, _ in found):
        hint = (
            "a dilation without a common factor with the stride, and a kernel that is a multiple of it, overlap evenly"
        )
    else:
        several = [f"{each} along the {joined(names)}" for each, names in kernels.items()]
        even = joined(several) if len(several) > 1 else next(iter(kernels))
        hint = f"a kernel of {even}, a multiple of the stride, overlaps evenly"
    hint += "; so does up-sampling with a convolution behind it"
    return Diagnostic(UNEVEN_OVERLAP, f"`{layer.name}` ({layer.op.name}): {told}", layer.source, hint, layer.trail)


def _in_turns(numbers: Sequence[int]) -> str:
    """``2 and 1``, ``2, 2 and 1``."""
    if len(numbers) > MOST_SHOWN:
        return f"{', '.join(map(str, numbers[:MOST_SHOWN]))}, …"
    return enumerated(map(str, numbers))


def _even_kernels(window: Window) -> str:
    """The kernels next to a window's that are multiples of the stride."""
    stride = window.upsampling // gcd(window.stride, window.upsampling)
    below = window.count // stride * stride
    return f"{below} or {below + stride}" if below else f"{stride}"


# --- Fields with gaps


def _gaps_by_layer(fields: ReceptiveFields) -> list[Gaps]:
    """The gaps in what places of each layer see; what ways make that look at different places is told elsewhere."""
    known: dict[int, Gaps] = {}
    for of_layer in fields.places:
        if id(of_layer) not in known:
            known[id(of_layer)] = _gaps(of_layer or ())
    return [known[id(of_layer)] for of_layer in fields.places]


def _gaps(of_layer: Fields) -> Gaps:
    found: Gaps = {}
    for field in of_layer:
        for along in field.axes:
            line = along.field
            sets = [seen for seen in line.sets() if seen.bits is not None]
            if sets and line.exact and line.aligned:
                widest = max(sets, key=lambda seen: seen.size - seen.number)
                found[field.input, along.axis] = widest.number, widest.size
    return found


def _gridded(
    graph: Graph, types: TensorTypes, fields: ReceptiveFields, windows: Windows, gaps: Sequence[Gaps]
) -> list[int]:
    """Layers with gaps in their fields that an output is left with, or what takes in all positions, as a global pool.

    A gate, as of squeeze-and-excitation, sees everything; what is filled behind it is not known, and so nothing told.
    """
    if not any(gaps):
        return []
    looking, outputs = {each.layer.index for each in windows.looking}, set(graph.outputs)
    takes_in_all = [len(layer.inputs) == 1 and _is_still(fields.places[layer.index]) for layer in graph.layers]
    readers: list[list[int]] = [[] for _ in graph.layers]
    for layer, sources in zip(graph.layers, types.sources(), strict=True):
        for source in sources:
            readers[source].append(layer.index)
    left = [False] * len(graph.layers)
    for index, found in reversed(list(enumerate(gaps))):
        handing_on = [each for each in readers[index] if each not in looking and found.keys() & gaps[each].keys()]
        left[index] = index in outputs or any(left[each] for each in handing_on)
        left[index] |= bool(readers[index]) and all(takes_in_all[each] for each in readers[index])
    return [index for index, found in enumerate(gaps) if found and index in looking and left[index]]


def _is_still(of_layer: Fields | None) -> bool:
    """Whether it is certain that all positions see the same."""
    if of_layer is None:
        return False
    return not any(_moves(along) for field in of_layer for along in field.axes)


def _moves(along: Along) -> bool:
    moving = along.field.endless
    still = isinstance(moving, Periodic) and moving.advance == 0
    return along.along is not None and along.field.positions > 1 and not still


def _told_gridded(
    graph: Graph, types: TensorTypes, windows: Windows, gridded: Sequence[int], gaps: Sequence[Gaps]
) -> Diagnostic:
    """One diagnostic for all layers, at the first of them."""
    layer = graph.layers[gridded[0]]
    (index, axis), (number, size) = next(iter(gaps[layer.index].items()))
    axes = [axis for (source, axis), seen in gaps[layer.index].items() if source == index and seen == (number, size)]
    along = joined(types.outputs[index].axis_names[axis] for axis in axes)
    first = "at the first of them, a position" if len(gridded) > 1 else "a position"
    message = (
        f"{listed_names([graph.layers[each].name for each in gridded])}: along the {along} of "
        f"`{graph.layers[index].name}`, {first} sees {number:,} of the {size:,} positions that its field spans"
    )
    hint, notes = _cause(graph, windows, _arising(graph, gaps, layer.index, (index, axis)))
    return Diagnostic(GRIDDING, message, layer.source, hint, layer.trail, notes)


def _arising(graph: Graph, gaps: Sequence[Gaps], index: int, axis: tuple[int, int]) -> int:
    """The layer in which gaps along an axis arise that another is left with: what it reads has none."""
    while sources := [source for source in graph.layers[index].inputs if axis in gaps[source]]:
        index = sources[0]
    return index


def _cause(graph: Graph, windows: Windows, arising: int) -> tuple[str | None, tuple[Note, ...]]:
    """What makes gaps in a layer, as a hint and a note: its dilation, or a stride over more than a window, before it.

    There are others, as rows that a reshape cuts up; then nothing is said.
    """
    by_layer: dict[int, list[Window]] = {}
    for each in windows.looking:
        if isinstance(each.window, Window):
            by_layer.setdefault(each.layer.index, []).append(each.window)
    layer = graph.layers[arising]
    dilation = max((each.step // each.upsampling for each in by_layer.get(arising, ()) if each.count > 1), default=1)
    if dilation > 1:
        note = f"gaps arise in {layer.name}: its taps lie {dilation:,} positions apart"
        return (
            "let the taps of a kernel be no further apart than what each of them sees: dilations of 1, 2 and 5 leave "
            "no gaps, those of 2, 2 and 2 do"
        ), (Note(note, layer.source),)
    for before in _behind(graph, arising):
        for window in by_layer.get(before.index, ()):
            spanned = (window.count - 1) * window.step + 1
            if window.upsampling == 1 and window.stride > spanned:
                note = (
                    f"gaps arise from {before.name}: it moves on by {window.stride:,} positions and spans {spanned:,}"
                )
                return f"give `{before.name}` a stride no larger than its kernel", (Note(note, before.source),)
    return None, ()


def _behind(graph: Graph, index: int) -> Iterator[Layer]:
    """The layers that a layer reads, directly or through others, the last ones first."""
    reached = set(graph.layers[index].inputs)
    for layer in reversed(graph.layers[:index]):
        if layer.index in reached:
            reached.update(layer.inputs)
            yield layer

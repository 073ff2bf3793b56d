"""Which positions does nobody look at? Rows that a stride lets fall, and those that no output of the network sees."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from archanalyzer.diagnostics import Diagnostic
from archanalyzer.diagnostics.rules.fields import DROPPED_BY_A_STRIDE, UNSEEN_POSITIONS
from archanalyzer.graph import Graph, IrregularWindow, Misfit, TensorType, Window, shown_shape
from archanalyzer.passes.advice.sizes import FittingSizes
from archanalyzer.passes.advice.windows import Looking, Windows, joined
from archanalyzer.passes.analysis import analysis
from archanalyzer.passes.fields.moving import TooMany
from archanalyzer.passes.fields.positions import NOWHERE, Positions, TooWide, interval, union
from archanalyzer.passes.receptive_field import ReceptiveFields
from archanalyzer.passes.tensor_types import TensorTypes

MOST_RUNS_SHOWN = 3
MOST_EXTENTS_TRIED = 64


class Reach(NamedTuple):
    """What no output sees, by input and axis, and what is dropped on the way."""

    unseen: dict[tuple[int, int], Positions]
    diagnostics: tuple[Diagnostic, ...]


@analysis("reach", diagnostics=lambda reach: reach.diagnostics)
def reach(graph: Graph, types: TensorTypes, windows: Windows, fields: ReceptiveFields, fitting: FittingSizes) -> Reach:
    """Positions that a stride lets fall, and positions of inputs that no output sees."""
    unseen = {axis: missing for axis, missing in _unseen(graph, types, fields) if missing.size}
    told = _told_unseen(graph, types, unseen)
    return Reach(unseen, (*_dropped(graph, types, windows, fitting), *told))


# --- What a stride lets fall


class Dropped(NamedTuple):
    """Of what ``looking`` reads, whose axis has this name, the last ``left`` positions fall off."""

    looking: Looking
    name: str
    left: int

    @property
    def last(self) -> str:
        return "the last position" if self.left == 1 else f"the last {self.left:,} positions"


def _dropped(graph: Graph, types: TensorTypes, windows: Windows, fitting: FittingSizes) -> Iterator[Diagnostic]:
    """For each layer that lets some fall, how many positions are left over behind its last window."""
    by_layer: dict[tuple[int, int], list[Dropped]] = {}
    for each in windows.looking:
        left = left_over(each.window, each.extent, each.outputs)
        if left:
            name = types.outputs[each.source].axis_names[each.axis]
            by_layer.setdefault((each.layer.index, each.source), []).append(Dropped(each, name, left))
    for (index, source), found in by_layer.items():
        layer = graph.layers[index]
        lasts = {each.last: [other.name for other in found if other.left == each.left] for each in found}
        fallen = joined(f"{last} along the {joined(names)}" for last, names in lasts.items())
        message = f"`{layer.name}` ({layer.op.name}) never reads {fallen} of {shown_shape(types.outputs[source].shape)}"
        hint = _mended(types, found, fitting, of_input=source in graph.inputs)
        yield Diagnostic(DROPPED_BY_A_STRIDE, message, layer.source, hint, layer.trail)


def left_over(window: Window | IrregularWindow, extent: int, outputs: int) -> int:
    """Positions behind the last window, beyond those that any two windows leave between them."""
    if not isinstance(window, Window) or window.upsampling > 1 or window.stride == 1:
        return 0
    between = max(window.stride - (window.count - 1) * window.step - 1, 0)
    return max(extent - 1 - window.reads(outputs - 1)[-1] - between, 0)


def _mended(types: TensorTypes, found: Sequence[Dropped], fitting: FittingSizes, *, of_input: bool) -> str:
    """What would mend it: padding, or the nearest extents of what is read of which nothing is left over.

    Of an input of the network, those at which the network fits.
    """
    names: dict[tuple[int, ...], list[str]] = {}
    for each in found:
        extents = _extents_without_rest(types, each)
        if of_input:
            extents = tuple(
                extent for extent in extents if fitting.allow(each.looking.source, each.looking.axis, extent)
            )
        names.setdefault(extents, []).append(each.name)
    sizes = [f"a {joined(those)} of {' or '.join(map(str, extents))}" for extents, those in names.items() if extents]
    where = "here" if of_input else "of what it reads,"
    return f"pad the end, or choose sizes of which nothing is left over{f': {where} {joined(sizes)}' if sizes else ''}"


def _extents_without_rest(types: TensorTypes, dropped: Dropped) -> tuple[int, ...]:
    """The next smaller and the next larger extent of which nothing is left over, as far as there are such near by."""
    extent, window = dropped.looking.extent, dropped.looking.window
    most = min(window.stride if isinstance(window, Window) else 0, MOST_EXTENTS_TRIED)
    smaller, larger = range(extent - 1, max(extent - most, 0), -1), range(extent + 1, extent + most)
    nearest = (next((each for each in those if _has_no_rest(types, dropped, each)), 0) for those in (smaller, larger))
    return tuple(filter(None, nearest))


def _has_no_rest(types: TensorTypes, dropped: Dropped, extent: int) -> bool:
    """Whether a layer reads all of an axis of another extent."""
    layer, slot, _, axis, *_ = dropped.looking
    inputs = list(types.inputs(layer))
    shape = inputs[slot].shape
    inputs[slot] = TensorType((*shape[:axis], extent, *shape[axis + 1 :]))
    try:
        output = layer.op.output_type(tuple(inputs))
        readings = layer.op.readings(tuple(inputs), output)
    except Misfit:
        return False
    reading = readings[slot][axis] if readings else None
    return isinstance(reading, Window) and left_over(reading, extent, output.shape[reading.axis]) == 0


# --- What no output sees


def _unseen(graph: Graph, types: TensorTypes, fields: ReceptiveFields) -> Iterator[tuple[tuple[int, int], Positions]]:
    """By input and axis, what no output sees; of an input that no output sees at all, nothing."""
    for index in graph.inputs:
        shape = types.outputs[index].shape
        missing = {(index, axis): _never_seen(graph, fields, index, axis, shape[axis]) for axis in range(1, len(shape))}
        if all(unseen.number < shape[axis] for (_, axis), unseen in missing.items()):
            yield from missing.items()


def _never_seen(graph: Graph, fields: ReceptiveFields, index: int, axis: int, extent: int) -> Positions:
    """What no output sees of an axis; nothing where that is not known."""
    every = [fields.places[output] for output in graph.outputs]
    lines = [field.axes[axis - 1].field for each in every for field in each or () if field.input == index]
    everything = interval(0, extent)
    if None in every:
        return NOWHERE
    try:
        seen = (line.together() if line.exact else line.in_all or everything for line in lines)
        return everything.without(union(seen))
    except (TooMany, TooWide):
        return NOWHERE


def _told_unseen(graph: Graph, types: TensorTypes, unseen: dict[tuple[int, int], Positions]) -> Iterator[Diagnostic]:
    """One diagnostic for each input."""
    for index in dict.fromkeys(index for index, _ in unseen):
        layer, tensor = graph.layers[index], types.outputs[index]
        names: dict[str, list[str]] = {}
        for (source, axis), missing in unseen.items():
            if source == index:
                names.setdefault(_shown(missing, tensor.shape[axis]), []).append(tensor.axis_names[axis])
        told = joined(f"{positions} along the {joined(axes)}" for positions, axes in names.items())
        hint = "let windows reach them: pad the ends, choose another size, or a stride up to the extent of the kernel"
        yield Diagnostic(UNSEEN_POSITIONS, f"no output sees {told} of `{layer.name}`", layer.source, hint)


def _shown(unseen: Positions, extent: int) -> str:
    """``the last 5 positions``, ``positions 0 to 3 and 14``, ``positions 1, 3, 5 and 4 more``."""
    runs = list(unseen.runs())
    if len(runs) == 1 and (runs[0].start == 0 or runs[0].stop == extent):
        which = "last" if runs[0].start else "first"
        return f"the {which} position" if unseen.number == 1 else f"the {which} {unseen.number:,} positions"
    parts = [str(run.start) if run.size == 1 else f"{run.start} to {run.stop - 1}" for run in runs[:MOST_RUNS_SHOWN]]
    more = sum(run.number for run in runs[MOST_RUNS_SHOWN:])
    told = joined((*parts, f"{more:,} more") if more else parts)
    return f"position{'s' if unseen.number > 1 else ''} {told}"

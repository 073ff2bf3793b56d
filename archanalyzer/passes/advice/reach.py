"""Which positions does nobody look at? Rows that a stride lets fall, and those that no output of the network sees."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from archanalyzer.diagnostics import Diagnostic
from archanalyzer.diagnostics.rules.fields import DROPPED_BY_A_STRIDE, UNSEEN_POSITIONS
from archanalyzer.graph import Graph, Window, shown_shape
from archanalyzer.passes.advice.windows import Looking, axes_named, windows
from archanalyzer.passes.analysis import analysis
from archanalyzer.passes.fields.moving import TooMany
from archanalyzer.passes.fields.positions import NOWHERE, Positions, TooWide, interval, union
from archanalyzer.passes.receptive_field import ReceptiveFields
from archanalyzer.passes.tensor_types import TensorTypes

MOST_RUNS_SHOWN = 3


class Reach(NamedTuple):
    """What is dropped on the way, and what no output sees."""

    diagnostics: tuple[Diagnostic, ...]


@analysis("reach", diagnostics=lambda reach: reach.diagnostics)
def reach(graph: Graph, types: TensorTypes, fields: ReceptiveFields) -> Reach:
    """Positions that a stride lets fall, and positions of inputs that no output sees."""
    return Reach((*_dropped(graph, types), *_unseen(graph, types, fields)))


def _dropped(graph: Graph, types: TensorTypes) -> Iterator[Diagnostic]:
    """For each layer that lets some fall, how many positions are left over behind its last window."""
    by_layer: dict[int, list[tuple[Looking, int]]] = {}
    for each in windows(graph, types):
        left = _left_over(each, types.outputs[each.layer.index].shape)
        if left > 0:
            by_layer.setdefault(each.layer.index, []).append((each, left))
    for index, found in by_layer.items():
        layer, source = graph.layers[index], types.outputs[found[0][0].source]
        names = source.axis_names
        fallen = axes_named([f"the last {_positions(left)} along the {names[each.axis]}" for each, left in found])
        strides = sorted({each.window.stride for each, _ in found if isinstance(each.window, Window)})
        message = f"`{layer.name}` ({layer.op.name}) never reads {fallen} of {shown_shape(source.shape)}"
        hint = (
            f"its stride, {' and '.join(map(str, strides))}, does not reach them; pad the end, or choose another size"
        )
        yield Diagnostic(DROPPED_BY_A_STRIDE, message, layer.source, hint, layer.trail)


def _positions(number: int) -> str:
    return "position" if number == 1 else f"{number} positions"


def _left_over(looking: Looking, output: Sequence[int]) -> int:
    """Positions behind the last window, beyond those that any two windows leave between them."""
    window = looking.window
    if not isinstance(window, Window) or window.stride <= window.upsampling:
        return 0
    last = window.reads(output[window.axis] - 1)
    between = max(window.stride - (window.count - 1) * window.step - 1, 0)
    return looking.extent - 1 - last[-1] - between if last else 0


def _unseen(graph: Graph, types: TensorTypes, fields: ReceptiveFields) -> Iterator[Diagnostic]:
    """For each input, what no output of the network sees, along each axis; of an input that no output sees, nothing."""
    for index in graph.inputs:
        missing = [
            (axis, unseen)
            for axis in range(1, len(types.outputs[index].shape))
            if (unseen := _never_seen(graph, types, fields, index, axis)).size
        ]
        if missing and all(unseen.number < types.outputs[index].shape[axis] for axis, unseen in missing):
            names = types.outputs[index].axis_names
            told = " and ".join(f"{_shown(unseen)} along the {names[axis]}" for axis, unseen in missing)
            layer = graph.layers[index]
            message = f"no output sees {told} of `{layer.name}`"
            hint = "a stride larger than its kernel, or a crop, lets them fall on every way"
            yield Diagnostic(UNSEEN_POSITIONS, message, layer.source, hint)


def _never_seen(graph: Graph, types: TensorTypes, fields: ReceptiveFields, index: int, axis: int) -> Positions:
    """What no output sees of an axis; nothing where that is not known."""
    everything = interval(0, types.outputs[index].shape[axis])
    seen: list[Positions] = []
    for output in graph.outputs:
        of_output = fields.places[output]
        if of_output is None:
            return NOWHERE
        for field in (each for each in of_output if each.input == index):
            line = field.axes[axis - 1].field
            try:
                seen.append(line.together() if line.exact else line.in_all or everything)
            except (TooMany, TooWide):
                return NOWHERE
    return everything.without(union(seen))


def _shown(unseen: Positions) -> str:
    """``position 14``, ``positions 0 to 3``, ``7 positions, 1, 3, 5, …``."""
    runs = list(unseen.runs())
    shown = ", ".join(
        str(run.start) if run.size == 1 else f"{run.start} to {run.stop - 1}" for run in runs[:MOST_RUNS_SHOWN]
    )
    if len(runs) > MOST_RUNS_SHOWN:
        return f"{unseen.number:,} positions, {shown}, …,"
    return f"position{'s' if unseen.number > 1 else ''} {shown}"

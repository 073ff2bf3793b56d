"""Which layers look at nothing new, and for which sizes of the input would all of them be of use?

After Richter, Schöning, Wiedenroth & Krumnack 2021, "Should You Go Deeper? Optimizing Convolutional Neural Network
Architectures without Training by Receptive Field Analysis" (arXiv:2106.12307), and its toolbox: a layer whose window is
larger than one position is unproductive where the field of what it reads, on the narrowest way, is larger than the
input. From the smallest feasible size on no layer is; up to the largest one, some position sees the whole input. Layers
without weights don't count, as pools and up-samplings; and of sizes, those that fit, if any in that range do.

Both are told axis by axis. A layer is unproductive if that is so along every axis along which its window is larger than
one, and of every input that moves under it. An input that has one position alone, as a generator's noise, is no image
that windows could look at; and on a way that moves by no one stride, as behind a pool or a resizing to a given size, as
much is seen as the input is large, which is never more than there is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, TypeAlias

from archanalyzer.diagnostics import Diagnostic
from archanalyzer.diagnostics.rules.fields import UNPRODUCTIVE_LAYER
from archanalyzer.graph import Graph, Layer, Window, shown_shape
from archanalyzer.passes.advice.sizes import FittingSizes
from archanalyzer.passes.advice.ways import InputAxis, Sight, sights
from archanalyzer.passes.advice.windows import Windows, listed_names, taps, with_weights
from archanalyzer.passes.analysis import Kind, Total, analysis
from archanalyzer.passes.fields.told import Told
from archanalyzer.passes.receptive_field import ReceptiveFields
from archanalyzer.passes.tensor_types import TensorTypes

Images: TypeAlias = dict[int, tuple[int, ...]]
"""The inputs that windows can look at, and their extents: those with more than one position."""


class Feasible(NamedTuple):
    """For one input, an extent an axis: the smallest and the largest feasible one."""

    input: int
    smallest: tuple[int, ...]
    largest: tuple[int, ...]


class Seen(NamedTuple):
    """How much of one axis of an input is seen by what a layer reads, on the narrowest way.

    ``widened``: whether the layer's window is larger than one position along that axis.
    """

    size: int
    widened: bool


class View(NamedTuple):
    """A layer whose window is larger than one position, and what of the inputs comes under it, axis by axis."""

    layer: Layer
    by_input: dict[int, tuple[Seen, ...]]

    def is_useless(self, images: Images) -> bool:
        """Whether along every axis along which the window takes in neighbours, all is seen already."""
        widened = [
            seen.size > extent
            for index, axes in self.by_input.items()
            for seen, extent in zip(axes, images[index], strict=True)
            if seen.widened
        ]
        return bool(widened) and all(widened)


class Productivity(NamedTuple):
    """The layers that look at nothing new, by their index, and the feasible sizes of the inputs that layers look at.

    There are no sizes where it is not known of some such layer what it sees.
    """

    graph: Graph
    unproductive: tuple[int, ...]
    feasible: tuple[Feasible, ...]
    diagnostics: tuple[Diagnostic, ...]

    def sizes(self) -> dict[str, Any] | None:
        """The feasible sizes as plain data, by input."""
        by_input = {
            self.graph.layers[each.input].name: {"smallest": list(each.smallest), "largest": list(each.largest)}
            for each in self.feasible
        }
        return by_input or None


@analysis(
    "productivity",
    totals=[
        Total(
            "feasible_input_sizes",
            "feasible inputs",
            "For each input, of the sizes that fit, the smallest at which every window of a layer with weights takes "
            "in something new, and the largest at which some position sees all of it (Richter et al. 2021).",
            Productivity.sizes,
            Kind.DATA,
        )
    ],
    diagnostics=lambda productivity: productivity.diagnostics,
)
def productivity(
    graph: Graph, types: TensorTypes, windows: Windows, fields: ReceptiveFields, fitting: FittingSizes
) -> Productivity:
    """Layers that look at nothing new, and the sizes of inputs for which there are none."""
    spatial = ((index, types.outputs[index].spatial) for index in graph.inputs)
    images = {index: extents for index, extents in spatial if any(extent > 1 for extent in extents)}
    wide = _wide(types, windows)
    seen = sights(types, windows, fields, max(wide) + 1) if wide and images else []
    views = [_view(graph.layers[index], axes, images, seen) for index, axes in wide.items()] if seen else []
    known = [view for view in views if view is not None]
    useless = [view for view in known if view.is_useless(images)]
    bounds = tuple(_feasible(fields, images, seen, known)) if len(known) == len(views) else ()
    feasible = _of_fitting(bounds, fitting)
    told = (_told(graph, images, useless, feasible),) if useless else ()
    return Productivity(graph, tuple(view.layer.index for view in useless), feasible, told)


def _wide(types: TensorTypes, windows: Windows) -> dict[int, set[tuple[int, int]]]:
    """Layers that learn something of several neighbouring positions: which layer they read, and along which axis."""
    learning = with_weights(types)
    wide: dict[int, set[tuple[int, int]]] = {}
    for each in windows.looking:
        window = each.window
        if learning[each.layer.index] and isinstance(window, Window) and max(taps(window, each.outputs)) > 1:
            wide.setdefault(each.layer.index, set()).add((each.source, each.axis))
    return wide


def _view(layer: Layer, wide: set[tuple[int, int]], images: Images, seen: Sequence[Sight | None]) -> View | None:
    """What a layer looks at; None where that is not known."""
    by_axis: dict[InputAxis, Seen] = {}
    for source in {source for source, _ in wide}:
        sight = seen[source]
        if sight is None:
            return None
        for axis, ways in sight.items():
            if any(way.lost for way in ways):
                return None
            narrowest = min(ways, key=lambda way: way.least)
            widened = (source, narrowest.along) in wide and all(way.pace is not None for way in ways)
            found = Seen(narrowest.least, widened)
            by_axis[axis] = min(by_axis.get(axis, found), found)
    inputs = sorted({index for index, _ in by_axis if index in images})
    axes = {index: range(1, len(images[index]) + 1) for index in inputs}
    return View(layer, {index: tuple(by_axis[index, axis] for axis in axes[index]) for index in inputs})


def _feasible(
    fields: ReceptiveFields, images: Images, seen: Sequence[Sight | None], views: Sequence[View]
) -> Iterator[Feasible]:
    """The smallest size is the most that any window's input sees; the largest, the most that any window sees.

    An input is left out of which a layer's field is not known, or of which no layer's moves along some axis.
    """
    smallest = {index: [1] * len(extents) for index, extents in images.items()}
    largest = {index: [0] * len(extents) for index, extents in images.items()}
    unknown: set[int] = set()
    for view in views:
        for index, axes in view.by_input.items():
            smallest[index] = [
                max(least, each.size) if each.widened else least
                for least, each in zip(smallest[index], axes, strict=True)
            ]
        for told in (each for each in fields.told[view.layer.index] or () if each.input in images):
            most = _most(told, seen[view.layer.index])
            largest[told.input][told.axis - 1] = max(most, largest[told.input][told.axis - 1])
            if not told.exact:
                unknown.add(told.input)
    for index in images:
        if index not in unknown and all(largest[index]):
            yield Feasible(index, tuple(smallest[index]), tuple(largest[index]))


def _of_fitting(bounds: Sequence[Feasible], fitting: FittingSizes) -> tuple[Feasible, ...]:
    """The same from the first to the last size that fits; as they are where none does, or it isn't known which do.

    Axes that must be of one size are limited together.
    """
    smallest = {(each.input, axis): size for each in bounds for axis, size in enumerate(each.smallest, start=1)}
    largest = {(each.input, axis): size for each in bounds for axis, size in enumerate(each.largest, start=1)}
    for sizes, group in ((fit.sizes, group) for fit in fitting.fits for group in fit.groups):
        axes = [axis for axis in group if axis in smallest]
        least = sizes.above(max((smallest[axis] for axis in axes), default=1))
        most = sizes.below(min((largest[axis] for axis in axes), default=1))
        if least is not None and most is not None and least <= most:
            smallest.update(dict.fromkeys(axes, least))
            largest.update(dict.fromkeys(axes, most))
    return tuple(
        Feasible(
            each.input,
            tuple(smallest[each.input, axis] for axis in range(1, len(each.smallest) + 1)),
            tuple(largest[each.input, axis] for axis in range(1, len(each.largest) + 1)),
        )
        for each in bounds
    )


def _most(told: Told, seen: Sight | None) -> int:
    """How much of an axis a position of a layer sees at most; 0 where that doesn't move with the position.

    Where it doesn't, or by no one stride, it is what is seen on the widest of those ways that do.
    """
    if told.stride:
        return told.size
    ways = (seen or {}).get((told.input, told.axis), ())
    return max((way.most for way in ways if way.pace is not None), default=0)


def _told(graph: Graph, images: Images, useless: Sequence[View], feasible: Sequence[Feasible]) -> Diagnostic:
    """One diagnostic for all layers that look at nothing new, at the first of them."""
    layer, by_input = useless[0]
    several = len(useless) > 1
    index, axes = next(pair for pair in by_input.items() if any(each.widened for each in pair[1]))
    seen = shown_shape(each.size if each.widened else extent for each, extent in zip(axes, images[index], strict=True))
    message = (
        f"{listed_names([view.layer.name for view in useless])}: what {'they read' if several else 'it reads'} already "
        f"sees {seen} positions{', at the first of them' if several else ''}, more than the "
        f"{shown_shape(images[index])} of `{graph.layers[index].name}`"
    )
    sizes = next((shown_shape(each.smallest) for each in feasible if each.input == index), "")
    larger = f"; at {sizes} or more, every window takes in something new" if sizes else ""
    hint = f"leave {'them' if several else 'it'} out, or down-sample less and later{larger}"
    return Diagnostic(UNPRODUCTIVE_LAYER, message, layer.source, hint, layer.trail)

"""What is to be drawn of a receptive field: the planes of the inputs, what shades them, and the words above."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from archanalyzer.passes.fields.by_hand import ByHand
from archanalyzer.passes.fields.crossing import along
from archanalyzer.passes.fields.reading_back import Places, first_place_axis
from archanalyzer.report.field_weights import Effective, count_text, counted, size_in_full
from archanalyzer.report.field_words import place_text
from archanalyzer.report.text import plural


class Picture(NamedTuple):
    """One input of the network as a place sees it.

    ``extent``: the input's along each axis. ``field``: along each axis, from where to where it reaches on an endless
    input, the stop not included. ``weights``: what shades the positions of the actual input, ``what`` they are.
    ``level``: the weight at which a line is drawn, None for none.
    """

    name: str
    axes: tuple[str, ...]
    extent: tuple[int, ...]
    field: tuple[tuple[int, int], ...]
    weights: Places
    what: str
    level: float | None = None


def pictures(way: ByHand, paths: Mapping[int, Places], effective: Effective | None) -> list[Picture]:
    """The inputs that a place sees, shaded by its paths, or where there is one, by its effective field."""
    if effective is None:
        return [_picture(way, index, weights, "paths from a position") for index, weights in paths.items()]
    what = f"weight of a position, {effective.origin.partition(';')[0]} weights"
    return [
        _picture(way, index, weights, what)._replace(level=effective.threshold * float(weights.numbers.max()))
        for index, weights in effective.weights.items()
    ]


def _picture(way: ByHand, index: int, weights: Places, what: str) -> Picture:
    shape, names = way.types.outputs[index].shape, way.types.outputs[index].axis_names
    first = first_place_axis(shape)
    region = way.asked(index).endless or way.asked(index).real
    seen = (along(region, axis) for axis in range(first, len(shape)))
    field = tuple((each.start, each.stop) for each in seen)
    return Picture(way.graph.layers[index].name, names[first:], shape[first:], field, weights, what)


def title(way: ByHand) -> str:
    """``vgg16: block5/max_pool2d at 3×3``."""
    return f"{way.graph.name}: {way.graph.layers[way.layer].name} at {place_text(way.place)}"


def subtitle(paths: Mapping[int, Places], effective: Effective | None) -> str:
    """How many paths there are, or how large the effective field is; input by input."""
    if effective is None:
        told = [
            f"{_rounded(one.total)} paths, half of them from {plural(one.half, 'position')}" for one in counted(paths)
        ]
    else:
        told = [f"effective field {size_in_full(effective.size(index))}" for index in effective.weights]
    return "; ".join(told)


def _rounded(count: int) -> str:
    """Exact up to seven digits."""
    return count_text(count, most_digits=7)

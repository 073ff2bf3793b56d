"""What is to be drawn of a receptive field: the planes of the inputs, what shades them, and the words above."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from archanalyzer.passes.fields.by_hand import ByHand
from archanalyzer.passes.fields.reading_back import Places, first_place_axis
from archanalyzer.passes.fields.walking import along
from archanalyzer.report.field.weights import Effective, count_text, counted, size_in_full
from archanalyzer.report.field.words import place_text
from archanalyzer.report.text import plural

_MOST_DRAWN = 10**300


class Picture(NamedTuple):
    """One input of the network as a place sees it.

    ``extent``: the input's along each axis. ``field``: along each axis, from where to where it reaches on an endless
    input, the stop not included. ``weights``: what shades the positions of the actual input, ``what`` they are.
    ``level``: the weight at which a line is drawn, None for none; then weights are relative to the largest. ``sums``:
    what the weights are where they are added up along the axes that are not shown.
    """

    name: str
    axes: tuple[str, ...]
    extent: tuple[int, ...]
    field: tuple[tuple[int, int], ...]
    weights: Places
    what: str
    level: float | None = None
    sums: str = "weights, added up along the axes not shown"

    @property
    def above(self) -> tuple[tuple[int, int], ...]:
        """Along each axis, from where to where weights reach the level; the field where there is none."""
        if self.level is None:
            return self.field
        start, numbers = self.weights
        box = Places(start, (numbers >= self.level) & (numbers > 0)).trimmed()
        return self.field if box is None else tuple((each.start, each.stop) for each in box.ranges)


def pictures(way: ByHand, paths: Mapping[int, Places], effective: Effective | None) -> list[Picture]:
    """The inputs that a place sees, shaded by its paths, or where there is one, by its effective field."""
    if effective is None:
        return [_of_paths(way, index, counts) for index, counts in paths.items()]
    which = f"{effective.origin.partition(';')[0]} weights"
    shown = []
    for index, (start, numbers) in effective.weights.items():
        relative = Places(start, numbers / numbers.max())
        picture = _picture(way, index, relative, f"part of the largest weight, {which}")
        sums = f"part of the largest sum along the axes not shown, {which}"
        shown.append(picture._replace(level=effective.threshold, sums=sums))
    return shown


def _of_paths(way: ByHand, index: int, counts: Places) -> Picture:
    """Counts beyond doubles are drawn as parts of the largest."""
    largest = int(counts.numbers.max())
    if largest <= _MOST_DRAWN:
        sums = "paths from all positions along the axes not shown"
        return _picture(way, index, counts, "paths from a position")._replace(sums=sums)
    parts = np.reshape([int(each) / largest for each in counts.numbers.ravel()], counts.numbers.shape)
    picture = _picture(way, index, Places(counts.start, parts), "paths from a position, part of the most")
    return picture._replace(sums="paths, added up along the axes not shown")


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


def subtitle(way: ByHand, paths: Mapping[int, Places], effective: Effective | None) -> str:
    """How many paths there are, or how large the effective field is; of each input, where there are several."""
    if effective is None:
        told = {one.input: f"{_counted(one.total)}, half from {plural(one.half, 'position')}" for one in counted(paths)}
    else:
        told = {index: f"effective field {size_in_full(effective.size(index))}" for index in effective.weights}
    if len(told) == 1:
        return next(iter(told.values()))
    return "; ".join(f"{way.graph.layers[index].name}: {text}" for index, text in told.items())


def _counted(paths: int) -> str:
    """Exact up to seven digits."""
    return f"{count_text(paths, most_digits=7)} path{'s' if paths != 1 else ''}"

"""Fields that cannot be told axis by axis, told by walking back from each position."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from math import prod

from archanalyzer.graph import Graph
from archanalyzer.passes.fields.axis_field import at_most, bound, constant
from archanalyzer.passes.fields.field import Along, Field, Fields, listed_field
from archanalyzer.passes.fields.moving import TooMany
from archanalyzer.passes.fields.positions import NOWHERE, Positions, TooWide, interval
from archanalyzer.passes.fields.walking import Walk, walk_back
from archanalyzer.passes.tensor_types import TensorTypes

MOST_VISITS = 100_000
"""Layers visited by all walks together, at most; a visit takes some ten microseconds."""


class Recounter:
    """Walks back from positions, as long as not too many layers have been visited."""

    def __init__(self, graph: Graph, types: TensorTypes) -> None:
        self._graph = graph
        self._types = types
        self._left = MOST_VISITS
        self._walks: dict[tuple[tuple[Positions, ...], bool], Walk] = {}

    def made_certain(self, layer: int, fields: Fields) -> Fields:
        """A layer's fields: doubtful ones made exact; where that takes too long, what is seen at most."""
        if not any(field.doubtful for field in fields):
            return fields
        return tuple(self._made_certain(layer, field) if field.doubtful else field for field in fields)

    def _made_certain(self, layer: int, field: Field) -> Field:
        self._walks.clear()  # the axes of one field ask for the same ones
        try:
            axes = tuple(self._along(layer, field, along) for along in field.axes)
        except (TooMany, TooWide, LookupError):
            axes = self._bounds(layer, field)
        alike = all(along.along is None and along.field.exact and not along.scattered for along in axes)
        patchy = field.patchy and not (alike and all(along.field.at(0).size for along in axes))
        return field._replace(axes=axes, patchy=patchy, doubtful=False)

    def _bounds(self, layer: int, field: Field) -> tuple[Along, ...]:
        """What is seen at most, and, if that isn't too much to ask for either, what all positions see between them."""
        extents = self._types.outputs[layer].shape[1:]
        everything = (field.channels, *(interval(0, extent) for extent in extents))
        axes = []
        for along in field.axes:
            try:
                self._take(layer, 1)
                in_all = self._seen(layer, everything, field.input, along.axis, endless=False)
                seen = at_most(in_all, along.field.length, in_all)
            except (TooMany, TooWide, LookupError):
                seen = at_most(bound(along.field).at(0), along.field.length)
            axes.append(Along(along.axis, None, seen))
        return tuple(axes)

    def _along(self, layer: int, field: Field, along: Along) -> Along:
        listed = self._places(layer, field) if along.along is None else self._positions(layer, field, along.along)
        real, endless = [], []
        for sets in listed:
            real.append(self._seen(layer, sets, field.input, along.axis, endless=False))
            if along.along is None or field.uneven_endless or not along.field.exact:
                endless.append(self._seen(layer, sets, field.input, along.axis, endless=True))
        if along.along is None and len({*real, *endless}) == 1:
            return Along(along.axis, None, constant(real[0], along.field.length))
        moving = along.field.endless
        exact = listed_field(endless or [moving.at(o) for o in range(len(real))], real, along.field)
        if not endless:
            exact = exact._replace(endless=moving)
        return along._replace(field=exact, scattered=along.along is None)

    def _seen(self, layer: int, sets: Sequence[Positions], source: int, axis: int, *, endless: bool) -> Positions:
        if not all(each.size for each in sets):
            return NOWHERE
        asked = tuple(sets), endless
        if asked not in self._walks:
            walk = walk_back(self._graph, self._types, layer, sets, endless=endless)
            self._walks[asked] = Walk(layer, {source: walk.regions.get(source, ())})
        return self._walks[asked].along(source, axis)

    def _places(self, layer: int, field: Field) -> Iterator[tuple[Positions, ...]]:
        """Every place of a layer, with the field's channels; of a flat one, each of the field's features."""
        _, *extents = self._types.outputs[layer].shape
        self._take(layer, prod(extents) if extents else field.channels.number)
        if not extents:
            return ((interval(feature, feature + 1),) for feature in field.channels.each())
        places = product(*(range(extent) for extent in extents))
        return ((field.channels, *(interval(at, at + 1) for at in place)) for place in places)

    def _positions(self, layer: int, field: Field, axis: int) -> Iterator[tuple[Positions, ...]]:
        """For each position along an axis, all that lie there, of the field's channels."""
        extents = self._types.outputs[layer].shape
        self._take(layer, extents[axis])
        everything = (field.channels, *(interval(0, extent) for extent in extents[1:]))
        for position in range(extents[axis]):
            here = everything[axis].within(position, position + 1)
            yield (*everything[:axis], here, *everything[axis + 1 :])

    def _take(self, layer: int, walks: int) -> None:
        visits = 2 * walks * (layer + 1)
        if visits > self._left:
            raise TooMany
        self._left -= visits

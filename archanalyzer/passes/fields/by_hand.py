"""A place of a layer walked back to the inputs, as one does it by hand: on an endless input, and on the actual one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from archanalyzer.graph import Block, Graph
from archanalyzer.passes.fields.crossing import Crossings
from archanalyzer.passes.fields.walking import Region, Walk, at_place, walk_back
from archanalyzer.passes.tensor_types import TensorTypes


class Asked(NamedTuple):
    """What is asked for of a layer's output for the place: as if inputs had no ends, and of what there is."""

    endless: Region
    real: Region


class ByHand(NamedTuple):
    """The way from ``place`` of ``layer`` back to the inputs."""

    graph: Graph
    types: TensorTypes
    layer: int
    place: tuple[int, ...]
    endless: Walk
    real: Walk

    def asked(self, layer: int) -> Asked:
        """What is asked for of a layer; regions without boxes where it is nothing."""
        return Asked(self.endless.regions.get(layer, ()), self.real.regions.get(layer, ()))

    @property
    def layers(self) -> tuple[int, ...]:
        """The layers on the way, the last first."""
        return tuple(sorted(self.endless.regions | self.real.regions, reverse=True))


class Boundary(NamedTuple):
    """What is asked for of a block's output, and what its layers read for it, by the layers outside, the last first."""

    output: Asked
    reads: dict[int, Asked]


class Boundaries:
    """The boundaries of the blocks on a way."""

    def __init__(self, way: ByHand) -> None:
        self._way = way
        self._endless = Crossings(way.graph, way.types, way.endless)
        self._real = Crossings(way.graph, way.types, way.real)

    def of(self, block: Block) -> Boundary:
        """The boundary of one of them.

        Raises:
            TooMany, TooWide, LookupError: as ``walked_by_hand``.
        """
        endless, real = self._endless.into(block), self._real.into(block)
        sources = sorted(endless | real, reverse=True)
        output = Asked((), ()) if block.output is None else self._way.asked(block.output)
        return Boundary(output, {source: Asked(endless.get(source, ()), real.get(source, ())) for source in sources})


def walked_by_hand(graph: Graph, types: TensorTypes, layer: int, place: Sequence[int]) -> ByHand:
    """Walks back from a place of a layer: a position along each spatial axis, or of a flat layer, the feature.

    Raises:
        TooMany: axes are taken apart, and too many positions would have to be looked at one by one.
        TooWide: what is seen has gaps and is too wide.
        LookupError: it is not known what some layer reads.
    """
    sets = at_place(types.outputs[layer].shape, place)
    endless = walk_back(graph, types, layer, sets, endless=True)
    real = walk_back(graph, types, layer, sets)
    return ByHand(graph, types, layer, tuple(place), endless, real)

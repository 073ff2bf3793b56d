"""A walk back, block by block: what is asked for of a block's output, and what its layers read from outside for it.

That is what one writes down by hand, one line a block: so many positions of its output take so many of its input.
"""

from __future__ import annotations

from collections.abc import Sequence

from archanalyzer.graph import Block, Graph
from archanalyzer.passes.fields.walking import Box, Lookup, Region, Walk, merged
from archanalyzer.passes.tensor_types import TensorTypes


class Crossings:
    """What is read from outside of the blocks that a walk leads through."""

    def __init__(self, graph: Graph, types: TensorTypes, walk: Walk) -> None:
        self._graph = graph
        self._types = types
        self._walk = walk
        self._read: dict[int, tuple[tuple[int, Sequence[Box]], ...]] = {}

    def into(self, block: Block) -> dict[int, Region]:
        """By the layers outside of a block, the last first: what the layers inside read of each, if anything.

        Raises:
            TooMany, TooWide, LookupError: as the walk.
        """
        found: dict[int, list[Box]] = {}
        for index in range(block.start, block.stop):
            for source, boxes in self._reads_of(index) if index in self._walk.regions else ():
                if source < block.start:
                    found.setdefault(source, []).extend(boxes)
        return {source: merged(found[source]) for source in sorted(found, reverse=True) if found[source]}

    def _reads_of(self, index: int) -> tuple[tuple[int, Sequence[Box]], ...]:
        """What a layer on the way reads of each of its inputs."""
        if index not in self._read:
            layer = self._graph.layers[index]
            output = self._types.outputs[index]
            stated = layer.op.readings(self._types.inputs(layer), output) if layer.inputs else ()
            if stated is None:
                raise LookupError(f"it is not known what `{layer.name}` ({layer.op.name}) reads")
            self._read[index] = tuple(
                (source, self._boxes(index, Lookup(readings, self._types.outputs[source].shape, output.shape)))
                for source, readings in zip(layer.inputs, stated, strict=True)
            )
        return self._read[index]

    def _boxes(self, index: int, lookup: Lookup) -> Sequence[Box]:
        return [read for box in self._walk.regions[index] for read in lookup.read_by(box)]


def products(region: Region) -> Region:
    """The same positions in as few boxes as are easily found, whichever of them padding counts for.

    More than one where not all combinations of the positions along each axis need be among them.
    """
    return merged(Box(box.sets, (True,) * len(box.sets)) for box in region)

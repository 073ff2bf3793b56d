"""What is on one side only, and what has another name: blocks as wholes, not layer by layer."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from archanalyzer.graph import Graph, Layer
from archanalyzer.passes.comparing.aligning import Alignment
from archanalyzer.passes.comparing.comparison import Piece, Rename
from archanalyzer.passes.comparing.outline import parts, stem_of, surroundings


def pieces(
    graph: Graph, layers_on_both: Collection[int], blocks_on_both: Collection[int]
) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    """What of a graph is on its side only: whole blocks and layers; and blocks around layers that are on both sides."""
    both = set(layers_on_both)
    shared = [0]
    for layer in graph.layers:
        shared.append(shared[-1] + (layer.index in both))
    alone, around = [], []
    stop = 0
    for is_block, at in parts(graph):
        if not is_block or at in blocks_on_both or graph.blocks[at].start < stop:
            continue
        block = graph.blocks[at]
        if shared[block.start] < shared[block.stop]:
            around.append(Piece(block.start, block.stop, block))
        else:
            alone.append(Piece(block.start, block.stop, block))
            stop = block.stop
    told = {index for piece in alone for index in range(piece.start, piece.stop)}
    alone += [Piece(index, index + 1) for index in range(len(graph.layers)) if index not in both and index not in told]
    return tuple(sorted(alone, key=lambda piece: piece.start)), tuple(around)


def renames(old: Graph, new: Graph, alignment: Alignment) -> Iterator[Rename]:
    """Blocks and layers with other names, but for those whose name follows from that of the block, or from the type."""
    naming = _Naming(old, new, dict(alignment.blocks))
    for index, partner in alignment.blocks:
        one, other = old.blocks[index], new.blocks[partner]
        labels = naming.labels((one.name, other.name), (True, index), (True, partner))
        if labels[0] != labels[1]:
            yield Rename(one.name, other.name, one.stop - one.start, is_block=True, renumbered=_is_renumbered(labels))
    for index, partner in alignment.layers:
        layers = old.layers[index], new.layers[partner]
        labels = naming.labels((layers[0].name, layers[1].name), (False, index), (False, partner))
        if labels[0] != labels[1] and not _follows_from_types(labels, layers):
            names = layers[0].name, layers[1].name
            yield Rename(*names, 1, is_block=False, renumbered=_is_renumbered(labels))


class _Naming:
    """Names within blocks."""

    def __init__(self, old: Graph, new: Graph, blocks: dict[int, int]) -> None:
        self.old, self.new, self.blocks = old, new, blocks
        self.around = surroundings(old), surroundings(new)

    def labels(self, names: tuple[str, str], one: tuple[bool, int], other: tuple[bool, int]) -> tuple[str, str]:
        """Names within the block around, where that is on both sides; else whole ones."""
        outer, outer_of_new = self.around[0].get(one), self.around[1].get(other)
        if outer is None or outer_of_new is None or self.blocks.get(outer) != outer_of_new:
            return names
        prefixes = f"{self.old.blocks[outer].name}/", f"{self.new.blocks[outer_of_new].name}/"
        return names[0].removeprefix(prefixes[0]), names[1].removeprefix(prefixes[1])


def _is_renumbered(labels: tuple[str, str]) -> bool:
    return stem_of(labels[0]) == stem_of(labels[1])


def _follows_from_types(labels: tuple[str, str], layers: tuple[Layer, Layer]) -> bool:
    """Whether layers of two types are called by their types."""
    types = layers[0].op.name, layers[1].op.name
    return types[0] != types[1] and [*map(stem_of, labels)] == [*map(stem_of, types)]

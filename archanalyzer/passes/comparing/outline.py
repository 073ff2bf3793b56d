"""A network as blocks in blocks, each part with tokens that are equal where parts are alike.

How alike is told apart: with their names, but for numbers at their ends, since whoever inserts a layer renumbers those
behind it; without names; and in the types of layers alone. Tokens are numbers, so that comparing parts costs nothing,
however many layers are in them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, field

from archanalyzer.graph import Graph, Op

_NUMBER = re.compile(r"_?\d+$")


class Tokens:
    """Numbers that stand for values: equal ones for equal values."""

    def __init__(self) -> None:
        self._known: dict[object, int] = {}

    def __call__(self, value: object) -> int:
        return self._known.setdefault(value, len(self._known))

    def of_op(self, op: Op) -> int:
        """Equal for ops of one type with equal fields."""
        try:
            return self((type(op), op))
        except TypeError:  # a field that cannot be hashed
            return self((type(op), repr(op)))


@dataclass(slots=True, eq=False)
class Item:
    """A layer, or a use of a block, or the whole network; ``index`` counts layers or blocks, the network has none.

    ``label`` is the name within the block around it, ``stem`` that without a number at its end. ``named``: it is no
    numbered type, so somebody gave the name. Tokens, from the strictest on: ``full`` with the label, ``exact`` with the
    stems of names alone, ``nameless``, ``types`` of layers alone, ``kind``, the type of the layer or the block.
    """

    label: str
    stem: str
    named: bool
    index: int
    start: int
    stop: int
    is_block: bool = False
    children: list[Item] = field(default_factory=list)
    exact: int = 0
    full: int = 0
    nameless: int = 0
    types: int = 0
    kind: int = 0

    def inside(self) -> Iterator[Item]:
        """This item and all below it, each before those inside it."""
        open_ = [self]
        while open_:
            item = open_.pop()
            yield item
            open_ += reversed(item.children)


Token = Callable[[Item], Hashable]
"""What is compared of items."""


def outline(graph: Graph, tokens: Tokens) -> Item:
    """The network as an item."""
    root = Item("", "", named=False, index=-1, start=0, stop=len(graph.layers), is_block=True)
    blocks: dict[int | None, Item] = {None: root}
    around = surroundings(graph)
    for is_block, index in parts(graph):
        parent = around[is_block, index]
        prefix = "" if parent is None else f"{graph.blocks[parent].name}/"
        if is_block:
            block = graph.blocks[index]
            item = _item(block.name.removeprefix(prefix), block.block, index, (block.start, block.stop))
            item.is_block = True
            blocks[index] = item
        else:
            layer = graph.layers[index]
            item = _item(layer.name.removeprefix(prefix), layer.op.name, index, (index, index + 1))
        blocks[parent].children.append(item)
    _tokenize(root, graph, tokens)
    return root


def parts(graph: Graph) -> Iterator[tuple[bool, int]]:
    """Layers and blocks by index, blocks marked, each block right before what is in it; empty ones left out."""
    filled = (at for at, block in enumerate(graph.blocks) if block.start < block.stop)
    waiting = sorted(filled, key=lambda at: (-graph.blocks[at].start, graph.blocks[at].stop))  # the next one last
    for layer in graph.layers:
        while waiting and graph.blocks[waiting[-1]].start == layer.index:
            yield True, waiting.pop()
        yield False, layer.index


def surroundings(graph: Graph) -> dict[tuple[bool, int], int | None]:
    """The innermost block around each layer and each block."""
    around: dict[tuple[bool, int], int | None] = {}
    open_: list[int] = []
    for is_block, index in parts(graph):
        start = graph.blocks[index].start if is_block else index
        while open_ and graph.blocks[open_[-1]].stop <= start:
            open_.pop()
        around[is_block, index] = open_[-1] if open_ else None
        if is_block:
            open_.append(index)
    return around


def stem_of(label: str) -> str:
    """A name without a number at its end, unless it is nothing else."""
    return _NUMBER.sub("", label) or label


def _item(label: str, kind: str, index: int, reach: tuple[int, int]) -> Item:
    stem = stem_of(label)
    return Item(label, stem, stem != stem_of(kind), index, start=reach[0], stop=reach[1])


def _tokenize(root: Item, graph: Graph, tokens: Tokens) -> None:
    """Gives all items their tokens, those inside first."""
    for item in reversed(list(root.inside())):
        if item.is_block:
            kind = graph.blocks[item.index].block if item.index >= 0 else ""
            item.kind = tokens(("block", kind))
            item.exact = tokens(("block", item.stem, kind, *(child.exact for child in item.children)))
            item.nameless = tokens(("block", *(child.nameless for child in item.children)))
            item.types = tokens(("block types", *(child.types for child in item.children)))
        else:
            layer = graph.layers[item.index]
            item.kind = item.types = tokens(("layer", layer.op.name))
            item.nameless = tokens.of_op(layer.op)
            item.exact = tokens((item.stem, item.nameless))
        item.full = tokens(("full", item.label, item.exact))

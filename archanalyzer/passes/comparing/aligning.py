"""Which layer of one network is which of another.

Where nothing but names differs, it is the one in the same place. Else, block by block, what stands in them is put side
by side, the most alike first: parts that are equal, names but for their numbers included, in their order; then parts of
one given name, wherever they stand; then, between those found so far, parts of one name, parts equal but for their
names, parts made of the same types, parts of one type, and where as many are left on either side, layers in each
other's place. At last, what is left over is compared across blocks.

The answer does not depend on which network is called old.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import NamedTuple

from archanalyzer.graph import Block, Graph
from archanalyzer.passes.comparing.leftovers import Leftovers
from archanalyzer.passes.comparing.outline import Item, Token, Tokens, outline
from archanalyzer.passes.comparing.sequences import Pair, common, increasing

Items = tuple[Item, Item]


class Alignment(NamedTuple):
    """Pairs of indices, of layers and of blocks, ascending in the old network.

    ``reordered``: those pairs of layers that had to move past others.
    """

    layers: tuple[Pair, ...]
    blocks: tuple[Pair, ...]
    reordered: tuple[Pair, ...]

    def inverted(self) -> Alignment:
        """The same with old and new swapped."""
        return Alignment(*(tuple(sorted((new, old) for old, new in pairs)) for pairs in self))


def align(old: Graph, new: Graph) -> Alignment:
    """Which layer and which block of ``old`` is which of ``new``."""
    if _are_equal_but_for_names(old, new):
        return Alignment(_in_place(old.layers), _in_place(old.blocks), ())
    if _rank(old, new) <= _rank(new, old):
        return _aligned(old, new)
    return _aligned(new, old).inverted()


def _are_equal_but_for_names(old: Graph, new: Graph) -> bool:
    sides = [[(block.start, block.stop) for block in graph.blocks] for graph in (old, new)]
    if sides[0] != sides[1] or len(old.layers) != len(new.layers):
        return False
    return all(
        (one.op, one.inputs, one.shares, one.frozen) == (other.op, other.inputs, other.shares, other.frozen)
        for one, other in zip(old.layers, new.layers, strict=True)
    )


def _in_place(parts: Sequence[object]) -> tuple[Pair, ...]:
    return tuple((at, at) for at in range(len(parts)))


def _rank(one: Graph, other: Graph) -> tuple[object, ...]:
    """What puts two networks into an order: how many layers they have, then the first layer that differs."""
    for mine, others in zip(one.layers, other.layers, strict=False):
        if (mine.name, mine.op, mine.inputs) != (others.name, others.op, others.inputs):
            return len(one.layers), mine.name, mine.op.name, repr(mine.op), mine.inputs
    return (len(one.layers),)


def _aligned(old: Graph, new: Graph) -> Alignment:
    tokens = Tokens()
    roots = outline(old, tokens), outline(new, tokens)
    layers: dict[int, int] = {}
    blocks: dict[int, int] = {}
    replaced: list[int] = []
    open_: list[Items] = [roots]
    while open_:
        for one, other in _Siblings(*open_.pop()).pairs():
            if one.is_block:
                blocks[one.index] = other.index
                open_.append((one, other))
            else:
                layers[one.index] = other.index
                if one.kind != other.kind and one.label != other.label:
                    replaced.append(one.index)
    for index in sorted(replaced):  # another type under another name: in its place, or not it
        if tuple(layers.get(source, -1) for source in old.layers[index].inputs) != new.layers[layers[index]].inputs:
            del layers[index]
    Leftovers(old, new, layers).pair(*(_layers_of(root) for root in roots))
    _pair_by_name(old.blocks, new.blocks, blocks)
    pairs = tuple(sorted(layers.items()))
    reordered = set(pairs).difference(increasing(pairs))
    return Alignment(pairs, tuple(sorted(blocks.items())), tuple(sorted(reordered)))


def _layers_of(root: Item) -> list[Item]:
    return [item for item in root.inside() if not item.is_block]


def _pair_by_name(old: Sequence[Block], new: Sequence[Block], pairs: dict[int, int]) -> None:
    """Blocks of one name that are not yet paired; what is in them has gone elsewhere."""
    taken = set(pairs.values())
    names = {block.name: at for at, block in enumerate(new) if at not in taken}
    pairs |= {at: names[block.name] for at, block in enumerate(old) if at not in pairs and block.name in names}


class _Siblings:
    """What stands right inside two blocks, put side by side; places in them, old to new, in ``found``."""

    def __init__(self, old: Item, new: Item) -> None:
        self.old, self.new = old.children, new.children
        self.found: dict[int, int] = {}

    def pairs(self) -> list[Items]:
        """Which is which."""
        self._equal()
        self._of_given_name()
        for token, fits in _LEVELS:
            self._between(token, fits)
        self._in_place()
        return [(self.old[place], self.new[other]) for place, other in sorted(self.found.items())]

    def _equal(self) -> None:
        """By stems or by whole names, whichever pairs more; by whole names where it is the same."""
        by_name = self._common(attrgetter("full"))
        by_stem = self._common(attrgetter("exact"))
        self.found = dict(by_stem if len(by_stem) > len(by_name) else by_name)

    def _common(self, token: Token) -> list[Pair]:
        return common([token(item) for item in self.old], [token(item) for item in self.new])

    def _of_given_name(self) -> None:
        taken = set(self.found.values())
        given = {_given(item): place for place, item in enumerate(self.new) if place not in taken}
        for place, item in enumerate(self.old):
            if place not in self.found and _is_given(item) and _given(item) in given:
                self.found[place] = given[_given(item)]

    def _between(self, token: Token, fits: Callable[[Item, Item], bool]) -> None:
        for left, right in self._gaps():
            for one, other in common([token(self.old[at]) for at in left], [token(self.new[at]) for at in right]):
                if fits(self.old[left[one]], self.new[right[other]]):
                    self.found[left[one]] = right[other]

    def _in_place(self) -> None:
        for left, right in self._gaps():
            for one, other in zip(left, right, strict=False) if len(left) == len(right) else ():
                if not self.old[one].is_block and not self.new[other].is_block:
                    self.found |= {one: other} if _may_be(self.old[one], self.new[other]) else {}

    def _gaps(self) -> list[tuple[list[int], list[int]]]:
        """What is not yet paired, between pairs that keep their order; where there is some on both sides."""
        taken = set(self.found.values())
        gaps = []
        start, start_of_new = 0, 0
        for place, other in (*increasing(sorted(self.found.items())), (len(self.old), len(self.new))):
            left = [at for at in range(start, place) if at not in self.found]
            right = [at for at in range(start_of_new, other) if at not in taken]
            gaps += [(left, right)] if left and right else []
            start, start_of_new = place + 1, other + 1
        return gaps


def _given(item: Item) -> tuple[str, bool]:
    return item.label, item.is_block


def _is_given(item: Item) -> bool:
    """Whether the name says by itself what it names: not a type, and no number that others push on."""
    return item.named and item.stem == item.label


def _may_be(one: Item, other: Item) -> bool:
    """Whether two parts that differ may be one: not where both were given names, and other ones."""
    return one.stem == other.stem or not (one.named and other.named)


def _may_be_or_is_block(one: Item, other: Item) -> bool:
    return one.is_block or _may_be(one, other)


def _always(_one: Item, _other: Item) -> bool:
    return True


_LEVELS: tuple[tuple[Token, Callable[[Item, Item], bool]], ...] = (
    (_given, _always),
    (attrgetter("nameless"), _always),
    (attrgetter("types"), _may_be_or_is_block),
    (attrgetter("kind"), _may_be),
)

"""Layers that are in no pair when all blocks have been compared: those that were put into a block or taken out of one.

First go equal layers that read the same, which follows them from front to back; then those that stand in one order and
read, or are read by, layers of which one is the other; then those of one name and type.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Hashable, Sequence
from operator import attrgetter

from archanalyzer.graph import Graph
from archanalyzer.passes.comparing.outline import Item, Token
from archanalyzer.passes.comparing.sequences import common

_TOKENS: tuple[Token, ...] = (attrgetter("exact"), attrgetter("nameless"))


class Leftovers:
    """Finds them, and adds them to ``pairs``, old to new."""

    def __init__(self, old: Graph, new: Graph, pairs: dict[int, int]) -> None:
        self.old, self.new, self.pairs = old, new, pairs
        self.left: list[Item] = []
        self.right: list[Item] = []

    def pair(self, old: Sequence[Item], new: Sequence[Item]) -> None:
        """Pairs what is left of all layers of both networks."""
        self.left, self.right = list(old), list(new)
        for step in (self._by_what_they_read, self._by_their_surroundings):
            for token in _TOKENS:
                if self._are_some_left():
                    step(token)
        if self._are_some_left():
            self._by_name()

    def _are_some_left(self) -> bool:
        taken = set(self.pairs.values())
        self.left = [item for item in self.left if item.index not in self.pairs]
        self.right = [item for item in self.right if item.index not in taken]
        return bool(self.left and self.right)

    def _by_what_they_read(self, token: Token) -> None:
        waiting: dict[Hashable, deque[Item]] = defaultdict(deque)
        for item in self.right:
            waiting[token(item), self.new.layers[item.index].inputs].append(item)
        for item in self.left:
            inputs = tuple(self.pairs.get(source, -1) for source in self.old.layers[item.index].inputs)
            if inputs and waiting.get((token(item), inputs)):
                self.pairs[item.index] = waiting[token(item), inputs].popleft().index

    def _by_their_surroundings(self, token: Token) -> None:
        readers = _readers(self.old), _readers(self.new)
        for place, other in common([token(item) for item in self.left], [token(item) for item in self.right]):
            one, two = self.left[place].index, self.right[other].index
            around_old = self.old.layers[one].inputs, readers[0].get(one, ())
            around_new = self.new.layers[two].inputs, readers[1].get(two, ())
            sides = zip(around_old, around_new, strict=True)
            if any(not {self.pairs.get(index) for index in mine}.isdisjoint(others) for mine, others in sides):
                self.pairs[one] = two

    def _by_name(self) -> None:
        named = {(self.new.layers[item.index].name, item.kind): item.index for item in self.right}
        for item in self.left:
            key = self.old.layers[item.index].name, item.kind
            self.pairs |= {item.index: named[key]} if key in named else {}


def _readers(graph: Graph) -> dict[int, list[int]]:
    readers: dict[int, list[int]] = defaultdict(list)
    for layer in graph.layers:
        for source in layer.inputs:
            readers[source].append(layer.index)
    return readers

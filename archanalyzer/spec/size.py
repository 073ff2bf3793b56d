"""How large a spec is at least, by what stands in it alone: so that one that is far too large is not begun."""

from __future__ import annotations

from collections.abc import Sequence
from graphlib import TopologicalSorter
from typing import NamedTuple

from archanalyzer.spec.document import Document
from archanalyzer.spec.entries import LayerEntry
from archanalyzer.spec.limits import Limits
from archanalyzer.spec.nodes import ScalarNode
from archanalyzer.spec.scalars import ValueProblem, scalar_value
from archanalyzer.spec.written import types_used


class Size(NamedTuple):
    """A number of layers, and of steps of the expansion: what has no layers takes steps, too."""

    layers: int
    steps: int


def too_large(document: Document, limits: Limits) -> LayerEntry | None:
    """The entry at which a spec gets larger than the limits allow; None where it does not, or only by expressions."""
    measure = _Measure(limits)
    uses = {name: types_used(block.entries) for name, block in document.blocks.items()}
    for name in TopologicalSorter(uses).static_order():
        if name in document.blocks:
            measure.blocks[name] = measure.entries(document.blocks[name].entries)
    entries = document.entries
    entry = measure.outgrown(entries)
    while entry is not None and (inner := _inside(entry, document)):
        deeper = measure.outgrown(inner)
        if deeper is None:
            break
        entry = deeper
    return entry


def _inside(entry: LayerEntry, document: Document) -> Sequence[LayerEntry]:
    if entry.type is None:
        return entry.body
    block = document.blocks.get(entry.type.text)
    return block.entries if block else ()


class _Measure:
    """Sizes of entries, counted to no more than one above the limits; ``blocks`` holds those of the blocks."""

    def __init__(self, limits: Limits) -> None:
        self.blocks: dict[str, Size] = {}
        self._limits = limits
        self._most = Size(limits.layers, 2 * limits.layers)

    def outgrown(self, entries: Sequence[LayerEntry]) -> LayerEntry | None:
        """The entry with which a list of them gets too large."""
        layers = steps = 0
        for entry in entries:
            one = self._entry(entry)
            layers, steps = layers + one.layers, steps + one.steps
            if layers > self._most.layers or steps > self._most.steps:
                return entry
        return None

    def entries(self, entries: Sequence[LayerEntry]) -> Size:
        sizes = [self._entry(entry) for entry in entries]
        return self._bounded(sum(size.layers for size in sizes), sum(size.steps for size in sizes))

    def _entry(self, entry: LayerEntry) -> Size:
        turns = self._turns(entry)
        inner = self._inner(entry)
        return self._bounded(turns * inner.layers, 1 + turns * (1 + inner.steps))

    def _inner(self, entry: LayerEntry) -> Size:
        if entry.type is None:
            return self.entries(entry.body)
        return self.blocks.get(entry.type.text, Size(1, 0)) if entry.sound else Size(1, 0)

    def _bounded(self, layers: int, steps: int) -> Size:
        return Size(min(layers, self._most.layers + 1), min(steps, self._most.steps + 1))

    def _turns(self, entry: LayerEntry) -> int:
        """How often an entry comes, as far as that stands there as a number."""
        if entry.repeat is None:
            return 1
        try:
            turns = scalar_value(entry.repeat, self._limits) if isinstance(entry.repeat, ScalarNode) else 0
        except ValueProblem:
            return 0
        return max(turns, 0) if isinstance(turns, int) else 0

"""From two analyzed networks to all in which they differ."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from archanalyzer.diagnostics import Diagnostic
from archanalyzer.graph import Graph, Layer
from archanalyzer.passes.analysis import Column, Kind, Rollup
from archanalyzer.passes.analyzing import Analyzed
from archanalyzer.passes.comparing.aligning import Alignment, align
from archanalyzer.passes.comparing.comparison import (
    BlockChange,
    Comparison,
    FieldChange,
    LayerChange,
    Moved,
    Piece,
)
from archanalyzer.passes.comparing.pieces import pieces, renames
from archanalyzer.passes.comparing.running import pinned_changes, training_changes
from archanalyzer.passes.facts import Amount, Facts

_QUOTED = re.compile("`([^`]+)`")


def compare(old: Analyzed, new: Analyzed) -> Comparison:
    """All in which ``new`` differs from ``old``; both were asked by the same passes."""
    alignment = align(old.graph, new.graph)
    return _Comparing(old, new, alignment).comparison()


class _Comparing:
    """Two networks, and which layer of one is which of the other."""

    def __init__(self, old: Analyzed, new: Analyzed, alignment: Alignment) -> None:
        self.old, self.new = old.graph, new.graph
        self.analyzed = old, new
        self.renamed = _renamed(self.old, self.new, alignment)
        self.facts = _FactsCompared(old.facts, new.facts, alignment, self.renamed)
        self.alignment = alignment
        self.partner = dict(alignment.layers)
        self.main_old = _led_back(self.old, self.partner)
        self.main_new = _led_back(self.new, {new: new for _, new in alignment.layers})

    def comparison(self) -> Comparison:
        layers = [change for change in map(self._layer, self.alignment.layers) if change.is_own or change.facts]
        changed = tuple(change for change in layers if change.is_own)
        removed, ungrouped = pieces(self.old, self.partner.keys(), {one for one, _ in self.alignment.blocks})
        added, grouped = pieces(self.new, self.partner.values(), {other for _, other in self.alignment.blocks})
        running = self.analyzed[0].spec.running, self.analyzed[1].spec.running
        gone, come = self._diagnostics()
        return Comparison(
            *self.analyzed,
            network=tuple(self._network()),
            totals=tuple(self.facts.totals()),
            changed=changed,
            followed=tuple(change for change in layers if not change.is_own),
            removed=removed,
            added=added,
            renamed=tuple(renames(self.old, self.new, self.alignment)),
            ungrouped=ungrouped,
            grouped=grouped,
            reordered=tuple((self.old.layers[a].name, self.new.layers[b].name) for a, b in self.alignment.reordered),
            blocks=tuple(self._blocks(changed, removed, added)),
            training=tuple(training_changes(*running)),
            pinned=tuple(pinned_changes((self.old, running[0]), (self.new, running[1]), self.partner)),
            gone=gone,
            come=come,
        )

    def _network(self) -> Iterator[FieldChange]:
        if self.old.dtype != self.new.dtype:
            yield FieldChange("dtype", self.old.dtype, self.new.dtype)
        if [self.partner.get(index) for index in self.old.outputs] != list(self.new.outputs):
            yield FieldChange("outputs", _names(self.old, self.old.outputs), _names(self.new, self.new.outputs))

    def _layer(self, pair: tuple[int, int]) -> LayerChange:
        one, other = self.old.layers[pair[0]], self.new.layers[pair[1]]
        types = None if one.op.name == other.op.name else (one.op.name, other.op.name)
        reads = None
        if not self._reads_the_same(one, other):
            reads = _names(self.old, one.inputs), _names(self.new, other.inputs)
        return LayerChange(*pair, types, tuple(self._fields(one, other)), reads, tuple(self.facts.of_layer(*pair)))

    def _fields(self, one: Layer, other: Layer) -> Iterator[FieldChange]:
        if one.op != other.op:
            for name in type(one.op).model_fields:
                if name in type(other.op).model_fields and getattr(one.op, name) != getattr(other.op, name):
                    yield FieldChange(name, getattr(one.op, name), getattr(other.op, name))
        if one.frozen != other.frozen:
            yield FieldChange("frozen", one.frozen, other.frozen)
        owner = None if one.shares is None else self.partner.get(one.shares, -1)
        if owner != other.shares:
            yield FieldChange("share", _name(self.old, one.shares), _name(self.new, other.shares))

    def _reads_the_same(self, one: Layer, other: Layer) -> bool:
        if len(one.inputs) != len(other.inputs):
            return False
        return all(self._is_same_source(*sources) for sources in zip(one.inputs, other.inputs, strict=True))

    def _is_same_source(self, one: int, other: int) -> bool:
        """Whether two sources are one, or are led back to one through layers that came or went."""
        if one in self.partner and self.main_new[other] == other:
            return self.partner[one] == other
        led_back = self.main_old[one]
        return led_back is not None and led_back == self.main_new[other]

    def _blocks(
        self, changed: Sequence[LayerChange], removed: Sequence[Piece], added: Sequence[Piece]
    ) -> Iterator[BlockChange]:
        touched_old = _running([*(change.old for change in changed), *_indices(removed)], len(self.old.layers))
        touched_new = _running([*(change.new for change in changed), *_indices(added)], len(self.new.layers))
        for pair in self.alignment.blocks:
            one, other = self.old.blocks[pair[0]], self.new.blocks[pair[1]]
            if facts := tuple(self.facts.of_block(*pair)):
                is_own = touched_old[one.start] < touched_old[one.stop]
                is_own = is_own or touched_new[other.start] < touched_new[other.stop]
                yield BlockChange(one, other, facts, is_own)

    def _diagnostics(self) -> tuple[tuple[Diagnostic, ...], tuple[Diagnostic, ...]]:
        """Those that went and those that appeared; names in the old ones' messages are read as the new ones."""

        def key(diagnostic: Diagnostic, names: Mapping[str, str]) -> tuple[str, str]:
            return diagnostic.rule.code, _with_new_names(diagnostic.message, names)

        old = [(key(each, self.renamed), each) for each in self.analyzed[0].diagnostics]
        new = [(key(each, {}), each) for each in self.analyzed[1].diagnostics]
        return _without(old, [key for key, _ in new]), _without(new, [key for key, _ in old])


def _renamed(old: Graph, new: Graph, alignment: Alignment) -> dict[str, str]:
    """Old names of layers and blocks that are on both sides, each with the new one."""
    names = {old.layers[one].name: new.layers[other].name for one, other in alignment.layers}
    return names | {old.blocks[one].name: new.blocks[other].name for one, other in alignment.blocks}


def _with_new_names(text: str, names: Mapping[str, str]) -> str:
    """A text in which what stands in backquotes is called as it is now."""
    return _QUOTED.sub(lambda quoted: f"`{names.get(quoted[1], quoted[1])}`", text)


def _led_back(graph: Graph, partner: Mapping[int, int]) -> list[int | None]:
    """For each layer, the new network's layer that it is, or that the first input of those only here leads to."""
    led: list[int | None] = []
    for layer in graph.layers:
        first = led[layer.inputs[0]] if layer.inputs else None
        led.append(partner.get(layer.index, first))
    return led


def _names(graph: Graph, indices: Iterable[int]) -> tuple[str, ...]:
    return tuple(graph.layers[index].name for index in indices)


def _name(graph: Graph, index: int | None) -> str | None:
    return None if index is None else graph.layers[index].name


def _indices(found: Iterable[Piece]) -> Iterator[int]:
    return (index for piece in found for index in range(piece.start, piece.stop))


def _running(indices: Iterable[int], length: int) -> list[int]:
    """Of the first n layers, for every n from 0 on, how many are among ``indices``."""
    marked = set(indices)
    counts = [0]
    for index in range(length):
        counts.append(counts[-1] + (index in marked))
    return counts


def _without(
    found: Sequence[tuple[tuple[str, str], Diagnostic]], others: Iterable[tuple[str, str]]
) -> tuple[Diagnostic, ...]:
    left = Counter(others)
    kept = []
    for key, diagnostic in found:
        if left[key]:
            left[key] -= 1
        else:
            kept.append(diagnostic)
    return tuple(kept)


class _FactsCompared:
    """The facts of both sides; only those that both have, in the order of the passes."""

    def __init__(self, old: Facts, new: Facts, alignment: Alignment, renamed: Mapping[str, str]) -> None:
        self.old, self.new = old, new
        self.called_now = {each.name: f"{each.name} (gone)" for each in old.graph.layers} | dict(renamed)
        staying = set(renamed.values())
        self.come = {each.name: f"{each.name} (come)" for each in new.graph.layers if each.name not in staying}
        self.columns = [column for name, column in old.columns.items() if name in new.columns]
        partner = dict(alignment.layers)
        old_layers, new_layers = old.graph.layers, new.graph.layers
        inputs = [index for index in old.graph.inputs if index in partner]
        names = {old_layers[index].name: new_layers[partner[index]].name for index in inputs}
        self.names = {name: now for name, now in names.items() if name != now}
        self.translated: dict[int, Any] = {}
        self.values = [(column, old.values(column.name), new.values(column.name)) for column in self.columns]

    def of_layer(self, one: int, other: int) -> Iterator[Moved]:
        for column, old, new in self.values:
            if old[one] is not new[other] and self._differ(column.kind, old[one], new[other]):
                yield _moved(column, Amount(old[one]), Amount(new[other]))

    def of_block(self, one: int, other: int) -> Iterator[Moved]:
        blocks = self.old.graph.blocks[one], self.new.graph.blocks[other]
        for column in self.columns:
            if column.rollup is Rollup.NONE:
                continue
            old, new = self.old.block_value(blocks[0], column.name), self.new.block_value(blocks[1], column.name)
            if old.at_least != new.at_least or self._differ(column.kind, old.value, new.value):
                yield _moved(column, old, new)

    def totals(self) -> Iterator[Moved]:
        new = {total.name: total for total in self.new.totals()}
        for total in self.old.totals():
            if total.name not in new:
                continue
            old, now = total.amount, new[total.name].amount
            if old.at_least != now.at_least or self._differ(total.kind, old.value, now.value):
                yield Moved(total.name, total.title, total.kind, old, now)

    def _differ(self, kind: Kind, old: Any, new: Any) -> bool:
        """Whether two values differ in more than in what layers are called."""
        if kind is Kind.DATA and isinstance(old, str) and isinstance(new, str):
            return _with_new_names(old, self.called_now) != _with_new_names(new, self.come)
        return bool(self._as_new(kind, old) != new)

    def _as_new(self, kind: Kind, value: Any) -> Any:
        """A value with the inputs of the network called as they are now."""
        if kind is not Kind.FIELD or not self.names or not value:
            return value
        if id(value) not in self.translated:
            self.translated[id(value)] = [
                {**entry, "input": self.names.get(entry["input"], entry["input"])} for entry in value
            ]
        return self.translated[id(value)]


def _moved(column: Column, old: Amount, new: Amount) -> Moved:
    return Moved(column.name, column.title, column.kind, old, new)

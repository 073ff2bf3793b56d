"""The receptive fields of all layers: a table, blocks as in that of ``analyze``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from archanalyzer.graph import Graph
from archanalyzer.passes.fields.field import Fields
from archanalyzer.passes.fields.in_full import Cut, cut_of_all, in_full
from archanalyzer.passes.fields.moving import Budget
from archanalyzer.passes.fields.told import Told
from archanalyzer.passes.receptive_field import ReceptiveFields
from archanalyzer.report.cells import NOTHING, UNKNOWN, shape_text
from archanalyzer.report.field_page import Grid, Notes, Part, Row
from archanalyzer.report.field_words import least_most, number, of_axes
from archanalyzer.report.sheet import Node, block_tree
from archanalyzer.report.text import escape

MOST_LOOKED_AT = 1 << 18
"""Positions near borders that are looked at, of all layers together."""


class Entry(NamedTuple):
    """One axis of one input as a layer sees it: on an endless input, and cut at its borders, None if not known."""

    told: Told
    cut: Cut | None


def entries(fields: ReceptiveFields) -> list[tuple[Entry, ...] | None]:
    """What each layer sees, axis by axis; None where that is not known."""
    budget = Budget(MOST_LOOKED_AT)
    known: dict[tuple[int, int], tuple[Entry, ...]] = {}
    found: list[tuple[Entry, ...] | None] = []
    for places, told, output in zip(fields.places, fields.told, fields.types.outputs, strict=True):
        key = id(places), len(output.shape)
        if places is not None and told is not None and key not in known:
            known[key] = tuple(_entries(places, told, output.shape, budget))
        found.append(None if places is None else known[key])
    return found


def _entries(places: Fields, told: Sequence[Told], shape: tuple[int, ...], budget: Budget) -> Iterator[Entry]:
    parts = in_full(places, shape)
    for each in told:
        axes = [
            axis for part in parts for axis in part if (axis.field.input, axis.along.axis) == (each.input, each.axis)
        ]
        cut = cut_of_all(axes, budget) if each.exact else None
        if cut is not None and each.min_size == 0:  # some features see nothing of this input
            cut = cut._replace(min_size=0, min_number=0)
        yield Entry(each, cut)


class _Column(NamedTuple):
    title: str
    write: Callable[[Entry], str]
    note: str = ""


def _field(told: Told) -> str:
    if told.whole:
        return "all"
    return least_most(told.min_size, told.size) if told.exact else f"≤ {told.size}"


def _seen(told: Told) -> str:
    return least_most(told.min_number, told.number) if told.exact else f"≤ {told.number}"


def _unless_whole(told: Told, value: Any) -> str:
    return NOTHING if told.whole else number(value)


def _cut(entry: Entry) -> str:
    if entry.told.whole:
        return "all"
    return UNKNOWN if entry.cut is None else least_most(entry.cut.min_size, entry.cut.size)


_COLUMNS = (
    _Column(
        "field",
        lambda entry: _field(entry.told),
        "positions of the input from the first to the last that an output position sees, as if the input had no ends; "
        "least–most where output positions differ",
    ),
    _Column("seen", lambda entry: _seen(entry.told), "how many of them are seen: there are gaps"),
    _Column("stride", lambda entry: _unless_whole(entry.told, entry.told.stride or None), "from one field to the next"),
    _Column(
        "padding",
        lambda entry: _unless_whole(entry.told, None if entry.told.offset is None else -entry.told.offset),
        "positions before the input's first that output position 0 sees",
    ),
    _Column("centre", lambda entry: _unless_whole(entry.told, entry.told.centre), "of output position 0"),
    _Column(
        "period",
        lambda entry: _unless_whole(entry.told, entry.told.period),
        "output positions after which fields repeat, moved on",
    ),
    _Column("aligned", lambda entry: "yes" if entry.told.aligned else "no", "no: not all ways have the same centre"),
    _Column("cut", _cut, "the field, of the input that there is"),
)


def overview(fields: ReceptiveFields, depth: int | None) -> list[Part]:
    """The table, ``depth`` levels of blocks unfolded, None for all, and what its columns mean."""
    found = entries(fields)
    columns = [column for column in _COLUMNS if _is_told(column.title, found)]
    rows = list(_Table(fields.graph, fields, found, columns).rows(block_tree(fields.graph), depth))
    titles = ["layer", "output", *(column.title for column in columns)]
    notes = [f"{column.title}: {column.note}" for column in columns]
    if any(UNKNOWN in row.cells for row in rows):
        notes.append(f"{UNKNOWN} not known, or too much to look at")
    return [Grid(titles, rows), Notes(notes)]


def _is_told(title: str, found: Sequence[tuple[Entry, ...] | None]) -> bool:
    """Whether a column has anything to say."""
    every = [entry.told for of_layer in found for entry in of_layer or ()]
    match title:
        case "seen":
            return any((told.number, told.min_number) != (told.size, told.min_size) for told in every)
        case "period":
            return any(told.period not in (None, 1) for told in every)
        case "aligned":
            return not all(told.aligned for told in every)
    return True


class _Table:
    def __init__(
        self,
        graph: Graph,
        fields: ReceptiveFields,
        found: Sequence[tuple[Entry, ...] | None],
        columns: Sequence[_Column],
    ) -> None:
        self._graph = graph
        self._fields = fields
        self._found = found
        self._columns = columns
        self._several = len(graph.inputs) > 1

    def rows(self, root: Node, depth: int | None) -> Iterator[Row]:
        """The rows of what stands in a block; without recursion, since blocks may be nested without end."""
        open_ = [(iter(root.items()), "", 0)]
        while open_:
            items, inside, indent = open_[-1]
            item = next(items, None)
            if item is None:
                open_.pop()
            elif isinstance(item, int):
                yield self._row(self._graph.layers[item].name.removeprefix(inside), item, indent)
            elif item.block is not None and indent == depth:
                yield self._row(item.block.name.removeprefix(inside), item.block.output, indent)
            elif item.block is not None:
                cells = [item.block.name.removeprefix(inside), *[""] * (1 + len(self._columns))]
                yield Row(cells, indent, is_heading=True)
                open_.append((iter(item.items()), f"{item.block.name}/", indent + 1))

    def _row(self, label: str, index: int | None, indent: int) -> Row:
        if index is None:
            return Row([label, *[UNKNOWN] * (1 + len(self._columns))], indent)
        shape = shape_text(self._fields.types.outputs[index].shape)
        return Row([label, shape, *(self._cell(column, self._found[index]) for column in self._columns)], indent)

    def _cell(self, column: _Column, found: Sequence[Entry] | None) -> str:
        if found is None:
            return UNKNOWN
        by_input: dict[int, list[str]] = {}
        for entry in found:
            by_input.setdefault(entry.told.input, []).append(column.write(entry))
        texts = {index: of_axes(axes) for index, axes in by_input.items()}
        if not self._several or len(set(texts.values())) <= 1:
            return next(iter(texts.values()), NOTHING)
        return ", ".join(f"{escape(self._graph.layers[index].name)} {text}" for index, text in texts.items())

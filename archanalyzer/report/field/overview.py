"""The receptive fields of all layers: a table, blocks as in that of ``analyze``."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any, NamedTuple

from archanalyzer.diagnostics import enumerated
from archanalyzer.graph import Graph
from archanalyzer.passes.advice.windows import listed_names
from archanalyzer.passes.fields.field import Fields
from archanalyzer.passes.fields.in_full import CutSizes, cut_of_all, in_full
from archanalyzer.passes.fields.moving import Budget
from archanalyzer.passes.fields.told import Told
from archanalyzer.passes.receptive_field import ReceptiveFields
from archanalyzer.report.cells import NOTHING, UNKNOWN, shape_text
from archanalyzer.report.field.words import least_most, number, of_axes
from archanalyzer.report.parts import Grid, Notes, Part, Row
from archanalyzer.report.sheet import Node, block_tree

MOST_NEAR_BORDERS = 1 << 20
"""Positions near borders that are looked at, of all layers that are shown together."""

_MOST_BESIDE = 3
"""Axes of an input of which different things are told in one row."""
_NO_AXES = "the inputs have no spatial axes, or no layer that is shown sees one: there are no fields to tell of"


class Entry(NamedTuple):
    """One axis of one input as a layer sees it: on an endless input, and cut at its borders, None if not known.

    ``by_channel``: it is channels that see different things, each the same from all places.
    """

    told: Told
    cut: CutSizes | None
    by_channel: bool = False


def entries(fields: ReceptiveFields, shown: Collection[int] | None = None) -> list[tuple[Entry, ...] | None]:
    """What each layer sees, axis by axis; None where that is not known, or where layers are named, of the others."""
    budget = Budget(MOST_NEAR_BORDERS)
    known: dict[tuple[int, int], tuple[Entry, ...]] = {}
    found: list[tuple[Entry, ...] | None] = []
    every = zip(fields.places, fields.told, fields.types.outputs, strict=True)
    for index, (places, told, output) in enumerate(every):
        if shown is not None and index not in shown:
            found.append(None)
            continue
        key = id(places), len(output.shape)
        if places is not None and told is not None and key not in known:
            known[key] = tuple(_entries(places, told, output.shape, budget))
        found.append(None if places is None else known[key])
    return found


def _entries(places: Fields, told: Sequence[Told], shape: tuple[int, ...], budget: Budget) -> Iterator[Entry]:
    parts = in_full(places, shape)
    cuts: dict[object, CutSizes | None] = {}
    for each in told:
        axes = [
            axis for part in parts for axis in part if (axis.field.input, axis.along.axis) == (each.input, each.axis)
        ]
        key = each.exact, *((id(axis.along.field), axis.by_channel, axis.listed) for axis in axes)
        if key not in cuts:  # those of an image's height and width are mostly the same
            cuts[key] = cut_of_all(axes, budget) if each.exact else None
        cut = cuts[key]
        if cut is not None and each.min_size == 0:  # some features see nothing of this input
            cut = cut._replace(min_size=0, min_number=0)
        yield Entry(each, cut, any(axis.by_channel for axis in axes))


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


def _aligned(told: Told) -> str:
    """``no`` only where it has been shown; what has no stride or no centre could not be compared."""
    if told.whole:
        return NOTHING
    if not told.aligned:
        return "no"
    return "yes" if told.compared else UNKNOWN


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
    _Column("aligned", lambda entry: _aligned(entry.told), "no: not all ways have the same centre"),
    _Column("cut", _cut, "the field, of the input that there is"),
)


def overview(fields: ReceptiveFields, depth: int | None) -> list[Part]:
    """The table, ``depth`` levels of blocks unfolded, None for all, and what its columns mean."""
    root = block_tree(fields.graph)
    lines = list(_lines(fields.graph, root, depth))
    shown = frozenset(line.layer for line in lines if line.layer is not None)
    found = entries(fields, shown)
    columns = [column for column in _COLUMNS if _is_told(column.title, found)]
    table = _Table(fields, found, columns)
    rows = [row for line in lines for row in table.rows(line)]
    titles = ["layer", "output", *(column.title for column in columns)]
    notes = [f"{column.title}: {column.note}" for column in columns]
    if any(UNKNOWN in row.cells for row in rows):
        notes.append(f"{UNKNOWN} not known, or too much to look at")
    by_channel = [line.label for line in lines if _is_by_channel(line, found)]
    if by_channel:
        names = listed_names(by_channel)
        notes.append(f"of {names}, fields along an axis that became channels differ by channel, not by position")
    if fields.graph.inputs and not any(found[index] or found[index] is None for index in shown):
        notes.append(_NO_AXES)
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


class _Line(NamedTuple):
    """A layer, or a block folded to its output or as a heading; ``layer`` None: a heading, or a block without one."""

    label: str
    layer: int | None
    indent: int
    is_heading: bool = False


def _lines(graph: Graph, root: Node, depth: int | None) -> Iterator[_Line]:
    """What stands in a block, ``depth`` levels unfolded; without recursion, since blocks may be nested without end."""
    open_ = [(iter(root.items()), "", 0)]
    while open_:
        items, inside, indent = open_[-1]
        item = next(items, None)
        if item is None:
            open_.pop()
        elif isinstance(item, int):
            yield _Line(graph.layers[item].name.removeprefix(inside), item, indent)
        elif item.block is not None:
            is_heading = indent != depth
            output = None if is_heading else item.block.output
            yield _Line(item.block.name.removeprefix(inside), output, indent, is_heading)
            if is_heading:
                open_.append((iter(item.items()), f"{item.block.name}/", indent + 1))


def _is_by_channel(line: _Line, found: Sequence[tuple[Entry, ...] | None]) -> bool:
    return line.layer is not None and any(entry.by_channel for entry in found[line.layer] or ())


class _Table:
    def __init__(
        self, fields: ReceptiveFields, found: Sequence[tuple[Entry, ...] | None], columns: Sequence[_Column]
    ) -> None:
        self._fields = fields
        self._found = found
        self._columns = columns

    def rows(self, line: _Line) -> Iterator[Row]:
        """That of a line; below it one for each input or axis, where several are seen in different ways."""
        if line.layer is None:
            sign = "" if line.is_heading else UNKNOWN
            yield Row([line.label, *[sign] * (1 + len(self._columns))], line.indent, line.is_heading)
            return
        shape = shape_text(self._fields.types.outputs[line.layer].shape)
        parts = self._parts(self._found[line.layer])
        if len({tuple(cells) for cells in parts.values()}) <= 1:
            yield Row([line.label, shape, *next(iter(parts.values()))], line.indent)
            return
        yield Row([line.label, shape, *[""] * len(self._columns)], line.indent)
        for of, cells in parts.items():
            yield Row([f"of {of}", "", *cells], line.indent + 1)

    def _parts(self, found: Sequence[Entry] | None) -> dict[str, list[str]]:
        """The cells of the columns, by what they tell of: an input, or those of its many axes that are alike."""
        if not found:
            return {"": [UNKNOWN if found is None else NOTHING] * len(self._columns)}
        by_input: dict[int, dict[tuple[str, ...], list[int]]] = {}
        for entry in found:
            written = tuple(column.write(entry) for column in self._columns)
            by_input.setdefault(entry.told.input, {}).setdefault(written, []).append(entry.told.axis)
        parts = {}
        for index, alike in by_input.items():
            name, axes = self._fields.graph.layers[index].name, self._fields.types.outputs[index].axis_names
            if len(alike) == 1 or sum(map(len, alike.values())) <= _MOST_BESIDE:
                every = sorted((axis, cells) for cells, some in alike.items() for axis in some)
                parts[name] = [of_axes(texts) for texts in zip(*(cells for _, cells in every), strict=True)]
            else:
                for cells, some in alike.items():
                    names = enumerated([axes[axis] for axis in some])
                    parts[names if len(by_input) == 1 else f"{name}, {names}"] = list(cells)
        return parts

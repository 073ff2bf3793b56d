"""A place walked back to the inputs, as a table: the interval at every layer and at every boundary of a block."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from archanalyzer.graph import Block, shown_shape
from archanalyzer.passes.fields.by_hand import Boundaries, ByHand
from archanalyzer.passes.fields.crossing import products
from archanalyzer.passes.fields.positions import interval
from archanalyzer.passes.fields.walking import Region, along
from archanalyzer.report.cells import NOTHING
from archanalyzer.report.field.words import in_full, of_axes, place_text, positions_text, size_text
from archanalyzer.report.parts import Grid, Notes, Pairs, Part, Row, Title
from archanalyzer.report.sheet import Node, block_tree

_NO_PRODUCT = "*"


def walk(way: ByHand, depth: int | None) -> list[Part]:
    """From the output to the inputs, ``depth`` levels of blocks unfolded, None for all; axes that differ one by one."""
    layer, boundaries = way.graph.layers[way.layer], Boundaries(way)
    head = [("from", f"{layer.name} ({layer.op.name}) at {place_text(way.place)}")]
    head += [
        (f"sees of {way.graph.layers[index].name}", text) for index in way.graph.inputs if (text := _sees(way, index))
    ]
    parts: list[Part] = [Pairs(head)]
    tables: dict[tuple[Row, ...], list[str]] = {}
    for title, axis in _axes_told_apart(way):
        table = _Table(way, boundaries, axis)
        tables.setdefault(tuple(table.rows(block_tree(way.graph), depth)), []).append(title)
    for rows, titles in tables.items():
        if len(tables) > 1:
            parts.append(Title(", ".join(titles), is_section=True))
        parts.append(_grid(rows))
    return [*parts, Notes(list(_notes([row for rows in tables for row in rows])))]


def _sees(way: ByHand, index: int) -> str:
    """What the place sees of an input of the network; nothing of one that it does not see, and of its own."""
    asked, shape = way.asked(index), way.types.outputs[index].shape
    if index == way.layer or not (asked.endless or asked.real):
        return ""
    endless, actual = _seen(asked.endless, shape), _seen(asked.real, shape)
    return endless if endless == actual else f"{endless}; cut at the borders, {actual}"


def _seen(region: Region, shape: tuple[int, ...]) -> str:
    if not region:
        return "nothing"
    return f"{_text(region, shape)}: {in_full([size_text(along(region, axis)) for axis in _axes(shape)])}"


def _axes_told_apart(way: ByHand) -> list[tuple[str, int | None]]:
    """The axes by name, where all layers on the way, but for flat ones, have the same; else they are told together."""
    types = [way.types.outputs[index] for index in way.layers if len(way.types.outputs[index].shape) > 1]
    if len({len(each.shape) for each in types}) != 1:
        return [("", None)]
    return [(name, axis) for axis, name in enumerate(types[0].axis_names) if axis > 0]


def _grid(rows: Sequence[Row]) -> Grid:
    """With two columns less where no border is met."""
    if all(row.cells[2:4] == row.cells[4:6] for row in rows):
        shorter = [row._replace(cells=row.cells[:4]) for row in rows]
        return Grid(["layer", "output", "positions", "size"], shorter, frozenset({2}))
    return Grid(["layer", "output", "endless input", "size", "actual input", "size"], rows, frozenset({2, 4}))


def _notes(rows: Sequence[Row]) -> Iterator[str]:
    """What the signs in the tables mean."""
    if all(row.cells[2:4] == row.cells[4:6] for row in rows):
        yield "no border is met: of the actual input, it is the same as of an endless one"
    if any("→" in row.cells[2] for row in rows):
        yield "block: what is asked for of its output → what its layers read from outside for it, the last layer first"
    if any("(" in cell for row in rows for cell in (row.cells[3], row.cells[5])):
        yield "size: from the first to the last position; in brackets, how many of them, gaps left out"
    if any(_NO_PRODUCT in cell for row in rows for cell in (row.cells[2], row.cells[4])):
        yield f"{_NO_PRODUCT} a union of several products of such sets: not every combination need be in it"


class _Table:
    """The rows of one axis, of which flat layers have the one that they have; of all axes together where it is None."""

    def __init__(self, way: ByHand, boundaries: Boundaries, axis: int | None) -> None:
        self._way = way
        self._boundaries = boundaries
        self._axis = axis
        self._on_the_way = frozenset(way.layers)

    def rows(self, root: Node, depth: int | None) -> Iterator[Row]:
        """The rows of what stands in a block, the last first; blocks may be nested without end."""
        open_ = [(iter(reversed(list(root.items()))), "", 0)]
        while open_:
            items, inside, indent = open_[-1]
            item = next(items, None)
            if item is None:
                open_.pop()
            elif isinstance(item, int):
                if item in self._on_the_way:
                    yield self._layer(item, inside, indent)
            elif item.block is not None and not self._on_the_way.isdisjoint(range(item.start, item.stop)):
                is_folded = indent == depth
                yield self._block(item.block, inside, indent, is_heading=not is_folded)
                if not is_folded:
                    open_.append((iter(reversed(list(item.items()))), f"{item.block.name}/", indent + 1))

    def _layer(self, index: int, inside: str, indent: int) -> Row:
        shape = self._way.types.outputs[index].shape
        cells = [self._way.graph.layers[index].name.removeprefix(inside), shown_shape(shape)]
        for region in self._way.asked(index):
            cells += [_text(region, shape, self._axis), _size(region, shape, self._axis)]
        return Row(tuple(cells), indent)

    def _block(self, block: Block, inside: str, indent: int, *, is_heading: bool) -> Row:
        """What is asked for of a block's output → what its layers read from outside."""
        boundary, outputs = self._boundaries.of(block), self._way.types.outputs
        shape = () if block.output is None else outputs[block.output].shape
        cells = [block.name.removeprefix(inside), shown_shape(shape) if shape else ""]
        for which in range(2):
            for write, arrow in ((_text, " → "), (_size, "→")):
                asked = write(boundary.output[which], shape, self._axis)
                read = [
                    write(each[which], outputs[source].shape, self._axis) for source, each in boundary.reads.items()
                ]
                cells.append(f"{asked}{arrow}{', '.join(read)}" if read else asked)
        return Row(tuple(cells), indent, is_heading)


def _axes(shape: tuple[int, ...], axis: int | None = None) -> range:
    """The axes of places, or of them the one that is asked for; of a flat layer, its only one."""
    if axis is not None and len(shape) > 1:
        return range(axis, axis + 1)
    return range(min(len(shape) - 1, 1), len(shape))


def _text(region: Region, shape: tuple[int, ...], axis: int | None = None) -> str:
    """The positions along each axis; of channels, only where they are not all."""
    if not region:
        return NOTHING
    places = of_axes([positions_text(along(region, each)) for each in _axes(shape, axis)])
    channels = along(region, 0)
    some = len(shape) > 1 and not channels.contains(interval(0, shape[0]))
    mark = "" if len(products(region)) == 1 else f" {_NO_PRODUCT}"
    return f"{f'channels {positions_text(channels)}: ' if some else ''}{places}{mark}"


def _size(region: Region, shape: tuple[int, ...], axis: int | None = None) -> str:
    return of_axes([size_text(along(region, each)) for each in _axes(shape, axis)]) if region else "0"

"""The chosen rows and columns of a network, as data: what every table, in whatever format, is written from.

The rows add up to the totals, always. A folded block is one row with the sum over its layers; an unfolded one is a
heading without numbers above its layers. Copies that stand next to each other and would show the same are one row,
``×N``, whose sums are those of all N together; so one of them has the N-th part. Copies come from one place in the
text, or count on from each other's names, and each reads the one before it. Their receptive fields may differ: those of
the first and the last are shown. Rows beyond ``top`` are summed up in a last one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from fractions import Fraction
from math import inf, prod
from typing import Any, NamedTuple, TypeAlias

from archanalyzer.graph import Block, Graph, Layer
from archanalyzer.passes.analysis import Kind
from archanalyzer.passes.analyzing import Analyzed
from archanalyzer.passes.facts import Facts
from archanalyzer.report.cells import ALONG_COPIES, BLANK, Look
from archanalyzer.report.columns import Part, SheetColumn, SheetError, all_columns, choose, column, meant
from archanalyzer.report.view import View


class RowKind(Enum):
    """A layer; a folded block; the heading of an unfolded one; the sum of the rows that are left out."""

    LAYER = "layer"
    BLOCK = "block"
    HEADING = "heading"
    REST = "rest"


class Row(NamedTuple):
    """``label`` is the name within the block that the row stands in, ``name`` the whole path."""

    kind: RowKind
    name: str
    label: str
    indent: int
    copies: int
    cells: tuple[Any, ...]


class Sheet(NamedTuple):
    """``columns`` are those after the name; ``totals`` has one value a column, blank where nothing adds up."""

    title: str
    total_label: str
    columns: tuple[SheetColumn, ...]
    rows: tuple[Row, ...]
    totals: tuple[Any, ...]


def build_sheet(analyzed: Analyzed, view: View | None = None, *, fold: bool = True) -> Sheet:
    """The sheet of a network; without ``fold``, each layer or folded block has a row of its own, headings have none.

    Raises:
        SheetError: the view names a column that there isn't.
    """
    view = view or View()
    facts = analyzed.facts
    columns = choose(facts, view.columns)
    if view.sort is not None or view.top is not None:
        rows = tuple(_ranked(facts, columns, "macs" if view.sort is None else view.sort, view.top))
    elif fold:
        rows = tuple(_Outline(facts, columns).rows(view.depth))
    else:
        rows = tuple(_listed(facts, columns, view.depth))
    total_label = "total" if analyzed.network_is_sound else "total so far"
    return Sheet(analyzed.graph.name, total_label, columns, rows, tuple(each.total for each in columns))


def _row(kind: RowKind, columns: tuple[SheetColumn, ...], part: Part, name: str, label: str, indent: int = 0) -> Row:
    return Row(kind, name, label, indent, len(part.starts), tuple(column.of(part) for column in columns))


Rows: TypeAlias = "Iterator[Row | Rows]"
"""Rows, and further ones in their midst; blocks may be nested deeper than Python lets functions call each other."""


def _flat(rows: Rows) -> Iterator[Row]:
    open_ = [rows]
    while open_:
        item = next(open_[-1], None)
        if item is None:
            open_.pop()
        elif isinstance(item, Row):
            yield item
        else:
            open_.append(item)


def _listed(facts: Facts, columns: tuple[SheetColumn, ...], depth: int | None) -> Iterator[Row]:
    def walk(node: Node, levels: int) -> Rows:
        for item in node.items():
            if isinstance(item, int):
                name = facts.graph.layers[item].name
                yield _row(RowKind.LAYER, columns, Part((item,)), name, name)
            elif levels:
                yield walk(item, levels - 1)
            elif item.block:
                part = Part((item.start,), item.length, item.block)
                yield _row(RowKind.BLOCK, columns, part, item.block.name, item.block.name)

    return _flat(walk(block_tree(facts.graph), -1 if depth is None else depth))


@dataclass
class Node:
    """A block and the blocks right inside it; the root, which is the network, is none."""

    block: Block | None
    start: int
    stop: int
    children: list[Node] = field(default_factory=list)

    @property
    def length(self) -> int:
        return self.stop - self.start

    def with_all_inside(self) -> Iterator[Node]:
        """This node and all below it, each before those inside it."""
        open_ = [self]
        while open_:
            node = open_.pop()
            yield node
            open_ += node.children

    def items(self) -> Iterator[int | Node]:
        """What stands right inside: layers, by index, and blocks."""
        at = self.start
        for child in self.children:
            yield from range(at, child.start)
            yield child
            at = child.stop
        yield from range(at, self.stop)


def block_tree(graph: Graph) -> Node:
    """The uses of blocks as a tree, but for those without a layer, of which there is nothing to show."""
    root = Node(None, 0, len(graph.layers))
    open_ = [root]
    blocks = [block for block in graph.blocks if block.start < block.stop]
    for block in sorted(blocks, key=lambda block: (block.start, -block.stop, block.name.count("/"))):
        while open_[-1].stop < block.stop or open_[-1].stop <= block.start:
            open_.pop()
        node = Node(block, block.start, block.stop)
        open_[-1].children.append(node)
        open_.append(node)
    return root


class _Outline:
    """Blocks and layers as rows, with what is alike put together."""

    def __init__(self, facts: Facts, columns: tuple[SheetColumn, ...]) -> None:
        self.layers = facts.graph.layers
        self.columns = columns
        self.root = block_tree(facts.graph)
        self._looks: dict[Any, int] = {}
        self._layer_look = [self._look_of_layer(index) for index in range(len(self.layers))]
        self._node_look: dict[int, int] = {}
        self._lowest_read: dict[int, int] = {}
        for node in reversed(list(self.root.with_all_inside())):
            inside = tuple((self._look(item), self._label(item, node)) for item in node.items())
            key = (node.block and node.block.block, inside)
            self._node_look[id(node)] = self._looks.setdefault(key, len(self._looks))
            self._lowest_read[id(node)] = min(map(self._lowest, node.items()), default=0)

    def _look_of_layer(self, index: int) -> int:
        """A number for all that a layer's row shows, but its name, the names that it reads and what may grow."""
        layer, part = self.layers[index], Part((index,))
        alike = (each for each in self.columns if each.name != "inputs" and each.form not in ALONG_COPIES)
        shown = [repr(each.of(part)) for each in alike]
        distances = [index - source for source in layer.inputs]
        return self._looks.setdefault((layer.op.name, repr(layer.op), *distances, *shown), len(self._looks))

    def _look(self, item: int | Node) -> int:
        """One number for all that look alike; a layer and a block never do."""
        return self._layer_look[item] if isinstance(item, int) else self._node_look[id(item)]

    def _lowest(self, item: int | Node) -> int:
        """The first layer that is read in an item; before all layers where nothing is, as in a network input."""
        if isinstance(item, Node):
            return self._lowest_read[id(item)]
        return min(self.layers[item].inputs, default=-1)

    def _label(self, item: int | Node, parent: Node) -> str:
        """The name within the block around."""
        name = self._named(item).name
        return name.removeprefix(f"{parent.block.name}/") if parent.block else name

    def _named(self, item: int | Node) -> Layer | Block:
        if isinstance(item, int):
            return self.layers[item]
        assert item.block is not None  # noqa: S101 - the root stands in nothing
        return item.block

    def _runs(self, node: Node) -> Iterator[list[int | Node]]:
        """What stands right inside a node, copies together."""
        run: list[int | Node] = []
        for item in node.items():
            if run and not self._copies(run[-1], item):
                yield run
                run = []
            run.append(item)
        if run:
            yield run

    def _copies(self, one: int | Node, following: int | Node) -> bool:
        """Whether what follows reads and shows the same as what stands before it, and its name can be told from that.

        One that reads what stands above both, such as a second tower, is no copy.
        """
        if self._look(one) != self._look(following):
            return False
        start = one if isinstance(one, int) else one.start
        if self._lowest(following) < start:
            return False
        first, second = self._named(one), self._named(following)
        return first.source == second.source or _counts_on(first, second)

    def rows(self, depth: int | None) -> Iterator[Row]:
        return _flat(self._inside(self.root, (0,), -1 if depth is None else depth, 0))

    def _inside(self, node: Node, offsets: tuple[int, ...], levels: int, indent: int) -> Rows:
        """The rows of what stands inside a node, which stands for itself and its copies, so many layers further on."""
        inside = f"{node.block.name}/" if node.block else ""
        for alike in self._runs(node):
            starts = [item if isinstance(item, int) else item.start for item in alike]
            everywhere = tuple(offset + start for offset in offsets for start in starts)
            first = alike[0]
            if isinstance(first, int):
                name = self.layers[first].name
                yield _row(RowKind.LAYER, self.columns, Part(everywhere), name, name.removeprefix(inside), indent)
            else:
                moved = tuple(start - first.start for start in everywhere)
                yield self._block(first, moved, inside, levels, indent)

    def _block(self, node: Node, offsets: tuple[int, ...], inside: str, levels: int, indent: int) -> Rows:
        block = node.block
        if block is None:
            return
        label = block.name.removeprefix(inside)
        if levels == 0:
            output = None if block.output is None else block.output + offsets[-1]
            last = Block(block.name, block.block, block.start, block.stop, output, block.source)
            part = Part(tuple(node.start + offset for offset in offsets), node.length, last)
            yield _row(RowKind.BLOCK, self.columns, part, block.name, label, indent)
            return
        cells = tuple(block.block if each.name == "type" else BLANK for each in self.columns)
        yield Row(RowKind.HEADING, block.name, label, indent, len(offsets), cells)
        yield self._inside(node, offsets, levels - 1, indent + 1)


def _counts_on(one: Layer | Block, following: Layer | Block) -> bool:
    """Whether names are those that unnamed layers get: ``relu``, ``relu_2``, ``relu_3``."""
    type_ = one.op.name if isinstance(one, Layer) else one.block
    first, second = (each.name.rpartition("/")[2] for each in (one, following))
    number = first.removeprefix(type_).removeprefix("_") or "1"
    known = first in {type_, f"{type_}_{number}"} and number.isdecimal()
    return known and second == f"{type_}_{int(number) + 1}"


def _ranked(facts: Facts, columns: tuple[SheetColumn, ...], sort: str, top: int | None) -> Iterator[Row]:
    """The layers in the order of a column, the largest first, and what is left out as one row."""
    ranking = sorted(range(len(facts.graph.layers)), key=_order(facts, sort))
    shown = ranking[:top]
    for index in shown:
        name = facts.graph.layers[index].name
        yield _row(RowKind.LAYER, columns, Part((index,)), name, name)
    if rest := tuple(sorted(ranking[len(shown) :])):
        part = Part(rest)
        cells = tuple(BLANK if each.total is BLANK else each.of(part) for each in columns)
        yield Row(RowKind.REST, "", f"… and {len(rest):,} more", 0, 1, cells)


def _order(facts: Facts, name: str) -> Any:
    """A sorting key for layers: the largest first, names from a to z, what is not known last."""
    known = all_columns(facts)
    if name not in known:
        raise SheetError(f"there is no column `{name}` to sort by; {meant(facts, name)}")
    if name == "name":
        return lambda index: facts.graph.layers[index].name
    by = column(facts, name)
    if by.form is Look.TEXT:
        return lambda index: by.of(Part((index,)))
    if by.form is Kind.DATA:
        raise SheetError(f"`{name}` cannot be sorted by: it is neither a number nor a name")

    def descending(index: int) -> tuple[bool, Any]:
        size = _size(by.of(Part((index,))), by.form)
        return (size is None, -size if size is not None else 0)

    return descending


def _size(value: Any, form: Any) -> Any:
    """What a value weighs in an order; None where it isn't known.

    A shape weighs its elements, a field its largest extent; one that is ``all`` of an axis weighs most.
    """
    if value is None:
        return None
    match form:
        case Kind.SHAPE:
            return prod(value)
        case Kind.FIELD:
            return max((inf if entry["whole"] else entry["size"] for entry in value), default=0)
        case Kind.FRACTION:
            known = [Fraction(each) for each in (value if isinstance(value, list) else [value]) if each is not None]
            return max(known, default=None)
    return value

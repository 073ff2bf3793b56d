"""A count written out: part by part of a network, all together, or product by product of one layer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from archanalyzer.graph import Graph
from archanalyzer.passes.comparing.outline import Item, Tokens, outline
from archanalyzer.passes.explaining.derivation import Group, Product, gathered
from archanalyzer.passes.explaining.products import EXPLAINED, OF_WEIGHTS, WITHOUT_FROZEN, Products
from archanalyzer.passes.facts import Facts
from archanalyzer.passes.parameters import Parameters

MOST_IN_ORDER = 24
"""Products of a sum that are listed in the order of the layers; of more, those that are alike are put together."""


class Line(NamedTuple):
    """A part of a network, a block or a layer, or ``copies`` parts in a row that count the same, up to ``last``.

    ``groups`` add up to the count of all copies.
    """

    name: str
    last: str
    copies: int
    groups: tuple[Group, ...]

    @property
    def value(self) -> int:
        return total(self.groups)


class Shared(NamedTuple):
    """A layer that uses the weights of another, where they are counted."""

    layer: str
    owner: str


class Remarks(NamedTuple):
    """What is to be known of a count: weights that are ``shared``, layers that are ``frozen``, and of which all is not.

    ``frozen_count``: what is frozen is among what is counted. ``unknown``: layers of which the count is not known.
    """

    shared: tuple[Shared, ...] = ()
    frozen: tuple[str, ...] = ()
    frozen_count: bool = True
    unknown: tuple[str, ...] = ()


class CountExplained(NamedTuple):
    """The fact ``what`` of a network, or of one of its blocks: its parts, and all of them together.

    ``name`` is that of the block, empty for the network. The sum is only a lower bound where a layer is ``unknown``.
    """

    what: str
    name: str
    lines: tuple[Line, ...]
    together: tuple[Group, ...]
    remarks: Remarks

    @property
    def value(self) -> int:
        return total(self.together)


class LayerExplained(NamedTuple):
    """The fact ``what`` of the layer of this index: its products, and all of them together."""

    what: str
    layer: int
    products: tuple[Product, ...]
    together: tuple[Group, ...]
    remarks: Remarks

    @property
    def value(self) -> int:
        return total(self.together)


def total(groups: Iterable[Group]) -> int:
    return sum(group.value for group in groups)


def count_explained(facts: Facts, what: str, block: int | None = None) -> CountExplained:
    """A count of a network, or of one of its blocks, by the block's index.

    Raises:
        KeyError: ``what`` is none of ``EXPLAINED``.
    """
    products = EXPLAINED[what](facts)
    item = _item(facts.graph, block)
    name = "" if block is None else facts.graph.blocks[block].name
    layers = range(item.start, item.stop)
    lines = tuple(_lines(facts.graph, item, products))
    return CountExplained(what, name, lines, _sum(products, layers), _remarks(facts, what, products, layers))


def layer_explained(facts: Facts, what: str, layer: int) -> LayerExplained:
    """A count of one layer, by its index.

    Raises:
        KeyError: ``what`` is none of ``EXPLAINED``.
    """
    products = EXPLAINED[what](facts)
    one = range(layer, layer + 1)
    own = tuple(products[layer] or ())
    return LayerExplained(what, layer, own, _sum(products, one), _remarks(facts, what, products, one))


def _item(graph: Graph, block: int | None) -> Item:
    """The outline of a network or of one of its blocks."""
    root = outline(graph, Tokens())
    if block is None:
        return root
    return next(item for item in root.inside() if item.is_block and item.index == block)


def _lines(graph: Graph, item: Item, products: Products) -> Iterator[Line]:
    """The parts right inside a block that count something; of those in a row that count the same, one line."""
    run: list[Item] = []
    before: tuple[Group, ...] = ()
    for part in item.children:
        groups = _sum(products, range(part.start, part.stop))
        if not total(groups):
            continue
        if run and not (groups == before and run[-1].kind == part.kind):
            yield _line(graph, run, products)
            run = []
        run.append(part)
        before = groups
    if run:
        yield _line(graph, run, products)


def _line(graph: Graph, run: list[Item], products: Products) -> Line:
    first, last = run[0], run[-1]
    groups = _sum(products, range(first.start, first.stop), len(run))
    return Line(_name(graph, first), _name(graph, last), len(run), groups)


def _name(graph: Graph, part: Item) -> str:
    return graph.blocks[part.index].name if part.is_block else graph.layers[part.index].name


def _sum(products: Products, layers: range, times: int = 1) -> tuple[Group, ...]:
    found = [(product, times) for index in layers for product in products[index] or () if product.value]
    return gathered(found, in_order=len(found) <= MOST_IN_ORDER)


def _remarks(facts: Facts, what: str, products: Products, layers: range) -> Remarks:
    graph, found = facts.graph, facts.result(Parameters)
    unknown = tuple(graph.layers[index].name for index in layers if products[index] is None)
    if what not in OF_WEIGHTS:
        return Remarks(unknown=unknown)
    weighted = [graph.layers[index] for index in layers if found.used[index]]
    shared = tuple(Shared(each.name, graph.layers[each.shares].name) for each in weighted if each.shares is not None)
    frozen = tuple(each.name for each in weighted if each.frozen and each.shares is None)
    return Remarks(shared, frozen, what != WITHOUT_FROZEN, unknown)

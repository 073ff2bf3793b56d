"""Which layer and which of its positions ``archanalyzer field`` is asked about."""

from __future__ import annotations

import re
from collections.abc import Sequence

import click

from archanalyzer.diagnostics import did_you_mean
from archanalyzer.graph import Graph, shown_shape

_PLACE = re.compile(r"\s*-?\d{1,18}\s*(,\s*-?\d{1,18}\s*)*", re.ASCII)
_CENTRE = ("centre", "center")


def layer_named(graph: Graph, name: str) -> int:
    """The layer of a name, or the one whose output is that of a block of this name.

    Raises:
        click.ClickException: there is none.
    """
    blocks = {block.name: block.output for block in graph.blocks}
    index = graph.index.get(name, blocks.get(name))
    if index is None:
        hint = did_you_mean(name, (*graph.index, *blocks), "layers")
        raise click.ClickException(f"there is no layer or block `{name}`; {hint}")
    return index


def place_at(text: str, shape: Sequence[int], name: str) -> tuple[int, ...]:
    """The position that a text names on each spatial axis of a layer, or of a flat one, the feature.

    Raises:
        click.ClickException: the text names none, or one that the layer, called ``name``, does not have.
    """
    extents = tuple(shape[1:] or shape)
    if text.strip() in _CENTRE:
        return tuple(extent // 2 for extent in extents)
    if not _PLACE.fullmatch(text):
        raise click.ClickException(f"expected a position such as `12`, `12,40` or `centre`, found `{text}`")
    numbers = tuple(map(int, text.split(",")))
    place = numbers * len(extents) if len(numbers) == 1 else numbers
    if len(place) != len(extents):
        wanted = "one number" if len(extents) == 1 else f"{len(extents)} numbers, one an axis, or one for all"
        raise click.ClickException(f"expected {wanted}: `{name}` has {shown_shape(extents)} positions, found `{text}`")
    if not all(0 <= at < extent for at, extent in zip(place, extents, strict=True)):
        within = f"within {shown_shape(extents)}, counted from 0"
        raise click.ClickException(f"expected a position of `{name}` {within}, found {shown_shape(place)}")
    return place

"""Which layer and which of its positions ``archanalyzer field`` is asked about."""

from __future__ import annotations

import re
from collections.abc import Sequence

import click

from archanalyzer.diagnostics import did_you_mean
from archanalyzer.graph import Graph, shown_shape
from archanalyzer.report.text import escape, shorten

_WHOLE = re.compile(r"-?\d+", re.ASCII)
_WITHOUT_COMMA = re.compile(r"\s*\d+([x×;\s]+\d+)+\s*", re.ASCII)
_MOST_DIGITS = 30
_MOST_SHOWN = 40
"""Columns of what was found instead of a position."""
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
    parts = [part.strip() for part in text.split(",")]
    if not all(map(_WHOLE.fullmatch, parts)):
        raise click.ClickException(
            f"expected a position such as `12`, `12,40` or `centre`, found {_quoted(text)}; "
            f"{_what_is_amiss(text, parts) or f'`{name}` has {shown_shape(extents)} positions, counted from 0'}"
        )
    if len(parts) not in {1, len(extents)}:
        wanted = "one number" if len(extents) == 1 else f"{len(extents)} numbers, one an axis, or one for all"
        raise click.ClickException(
            f"expected {wanted}: `{name}` has {shown_shape(extents)} positions, found {_quoted(text)}"
        )
    written = parts * len(extents) if len(parts) == 1 else parts
    # Python reads no number of more than 4,300 digits; the first few of so many are beyond any extent.
    place = tuple(int(each[:_MOST_DIGITS]) for each in map(_without_zeros, written))
    if not all(0 <= at < extent for at, extent in zip(place, extents, strict=True)):
        found = "×".join(shorten(each, _MOST_SHOWN) for each in map(_without_zeros, written))
        last = f"the last one is `{','.join(str(extent - 1) for extent in extents)}`"
        hint = f"none is counted from the end: {last}" if min(place) < 0 else last
        raise click.ClickException(
            f"expected a position of `{name}` within {shown_shape(extents)}, counted from 0, found {found}; {hint}"
        )
    return place


def _without_zeros(written: str) -> str:
    sign, digits = ("-", written[1:]) if written.startswith("-") else ("", written)
    return sign + (digits.lstrip("0") or "0")


def _quoted(text: str) -> str:
    return f"`{shorten(escape(text), _MOST_SHOWN)}`" if text.strip() else "nothing"


def _what_is_amiss(text: str, parts: Sequence[str]) -> str:
    """How to write what may have been meant; empty where that isn't clear."""
    if text.strip() and "" in parts:
        return "a number is missing beside a comma"
    if any(each.isdigit() and not each.isascii() for each in text):
        return "write numbers with the digits 0 to 9"
    return "put a comma between two numbers" if _WITHOUT_COMMA.fullmatch(text) else ""

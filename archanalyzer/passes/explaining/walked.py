"""A receptive field counted back from one position of a layer, as one does it by hand, along the way that decides.

Of a layer asked for n positions, from a to b, what is read through a window (graph.Window) is, along one axis,

    (n − 1)·s + k                                        without up-sampling
    ⌊(b·s + o + (k − 1))/u⌋ − ⌈(a·s + o)/u⌉ + 1           with it

with stride s, offset o, up-sampling u and the window's reach k. What is asked of a layer is what all its readers ask
for; mostly one of them asks for all of that, and decides.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from archanalyzer.graph import Digit, Graph, IrregularWindow, Reading, Window
from archanalyzer.passes.fields.positions import NOWHERE, Positions
from archanalyzer.passes.fields.walking import Lookup, Region, Walk, along
from archanalyzer.passes.tensor_types import TensorTypes


class Read(NamedTuple):
    """A layer of which ``asked`` is asked for, positions from first to last, and so ``read`` of the layer ``source``.

    ``window``: through which it reads, its axis left aside, where the positions follow from it by the formulas above;
    None where they don't, as of a layer that reads everything. ``alone``: no other reader asks ``source`` for more.
    """

    layer: int
    source: int
    asked: Positions
    read: Positions
    window: Window | None
    alone: bool


class Walked(NamedTuple):
    """The way back to an axis of an input, the layer first; ``seen``: the positions that are seen, gaps filled."""

    reads: tuple[Read, ...]
    seen: Positions


class _Way(NamedTuple):
    """A walk back, and the network that it leads through."""

    graph: Graph
    types: TensorTypes
    walk: Walk


def counted_back(graph: Graph, types: TensorTypes, walk: Walk, source: int, axis: int) -> Walked:
    """What decides which positions of an axis of an input are seen, after a ``walk`` back on an endless input.

    Raises:
        TooMany, TooWide, LookupError: as ``walk_back``.
    """
    way = _Way(graph, types, walk)
    if source not in walk.regions:
        return Walked((), NOWHERE)
    reads: dict[tuple[int, int], Read] = {}
    readers = _readers(way)
    waiting = [(source, axis)]
    done = set()
    while waiting:
        at = waiting.pop()
        if at in done or at[0] == walk.start:
            continue
        done.add(at)
        for read, following in _deciding(way, readers, *at):
            reads[read.layer, read.source] = read
            if following is not None:
                waiting.append((read.layer, following))
    seen = along(way.walk.regions[source], axis).hull
    return Walked(tuple(reads[key] for key in sorted(reads, reverse=True)), seen)


def _readers(way: _Way) -> dict[int, list[tuple[int, int]]]:
    """For each layer on the way, those on the way that read it, each with the slot in which it does."""
    found: dict[int, list[tuple[int, int]]] = {}
    for index in way.walk.regions:
        for slot, source in enumerate(way.graph.layers[index].inputs):
            found.setdefault(source, []).append((index, slot))
    return found


def _deciding(
    way: _Way, readers: dict[int, list[tuple[int, int]]], source: int, axis: int
) -> Iterator[tuple[Read, int | None]]:
    """The readers that decide what is asked for of a layer along an axis, each with its own axis, if it has one."""
    asked = along(way.walk.regions[source], axis).hull
    found = [each for index, slot in readers.get(source, ()) if (each := _reading(way, index, slot, source, axis))]
    covering = next(((read, own) for read, own in found if read.read == asked), None)
    if covering is not None:
        yield covering
        return
    for end in ("start", "stop"):
        read, own = next(each for each in found if getattr(each[0].read, end) == getattr(asked, end))
        yield read._replace(alone=False), own


def _reading(way: _Way, index: int, slot: int, source: int, axis: int) -> tuple[Read, int | None] | None:
    """What a layer reads of a source along an axis, and along which of its own; None where it reads nothing of it."""
    layer, types = way.graph.layers[index], way.types
    stated = layer.op.readings(types.inputs(layer), types.outputs[index])
    region = way.walk.regions[index]
    if stated is None:
        return None
    lookup = Lookup(stated[slot], types.outputs[source].shape, types.outputs[index].shape)
    boxes: Region = tuple(box for asked in region for box in lookup.read_by(asked))
    if not boxes:
        return None
    reading, read = stated[slot][axis], along(boxes, axis).hull
    own = reading.axis if isinstance(reading, Window | IrregularWindow | Digit) else None
    asked = Positions(0, 0) if own is None else along(region, own).hull
    return Read(index, source, asked, read, _window(reading, asked, read), alone=True), own


def _window(reading: Reading, asked: Positions, read: Positions) -> Window | None:
    """The window through which that is read, if it is by the formula."""
    if isinstance(reading, IrregularWindow):
        reading = reading.without_ends()
    if not isinstance(reading, Window) or bounds(reading, asked) != read:
        return None
    return replace(reading, axis=0)


def bounds(window: Window, asked: Positions) -> Positions:
    """The first and the last position that some read, each on its own taken to be one that there is."""
    first = -(-(asked.start * window.stride + window.offset) // window.upsampling)
    last = ((asked.stop - 1) * window.stride + window.offset + reach(window) - 1) // window.upsampling
    return Positions(first, last + 1)


def reach(window: Window) -> int:
    """Positions from a window's first tap to its last, both counted."""
    return (window.count - 1) * window.step + 1

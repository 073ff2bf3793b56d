"""A network as boxes and arrows, as every format draws it: what is in a box, and which frames are around it.

A box is a layer, or a block that is folded; a frame is a block that is not. What a layer is drawn as follows from what
its op declares.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum
from typing import NamedTuple

from archanalyzer.graph import Graph, Op
from archanalyzer.passes.analyzing import Analyzed
from archanalyzer.passes.drawing_roles import is_activation
from archanalyzer.passes.parameters import Parameters
from archanalyzer.passes.tensor_types import TensorTypes
from archanalyzer.report.cells import shape_text
from archanalyzer.report.diff.words import value_text
from archanalyzer.report.sheet import Node, block_tree
from archanalyzer.report.text import escape, plural

_NUMBERED = re.compile(r"_[1-9][0-9]*\Z")


class Look(Enum):
    """What a box is drawn as: the first of these that its layer is."""

    INPUT = "input"
    BLOCK = "block"
    ACTIVATION = "activation"
    WEIGHTS = "weights"
    MERGE = "merge"
    SAMPLING = "sampling"
    """Of no weights, with other extents than what it reads: a pool, an up-sampling, a crop."""
    OTHER = "other"


class Box(NamedTuple):
    """``label`` is the name within the frame; ``detail`` the fields, or what is folded; ``frame`` the innermost.

    ``extents`` are those of the output.
    """

    name: str
    label: str
    type: str
    detail: str
    extents: tuple[int, ...]
    look: Look
    is_output: bool
    frame: int | None

    @property
    def shape(self) -> str:
        """The shape of the output."""
        return shape_text(self.extents)

    @property
    def names_its_type(self) -> bool:
        """Whether the label is the one that a layer without a name gets: ``conv2d_2``."""
        return _NUMBERED.sub("", self.label) == self.type

    @property
    def below(self) -> str:
        """What stands below the label: the type, where the label does not say it, and the fields."""
        return self.detail if self.names_its_type else ": ".join(part for part in (self.type, self.detail) if part)


class Frame(NamedTuple):
    """A block that is unfolded, and the index of the one around it; those around stand before those within."""

    name: str
    label: str
    block: str
    outer: int | None

    @property
    def caption(self) -> str:
        """Its name, and which block it is, where the name does not say that."""
        same = _NUMBERED.sub("", self.label) == self.block
        return self.label if same else f"{self.label}: {self.block}"


class Drawing(NamedTuple):
    """``arrows`` are pairs of places in ``boxes``, from what is read to what reads it; each pair once."""

    title: str
    about: str
    boxes: tuple[Box, ...]
    frames: tuple[Frame, ...]
    arrows: tuple[tuple[int, int], ...]


def drawing_of(analyzed: Analyzed, depth: int | None = None) -> Drawing:
    """The network, with so many levels of blocks unfolded; None for all."""
    graph = analyzed.graph
    collected = _Collected(analyzed)
    collected.collect(depth)
    arrows = dict.fromkeys(
        (collected.box_of[source], collected.box_of[layer.index])
        for layer in graph.layers
        for source in layer.inputs
        if collected.box_of[source] != collected.box_of[layer.index]
    )
    return Drawing(
        escape(graph.name),
        escape(" ".join(graph.description.split())),
        tuple(collected.boxes),
        tuple(collected.frames),
        tuple(arrows),
    )


class _Collected:
    """Boxes and frames as the tree of blocks is walked; ``box_of`` gives the box of each layer."""

    def __init__(self, analyzed: Analyzed) -> None:
        self.graph: Graph = analyzed.graph
        self.types = analyzed.facts.result(TensorTypes)
        self.weights = analyzed.facts.result(Parameters).used
        self.boxes: list[Box] = []
        self.frames: list[Frame] = []
        self.box_of: dict[int, int] = {}

    def collect(self, depth: int | None) -> None:
        """Walks the blocks; nested deeper than Python lets functions call each other, so without calls."""
        open_: list[tuple[Iterator[int | Node], int | None, int]] = []
        open_.append((block_tree(self.graph).items(), None, -1 if depth is None else depth))
        while open_:
            items, frame, levels = open_[-1]
            item = next(items, None)
            if item is None:
                open_.pop()
            elif isinstance(item, int):
                self._add_layer(item, frame)
            elif levels == 0:
                self._add_block(item, frame)
            else:
                open_.append((item.items(), self._add_frame(item, frame), levels - 1))

    def _add_layer(self, index: int, frame: int | None) -> None:
        layer = self.graph.layers[index]
        self.box_of[index] = len(self.boxes)
        self.boxes.append(
            Box(
                escape(layer.name),
                self._label(layer.name, frame),
                escape(layer.op.name),
                escape(_fields(layer.op)) if layer.inputs else "",
                self.types.outputs[index].shape,
                self._look(index),
                index in self.graph.outputs,
                frame,
            )
        )

    def _look(self, index: int) -> Look:
        layer = self.graph.layers[index]
        if not layer.inputs:
            return Look.INPUT
        if is_activation(layer.op):
            return Look.ACTIVATION
        if self.weights[index]:
            return Look.WEIGHTS
        if len(layer.inputs) > 1:
            return Look.MERGE
        before, after = self.types.outputs[layer.inputs[0]], self.types.outputs[index]
        same_axes = len(before.shape) == len(after.shape)
        return Look.SAMPLING if same_axes and before.spatial != after.spatial else Look.OTHER

    def _add_block(self, node: Node, frame: int | None) -> None:
        block = node.block
        assert block is not None  # noqa: S101 - the root stands in nothing
        for index in range(node.start, node.stop):
            self.box_of[index] = len(self.boxes)
        output = node.stop - 1 if block.output is None else block.output
        self.boxes.append(
            Box(
                escape(block.name),
                self._label(block.name, frame),
                escape(block.block),
                plural(node.length, "layer"),
                self.types.outputs[output].shape,
                Look.BLOCK,
                any(node.start <= index < node.stop for index in self.graph.outputs),
                frame,
            )
        )

    def _add_frame(self, node: Node, outer: int | None) -> int:
        block = node.block
        assert block is not None  # noqa: S101 - the root stands in nothing
        self.frames.append(Frame(escape(block.name), self._label(block.name, outer), escape(block.block), outer))
        return len(self.frames) - 1

    def _label(self, name: str, frame: int | None) -> str:
        """The name within the frame around."""
        return escape(name) if frame is None else escape(name).removeprefix(f"{self.frames[frame].name}/")


def _fields(op: Op) -> str:
    """The fields that were given, but for those that are as they are by default."""
    given = ((name, field) for name, field in type(op).model_fields.items() if name in op.model_fields_set)
    values = ((name, getattr(op, name), field) for name, field in given)
    return ", ".join(
        f"{name} {value_text(_alike(value))}"
        for name, value, field in values
        if value is not None and (field.is_required() or not _is_all(value, field.default))
    )


def _is_all(value: object, default: object) -> bool:
    """Whether a value is the default, be it once for each axis."""
    each = value if isinstance(value, tuple) and not isinstance(default, tuple) else (value,)
    return bool(each) and all(one == default for one in each)


def _alike(value: object) -> object:
    """The number that stands for all sides of all axes, where they are alike; else the value itself."""
    if isinstance(value, tuple) and value and all(isinstance(each, tuple) for each in value):
        numbers = {number for each in value for number in each}
        return numbers.pop() if len(numbers) == 1 else value
    return value

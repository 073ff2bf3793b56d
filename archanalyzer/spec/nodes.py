"""What a YAML text says, before anything is known of networks: scalars, lists and maps, each with its place.

A large spec has a million nodes and few of their places are ever asked for: a node keeps four numbers and makes its
``source`` of them when asked.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from archanalyzer.diagnostics import Source, SourceFile
from archanalyzer.spec.scalars import scalar_kind


@dataclass(slots=True, eq=False)
class Node:
    """A value in the text. An alias is the node that it names, so one node may stand in several places.

    It stands from ``start`` to ``end`` in the file's text, counted in characters, and begins at ``line`` and
    ``column``, counted from 1. ``size`` counts it and all nodes below it, at every use of an alias.
    """

    file: SourceFile = field(repr=False)
    line: int
    column: int
    start: int
    end: int

    @property
    def source(self) -> Source:
        """The node's place, where it ends on its first line; else from its start to the end of what that line holds."""
        return Source(self.file, self.line, self.column, self._end_column())

    @property
    def kind(self) -> str:
        """What a message calls it: "a map", "a list", "text", "a number", …"""
        raise NotImplementedError

    @property
    def size(self) -> int:
        raise NotImplementedError

    def _end_column(self) -> int:
        end = self.column + self.end - self.start
        line = self.file.line(self.line)
        return end if end <= len(line) + 1 else len(line.rstrip()) + 1


@dataclass(slots=True, eq=False)
class ScalarNode(Node):
    """A text, a number, a boolean or nothing; ``plain`` where it has no quotes, which otherwise are part of it."""

    text: str
    plain: bool

    @property
    def written(self) -> str:
        """The text as it stands there, with its quotes."""
        written = self.file.text[self.start : self.end]
        return written if not self.plain and written[:1] in {'"', "'"} else self.text

    @property
    def kind(self) -> str:
        return scalar_kind(self)

    @property
    def size(self) -> int:
        return 1


@dataclass(slots=True, eq=False)
class CollectionNode(Node):
    """A list or a map; ``flow`` where it is written in brackets or braces. Its size is 0 until its end is read."""

    flow: bool
    size: int = field(default=0, init=False)


@dataclass(slots=True, eq=False)
class SequenceNode(CollectionNode):
    """A list."""

    items: list[Node] = field(default_factory=list)

    @property
    def kind(self) -> str:
        return "a list"

    def _end_column(self) -> int:
        # In block style PyYAML sees the end only in the text that follows; but each item has lines of its own.
        if not self.flow and self.items and self.items[0].line == self.line:
            return self.items[0].source.end_column
        return super(SequenceNode, self)._end_column()


class Entry(NamedTuple):
    """One ``key: value`` of a map."""

    key: ScalarNode
    value: Node


@dataclass(slots=True, eq=False)
class MappingNode(CollectionNode):
    """A map, in the order of the text."""

    entries: dict[str, Entry] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        return "a map"

    def _end_column(self) -> int:
        # As of lists: each entry has lines of its own.
        first = next(iter(self.entries.values()), None)
        if self.flow or first is None or first.key.line != self.line:
            return super(MappingNode, self)._end_column()
        return first.value.source.end_column if first.value.line == self.line else first.key.source.end_column + 1

"""What a YAML text says, before anything is known of networks: scalars, lists and maps, each with its place.

A large spec has a million nodes and few of their places are ever asked for, so that a node keeps the marks that the
parser made and works its place out from them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from archanalyzer.diagnostics import Source, SourceFile
from archanalyzer.spec.scalars import scalar_kind

if TYPE_CHECKING:
    from yaml import Mark

# An anchor or a tag before a value, with what may stand between.
_PROPERTIES = re.compile(r"(?:[&!][^\s,\[\]{}]*\s*(?:#.*\s*)*)*")


@dataclass(slots=True, eq=False)
class Node:
    """A value in the text. An alias is the node that it names, so one node may stand in several places."""

    file: SourceFile = field(repr=False)
    start_mark: Mark = field(repr=False)
    end_mark: Mark = field(repr=False)

    @property
    def source(self) -> Source:
        """The node's place, where it ends on its first line; else from its start to the end of what that line holds."""
        line = self.start_mark.line + 1
        return Source(self.file, line, self.start_mark.column + 1, self._end_column(line))

    @property
    def kind(self) -> str:
        """What a message calls it: "a mapping", "a list", "text", "a number", …"""
        raise NotImplementedError

    def _end_column(self, line: int) -> int:
        if self.end_mark.line + 1 == line:
            return self.end_mark.column + 1
        return len(self.file.line(line).rstrip()) + 1


@dataclass(slots=True, eq=False)
class ScalarNode(Node):
    """A text, a number, a boolean or nothing; ``plain`` where it has no quotes."""

    text: str
    plain: bool
    size: ClassVar[int] = 1

    @property
    def kind(self) -> str:
        return scalar_kind(self)

    @property
    def start(self) -> int:
        """Where it begins in the file's text, counted in characters, quotes included, an anchor left out."""
        start = _PROPERTIES.match(self.file.text, self.start_mark.index, self.end_mark.index)
        return start.end() if start else self.start_mark.index

    @property
    def end(self) -> int:
        """Where it ends in the file's text."""
        return self.end_mark.index


@dataclass(slots=True, eq=False)
class CollectionNode(Node):
    """A list or a map; ``flow`` where it is written in brackets or braces.

    ``size`` counts it and all nodes below it, at every use of an alias; it is 0 until the end has been read.
    """

    flow: bool
    size: int = field(default=0, init=False)


@dataclass(slots=True, eq=False)
class SequenceNode(CollectionNode):
    """A list."""

    items: list[Node] = field(default_factory=list)

    @property
    def kind(self) -> str:
        return "a list"

    def _end_column(self, line: int) -> int:
        # In block style PyYAML sees the end only in the text that follows; each item has lines of its own.
        first = None if self.flow or not self.items else self.items[0].source
        on_line = first is not None and first.line == line and first.column > self.start_mark.column
        return first.end_column if first and on_line else Node._end_column(self, line)


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
        return "a mapping"

    def _end_column(self, line: int) -> int:
        if self.flow or not self.entries:
            return Node._end_column(self, line)
        key, value = (node.source for node in next(iter(self.entries.values())))
        if key.line != line:
            return Node._end_column(self, line)
        return value.end_column if value.line == line else key.end_column + 1

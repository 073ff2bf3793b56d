"""Where something stands in a spec: a file, a place in it, and the block uses that led there."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

# The line breaks of YAML 1.1, which libyaml counts lines by.
_LINE_BREAK = re.compile("\r\n|[\r\n\x85\u2028\u2029]")


@dataclass(frozen=True)
class SourceFile:
    """A text that was read, under the name that messages give it (``<stdin>`` for standard input)."""

    name: str
    text: str = field(repr=False)

    @cached_property
    def lines(self) -> list[str]:
        return _LINE_BREAK.split(self.text)

    def line(self, number: int) -> str:
        """Line ``number`` (from 1) without its break; empty where there is none."""
        return self.lines[number - 1] if 0 < number <= len(self.lines) else ""

    def at(self, index: int) -> Source:
        """The place of one character of the text, or of its end."""
        before = _LINE_BREAK.split(self.text[:index])
        column = len(before[-1]) + 1
        return Source(self, len(before), column, column + (index < len(self.text)))


class Source(NamedTuple):
    """A place in a file; lines and columns count characters from 1, ``end_column`` is exclusive."""

    file: SourceFile
    line: int
    column: int
    end_column: int

    def __str__(self) -> str:
        return f"{self.file.name}:{self.line}:{self.column}"


class BlockUse(NamedTuple):
    """One step of the way from the top of a spec into a block: which block, used where, from which use."""

    block: str
    source: Source
    outer: BlockUse | None = None

    def outwards(self) -> list[BlockUse]:
        """This use and those around it, innermost first."""
        uses: list[BlockUse] = []
        use: BlockUse | None = self
        while use is not None:
            uses.append(use)
            use = use.outer
        return uses

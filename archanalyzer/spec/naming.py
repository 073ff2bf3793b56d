"""Names of layers: given ones, numbered ones, and which layer a name means where it is written."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from archanalyzer.diagnostics import BlockUse
from archanalyzer.spec.entries import LayerEntry
from archanalyzer.spec.evaluation import Names
from archanalyzer.spec.nodes import Node

_NUMBERED = re.compile(r"(.*\D)(\d{1,9})", re.DOTALL)


@dataclass(slots=True, eq=False)
class Scope:
    """One use of a block, or the top level: names in it are unique, and full names begin with ``prefix``.

    ``inputs``: what it was given, by name, as indices of layers. ``shared``: the full name of the block use whose
    weights this one uses. ``series``: the stem and the last number of layers that go on from each other. ``jumps``:
    from a number of a stem that is taken, the next that was not when it was last looked for.
    """

    prefix: str = ""
    inputs: Mapping[str, int] = field(default_factory=dict)
    trail: BlockUse | None = None
    shared: str | None = None
    owners: dict[str, LayerEntry] = field(default_factory=dict)
    places: dict[str, Node] = field(default_factory=dict)
    series: dict[str, tuple[str, int]] = field(default_factory=dict)
    jumps: dict[tuple[str, int], int] = field(default_factory=dict)

    def claim(self, name: str, place: Node, owner: LayerEntry | None = None) -> None:
        """Takes a name that is free."""
        self.places[name] = place
        if owner is not None:
            self.owners[name] = owner

    def name(self, entry: LayerEntry) -> tuple[str, Node | None]:
        """A name for one more layer of ``entry``, and where the name stands already that it wants, if it does.

        An unnamed layer goes on from the last one of its type in this scope: ``conv2d``, ``conv2d_2``; after a given
        name that ends in a number, such as ``block1``, with ``block2``. A given name that is repeated goes on likewise.
        """
        given = entry.name.text if entry.name is not None else None
        type_ = entry.type.text if entry.type is not None else "group"
        taken = None
        if given is None:
            name = self._next(type_, type_)
        elif self.owners.get(given) is entry:
            name = self._next(f"={given}", given)
        else:
            name, taken = given, self.places.get(given)
            if numbered := _NUMBERED.fullmatch(given):
                self.series[type_] = (numbered[1], int(numbered[2]))
                self.series[f"={given}"] = self.series[type_]
        if taken is not None:
            name = self._next(f"={given}", name)
        self.claim(name, entry.name or entry.source, entry)
        return name, taken

    def _next(self, series: str, first: str) -> str:
        stem, last = self.series.get(series, (f"{first}_", 0))
        number, passed = last + 1, []
        while (name := first if number == 1 and stem == f"{first}_" else f"{stem}{number}") in self.places:
            passed.append(number)
            number = self.jumps.get((stem, number), number + 1)
        self.jumps.update(((stem, each), number) for each in passed)
        self.series[series] = (stem, number)
        return name


@dataclass(slots=True, eq=False)
class Frame:
    """Entries that are being expanded: a block's, or one turn of a group's.

    ``names``: the values that expressions see. ``aliases``: full names by given name, for names given in this turn of
    a repeated group. What is not found here is looked up in ``outer``; a block sees nothing outside itself.
    ``above``: the layer above the next one, None where there are several. ``frozen``: whether the weights are.
    """

    scope: Scope
    names: Names
    above: int | None
    outer: Frame | None = None
    frozen: bool = False
    aliases: dict[str, str] = field(default_factory=dict)

    def full_name(self, written: str) -> str:
        """The full name of the layer or block that a reference means, whether or not there is one."""
        first, slash, rest = written.partition("/")
        frame: Frame | None = self
        while frame is not None:
            if first in frame.aliases:
                return frame.aliases[first] + slash + rest
            if first in frame.scope.places:
                return frame.scope.prefix + written
            frame = frame.outer
        return self.scope.prefix + written

    def known_names(self) -> list[str]:
        """The names that can be referred to from here, for hints."""
        names: dict[str, None] = {}
        frame: Frame | None = self
        while frame is not None:
            names.update(dict.fromkeys((*frame.aliases, *frame.scope.inputs, *frame.scope.places)))
            frame = frame.outer
        return list(names)

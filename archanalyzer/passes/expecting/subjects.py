"""Which layers and blocks an expectation is about: a name, or a pattern of names."""

from __future__ import annotations

from collections.abc import Sequence

from archanalyzer.diagnostics import did_you_mean
from archanalyzer.diagnostics.rules.expectations import IMPOSSIBLE_EXPECTATION
from archanalyzer.graph import Block, Graph, is_pattern, name_pattern
from archanalyzer.graph.patterns import COMPILING
from archanalyzer.passes.expecting.faults import Fault

_MOST_COMPARED = 2_000_000
"""Names compared with patterns, in one spec: a second's work."""


class Subjects:
    """The layers and blocks of a network, by name and by pattern."""

    def __init__(self, graph: Graph) -> None:
        self.layers = graph.index
        self.blocks: dict[str, Block] = {block.name: block for block in graph.blocks}
        self._compared = 0
        self._known: dict[str, tuple[str, ...]] = {}

    def meant(self, name: str) -> tuple[str, ...]:
        """The layers and blocks that are meant, none where there are none.

        A pattern means layers, or, with a ``/`` at its end, blocks.

        Raises:
            Fault: too many names would have to be compared with patterns.
        """
        if not is_pattern(name):
            return (name,) if name in self.layers or name in self.blocks else ()
        if name not in self._known:
            self._known[name] = tuple(self._fitting(name, self.blocks if name.endswith("/") else self.layers))
        return self._known[name]

    def count(self, work: int) -> None:
        """Bounds the work of checking many layers by many patterns.

        Raises:
            Fault: it is too much.
        """
        self._compared += work
        if self._compared > _MOST_COMPARED:
            message = f"patterns and layers are too many: comparing them takes more than {_MOST_COMPARED:,} steps"
            raise Fault(IMPOSSIBLE_EXPECTATION, message, "use fewer patterns; a total or a block sums up its layers")

    def _fitting(self, pattern: str, names: Sequence[str] | dict[str, Block] | dict[str, int]) -> list[str]:
        self.count(COMPILING + len(names))
        matches = name_pattern(pattern.removesuffix("/")).match
        return [name for name in names if matches(name)]

    def hint(self, name: str) -> str:
        """What may have been meant by a name or pattern that means nothing."""
        if not is_pattern(name):
            return did_you_mean(name, (*self.layers, *self.blocks), "layers")
        other = name.removesuffix("/") if name.endswith("/") else f"{name}/"
        if self.meant(other):
            return f"there are {'blocks' if other.endswith('/') else 'layers'} of such names: write `{other}`"
        return "`*` stands for any characters of one part of a name, `**` for any number of parts"

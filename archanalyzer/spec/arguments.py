"""The arguments of one use of a block."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from archanalyzer.diagnostics import BlockUse, did_you_mean
from archanalyzer.diagnostics.rules.language import INVALID_FIELD, MISSING_FIELD, UNKNOWN_FIELD
from archanalyzer.spec.document import BlockDefinition
from archanalyzer.spec.entries import LayerEntry
from archanalyzer.spec.evaluation import Evaluator, ReportedError
from archanalyzer.spec.nodes import MappingNode, Node
from archanalyzer.spec.scalars import Value

_Names = Mapping[str, Value]


class BlockArguments(NamedTuple):
    """What an entry gives to the block that it uses."""

    block: BlockDefinition
    entry: LayerEntry
    trail: BlockUse | None

    def values(self, names: _Names, variables: _Names, earlier: _Names, ev: Evaluator) -> dict[str, Value]:
        """The value of every argument: the given one (an expression in ``names``), the one of ``earlier``, the use
        whose weights this one shares, or the default (an expression in ``variables`` and the arguments above it).

        Raises:
            ReportedError: an argument is missing, unknown or has no value.
        """
        given = self._given(ev)
        values: dict[str, Value] = {}
        missing = False
        for name, default in self.block.arguments.items():
            value = ev.value(given[name], names, self.trail) if name in given else None
            if value is not None:
                values[name] = value
            elif name in earlier:
                values[name] = earlier[name]
            elif default is not None:
                values[name] = ev.value(default, {**variables, **values}, self.trail)
            else:
                missing = True
                message, hint = f"the block `{self._name}` needs `{name}`", f"`{self._name}: {{{name}: …}}`"
                ev.report(MISSING_FIELD, message, self._place, hint=hint, trail=self.trail)
        if missing:
            raise ReportedError("arguments")
        return values

    @property
    def _name(self) -> str:
        return self.block.name.text

    @property
    def _place(self) -> Node:
        return self.entry.type or self.entry.source

    def _given(self, ev: Evaluator) -> dict[str, Node]:
        """The nodes of the arguments that are given; a bare value is the only one, or the only one needed."""
        node = self.entry.fields
        if node is None:
            return {}
        if isinstance(node, MappingNode):
            self._refuse_unknown(node, ev)
            return {name: entry.value for name, entry in node.entries.items()}
        needed = [name for name, default in self.block.arguments.items() if default is None]
        meant = needed if len(needed) == 1 else list(self.block.arguments)
        if len(meant) == 1:
            return {meant[0]: node}
        message = f"the block `{self._name}` expects its arguments as a mapping, found {node.kind}"
        raise ev.report(INVALID_FIELD, message, node, trail=self.trail)

    def _refuse_unknown(self, node: MappingNode, ev: Evaluator) -> None:
        unknown = [entry.key for name, entry in node.entries.items() if name not in self.block.arguments]
        for key in unknown:
            hint = did_you_mean(key.text, tuple(self.block.arguments), f"arguments of `{self._name}`")
            message = f"the block `{self._name}` has no argument `{key.text}`"
            ev.report(UNKNOWN_FIELD, message, key, hint=hint, trail=self.trail)
        if unknown:
            raise ReportedError("arguments")

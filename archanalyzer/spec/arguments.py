"""The arguments of one use of a block."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from archanalyzer.diagnostics import BlockUse
from archanalyzer.diagnostics.rules.language import INVALID_FIELD, MISSING_FIELD, UNKNOWN_FIELD
from archanalyzer.spec.document import BlockDefinition
from archanalyzer.spec.entries import BESIDE, LayerEntry
from archanalyzer.spec.evaluation import Evaluator, Names, ReportedError, is_nothing, listed, meant
from archanalyzer.spec.nodes import MappingNode, Node
from archanalyzer.spec.scalars import Value, shown


class BlockArguments(NamedTuple):
    """What an entry gives to the block that it uses."""

    block: BlockDefinition
    entry: LayerEntry
    trail: BlockUse | None

    def values(self, names: Names, variables: Names, earlier: Mapping[str, Value], ev: Evaluator) -> Names:
        """The value of every argument, before the variables: the given one (an expression in ``names``), the one of
        ``earlier``, the use whose weights this one shares, or the default (an expression in what stands above it).

        Null stands for the default, also where there is an earlier use.

        Raises:
            ReportedError: an argument is missing, unknown or has no value.
        """
        written = self._written(ev)
        defaults = self.block.arguments
        misspelt = self._refuse_unknown([name for name in written if name not in defaults], ev)
        given = {name: node for name, node in written.items() if not is_nothing(node)}
        earlier = {name: value for name, value in earlier.items() if name not in written}
        needed = (name for name in defaults if not (name in given or name in earlier or defaults[name]))
        missing = dict.fromkeys(needed)
        if not misspelt.issuperset(missing):
            self._report_missing([name for name in missing if name not in misspelt], ev)
        values = Names({}, variables, later=defaults, outside=names)

        def value_of(name: str) -> Value:
            if name in missing:
                raise ReportedError(name)
            default = defaults[name]
            value = ev.value(given[name], names, self.trail) if name in given else earlier.get(name)
            if value is None and default is not None:
                value = ev.value(default, values, self.trail)
            if value is None:
                raise self._report_missing([name], ev)
            return value

        ev.all(defaults, lambda name: values.read(name, lambda: value_of(name)))
        if misspelt:
            raise ReportedError("arguments")
        return values

    def _report_missing(self, names: list[str], ev: Evaluator) -> ReportedError:
        hint = f"`{shown(self._name)[1:-1]}: {{{shown(names[0])[1:-1]}: …}}`"
        message = f"the block {shown(self._name)} needs {listed(names)}"
        return ev.report(MISSING_FIELD, message, self._place, hint=hint, trail=self.trail)

    @property
    def _name(self) -> str:
        return self.block.name.text

    @property
    def _place(self) -> Node:
        return self.entry.type or self.entry.source

    def _written(self, ev: Evaluator) -> dict[str, Node]:
        """The nodes of the arguments that stand there; a bare value is the only one, or the only one needed."""
        node = self.entry.fields
        if node is None:
            return {}
        if isinstance(node, MappingNode):
            return {name: entry.value for name, entry in node.entries.items()}
        needed = [name for name, default in self.block.arguments.items() if default is None]
        meant = needed if len(needed) == 1 else list(self.block.arguments)
        if len(meant) == 1:
            return {meant[0]: node}
        message = f"the block {shown(self._name)} expects its arguments as a map, found {node.kind}"
        hint = f"arguments of {shown(self._name)}: {listed(meant)}" if meant else "it has no arguments"
        raise ev.report(INVALID_FIELD, message, node, hint=hint, trail=self.trail)

    def _refuse_unknown(self, unknown: list[str], ev: Evaluator) -> set[str | None]:
        """Reports arguments that the block does not have; returns those that are most likely meant by them."""
        node = self.entry.fields
        if not isinstance(node, MappingNode):
            return set()
        for name in unknown:
            hint = ev.similar(name, self.block.arguments, f"arguments of {shown(self._name)}")
            if name in BESIDE:
                hint = f"`{name}` stands beside the block, not inside it: indent it like `{self._name}`"
            message = f"the block {shown(self._name)} has no argument {shown(name)}"
            ev.report(UNKNOWN_FIELD, message, node.entries[name].key, hint=hint, trail=self.trail)
        return {meant(name.partition(":")[0], self.block.arguments) for name in unknown}

"""Facts: the answers of the passes about one graph, each computed when it is first asked for, and once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import cached_property, partial
from itertools import accumulate
from typing import Any, NamedTuple, TypeVar, cast

from archanalyzer.diagnostics import Diagnostic
from archanalyzer.diagnostics.guarding import PluginError, answered, guarded
from archanalyzer.graph import Block, Graph
from archanalyzer.passes.analysis import Analysis, Column, Kind, Passes, Rollup, Total, no_diagnostics
from archanalyzer.passes.plugin_answers import require_diagnostics, require_value, require_values

R = TypeVar("R")
T = TypeVar("T")


class Amount(NamedTuple):
    """A total: its value, and whether it is only a lower bound because some layer's part is not known."""

    value: Any
    at_least: bool = False


class TotalFact(NamedTuple):
    """A total with its name, how to title it and what kind of value it is."""

    name: str
    title: str
    kind: Kind
    amount: Amount


class Facts:
    """What the passes say about ``graph``, by layer, by block and in total.

    Of a plugin's pass that is at fault, nothing is known: its values are None, and ``diagnostics`` tells why.
    """

    def __init__(self, graph: Graph, passes: Passes) -> None:
        self.graph = graph
        self.passes = passes
        self._results: dict[type, Any] = {Graph: graph}
        self._values: dict[str, Sequence[Any]] = {}
        self._running: dict[str, _RunningSum | None] = {}
        self._faults: dict[str, PluginError] = {}

    def result(self, produced: type[R]) -> R:
        """The result of the pass that produces ``produced``; what it needs is computed first.

        Raises:
            KeyError: no pass produces it.
            PluginError: a pass of a plugin, this one or one that it needs, is at fault.
        """
        if produced not in self._results:
            for one in self._needed_for(self.passes.producer[produced]):
                if one.produces not in self._results:
                    self._results[one.produces] = self._asked(one, partial(self._run, one))
        return cast("R", self._results[produced])

    def _run(self, one: Analysis[R]) -> R:
        result = one.run(*(self._results[need] for need in one.needs))
        if one.plugin is not None and not isinstance(result, one.produces):
            raise answered(str(one), f"a {one.produces.__name__}, as its annotation says", result)
        return result

    def _asked(self, one: Analysis[Any], call: Callable[[], T]) -> T:
        """What is asked of a pass; a plugin's that was at fault once is not asked again.

        Raises:
            PluginError: it is a plugin's, and at fault.
        """
        if one.plugin is None:
            return call()
        if one.name in self._faults:
            raise self._faults[one.name]
        try:
            return guarded(str(one), call)
        except PluginError as fault:
            self._faults[one.name] = fault
            raise

    def _needed_for(self, wanted: Analysis[Any]) -> list[Analysis[Any]]:
        needed = {wanted.produces}
        for one in reversed(self.passes.order):
            if one.produces in needed:
                needed.update(one.needs)
        return [one for one in self.passes.order if one.produces in needed]

    @cached_property
    def columns(self) -> Mapping[str, Column]:
        """Every column, by name, in the order of the passes."""
        return {column.name: column for one in self.passes.all for column in one.columns}

    def values(self, column: str) -> Sequence[Any]:
        """A column's values, one a layer in the graph's order.

        Raises:
            KeyError: no pass has that column.
        """
        if column not in self._values:
            owner = self.passes.column_owner[column]
            try:
                self._values[column] = self._asked(owner, partial(self._values_of, owner, self.columns[column]))
            except PluginError:
                self._values[column] = [None] * len(self.graph.layers)
        return self._values[column]

    def _values_of(self, owner: Analysis[Any], column: Column) -> Sequence[Any]:
        values = column.values(self.result(owner.produces))
        if owner.plugin is not None:
            require_values(f"{owner}, column `{column.name}`", values, len(self.graph.layers), column.kind)
        if len(values) != len(self.graph.layers):
            raise ValueError(
                f"pass `{owner.name}` gives {len(values)} values in column `{column.name}` "
                f"for {len(self.graph.layers)} layers"
            )
        return values

    def block_value(self, block: Block, column: str) -> Amount:
        """What a column says of a block: a sum over its layers, the value of its output layer, or None."""
        rollup = self.columns[column].rollup
        if rollup is Rollup.SUM:
            running = self._running_sum(column)
            if running is None:
                return _sum(self.values(column)[block.start : block.stop])
            return running.between(block.start, block.stop)
        if rollup is Rollup.OUTPUT and block.output is not None:
            return Amount(self.values(column)[block.output])
        return Amount(None)

    def _running_sum(self, column: str) -> _RunningSum | None:
        """A column's running sum, from which those of all blocks are told at once; None where it would be rounded."""
        if column not in self._running:
            values = self.values(column)
            exact = all(value is None or isinstance(value, int | Fraction) for value in values)
            self._running[column] = _RunningSum.of(values) if exact else None
        return self._running[column]

    def total(self, name: str) -> TotalFact:
        """A total, by name.

        Raises:
            KeyError: no pass has that total.
        """
        owner = self.passes.total_owner[name]
        for total in owner.totals:
            if total.name == name:
                try:
                    amount = self._asked(owner, partial(self._amount, owner, total))
                except PluginError:
                    amount = Amount(None)
                return TotalFact(name, total.title, total.kind, amount)
        column = self.columns[name]
        return TotalFact(name, column.title, column.kind, _sum(self.values(name)))

    def _amount(self, owner: Analysis[Any], total: Total) -> Amount:
        value = total.value(self.result(owner.produces))
        amount = value if isinstance(value, Amount) else Amount(value)
        if owner.plugin is not None:
            require_value(f"{owner}, total `{total.name}`", amount.value, total.kind)
        return amount

    def totals(self) -> tuple[TotalFact, ...]:
        """Every total, in the order of the passes."""
        return tuple(self.total(name) for name in self.passes.total_owner)

    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """What the passes find wrong; runs those that look for something."""
        return tuple(each for one in self.passes.all for each in self._diagnostics_of(one))

    def _diagnostics_of(self, one: Analysis[Any]) -> Sequence[Diagnostic]:
        if one.diagnostics is no_diagnostics:
            return ()
        if one.plugin is None:
            return one.diagnostics(self.result(one.produces))
        try:
            return self._asked(one, lambda: require_diagnostics(str(one), one.diagnostics(self.result(one.produces))))
        except PluginError:
            return ()

    def faults(self) -> tuple[Diagnostic, ...]:
        """What is wrong with the plugins' passes, each asked for all that it tells; a fault that others share, once."""
        for one in self.passes.all:
            if one.plugin is not None:
                self._diagnostics_of(one)
                for column in one.columns:
                    self.values(column.name)
                for total in one.totals:
                    self.total(total.name)
        return tuple(dict.fromkeys(fault.diagnostic for fault in self._faults.values()))


class _RunningSum(NamedTuple):
    """Of the first n values, for every n from 0 on: the sum of those known, and how many are not known."""

    known: Sequence[Any]
    unknown: Sequence[int]

    @classmethod
    def of(cls, values: Sequence[Any]) -> _RunningSum:
        known = accumulate((0 if value is None else value for value in values), initial=0)
        return cls(tuple(known), tuple(accumulate((value is None for value in values), initial=0)))

    def between(self, start: int, stop: int) -> Amount:
        return Amount(self.known[stop] - self.known[start], at_least=self.unknown[stop] > self.unknown[start])


def _sum(values: Sequence[Any]) -> Amount:
    known = [value for value in values if value is not None]
    return Amount(sum(known), at_least=len(known) < len(values))

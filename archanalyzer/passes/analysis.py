"""What a pass is: a function that names what it needs, and the frame that calls it with that.

    @analysis("parameters", columns=[...], totals=[...])
    def parameters(graph: Graph, types: TensorTypes) -> Parameters: ...

A pass is found by the type of its result and filled in by the types of its arguments, never by their names. One type
of result has one producer. A pass stays an ordinary function: ``parameters(graph, types)`` works by hand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from typing import Any, Generic, NamedTuple, TypeVar, get_type_hints

from archanalyzer.diagnostics import Diagnostic
from archanalyzer.graph import Graph

R = TypeVar("R")


class Kind(Enum):
    """What the values of a column or a total are, which decides how they are written and compared."""

    COUNT = "count"
    BYTES = "bytes"
    SHAPE = "shape"
    FIELD = "field"
    FRACTION = "fraction"
    REAL = "real"
    DATA = "data"


class Rollup(Enum):
    """What a column says of a block: the sum over its layers, the value of its output layer, or nothing."""

    SUM = "sum"
    OUTPUT = "output"
    NONE = "none"


class Column(NamedTuple):
    """A fact about every layer. ``values`` gives one value a layer, plain data, None where it is not known.

    A column that sums up over blocks has a total of its own name: the sum of its rows. ``shown``: it stands in the
    table where no columns are asked for.
    """

    name: str
    title: str
    help: str
    values: Callable[[Any], Sequence[Any]]
    kind: Kind = Kind.COUNT
    rollup: Rollup = Rollup.SUM
    shown: bool = False


class Total(NamedTuple):
    """A fact about the whole network that is no sum of rows; None where it is not known."""

    name: str
    title: str
    help: str
    value: Callable[[Any], Any]
    kind: Kind = Kind.COUNT


def no_diagnostics(result: object) -> tuple[Diagnostic, ...]:  # noqa: ARG001
    """What a pass finds wrong that looks for nothing wrong."""
    return ()


@dataclass(frozen=True)
class Analysis(Generic[R]):
    """A pass: its function, and what its result adds to the report. ``plugin``: the name of the one it is from."""

    name: str
    run: Callable[..., R]
    columns: tuple[Column, ...]
    totals: tuple[Total, ...]
    diagnostics: Callable[[Any], tuple[Diagnostic, ...]]
    plugin: str | None = None

    def __call__(self, *arguments: Any) -> R:
        return self.run(*arguments)

    def __str__(self) -> str:
        return f"pass `{self.name}`" + (f" of plugin `{self.plugin}`" if self.plugin else "")

    @property
    def help(self) -> str:
        return self.run.__doc__ or ""

    @cached_property
    def needs(self) -> tuple[type, ...]:
        """The types of the arguments, in their order."""
        hints = get_type_hints(self.run)
        return tuple(hint for name, hint in hints.items() if name != "return")

    @cached_property
    def produces(self) -> type[R]:
        """The type of the result."""
        result: type[R] = get_type_hints(self.run)["return"]
        return result


def analysis(
    name: str,
    *,
    columns: Iterable[Column] = (),
    totals: Iterable[Total] = (),
    diagnostics: Callable[[Any], tuple[Diagnostic, ...]] = no_diagnostics,
) -> Callable[[Callable[..., R]], Analysis[R]]:
    """Makes a function a pass. Its arguments' types say what it needs: the graph, or the results of other passes."""

    def declare(run: Callable[..., R]) -> Analysis[R]:
        return Analysis(name, run, tuple(columns), tuple(totals), diagnostics)

    return declare


class PassError(Exception):
    """The passes do not fit together: a need without a producer, two producers, a cycle."""


class PassClash(PassError):
    """Two passes claim one name, column, total or type of result."""


class Passes:
    """Passes that fit together, in an order in which each stands behind what it needs.

    Raises:
        PassError: a name, a column, a total or a type of result has two producers; a need has none, or needs itself.
    """

    def __init__(self, analyses: Iterable[Analysis[Any]]) -> None:
        self.all = tuple(analyses)
        self.producer: dict[type, Analysis[Any]] = {}
        self.column_owner: dict[str, Analysis[Any]] = {}
        self.total_owner: dict[str, Analysis[Any]] = {}
        names: dict[str, Analysis[Any]] = {}
        for one in self.all:
            _claim(names, one.name, one, "pass")
            _claim(self.producer, one.produces, one, "result")
            for column in one.columns:
                _claim(self.column_owner, column.name, one, "column")
            summed = [column.name for column in one.columns if column.rollup is Rollup.SUM]
            for total in (*summed, *(total.name for total in one.totals)):
                _claim(self.total_owner, total, one, "total")
        self.order = self._ordered()

    def _ordered(self) -> tuple[Analysis[Any], ...]:
        needs: dict[type, tuple[type, ...]] = {}
        for one in self.all:
            needs[one.produces] = tuple(need for need in one.needs if need is not Graph)
            for need in needs[one.produces]:
                if need not in self.producer:
                    raise PassError(self._not_produced(one, need))
        try:
            return tuple(self.producer[result] for result in TopologicalSorter(needs).static_order())
        except CycleError as error:
            chain = " → ".join(self.producer[result].name for result in error.args[1])
            raise PassError(f"passes need each other in a circle: {chain}") from None

    def _not_produced(self, asking: Analysis[Any], need: type) -> str:
        there_is = ", ".join(result.__name__ for result in self.producer)
        chain = [asking.name]
        while askers := [one.name for one in self.all if self._asks(one, chain[0]) and one.name not in chain]:
            chain.insert(0, askers[0])
        return (
            f"pass `{asking.name}` needs {getattr(need, '__name__', need)}, which no pass produces "
            f"(asked for by {' → '.join(chain)}); there is: Graph, {there_is}"
        )

    def _asks(self, one: Analysis[Any], name: str) -> bool:
        return any(need in self.producer and self.producer[need].name == name for need in one.needs)


Key = TypeVar("Key")


def _claim(owners: dict[Key, Analysis[Any]], key: Key, owner: Analysis[Any], what: str) -> None:
    if key in owners:
        shown = key.__name__ if isinstance(key, type) else key
        raise PassClash(
            f"{what} `{shown}` comes from two passes: `{owners[key].name}` ({owners[key].run.__module__}) "
            f"and `{owner.name}` ({owner.run.__module__})"
        )
    owners[key] = owner

"""The columns of a sheet: those of the passes, and a few that tell what a row is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal, NamedTuple

from archanalyzer.diagnostics import did_you_mean
from archanalyzer.graph import Block
from archanalyzer.passes.analysis import Column, Kind, Rollup
from archanalyzer.passes.facts import Amount, Facts
from archanalyzer.report.cells import BLANK, Form, Look, Run


class SheetError(Exception):
    """What was asked for cannot be shown: a column that there isn't, or that cannot be sorted by."""


class Part(NamedTuple):
    """What a row stands for: a layer or a block of ``length`` layers, once or several times, from each of ``starts``.

    ``block`` is the block's last use; None for a layer.
    """

    starts: tuple[int, ...]
    length: int = 1
    block: Block | None = None

    def indices(self) -> Iterable[int]:
        return (index for start in self.starts for index in range(start, start + self.length))

    @property
    def output(self) -> int | None:
        """The layer whose output is the part's; None where the sound part of a network does not reach so far."""
        return self.starts[-1] if self.block is None else self.block.output

    @property
    def first_output(self) -> int | None:
        """The layer whose output is that of the first of several copies."""
        return None if self.output is None else self.output - (self.starts[-1] - self.starts[0])


class SheetColumn(NamedTuple):
    """A column: how its cells are written, what it says of a part of the network, and of the whole."""

    name: str
    title: str
    form: Form
    of: Callable[[Part], Any]
    total: Any = BLANK
    several_inputs: bool = False

    @property
    def align(self) -> Literal["left", "right"]:
        return "left" if self.form in (Look.TEXT, Kind.DATA) else "right"


def all_columns(facts: Facts) -> tuple[str, ...]:
    """The names of all columns that a sheet of these facts can have."""
    return tuple(dict.fromkeys(("name", *_OWN, *facts.columns)))


def choose(facts: Facts, names: Sequence[str] | None) -> tuple[SheetColumn, ...]:
    """The columns of these names, but ``name``, which every sheet begins with; by default those shown unasked.

    Raises:
        SheetError: there is no such column.
    """
    known = all_columns(facts)
    if names is None:
        names = ("type", *(declared.name for declared in facts.columns.values() if declared.shown))
    unknown = [f"there is no column `{name}`; {meant(facts, name)}" for name in names if name not in known]
    if unknown:
        raise SheetError("\n".join(unknown))
    return tuple(column(facts, name) for name in dict.fromkeys(names) if name != "name")


def meant(facts: Facts, name: str) -> str:
    """A hint for a column that there isn't; one that goes by its heading is called otherwise."""
    headed = [column.name for column in facts.columns.values() if column.title.lower() == name.lower()]
    return f"did you mean `{headed[0]}`?" if headed else did_you_mean(name, all_columns(facts), "columns")


def column(facts: Facts, name: str) -> SheetColumn:
    """One column, by a name that is known."""
    if name in facts.columns:
        return _of_pass(facts, facts.columns[name])
    return _OWN[name](facts)


def added(values: Iterable[Any]) -> Any:
    """The sum of a column's values: plain where all are known, at least so much where some are, None where none is."""
    listed = list(values)
    known = [value for value in listed if value is not None]
    if len(known) == len(listed):
        return sum(known)
    return Amount(sum(known), at_least=True) if known else None


def _of_pass(facts: Facts, declared: Column) -> SheetColumn:
    values = facts.values(declared.name)

    def of(part: Part) -> Any:
        if declared.rollup is Rollup.SUM:
            return added(values[index] for index in part.indices())
        if part.block is not None and declared.rollup is Rollup.NONE:
            return BLANK
        if part.output is None or part.first_output is None:
            return None
        first, last = values[part.first_output], values[part.output]
        return last if first == last else Run(first, last)

    total = facts.total(declared.name).amount if declared.rollup is Rollup.SUM else BLANK
    several = declared.kind is Kind.FIELD and len(facts.graph.inputs) > 1
    return SheetColumn(declared.name, declared.title, declared.kind, of, total, several)


def _type(facts: Facts) -> SheetColumn:
    layers = facts.graph.layers
    return SheetColumn(
        "type",
        "type",
        Look.TEXT,
        lambda part: layers[part.starts[0]].op.name if part.block is None else part.block.block,
    )


def _inputs(facts: Facts) -> SheetColumn:
    layers = facts.graph.layers

    def of(part: Part) -> str:
        start = part.starts[0]
        read = (source for layer in layers[start : start + part.length] for source in layer.inputs if source < start)
        return ", ".join(layers[source].name for source in dict.fromkeys(read))

    return SheetColumn("inputs", "inputs", Look.TEXT, of)


def _share(facts: Facts) -> SheetColumn:
    """Of the network's MACs; not known where these are not."""
    macs, (whole, at_least) = facts.values("macs"), facts.total("macs").amount

    def of(part: Part) -> float | None:
        known = [value for index in part.indices() if (value := macs[index]) is not None]
        return None if at_least else sum(known) / max(whole, 1)

    return SheetColumn("share", "MACs %", Look.SHARE, of, None if at_least else whole / max(whole, 1))


_OWN: dict[str, Callable[[Facts], SheetColumn]] = {"type": _type, "inputs": _inputs, "share": _share}

"""Is a plugin's pass what a pass should be: its columns and totals, its arguments, its result?"""

from __future__ import annotations

from inspect import Parameter, signature
from typing import Any

from archanalyzer.diagnostics.guarding import shown
from archanalyzer.diagnostics.rules.plugins import NOT_A_PLUGIN
from archanalyzer.graph import Graph
from archanalyzer.passes.analysis import Analysis, Column, Kind, Rollup, Total
from archanalyzer.plugins.refusing import FLAG, FUNCTION, TEXT, Refused, one_of, require_fields, require_name

SUMMED = (Kind.COUNT, Kind.BYTES, Kind.REAL)
"""The kinds of columns that may sum up over blocks."""

_FACT = {"title": TEXT, "help": TEXT, "kind": one_of(Kind)}
_COLUMN = {**_FACT, "values": FUNCTION, "rollup": one_of(Rollup), "shown": FLAG}
_TOTAL = {**_FACT, "value": FUNCTION}
_HINT = "its arguments and its result each need a type, imported where the module is run"


def require_pass(one: Analysis[Any]) -> None:
    """Looks a pass through.

    Raises:
        Refused: a part of it is not what it should be.
    """
    require_name("pass, column or total", one.name)
    what = f"pass `{one.name}`"
    require_fields(what, one, {"run": FUNCTION, "diagnostics": FUNCTION})
    parts: list[Any] = [*one.columns, *one.totals]
    wrong = [each for each in parts if not isinstance(each, Column | Total)]
    if wrong:
        raise Refused(NOT_A_PLUGIN, f"{what}: expected `Column`s and `Total`s, found {shown(wrong[0])}")
    for column in one.columns:
        _require_column(what, column)
    for total in one.totals:
        require_name("pass, column or total", total.name)
        require_fields(f"{what}, total `{total.name}`", total, _TOTAL)
    _require_arguments(what, one)
    _require_types(what, one)


def _require_column(what: str, column: Column) -> None:
    require_name("pass, column or total", column.name)
    require_fields(f"{what}, column `{column.name}`", column, _COLUMN)
    if column.rollup is Rollup.SUM and column.kind not in SUMMED:
        kinds = ", ".join(kind.name for kind in SUMMED)
        message = f"column `{column.name}` of kind {column.kind.name} cannot be summed up over blocks"
        raise Refused(NOT_A_PLUGIN, message, f"give it Rollup.OUTPUT or Rollup.NONE; summed up are {kinds}")


def _require_arguments(what: str, one: Analysis[Any]) -> None:
    """Arguments are found by their types, and handed over in their order."""
    for each in signature(one.run).parameters.values():
        if each.kind not in (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD):
            message = f"{what}: expected arguments that are given by their order, found `{each}`"
            raise Refused(NOT_A_PLUGIN, message)
        if each.annotation is Parameter.empty:
            raise Refused(NOT_A_PLUGIN, f"{what}: its argument `{each.name}` has no annotation", _HINT)


def _require_types(what: str, one: Analysis[Any]) -> None:
    try:
        annotated: list[Any] = [*one.needs, one.produces]
    except (NameError, KeyError, TypeError, AttributeError) as error:
        reason = "`return`" if isinstance(error, KeyError) else str(error)
        raise Refused(NOT_A_PLUGIN, f"{what}: its annotations cannot be read: {reason}", _HINT) from None
    for each in annotated:
        if not isinstance(each, type):
            raise Refused(NOT_A_PLUGIN, f"{what}: expected classes as annotations, found {shown(each)}")
    if annotated[-1] is Graph:
        raise Refused(NOT_A_PLUGIN, f"{what}: expected a result of a type of its own, found `Graph`")

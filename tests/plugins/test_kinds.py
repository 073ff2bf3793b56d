"""The kinds of values that the page about plugins lists: all that there are, each with a value that is one."""

from __future__ import annotations

import ast
import re
from typing import Any, NamedTuple

import pytest

from archanalyzer.diagnostics.guarding import PluginError
from archanalyzer.passes.plugin_answers import require_value
from archanalyzer.plugins import Column, Graph, Kind, Plugin, PluginsRefused, admitted, analysis
from tests.docs.fences import ROOT

PAGE = (ROOT / "docs" / "plugins.md").read_text()
ROWS = re.findall(r"^\| `([A-Z]+)` \|.*\| `(.+)` \|$", PAGE, re.MULTILINE)
LISTED = {name: ast.literal_eval(value) for name, value in ROWS}
"""By the name of a kind, the value that the page shows."""

OTHERS: dict[Kind, tuple[Any, ...]] = {
    Kind.COUNT: (-1, 1.0, "1"),
    Kind.BYTES: (-1, 1.0, "1"),
    Kind.REAL: (float("inf"), "1", True),
    Kind.FRACTION: ("1/0", "half", [[1]]),
    Kind.SHAPE: (3, [-1], [1.5]),
    Kind.FIELD: ({}, [{"input": "x"}], 3),
    Kind.DATA: ({1: 2}, {1, 2}, float("nan")),
}
"""Values that are none of a kind, by what the page says of it."""


class Ones(NamedTuple):
    """A result of a type of its own."""


def test_all_are_listed() -> None:
    assert set(LISTED) == set(Kind.__members__)


@pytest.mark.parametrize("kind", Kind)
def test_what_is_shown_is_one_and_what_is_said_to_be_none_is_refused(kind: Kind) -> None:
    require_value("it", LISTED[kind.name], kind)
    require_value("it", None, kind)
    for other in OTHERS[kind]:
        with pytest.raises(PluginError, match=f"as a value of kind {kind.name}, found"):
            require_value("it", other, kind)


@pytest.mark.parametrize("kind", Kind)
def test_those_that_may_be_summed_up_are_named(kind: Kind) -> None:
    def ones(graph: Graph) -> Ones:
        return Ones()

    (sentence,) = re.findall(r"columns of (.+) may be summed up", PAGE)
    column = Column("one", "one", "One.", lambda _: [], kind)
    plugin = Plugin("summing", 1, passes=(analysis("ones", columns=[column])(ones),))
    if f"`{kind.name}`" in sentence:
        with admitted(plugin):
            return
    with pytest.raises(PluginsRefused, match=f"column `one` of kind {kind.name} cannot be summed up"), admitted(plugin):
        pass

"""What is expected to be found in a network: nothing, something, so much, at certain layers."""

from __future__ import annotations

from typing import Any

import pytest

from archanalyzer.graph import Expectation, Graph, Topic
from archanalyzer.passes.expectations import hold
from tests import graphs


def finding(rule: str, value: Any, graph: Graph) -> str:
    """The message about what is expected to be found; empty where it is."""
    expectation = Expectation(None, rule, value, graphs.at(7), topic=Topic.DIAGNOSTICS)
    return "".join(each.message for each in hold(graphs.analyzed(graph, (expectation,))).diagnostics)


def dropping() -> Graph:
    """Pools whose strides of 2 divide neither 7 nor, behind the first, 3: each lets the last row and column fall."""
    build = graphs.Builder()
    build.input("image", 1, 7, 7)
    build.add("max_pool2d", name="one", kernel=(2, 2), stride=(2, 2))
    build.add("max_pool2d", name="two", kernel=(2, 2), stride=(2, 2))
    return build.graph()


@pytest.mark.parametrize("value", ["some", 2, "1..2", ["two", "one"], {"at_least": 1}])
def test_advice_is_asked_for_where_it_is_expected(value: Any) -> None:
    analyzed = graphs.analyzed(dropping())
    assert [each.rule.code for each in analyzed.diagnostics] == [], "the standard passes give no advice"
    assert finding("dropped-by-a-stride", value, dropping()) == ""


@pytest.mark.parametrize(
    ("value", "expected"),
    [("none", "none"), (3, "3"), (["one"], "`one`"), ([], "none"), ("> 2", "more than 2")],
)
def test_other_advice_than_expected(value: Any, expected: str) -> None:
    message = f"`diagnostics.dropped-by-a-stride`: expected {expected}, found 2, at `one`, `two`"
    assert finding("dropped-by-a-stride", value, dropping()) == message


@pytest.mark.parametrize("value", ["none", 0, "< 1", []])
def test_nothing_is_found_where_there_is_nothing(value: Any) -> None:
    assert finding("gridding", value, dropping()) == ""


def test_what_can_never_be_found() -> None:
    assert finding("griding", 1, dropping()) == "`diagnostics.griding`: there is no such rule"
    assert finding("gridding", ["three"], dropping()) == "`diagnostics.gridding`: there is no layer `three`"
    for value in ("often", -1, 1.5, True, None, [1]):
        assert "expected `none`, `some`, a number or a list of layers" in finding("gridding", value, dropping())
    assert "found by holding them" in finding("expectation-failed", "none", dropping())

from __future__ import annotations

from dataclasses import dataclass

import pytest

from archanalyzer.graph import Graph
from archanalyzer.passes import standard_passes
from archanalyzer.passes.analysis import Column, PassError, Passes, Total, analysis
from archanalyzer.passes.facts import Facts
from archanalyzer.passes.parameters import Parameters
from archanalyzer.passes.parameters import parameters as parameters_pass
from archanalyzer.passes.tensor_types import TensorTypes, tensor_types
from archanalyzer.spec import parse_spec

TEXT = "archspec: 1\ninputs: {x: [4]}\nlayers:\n  - dense: 3\n  - relu\n"


@dataclass(frozen=True)
class First:
    value: int


@dataclass(frozen=True)
class Second:
    value: int


@dataclass(frozen=True)
class Third:
    value: int


@analysis("first")
def first(graph: Graph) -> First:
    return First(len(graph.layers))


@analysis(
    "second",
    columns=[Column("twice", "twice", "Twice.", lambda result: [result.value] * 3)],
    totals=[Total("thrice", "thrice", "Thrice.", lambda result: 3 * result.value)],
)
def second(graph: Graph, base: First) -> Second:
    return Second(2 * base.value)


@analysis("circle_a")
def circle_a(company: First, b: Third) -> Second:
    return Second(company.value + b.value)


@analysis("circle_b")
def circle_b(a: Second) -> Third:
    return Third(a.value)


def facts(*passes: object) -> Facts:
    return Facts(parse_spec(TEXT).graph, Passes(passes))  # type: ignore[arg-type]


def test_arguments_are_filled_by_type_in_whatever_order_passes_are_listed() -> None:
    assert facts(second, first).result(Second) == Second(6)
    assert facts(first, second).result(Second) == Second(6)


def test_a_pass_can_be_called_by_hand() -> None:
    graph = parse_spec(TEXT).graph
    types = tensor_types(graph)
    assert isinstance(types, TensorTypes)
    assert isinstance(parameters_pass(graph, types), Parameters)


def test_results_are_computed_once_and_only_where_asked_for() -> None:
    calls = []

    @analysis("counted", columns=[Column("one", "one", "One.", lambda result: [1, 1, 1])])
    def counted(graph: Graph) -> First:
        calls.append(1)
        return First(1)

    asked = facts(counted, second)
    assert calls == []
    assert asked.result(Second) == asked.result(Second)
    assert asked.total("one").amount.value == 3
    assert calls == [1]


def test_totals_are_sums_of_rows_or_stated() -> None:
    asked = facts(first, second)
    assert asked.total("twice").amount.value == 18
    assert asked.total("thrice").amount.value == 18


def test_a_missing_producer_shows_who_asked_and_what_there_is() -> None:
    with pytest.raises(PassError) as error:
        Passes([second])
    assert str(error.value) == (
        "pass `second` needs First, which no pass produces (asked for by second); there is: Graph, Second"
    )


def test_a_missing_producer_shows_the_whole_chain() -> None:
    with pytest.raises(PassError, match=r"asked for by circle_b → second"):
        Passes([second, circle_b])


def test_a_circle_is_found_also_in_company() -> None:
    with pytest.raises(PassError, match=r"passes need each other in a circle: circle_[ab] → circle_[ab] → circle_[ab]"):
        Passes([first, circle_a, circle_b])


@pytest.mark.parametrize(
    ("passes", "message"),
    [
        ((first, first), "pass `first` comes from two passes"),
        ((first, second, circle_a), "result `Second` comes from two passes: `second`"),
    ],
)
def test_two_producers_of_one_thing_are_named(passes: tuple[object, ...], message: str) -> None:
    with pytest.raises(PassError, match=message):
        Passes(passes)  # type: ignore[arg-type]


def test_a_column_with_another_number_of_values_is_refused() -> None:
    @analysis("short", columns=[Column("short", "short", "Too short.", lambda result: [1])])
    def short(graph: Graph) -> First:
        return First(1)

    with pytest.raises(ValueError, match="pass `short` gives 1 values in column `short` for 3 layers"):
        facts(short).values("short")


def test_every_built_in_pass_says_what_it_is() -> None:
    for one in standard_passes().all:
        assert one.help
        assert all(column.help.endswith(".") and column.title for column in one.columns)
        assert all(total.help.endswith(".") and total.title for total in one.totals)

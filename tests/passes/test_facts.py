"""Facts of blocks: sums over their layers, of which some may not be known."""

from __future__ import annotations

from typing import Any, NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from archanalyzer.graph import Block, Graph
from archanalyzer.passes.analysis import Column, Passes, analysis
from archanalyzer.passes.facts import Amount, Facts
from tests.graphs import Builder, at


class Listed(NamedTuple):
    values: list[Any]


def facts_with(values: list[Any]) -> Facts:
    @analysis("listed", columns=[Column("listed", "listed", "Given values.", lambda result: result.values)])
    def listed(graph: Graph) -> Listed:
        return Listed(values)

    build = Builder()
    build.input("x", 1)
    for _ in values[1:]:
        build.add("relu")
    return Facts(build.graph(), Passes([listed]))


NUMBERS = st.one_of(st.integers(-(10**20), 10**20), st.fractions(), st.none())


@given(st.lists(NUMBERS, min_size=1, max_size=8), st.data())
def test_the_sum_of_a_block_is_that_of_its_layers(values: list[Any], data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(values)))
    inside = values[start : (stop := data.draw(st.integers(start, len(values))))]
    amount = facts_with(values).block_value(Block("b", "b", start, stop, None, at(1)), "listed")
    assert amount == Amount(sum(value for value in inside if value is not None), at_least=None in inside)


def test_numbers_that_are_rounded_are_added_up_block_by_block() -> None:
    block = Block("b", "b", 1, 3, None, at(1))
    assert facts_with([1e16, 0.1, 0.2]).block_value(block, "listed") == Amount(0.1 + 0.2)

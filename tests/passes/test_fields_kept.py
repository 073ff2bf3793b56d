"""How many receptive fields are worked out where inputs and layers make very many."""

from __future__ import annotations

import pytest

from archanalyzer.graph import Graph
from archanalyzer.passes import fields_kept as module
from archanalyzer.passes.fields_kept import fields_kept
from archanalyzer.passes.tensor_types import tensor_types
from tests import graphs


def two_towers() -> Graph:
    """``left`` (two axes) and ``right`` (one): 2 + 1, then 2 + 2, 1, and 1 + 2 fields at the concatenation."""
    build = graphs.Builder()
    left, right = build.input("left", 3, 4, 4), build.input("right", 3, 4)
    first = build.add("relu", reads=(left,))
    second = build.add("flatten", reads=(first,))
    third = build.add("flatten", reads=(right,))
    build.add("concat", reads=(second, third))
    return build.graph()


@pytest.mark.parametrize(("most", "kept"), [(11, 6), (10, 5), (8, 5), (7, 4), (3, 2), (2, 1), (1, 0)])
def test_the_first_layers_have_their_fields_worked_out(most: int, kept: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_FIELDS", most)
    graph = two_towers()
    found = fields_kept(graph, tensor_types(graph))
    assert found.layers == kept
    assert bool(found.diagnostics) is (kept < 6)


def test_those_of_other_layers_are_not_known_which_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_FIELDS", 5)
    analyzed = graphs.analyzed(two_towers())
    assert [field is None for field in analyzed.facts.values("receptive_field")] == [False] * 3 + [True] * 3
    (told,) = analyzed.diagnostics
    assert (told.rule.code, told.severity.value) == ("too-many-fields", "warning")
    assert told.message == (
        "expected at most 5 receptive fields in all, found more: "
        "those of `flatten` and of the layers below are not worked out"
    )

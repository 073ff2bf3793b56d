"""Passes as a list, as a page and as data: what is told of each."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

import pytest

from archanalyzer.graph import Graph
from archanalyzer.passes import built_in
from archanalyzer.passes.advice import advisory
from archanalyzer.passes.analysis import Analysis, Column, analysis
from archanalyzer.report.catalogue_passes import answers, as_json, page_of


class Depth(NamedTuple):
    values: tuple[int, ...]


@analysis("depth", columns=[Column("depth", "depth", "How deep it lies.", lambda depth: list(depth.values))])
def depth(graph: Graph) -> Depth:
    """How deep every layer lies: layers before it.

    Counted along the longest way:

        depth = 1 + max(depth of inputs)

    Args:
        graph: a network.

            Sound or not.

    Returns:
        One number a layer.

    It is 0 for inputs.

    Raises:
        ValueError: never.
    """
    return Depth(tuple(layer.index for layer in graph.layers))


TOLD = """\
How deep every layer lies: layers before it.

Counted along the longest way:

    depth = 1 + max(depth of inputs)

It is 0 for inputs."""


def test_what_concerns_callers_in_python_is_not_told() -> None:
    assert answers(depth) == TOLD
    page = page_of(depth, (depth,))
    assert page.startswith(f"depth\n\n{TOLD}\n\nNeeds: the graph.\n")
    (told,) = json.loads(as_json([depth], [depth]))["passes"]
    assert told["help"] == TOLD


@pytest.mark.parametrize("one", [*built_in(), *advisory()], ids=lambda one: one.name)
def test_no_pass_is_told_in_terms_of_python(one: Analysis[Any]) -> None:
    passes = (*built_in(), *advisory())
    (told,) = json.loads(as_json([one], passes))["passes"]
    for text in (told["help"], page_of(one, passes)):
        assert not [word for word in ("Args:", "Raises:", "Returns:", "Error:") if word in text]
        assert text.strip()

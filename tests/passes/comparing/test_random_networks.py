"""What holds for the comparison of any two networks: of random ones, and of one with an edit that is known."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from archanalyzer.graph import Graph, Layer, Op
from archanalyzer.passes.tensor_types import propagate_types
from tests import graphs
from tests.passes.comparing.inverting import require_inverse
from tests.passes.comparing.networks import names_of, of_graphs, with_names
from tests.passes.fields.random_networks import networks

TWO_AXES = networks(2)
MANY = settings(max_examples=60, deadline=None)


@MANY
@given(st.integers(1, 3).flatmap(networks))
def test_a_network_does_not_differ_from_itself(graph: Graph) -> None:
    assert not of_graphs(graph, replace(graph)).differs


@MANY
@given(TWO_AXES, st.randoms(use_true_random=False))
def test_other_names_are_only_renames(graph: Graph, random: Random) -> None:
    """Fresh words, the network's own numbered names in another order, and these words in another order."""
    words = [f"{letter}{letter}x" for letter in "abcdefghijklmnopqrstuvwxyz"] + [f"w{at}w" for at in range(100)]
    for names in (words, [layer.name for layer in graph.layers], words[: len(graph.layers)]):
        if names is not words:
            graph = with_names(graph, names)
        new = random.sample(names, len(graph.layers))
        comparison = of_graphs(graph, with_names(graph, new))
        pairs = {layer.name: name for layer, name in zip(graph.layers, new, strict=True) if layer.name != name}
        assert names_of(comparison) == ({"renamed": pairs} if pairs else {})
        assert not comparison._replace(renamed=()).differs


@MANY
@given(TWO_AXES, TWO_AXES)
def test_swapped_sides_invert_every_difference(old: Graph, new: Graph) -> None:
    require_inverse(of_graphs(old, new), of_graphs(new, old))


@MANY
@given(TWO_AXES, st.randoms(use_true_random=False))
def test_swapped_sides_invert_those_of_an_edit(graph: Graph, random: Random) -> None:
    edited = with_relu(graph, random.randrange(len(graph.layers)), "fresh")
    edited = with_names(edited, random.sample([layer.name for layer in edited.layers], len(edited.layers)))
    require_inverse(of_graphs(graph, edited), of_graphs(edited, graph))


# --- Edits that are known


def other_fields(op: Op) -> Iterator[Op]:
    """The layer type with one field that says something else, as far as the field allows it."""
    for name, value in op.model_dump(exclude_unset=True).items():
        for other in other_values(value):
            try:
                yield type(op)(**{**op.model_dump(exclude_unset=True), name: other})
            except ValueError:
                continue


def other_values(value: Any) -> list[Any]:
    match value:
        case bool():
            return [not value]
        case int():
            return [value + 1, value - 1, 2 * value]
        case float():
            return [value / 2, value + 0.25]
        case (int(first), *others):
            return [(first + 1, *others), (*others, first), tuple(2 * each for each in value)]
    return []


@settings(max_examples=100, deadline=None)
@given(TWO_AXES, st.data())
def test_one_field_is_found_exactly(graph: Graph, data: st.DataObject) -> None:
    """A pool's stride goes with its kernel unless it is given: so all fields that differ are told, and nothing else."""
    layer = data.draw(st.sampled_from([layer for layer in graph.layers if layer.inputs]))
    others = [op for op in other_fields(layer.op) if op != layer.op]
    assume(others)
    op = data.draw(st.sampled_from(others))
    edited = with_op(graph, layer, op)
    assume(is_sound(edited))
    old, new = dict(layer.op), dict(op)
    fields = {name: (old[name], new[name]) for name in old if old[name] != new[name]}
    assert names_of(of_graphs(graph, edited)) == {"changed": {layer.name: fields}}


def is_sound(graph: Graph) -> bool:
    return len(propagate_types(graph).known) == len(graph.layers)


def with_op(graph: Graph, layer: Layer, op: Op) -> Graph:
    layers = [replace(each, op=op) if each is layer else each for each in graph.layers]
    return replace(graph, layers=tuple(layers))


@MANY
@given(TWO_AXES, st.randoms(use_true_random=False))
def test_a_layer_that_is_put_in_is_found(graph: Graph, random: Random) -> None:
    """Behind any layer, for all that read it; taking it out again is the same the other way round.

    Not right behind a pool whose positions an unpooling reads.
    """
    edited = with_relu(graph, random.randrange(len(graph.layers)), "fresh")
    assume(is_sound(edited))
    assert names_of(of_graphs(graph, edited)) == {"added": ["fresh"]}
    assert names_of(of_graphs(edited, graph)) == {"removed": ["fresh"]}


def with_relu(graph: Graph, behind: int, name: str) -> Graph:
    """The network with a relu right behind a layer, read by all that read that."""
    new = behind + 1

    def moved(source: int) -> int:
        return new if source == behind else source + (source > behind)

    before = graph.layers[:new]
    put_in = Layer(new, name, graphs.op("relu"), (behind,), graphs.at(100))
    later = [
        replace(
            layer,
            index=layer.index + 1,
            inputs=tuple(map(moved, layer.inputs)),
            shares=None if layer.shares is None else layer.shares + (layer.shares > behind),
        )
        for layer in graph.layers[new:]
    ]
    return replace(graph, layers=(*before, put_in, *later), outputs=tuple(map(moved, graph.outputs)))


@pytest.mark.parametrize("length", [10, 1_000])
def test_in_the_middle_of_a_long_chain(length: int) -> None:
    """One layer in, one field changed at the end and one at the start, so that no end is common."""
    build = graphs.Builder()
    build.input("x", 4, 5, 5)
    for _ in range(length):
        build.layers.append(long_chain_layer(len(build.layers)))
    old = build.graph()
    new = with_relu(old, length // 2, "fresh")
    wide = graphs.op("conv2d", filters=4, kernel=(5, 5), padding="same")
    new = with_op(with_op(new, new.layers[1], wide), new.layers[-1], wide)
    told = names_of(of_graphs(old, new))
    kernel = {"kernel": ((3, 3), (5, 5))}
    assert told == {"changed": {"conv2d": kernel, f"conv2d_{length}": kernel}, "added": ["fresh"]}


def long_chain_layer(index: int) -> Layer:
    op = graphs.op("conv2d", filters=4, kernel=(3, 3), padding="same")
    return Layer(index, "conv2d" if index == 1 else f"conv2d_{index}", op, (index - 1,), graphs.at(index % 100 + 1))

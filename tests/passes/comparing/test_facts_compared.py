"""Which facts are told to have moved, and by how much; the numbers are worked out by hand."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, NamedTuple

import pytest

from archanalyzer.diagnostics import Diagnostic
from archanalyzer.diagnostics.rules.language import UNUSED_LAYER
from archanalyzer.graph import Graph
from archanalyzer.passes import built_in
from archanalyzer.passes.analysis import Column, Kind, Passes, Rollup, Total, analysis
from archanalyzer.passes.analyzing import analyze
from archanalyzer.passes.comparing.comparing import compare
from archanalyzer.passes.comparing.comparison import Comparison, Moved
from archanalyzer.passes.facts import Amount
from archanalyzer.spec import parse_spec
from tests import graphs
from tests.passes.comparing.networks import CONV4, CONV8, chain, compared, of_graphs


def facts(found: tuple[Moved, ...]) -> dict[str, tuple[Any, Any, Any]]:
    return {each.name: (each.old.value, each.new.value, each.difference) for each in found}


def test_a_layer_that_changed_and_one_that_follows() -> None:
    """Conv 3→4 of 3×3: 4·(27 + 1) = 112 parameters, 27·4·64 = 6,912 MACs; with 8 filters twice as many.

    The relu behind it has no parameters; it puts out 8·64 instead of 4·64 numbers.
    """
    comparison = compared(chain(CONV4, "relu", "dropout"), chain(CONV8, "relu", "dropout"))
    (change,) = comparison.changed
    moved = facts(change.facts)
    assert moved["parameters"] == (112, 224, 112)
    assert moved["macs"] == (6912, 13824, 6912)
    assert moved["output_shape"] == ([4, 8, 8], [8, 8, 8], None)
    assert "receptive_field" not in moved
    follows = [comparison.new.graph.layers[each.new].name for each in comparison.followed]
    assert follows == ["relu", "dropout"]
    behind = facts(comparison.followed[0].facts)
    assert behind["activations"] == (256, 512, 256)
    assert "parameters" not in behind
    totals = facts(comparison.totals)
    assert totals["parameters"] == (112, 224, 112)
    assert "layers" not in totals


def test_every_column_and_total_is_compared() -> None:
    """By hand from the values themselves, so that none is left out."""
    comparison = compared(chain(CONV4, "relu", CONV4), chain(CONV8, "relu", CONV4))
    old, new = comparison.old.facts, comparison.new.facts
    told = {(each.new, fact.name) for each in (*comparison.changed, *comparison.followed) for fact in each.facts}
    expected = {
        (index, name)
        for name in old.columns
        for index in range(len(old.graph.layers))
        if old.values(name)[index] != new.values(name)[index]
    }
    assert told == expected
    totals = {total.name for total in old.totals() if total.amount != new.total(total.name).amount}
    assert {each.name for each in comparison.totals} == totals
    assert len(expected) > 10
    assert len(totals) > 5


def test_blocks_are_compared_as_blocks() -> None:
    """Two convolutions with 112 and 148 parameters, 260 together; with 5 filters in the first, 140 and 184."""
    old, new = graphs.small(), graphs.small()
    layers = list(new.layers)
    wide = graphs.op("conv2d", filters=5, kernel=(3, 3))
    layers[1] = type(layers[1])(1, layers[1].name, wide, layers[1].inputs, layers[1].source)
    comparison = of_graphs(old, Graph(new.name, tuple(layers), new.outputs, new.blocks))
    (block,) = comparison.blocks
    assert block.is_own
    assert facts(block.facts)["parameters"] == (260, 324, 64)
    assert "output_shape" not in facts(block.facts)


def test_a_block_behind_a_change_is_not_changed_itself() -> None:
    stage = "blocks:\n  stage: {layers: [relu, {conv2d: {filters: 4, kernel: 3}}]}\n"
    comparison = compared(chain(CONV4, "stage", above=stage), chain(CONV8, "stage", above=stage))
    (block,) = comparison.blocks
    assert not block.is_own
    assert facts(block.facts)["weight_parameters"] == (144, 288, 144)  # 4·9·4 and 8·9·4


@pytest.mark.parametrize(
    ("kind", "old", "new", "difference", "ratio"),
    [
        (Kind.COUNT, Amount(100), Amount(150), 50, Fraction(1, 2)),
        (Kind.BYTES, Amount(1024), Amount(0), -1024, Fraction(-1)),
        (Kind.COUNT, Amount(0), Amount(5), 5, None),
        (Kind.COUNT, Amount(-4), Amount(-6), -2, Fraction(-1, 2)),
        (Kind.COUNT, Amount(100, at_least=True), Amount(150), None, None),
        (Kind.COUNT, Amount(None), Amount(150), None, None),
        (Kind.FRACTION, Amount("1/2"), Amount(2), Fraction(3, 2), Fraction(3)),
        (Kind.FRACTION, Amount([1, 2]), Amount([2, 2]), None, None),
        (Kind.DATA, Amount({"weight": [1]}), Amount({"weight": [2]}), None, None),
        (Kind.DATA, Amount("some text"), Amount("1"), None, None),
        (Kind.COUNT, Amount(0.5), Amount(0.75), 0.25, Fraction(1, 2)),
        (Kind.REAL, Amount(0.5), Amount(float("inf")), None, None),
        (Kind.DATA, Amount(False), Amount(True), None, None),
    ],
)
def test_differences(kind: Kind, old: Amount, new: Amount, difference: Any, ratio: Fraction | None) -> None:
    moved = Moved("fact", "fact", kind, old, new)
    assert (moved.difference, moved.ratio) == (difference, ratio)
    assert isinstance(moved.difference, type(difference))


def test_a_lower_bound_that_becomes_exact_has_moved() -> None:
    known = graphs.with_mystery()
    layers = (*known.layers[:2], type(known.layers[2])(2, "mystery", graphs.op("relu"), (1,), graphs.at(3)))
    comparison = of_graphs(known, Graph("hidden", layers, known.outputs))
    macs = next(each for each in comparison.totals if each.name == "macs")
    assert (macs.old, macs.new, macs.difference) == (Amount(3888, at_least=True), Amount(3888), None)


def test_a_renamed_input_is_the_same_input() -> None:
    old = chain(CONV4)
    comparison = compared(old, old.replace("image", "picture"))
    assert [(each.old, each.new) for each in comparison.renamed] == [("image", "picture")]
    assert comparison.followed == ()


class Depth(NamedTuple):
    """How far each layer stands behind the input."""

    by_layer: list[int]


@analysis(
    "depth",
    columns=[Column("depth", "depth", "Layers before it.", lambda depth: depth.by_layer, rollup=Rollup.OUTPUT)],
    totals=[Total("deepest", "deepest", "The most.", lambda depth: max(depth.by_layer))],
)
def depth(graph: Graph) -> Depth:
    """Counts layers."""
    return Depth([layer.index for layer in graph.layers])


def test_a_pass_of_anyone_is_compared_like_the_others() -> None:
    passes = Passes((*built_in(), depth))
    sides = (analyze(parse_spec(chain(*layers)), passes) for layers in ((CONV4, "tanh"), (CONV4, "relu", "tanh")))
    comparison = compare(*sides)
    (follows,) = comparison.followed
    assert facts(follows.facts) == {"depth": (2, 3, 1)}
    assert facts(comparison.totals)["deepest"] == (2, 3, 1)


class Reader(NamedTuple):
    """What each layer reads, in a text."""

    behind: list[str]


@analysis(
    "reader",
    columns=[Column("behind", "behind", "What it reads.", lambda reader: reader.behind, Kind.DATA, Rollup.NONE)],
    totals=[Total("last", "last", "The last layer.", lambda reader: reader.behind[-1], Kind.DATA)],
)
def reader(graph: Graph) -> Reader:
    """Tells what layers read by their names."""
    layers = graph.layers
    return Reader([f"reads {[f'`{layers[index].name}`' for index in layer.inputs]}" for layer in layers])


def test_a_text_about_a_renamed_layer_has_not_moved() -> None:
    passes = Passes((*built_in(), reader))
    old = chain(f"{CONV4}\nname: first", "relu", "tanh")

    def told(new: str) -> set[str]:
        comparison = compare(*(analyze(parse_spec(text), passes) for text in (old, new)))
        layers = (each.facts for each in (*comparison.changed, *comparison.followed))
        return {fact.name for moved in (*layers, comparison.totals) for fact in moved} & {"behind", "last"}

    assert told(old.replace("first", "front")) == set()
    assert told(old.replace("  - tanh\n", "  - tanh:\n    from: first\n")) == {"behind", "last"}


def with_warnings(*messages: str, graph: Graph | None = None) -> Any:
    found = tuple(Diagnostic(UNUSED_LAYER, message, graphs.at(number)) for number, message in enumerate(messages, 1))
    return graphs.analyzed(graph or graphs.small(), diagnostics=found)


def messages(comparison: Comparison) -> tuple[list[str], list[str]]:
    return [each.message for each in comparison.gone], [each.message for each in comparison.come]


def test_diagnostics_that_went_and_appeared() -> None:
    """The place does not matter, how often one is told does."""
    comparison = compare(with_warnings("one", "two", "two"), with_warnings("three", "two", "one"))
    assert messages(comparison) == (["two"], ["three"])
    assert comparison.differs


def test_a_diagnostic_about_a_renamed_layer_stays() -> None:
    old = graphs.small()
    names = [layer.name.replace("dense", "head") for layer in old.layers]
    layers = tuple(
        type(each)(each.index, name, each.op, each.inputs, each.source)
        for each, name in zip(old.layers, names, strict=True)
    )
    new = Graph(old.name, layers, old.outputs, old.blocks)
    comparison = compare(
        with_warnings("nothing reads `dense`", graph=old), with_warnings("nothing reads `head`", graph=new)
    )
    assert messages(comparison) == ([], [])


def test_the_network_as_a_whole() -> None:
    """What is expected, pinned and described is not compared."""
    old = chain(f"{CONV4}\nname: a", "relu\nname: b") + "outputs: [b]\n"
    new = old.replace(
        "outputs: [b]", "outputs: [a, b]\ndtype: float16\ndescription: text\nexpect: {totals: {layers: 2}}"
    )
    comparison = compared(old, new)
    assert [tuple(each) for each in comparison.network] == [
        ("dtype", "float32", "float16"),
        ("outputs", ("b",), ("a", "b")),
    ]
    described = old + "description: text\nexpect: {totals: {layers: 2}}\n"
    assert not compared(old, described).differs

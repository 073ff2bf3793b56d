"""What two specs pin for running: which arrays, numbers and settings are told to be others."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from archanalyzer.passes.comparing.comparison import Comparison
from tests.passes.comparing.networks import chain, compared, of_graphs

TOY = chain("flatten", "dense: 2\nname: hidden", "dense: 2\nname: out").replace("[3, 8, 8]", "[2]")
TOY = TOY.replace("  - flatten\n", "")


def pinned(old: str, new: str) -> list[tuple[Any, ...]]:
    return [tuple(each) for each in compared(TOY + old, TOY + new).pinned]


def training(old: str, new: str) -> list[tuple[Any, ...]]:
    texts = (f"training: {{{each}}}\n" if each else "" for each in (old, new))
    return [tuple(each) for each in compared(*(TOY + text for text in texts)).training]


SECTIONS = (
    "weights: {hidden: {bias: [1, 2]}}",
    "weights: {hidden: {bias: [1, 3]}}",
    "weights: {out: {bias: [1, 2]}}",
    "weights: {hidden: {weight: 0}}",
    "weights: {hidden: {weight: he}}",
    "weights: {hidden: {weight: glorot}}",
    "data: {inputs: {image: [1, 2]}}",
    "data: {inputs: {image: [[1, 2]]}}",
    "data: {targets: {out: [1, 2]}}",
    "training: {rate: 0.5}",
    "training: {loss: cross_entropy}",
    "training: {optimizer: adam}",
    "training: {initializer: glorot}",
)


@pytest.mark.parametrize(("old", "new"), list(product(SECTIONS, repeat=2)))
def test_specs_that_differ_only_in_what_they_pin_are_not_equal(old: str, new: str) -> None:
    comparison = compared(f"{TOY}{old}\n", f"{TOY}{new}\n")
    assert comparison.differs == (old != new)
    assert bool(comparison.training or comparison.pinned) == (old != new)
    assert not of_layers(comparison)


def of_layers(comparison: Comparison) -> bool:
    """Whether anything is told of the network itself, or of what is found in it."""
    return comparison._replace(training=(), pinned=()).differs


def test_arrays_on_one_side_only() -> None:
    hidden = "weights: {hidden: {bias: [1, 2]}}\n"
    assert pinned(hidden, "") == [("weights", "hidden", None, "bias", [1, 2], None, None)]
    assert pinned("", hidden) == [("weights", None, "hidden", "bias", None, [1, 2], None)]
    target = "data: {targets: {out: [0, 1]}}\n"
    assert pinned("", target) == [("targets", None, "out", None, None, [0, 1], None)]


@pytest.mark.parametrize(
    ("old", "new"), [("1", "[[1, 1], [1, 1]]"), ("[[0, 0], [0, 0]]", "0"), ("[[1, 2], [3, 4]]", "[[1.0, 2], [3, 4]]")]
)
def test_the_same_numbers_written_in_another_way_are_no_difference(old: str, new: str) -> None:
    assert not pinned(*(f"weights: {{hidden: {{weight: {each}}}}}\n" for each in (old, new)))


@pytest.mark.parametrize(
    ("old", "new", "differing"),
    [
        ("[[1, 2], [3, 4]]", "[[1, 2], [3, 5]]", (1, 4)),
        ("[[1, 2], [3, 4]]", "[[1.0, 2.0], [3.0, 4.5]]", (1, 4)),
        ("3", "[[1, 2], [3, 4]]", (3, 4)),  # a number alone fills the array
        ("[[1, 2], [3, 4]]", "3", (3, 4)),
        ("3", "4", (1, 1)),
        ("he", "[[1, 2], [3, 4]]", None),
        ("he", "glorot", None),
    ],
)
def test_how_many_numbers_of_a_weight_differ(old: str, new: str, differing: tuple[int, int] | None) -> None:
    texts = (f"weights: {{hidden: {{weight: {each}}}}}\n" for each in (old, new))
    (change,) = pinned(*texts)
    assert change[-1] == differing


def test_data_of_another_shape_has_no_numbers_in_common() -> None:
    (change,) = pinned("data: {inputs: {image: [1, 2]}}\n", "data: {inputs: {image: [[1, 2]]}}\n")
    assert change[-1] is None


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("weights: {hidden: {bias: [1, 2]}}\n", "weights: {hidden: {bias: [1.0, 2]}}\n"),
        ("weights: {hidden: {weight: he}}\n", "weights: {hidden: {weight: he_normal}}\n"),
        ("", "training: {loss: half_squared_error, optimizer: sgd, rate: 1e-3, initializer: he}\n"),
        ("weights:\n", "data: {inputs: {}}\n"),
    ],
)
def test_what_means_the_same_is_no_difference(old: str, new: str) -> None:
    """The defaults are those of the table in docs/spec-language.md: half the squared error, SGD at 0.001, He normal."""
    assert not compared(TOY + old, TOY + new).differs


def test_a_layer_that_was_renamed_keeps_its_numbers() -> None:
    old = f"{TOY}weights: {{hidden: {{bias: [1, 2]}}}}\n"
    assert compared(old, old.replace("hidden", "first")).pinned == ()
    (change,) = compared(old, old.replace("hidden", "first").replace("[1, 2]", "[1, 9]")).pinned
    assert (change.old_name, change.new_name, change.differing) == ("hidden", "first", (1, 2))


def test_numbers_of_a_layer_that_came_or_went() -> None:
    more = TOY.replace("  - dense: 2\n    name: out\n", "  - dense: 2\n    name: out\n  - prelu\n")
    with_slope = f"{more}weights: {{prelu: {{weight: 0.5}}}}\n"
    (change,) = compared(TOY, with_slope).pinned
    assert (change.old_name, change.new_name, change.new) == (None, "prelu", 0.5)
    (change,) = compared(with_slope, TOY).pinned
    assert (change.old_name, change.new_name, change.old) == ("prelu", None, 0.5)


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("rate: 0.1", "rate: 0.2", [("rate", 0.1, 0.2)]),
        ("", "rate: 0.2", [("rate", 0.001, 0.2)]),
        ("", "optimizer: adam", [("optimizer", "sgd", "adam")]),
        ("", "optimizer: adam, beta1: 0.5", [("optimizer", "sgd", "adam"), ("beta1", None, 0.5)]),
        ("optimizer: momentum, momentum: 0.5", "", [("optimizer", "momentum", "sgd"), ("momentum", 0.5, None)]),
        ("loss: cross_entropy", "", [("loss", "cross_entropy", "half_squared_error")]),
        ("initializer: 0.5", "initializer: glorot", [("initializer", 0.5, "glorot_uniform")]),
    ],
)
def test_how_to_train(old: str, new: str, found: list[tuple[Any, ...]]) -> None:
    assert training(old, new) == found


def test_graphs_without_anything_pinned() -> None:
    graph = compared(TOY, TOY).old.graph
    assert of_graphs(graph, graph).pinned == ()

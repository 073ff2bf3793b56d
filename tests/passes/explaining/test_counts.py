"""Counts explained: which parts there are, which are put together, and what is remarked of them."""

from __future__ import annotations

import pytest

from archanalyzer.cli.explaining import FIELD, WHAT
from archanalyzer.passes.analyzing import Analyzed, analyze
from archanalyzer.passes.explaining.counts import Line, Shared, count_explained, layer_explained
from archanalyzer.passes.explaining.products import EXPLAINED
from archanalyzer.spec import parse_spec
from tests import graphs


def net(layers: str, more: str = "") -> Analyzed:
    found = analyze(parse_spec(f"archspec: 1\ninputs: {{x: [4]}}\n{more}layers:\n{layers}"))
    assert not found.partial
    return found


def shown(line: Line) -> tuple[str, str, int, int]:
    return line.name, line.last, line.copies, line.value


def test_the_command_knows_what_is_explained() -> None:
    assert set(WHAT) == {*EXPLAINED, FIELD}


def test_each_is_a_fact_of_the_passes() -> None:
    totals = {total.name for total in graphs.analyzed(graphs.small()).facts.totals()}
    assert set(EXPLAINED) <= totals


def test_parts_are_the_blocks_and_layers_right_inside() -> None:
    """The first convolution has 112, the second 148; the dense layer has 130."""
    facts = graphs.analyzed(graphs.small()).facts
    assert [shown(line) for line in count_explained(facts, "parameters").lines] == [
        ("stage", "stage", 1, 260),
        ("dense", "dense", 1, 130),
    ]
    assert [shown(line) for line in count_explained(facts, "parameters", 0).lines] == [
        ("stage/conv2d", "stage/conv2d", 1, 112),
        ("stage/conv2d_2", "stage/conv2d_2", 1, 148),
    ]


def test_copies_in_a_row_are_one_part() -> None:
    """Each block has 8·8 + 8; a head in between, were it as large, would be another kind."""
    facts = graphs.analyzed(graphs.repeated(3)).facts
    assert [shown(line) for line in count_explained(facts, "parameters").lines] == [
        ("mlp", "mlp_3", 3, 216),
        ("head", "head", 1, 18),
    ]


def test_parts_of_unlike_kinds_are_not_copies() -> None:
    more = "blocks: {one: {layers: [dense: 4]}, other: {layers: [dense: 4]}}\n"
    lines = count_explained(net("  - one\n  - other\n  - dense: 4\n", more).facts, "parameters").lines
    assert [shown(line) for line in lines] == [
        ("one", "one", 1, 20),
        ("other", "other", 1, 20),
        ("dense", "dense", 1, 20),
    ]


def test_remarks() -> None:
    layers = "  - dense: 4\n    name: a\n    frozen: true\n  - dense:\n    share: a\n    name: b\n  - relu\n"
    facts = net(layers).facts
    for what, counts in (("parameters", True), ("trainable_parameters", False)):
        remarks = count_explained(facts, what).remarks
        assert (remarks.shared, remarks.frozen, remarks.frozen_count) == ((Shared("b", "a"),), ("a",), counts)
    assert count_explained(facts, "macs").remarks == ((), (), True, ())
    # A layer that uses another's weights has none of its own, and computes all the same.
    assert layer_explained(facts, "parameters", 2).value == 0
    assert layer_explained(facts, "macs", 2).value == 16


def test_what_is_not_known_is_named() -> None:
    facts = graphs.analyzed(graphs.with_mystery()).facts
    assert count_explained(facts, "flops").remarks.unknown == ("mystery",)
    assert layer_explained(facts, "flops", 2).remarks.unknown == ("mystery",)
    assert layer_explained(facts, "flops", 1).remarks.unknown == ()


def test_what_is_not_explained() -> None:
    with pytest.raises(KeyError):
        count_explained(graphs.analyzed(graphs.small()).facts, "output_shape")

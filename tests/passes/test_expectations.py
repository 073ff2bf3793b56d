"""Expectations held against facts."""

from __future__ import annotations

from typing import Any

import pytest

from archanalyzer.diagnostics import Severity
from archanalyzer.graph import Expectation, Graph
from archanalyzer.passes import standard_passes
from archanalyzer.passes.expectations import unmet
from archanalyzer.passes.facts import Facts
from tests import graphs


def told(graph: Graph, subject: str | None, fact: str, value: Any) -> str:
    """The message about an expectation; empty where it is kept."""
    expectation = Expectation(subject, fact, value, graphs.at(7))
    found = unmet(Facts(graph, standard_passes()), [expectation])
    assert all(diagnostic.source == expectation.source for diagnostic in found)
    return "".join(f"{each.rule.code}: {each.message}" + (f" ({each.hint})" if each.hint else "") for each in found)


def two_inputs() -> Graph:
    """``left`` is read through 3×5 with stride 1, ``right`` as it is."""
    build = graphs.Builder()
    left = build.input("left", 2, 8, 8)
    right = build.input("right", 2, 8, 8)
    convolved = build.add("conv2d", filters=2, kernel=(3, 5), padding="same", reads=(left,))
    build.add("add", reads=(convolved, right))
    return build.graph()


def upsampled() -> Graph:
    """Behind an up-sampling by 2, a 2×2 convolution sees one or two positions."""
    build = graphs.Builder()
    build.input("image", 1, 4, 4)
    build.add("conv_transpose2d", filters=1, kernel=(2, 2), stride=(2, 2))
    build.add("conv2d", filters=1, kernel=(2, 2))
    return build.graph()


@pytest.mark.parametrize(
    ("subject", "fact", "value"),
    [
        (None, "parameters", 390),
        (None, "peak_inference_bytes", 1344),
        ("dense", "macs", 128),
        ("stage", "parameters", 260),
        ("stage", "output_shape", [4, 4, 4]),
        ("stage", "output_shape", (4, 4, 4)),
        ("stage", "receptive_field", 5),
        ("stage", "receptive_field", [5, 5]),
        ("stage", "receptive_field", {"size": 5, "stride": 1, "offset": [0, 0]}),
        ("stage/conv2d", "weights", {"weight": [4, 3, 3, 3], "bias": [4]}),
        ("stage/conv2d", "receptive_field_stride", 1),
        ("stage/conv2d", "receptive_field_stride", 1.0),
        ("dense", "receptive_field", "all"),
        ("dense", "receptive_field", 8),
    ],
)
def test_kept(subject: str | None, fact: str, value: Any) -> None:
    assert told(graphs.small(), subject, fact, value) == ""


@pytest.mark.parametrize(
    ("subject", "fact", "value", "message"),
    [
        (None, "parameters", 389, "`totals.parameters`: expected 389, found 390 (1 more)"),
        (None, "macs", 15470264320, "`totals.macs`: expected 15,470,264,320, found 6,320 (15,470,258,000 fewer)"),
        ("stage", "output_shape", [4, 4], "`stage.output_shape`: expected [4, 4], found [4, 4, 4]"),
        ("stage", "receptive_field", 7, "`stage.receptive_field`: expected 7, found 5 (2 fewer)"),
        ("stage", "receptive_field", [5], "`stage.receptive_field`: expected [5], found 5"),
        ("stage", "receptive_field", "all", '`stage.receptive_field`: expected "all", found 5'),
        (
            "stage",
            "receptive_field",
            {"stride": 2},
            (
                '`stage.receptive_field`: expected {"stride": 2}, '
                "found image height size 5, min_size 5, stride 1, offset 0, whole false; "
                "image width size 5, min_size 5, stride 1, offset 0, whole false"
            ),
        ),
    ],
)
def test_failed(subject: str | None, fact: str, value: Any, message: str) -> None:
    assert told(graphs.small(), subject, fact, value) == f"expectation-failed: {message}"


@pytest.mark.parametrize(
    ("subject", "fact", "message"),
    [
        (None, "parameter", "`totals.parameter`: there is no such total (did you mean `parameters`"),
        ("stage", "mac", "`stage.mac`: there is no such fact about a block (did you mean `macs`"),
        ("stage", "weights", "`stage.weights`: there is no such fact about a block (facts: `weight_parameters`"),
        ("dense", "mac", "`dense.mac`: there is no such fact about a layer (did you mean `macs`"),
        ("dens", "macs", "there is no layer or block `dens` (did you mean `dense`"),
    ],
)
def test_unknown(subject: str | None, fact: str, message: str) -> None:
    assert told(graphs.small(), subject, fact, 1).startswith(f"unknown-expectation: {message}")


def test_an_unknown_part_of_a_field() -> None:
    text = told(graphs.small(), "stage", "receptive_field", {"sise": 5})
    assert text.startswith("unknown-expectation: `stage.receptive_field`: `sise` is neither a part")
    assert "did you mean `size`" in text


@pytest.mark.parametrize(
    ("subject", "fact", "value", "found"),
    [
        (None, "macs", 3888, "at least 3,888, of which a part is not known"),
        ("mystery", "macs", 0, "what is not known"),
        ("mystery", "receptive_field", 3, "what is not known"),
    ],
)
def test_what_is_not_known_keeps_nothing(subject: str | None, fact: str, value: int, found: str) -> None:
    assert told(graphs.with_mystery(), subject, fact, value).endswith(f"found {found}")


def test_fields_by_axis_and_by_input() -> None:
    graph = two_inputs()
    assert told(graph, "add", "receptive_field", {"left": [3, 5], "right": 1}) == ""
    assert told(graph, "add", "receptive_field", [3, 5, 1, 1]) == ""
    assert told(graph, "add", "receptive_field", {"left": {"size": 3}, "right": 1}) != ""
    assert told(graph, "conv2d", "receptive_field", 5).endswith("expected 5, found [3, 5]")


def test_where_positions_differ_a_number_is_the_largest_size() -> None:
    assert told(upsampled(), "conv2d", "receptive_field", 2) == ""
    assert told(upsampled(), "conv2d", "receptive_field", {"size": 2, "min_size": 1, "stride": "1/2"}) == ""
    assert told(upsampled(), "conv2d", "receptive_field_stride", 0.5) == ""
    assert told(upsampled(), "conv2d", "receptive_field", 1).endswith("found 1 to 2, 1 to 2, by position")


def test_a_network_without_axes_has_no_field_of_any_size() -> None:
    assert told(graphs.repeated(), "head", "receptive_field", 1).endswith("found no axis of any input")
    assert told(graphs.repeated(), "head", "receptive_field", []) == ""


def test_a_failure_is_an_answer_and_an_unknown_name_an_error() -> None:
    facts = Facts(graphs.small(), standard_passes())
    expectations = [Expectation(None, fact, 1, graphs.at(1)) for fact in ("macs", "mac")]
    assert [each.severity for each in unmet(facts, expectations)] == [Severity.FAILURE, Severity.ERROR]

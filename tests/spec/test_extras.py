"""What a spec expects, and the numbers that it pins."""

from __future__ import annotations

import pytest

from archanalyzer.spec import parse_spec
from archanalyzer.spec.extras import LOSSES, OPTIMIZERS
from tests.spec.specs import FLAT, said

DENSE = f"{FLAT}layers: [dense: 2]\n"


def test_expectations_are_read_with_their_places_totals_first() -> None:
    text = f"{FLAT}variables: {{n: 2}}\nlayers: [dense: =n]\nexpect:\n  layers:\n    dense: {{output_shape: [=n]}}\n"
    spec = parse_spec(f"{text}  totals: {{macs: =4 * n, parameters: 10}}\n")
    found = [(each.subject, each.fact, each.value, each.source.line) for each in spec.expectations]
    assert found == [(None, "macs", 8, 8), (None, "parameters", 10, 8), ("dense", "output_shape", [2], 7)]


def test_numbers_are_pinned_as_nested_lists() -> None:
    text = (
        f"{DENSE}variables: {{n: 1}}\nweights: {{dense: {{weight: [[=n, 2, 3, 4], [5, 6, 7.5, 8]], bias: [0, =-n]}}}}\n"
    )
    running = parse_spec(f"{text}data: {{inputs: {{x: [1, 2, 3, 4]}}, targets: {{dense: [0, 1]}}}}\n").running
    assert running.weights["dense"]["weight"].value == [[1, 2, 3, 4], [5, 6, 7.5, 8]]
    assert running.weights["dense"]["bias"].value == [0, -1]
    assert (running.inputs["x"].value, running.targets["dense"].value) == ([1, 2, 3, 4], [0, 1])


@pytest.mark.parametrize("value", ["[[1, 2], [3]]", "[1, [2]]", "[]", "[[], []]", "[true]", "text", "[null]", "{a: 1}"])
def test_what_is_no_array(value: str) -> None:
    (line,) = said(f"{DENSE}weights: {{dense: {{weight: {value}}}}}\n")
    assert line == "s:4:27 invalid-field: expected `weight` as numbers in lists of equal lengths"


def test_training() -> None:
    text = f"{DENSE}variables: {{n: 2}}\ntraining: {{loss: {LOSSES[0]}, optimizer: {OPTIMIZERS[0]}, rate: =1 / n}}\n"
    running = parse_spec(text).running
    assert (running.loss, running.optimizer, running.rate) == (LOSSES[0], OPTIMIZERS[0], 0.5)
    nothing = parse_spec(DENSE).running
    assert (nothing.loss, nothing.optimizer, nothing.rate, dict(nothing.weights)) == (None, None, None, {})


@pytest.mark.parametrize(
    ("rate", "found"), [("-1", "`-1`"), ("true", "`true`"), ("'1'", "`1`"), ("[1]", "a list of 1"), ("fast", "`fast`")]
)
def test_a_rate_is_a_number_from_0(rate: str, found: str) -> None:
    (line,) = said(f"{DENSE}training: {{rate: {rate}}}\n")
    assert line == f"s:4:18 invalid-field: expected `rate` as a number, 0 or more, found {found}"


def test_weights_of_blocks_are_named_in_full() -> None:
    text = f"{FLAT}blocks:\n  b: {{layers: [dense: 1]}}\nlayers: [b]\nweights: {{%s: {{weight: [[1, 2, 3, 4]]}}}}\n"
    assert list(parse_spec(text % "b/dense").running.weights) == ["b/dense"]
    assert said(text % "b") == ["s:6:11 unknown-layer: there is no layer `b` (layers: `x`, `b/dense`)"]

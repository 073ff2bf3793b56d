"""Networks in which channels, or places, see different things, and layers that tell them apart: found by search."""

from __future__ import annotations

import pytest

from archanalyzer.graph import Readings, Rearranged, TensorType, Types, Window
from archanalyzer.ops.rearranging import Reshape
from archanalyzer.passes.analyzing import analyze
from archanalyzer.passes.fields import positions
from archanalyzer.passes.receptive_field import ReceptiveFields
from archanalyzer.spec import parse_spec
from tests.passes.fields.test_against_executor import compare

NETWORKS = {
    "one way by channels, one by places": """\
archspec: 1
inputs: {x: [1, 5]}
layers:
  - reshape: {shape: [5, 1]}
    name: by_channel
  - add:
    from: [by_channel, x]
  - flatten
""",
    "channels that see different things become places": """\
archspec: 1
inputs: {x: [1, 8, 8]}
layers:
  - reshape: {shape: [2, 16, 2]}
  - permute: {axes: [2, 0, 1]}
  - conv2d: {filters: 2, kernel: [2, 16], groups: 2}
  - permute: {axes: [1, 2, 0]}
""",
    "features that read padding alone": """\
archspec: 1
inputs: {x: [1, 2, 6]}
layers:
  - conv2d: {filters: 1, kernel: [1, 2], padding: [[1, 0], [2, 0]]}
  - permute: {axes: [2, 1, 0]}
  - global_avg_pool
""",
    "parts of the channels with another between them, flattened": """\
archspec: 1
inputs: {x: [1, 4, 5], y: [1, 4, 5], z: [1, 4, 5]}
layers:
  - concat:
    from: [x, y, z]
    name: joined
  - conv2d: {filters: 3, kernel: 3, padding: same}
    from: y
    name: all
  - add:
    from: [joined, all]
  - flatten
""",
}


@pytest.mark.parametrize("name", NETWORKS)
def test_every_place_sees_what_gradients_say(name: str) -> None:
    assert compare(parse_spec(NETWORKS[name]).graph) > 3


def test_parts_of_channels_too_wide_to_be_kept_apart_are_told_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(positions, "MOST_BITS", 8)
    facts = analyze(parse_spec(list(NETWORKS.values())[-1])).facts
    for field in facts.result(ReceptiveFields).places[-1] or ():
        assert all(not along.field.exact or along.field.real(0).size <= along.field.length for along in field.axes)


def test_an_op_that_does_not_say_how_axes_are_taken_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is seen of such axes is told at most: all of them."""

    def readings(self: Reshape, inputs: Types, output: TensorType) -> tuple[Readings, ...]:
        return ((Window(0), Rearranged(), Rearranged()),)

    monkeypatch.setattr(Reshape, "readings", readings)
    text = "archspec: 1\ninputs: {x: [1, 4, 4]}\nlayers:\n  - reshape: {shape: [1, 2, 8]}\n  - relu\n"
    entries = analyze(parse_spec(text)).facts.values("receptive_field")[-1]
    assert [(entry["size"], entry["exact"]) for entry in entries] == [(4, False), (4, False)]


def test_positions_beyond_an_end_see_on_each_of_two_ways() -> None:
    """By hand: position −1 of the sum sees −2 on the way of stride 2, and −1 to 5 on the other; so 0 sees −2 to 7."""
    text = (
        "archspec: 1\ninputs: {x: [1, 12]}\nlayers:\n"
        "  - conv1d: {filters: 1, kernel: 1, stride: 2}\n    name: fast\n"
        "  - conv1d: {filters: 1, kernel: 7}\n    from: x\n    name: slow\n"
        "  - add:\n    from: [fast, slow]\n  - conv1d: {filters: 1, kernel: 3, padding: 1}\n"
    )
    (entry,) = analyze(parse_spec(text)).facts.values("receptive_field")[-1]
    assert (entry["size"], entry["min_size"], entry["offset"]) == (10, 9, -2)

"""Exercise 7.3, the receptive field of a U-Net: figure 5's table, and what the solution's shorthand means."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from archanalyzer.cli import main
from archanalyzer.graph import Window
from archanalyzer.passes.analyzing import analyze
from archanalyzer.passes.receptive_field import ReceptiveFields
from archanalyzer.spec import read_spec
from tests.docs.fences import ROOT

UNET = ROOT / "specs" / "homework" / "unet.yaml"
FIGURE = [(1, 5), (3, 9), (5, 11), (6, 12), (6, 12), (24, 30), (60, 66), (132, 138), (276, 280)]
"""Figure 5: of blocks 9 to 1, how many positions of the output are asked for, and how many of the input that takes."""
CONVOLUTIONS = [2, 3, 3, 3, 3, 3, 3, 3, 2]
"""In blocks 9 to 1, 3×3 each."""


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main([*arguments]) == 0
    return capsys.readouterr().out


def walked(capsys: pytest.CaptureFixture[str], position: int) -> list[tuple[int, int]]:
    """The blocks' sizes in the walk of ``field``, from the last to the first."""
    out = printed(capsys, "field", str(UNET), "--from", "classifier", "--at", str(position), "--depth", "0")
    rows = re.findall(r"^block\d +\d+×\d+×\d+ .* (\d+)→(\d+)$", out, re.MULTILINE)
    return [(int(asked), int(read)) for asked, read in rows]


def test_the_table_of_figure_5(capsys: pytest.CaptureFixture[str]) -> None:
    assert walked(capsys, 256) == FIGURE


@pytest.mark.parametrize("row", range(9))
def test_times_2_for_each_convolution_means_plus_2(row: int) -> None:
    """Each 3×3 convolution reads (3 − 1) positions more than it is asked for: 5 is 1 + 2·2, and no 11·2."""
    asked, read = FIGURE[row]
    assert read == asked + 2 * CONVOLUTIONS[row]
    assert read != asked * 2 * CONVOLUTIONS[row]


def test_what_is_printed_as_a_product_is_a_sum(capsys: pytest.CaptureFixture[str]) -> None:
    out = printed(capsys, "explain", str(UNET), "receptive_field")
    assert "1 + 2·(3 − 1) = 5\n" in out
    assert 1 + 2 * 2 == 5 != 11 * 2


def by_definition(position: int) -> int:
    """The positions of the input that a position of the output sees: the windows looked up, a set at a time."""
    graph = read_spec(str(UNET)).graph
    types = analyze(read_spec(str(UNET))).facts.result(ReceptiveFields).types
    asked: dict[int, set[int]] = {len(graph.layers) - 1: {position}}
    for layer in reversed(graph.layers):
        reads = layer.op.readings(types.inputs(layer), types.outputs[layer.index]) if layer.inputs else ()
        for source, readings in zip(layer.inputs, reads or (), strict=True):
            window = readings[1]
            assert isinstance(window, Window)
            seen = {each for o in asked[layer.index] for each in taps(window, o)}
            asked[source] = asked.get(source, set()) | seen
    return max(asked[0]) - min(asked[0]) + 1


def taps(window: Window, o: int) -> set[int]:
    """The whole ones of (o·stride + offset + k·step) / upsampling."""
    numerators = {o * window.stride + window.offset + k * window.step for k in range(window.count)}
    return {each // window.upsampling for each in numerators if each % window.upsampling == 0}


def test_280_is_the_least_and_296_the_most(capsys: pytest.CaptureFixture[str]) -> None:
    """Over one period of 16 output positions, by looking up every window; and as both commands tell it."""
    sizes = [by_definition(256 + position) for position in range(16)]
    assert (min(sizes), max(sizes)) == (280, 296)
    assert [position for position in range(16) if sizes[position] == 280] == [0, 1, 2, 3, 12, 13, 14, 15]
    (axis,) = axes(printed(capsys, "explain", str(UNET), "receptive_field", "--format", "json"))
    assert (axis["min_size"], axis["size"]) == (280, 296)
    assert [(back["start"] % 16, back["size"]) for back in axis["back"]] == [(0, 280), (4, 296)]
    out = printed(capsys, "field", str(UNET), "classifier")
    assert "field    280–296 positions\n" in out
    assert [rows[-1][1] for rows in (walked(capsys, 256), walked(capsys, 260))] == [280, 296]


def axes(text: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(text)["axes"]
    return found


def test_effective_means_theoretical_there(capsys: pytest.CaptureFixture[str]) -> None:
    """What the solution calls effective is what can reach a position, 280 here, which the literature calls the
    receptive field. The effective one of Luo et al. 2016 has the positions that weigh enough, and is far smaller.
    """
    out = printed(capsys, "field", str(UNET), "classifier", "--effective", "uniform", "--format", "json")
    (found,) = json.loads(out)["effective"]["inputs"]
    assert found["theoretical"]["extents"] == [FIGURE[-1][1]] * 2 == [280, 280]
    assert all(extent < 280 / 4 for extent in found["effective"]["extents"])

"""Exercise 7.1, filters and weights: as the tool counts them, beside what the solution prints, and where it slips."""

from __future__ import annotations

import json
from itertools import pairwise
from math import prod
from typing import Any

import pytest

from archanalyzer.cli import main
from archanalyzer.passes.analyzing import Analyzed, analyze
from archanalyzer.spec import read_spec
from tests.docs.fences import ROOT
from tests.report.explanation.printed_arithmetic import value_of

FILTERS, PARAMETERS = (ROOT / "specs" / "homework" / f"vgg_{what}.yaml" for what in ("filters", "parameters"))

PRINTED_FILTERS = 4_416
PRINTED_SUM = 1_888_394
"""n₁ + … + n₅, the pairs of an input and an output channel."""
PRINTED_CONVOLUTIONS = 16_995_546
PRINTED_TOTAL = 140_629_210

COUNTED_FOR_FILTERS = [[64] * 2, [128] * 3, [64] + [256] * 3, [512] * 3, [512] * 3]
COUNTED_FOR_PARAMETERS = [[64] * 2, [128] * 2, [64] + [256] * 3, [512] * 3, [512] * 4]
"""The filters of each convolution, as the solution lists them for (a) and for (b)."""
DENSE = [25_088, 4_096, 4_096, 1_000]
VGG16 = [[64] * 2, [128] * 2, [256] * 3, [512] * 3, [512] * 3]
"""Simonyan & Zisserman 2014, configuration D."""


def explanation(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert main(["explain", *arguments, "--format", "json"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def pairs(stages: list[list[int]]) -> list[int]:
    """For each stage, the pairs of channels that its convolutions join; the image has 3."""
    widths = [3, *(width for stage in stages for width in stage)]
    joined = iter([one * other for one, other in pairwise(widths)])
    return [sum(next(joined) for _ in stage) for stage in stages]


def analyzed(path: Any) -> Analyzed:
    found = analyze(read_spec(str(path)))
    assert not found.partial
    return found


def test_the_filters_are_right_for_the_network_that_is_counted(capsys: pytest.CaptureFixture[str]) -> None:
    found = explanation(capsys, str(FILTERS), "filters")
    assert found["value"] == PRINTED_FILTERS == sum(map(sum, COUNTED_FOR_FILTERS))
    assert found["expression"] == "64×2 + 128×3 + 64 + 256×3 + 512×6"


def test_the_sum_of_the_pairs_of_channels(capsys: pytest.CaptureFixture[str]) -> None:
    """1,888,448, of which 54 are missing in what is printed."""
    by_hand = pairs(COUNTED_FOR_PARAMETERS)
    assert by_hand == [4_288, 24_576, 155_648, 655_360, 1_048_576]
    (kernels, _) = explanation(capsys, str(PARAMETERS), "parameters")["sum"]
    assert kernels["factors"] == [{"name": "kernel height", "value": 3}, {"name": "kernel width", "value": 3}]
    inside = kernels["expression"].removeprefix("9 × ")
    assert value_of(inside) == sum(by_hand) == 1_888_448
    assert sum(by_hand) - PRINTED_SUM == 54


def test_the_weights_of_the_convolutions(capsys: pytest.CaptureFixture[str]) -> None:
    """9 for each pair: 16,996,032. What is printed follows from the wrong sum."""
    (kernels, dense) = explanation(capsys, str(PARAMETERS), "parameters")["sum"]
    assert kernels["value"] == 9 * sum(pairs(COUNTED_FOR_PARAMETERS)) == 16_996_032
    assert 9 * PRINTED_SUM == PRINTED_CONVOLUTIONS
    assert dense["expression"] == "25,088×4,096 + 4,096×4,096 + 4,096×1,000"
    assert dense["value"] == sum(one * other for one, other in pairwise(DENSE)) == 123_633_664


def test_the_total(capsys: pytest.CaptureFixture[str]) -> None:
    """140,629,696; what is printed is less by 9 · 54."""
    found = explanation(capsys, str(PARAMETERS), "parameters")["value"]
    assert found == 9 * sum(pairs(COUNTED_FOR_PARAMETERS)) + 123_633_664 == 140_629_696
    assert PRINTED_CONVOLUTIONS + 123_633_664 == PRINTED_TOTAL
    assert found - PRINTED_TOTAL == 9 * 54


def test_the_printed_figures_do_not_come_from_the_other_network() -> None:
    """Neither the sum nor the total is right for the network of (a), or for VGG-16, either."""
    for stages in (COUNTED_FOR_FILTERS, VGG16):
        assert sum(pairs(stages)) != PRINTED_SUM


def test_two_different_networks_are_counted() -> None:
    assert analyzed(PARAMETERS).facts.total("filters").amount.value == sum(map(sum, COUNTED_FOR_PARAMETERS)) == 4_800
    counts = [analyzed(path).facts.total("weight_parameters").amount.value for path in (FILTERS, PARAMETERS)]
    assert counts == [9 * sum(pairs(COUNTED_FOR_FILTERS)), 9 * sum(pairs(COUNTED_FOR_PARAMETERS)) + 123_633_664]


@pytest.mark.parametrize(("path", "stages"), [(FILTERS, COUNTED_FOR_FILTERS), (PARAMETERS, COUNTED_FOR_PARAMETERS)])
def test_the_specs_have_the_convolutions_that_the_solution_lists(path: Any, stages: list[list[int]]) -> None:
    layers = [layer.op for layer in analyzed(path).graph.layers if layer.op.name == "conv2d"]
    assert [op.model_dump()["filters"] for op in layers] == [width for stage in stages for width in stage]
    assert {prod(op.model_dump()["kernel"]) for op in layers} == {9}


def test_neither_is_vgg_16(capsys: pytest.CaptureFixture[str]) -> None:
    """4,224 filters, 14,710,464 weights of convolutions, 138,344,128 weights, 138,357,544 with biases."""
    vgg16 = str(ROOT / "specs" / "vgg16.yaml")
    assert explanation(capsys, vgg16, "filters")["value"] == sum(map(sum, VGG16)) == 4_224
    kernels, biases, dense = explanation(capsys, vgg16, "parameters")["sum"]
    assert kernels["value"] == 9 * sum(pairs(VGG16)) == 14_710_464
    assert kernels["value"] + dense["value"] == 14_710_464 + 123_633_664 == 138_344_128
    assert biases["value"] == sum(map(sum, VGG16)) + sum(DENSE[1:]) == 13_416
    assert explanation(capsys, vgg16, "parameters")["value"] == 138_344_128 + 13_416 == 138_357_544
    for path in (FILTERS, PARAMETERS):
        assert analyzed(path).facts.total("filters").amount.value != 4_224

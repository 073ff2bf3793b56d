"""Paths and effective fields as a page and as data, worked out by hand."""

from __future__ import annotations

import json
from math import sqrt

import numpy as np
import pytest

from archanalyzer.graph import Graph
from archanalyzer.passes.fields.by_hand import ByHand, walked_by_hand
from archanalyzer.passes.fields.paths import count_paths, size_at, uniform_weights
from archanalyzer.passes.fields.reading_back import Array, Places
from archanalyzer.passes.tensor_types import tensor_types
from archanalyzer.report.field import as_json as field_json
from archanalyzer.report.field.pictures import pictures, subtitle, title
from archanalyzer.report.field.weights import Effective, count_text, counted, effective, paths, percent
from archanalyzer.report.json_text import document
from archanalyzer.report.parts import as_text
from archanalyzer.report.view import Page
from tests.passes.fields.enumeration import spec

TWICE = "  - conv1d: {filters: 1, kernel: 3}\n  - conv1d: {filters: 1, kernel: 3}\n"
"""Position o sees o to o + 4, on 1, 2, 3, 2 and 1 paths."""
SQUARE = "  - conv2d: {filters: 1, kernel: [1, 3]}\n"


def way(layers: str, inputs: str, *place: int) -> ByHand:
    graph = spec(layers, inputs)
    return walked_by_hand(graph, tensor_types(graph), len(graph.layers) - 1, place)


def page_of_paths(one: ByHand) -> list[str]:
    found = count_paths(one.graph, one.types, one.layer, one.place).by_input
    return as_text(paths(found, one.graph, one.types), Page()).splitlines()


def of_weights(numbers: Array, threshold: float = 0.0455, *, measured: bool = False) -> Effective:
    places = {0: Places((0,) * numbers.ndim, numbers)}
    squares = {0: Places((0,) * numbers.ndim, numbers**2)} if measured else places
    return Effective("uniform", threshold, places, squares, {0: size_at(numbers, 0)}, None)


def graph() -> Graph:
    return spec(TWICE, "x: [1, 9]")


def test_paths() -> None:
    """9 in all, of which the 3 in the middle and 2 beside them are more than half."""
    assert page_of_paths(way(TWICE, "x: [1, 9]", 2)) == [
        "paths from x",
        "",
        "in all       9",
        "positions    5 with a path, within 5",
        "the most     3 from 4",
        "the fewest   1 from 2",
        "half of all  from 2 positions, 40.0 % of these",
        "",
        "length   paths",
        "────────────────────────────────────────",
        "2       11.1 %  ========",
        "3       22.2 %  ================",
        "4       33.3 %  ========================",
        "5       22.2 %  ================",
        "6       11.1 %  ========",
    ]


def test_axes_with_one_position_have_no_profile_and_alike_ones_have_one() -> None:
    assert page_of_paths(way(SQUARE, "x: [1, 3, 3]", 1, 0))[-4:] == [
        "───────────────────────────────────────",
        "0      33.3 %  ========================",
        "1      33.3 %  ========================",
        "2      33.3 %  ========================",
    ]
    both = page_of_paths(way("  - conv2d: {filters: 1, kernel: 3}\n", "x: [1, 3, 3]", 0, 0))
    assert [line for line in both if "paths" in line] == ["paths from x", "height, width   paths"]


def test_many_positions_are_taken_together() -> None:
    """33 positions in stretches of 3, the shortest number of which there are no more than 16."""
    lines = page_of_paths(way("  - conv1d: {filters: 1, kernel: 33}\n", "x: [1, 33]", 0))
    assert lines[-1] == "30–32   9.1 %  ========================"
    assert len(lines) == 10 + 11


@pytest.mark.parametrize("extent", [17, 31, 34, 50, 51, 97, 1000])
def test_what_is_symmetric_looks_so(extent: int) -> None:
    """A kernel as wide as the input has one path from each of its positions: the bars read alike from both ends."""
    lines = page_of_paths(way(f"  - conv1d: {{filters: 1, kernel: {extent}}}\n", f"x: [1, {extent}]", 0))[10:]
    bars = [line.split()[-1] for line in lines]
    assert bars == bars[::-1]
    assert 5 <= len(bars) <= 16
    ends = [line.split()[0].split("–") for line in lines]
    assert [int(end[0]) for end in ends] == [0, *(int(end[-1]) + 1 for end in ends[:-1])]
    assert int(ends[-1][-1]) == extent - 1


def test_gaps_have_no_paths() -> None:
    (one,) = counted({0: Places((3,), np.array([2, 0, 5, 0, 2]))})
    assert (one.positions, one.most_at, one.fewest, one.fewest_at, one.half) == (3, (5,), 2, (3,), 1)


def test_counts_are_exact_beyond_64_bits() -> None:
    (one,) = counted({0: Places((0,), np.array([3**50, 3**51, 1], dtype=object))})
    assert (one.total, one.most, one.half) == (3**50 + 3**51 + 1, 3**51, 1)
    (found,) = json.loads(document({"paths": field_json.paths([one], graph())}))["paths"]
    assert (found["total"], found["profiles"]) == (3**50 + 3**51 + 1, [[3**50, 3**51, 1]])


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0"), (1234, "1,234"), (10**60 - 1, f"{10**60 - 1:,}"), (12345 * 10**60, "1.234e64")],
)
def test_counts_as_text(count: int, text: str) -> None:
    assert count_text(count) == text


@pytest.mark.parametrize(
    ("share", "text"), [(0, "0.0 %"), (1e-9, "< 0.1 %"), (0.0004, "< 0.1 %"), (0.0006, "0.1 %"), (1, "100.0 %")]
)
def test_shares_as_text(share: float, text: str) -> None:
    assert percent(share) == text


def test_an_effective_field() -> None:
    """Of 1, 2, 3, 2, 1 ninths, those from half of 3 on are three of five; the variance is 4/3: 2/3, twice."""
    one = way(TWICE, "x: [1, 9]", 2)
    shares = uniform_weights(one.graph, one.types, one.layer, one.place).by_input
    numbers = shares[0].over((9,))
    found = of_weights(numbers, 0.5)._replace(variances=None)
    assert as_text(effective(found, one.graph), Page()).splitlines() == [
        "effective field in x",
        "",
        "weights      uniform",
        "theoretical  5: 5 positions",
        "effective    3: 3 positions, 60.0 % of these",
        "threshold    0.5 of the largest weight; 77.8 % of all weights lie above",
        "deviation    1.155",
    ]
    data = field_json.effective(found, one.graph)
    assert data["inputs"][0]["effective"] == {"extents": [3], "positions": 3}
    assert data["inputs"][0]["deviations"] == [pytest.approx(sqrt(4 / 3))]
    assert data["inputs"][0]["relative"] == pytest.approx([0, 0, 1 / 3, 2 / 3, 1, 2 / 3, 1 / 3, 0, 0])


def test_deviations_of_measured_weights_are_those_of_their_squares() -> None:
    """Squares 1, 4, 1: of six, two are one away."""
    found = of_weights(np.array([1.0, 2.0, 1.0]), measured=True)
    assert list(found.deviations(0)) == pytest.approx([sqrt(1 / 3)])
    assert "deviation    0.5774, of squared gradients" in as_text(effective(found, graph()), Page())


def test_axes_that_spread_differently() -> None:
    """One and the same along the first axis, a third each along the second: 2/3."""
    found = of_weights(np.ones((1, 3)))
    assert "deviation    0 × 0.8165" in as_text(effective(found, graph()), Page())


def test_gradients_that_are_all_zero() -> None:
    found = Effective("random", 0.0455, {}, {}, {}, None)
    text = as_text(effective(found, graph()), Page())
    assert text == "effective field, weights random: all gradients are zero\n"


# --- What is drawn


def test_a_picture_has_the_field_of_an_endless_input_and_the_paths_of_the_actual_one() -> None:
    one = way("  - conv1d: {filters: 1, kernel: 5, padding: 2}\n", "x: [1, 9]", 0)
    found = count_paths(one.graph, one.types, one.layer, one.place).by_input
    (picture,) = pictures(one, found, None)
    assert (picture.name, picture.axes, picture.extent, picture.field) == ("x", ("length",), (9,), ((-2, 3),))
    assert (picture.weights.start, picture.weights.numbers.tolist(), picture.level) == ((0,), [1, 1, 1], None)
    assert title(one).endswith(": conv1d at 0")
    assert subtitle(one, found, None) == "3 paths, half from 2 positions"


def test_an_effective_field_is_drawn_relative_to_its_largest_weight() -> None:
    one = way(TWICE, "x: [1, 9]", 2)
    found = of_weights(np.array([0.0, 0.1, 0.4, 0.1]))
    (picture,) = pictures(one, {}, found)
    assert (picture.weights.numbers.tolist(), picture.level) == ([0, 0.25, 1, 0.25], 0.0455)
    assert picture.what == "part of the largest weight, uniform weights"
    assert subtitle(one, {}, found) == "effective field 3: 3 positions"


def test_what_reaches_the_threshold_has_bounds_of_its_own() -> None:
    one = way(TWICE, "x: [1, 9]", 2)
    found = of_weights(np.array([0.0, 0.1, 0.4, 0.1]), 0.5)
    assert pictures(one, {}, found)[0].above == ((2, 3),)
    paths_of_it = count_paths(one.graph, one.types, one.layer, one.place).by_input
    assert pictures(one, paths_of_it, None)[0].above == ((2, 7),)


def test_counts_beyond_doubles_are_drawn_as_parts() -> None:
    one = way(TWICE, "x: [1, 9]", 2)
    (picture,) = pictures(one, {0: Places((0,), np.array([10**400, 10**399], dtype=object))}, None)
    assert (picture.weights.numbers.tolist(), picture.what) == ([1, 0.1], "paths from a position, part of the most")


def test_several_inputs_are_told_by_name() -> None:
    one = way("  - add:\n    from: [a, b]\n", "a: [1, 4], b: [1, 4]", 1)
    found = count_paths(one.graph, one.types, one.layer, one.place).by_input
    assert subtitle(one, found, None) == "a: 1 path, half from 1 position; b: 1 path, half from 1 position"

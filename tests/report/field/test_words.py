"""How sets of positions, fractions and sizes are written."""

from __future__ import annotations

from fractions import Fraction

import pytest

from archanalyzer.diagnostics import enumerated
from archanalyzer.passes.fields.positions import NOWHERE, Positions, interval, union
from archanalyzer.report.field.words import (
    interval_text,
    least_most,
    number,
    of_axes,
    positions_text,
    runs_text,
    size_text,
)

EVEN = interval(0, 1).repeated(2, 32)
"""0, 2, and so on to 62."""


@pytest.mark.parametrize(
    ("positions", "hull", "listed", "size"),
    [
        (interval(254, 259), "254–258", "254–258", "5"),
        (interval(-2, 3), "−2–2", "−2–2", "5"),
        (interval(7, 8), "7", "7", "1"),
        (NOWHERE, "–", "–", "0"),
        (union((interval(0, 3), interval(8, 11))), "0–10", "0–2, 8–10", "11 (6)"),
        (interval(0, 1).repeated(2, 4), "0–6", "0, 2, 4, 6", "7 (4)"),
        (interval(0, 1).repeated(2, 5), "0–8", "0, 2, …, 8", "9 (5)"),
        (EVEN, "0–62", "0, 2, …, 62", "63 (32)"),
        (union((EVEN, interval(70, 75))), "0–74", "0, 2, …, 70–74", "75 (37)"),
    ],
)
def test_positions(positions: Positions, hull: str, listed: str, size: str) -> None:
    assert (interval_text(positions), positions_text(positions), size_text(positions)) == (hull, listed, size)


def test_a_set_of_a_million_gaps_is_written_at_once() -> None:
    """Not gap by gap, which takes minutes."""
    assert positions_text(interval(0, 1).repeated(2, 1 << 20)) == f"0, 2, …, {(1 << 21) - 2}"


def test_intervals_that_are_no_set() -> None:
    assert runs_text([interval(0, 3), interval(10**9, 10**9 + 1)]) == "0–2, 1000000000"
    assert runs_text([]) == "–"


@pytest.mark.parametrize(
    ("value", "text"), [(None, "–"), (0, "0"), (-90, "−90"), (Fraction(-1, 2), "−1/2"), (Fraction(4, 2), "2")]
)
def test_numbers(value: Fraction | int | None, text: str) -> None:
    assert number(value) == text


@pytest.mark.parametrize(
    ("texts", "text"),
    [(["5", "5"], "5"), (["5", "3"], "5×3"), (["2–3", "5"], "2–3 × 5"), (["9 (5)", "3"], "9 (5) × 3"), ([], "–")],
)
def test_axes(texts: list[str], text: str) -> None:
    assert of_axes(texts) == text


def test_names_and_ranges() -> None:
    assert [enumerated(names) for names in (["length"], ["height", "width"], ["depth", "height", "width"])] == [
        "length",
        "height and width",
        "depth, height and width",
    ]
    assert (least_most(3, 3), least_most(188, 204)) == ("3", "188–204")

"""How entries of matrices are written."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archanalyzer.graph import Role, Weight
from archanalyzer.report.matrix.entries import CONSTANT, Term
from archanalyzer.report.matrix.words import ASCII, LATEX, UNICODE, Names, Writer, as_fraction, level, place

KERNEL = Weight("weight", (1, 1, 3), filters=1)
PLANE = Weight("weight", (2, 3, 3, 12), filters=2)
DENSE = Weight("weight", (2, 3))
BIAS = Weight("bias", (2,), Role.BIAS)
POINTS = Weight("weight", (2, 3), filters=2)


@pytest.mark.parametrize(
    ("weights", "number", "name"),
    [
        ((KERNEL,), 0, "h₁"),  # of one channel and one filter
        ((KERNEL,), 2, "h₃"),
        ((Weight("weight", (1, 1, 1), filters=1),), 0, "h"),
        ((Weight("weight", (4, 1, 3), filters=4),), 4, "h₂₂"),  # the second filter's second
        ((PLANE,), 0, "h₁,₁,₁,₁"),
        ((PLANE,), 2 * 3 * 3 * 12 - 1, "h₂,₃,₃,₁₂"),
        ((DENSE,), 4, "w₂₂"),
        ((POINTS,), 5, "w₂₃"),  # filters, but nothing that slides
        ((DENSE, BIAS), 7, "b₂"),
        ((Weight("left", (2,)), Weight("right", (2,))), 3, "right₂"),  # two of one letter have their own names
    ],
)
def test_names_count_from_one_along_the_axes_that_are_longer(
    weights: tuple[Weight, ...], number: int, name: str
) -> None:
    assert Names(weights).of(number, UNICODE) == name


def test_names_in_other_notations() -> None:
    names = Names((PLANE, BIAS))
    assert names.of(12, ASCII) == "h1,1,2,1"
    assert names.of(12, LATEX) == "h_{1,1,2,1}"
    assert Names((Weight("a_1", (1,)), Weight("b_1", (1,)))).of(0, LATEX) == r"\mathrm{a\_1}"


def test_there_is_no_name_beyond_the_last() -> None:
    names = Names((DENSE, BIAS))
    assert names.place(7) == (1, (1,))
    with pytest.raises(IndexError):
        names.of(8, UNICODE)
    with pytest.raises(IndexError):
        names.place(8)


@pytest.mark.parametrize(
    ("terms", "unicode", "ascii_", "latex"),
    [
        ([Term(1, 0)], "h₁", "h1", "h_{1}"),
        ([Term(-1, 0)], "-h₁", "-h1", "-h_{1}"),
        (
            [Term(0.5, 0), Term(-0.25, 2)],
            "1/2·h₁ - 1/4·h₃",
            "1/2*h1 - 1/4*h3",
            r"\frac{1}{2}\,h_{1} - \frac{1}{4}\,h_{3}",
        ),
        ([Term(1, CONSTANT), Term(2, 1)], "1 + 2·h₂", "1 + 2*h2", r"1 + 2\,h_{2}"),
        ([Term(-1 / 3, CONSTANT)], "-1/3", "-1/3", r"-\frac{1}{3}"),
        ([Term(1e-12, CONSTANT)], "1e-12", "1e-12", r"1 \cdot 10^{-12}"),
        ([], "·", ".", r"\cdot"),
    ],
)
def test_entries(terms: list[Term], unicode: str, ascii_: str, latex: str) -> None:
    for notation, expected in ((UNICODE, unicode), (ASCII, ascii_), (LATEX, latex)):
        assert Writer(Names((KERNEL,)), notation).entry(terms) == expected


def test_numbers_that_are_no_fractions() -> None:
    assert Writer(Names(()), UNICODE, is_exact=False).number(0.25) == "0.25"
    assert Writer(Names(()), UNICODE).number(2**0.5) == "1.41421"


@given(st.integers(-999, 999), st.integers(1, 999))
def test_a_fraction_is_known_by_the_float_nearest_to_it(numerator: int, denominator: int) -> None:
    assert as_fraction(numerator / denominator) == Fraction(numerator, denominator)


@given(st.floats(-1e6, 1e6))
def test_a_fraction_is_told_only_where_it_gives_the_number(value: float) -> None:
    fraction = as_fraction(value)
    assert fraction is None or float(fraction) == value


def test_numbers_that_no_fraction_gives() -> None:
    assert [as_fraction(value) for value in (2**0.5, 0.1 + 0.2, 1e300)] == [None, None, None]


def test_places_and_what_begins_there() -> None:
    assert place(7, (2, 2, 3)) == "212"  # channel 2, line 1, the second
    assert [level(position, [(2, 2, 3)]) for position in range(12)] == [0, 0, 0, 1, 0, 0, 2, 0, 0, 1, 0, 0]
    assert [level(position, [(2, 3)]) for position in range(6)] == [0, 0, 0, 2, 0, 0]
    assert [level(position, [(4,)]) for position in range(4)] == [0, 0, 0, 0]
    assert [level(position, [(2,), (2,)]) for position in range(4)] == [0, 0, 2, 0]  # a second input
    assert [level(position, [(3, 1, 1)]) for position in range(3)] == [0, 0, 0]  # channels of one number each

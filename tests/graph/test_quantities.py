"""Numbers and bounds as texts write them."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archanalyzer.graph.quantities import UNITS, taken_apart, written

FRACTIONS = st.fractions(min_value=-(10**12), max_value=10**12, max_denominator=10**4)


@pytest.mark.parametrize(
    ("text", "form", "numbers"),
    [
        ("5_000_000", "number", [5_000_000]),
        ("138M", "number", [138_000_000]),
        ("1.5Gi", "number", [3 * 2**29]),
        ("2k", "number", [2000]),
        ("-1/2", "number", [Fraction(-1, 2)]),
        ("0.1", "number", [Fraction(1, 10)]),
        (".5", "number", [Fraction(1, 2)]),
        ("10%", "share", [10]),
        ("<= 5_000_000", "compared", [5_000_000]),
        (">7", "compared", [7]),
        ("10..20", "range", [10, 20]),
        ("1...5", "range", [1, Fraction(1, 2)]),
        ("-3 .. 1k", "range", [-3, 1000]),
        ("138M ± 1%", "about", [138_000_000, 1]),
        ("1.5 +- 0.1", "about", [Fraction(3, 2), Fraction(1, 10)]),
    ],
)
def test_what_a_text_says(text: str, form: str, numbers: list[Fraction]) -> None:
    apart = taken_apart(text)
    assert apart is not None
    assert (apart.form, list(apart.numbers)) == (form, numbers)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "_",
        "1__0",
        "_1",
        "5 000",
        "1e999999999",
        "1/0",
        "1/0_0",
        "<=",
        "= 5",
        "1..2..3",
        "5 ±",
        "5 % ± 1",
        "5 K",
        "٣",
        "9" * 200,
    ],
)
def test_what_is_neither_a_number_nor_a_bound(text: str) -> None:
    assert taken_apart(text) is None


@given(FRACTIONS, st.sampled_from(["", "5", "5_0", "0.5", "1/2", *(f"5{unit}" for unit in UNITS), "1.5M"]))
def test_a_number_is_written_exactly_whatever_the_old_one(number: Fraction, old: str) -> None:
    apart = taken_apart(written(number, old))
    assert apart is not None
    assert apart.numbers == (number,)


@pytest.mark.parametrize(
    ("number", "old", "text"),
    [
        (Fraction(5_123_456), "1_000", "5_123_456"),
        (Fraction(5_123_456), "1000", "5123456"),
        (Fraction(5_500_000), "5M", "5.5M"),
        (Fraction(5_123_456), "5M", "5_123_456"),
        (Fraction(3 * 2**29), "1Gi", "1.5Gi"),
        (Fraction(1, 4), "0.5", "0.25"),
        (Fraction(1, 4), "1/2", "1/4"),
        (Fraction(1, 3), "0.5", "1/3"),
        (Fraction(2), "1/2", "2"),
        (Fraction(-12_345), "1_0", "-12_345"),
        (Fraction(1, 40), "7", "0.025"),
    ],
)
def test_a_number_is_written_as_the_old_one(number: Fraction, old: str, text: str) -> None:
    assert written(number, old) == text


def test_only_the_number_is_replaced() -> None:
    apart = taken_apart("138M  ± 1 %")
    assert apart is not None
    assert apart.with_number(0, Fraction(140_000_000)) == "140M  ± 1 %"
    assert apart.with_number(1, Fraction(2)) == "138M  ± 2 %"

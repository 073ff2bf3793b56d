"""Widths, escapes and encodings."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archanalyzer.report.text import encodable, escape, plural, shorten, width


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("conv2d", "conv2d"),
        ("\x1b]0;title\x07", "\\x1b]0;title\\x07"),
        ("a\nb\tc", "a\\nb\\tc"),
        ("\x9b31m", "\\x9b31m"),
        ("\u202egnp", "\\u202egnp"),
        ("\udc80", "\\udc80"),
        ("größe 畳み込み", "größe 畳み込み"),
    ],
)
def test_escape(text: str, shown: str) -> None:
    assert escape(text) == shown


@pytest.mark.parametrize(("text", "columns"), [("abc", 3), ("畳み", 4), ("e\u0301", 1), ("×", 1), ("", 0)])
def test_width(text: str, columns: int) -> None:
    assert width(text) == columns


@pytest.mark.parametrize(
    ("text", "most", "short"),
    [
        ("block1/conv2d", 13, "block1/conv2d"),
        ("block1/conv2d", 9, "bloc…nv2d"),
        ("block1/conv2d", 8, "bloc…v2d"),
        ("畳み込み層", 6, "畳…層"),
        ("abc", 1, "…"),
    ],
)
def test_shorten(text: str, most: int, short: str) -> None:
    assert shorten(text, most) == short


@given(st.text(), st.integers(1, 30))
def test_shortened_text_fits(text: str, most: int) -> None:
    assert width(shorten(text, most)) <= most


def test_ascii_gets_likenesses_that_keep_columns() -> None:
    assert encodable("≥ 3 ×2 – a…b", "ascii") == ">=3 x2 - a~b"
    assert encodable("größe", "ascii") == "gr\\xf6\\xdfe"
    assert encodable("≥ 3 ×2", "utf-8") == "≥ 3 ×2"


def test_plural() -> None:
    assert [plural(number, "layer") for number in (0, 1, 2000)] == ["0 layers", "1 layer", "2,000 layers"]

"""Docstrings as prose, and tables whose last column is a text."""

from __future__ import annotations

import pytest

from archanalyzer.report.catalogue import first_paragraph, first_sentence, paragraphs, prose, table


def test_a_docstring_loses_its_indentation_but_not_that_of_formulas() -> None:
    text = "One ``line``.\n\n    Two:\n\n        y = x\n    "
    assert prose(text) == "One `line`.\n\nTwo:\n\n    y = x"
    assert prose("Flat:\n\n    y = x\n\nEnd.") == "Flat:\n\n    y = x\n\nEnd."
    assert prose(None) == ""


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("One. Two.", "One."),
        ("y = x (Clevert et al. 2016); so. More.", "y = x (Clevert et al. 2016); so."),
        ("No full stop", "No full stop"),
        ("Over two\n    lines. And more.\n\n    Else.", "Over two lines."),
        ("A number, 0.5 or so.", "A number, 0.5 or so."),
        ("", ""),
    ],
)
def test_the_first_sentence(text: str, sentence: str) -> None:
    assert first_sentence(text) == sentence


def test_the_first_paragraph_is_one_line() -> None:
    assert first_paragraph("One\n    two.\n\n    Three.") == "One two."


def test_paragraphs_are_filled_and_formulas_are_not() -> None:
    text = "One two three four five six.\n\n    y = x + a very long formula that stays\n\nSeven."
    shown = "One two three four\nfive six.\n\n    y = x + a very long formula that stays\n\nSeven.\n"
    assert paragraphs(text, 20) == shown


def test_a_table_goes_on_below_its_last_column() -> None:
    rows = [("a", "1", "one two three four five six"), ("long", "", "x"), ("b", "22", "")]
    assert table(rows, 32) == ("  a     1   one two three four\n            five six\n  long      x\n  b     22\n")


def test_a_narrow_page_still_has_room_for_words() -> None:
    assert table([("name", "a word and another")], 5) == "  name  a word and another\n"

"""Parts of a page as text and as Markdown."""

from __future__ import annotations

from archanalyzer.report.parts import Grid, Notes, Pairs, Part, Row, Title, Verbatim, as_markdown, as_text
from archanalyzer.report.view import Page

PARTS: list[Part] = [
    Title("net", "net.yaml"),
    Pairs([("field", "3 positions"), ("stride", "1")]),
    Grid(["layer", "sees", "size"], [Row(["block", "", ""], 0, True), Row(["a_*b*", "0–2", "3"], 1)], frozenset({1})),
    Notes([]),
    Notes(["size: from the first to the last"]),
    Verbatim(""),
]


def test_text() -> None:
    assert as_text(PARTS, Page(40)) == (
        "net  net.yaml\n"
        "\n"
        "field   3 positions\n"
        "stride  1\n"
        "\n"
        "layer    sees  size\n"
        "───────────────────\n"
        "block\n"
        "  a_*b*  0–2      3\n"
        "\n"
        "size: from the first to the last\n"
    )


def test_markdown() -> None:
    assert as_markdown(PARTS) == (
        "### net (net.yaml)\n"
        "\n"
        "- field: 3 positions\n"
        "- stride: 1\n"
        "\n"
        "| layer | sees | size |\n"
        "| :-- | :-- | --: |\n"
        "| **block** |  |  |\n"
        "| &emsp;a\\_\\*b\\* | 0–2 | 3 |\n"
        "\n"
        "<sub>size: from the first to the last</sub>\n"
    )


def test_what_is_too_wide_is_cut_in_text_only() -> None:
    """24 columns, less two between and five of digits, leave 17."""
    grid = Grid(["layer", "size"], [Row(["a_layer_with_quite_a_long_name", "12345"])])
    assert as_text([grid], Page(24)).splitlines() == [
        "layer               size",
        "────────────────────────",
        "a_layer_…ong_name  12345",
    ]
    assert "a_layer_with_quite_a_long_name" in as_markdown([grid])


def test_long_text_is_broken_below_its_beginning() -> None:
    assert as_text([Pairs([("cut", "one two three four five")])], Page(20)).splitlines() == [
        "cut  one two three",
        "     four five",
    ]


def test_a_path_that_is_too_long_stands_below_the_name() -> None:
    assert as_text([Title("net", "a/very/long/path.yaml")], Page(20)) == "net\na/very/long/path.yaml\n"


def test_no_control_character_gets_through() -> None:
    text = as_text([Title("\x1b[2J", "\u202e"), Grid(["layer"], [Row(["\x1b[31m"])]), Notes(["\x9b1m"])], Page(80))
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "\x9b" not in text
    assert "\\x1b[2J  \\u202e\n" in text


def test_colours_are_asked_for() -> None:
    text = as_text(PARTS[:3], Page(40, color=True))
    assert text.startswith("\x1b[1mnet\x1b[0m  \x1b[2mnet.yaml\x1b[0m\n")
    assert "\x1b[1mblock\x1b[0m\n" in text

"""Diagnostics as text."""

from __future__ import annotations

import pytest

from archanalyzer.diagnostics import BlockUse, Diagnostic, Note, Rule, Severity, Source, SourceFile
from archanalyzer.report.diagnostics import as_text
from archanalyzer.report.text import width
from archanalyzer.report.view import Page

ERROR = Rule("some-error", "", "")
WARNING = Rule("some-warning", "", "", severity=Severity.WARNING)


def place(text: str, column: int, end_column: int, line: int = 1) -> Source:
    return Source(SourceFile("a.yaml", text), line, column, end_column)


def test_the_whole_form() -> None:
    file = SourceFile("specs/bad.yaml", "archspec: 1\n" * 11 + "  - conv2D: {filters: 64}\n")
    diagnostic = Diagnostic(
        ERROR,
        "there is no layer type `conv2D`",
        Source(file, 12, 5, 11),
        "did you mean `conv2d`?",
        BlockUse("unit", Source(file, 7, 5, 9), BlockUse("stage", Source(file, 9, 5, 9))),
        (Note("it stands here", Source(file, 4, 3, 5)),),
    )
    assert as_text([diagnostic]) == (
        "specs/bad.yaml:12:5: error[some-error]: there is no layer type `conv2D`\n"
        "  12 |   - conv2D: {filters: 64}\n"
        "     |     ^^^^^^\n"
        "  note: specs/bad.yaml:4:3: it stands here\n"
        "  in block `unit`, used at specs/bad.yaml:7:5\n"
        "  in block `stage`, used at specs/bad.yaml:9:5\n"
        "  hint: did you mean `conv2d`?\n"
    )


def test_without_a_place_or_without_a_text() -> None:
    assert as_text([Diagnostic(ERROR, "no")]) == "error[some-error]: no\n"
    assert as_text([Diagnostic(ERROR, "no", place("", 1, 1))]) == "a.yaml: error[some-error]: no\n"
    assert as_text([]) == ""


def carets(text: str, column: int, end_column: int) -> list[str]:
    return as_text([Diagnostic(ERROR, "no", place(text, column, end_column))]).splitlines()[1:]


def test_carets_stand_below_tabs_and_wide_characters() -> None:
    assert carets("\tx: y", 2, 3) == ["  1 |     x: y", "    |     ^"]
    assert carets("畳み込み: 層", 7, 8) == ["  1 | 畳み込み: 層", "    |           ^^"]
    assert carets("a\x1bb: c", 3, 4) == ["  1 | a\\x1bb: c", "    |      ^"]


def test_carets_beyond_the_line_and_of_no_width() -> None:
    assert carets("abc", 4, 4) == ["  1 | abc", "    |    ^"]
    assert carets("abc", 9, 12) == ["  1 | abc", "    |    ^"]


def test_long_lines_are_cropped_around_the_place() -> None:
    line, below = carets("a" * 300 + "HERE" + "b" * 300, 301, 305)
    assert line == "  1 | …" + "a" * 45 + "HERE" + "b" * 23 + "…"
    assert below == "    |  " + " " * 45 + "^^^^"


@pytest.mark.parametrize("most", [10, 40, 80, 106])
@pytest.mark.parametrize("at", [1, 30, 60, 110, 120])
@pytest.mark.parametrize("filler", ["a", "層", "\t", "\x1b"])
def test_excerpts_fit_the_page_and_mark_what_is_meant(filler: str, at: int, most: int) -> None:
    text = filler * at + "HERE" + filler * (120 - at)
    found = Diagnostic(ERROR, "no", place(text, at + 1, at + 5))
    line, below = as_text([found], Page(most)).splitlines()[1:]
    assert width(line) <= max(most, 26)
    marked = below.index("^")
    assert below.count("^") == 4
    assert "".join(char for char, start in _starts(line) if marked <= start < marked + 4) == "HERE"


def _starts(line: str) -> list[tuple[str, int]]:
    """The characters of a line, and the columns at which they stand."""
    return [(character, width(line[:index])) for index, character in enumerate(line)]


def test_a_line_that_just_fits_is_shown_whole() -> None:
    line, _ = as_text([Diagnostic(ERROR, "no", place("a" * 74, 1, 2))], Page(80)).splitlines()[1:]
    assert line == "  1 | " + "a" * 74
    line, _ = as_text([Diagnostic(ERROR, "no", place("a" * 75, 75, 76))], Page(80)).splitlines()[1:]
    assert line == "  1 | …" + "a" * 72


def test_what_a_repeat_makes_many_of_is_told_once() -> None:
    here, there = place("x: y", 1, 2), place("x: y", 4, 5)
    found = [Diagnostic(ERROR, f"`relu{end}`: found {-turn}", here) for turn, end in enumerate(("", "_2", "_3"))]
    found += [Diagnostic(ERROR, "`dense`: found 1", here), Diagnostic(ERROR, "`relu`: found 1", there)]
    found += [Diagnostic(WARNING, "`relu`: found 1", here)]
    found += [Diagnostic(ERROR, "`relu`: found 1", here, trail=BlockUse("b", there))]
    lines = [line for line in as_text(found).splitlines() if " | " not in line]
    assert lines == [
        "a.yaml:1:1: error[some-error]: `relu`: found 0",
        "  … and 2 more at this place",
        "a.yaml:1:1: error[some-error]: `dense`: found 1",
        "a.yaml:1:1: error[some-error]: `relu`: found 1",
        "  in block `b`, used at a.yaml:1:4",
        "a.yaml:1:1: warning[some-warning]: `relu`: found 1",
        "a.yaml:1:4: error[some-error]: `relu`: found 1",
    ]


def test_repeats_leave_room_for_others() -> None:
    text = "x\n" * 60
    found = [Diagnostic(ERROR, f"`relu_{turn}` no", place(text, 1, 2)) for turn in range(2, 1000)]
    found += [Diagnostic(ERROR, "other", place(text, 1, 2, line)) for line in range(2, 60)]
    printed = as_text(found)
    assert printed.count("other") == 49
    assert "  … and 997 more at this place\n" in printed
    assert printed.endswith("… and 9 more\n")


def test_a_long_way_into_blocks_is_shown_by_its_ends() -> None:
    use = None
    for number in range(20, 0, -1):
        use = BlockUse(f"b{number}", place("x", 1, 2), use)
    text = as_text([Diagnostic(ERROR, "no", place("x", 1, 2), trail=use)])
    assert [line.split("`")[1] for line in text.splitlines() if "`" in line] == ["b1", "b2", "b3", "b4", "b19", "b20"]
    assert "  … 14 blocks further out …\n" in text


def test_the_order_is_that_of_places_and_of_too_many_the_gravest_are_shown() -> None:
    text = "x\n" * 100
    found = [Diagnostic(WARNING, "w", place(text, 1, 2, line)) for line in range(60, 0, -1)]
    found.append(Diagnostic(ERROR, "e", place(text, 1, 2, 61)))
    lines = [line for line in as_text(found).splitlines() if not line.startswith(" ")]
    assert len(lines) == 51
    assert lines[0].startswith("a.yaml:1:1: warning")
    assert lines[-2].startswith("a.yaml:61:1: error")
    assert lines[-1] == "… and 11 more"


def test_nothing_of_a_spec_is_obeyed_by_a_terminal() -> None:
    file = SourceFile("\x1b[1m.yaml", "x\x1b[2J: \u202e")
    source = Source(file, 1, 1, 2)
    use = BlockUse("\x07", source)
    text = as_text([Diagnostic(ERROR, "a\x1bb\nc", source, "\x9b", use, (Note("\x1b", source),))])
    assert not any(ord(character) < 32 and character != "\n" for character in text)
    assert "\u202e" not in text
    assert "error[some-error]: a\\x1bb\\nc\n" in text


def test_colour() -> None:
    text = as_text([Diagnostic(ERROR, "no", place("abc", 1, 2))], Page(color=True))
    assert text == "a.yaml:1:1: \x1b[1;31merror[some-error]\x1b[0m: no\n  1 | abc\n    | \x1b[1;31m^\x1b[0m\n"

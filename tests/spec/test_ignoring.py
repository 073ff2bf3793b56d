"""Comments that silence rules: where a comment is one, and which line it is about."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archanalyzer.diagnostics import Problems, SourceFile
from archanalyzer.spec.ignoring import read_ignores

MARK = "# archanalyzer: ignore[gridding]"


def about(text: str) -> list[tuple[str, int | None]]:
    """The rules that a text silences, each with the line that its comment is about."""
    problems = Problems()
    ignores = read_ignores(SourceFile("spec.yaml", text), problems)
    assert problems.diagnostics == ()
    return [(ignore.rule.code, ignore.line) for ignore in ignores]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (f"a: 1 {MARK}\nb: 2\n", [1]),
        (f"a: 1\nb: [1, {MARK}\n  2]\n", [2]),
        (f"a: {{b: c}}{MARK}\n", [1]),
        (f'a: "b"{MARK}\n', [1]),
        (f"a: &anchor b {MARK}\nc: *anchor {MARK}\n", [1, 2]),
        (f"a: | {MARK}\n  text\n", [1]),
        (f"a: >-\n  text\n{MARK}\nb: 1\n", [4]),
        (f"a: b # why {MARK}\n", [1]),
        (f"a: b {MARK} because of the grid\n", [1]),
        (f"a: b {MARK} {MARK}\n", [1, 1]),
        (f"a: b\t{MARK}\n", [1]),
        (f"a: 1 {MARK}", [1]),
        ("a: 1 #archanalyzer:ignore [ gridding ]\n", [1]),
        ("a: 1 # archanalyzer: ignore[gridding,]\n", [1]),
        (f"{MARK}\na: 1\n", [2]),
        (f"  {MARK}\n\n# text\n  \na: 1\n", [5]),
        (f"{MARK}\n{MARK}\na: 1\n", [3, 3]),
        (f"a: 1\n{MARK}\n# the end\n", [None]),
        (f"a: 1\r\nb: é {MARK}\r\nc: 2\r\n", [2]),
        (f"a: 1\rb: 2 {MARK}\rc: 2", [2]),
    ],
)
def test_a_comment_and_its_line(text: str, lines: list[int | None]) -> None:
    assert about(text) == [("gridding", line) for line in lines]


@pytest.mark.parametrize(
    "text",
    [
        f'a: "b {MARK}"\n',
        f"a: 'b {MARK}'\n",
        f"a: 'it''s {MARK}'\n",
        f'a: "b\n  {MARK}\n  c"\n',
        f"a: |\n  text {MARK}\n  {MARK}\n",
        f"a: >+\n\n  {MARK}\n\n",
        f"a: b{MARK}\n",
        f"a: b `{MARK}`\n",
        "a: 1 # archanalyzer is a word\n",
        "a: 1 # see archanalyzer: ignore[gridding]\n",
        "a: archanalyzer:ignore[gridding]\n",
    ],
)
def test_what_is_no_such_comment(text: str) -> None:
    assert about(text) == []


def test_several_rules_each_with_its_place() -> None:
    (one, other) = read_ignores(
        SourceFile("s.yaml", "é: 1 # archanalyzer: ignore[gridding , unused-block]"), Problems()
    )
    assert (one.rule.code, other.rule.code) == ("gridding", "unused-block")
    # "é: 1 # archanalyzer: ignore[" has 28 characters, "gridding , " 11 more.
    assert [tuple(each.source)[1:] for each in (one, other)] == [(1, 29, 37), (1, 40, 52)]


# A line with what it silences: itself, or the next one; or nothing, where it is text.
LINES = {
    "k{n}: 1": None,
    f"k{{n}}: {{{{x: [1]}}}} {MARK}": "itself",
    f'k{{n}}: "a {MARK}"': None,
    f"k{{n}}: 'a' {MARK}": "itself",
    f"k{{n}}: |\n  a {MARK}": None,
    f"k{{n}}: a\n  b {MARK}": "its last",
    MARK: "the next",
    "": None,
    "# text": None,
}


@given(st.lists(st.sampled_from(sorted(LINES)), max_size=12), st.sampled_from(["\n", "\r\n"]))
def test_comments_wherever_they_stand(pieces: list[str], line_break: str) -> None:
    lines: list[str] = []
    expected: list[int | None] = []
    waiting = 0
    for number, piece in enumerate(pieces):
        written = piece.format(n=number).split("\n")
        if written[0].startswith("k"):
            expected += [len(lines) + 1] * waiting
            waiting = 0
        lines += written
        waiting += LINES[piece] == "the next"
        expected += [len(lines)] if LINES[piece] in {"itself", "its last"} else []
    expected += [None] * waiting
    assert about(line_break.join(lines)) == [("gridding", line) for line in expected]


@pytest.mark.parametrize(
    ("comment", "message", "hint"),
    [
        ("ignore", "expected `ignore[rule]` behind `archanalyzer:`, found no rule", "name the rules, for example"),
        ("ignore[ , ]", "expected `ignore[rule]` behind `archanalyzer:`, found no rule", "name the rules"),
        ("ignore[gridding", "expected `ignore[rule]` behind `archanalyzer:`, found no rule", "name the rules"),
        ("", "expected `ignore[rule]` behind `archanalyzer:`, found nothing", "name the rules"),
        ("noqa", "expected `ignore[rule]` behind `archanalyzer:`, found `noqa`", "name the rules"),
        ("ignore[griding]", "there is no rule `griding`", "did you mean `gridding`?"),
        ("ignore[cycle]", "`cycle` is an error, and errors cannot be silenced", "mend what it says"),
        ("ignore[invalid-ignore]", "`invalid-ignore` is about such comments, and cannot be silenced", "take this"),
    ],
)
def test_a_comment_that_silences_nothing_says_why(comment: str, message: str, hint: str) -> None:
    problems = Problems()
    assert read_ignores(SourceFile("spec.yaml", f"a: 1 # archanalyzer: {comment}\n"), problems) == ()
    (found,) = problems.diagnostics
    assert (found.rule.code, found.message) == ("invalid-ignore", message)
    assert found.hint is not None
    assert found.hint.startswith(hint)


def test_of_a_text_that_ends_too_soon_what_stands_above_is_read() -> None:
    assert about(f"a: 1 {MARK}\n--- {MARK}\n[: @ {MARK}\n")[:1] == [("gridding", 1)]


def test_many_marks_and_brackets_that_are_never_closed_take_no_long_time() -> None:
    """Were each of them read to the end of its line, this would take hours."""
    problems = Problems()
    comment = "# archanalyzer: ignore[ " * 100_000
    assert read_ignores(SourceFile("spec.yaml", f"a: 1 {comment}\n"), problems) == ()
    assert len(problems.diagnostics) == 100_000

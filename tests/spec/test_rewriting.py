"""Values rewritten in a text, and nothing else."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from archanalyzer.graph import PartPath
from archanalyzer.spec.rewriting import Edit, rewrite

MACS: PartPath = ("expect", "totals", "macs")


def rewritten(text: str, *edits: Edit) -> str:
    done = rewrite(text, [edits])
    assert done.refused == {}
    return done.text


def refusal(text: str, *edits: Edit) -> str:
    done = rewrite(text, [edits])
    assert done.text == text, "what is refused changes nothing"
    return done.refused[0]


@pytest.mark.parametrize(
    ("old", "value", "new"),
    [
        ("8", 9, "9"),
        ("8", 12345, "12345"),
        ("1_000", 12345, "12_345"),
        ("0x10", 17, "17"),
        ("5M", Fraction(6_500_000), "6.5M"),
        ('"5M"', Fraction(6_500_000), '"6.5M"'),
        ('"5M"', Fraction(6_512_345), "6_512_345"),
        ("58.4Mi", 61_341_696, "58.5Mi"),  # 58.5·2²⁰
        ("58.4Mi", 61_341_697, "61_341_697"),  # no three places tell it
        ("1_000_000", Fraction(2_500_000), "2_500_000"),
        ("138M", 138_357_000, "138.357M"),
        ("138M", 138_357_544, "138_357_544"),
        ("1.5k", 2000, "2k"),
        ("0.5", "1/4", "0.25"),
        ("1/2", "1/4", "1/4"),
        ('"1/2"', 2, "2"),
        ("all", 5, "5"),
        ("5", "all", "all"),
        ("5", [4, 5], "[4, 5]"),
        ("none", "some", "some"),
        ("true", False, "false"),
        ("[1, 2]", [3, 4, 5], "[3, 4, 5]"),
        ("[1,\n    2]", [3], "[3]"),
        ("{a: [1]}", {"a": [1], "b": ["x/y", "1", "null", "ä"]}, '{a: [1], b: [x/y, "1", "null", "ä"]}'),
    ],
)
def test_a_value_is_written_as_the_old_one(old: str, value: Any, new: str) -> None:
    text = f"expect:\n  totals:\n    macs: {old} # kept\n"
    found = rewritten(text, Edit(MACS, value))
    assert found == f"expect:\n  totals:\n    macs: {new} # kept\n"
    assert yaml.safe_load(found) is not None


@pytest.mark.parametrize(
    ("old", "edits", "new"),
    [
        ("<= 5_000", [(0, 6123)], "<= 6_123"),
        ("'>=  5'", [(0, 4)], "'>=  4'"),
        ('"> 5k"', [(0, 4500)], '"> 4.5k"'),
        ("1..5", [(1, 9)], "1..9"),
        ("3..5", [(0, 1), (1, 9)], "1..9"),
        ("5 ± 1%", [(0, 7)], "7 ± 1%"),
    ],
)
def test_only_numbers_of_a_bound_are_replaced(old: str, edits: list[tuple[int, int]], new: str) -> None:
    made = [Edit(MACS, Fraction(value), number) for number, value in edits]
    assert rewritten(f"expect: {{totals: {{macs: {old}}}}}\n", *made) == f"expect: {{totals: {{macs: {new}}}}}\n"


def test_items_of_a_list_on_lines_of_its_own() -> None:
    text = "expect:\n  totals:\n    macs:\n    - 1 # one\n    -   '< 2'\n"
    found = rewritten(text, Edit((*MACS, 0), 7), Edit((*MACS, 1), Fraction(9), 0))
    assert found == "expect:\n  totals:\n    macs:\n    - 7 # one\n    -   '< 9'\n"


@pytest.mark.parametrize(
    ("text", "path", "reason"),
    [
        ("expect: {totals: {macs: =4 * 2}}", MACS, "comes from an expression"),
        ("expect: {totals: {macs: '=[1, 2]'}}", (*MACS, 0), "comes from an expression"),
        ("a: &n 8\nexpect: {totals: {macs: *n}}", MACS, "stands in several places"),
        ("expect: {totals: {macs: &n 8, flops: *n}}", MACS, "stands in several places"),
        ("a: &t {macs: 8}\nexpect: {totals: *t}", MACS, "stands in several places"),
        ("expect:\n  totals:\n    macs:\n    - 1\n    - 2", MACS, "on lines of its own"),
        ("expect: {totals: {macs: [1, # one\n 2]}}", MACS, "an anchor or a comment"),
        ("expect: {totals: {macs: &n [1, 2]}}", MACS, "an anchor or a comment"),
        ("expect: {totals: {macs: [&n 1, 2]}}", MACS, "an anchor or a comment"),
        ("expect:\n  totals:\n    macs: |\n      <= 8\n", MACS, "on several lines"),
        ("expect: {totals: {flops: 8}}", MACS, "does not stand in the text"),
        ("expect: [", MACS, "cannot be read"),
    ],
)
def test_what_is_refused(text: str, path: PartPath, reason: str) -> None:
    assert reason in refusal(text, Edit(path, 9))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), object(), 10**30, [10**30]])
def test_what_cannot_be_written(value: Any) -> None:
    assert "cannot be written" in refusal("expect: {totals: {macs: 8}}", Edit(MACS, value))


def test_what_would_not_read_as_wanted_is_not_written() -> None:
    deep: Any = 8
    for _ in range(70):  # beyond the levels that a spec may have
        deep = [deep]
    assert refusal("expect: {totals: {macs: 8}}", Edit(MACS, deep)) == "the new text would read otherwise"


def test_a_text_is_written_so_that_it_reads_as_that_text() -> None:
    found = rewritten("expect: {totals: {macs: 8}}", Edit(MACS, ["\n", "no", "true", "a: b", "=x", "a/b"]))
    assert '["\\n", no, "true", "a: b", "=x", a/b]' in found


def test_an_anchor_that_nothing_names_stays() -> None:
    assert rewritten("expect: {totals: {macs: &n 8}}", Edit(MACS, 9)) == "expect: {totals: {macs: &n 9}}"


def test_a_refused_group_keeps_no_other_from_being_made() -> None:
    text = "expect: {totals: {macs: 8, flops: =9}}"
    done = rewrite(text, [[Edit(("expect", "totals", "flops"), 1)], [Edit(MACS, 9)]])
    assert done.text == "expect: {totals: {macs: 9, flops: =9}}"
    assert list(done.refused) == [0]


def test_a_group_is_made_whole_or_not_at_all() -> None:
    assert "expression" in refusal("expect: {totals: {macs: [8, =9]}}", Edit((*MACS, 0), 1), Edit((*MACS, 1), 1))


FILLERS = st.text(st.sampled_from("aZ:#-\t {}[]\"'äé漢😀&*"), max_size=12)
BREAKS = st.sampled_from(["\n", "\r\n"])
NUMBERS = st.integers(0, 10**7)


@st.composite
def texts(draw: st.DrawFn) -> tuple[list[str], list[int]]:
    """What stands around the values of a text, from its start to its end, and the values that stand there now."""
    end = draw(BREAKS)

    def comment() -> str:
        return f" # {draw(FILLERS)}{end}"

    pieces, values = [f"# {draw(FILLERS)}{end}archspec: 1{comment()}expect:{end}  totals:{comment()}"], []
    for name in ("one", "two", "three"):
        value = draw(NUMBERS)
        before, behind = draw(
            st.sampled_from([("", ""), ("<= ", ""), ("'> ", "'"), ('"1..', '"'), ("{at_most: ", "}"), ("[_, ", ", 7]")])
        )
        pieces[-1] += f"    {name}:{' ' * draw(st.integers(1, 3))}{before}"
        values.append(value)
        pieces.append(f"{behind}{comment()}")
    pieces[-1] += draw(st.sampled_from(["", f"name: x{end}", f"{end}{end}# {draw(FILLERS)}"]))
    return pieces, values


def edit_of(text: str, name: str, value: int) -> Edit:
    """The edit that puts a number in the place of the value of a fact, by the form in which it stands there."""
    written = yaml.safe_load(text)["expect"]["totals"][name]
    base: PartPath = ("expect", "totals", name)
    if isinstance(written, str):
        return Edit(base, Fraction(value), 1 if ".." in written else 0)
    path = (*base, "at_most") if isinstance(written, dict) else (*base, 1) if isinstance(written, list) else base
    return Edit(path, value)


def joined(pieces: list[str], values: list[int]) -> str:
    return "".join(piece + value for piece, value in zip(pieces, [*map(str, values), ""], strict=True))


@given(texts(), st.lists(NUMBERS | st.none(), min_size=3, max_size=3))
def test_everything_around_the_values_stays_as_it_is(
    whole: tuple[list[str], list[int]], wanted: list[int | None]
) -> None:
    pieces, values = whole
    text = joined(pieces, values)
    names = ("one", "two", "three")
    edits = [edit_of(text, name, value) for name, value in zip(names, wanted, strict=True) if value is not None]
    new = [old if value is None else value for old, value in zip(values, wanted, strict=True)]
    done = rewrite(text, [[edit] for edit in edits])
    assert done.refused == {}
    assert done.text == joined(pieces, new)

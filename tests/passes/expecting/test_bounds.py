"""Bounds, against a comparison by Python of the numbers that they are made of."""

from __future__ import annotations

import operator
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from archanalyzer.graph.quantities import number_of, taken_apart
from archanalyzer.passes.expecting.bounds import Between, Bound, bound_of_map, bound_of_text
from archanalyzer.passes.expecting.faults import Fault
from tests.docs.test_pages import rows

WHOLE = st.integers(-30, 30)
FOUND = st.fractions(-30, 30, max_denominator=4)
COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "<=": operator.le,
    "<": operator.lt,
    ">=": operator.ge,
    ">": operator.gt,
}
KEYS = {"at_most": operator.le, "less_than": operator.lt, "at_least": operator.ge, "more_than": operator.gt}


@given(st.sampled_from(sorted(COMPARISONS)), WHOLE, FOUND)
def test_a_comparison_is_pythons(sign: str, number: int, found: Fraction) -> None:
    assert bound_of_text(f"{sign} {number}", ()).holds(found) == COMPARISONS[sign](found, number)


@given(WHOLE, st.integers(0, 20), FOUND)
def test_a_range_has_both_its_ends(low: int, length: int, found: Fraction) -> None:
    assert bound_of_text(f"{low}..{low + length}", ()).holds(found) == (low <= found <= low + length)


@given(WHOLE, st.integers(0, 20), st.lists(FOUND, min_size=1, max_size=4))
def test_a_budget_for_several_numbers_is_that_of_the_one_nearest_to_it(
    budget: int, slack: int, found: list[Fraction]
) -> None:
    most, least = ({key: budget, "slack": slack} for key in ("at_most", "at_least"))
    assert bound_of_map(most, ()).holds(*found) == (budget - slack <= max(found) <= budget)
    assert bound_of_map(least, ()).holds(*found) == (budget <= min(found) <= budget + slack)
    within = all(each <= budget for each in found)
    assert bound_of_map({"at_most": budget}, ()).holds(*found) == within


@given(WHOLE, st.integers(0, 20), FOUND, st.sampled_from(["±", "+-"]))
def test_a_tolerance_is_a_distance(middle: int, within: int, found: Fraction, sign: str) -> None:
    assert bound_of_text(f"{middle} {sign} {within}", ()).holds(found) == (abs(found - middle) <= within)
    assert bound_of_map({"about": middle, "within": within}, ()).holds(found) == (abs(found - middle) <= within)


@given(WHOLE, st.integers(0, 200), FOUND)
def test_a_share_is_one_of_the_middle(middle: int, percent: int, found: Fraction) -> None:
    expected = abs(found - middle) * 100 <= abs(middle) * percent
    assert bound_of_text(f"{middle} ± {percent}%", ()).holds(found) == expected
    assert bound_of_map({"about": middle, "within": f"{percent}%"}, ()).holds(found) == expected


@given(st.sampled_from(["at_least", "more_than"]), WHOLE, st.sampled_from(["at_most", "less_than"]), WHOLE, FOUND)
def test_a_map_is_all_of_its_comparisons(low: str, least: int, high: str, most: int, found: Fraction) -> None:
    ends = {low: least, high: most}
    empty = least > most or (least == most and (low, high) != ("at_least", "at_most"))
    if empty:
        with pytest.raises(Fault, match="no number is"):
            bound_of_map(ends, ())
    else:
        expected = all(KEYS[key](found, number) for key, number in ends.items())
        assert bound_of_map(ends, ()).holds(found) == expected


@given(WHOLE, st.integers(0, 20), FOUND)
def test_a_budget_with_slack_has_two_sides(budget: int, slack: int, found: Fraction) -> None:
    most = bound_of_map({"at_most": budget, "slack": slack}, ())
    least = bound_of_map({"at_least": budget, "slack": slack}, ())
    assert most.holds(found) == (budget - slack <= found <= budget)
    assert least.holds(found) == (budget <= found <= budget + slack)
    assert most.is_surpassed_by(found) == (found < budget - slack)
    assert least.is_surpassed_by(found) == (found > budget + slack)


def test_a_slack_may_be_a_share() -> None:
    budget = bound_of_map({"at_most": "5M", "slack": "10%"}, ())
    assert [budget.holds(Fraction(number)) for number in (5_000_001, 5_000_000, 4_500_000, 4_499_999)] == [
        False,
        True,
        True,
        False,
    ]


TEXTS = st.one_of(
    st.tuples(st.sampled_from(sorted(COMPARISONS)), WHOLE).map(lambda pair: f"{pair[0]} {pair[1]}"),
    st.tuples(WHOLE, st.integers(0, 9)).map(lambda pair: f"{pair[0]}..{sum(pair)}"),
    st.tuples(WHOLE, st.integers(0, 9)).map(lambda pair: f"{pair[0]} ± {pair[1]}"),
)


@given(TEXTS, FOUND)
def test_a_repair_makes_a_bound_hold_and_changes_only_its_numbers(text: str, found: Fraction) -> None:
    bound = bound_of_text(text, ())
    if bound.holds(found):
        return
    repaired = text
    for repair in bound.repaired([found]) or ():
        apart = taken_apart(repaired)
        assert apart is not None
        assert isinstance(repair.part, int)
        repaired = apart.with_number(repair.part, repair.value)
    assert bound_of_text(repaired, ()).holds(found)
    before, after = taken_apart(text), taken_apart(repaired)
    assert before is not None
    assert after is not None
    assert (before.form, before.form == "compared" and before.sign) == (
        after.form,
        after.form == "compared" and after.sign,
    )


@given(st.sampled_from(["at_most", "at_least"]), WHOLE, st.integers(0, 9), FOUND)
def test_a_repaired_budget_is_what_is_found(key: str, budget: int, slack: int, found: Fraction) -> None:
    bound = bound_of_map({key: budget, "slack": slack}, ())
    if not bound.holds(found):
        assert bound.repaired([found]) == [(key, found)]


@given(st.sampled_from(sorted(COMPARISONS)), WHOLE, st.lists(WHOLE, min_size=1, max_size=4))
def test_a_repair_holds_for_all_of_several_numbers(sign: str, number: int, found: list[int]) -> None:
    bound = bound_of_text(f"{sign} {number}", ())
    if all(COMPARISONS[sign](each, number) for each in found):
        return
    repairs = bound.repaired([Fraction(each) for each in found])
    assert repairs is not None
    assert len(repairs) == 1
    repair = repairs[0]
    assert all(COMPARISONS[sign](each, repair.value) for each in found)
    nearer = repair.value + (1 if sign.startswith(">") else -1)
    assert not all(COMPARISONS[sign](each, nearer) for each in found), "the bound is as tight as it can be"


@pytest.mark.parametrize(("text", "found", "new"), [("< 5", "13/2", 7), ("> 5", "7/2", 3), ("<= 5", "13/2", "13/2")])
def test_an_open_end_moves_to_the_next_whole_number(text: str, found: str, new: int | str) -> None:
    assert bound_of_text(text, ()).repaired([Fraction(found)]) == [(0, Fraction(new))]


@given(TEXTS, FOUND, FOUND)
def test_what_is_known_in_part_holds_where_every_number_would(text: str, low: Fraction, high: Fraction) -> None:
    bound = bound_of_text(text, ())
    if bound.holds_all(Between(low, None)):
        assert all(bound.holds(low + step) for step in (0, Fraction(1, 7), 1, 10**6))
    if bound.holds_all(Between(None, high)):
        assert all(bound.holds(high - step) for step in (0, Fraction(1, 7), 1, 10**6))


@pytest.mark.parametrize(("sign", "holds"), [(">=", True), (">", True), ("<=", False), ("<", False)])
def test_a_lower_bound_keeps_only_lower_bounds(sign: str, holds: bool) -> None:
    assert bound_of_text(f"{sign} 5", ()).holds_all(Between(Fraction(6), None)) is holds
    assert bound_of_text(f"{sign} 5", ()).holds_all(Between(None, Fraction(4))) is not holds


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<= many", "expected a bound such as"),
        ("<=", "expected a bound such as"),
        ("10%", "expected a bound such as"),
        ("20..10", "no number is 20 to 10"),
        ("5 ± -1", "expected a tolerance of 0 or more, found -1"),
    ],
)
def test_a_text_that_is_no_bound(text: str, message: str) -> None:
    with pytest.raises(Fault, match=message):
        bound_of_text(text, ())


@pytest.mark.parametrize(
    ("value", "message", "path"),
    [
        ({"at_most": 5, "at_leats": 4}, "`at_leats` is no key of a bound", ("at_leats",)),
        ({"at_most": "many"}, "expected a number, such as `5_000_000` or `5M`, found `many`", ("at_most",)),
        ({"at_most": True}, "expected a number, such as `5_000_000` or `5M`, found `true`", ("at_most",)),
        ({"at_most": None}, "expected a number, such as `5_000_000` or `5M`, found nothing", ("at_most",)),
        ({"at_most": 5, "less_than": 5}, "expected one bound on either side, found 2", ()),
        ({"slack": 5}, "expected a bound beside the slack", ()),
        ({"about": 5}, "expected `about` and `within`", ()),
        ({"within": 5}, "expected `about` and `within`", ()),
        ({"about": 5, "within": 1, "at_most": 5}, "expected `about` and `within`", ()),
        ({"at_most": 5, "slack": -1}, "expected a slack of 0 or more, found -1", ("slack",)),
        ({"at_most": 5, "slack": "lots"}, "expected a number or a share, such as `10%`, found `lots`", ("slack",)),
        ({"at_most": 5, "at_least": 4, "slack": 1}, "expected a slack beside `at_most`", ("slack",)),
        ({"less_than": 5, "slack": 1}, "expected a slack beside `at_most`", ("slack",)),
    ],
)
def test_a_map_that_is_no_bound(value: dict[str, Any], message: str, path: tuple[str, ...]) -> None:
    with pytest.raises(Fault, match=message) as caught:
        bound_of_map(value, ())
    assert caught.value.path == path


def test_a_float_is_the_decimal_that_it_is_written_as() -> None:
    assert number_of(0.1) == Fraction(1, 10)
    assert bound_of_map({"at_most": 0.1}, ()).holds(Fraction(1, 10))
    assert number_of(float("nan")) is None


@pytest.mark.parametrize(
    ("bound", "words"),
    [
        (bound_of_text("<= 5M", ()), "at most 5,000,000"),
        (bound_of_text("> 1/3", ()), "more than 1/3"),
        (bound_of_text("10..20", ()), "10 to 20"),
        (bound_of_text("1.5 +- 0.1", ()), "1.5 ± 0.1"),
        (bound_of_map({"at_least": 4, "less_than": 6}, ()), "at least 4 and less than 6"),
        (bound_of_map({"at_most": 50, "slack": "10%"}, ()), "at most 50 with a slack of 10%"),
    ],
)
def test_a_bound_in_words(bound: Bound, words: str) -> None:
    assert bound.words == words


def test_the_page_shows_texts_and_maps_that_mean_the_same() -> None:
    table = [[cell.strip("`") for cell in row[:2]] for row in rows("docs/spec-language.md", "### Bounds")]
    both = [(yaml.safe_load(text), yaml.safe_load(mapped)) for text, mapped in table if text and mapped]
    assert len(both) == 7
    for text, mapped in both:
        one, other = bound_of_text(text, ()), bound_of_map(mapped, ())
        ends = [tuple(end and (end.value, end.open) for end in (bound.low, bound.high)) for bound in (one, other)]
        assert ends[0] == ends[1], text

"""Sets of sizes against plain lists of them, and how they are told."""

from __future__ import annotations

from collections.abc import Callable
from math import lcm

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archanalyzer.passes.size_sets import Sizes, is_intersection


@st.composite
def repeating(draw: st.DrawFn) -> tuple[Sizes, list[bool]]:
    """A set, and whether each size from 1 on is in it: anything at first, and then a pattern again and again."""
    first: list[bool] = draw(st.lists(st.booleans(), max_size=12))
    pattern: list[bool] = draw(st.lists(st.booleans(), min_size=1, max_size=12))
    fits = first + pattern * 12
    return Sizes.of(fits[: len(first) + 2 * len(pattern)], len(first) + 1, len(pattern)), fits


@given(repeating())
def test_what_is_in_a_set(both: tuple[Sizes, list[bool]]) -> None:
    sizes, fits = both
    assert [n in sizes for n in range(1, len(fits) + 1)] == fits
    assert 0 not in sizes
    assert -sizes.period not in sizes
    assert sizes.is_empty == (not any(fits))
    assert sizes.is_endless == any(fits[-12:])
    assert sizes.is_everything == all(fits)
    assert sizes.is_from_some_on == (fits[-1] and fits == sorted(fits))


@given(repeating(), st.integers(1, 60))
def test_neighbours_in_a_set(both: tuple[Sizes, list[bool]], size: int) -> None:
    sizes, fits = both
    every = [n for n, fit in enumerate(fits, start=1) if fit]
    assert sizes.least == min(every, default=None)
    if size <= len(fits) - 12:  # there, the list is long enough to hold the next one
        assert sizes.below(size) == max((n for n in every if n <= size), default=None)
        assert sizes.above(size) == min((n for n in every if n >= size), default=None)


@given(repeating(), repeating(), repeating())
def test_intersections(
    one: tuple[Sizes, list[bool]], two: tuple[Sizes, list[bool]], other: tuple[Sizes, list[bool]]
) -> None:
    # Begun by 13, two patterns of up to 12 sizes repeat themselves together within 12·11 sizes, three within 12·11·10.
    both = [n in one[0] and n in two[0] for n in range(1, 13 + 12 * 11 * 10)]
    every = lcm(one[0].period, two[0].period)
    assert is_intersection(Sizes.of(both, 13, every), (one[0], two[0]))
    alike = [n in other[0] for n in range(1, 13 + 12 * 11 * 10)] == both
    assert is_intersection(other[0], (one[0], two[0])) == alike


# The text in a table, the phrase behind "height is" or "height and width are", and which sizes it is about.
SHOWN: list[tuple[str, str, Callable[[int], bool]]] = [
    ("any size", "1 or more", lambda n: n > 0),
    ("any size from 7", "7 or more", lambda n: n >= 7),
    ("4, and any size from 7", "4, or 7 or more", lambda n: n >= 7 or n == 4),
    ("even", "even", lambda n: n % 2 == 0),
    ("odd, from 3", "odd, from 3", lambda n: n % 2 == 1 and n >= 3),
    ("multiples of 16", "a multiple of 16", lambda n: n % 16 == 0),
    ("multiples of 16, from 48", "a multiple of 16, from 48", lambda n: n % 16 == 0 and n >= 48),
    ("16·k + 12, from 140", "16·k + 12, from 140", lambda n: n % 16 == 12 and n >= 140),
    ("16·k and 16·k + 4, from 20", "16·k or 16·k + 4, from 20", lambda n: n % 16 in (0, 4) and n >= 20),
    ("multiples of 32, or up to 3 less", "a multiple of 32, or up to 3 less", lambda n: -n % 32 < 4),
    ("multiples of 4, or 1 less, from 7", "a multiple of 4, or 1 less, from 7", lambda n: -n % 4 < 2 and n >= 7),
    ("multiples of 16, or up to 2 more", "a multiple of 16, or up to 2 more", lambda n: n % 16 < 3),
    ("16·k + 2 to 16·k + 5", "16·k + 2 to 16·k + 5", lambda n: n % 16 in range(2, 6)),
    ("any but 8·k and 8·k + 3", "any but 8·k and 8·k + 3", lambda n: n % 8 not in (0, 3)),
    ("5 of every 12", "5 of every 12", lambda n: n % 12 in (0, 2, 4, 6, 9)),
    (
        "1 to 3, and multiples of 5, from 10",
        "1 to 3, or a multiple of 5, from 10",
        lambda n: n <= 3 or (n >= 10 and n % 5 == 0),
    ),
    ("32 only", "32", lambda n: n == 32),
    ("224 to 255", "224 to 255", lambda n: 224 <= n <= 255),
    ("1 and 8", "1 or 8", lambda n: n in (1, 8)),
    ("4, 7 and 9 to 11", "4, 7 or 9 to 11", lambda n: n in (4, 7, 9, 10, 11)),
    ("5 sizes from 2 to 16", "5 sizes from 2 to 16", lambda n: n in (2, 4, 7, 8, 16)),
]


@pytest.mark.parametrize(("text", "phrase", "fits"), SHOWN, ids=[text for text, *_ in SHOWN])
def test_how_a_set_is_told(text: str, phrase: str, fits: Callable[[int], bool]) -> None:
    # From 257 on, all of them repeat themselves with 480, which 2, 5, 8, 12 and 16 divide.
    sizes = Sizes.of([fits(n) for n in range(1, 257 + 480)], start=257, period=480)
    assert (sizes.text, sizes.phrase(several=False)) == (text, phrase)


def test_several_axes_are_told_as_multiples() -> None:
    sizes = Sizes.of([n % 16 == 0 for n in range(1, 33)], start=1, period=16)
    assert sizes.phrase(several=True) == "multiples of 16"


def test_of_an_empty_set_it_is_told_how_far_one_looked() -> None:
    assert Sizes.of([False] * 1200, start=1, period=1).text == "none up to 1,200 found"

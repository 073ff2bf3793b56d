"""Common subsequences, against the textbook's table of lengths and against all subsequences."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archanalyzer.passes.comparing import sequences
from archanalyzer.passes.comparing.sequences import MOST_DIFFERENCES, common, increasing

TOKENS = st.lists(st.integers(0, 3), max_size=14)


def longest(old: Sequence[int], new: Sequence[int]) -> int:
    """The length of a longest common subsequence, by the table of Wagner & Fischer 1974."""
    above = [0] * (len(new) + 1)
    for one in old:
        row = [0]
        for at, other in enumerate(new):
            row.append(above[at] + 1 if one == other else max(row[-1], above[at + 1]))
        above = row
    return above[-1]


def require_common(old: Sequence[int], new: Sequence[int], pairs: Sequence[tuple[int, int]]) -> None:
    assert all(old[one] == new[other] for one, other in pairs)
    assert all(one[0] < next_[0] and one[1] < next_[1] for one, next_ in pairwise(pairs))


@given(TOKENS, TOKENS)
def test_a_longest_one_is_found(old: list[int], new: list[int]) -> None:
    pairs = common(old, new)
    require_common(old, new, pairs)
    assert len(pairs) == longest(old, new)


def test_by_hand() -> None:
    """Myers's own example, ABCABBA and CBABAC, has 4 in common; ends are in it where they agree."""
    pairs = common("ABCABBA", "CBABAC")
    assert len(pairs) == 4
    assert common("abxcd", "abcd") == [(0, 0), (1, 1), (3, 2), (4, 3)]
    assert common("", "ab") == common("ab", "") == []


@given(st.lists(st.integers(0, 19), max_size=40), st.lists(st.integers(0, 19), max_size=40))
def test_where_there_are_too_many_differences_something_common_is_found(old: list[int], new: list[int]) -> None:
    """With searches that give up after 3; all of what is common where one of both is all of it."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(sequences, "MOST_DIFFERENCES", 3)
        require_common(old, new, common(old, new))
        require_common(old, new, sequences._between_unique(old, new))
        assert len(common(old, old)) == len(old)


def test_many_differences_keep_what_is_unique_and_in_order() -> None:
    """Every second of 2,000 is another one, far more than one search bears; the others are found, all of them."""
    old = list(range(2_000))
    new = [token if token % 2 == 0 else -token for token in old]
    assert MOST_DIFFERENCES < 1_000
    assert common(old, new) == [(at, at) for at in range(0, 2_000, 2)]
    assert common([*old, *new], [*new, *old])  # halves that changed places


@pytest.mark.parametrize("kinds", [1, 2, 5, 1_000_000])
def test_many_scattered_differences_are_found_nearly_all(kinds: int) -> None:
    """A tenth of 3,000 tokens is replaced by others, and as many are put in: 2,700 stay what they are, or nearly so."""
    random = Random(kinds)  # noqa: S311
    old = [random.randrange(kinds) for _ in range(3_000)]
    new = list(old)
    for place in random.sample(range(3_000), 300):
        new[place] = -1
    for place in sorted(random.sample(range(3_000), 300), reverse=True):
        new.insert(place, -2)
    pairs = common(old, new)
    require_common(old, new, pairs)
    assert 2_650 <= len(pairs) <= 3_000


def test_nothing_in_common_is_soon_found_out() -> None:
    assert common(range(4_000), range(4_000, 8_000)) == []


@given(st.lists(st.integers(0, 8), max_size=8))
def test_the_most_that_ascend(places: list[int]) -> None:
    pairs = list(enumerate(places))
    found = increasing(pairs)
    assert set(found) <= set(pairs)
    assert all(one[0] < other[0] and one[1] < other[1] for one, other in pairwise(found))
    ascending = (
        size
        for size in range(len(places), -1, -1)
        for chosen in combinations(places, size)
        if all(one < other for one, other in pairwise(chosen))
    )
    assert len(found) == next(ascending)

"""Sets of positions against Python's own sets."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archanalyzer.passes.fields import positions
from archanalyzer.passes.fields.positions import (
    NOWHERE,
    Positions,
    TooWide,
    evenly_spaced,
    hull_of,
    interval,
    union,
)


def kept(some: Iterable[int]) -> Positions:
    """A set in the one form that it has, as the docstring of ``Positions`` says."""
    listed = sorted(some)
    if not listed:
        return NOWHERE
    start, stop = listed[0], listed[-1] + 1
    full = listed == list(range(start, stop))
    return Positions(start, stop, None if full else sum(1 << position - start for position in listed))


SETS = st.one_of(
    st.sets(st.integers(-40, 40), max_size=12),
    st.tuples(st.integers(-40, 40), st.integers(0, 30)).map(lambda ends: set(range(ends[0], sum(ends)))),
    st.tuples(st.integers(-20, 20), st.integers(1, 9), st.integers(1, 70)).map(
        lambda each: set(range(each[0], each[0] + 70, each[1])) & set(range(each[0] + each[2]))
    ),
)
ENDS = st.integers(-50, 80)


@given(SETS)
def test_what_a_set_is(some: set[int]) -> None:
    found = kept(some)
    assert list(found.each()) == sorted(some)
    assert [position for position in range(-60, 120) if found.has(position)] == sorted(some)
    assert found.number == len(some)
    assert found.size == (max(some) + 1 - min(some) if some else 0)
    assert found.hull == (interval(min(some), max(some) + 1) if some else NOWHERE)
    assert [position for position in range(found.size) if found.mask >> position & 1] == [
        position - found.start for position in sorted(some)
    ]


@given(SETS)
def test_runs_are_the_longest_intervals(some: set[int]) -> None:
    runs = list(kept(some).runs())
    assert [position for run in runs for position in range(run.start, run.stop)] == sorted(some)
    assert all(run.bits is None and run.size for run in runs)
    assert all(before.stop < after.start for before, after in pairwise(runs))


@given(st.lists(SETS, max_size=5))
def test_unions(several: list[set[int]]) -> None:
    assert union(map(kept, several)) == kept(set().union(*several))
    assert hull_of(map(kept, several)) == kept(set().union(*several)).hull


@given(SETS, SETS)
def test_two_sets(one: set[int], other: set[int]) -> None:
    assert kept(one).common(kept(other)) == kept(one & other)
    assert kept(one).without(kept(other)) == kept(one - other)
    assert kept(one).contains(kept(other)) == (one >= other)
    assert (kept(one) == kept(other)) == (one == other)


@given(SETS, SETS)
def test_what_is_taken_out_and_put_back(one: set[int], other: set[int]) -> None:
    """Parts of a set are contained in it: two sets drawn for themselves hardly ever are."""
    whole, part = kept(one | other), kept(other)
    assert whole.contains(part)
    assert union((whole.without(part), part)) == whole
    assert whole.common(part) == part


@given(SETS, ENDS, ENDS)
def test_within(some: set[int], start: int, stop: int) -> None:
    assert kept(some).within(start, stop) == kept(position for position in some if start <= position < stop)


@given(SETS, st.integers(-100, 100))
def test_moved(some: set[int], by: int) -> None:
    assert kept(some).moved(by) == kept(position + by for position in some)


@given(SETS, st.integers(0, 90), st.integers(1, 20))
def test_repeated(some: set[int], step: int, times: int) -> None:
    copies = (position + step * copy for position in some for copy in range(times))
    assert kept(some).repeated(step, times) == kept(set(copies))


@given(ENDS, ENDS)
def test_intervals(start: int, stop: int) -> None:
    assert interval(start, stop) == kept(range(start, stop))


@given(st.integers(-50, 50), st.integers(1, 9), st.integers(0, 12))
def test_evenly_spaced(start: int, step: int, number: int) -> None:
    stretch = range(start, start + step * number, step)
    assert evenly_spaced(stretch) == kept(stretch)


# --- Too wide

LONG = 10**15


def test_without_gaps_no_set_is_too_wide() -> None:
    assert interval(0, LONG).repeated(LONG, LONG) == Positions(0, LONG * LONG)
    assert union((interval(0, LONG), interval(LONG, 2 * LONG))) == Positions(0, 2 * LONG)
    assert union((Positions(0, 3, 0b101), interval(0, LONG))) == interval(0, LONG)  # its gap is filled
    assert evenly_spaced(range(LONG)) == interval(0, LONG)
    assert evenly_spaced(range(5, 5 + LONG, LONG)) == interval(5, 6)


WAYS: dict[str, Callable[[int], Positions]] = {
    "a union": lambda last: union((interval(7, 8), interval(last, last + 1))),
    "a copy": lambda last: interval(7, 8).repeated(last - 7, 2),
    "even spaces": lambda last: evenly_spaced(range(7, last + 1, last - 7)),
}
"""Ways to the position 7 and one further on."""


@pytest.mark.parametrize("way", WAYS)
def test_a_set_with_gaps_has_at_most_so_many_bits(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(positions, "MOST_BITS", 20)
    assert WAYS[way](26) == kept({7, 26})
    with pytest.raises(TooWide) as raised:
        WAYS[way](27)
    assert raised.value.hull == Positions(7, 28)
    assert str(raised.value) == (
        "expected at most 20 positions from the first to the last of a set with gaps, found 21, from 7 to 27"
    )

"""What positions see as a function of the position, against looking at each position for itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from fractions import Fraction
from typing import NamedTuple

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from archanalyzer.graph import Window
from archanalyzer.passes.fields import moving as module
from archanalyzer.passes.fields.moving import (
    OWN_POSITION,
    Budget,
    Listed,
    Moving,
    Periodic,
    TooMany,
    everywhere,
    joined,
    listed,
    through,
)
from archanalyzer.passes.fields.positions import Positions, hull_of, interval, union

FAR = 10**9


class Plain(NamedTuple):
    """The same function told by the formulas alone, a position at a time.

    ``pace``: input positions per position. ``length``: of what is told of the positions from 0 up to it alone; None
    where it is told of all. Positions outside see on each of several ``ways``, or else are as the nearest.
    """

    at: Callable[[int], frozenset[int]]
    pace: Fraction
    length: int | None = None
    ways: tuple[Plain, ...] = ()


Both = tuple[Moving, Plain]


def as_set(seen: Positions) -> frozenset[int]:
    return frozenset(seen.each())


def kept(some: Iterable[int]) -> Positions:
    return union(interval(position, position + 1) for position in some)


def budget() -> Budget:
    return Budget(1 << 20)


def nearest(at: Callable[[int], frozenset[int]], length: int) -> Callable[[int], frozenset[int]]:
    return lambda o: at(min(max(o, 0), length - 1))


# --- Functions at random: windows on windows, and unions of two

SOME = st.frozensets(st.integers(-9, 9), max_size=4)
WINDOWS = st.builds(
    lambda stride, upsampling, offset, count, step: Window(0, stride, upsampling, offset, count, step),
    stride=st.integers(1, 4),
    upsampling=st.integers(1, 3),
    offset=st.integers(-5, 5),
    count=st.integers(1, 5),
    step=st.integers(1, 3),
)
OUTPUTS = st.integers(1, 25)
LARGE = st.builds(
    lambda stride, upsampling, offset, more: Window(0, stride, upsampling, offset, upsampling + more),
    stride=st.sampled_from([1, 1, 1, 2, 3, 30]),
    upsampling=st.integers(5, 40),
    offset=st.integers(-45, 5),
    more=st.integers(0, 60),
)
"""Up-samplings by so much that only some positions are looked at: those at which another run begins."""
SMOOTH = st.builds(
    lambda stride, offset, count, step: Window(0, stride, 1, offset, count, step),
    stride=st.integers(1, 4),
    offset=st.integers(-5, 5),
    count=st.integers(1, 4),
    step=st.integers(1, 3),
)


def beyond(at: Callable[[int], frozenset[int]], length: int, ways: tuple[Plain, ...]) -> Plain:
    """What is told of positions inside of a length, and outside of it way by way."""
    return Plain(
        lambda o: at(o) if 0 <= o < length else frozenset().union(*(way.at(o) for way in ways)),
        Fraction(0),
        length,
        ways,
    )


def of_list(sets: list[frozenset[int]]) -> Both:
    made = listed(len(sets), range(len(sets)), lambda o: kept(sets[o]))
    return made, Plain(nearest(sets.__getitem__, len(sets)), Fraction(0), len(sets))


LEAVES: st.SearchStrategy[Both] = st.one_of(
    st.just((OWN_POSITION, Plain(lambda o: frozenset({o}), Fraction(1)))),
    st.just((OWN_POSITION, Plain(lambda o: frozenset({o}), Fraction(1)))),
    SOME.map(lambda some: (everywhere(kept(some)), Plain(lambda _: some, Fraction(0)))),
    st.lists(SOME, min_size=1, max_size=9).map(of_list),
)


def read_through(read: Both, window: Window, outputs: int) -> Both:
    seen, plain = read
    return through(seen, window, outputs, budget()), plainly_through(plain, window, outputs)


def plainly_through(plain: Plain, window: Window, outputs: int) -> Plain:
    def at(o: int) -> frozenset[int]:
        taps = (o * window.stride + window.offset + k * window.step for k in range(window.count))
        return frozenset().union(*(plain.at(tap // window.upsampling) for tap in taps if tap % window.upsampling == 0))

    if plain.length is None:
        return Plain(at, plain.pace * window.stride / window.upsampling)
    if plain.ways:
        return beyond(at, outputs, tuple(plainly_through(way, window, outputs) for way in plain.ways))
    return Plain(nearest(at, outputs), plain.pace * window.stride / window.upsampling, outputs)


def either(one: Both, other: Both, positions: int) -> Both:
    first, second = one[1], other[1]

    def at(o: int) -> frozenset[int]:
        return first.at(o) | second.at(o)

    made = joined(one[0], other[0], positions, budget())
    everywhere_told = first.length is None and second.length is None and first.pace == second.pace
    if everywhere_told or one[0] == other[0]:
        return made, Plain(at, first.pace, first.length, first.ways)
    return made, beyond(at, positions, (first.ways or (first,)) + (second.ways or (second,)))


def two_ways(read: Both, window: Window, other: Window, outputs: int) -> Both:
    """Through two windows that move at one pace."""
    other = replace(other, stride=window.stride, upsampling=window.upsampling)
    return either(read_through(read, window, outputs), read_through(read, other, outputs), outputs)


FUNCTIONS: st.SearchStrategy[Both] = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(read_through, inner, WINDOWS, OUTPUTS),
        st.builds(read_through, inner, st.one_of(SMOOTH, LARGE), OUTPUTS),
        st.builds(either, inner, inner, OUTPUTS),
        st.builds(two_ways, inner, WINDOWS, WINDOWS, OUTPUTS),
    ),
    max_leaves=4,
)
CHAINS = st.one_of(
    st.lists(WINDOWS, min_size=1, max_size=5),
    st.builds(list.__add__, st.lists(LARGE, min_size=1, max_size=2), st.lists(SMOOTH, max_size=2)),
).map(lambda windows: _chained((OWN_POSITION, Plain(lambda o: frozenset({o}), Fraction(1))), windows))


def _chained(both: Both, windows: list[Window]) -> Both:
    for window in windows:
        both = read_through(both, window, 1)
    return both


@settings(max_examples=200, deadline=None)
@given(st.one_of(CHAINS, FUNCTIONS), st.sampled_from([0, FAR, -FAR]))
def test_every_position_sees_what_it_does_by_itself(both: Both, around: int) -> None:
    made, plain = both
    assume(not (around and plain.ways))  # a set of what is near and what is far is too wide
    for position in range(around - 12, around + 60):
        assert as_set(made.at(position)) == plain.at(position)


@settings(deadline=None)
@given(FUNCTIONS)
def test_what_repeats_says_how(both: Both) -> None:
    """In one period it moves on by whole positions, at the pace at which windows move."""
    made, plain = both
    assert isinstance(made, Periodic) == (plain.length is None)
    if isinstance(made, Periodic):
        assert Fraction(made.advance, made.period) == plain.pace
        assert made.firsts[0] == 0
        assert list(made.firsts) == sorted(set(made.firsts))
        assert made.firsts[-1] < made.period


STRETCHES = st.builds(
    lambda start, step, number: range(start, start + step * number, step),
    start=st.integers(-40, 40),
    step=st.integers(1, 5),
    number=st.integers(0, 60),
)


@settings(max_examples=200, deadline=None)
@given(st.one_of(FUNCTIONS, CHAINS), STRETCHES)
def test_what_a_stretch_sees(both: Both, stretch: range) -> None:
    made, plain = both
    seen = frozenset().union(*map(plain.at, stretch))
    assert as_set(made.over(stretch)) == seen
    if stretch.step == 1:
        assert made.hull_over(stretch) == hull_of([kept(seen)])


@settings(deadline=None)
@given(FUNCTIONS, st.integers(-30, 30), st.integers(0, 40))
def test_between_starts_of_runs_nothing_changes(both: Both, above: int, further: int) -> None:
    made, plain = both
    starts = made.starts(above, above + further)
    assert starts == sorted(set(starts))
    assert all(above < start <= above + further for start in starts)
    for position in range(above + 1, above + further + 1):
        assert position in starts or plain.at(position) == plain.at(position - 1)


# --- By hand

UP = Window(0, upsampling=2, offset=-1, count=2)
"""Position o reads o // 2, as behind a nearest-neighbour up-sampling."""
WIDE = Window(0, offset=-1, count=3)


def test_an_up_sampling_repeats_after_its_factor() -> None:
    """A window of three behind it: of o // 2 for o − 1 to o + 1, an even o sees o/2 − 1 and o/2."""
    seen = through(through(OWN_POSITION, UP, 8, budget()), WIDE, 8, budget())
    assert seen == Periodic(2, 1, (0, 1), (Positions(-1, 1), Positions(0, 2)))


def test_up_and_down_again_has_no_period() -> None:
    down = Window(0, stride=2, count=2)
    assert through(through(OWN_POSITION, UP, 8, budget()), down, 4, budget()) == OWN_POSITION


@pytest.mark.parametrize("depth", [4, 30, 60])
def test_a_ladder_of_up_samplings_is_told_in_three_runs(depth: int) -> None:
    """A period of 2³⁰ positions or more in which all moves on by one: both ends change once, and a period begins."""
    seen: Moving = OWN_POSITION
    left = budget()
    for _ in range(depth):
        seen = through(through(seen, UP, 1, left), WIDE, 1, left)
    assert isinstance(seen, Periodic)
    assert (seen.period, seen.advance) == (2**depth, 1)
    assert len(seen.sets) == 3
    assert left.left > (1 << 20) - 10 * depth
    for position in (0, 1, 2**depth // 3, 2**depth // 2, 2**depth - 1, -1, -(2**depth), 5 * 2**depth + 7):
        first = last = position
        for _ in range(depth):
            first, last = (first - 1) // 2, (last + 1) // 2
        assert seen.at(position) == interval(first, last + 1)


def test_two_ways_of_one_pace_repeat_after_both_periods() -> None:
    """Up-sampled by 2 and by 3, and down again by as much: 2 and 3 positions an output, then one way more."""
    ways = []
    for factor in (2, 3):
        up = Window(0, upsampling=factor, offset=-(factor - 1), count=factor)
        apart = through(OWN_POSITION, Window(0, stride=factor), 9, budget())
        ways.append(through(apart, up, 9, budget()))
    both = joined(ways[0], ways[1], 9, budget())
    assert isinstance(both, Periodic)
    assert (both.period, both.advance) == (6, 6)  # position o sees o rounded down to an even number, and to one of 3
    assert [as_set(both.at(o)) for o in range(7)] == [{0}, {0}, {2, 0}, {2, 3}, {4, 3}, {4, 3}, {6}]


def test_two_ways_of_different_paces_are_told_position_by_position() -> None:
    twice = through(OWN_POSITION, Window(0, stride=2), 5, budget())
    both = joined(OWN_POSITION, twice, 5, budget())
    assert isinstance(both, Listed)
    assert [as_set(both.at(o)) for o in range(-1, 6)] == [{-1, -2}, {0}, {1, 2}, {2, 4}, {3, 6}, {4, 8}, {5, 10}]


# --- Too many


def test_a_budget_is_for_all_together() -> None:
    some = Budget(10)
    some.take(6)
    with pytest.raises(TooMany):
        some.take(5)
    some.take(4)
    assert some.left == 0
    with pytest.raises(TooMany):
        Budget(10).take(6, most=5)


def test_taps_that_jump_over_positions_are_looked_at_one_by_one() -> None:
    """Of 1,000 zeros set between positions, a window of two taps far apart meets a position now and then."""
    sparse = Window(0, upsampling=1000, count=2, step=7)
    assert isinstance(through(OWN_POSITION, sparse, 10, Budget(1000)), Periodic)
    with pytest.raises(TooMany):
        through(OWN_POSITION, sparse, 10, Budget(999))


def test_runs_are_not_listed_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of one layer, four times as many as may be told apart: what reads it may meet several periods of it."""
    monkeypatch.setattr(module, "MOST_RUNS", 2)
    assert OWN_POSITION.starts(-1, 6) == list(range(7))
    with pytest.raises(TooMany):
        OWN_POSITION.starts(-1, 9)

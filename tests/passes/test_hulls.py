"""Hulls of many intervals at once, against looking at each."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from archanalyzer.passes.hulls import Hull, Interval, SlidingHull, clipped, hull, within

HULLS = st.one_of(st.none(), st.tuples(st.integers(-9, 9), st.integers(1, 5)).map(lambda at: Interval(at[0], sum(at))))
STRETCHES = st.builds(
    lambda start, step, count: range(start, start + step * count, step),
    st.integers(-20, 20),
    st.integers(1, 4),
    st.integers(0, 9),
)


def of_all(seen: list[Hull]) -> Hull:
    positions = {position for each in seen if each for position in range(*each)}
    return Interval(min(positions), max(positions) + 1) if positions else None


@given(HULLS, HULLS)
def test_the_hull_of_two(one: Hull, other: Hull) -> None:
    assert hull(one, other) == of_all([one, other])


@given(HULLS, st.integers(1, 12))
def test_what_lies_inside(seen: Hull, length: int) -> None:
    inside = [position for position in range(*(seen or (0, 0))) if 0 <= position < length]
    assert within(seen, length) == (Interval(inside[0], inside[-1] + 1) if inside else None)


@given(STRETCHES, st.integers(-20, 20), st.integers(-20, 20))
def test_clipped(stretch: range, start: int, stop: int) -> None:
    assert list(clipped(stretch, start, stop)) == [position for position in stretch if start <= position < stop]


@given(st.lists(HULLS, min_size=60, max_size=60), st.lists(STRETCHES, max_size=12), st.booleans())
def test_sliding_hulls_equal_those_of_each_stretch_for_itself(
    seen: list[Hull], stretches: list[range], ascending: bool
) -> None:
    if ascending:
        stretches = sorted(stretches, key=lambda each: (each.start, each.stop))
    sliding = SlidingHull(lambda position: seen[position % len(seen)])
    assert [sliding.of(each) for each in stretches] == [
        of_all([seen[position % len(seen)] for position in each]) for each in stretches
    ]


def test_each_position_of_a_slide_is_looked_at_once() -> None:
    looked_at: list[int] = []

    def seen_at(position: int) -> Hull:
        looked_at.append(position)
        return Interval(position, position + 1)

    sliding = SlidingHull(seen_at)
    assert [sliding.of(range(start, start + 50)) for start in range(100)] == [
        Interval(start, start + 50) for start in range(100)
    ]
    assert looked_at == list(range(149))

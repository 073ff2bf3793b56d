"""Fields along one axis, cut off at the borders that there are, against positions looked at one by one."""

from __future__ import annotations

from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archanalyzer.graph import Digit, IrregularWindow, Regular, Window
from archanalyzer.passes.fields import axis_field as module
from archanalyzer.passes.fields.axis_field import (
    AxisField,
    constant,
    join,
    own_positions,
    through_digit,
    through_whole_axis,
    through_window,
)
from archanalyzer.passes.fields.moving import Budget, TooMany, clipped
from archanalyzer.passes.fields.positions import NOWHERE, Positions, evenly_spaced, interval, union

Sets = tuple[frozenset[int], ...]
"""What each position sees of the input that there is, found by looking at single positions."""


class Step(NamedTuple):
    """How a layer reads, and how many positions it has; of a merge, what else it reads."""

    how: Window | IrregularWindow | Digit | None
    outputs: int
    other: tuple[Step, ...] = ()


def composed(length: int, steps: tuple[Step, ...], budget: Budget) -> AxisField:
    field = own_positions(length)
    for step in steps:
        match step.how:
            case None:
                field = join(field, composed(length, step.other, budget), budget)
            case Digit():
                field = through_digit(field, step.how, step.outputs, budget)
            case _:
                field = through_window(field, step.how, step.outputs, budget)
    return field


def looked_up(length: int, steps: tuple[Step, ...]) -> Sets:
    sets: Sets = tuple(frozenset({position}) for position in range(length))
    for step in steps:
        if step.how is None:
            sets = tuple(one | other for one, other in zip(sets, looked_up(length, step.other), strict=True))
        else:
            sets = tuple(
                frozenset().union(*(sets[each] for each in read(step.how, o) if 0 <= each < len(sets)))
                for o in range(step.outputs)
            )
    return sets


def read(how: Window | IrregularWindow | Digit, o: int) -> list[int]:
    """The positions that output o reads, by the formulas of their docstrings."""
    match how:
        case Window():
            taps = (o * how.stride + how.offset + k * how.step for k in range(how.count))
            return [tap // how.upsampling for tap in taps if tap % how.upsampling == 0]
        case IrregularWindow():
            return list(how.reads(o))
        case Digit():
            return [o // how.divisor % how.modulus]


# --- Chains at random

WINDOWS = st.builds(
    lambda stride, upsampling, offset, count, step: Window(0, stride, upsampling, offset, count, step),
    stride=st.integers(1, 3),
    upsampling=st.integers(1, 3),
    offset=st.integers(-5, 3),
    count=st.integers(1, 4),
    step=st.integers(1, 3),
)


@st.composite
def irregular(draw: st.DrawFn, extent: int, outputs: int) -> IrregularWindow:
    """As adaptive pooling and resizing read, or in any way at all."""
    if draw(st.booleans()):
        return IrregularWindow(
            0, lambda o: range(o * extent // outputs, max(-(-(o + 1) * extent // outputs), o * extent // outputs + 1))
        )
    listed = [draw(st.integers(0, extent - 1)) for _ in range(outputs)]
    return IrregularWindow(0, lambda o: range(listed[o], min(listed[o] + 2, extent)))


@st.composite
def one_step(draw: st.DrawFn, extent: int, outputs: int) -> Step:
    kind = draw(st.sampled_from(["window", "window", "window", "irregular", "digit"]))
    if kind == "digit" and outputs % extent == 0:
        divisor = draw(st.sampled_from([each for each in (1, 2, 3, outputs // extent) if outputs % each == 0]))
        return Step(Digit(0, divisor, extent), outputs)
    if kind == "irregular":
        return Step(draw(irregular(extent, outputs)), outputs)
    return Step(draw(WINDOWS), outputs)


@st.composite
def chain(draw: st.DrawFn, length: int, most: int, last: int | None = None) -> tuple[Step, ...]:
    """Some steps, the last one with so many outputs; a merge joins a chain that is drawn for it."""
    steps: list[Step] = []
    extent = length
    number = draw(st.integers(1, most))
    for each in range(number):
        if steps and most > 1 and draw(st.integers(0, 3)) == 0:
            steps.append(Step(None, extent, draw(chain(length, most - 1, extent))))
        else:
            free = st.one_of(st.integers(1, 20), st.integers(1, 3).map(extent.__mul__))
            outputs = last if last is not None and each >= number - 1 else min(draw(free), 40)
            steps.append(draw(one_step(extent, outputs)))
            extent = outputs
    if last is not None and extent != last:
        steps.append(Step(draw(WINDOWS), last))
    return tuple(steps)


LENGTHS = st.integers(1, 15)
CHAINS = LENGTHS.flatmap(lambda length: st.tuples(st.just(length), chain(length, 4)))


def kept(sets: frozenset[int]) -> Positions:
    return union(interval(position, position + 1) for position in sets)


@settings(max_examples=250, deadline=None)
@given(CHAINS, st.integers(-5, 45), st.integers(1, 4), st.integers(0, 20))
def test_what_is_there_is_as_looked_up(drawn: tuple[int, tuple[Step, ...]], start: int, step: int, number: int) -> None:
    field, sets = composed(*drawn, Budget(1 << 20)), looked_up(*drawn)
    assert field.exact
    assert field.positions == len(sets)
    assert [field.real(o) for o in range(len(sets))] == [kept(each) for each in sets]
    stretch = range(start, start + step * number, step)
    met = frozenset().union(*(sets[o] for o in stretch if 0 <= o < len(sets)))
    assert field.real_over(stretch) == kept(met)
    together = frozenset().union(*sets)
    assert field.together() == kept(together)
    assert field.some_blind() == (frozenset() in sets)
    assert field.sees_nothing == (not together)
    assert through_whole_axis(field) == constant(kept(together), field.length)


@settings(max_examples=250, deadline=None)
@given(CHAINS, st.integers(0, 150))
def test_with_little_to_spend_nothing_wrong_is_said(drawn: tuple[int, tuple[Step, ...]], spent: int) -> None:
    field, sets = composed(*drawn, Budget(spent)), looked_up(*drawn)
    together = frozenset().union(*sets)
    if not field.exact:
        assert all(field.at(0).has(position) for position in together)
        assert field.in_all in (None, kept(together))
    elif field.cut is None:
        with pytest.raises(TooMany):
            field.real(0)
    else:
        assert [field.real(o) for o in range(len(sets))] == [kept(each) for each in sets]


@given(st.integers(-20, 20), st.integers(1, 4), st.integers(0, 9), st.integers(-20, 20), st.integers(-20, 20))
def test_clipped(first: int, step: int, number: int, start: int, stop: int) -> None:
    stretch = range(first, first + step * number, step)
    assert list(clipped(stretch, start, stop)) == [position for position in stretch if start <= position < stop]


# --- By hand


def window(field: AxisField, outputs: int, **how: int) -> AxisField:
    return through_window(field, Window(0, **how), outputs, Budget(1 << 20))


def both(one: AxisField, other: AxisField) -> AxisField:
    return join(one, other, Budget(1 << 20))


def test_only_the_ends_are_told_one_by_one() -> None:
    """Two padded convolutions: what the border cuts off is cut off from what is seen on an endless input as well."""
    field = window(window(own_positions(1000), 1000, offset=-1, count=3), 1000, offset=-1, count=3)
    assert field.at(0) == Positions(-2, 3)
    assert field.real(0) == Positions(0, 3)
    assert field.cut is not None
    assert (field.cut.start, field.cut.stop, field.cut.first, field.cut.last) == (0, 1000, (), ())
    # Positions o − 2 and o + 2, and of what sees these, o − 2: position 0 reads −2, which there isn't, and with it
    # loses 0; position 1 reads −1, which isn't there either, and loses 1; from 2 on, all is as on an endless input.
    moved = window(window(own_positions(9), 9, offset=-2, count=2, step=4), 9, offset=-2)
    assert [list(moved.at(o).each()) for o in range(3)] == [[-4, 0], [-3, 1], [-2, 2]]
    assert [list(moved.real(o).each()) for o in range(3)] == [[], [], [2]]
    assert moved.cut is not None
    assert (moved.cut.first, moved.cut.last) == ((NOWHERE, NOWHERE), ())


def test_a_crop_leaves_what_was_seen_before_it() -> None:
    """Positions 2 to 5 of 8 are left; a window of three at the first of them sees 1 no more."""
    cropped = window(own_positions(8), 4, offset=2)
    field = window(cropped, 4, offset=-1, count=3)
    assert [field.real(o) for o in range(4)] == [interval(2, 4), interval(2, 5), interval(3, 6), interval(4, 6)]
    assert [field.at(o) for o in range(4)] == [interval(o + 1, o + 4) for o in range(4)]
    assert field.together() == interval(2, 6)


def test_behind_reflected_borders_the_endless_field_is_the_regular_one() -> None:
    """Three positions, one put before and one behind: 1 0 1 2 1."""
    shown = (1, 0, 1, 2, 1)
    pad = IrregularWindow(0, lambda o: range(shown[o], shown[o] + 1), Regular(Window(0, offset=-1), range(1, 4)))
    field = through_window(own_positions(3), pad, 5, Budget(100))
    assert [field.real(o) for o in range(5)] == [interval(each, each + 1) for each in shown]
    assert [field.at(o) for o in range(5)] == [interval(o - 1, o) for o in range(5)]


def test_digits_take_turns() -> None:
    """Three positions, each twice, and all of that again: 0 0 1 1 2 2 0 0 1 1 2 2."""
    wide = window(own_positions(3), 3, offset=-1, count=3)
    field = through_digit(wide, Digit(0, 2, 3), 12, Budget(100))
    seen = (interval(0, 2), interval(0, 3), interval(1, 3))
    assert [field.real(o) for o in range(12)] == [seen[o // 2 % 3] for o in range(12)]
    assert [field.at(o) for o in range(12)] == [interval(o // 2 % 3 - 1, o // 2 % 3 + 2) for o in range(12)]


def test_digits_of_what_is_told_one_by_one() -> None:
    """Behind a convolution that reads two positions before the first, 0 and 1 of 9 see nothing, in every turn."""
    moved = window(window(own_positions(9), 9, offset=-2, count=2, step=4), 9, offset=-2)
    for divisor in (1, 2):
        field = through_digit(moved, Digit(0, divisor, 9), 36, Budget(1000))
        assert [field.real(o) for o in range(36)] == [moved.real(o // divisor % 9) for o in range(36)]
        assert [o for o in range(36) if not field.real(o).size] == [o for o in range(36) if o // divisor % 9 < 2]


def test_where_each_has_one_turn_they_move_on() -> None:
    """0 0 1 1 2 2, and behind that, as on an endless axis, what would be 3."""
    field = through_digit(own_positions(3), Digit(0, 2, 3), 6, Budget(100))
    assert [field.at(o).start for o in (-1, 0, 1, 4, 5, 6)] == [-1, 0, 0, 2, 2, 3]
    assert [field.real(o).start for o in range(6)] == [0, 0, 1, 1, 2, 2]


# --- Ways that are aligned


def doubled(field: AxisField) -> AxisField:
    return window(field, 2 * field.positions, upsampling=2, offset=-1, count=2)


def test_ways_with_one_centre_are_aligned() -> None:
    own = own_positions(16)
    for other in (
        window(own, 16, offset=-1, count=3),
        window(own, 16, offset=-4, count=3, step=4),
        doubled(
            window(own, 8, stride=2, count=2)
        ),  # 0 and 1 see 0 and 1, and so on: half a position to the right, or left
        constant(interval(0, 16), 16)._replace(positions=16),  # as a gate is: without a centre that moves
    ):
        assert both(own, other).aligned
        assert both(other, own).aligned


def test_ways_with_different_centres_are_not() -> None:
    own = own_positions(16)
    for other in (
        window(own, 16, offset=-1, count=4),  # half a position to the right
        window(own, 16, offset=-2, count=3),
        doubled(window(own, 8, stride=2, offset=-1, count=3)),  # 0 and 1 see −1 to 1: half a position to the left
        window(own, 16, stride=2),  # at another pace
    ):
        assert not both(own, other).aligned
        assert not both(other, own).aligned
    misaligned = both(own, window(own, 16, offset=-2, count=3))
    assert not window(misaligned, 16, offset=-1, count=3).aligned  # and what reads it, isn't either
    assert not both(misaligned, own).aligned


# --- At the limits


def test_ends_too_long_to_be_told_are_not_told() -> None:
    """A window of 41 reads beside what there is at 20 positions on either side: 40 to be told beside one run."""
    wide = Window(0, offset=-20, count=41)
    crop = window(own_positions(100), 98, offset=1)
    known = through_window(crop, wide, 98, Budget(41))
    assert known.cut is not None
    assert known.real(0) == interval(1, 22)
    unknown = through_window(crop, wide, 98, Budget(40))
    assert unknown.exact
    assert unknown.cut is None
    assert unknown.at(50) == known.at(50)  # on an endless input all is known
    told = through_whole_axis(unknown)
    assert not told.exact
    assert told.at(0) == interval(0, 100)


def test_a_set_too_wide_to_be_kept_becomes_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("archanalyzer.passes.fields.positions.MOST_BITS", 100)
    apart = window(own_positions(300), 300, offset=-50, count=2, step=99)
    assert apart.exact
    assert apart.at(0) == evenly_spaced(range(-50, 50, 99))
    wide = window(own_positions(300), 300, offset=-50, count=2, step=101)
    assert not wide.exact
    assert wide.at(0) == interval(0, 300)


def test_many_positions_are_not_looked_at_for_blind_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_LOOKED_AT", 10)
    assert not own_positions(10).some_blind()
    assert own_positions(11).some_blind()  # "may see nothing": nobody looked

"""Whether ways have one stride and one centre: by hand, and shown to differ only where they do."""

from __future__ import annotations

from fractions import Fraction

import pytest

from archanalyzer.graph import IrregularWindow, Window
from archanalyzer.passes.fields.axis_field import AxisField, bound, join, own_positions, through_window
from archanalyzer.passes.fields.centres import centred_alike, mean_centre
from archanalyzer.passes.fields.moving import OWN_POSITION, Budget, Periodic, everywhere, listed
from archanalyzer.passes.fields.positions import NOWHERE, interval


def window(field: AxisField, outputs: int, **how: int) -> AxisField:
    return through_window(field, Window(0, **how), outputs, Budget(1 << 20))


def both(one: AxisField, other: AxisField) -> AxisField:
    return join(one, other, Budget(1 << 20))


def resized(field: AxisField, outputs: int) -> AxisField:
    """Output o of n reads position ⌊o·m / n⌋ of m, as nearest neighbours are found."""
    extent = field.positions
    reads = IrregularWindow(0, lambda o: range(o * extent // outputs, o * extent // outputs + 1))
    return through_window(field, reads, outputs, Budget(1 << 20))


def piece(field: AxisField, start: int, outputs: int) -> AxisField:
    """From ``start`` on, one of several inputs joined end to end; elsewhere nothing is read of it."""
    only = range(start, start + field.positions)
    reads = IrregularWindow(0, lambda o: range(o - start, o - start + 1) if o in only else range(0), only=only)
    return through_window(field, reads, outputs, Budget(1 << 20))


OWN = own_positions(16)
RIGHT = window(OWN, 16, offset=1)
SLOW = window(OWN, 16, upsampling=2, offset=-1, count=2)
RESIZED = resized(window(OWN, 12), 16)


def test_what_is_told_one_by_one_has_not_been_shown_to_differ() -> None:
    assert RESIZED.aligned is True  # there is one way only
    assert both(OWN, RESIZED).aligned is None
    assert both(RESIZED, OWN).aligned is None
    assert window(both(OWN, RESIZED), 16, offset=-1, count=3).aligned is None


def test_pieces_joined_end_to_end_do_not_meet() -> None:
    """No position reads two of them; beside anything else, a piece has no centre to compare."""
    joined = both(both(piece(OWN, 0, 48), piece(RIGHT, 16, 48)), piece(OWN, 32, 48))
    assert joined.aligned is True
    assert both(joined, own_positions(16)._replace(positions=48)).aligned is None
    assert both(piece(OWN, 0, 48), piece(RIGHT, 15, 48)).aligned is None  # position 15 reads both


@pytest.mark.parametrize("order", [(OWN, RIGHT, RESIZED), (OWN, RESIZED, RIGHT), (RESIZED, OWN, RIGHT)])
def test_two_that_differ_are_enough(order: tuple[AxisField, ...]) -> None:
    """Of three ways that meet, one by one, the centres of two are 0 and 1, and the third has none."""
    first, second, third = order
    assert both(both(first, second), third).aligned is False


def test_ways_of_unlike_paces_differ_and_stay_so() -> None:
    assert both(OWN, SLOW).aligned is False
    assert both(both(OWN, SLOW), RESIZED).aligned is False


def test_a_bound_keeps_what_has_been_shown() -> None:
    assert bound(both(OWN, RIGHT)).aligned is False
    assert bound(OWN).aligned is True  # there is one way only
    assert bound(both(OWN, RESIZED)).aligned is None
    assert both(bound(OWN), bound(both(OWN, RIGHT))).aligned is False
    assert both(bound(OWN), OWN).aligned is None


def test_what_does_not_move_or_sees_nothing_is_beside_any() -> None:
    one_by_one = listed(4, range(4), lambda o: interval(o * o, o * o + 1))
    for beside in (OWN_POSITION, one_by_one):
        for still in (everywhere(interval(0, 4)), Periodic(1, 1, (0,), (NOWHERE,))):
            assert centred_alike(still, beside) is True
            assert centred_alike(beside, still) is True


def test_the_mean_centre() -> None:
    """Up-sampled by 2 from windows of three at stride 2: positions 0 and 1 both see −1 to 1, and so on.

    The middle is 0 at position 0, and 0 − 1 at position 1. Positions that see nothing do not count.
    """
    pooled = window(OWN, 8, stride=2, offset=-1, count=3)
    up = window(pooled, 16, upsampling=2, offset=-1, count=2).endless
    assert isinstance(up, Periodic)
    assert mean_centre(up) == Fraction(-1, 2)
    zeros = window(own_positions(8), 16, upsampling=2).endless
    assert isinstance(zeros, Periodic)
    assert mean_centre(zeros) == 0
    assert mean_centre(Periodic(1, 1, (0,), (NOWHERE,))) is None

"""Where the fields of positions have their middle, and whether those of two ways have it at the same place.

After Araujo, Norris & Sim 2019, "Computing Receptive Fields of Convolutional Neural Networks" (Distill), section
"Arbitrary computation graphs"; behind an up-sampling, where positions see by turns more to the left and more to the
right of them, on average over a period.
"""

from __future__ import annotations

from fractions import Fraction

from archanalyzer.passes.fields.moving import Listed, Moving, Periodic, alike
from archanalyzer.passes.fields.positions import NOWHERE


def centred_alike(one: Moving, other: Moving) -> bool | None:
    """Whether two ways have one stride and one centre; what doesn't move is beside any.

    None: that is not known. Positions that are told one by one have no stride and no centre: those behind a resizing by
    a fraction, or of a piece of several joined end to end; two pieces, though, agree, since no position sees on both.
    Where it is ways of unlike paces that are told one by one, each of them is compared: one that differs is enough.
    """
    shown = {_alike(each, beside) for each in _ways(one) for beside in _ways(other)}
    return False if False in shown else None if None in shown else True


def _alike(one: Moving, other: Moving) -> bool | None:
    if _is_still(one) or _is_still(other):
        return True
    if isinstance(one, Listed) and isinstance(other, Listed):
        return True if _apart(one, other) else None
    if isinstance(one, Listed) or isinstance(other, Listed):
        return None
    if one.period == other.period == 1:  # as fields mostly do, without fractions
        return one.advance == other.advance and sum(one.sets[0][:2]) == sum(other.sets[0][:2])
    return alike(one, other) and mean_centre(one) == mean_centre(other)


def _apart(one: Listed, other: Listed) -> bool:
    """Whether no position sees anything on both ways."""
    return not any(one.at(o).size and other.at(o).size for o in {*one.firsts, *other.firsts})


def _ways(moving: Moving) -> tuple[Moving, ...]:
    return moving.beyond if isinstance(moving, Listed) and moving.beyond else (moving,)


def _is_still(moving: Moving) -> bool:
    """Whether nothing moves, or nothing is seen."""
    return (isinstance(moving, Periodic) and not moving.advance) or moving.sets == (NOWHERE,)


def mean_centre(moving: Periodic) -> Fraction | None:
    """The middle of what a position sees, less what it moves on by from one to the next, on average over a period."""
    total, seeing = Fraction(0), 0
    pace = Fraction(moving.advance, moving.period)
    beyond = (*moving.firsts[1:], moving.period)
    for first, stop, seen in zip(moving.firsts, beyond, moving.sets, strict=True):
        if seen.size:
            positions = stop - first
            total += Fraction(positions * (seen.start + seen.stop - 1), 2) - pace * Fraction(
                positions * (first + stop - 1), 2
            )
            seeing += positions
    return total / seeing if seeing else None

"""What is seen where an axis is taken apart, so that it takes several axes to say which of its positions is read."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from math import prod

from archanalyzer.graph import Rearranged
from archanalyzer.passes.fields.axis_field import bound
from archanalyzer.passes.fields.field import Along, listed_field
from archanalyzer.passes.fields.moving import Budget, TooMany
from archanalyzer.passes.fields.positions import Positions, TooWide, union


def taken_apart(seen: Along, reading: Rearranged, output: tuple[int, ...], budget: Budget) -> Along:
    """What is seen where it takes several axes of the output to say which position is read.

    Channels are taken together. If one axis is left, positions along it can be told apart; else only places can.
    """
    axes = tuple(range(len(output))) if reading.axes is None else reading.axes
    left = tuple(axis for axis in axes if axis > 0 or len(output) == 1)
    try:
        budget.take(prod(output[axis] for axis in axes))
        if reading.reads is None or not seen.field.exact:
            return Along(seen.axis, None, bound(seen.field))
        places = range(1, len(output)) if len(left) > 1 else left
        endless, real = (
            [union(sets) for sets in _by_place(look, reading.reads, axes, tuple(places), output)]
            for look in (seen.field.at, seen.field.real)
        )
    except (TooMany, TooWide):
        return Along(seen.axis, None, bound(seen.field))
    field = listed_field(endless, real, seen.field)
    return Along(seen.axis, left[0] if len(left) == 1 else None, field, scattered=len(left) != 1)


def _by_place(
    look: Callable[[int], Positions],
    reads: Callable[[tuple[int, ...]], int],
    axes: tuple[int, ...],
    places: tuple[int, ...],
    output: tuple[int, ...],
) -> list[list[Positions]]:
    """For every place along some axes of the output, what is seen by each of the positions there."""
    others = [axis for axis in axes if axis not in places]
    found = []
    for place in product(*(range(output[axis]) for axis in places)):
        at = dict(zip(places, place, strict=True))
        every = product(*(range(output[axis]) for axis in others))
        inside = ({**at, **dict(zip(others, each, strict=True))} for each in every)
        found.append([look(reads(tuple(each.get(axis, 0) for axis in range(len(output))))) for each in inside])
    return found

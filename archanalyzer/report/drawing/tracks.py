"""Between two ranks of a layout: on which track each line goes aside, so that none lies on another.

A line leaves a point, turns at its track, goes across, turns again, and arrives at its ports. Two lines may not share a
stretch of a track; and where one arrives at the very place across where another leaves, that one must have turned
before.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

SAME, CLOSE = 0.5, 3.0
"""How far apart places are at most that are one, and at least that can be told apart."""
_BESIDE = 6.0
"""Between two lines on one track."""


class Aside(NamedTuple):
    """What leaves a point at ``leaves`` and arrives at ``ports``."""

    point: int
    leaves: float
    ports: tuple[float, ...]

    @property
    def reach(self) -> tuple[float, float]:
        """From where to where it goes across."""
        return min(self.leaves, *self.ports), max(self.leaves, *self.ports)


def tracks_of(lines: Sequence[Aside]) -> dict[int, int]:
    """The track of each point, counted from 0."""
    later = {line.point: [each for each in lines if each is not line and _arrives_under(each, line)] for line in lines}
    waits = {line.point: 0 for line in lines}
    for after in later.values():
        for each in after:
            waits[each.point] += 1
    tracks: dict[int, int] = {}
    least = dict.fromkeys(waits, 0)
    ends: list[list[tuple[float, float]]] = []
    left = sorted(lines, key=lambda line: line.reach)
    while left:
        line = next((each for each in left if not waits[each.point]), left[0])
        left.remove(line)
        track = _first_free(line.reach, ends, least[line.point])
        tracks[line.point] = track
        for each in later[line.point]:
            waits[each.point] -= 1
            least[each.point] = max(least[each.point], track + 1)
    return tracks


def _arrives_under(line: Aside, other: Aside) -> bool:
    """Whether a line arrives where the other leaves."""
    return any(abs(port - other.leaves) < CLOSE for port in line.ports)


def _first_free(reach: tuple[float, float], taken: list[list[tuple[float, float]]], least: int) -> int:
    """The first track, from ``least`` on, that has room; it is taken."""
    track = least
    while track < len(taken) and any(
        reach[0] < end + _BESIDE and start < reach[1] + _BESIDE for start, end in taken[track]
    ):
        track += 1
    while track >= len(taken):
        taken.append([])
    taken[track].append(reach)
    return track


def free_place(wanted: float, taken: set[float], within: tuple[float, float]) -> float:
    """The place nearest to the one that is wanted, between two ends, that no other line has; that one if none is."""
    steps = (step * sign * CLOSE for step in range(100) for sign in (1, -1))
    places = (wanted + step for step in steps if within[0] < wanted + step < within[1])
    return next((place for place in places if all(abs(place - each) >= CLOSE for each in taken)), wanted)

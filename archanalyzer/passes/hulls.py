"""Intervals of input positions, and the hulls of many of them at once."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import NamedTuple, TypeAlias


class Interval(NamedTuple):
    """Input positions from ``start`` up to, not including, ``stop``; there is at least one."""

    start: int
    stop: int

    @property
    def size(self) -> int:
        return self.stop - self.start


Hull: TypeAlias = Interval | None
"""The interval around some positions; None where there are none."""


def hull(one: Hull, other: Hull) -> Hull:
    """The hull of two."""
    if one is None or other is None:
        return one or other
    return Interval(min(one.start, other.start), max(one.stop, other.stop))


def within(seen: Hull, length: int) -> Hull:
    """What of an interval lies inside an axis."""
    if seen is None or seen.stop <= 0 or seen.start >= length:
        return None
    return Interval(max(seen.start, 0), min(seen.stop, length))


def clipped(stretch: range, start: int, stop: int) -> range:
    """Those of some evenly spaced positions, ascending, that lie from ``start`` up to ``stop``."""
    first = max(0, -((stretch.start - start) // stretch.step))
    return stretch[first : max(first, -((stretch.start - stop) // stretch.step))]


class SlidingHull:
    """The hulls of what stretches of positions see, each of which begins and ends no earlier than the one before it.

    Each position is then looked at once, however long the stretches are. One that goes back is looked at anew.
    """

    def __init__(self, seen_at: Callable[[int], Hull]) -> None:
        self._seen_at = seen_at
        self._tracks: dict[tuple[int, int], _Track] = {}

    def of(self, stretch: range) -> Hull:
        """The hull of what the positions of the next stretch see."""
        if not stretch:
            return None
        if len(stretch) == 1:
            return self._seen_at(stretch.start)
        key = stretch.step, stretch.start % stretch.step
        stop = stretch[-1] + stretch.step
        track = self._tracks.get(key)
        if track is None or stretch.start < track.start or stop < track.stop:
            track = self._tracks[key] = _Track(stretch.start)
        for position in range(max(track.stop, stretch.start), stop, stretch.step):
            track.add(position, self._seen_at(position))
        track.start, track.stop = stretch.start, stop
        return track.hull()


class _Track:
    """Positions equally far apart, with those starts and stops that may yet be the first and the last of a stretch."""

    __slots__ = ("_starts", "_stops", "start", "stop")

    def __init__(self, start: int) -> None:
        self.start = self.stop = start
        self._starts: deque[tuple[int, int]] = deque()
        self._stops: deque[tuple[int, int]] = deque()

    def add(self, position: int, seen: Hull) -> None:
        if seen is None:
            return
        while self._starts and self._starts[-1][1] >= seen.start:
            self._starts.pop()
        while self._stops and self._stops[-1][1] <= seen.stop:
            self._stops.pop()
        self._starts.append((position, seen.start))
        self._stops.append((position, seen.stop))

    def hull(self) -> Hull:
        for ends in (self._starts, self._stops):
            while ends and ends[0][0] < self.start:
                ends.popleft()
        return Interval(self._starts[0][1], self._stops[0][1]) if self._starts else None

"""Where boxes, frames and lines of a drawing stand: ranks from front to back, with lines led between them.

``along`` is the way from rank to rank, ``across`` that within a rank; whether along is down or to the right is for
whoever draws. Lines run along, and change their place across between two ranks only, each on a track of its own where
others would lie over it.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import inf
from typing import NamedTuple

from archanalyzer.report.drawing.columns import across as place_across
from archanalyzer.report.drawing.ranks import Pair, Ranked, ranked
from archanalyzer.report.drawing.tracks import SAME, Aside, free_place, tracks_of

Point = tuple[float, float]
"""Along, across."""


class Item(NamedTuple):
    """How long something is along and across, and the frame that it stands in."""

    along: float
    across: float
    frame: int | None = None


class Spacing(NamedTuple):
    """``along``: between ranks, ``across``: between items of a rank; ``trunk``: between a line and an item beside it.

    ``lane``: between lines beside each other along, ``track``: across; ``port``: between where they arrive at an item,
    at most ``reach`` from its middle. The other four: from a frame to what is in it, on each of its sides.
    """

    along: float = 22
    across: float = 24
    trunk: float = 16
    lane: float = 9
    track: float = 9
    port: float = 18
    reach: float = inf
    front: float = 8
    back: float = 8
    low: float = 8
    high: float = 8


class Line(NamedTuple):
    """One piece of way, of which ``ends`` says whether it ends in an arrow, at an item; ``points`` are its corners.

    ``source`` and ``target`` are the items between which it lies; of a trunk that several read, one of them.
    """

    points: tuple[Point, ...]
    source: int
    target: int
    ends: bool


class Extent(NamedTuple):
    """A rectangle."""

    along: tuple[float, float]
    across: tuple[float, float]


class Layout(NamedTuple):
    """``items`` and ``frames`` by index; a frame that others would be seen in is None. ``size``: along, across."""

    items: tuple[Extent, ...]
    frames: tuple[Extent | None, ...]
    lines: tuple[Line, ...]
    size: Point


def lay_out(
    items: Sequence[Item], arrows: Sequence[Pair], outer: Sequence[int | None] = (), spacing: Spacing | None = None
) -> Layout:
    """Places items, numbered so that arrows lead to larger numbers, and the frames around, of which ``outer`` are.

    Raises:
        TooManyToPlace: there are too many of them, or their arrows are too long.
    """
    return _Laying(items, arrows, outer, spacing or Spacing()).layout()


class _Laying:
    def __init__(
        self, items: Sequence[Item], arrows: Sequence[Pair], outer: Sequence[int | None], spacing: Spacing
    ) -> None:
        self.items, self.outer, self.spacing = items, outer, spacing
        self.ranked: Ranked = ranked(len(items), arrows, [self._around(item.frame) for item in items])
        self.of_frame = self._members()
        self.span = {
            frame: (min(map(self._rank, points)), max(map(self._rank, points)))
            for frame, points in self.of_frame.items()
        }
        self.nested = self._nested()
        self.across = place_across(self.ranked, [self._apart(rank) for rank in self.ranked.ranks])
        self.ports = self._ports()
        self.tracks, self.wide = self._tracks()
        self.start, self.stop = self._ranks_along()

    def _around(self, frame: int | None) -> tuple[int, ...]:
        found: list[int] = []
        while frame is not None:
            found.append(frame)
            frame = self.outer[frame]
        return tuple(reversed(found))

    def _rank(self, point: int) -> int:
        return self.ranked.rank_of[point]

    def _members(self) -> dict[int, list[int]]:
        members: dict[int, list[int]] = {}
        for point, frames in enumerate(self.ranked.around):
            for frame in frames:
                members.setdefault(frame, []).append(point)
        return members

    def _nested(self) -> dict[int, tuple[int, int, int]]:
        """For each frame, how many borders lie beside each other, itself included: front, back, and across."""
        nested = dict.fromkeys(self.of_frame, (1, 1, 1))
        for frame in sorted(self.of_frame, reverse=True):  # those within first
            outer = self.outer[frame]
            if outer is not None:
                front, back, beside = nested[outer]
                same = [mine == its for mine, its in zip(self.span[frame], self.span[outer], strict=True)]
                own = nested[frame]
                nested[outer] = (
                    max(front, own[0] + 1 if same[0] else 1),
                    max(back, own[1] + 1 if same[1] else 1),
                    max(beside, own[2] + 1),
                )
        return nested

    # --- Across

    def _half(self, point: int) -> float:
        return self.items[point].across / 2 if self.ranked.is_item(point) else 0

    def _apart(self, rank: Sequence[int]) -> list[float]:
        """How far neighbours are apart: both their halves, room, and the frames that end between them."""
        distances = []
        for left, right in pairwise(rank):
            around = self.ranked.around[left], self.ranked.around[right]
            shared = next((at for at, (one, other) in enumerate(zip(*around, strict=False)) if one != other), None)
            shared = min(map(len, around)) if shared is None else shared
            borders = [self.nested[frames[shared]][2] if len(frames) > shared else 0 for frames in around]
            kinds = sum(map(self.ranked.is_item, (left, right)))
            room = (self.spacing.lane, self.spacing.trunk, self.spacing.across)[kinds]
            pads = borders[0] * self.spacing.high + borders[1] * self.spacing.low
            distances.append(self._half(left) + self._half(right) + room + pads)
        return distances

    def _ports(self) -> dict[Pair, float]:
        """Where, across, each link arrives: straight ones in the middle, the others beside it on their side.

        Alone, one arrives in the middle as well, unless what stands above that would seem to lead there.
        """
        arriving: dict[int, list[int]] = {}
        leaving: dict[int, set[float]] = {}
        for source, target in self.ranked.links:
            arriving.setdefault(target, []).append(source)
            leaving.setdefault(self._rank(source), set()).add(self.across[source])
        ports: dict[Pair, float] = {}
        for target, sources in arriving.items():
            middle = self.across[target]
            ends = max(min(self._half(target) - 7, self.spacing.reach), 1)
            taken = leaving[self._rank(target) - 1]
            straight = [each for each in sources if abs(self.across[each] - middle) <= SAME]
            ports |= {(each, target): middle for each in straight}
            for side in (-1, 1):
                beside = [each for each in sources if (self.across[each] - middle) * side > SAME]
                step = min(self.spacing.port, (ends - 1) / max(len(beside), 1))
                alone = not straight and len(sources) == 1
                for at, source in enumerate(sorted(beside, key=lambda each: abs(self.across[each] - middle))):
                    wanted = middle if alone else middle + side * step * (at + 1)
                    others = taken | {ports[each, target] for each in sources if (each, target) in ports}
                    ports[source, target] = free_place(wanted, others, (middle - ends, middle + ends))
        return ports

    # --- Along

    def _tracks(self) -> tuple[dict[int, int], list[int]]:
        """The track of each point from which links go aside, and the number of tracks behind each rank."""
        ports: dict[int, list[float]] = {}
        for (source, _), port in self.ports.items():
            ports.setdefault(source, []).append(port)
        tracks: dict[int, int] = {}
        wide = []
        for rank in self.ranked.ranks:
            aside = [
                Aside(point, self.across[point], tuple(ports[point]))
                for point in rank
                if any(abs(port - self.across[point]) > SAME for port in ports.get(point, ()))
            ]
            found = tracks_of(aside)
            tracks |= found
            wide.append(max(found.values(), default=-1) + 1)
        return tracks, wide

    def _ranks_along(self) -> tuple[list[float], list[float]]:
        """Where each rank starts and stops: as long as its longest item, with tracks and frames' borders between."""
        last = len(self.ranked.ranks) - 1
        front, back = [0] * (last + 1), [0] * (last + 1)
        for frame, (first, final) in self.span.items():
            front[first] = max(front[first], self.nested[frame][0])
            back[final] = max(back[final], self.nested[frame][1])
        start: list[float] = []
        stop: list[float] = []
        at = 0.0
        for rank, points in enumerate(self.ranked.ranks):
            start.append(at + front[rank] * self.spacing.front)
            length = max((self.items[point].along for point in points if self.ranked.is_item(point)), default=0)
            stop.append(start[-1] + length)
            room = self.spacing.along + self.spacing.track * max(self.wide[rank] - 1, 0)
            at = stop[-1] + back[rank] * self.spacing.back + (room if rank < last else 0)
        self.end, self.borders = at, back
        return start, stop

    # --- Together

    def layout(self) -> Layout:
        places = [self._extent(point) for point in range(self.ranked.items)]
        frames = self._frames()
        shown = tuple(self._if_clear(frame, frames, places) for frame in range(len(self.outer)))
        ends = [extent.across for extent in (*places, *filter(None, shown))] + [(each, each) for each in self.across]
        low = min((start for start, _ in ends), default=0)
        high = max((stop for _, stop in ends), default=0)
        return _moved(Layout(tuple(places), shown, tuple(self._lines()), (self.end, high - low)), -low)

    def _extent(self, point: int) -> Extent:
        middle, half = self.across[point], self._half(point)
        rank = self._rank(point)
        length = self.items[point].along
        start = self.start[rank] + (self.stop[rank] - self.start[rank] - length) / 2
        return Extent((start, start + length), (middle - half, middle + half))

    def _frames(self) -> dict[int, Extent]:
        frames = {}
        for frame, points in self.of_frame.items():
            (first, last), (front, back, beside) = self.span[frame], self.nested[frame]
            low = min(self.across[point] - self._half(point) for point in points) - beside * self.spacing.low
            high = max(self.across[point] + self._half(point) for point in points) + beside * self.spacing.high
            start = self.start[first] - front * self.spacing.front
            frames[frame] = Extent((start, self.stop[last] + back * self.spacing.back), (low, high))
        return frames

    def _if_clear(self, frame: int, frames: dict[int, Extent], places: Sequence[Extent]) -> Extent | None:
        """The frame; None where something lies in it that is not of it, or another crosses it."""
        if frame not in frames:
            return None
        own, inside = frames[frame], set(self.of_frame[frame])
        first, last = self.span[frame]
        beside = (point for rank in self.ranked.ranks[first : last + 1] for point in rank)
        others = [places[point] for point in beside if self.ranked.is_item(point) and point not in inside]
        others += [
            extent
            for other, extent in frames.items()
            if self.span[other][0] <= last and first <= self.span[other][1] and not self._one_around(frame, other)
        ]
        return None if any(_overlap(own, other) for other in others) else own

    def _one_around(self, one: int, other: int) -> bool:
        """Whether a frame is around another, or the same."""
        return one == other or one in self._around(other) or other in self._around(one)

    def _lines(self) -> list[Line]:
        source_of = {point: point for point in range(self.ranked.items)}
        lines = []
        for source, target in sorted(self.ranked.links, key=lambda link: (self._rank(link[0]), link)):
            origin = source_of.setdefault(target, source_of[source]) if not self.ranked.is_item(target) else None
            origin = source_of[source] if origin is None else origin
            ends = self.ranked.is_item(target)
            lines.append(Line(self._corners(source, target), origin, target if ends else origin, ends))
        return lines

    def _corners(self, source: int, target: int) -> tuple[Point, ...]:
        """From where a point ends to where the next begins."""
        rank = self._rank(source)
        leaves = self._extent(source).along[1] if self.ranked.is_item(source) else self.stop[rank]
        arrives = self._extent(target).along[0] if self.ranked.is_item(target) else self.stop[rank + 1]
        here, there = self.across[source], self.ports[source, target]
        if abs(here - there) <= SAME:
            return (leaves, here), (arrives, here)
        room = self.borders[rank] * self.spacing.back + self.spacing.along / 2
        turn = self.stop[rank] + room + self.tracks[source] * self.spacing.track
        return (leaves, here), (turn, here), (turn, there), (arrives, there)


def _overlap(one: Extent, other: Extent) -> bool:
    return all(first[0] < second[1] and second[0] < first[1] for first, second in zip(one, other, strict=True))


def _moved(layout: Layout, by: float) -> Layout:
    """All of it further across."""

    def extent(old: Extent) -> Extent:
        return Extent(old.along, (old.across[0] + by, old.across[1] + by))

    return Layout(
        tuple(map(extent, layout.items)),
        tuple(None if frame is None else extent(frame) for frame in layout.frames),
        tuple(
            line._replace(points=tuple((along, across + by) for along, across in line.points)) for line in layout.lines
        ),
        layout.size,
    )

"""The first half of a layered layout (Sugiyama, Tagawa & Toda 1981): the rank of each item, and its place in it.

What reads something stands in a later rank. An arrow that passes over ranks is a *trunk*: a point in each of them, from
an item to the last that reads it, and shared by all that do; so what reads one item is drawn as one line that branches.
Items of one frame stay side by side, and lines are kept from crossing by sweeps that put each item at the mean of its
neighbours; the order with the fewest crossings is taken.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

Pair = tuple[int, int]

_SWEEPS = 12
MOST_POINTS = 60_000
"""Items, and points of trunks."""


class TooManyToPlace(Exception):
    """More items, or longer trunks, than a layout can be made of."""


class Ranked(NamedTuple):
    """Points by rank, in order. Points below ``items`` are items, the others belong to trunks.

    ``links`` run from a rank to the next. ``around`` are the frames around a point, the outermost first. ``spine`` are
    the points of a longest path.
    """

    items: int
    ranks: tuple[tuple[int, ...], ...]
    rank_of: tuple[int, ...]
    links: tuple[Pair, ...]
    around: tuple[tuple[int, ...], ...]
    spine: tuple[int, ...]

    @property
    def position(self) -> dict[int, int]:
        """The place of each point in its rank."""
        return {point: place for rank in self.ranks for place, point in enumerate(rank)}

    def is_item(self, point: int) -> bool:
        return point < self.items


def ranked(items: int, arrows: Sequence[Pair], around: Sequence[tuple[int, ...]]) -> Ranked:
    """The items 0, 1, … in ranks; arrows lead from smaller numbers to larger ones.

    Raises:
        TooManyToPlace: there are too many of them, or their arrows are too long.
    """
    rank_of = _ranks(items, arrows)
    points = [*around]
    readers: list[list[int]] = [[] for _ in range(items)]
    for source, target in arrows:
        readers[source].append(target)
    if items + sum(_trunk_length(source, targets, rank_of) for source, targets in enumerate(readers)) > MOST_POINTS:
        raise TooManyToPlace
    links: list[Pair] = []
    for source, targets in enumerate(readers):
        links += _linked(source, targets, rank_of, points)
    ranks: list[list[int]] = [[] for _ in range(max(rank_of, default=-1) + 1)]
    spine = _spine(items, len(points), links, rank_of)
    on_spine = set(spine)
    for point in sorted(range(len(points)), key=lambda point: (point not in on_spine, point >= items, point)):
        ranks[rank_of[point]].append(point)
    ordered = _ordered(ranks, links, points)
    return Ranked(items, tuple(map(tuple, ordered)), tuple(rank_of), tuple(links), tuple(points), spine)


def _ranks(items: int, arrows: Sequence[Pair]) -> list[int]:
    """As far from the front as the longest way there; what reads nothing, right before the first that reads it."""
    ranks = [0] * items
    reads = [False] * items
    for source, target in sorted(arrows, key=lambda arrow: arrow[1]):
        ranks[target] = max(ranks[target], ranks[source] + 1)
        reads[target] = True
    first: dict[int, int] = {}
    for source, target in arrows:
        first[source] = min(first.get(source, ranks[target]), ranks[target])
    return [rank if reads[item] or item not in first else first[item] - 1 for item, rank in enumerate(ranks)]


def _trunk_length(source: int, targets: Sequence[int], rank_of: Sequence[int]) -> int:
    return max((rank_of[target] for target in targets), default=rank_of[source] + 1) - rank_of[source] - 1


def _linked(source: int, targets: Sequence[int], rank_of: list[int], points: list[tuple[int, ...]]) -> list[Pair]:
    """The links from a point to all that read it; adds those of its trunk to ``points`` and ``rank_of``."""
    inside = points[source]
    for target in targets:
        inside = inside[: _shared(inside, points[target])]
    trunk = [source]
    for rank in range(rank_of[source] + 1, rank_of[source] + 1 + _trunk_length(source, targets, rank_of)):
        trunk.append(len(points))
        points.append(inside)
        rank_of.append(rank)
    along = list(pairwise(trunk))
    return along + [(trunk[rank_of[target] - rank_of[source] - 1], target) for target in targets]


def _shared(one: Sequence[int], other: Sequence[int]) -> int:
    """How many frames are around both."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((place for place, (first, second) in pairs if first != second), min(len(one), len(other)))


def _spine(items: int, points: int, links: Sequence[Pair], rank_of: Sequence[int]) -> tuple[int, ...]:
    """A path through the most items; of those with as many, the one that comes first."""
    length = [int(point < items) for point in range(points)]
    following: dict[int, int] = {}
    for source, target in sorted(links, key=lambda link: (-rank_of[link[0]], link)):
        through = length[target] + (source < items)
        if source not in following or through > length[source]:
            length[source], following[source] = through, target
    point = max(range(points), key=lambda point: (length[point], -point), default=None)
    path: list[int] = []
    while point is not None:
        path.append(point)
        point = following.get(point)
    return tuple(path)


def _ordered(ranks: list[list[int]], links: Sequence[Pair], around: Sequence[tuple[int, ...]]) -> list[list[int]]:
    """The ranks in an order with few crossings."""
    above: dict[int, list[int]] = {}
    below: dict[int, list[int]] = {}
    for source, target in links:
        above.setdefault(target, []).append(source)
        below.setdefault(source, []).append(target)
    best, fewest = ranks, -1
    current = ranks
    for sweep in range(_SWEEPS):
        down = sweep % 2 == 0
        current = _swept(current if down else current[::-1], above if down else below, around)
        current = current if down else current[::-1]
        crossings = _crossings(current, below)
        if fewest < 0 or crossings < fewest:
            best, fewest = current, crossings
        if not fewest:
            break
    return best


def _swept(
    ranks: list[list[int]], neighbours: dict[int, list[int]], around: Sequence[tuple[int, ...]]
) -> list[list[int]]:
    """Each rank sorted by where the neighbours of its points are in the rank before it, frames kept together."""
    place: dict[int, float] = {}
    swept: list[list[int]] = []
    for rank in ranks:
        means = [
            _mean([place[each] for each in neighbours[point]]) if point in neighbours else float(at)
            for at, point in enumerate(rank)
        ]
        inside: dict[tuple[int, ...], list[int]] = {}
        for at, point in enumerate(rank):
            for frames in _prefixes(around[point]):
                inside.setdefault(frames, []).append(at)
        # By the mean of the outermost frame, then of those within, then by its own; what is equal stays in order.
        keys = {frames: (_mean([means[at] for at in places]), places[0]) for frames, places in inside.items()}
        order = sorted(
            range(len(rank)), key=lambda at: [*map(keys.__getitem__, _prefixes(around[rank[at]])), (means[at], at)]
        )
        swept.append([rank[at] for at in order])
        place.update((point, float(at)) for at, point in enumerate(swept[-1]))
    return swept


def _prefixes(frames: tuple[int, ...]) -> list[tuple[int, ...]]:
    """The outermost frame, the two outermost, and so on."""
    return [frames[: depth + 1] for depth in range(len(frames))]


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _crossings(ranks: list[list[int]], below: dict[int, list[int]]) -> int:
    """Pairs of links that cross; those that share an end do not."""
    total = 0
    for upper, lower in pairwise(ranks):
        place = {point: at for at, point in enumerate(lower)}
        seen: list[int] = []
        for point in upper:
            targets = sorted(place[target] for target in below.get(point, ()))
            total += sum(len(seen) - bisect_right(seen, target) for target in targets)
            for target in targets:
                insort(seen, target)
    return total

"""The second half of a layered layout: where, across the ranks, each point stands.

Points are first put into columns: as many links as can be are straight, first those of the longest path, then those of
trunks, then the others. Then columns move together as far as what stands in them allows, and each towards what it is
linked with. (The idea of aligning first is that of Brandes & Köpf 2002, *Fast and simple horizontal coordinate
assignment*; here one alignment is made, of which the longest path is straight, where they make four and average.)
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from graphlib import TopologicalSorter
from math import inf
from statistics import median

from archanalyzer.report.drawing.ranks import Pair, Ranked

_MOVES = 4


def across(ranked: Ranked, apart: Sequence[Sequence[float]]) -> list[float]:
    """The coordinate of each point's centre.

    ``apart``: for each rank, how far the centres of neighbours in it are from each other at least.
    """
    column = _columns(ranked)
    between: dict[Pair, float] = {}
    for rank, distances in zip(ranked.ranks, apart, strict=True):
        for left, right, distance in zip(rank, rank[1:], distances, strict=False):
            pair = column[left], column[right]
            between[pair] = max(between.get(pair, 0), distance)
    places = _packed(set(column), between)
    _pulled(places, between, [(column[source], column[target]) for source, target in ranked.links])
    least = min(places.values(), default=0)
    return [places[each] - least for each in column]


def _columns(ranked: Ranked) -> list[int]:
    """The column of each point, named by its first point."""
    position = ranked.position
    spine = set(zip(ranked.spine, ranked.spine[1:], strict=False))
    trunk = {link for link in ranked.links if not any(map(ranked.is_item, link))}
    above: dict[int, int] = {}
    taken: set[int] = set()
    straight: dict[int, list[Pair]] = {}
    for link in sorted(ranked.links, key=lambda link: (link not in spine, link not in trunk, link)):
        source, target = link
        places = position[source], position[target]
        if source in taken or target in above or _crosses(straight.setdefault(ranked.rank_of[source], []), places):
            continue
        above[target] = source
        taken.add(source)
        gap = straight[ranked.rank_of[source]]
        gap.insert(bisect_left(gap, places), places)
    column = list(range(len(ranked.rank_of)))
    for rank in ranked.ranks:
        for point in rank:
            column[point] = column[above[point]] if point in above else point
    return column


def _crosses(straight: Sequence[Pair], places: Pair) -> bool:
    """Whether a link would cross one of those that are straight already, which are sorted and cross each other not."""
    at = bisect_left(straight, places)
    return (at > 0 and straight[at - 1][1] >= places[1]) or (at < len(straight) and straight[at][1] <= places[1])


def _packed(columns: set[int], between: dict[Pair, float]) -> dict[int, float]:
    """Each column as near to the left as those to its left allow. As no straight links cross, there is an order."""
    left: dict[int, list[int]] = {column: [] for column in columns}
    for one, other in between:
        left[other].append(one)
    places: dict[int, float] = {}
    for column in TopologicalSorter(left).static_order():
        places[column] = max((places[one] + between[one, column] for one in left[column]), default=0)
    return places


def _pulled(places: dict[int, float], between: dict[Pair, float], links: Sequence[Pair]) -> None:
    """Moves each column towards the median of those that it is linked with, as far as its neighbours allow."""
    left: dict[int, list[int]] = {}
    right: dict[int, list[int]] = {}
    linked: dict[int, list[int]] = {}
    for one, other in between:
        left.setdefault(other, []).append(one)
        right.setdefault(one, []).append(other)
    for one, other in links:
        if one != other:
            linked.setdefault(one, []).append(other)
            linked.setdefault(other, []).append(one)
    for move in range(_MOVES):
        for column in sorted(linked, key=lambda column: places[column], reverse=move % 2 == 0):
            wanted = median(places[each] for each in linked[column])
            least = max((places[one] + between[one, column] for one in left.get(column, ())), default=-inf)
            most = min((places[other] - between[column, other] for other in right.get(column, ())), default=inf)
            places[column] = max(least, min(wanted, most))

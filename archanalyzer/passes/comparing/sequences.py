"""What two sequences have in common, in order; never quadratic in their length.

Ends that agree are cut off first. Of what is left, a longest common subsequence is found by Myers's greedy algorithm
(E. W. Myers 1986, *An O(ND) Difference Algorithm and Its Variations*, Algorithmica 1, section 4), whose work grows with
the length times the number of differences. Where these are many, tokens that are unique on both sides are paired first,
as many as keep their order; between them, the same algorithm goes on step by step, from the furthest that so many
differences have led to.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Hashable, Iterator, Sequence

Pair = tuple[int, int]

MOST_DIFFERENCES = 128
"""Insertions and removals that are looked for at once."""


def common(old: Sequence[Hashable], new: Sequence[Hashable]) -> list[Pair]:
    """Places with equal tokens, ascending on both sides: (place in ``old``, place in ``new``)."""
    shorter = min(len(old), len(new))
    first = 0
    while first < shorter and old[first] == new[first]:
        first += 1
    last = 0
    while last < shorter - first and old[-1 - last] == new[-1 - last]:
        last += 1
    inner_old, inner_new = old[first : len(old) - last], new[first : len(new) - last]
    inner: list[Pair] = []
    if inner_old and inner_new:
        inner, x, y = _search(inner_old, inner_new)
        if (x, y) != (len(inner_old), len(inner_new)):
            inner = _between_unique(inner_old, inner_new)
    behind = ((len(old) - back, len(new) - back) for back in range(last, 0, -1))
    return [*((at, at) for at in range(first)), *((one + first, other + first) for one, other in inner), *behind]


def _search(old: Sequence[Hashable], new: Sequence[Hashable]) -> tuple[list[Pair], int, int]:
    """A longest common subsequence of the first so many of ``old`` and of ``new``, and how many these are.

    They are all, unless that takes more than ``MOST_DIFFERENCES``; then as many, in sum, as so many lead to.
    ``reached[k]`` is the furthest place in ``old`` on diagonal k (place in ``old`` − place in ``new``).
    """
    reached = {1: 0}
    trace: list[dict[int, int]] = []
    for differences in range(min(len(old) + len(new), MOST_DIFFERENCES) + 1):
        trace.append(dict(reached))
        for diagonal in range(-differences, differences + 1, 2):
            x = _start(reached, diagonal, differences)[0]
            while x < len(old) and x - diagonal < len(new) and old[x] == new[x - diagonal]:
                x += 1
            reached[diagonal] = x
            if x == len(old) and x - diagonal == len(new):
                return _traced(trace, x, len(new)), x, len(new)
    ends = ((x, x - diagonal) for diagonal, x in reached.items() if (diagonal - differences) % 2 == 0)
    x, y = max((end for end in ends if end[0] <= len(old) and end[1] <= len(new)), key=sum)
    return _traced(trace, x, y), x, y


def _start(reached: dict[int, int], diagonal: int, differences: int) -> Pair:
    """Where one more insertion or removal leads to on a diagonal, the further one, and the diagonal it comes from."""
    last, first = diagonal == differences, diagonal == -differences
    if first or (not last and reached[diagonal - 1] < reached[diagonal + 1]):
        return reached[diagonal + 1], diagonal + 1
    return reached[diagonal - 1] + 1, diagonal - 1


def _traced(trace: Sequence[dict[int, int]], x: int, y: int) -> list[Pair]:
    """The pairs on the way to the end, which is (x, y), walked back from there."""
    pairs: list[Pair] = []
    for differences in range(len(trace) - 1, -1, -1):
        start, before = _start(trace[differences], x - y, differences)
        pairs.extend((back, back - (x - y)) for back in range(x - 1, start - 1, -1))
        x = trace[differences][before]
        y = x - before
    return pairs[::-1]


def _between_unique(old: Sequence[Hashable], new: Sequence[Hashable]) -> list[Pair]:
    """Tokens that are unique on both sides, the most of them that keep their order, and what is between them."""
    counts, counts_of_new = Counter(old), Counter(new)
    places = {token: place for place, token in enumerate(new) if counts_of_new[token] == 1}
    unique = [(place, places[token]) for place, token in enumerate(old) if counts[token] == 1 and token in places]
    pairs: list[Pair] = []
    x, y = 0, 0
    for place, other in (*increasing(unique), (len(old), len(new))):
        pairs += ((x + one, y + two) for one, two in _step_by_step(old[x:place], new[y:other]))
        pairs += [(place, other)] if place < len(old) else []
        x, y = place + 1, other + 1
    return pairs


def _step_by_step(old: Sequence[Hashable], new: Sequence[Hashable]) -> Iterator[Pair]:
    """What is found, going on from where each search has come."""
    x, y = 0, 0
    while x < len(old) and y < len(new):
        found, further, further_in_new = _search(old[x:], new[y:])
        yield from ((x + one, y + other) for one, other in found)
        x, y = x + further, y + further_in_new


def increasing(pairs: Sequence[Pair]) -> list[Pair]:
    """Of pairs that ascend in their first place, the most that ascend in their second as well."""
    ends: list[int] = []
    holders: list[int] = []
    before: list[int] = []
    for index, (_, place) in enumerate(pairs):
        length = bisect_left(ends, place)
        before.append(holders[length - 1] if length else -1)
        ends[length : length + 1] = [place]
        holders[length : length + 1] = [index]
    kept: list[Pair] = []
    index = holders[-1] if holders else -1
    while index >= 0:
        kept.append(pairs[index])
        index = before[index]
    return kept[::-1]

"""Finite sets of positions along one axis, gaps and all.

Most receptive fields are whole intervals, which are kept as their two ends, however long. Those with gaps are kept as
the bits of one whole number beside them: to join two of any length is then one operation.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

MOST_BITS = 1 << 22
"""From the first to the last position of a set with gaps, at most."""


class TooWide(Exception):
    """A set with gaps is too wide to be kept; ``hull`` is the interval around it.

    ``more`` goes on where the message ends: whose positions they are, and what to do.
    """

    def __init__(self, hull: Positions, more: str = "") -> None:
        super().__init__(
            f"expected at most {MOST_BITS:,} positions from the first to the last of a set with gaps, "
            f"found {hull.size:,}, from {hull.start} to {hull.stop - 1}{more}"
        )
        self.hull = hull


class Positions(NamedTuple):
    """Positions from ``start`` up to, not including, ``stop``.

    ``bits`` None: all of them. Else position start + k is one of them where bit k is set; that of the first and that of
    the last are, some other isn't. So equal sets are equal. There is one empty set, ``NOWHERE``.
    """

    start: int
    stop: int
    bits: int | None = None

    @property
    def size(self) -> int:
        """Positions from the first to the last, both counted, gaps as well."""
        return self.stop - self.start

    @property
    def number(self) -> int:
        """How many they are, gaps left out."""
        return self.size if self.bits is None else self.bits.bit_count()

    @property
    def hull(self) -> Positions:
        """The interval from the first to the last."""
        return self if self.bits is None else Positions(self.start, self.stop)

    def has(self, position: int) -> bool:
        """Whether a position is one of them."""
        if not self.start <= position < self.stop:
            return False
        return self.bits is None or bool(self.bits >> (position - self.start) & 1)

    def each(self) -> Iterator[int]:
        """Every position, ascending."""
        return (position for run in self.runs() for position in range(run.start, run.stop))

    def runs(self) -> Iterator[Positions]:
        """The intervals without a gap that they make up, ascending."""
        if self.bits is None:
            if self.size:
                yield self
            return
        text = f"{self.bits:b}"[::-1]  # to shift the number from run to run takes time by the square of its length
        first = 0
        while first >= 0:
            last = text.find("0", first)
            yield Positions(self.start + first, self.start + last if last >= 0 else self.stop)
            first = text.find("1", last) if last >= 0 else -1

    def moved(self, by: int) -> Positions:
        """The same set, so many positions onwards."""
        return Positions(self.start + by, self.stop + by, self.bits) if by and self.size else self

    def within(self, start: int, stop: int) -> Positions:
        """Those from ``start`` up to ``stop``."""
        if start <= self.start and self.stop <= stop:
            return self
        first, last = max(start, self.start), min(stop, self.stop)
        if first >= last:
            return NOWHERE
        if self.bits is None:
            return Positions(first, last)
        return _of_bits(first, self.bits >> (first - self.start) & ((1 << (last - first)) - 1))

    def common(self, other: Positions) -> Positions:
        """Those that are in another set as well."""
        if other.bits is None:
            return self.within(other.start, other.stop)
        if self.bits is None:
            return other.within(self.start, self.stop)
        start = max(self.start, other.start)
        return _of_bits(start, self.bits >> (start - self.start) & other.bits >> (start - other.start))

    def without(self, other: Positions) -> Positions:
        """Those that are not in another set."""
        shared = self.common(other)
        if not shared.size:
            return self
        if self.bits is shared.bits is None and shared.start == self.start:
            return interval(shared.stop, self.stop)
        return _of_bits(self.start, self.mask ^ shared.mask << (shared.start - self.start))

    def contains(self, other: Positions) -> bool:
        """Whether every position of ``other`` is one of these."""
        if not other.size:
            return True
        if other.start < self.start or other.stop > self.stop:
            return False
        return self.bits is None or self.common(other) == other

    def repeated(self, step: int, times: int) -> Positions:
        """The union of the set and its copies, each ``step`` ≥ 0 positions on from the one before, ``times`` in all.

        Raises:
            TooWide: there are gaps, and too many positions from first to last.
        """
        if times <= 1 or step == 0 or not self.size:
            return self
        stop = self.stop + step * (times - 1)
        if self.bits is None and step <= self.size:
            return Positions(self.start, stop)
        if stop - self.start > MOST_BITS:
            raise TooWide(Positions(self.start, stop))
        bits, copies = self.mask, 1
        while copies < times:
            more = min(copies, times - copies)
            bits |= bits << step * more
            copies += more
        return _of_bits(self.start, bits)

    @property
    def mask(self) -> int:
        """The bits, also of a set without gaps."""
        return (1 << self.size) - 1 if self.bits is None else self.bits


NOWHERE = Positions(0, 0)
"""No position at all."""


def interval(start: int, stop: int) -> Positions:
    """All positions from ``start`` up to ``stop``."""
    return Positions(start, stop) if start < stop else NOWHERE


def evenly_spaced(stretch: range) -> Positions:
    """The positions of an ascending range.

    Raises:
        TooWide: it has gaps, and too many positions from first to last.
    """
    return Positions(stretch.start, stretch.start + 1).repeated(stretch.step, len(stretch)) if stretch else NOWHERE


def hull_of(sets: Iterable[Positions]) -> Positions:
    """The interval from the first to the last position of some sets."""
    seen = [each for each in sets if each.size]
    return Positions(min(each.start for each in seen), max(each.stop for each in seen)) if seen else NOWHERE


def union(sets: Iterable[Positions]) -> Positions:
    """All positions of some sets.

    Raises:
        TooWide: there are gaps, and too many positions from first to last.
    """
    listed = [each for each in sets if each.size]
    if len(listed) <= 1:
        return listed[0] if listed else NOWHERE
    listed.sort(key=lambda each: (each.start, each.stop))
    joined = [listed[0]]
    for each in listed[1:]:
        last = joined[-1]
        if last.bits is None and each.stop <= last.stop:
            continue
        if last.bits is None and each.bits is None and each.start <= last.stop:
            joined[-1] = Positions(last.start, each.stop)
        else:
            joined.append(each)
    return joined[0] if len(joined) == 1 else _with_gaps(joined)


def _with_gaps(listed: list[Positions]) -> Positions:
    start, stop = listed[0].start, max(each.stop for each in listed)
    for each in listed:
        if each.bits is None and each.start == start and each.stop == stop:
            return each
    if stop - start > MOST_BITS:
        raise TooWide(Positions(start, stop))
    parts = [(each.start, each.mask) for each in listed]
    while len(parts) > 1:  # pairs of neighbours, since each operation takes as long as its result is wide
        pairs = zip(parts[::2], parts[1::2], strict=False)
        joined = [(first, bits | more << (second - first)) for (first, bits), (second, more) in pairs]
        parts = joined + parts[2 * len(joined) :]
    return _of_bits(*parts[0])


def _of_bits(start: int, bits: int) -> Positions:
    """The set of the bits, in the one form that it has."""
    if not bits:
        return NOWHERE
    skipped = (bits & -bits).bit_length() - 1
    bits >>= skipped
    start += skipped
    size = bits.bit_length()
    full = bits & (bits + 1) == 0
    return Positions(start, start + size, None if full else bits)

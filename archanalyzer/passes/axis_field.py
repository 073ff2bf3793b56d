"""What the positions of a layer see of one axis of a network input.

A position is a place: it sees what any of its channels does. Every position sees an interval, as on an endless input:
padding cuts nothing off. Behind an up-sampling the interval's length differs from one output position to the next, so
it is kept for one whole period of positions. What all positions see between them is another matter: there, padding has
nothing to show. How fields compose is told in ``axis_step``.
"""

from __future__ import annotations

from enum import Enum
from functools import reduce
from math import gcd
from typing import Final, NamedTuple, TypeAlias

from archanalyzer.passes.hulls import Hull, Interval, SlidingHull, clipped, hull, within


class Unknown(Enum):
    """A hull that is not known, where None is that of nothing."""

    UNKNOWN = "unknown"


UNKNOWN: Final = Unknown.UNKNOWN
PerhapsHull: TypeAlias = Hull | Unknown


class Margins(NamedTuple):
    """What the positions at the two ends of an axis see of what there is, where that isn't all they would see of more.

    The positions in between, from ``len(first)`` up to where ``last`` begins, see as on an endless input.
    """

    first: tuple[Hull, ...] = ()
    last: tuple[Hull, ...] = ()

    def inner(self, positions: int) -> range:
        """The positions in between, of so many."""
        return range(len(self.first), positions - len(self.last))


class AxisField(NamedTuple):
    """What the positions of a layer's output see of axis ``axis`` of the network input of index ``input``.

    Output position q·P + r along the output axis ``along`` sees ``intervals[r]`` moved by q·``advance``, where P is
    the number of intervals; None where a position sees nothing. ``periodic`` False: the intervals are those of all
    positions there are, and do not repeat. ``margins`` say what differs from that at the ends of the axis, where what
    is read are real positions and no padding; None where that is not known. ``blind``: some positions may see nothing,
    because of where they lie along another spatial axis; the margins tell of all that lie alike along this one.

    ``along`` None: what a position sees does not move with any one axis. Then there is one interval, which every
    position sees, unless ``scattered_by`` a layer, that of this index: there each position sees as much as some one of
    the intervals. ``exact`` False: the one interval contains what a position sees, and may contain more. Of both,
    ``together`` is what all positions see between them.
    """

    input: int
    axis: int
    along: int | None
    intervals: tuple[Hull, ...]
    advance: int = 0
    periodic: bool = True
    margins: Margins | None = Margins()
    blind: bool = False
    exact: bool = True
    scattered_by: int | None = None
    together: PerhapsHull = UNKNOWN

    @property
    def constant(self) -> bool:
        """Whether every position sees the same."""
        return self.along is None and self.exact and self.scattered_by is None

    def at(self, position: int) -> Hull:
        """What one position sees; of fields that do not repeat, a position outside sees what the nearest one does."""
        period = len(self.intervals)
        if not self.periodic:
            return self.intervals[min(max(position, 0), period - 1)]
        turn, residue = divmod(position, period)
        interval = self.intervals[residue]
        return interval and Interval(interval.start + turn * self.advance, interval.stop + turn * self.advance)

    def union_of(self, positions: range) -> Hull:
        """The hull of what some evenly spaced positions see, of a field that repeats; their step is above 0.

        Residues do repeat after at most a period's worth of positions, and intervals only move onwards from one turn
        to the next: the first ones decide the start, the last ones the stop.
        """
        most = len(self.intervals)
        starts = [seen.start for seen in map(self.at, positions[:most]) if seen]
        stops = [seen.stop for seen in map(self.at, positions[-most:]) if seen]
        return Interval(min(starts), max(stops)) if starts and stops else None

    def of_all(self, positions: int) -> PerhapsHull:
        """The hull of what so many positions, all there are, see between them of what there is."""
        if self.along is None:
            return self.intervals[0] if self.constant else self.together
        if self.margins is None:
            return UNKNOWN
        inside = self.union_of(self.margins.inner(positions)) if self.periodic else None
        return reduce(hull, (*self.margins.first, inside, *self.margins.last))

    def bound(self, positions: int, length: int) -> Hull:
        """An interval that contains what each of so many positions sees of an axis of this length."""
        if not self.exact:
            return self.intervals[0]
        known = self.of_all(positions)
        if known is not UNKNOWN:
            return known
        if self.periodic and self.along is not None:
            return within(self.union_of(range(positions)), length)
        return within(reduce(hull, self.intervals), length)

    def sees_nothing(self, positions: int) -> bool:
        """Whether it is certain that none of so many positions sees anything of what there is."""
        if self.along is None or self.margins is None:
            return self.constant and self.intervals[0] is None
        if any(self.margins.first) or any(self.margins.last):
            return False
        inner = self.margins.inner(positions) if self.periodic else range(0)
        return not inner or (self.at(inner.start) is None and self.union_of(inner) is None)

    def sizes(self, positions: int) -> list[int]:
        """The different sizes that occur among so many positions, ascending; of a field that is not exact, bounds."""
        if not self.exact:
            return [0, self.intervals[0].size if self.intervals[0] else 0]
        shown = self.intervals if self.along is None else self.intervals[: max(positions, 1)]
        return sorted({seen.size if seen else 0 for seen in shown})

    def covers(self, length: int) -> bool:
        """Whether what every position sees reaches from one end of an axis of this length to the other."""
        seen = self.intervals[0]
        return self.constant and seen is not None and seen.start <= 0 and seen.stop >= length

    @property
    def stride(self) -> int | str | None:
        """Input positions per output position, as a whole number or as "p/q"; None where there is no one stride."""
        if self.along is None or not self.periodic:
            return None
        common = gcd(self.advance, len(self.intervals))
        above, below = self.advance // common, len(self.intervals) // common
        return above if below == 1 else f"{above}/{below}"

    @property
    def offset(self) -> int | None:
        """The first input position that output position 0 sees; negative where it lies in the padding."""
        if self.scattered_by is not None or not self.exact:
            return None
        return self.intervals[0] and self.intervals[0].start


class RealReader:
    """The hulls of what stretches of a layer's positions see of what there is; best asked in ascending order."""

    def __init__(self, field: AxisField, margins: Margins, positions: int) -> None:
        inner = margins.inner(positions) if field.periodic else range(len(margins.first), len(margins.first))
        self._field = field
        self._positions = positions
        self._inner = inner
        self._first = SlidingHull(lambda position: margins.first[position])
        self._last = SlidingHull(lambda position: margins.last[position - inner.stop])

    def of(self, stretch: range) -> Hull:
        """The hull of what a stretch of positions sees; those outside of the axis see nothing."""
        first = self._first.of(clipped(stretch, 0, self._inner.start))
        if self._inner.start == self._positions:
            return first
        last = self._last.of(clipped(stretch, self._inner.stop, self._positions))
        inside = clipped(stretch, self._inner.start, self._inner.stop)
        return hull(hull(first, self._field.union_of(inside) if inside else None), last)

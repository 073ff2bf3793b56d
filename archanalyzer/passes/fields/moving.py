"""What every position along an axis sees of an axis of the input, as a function of the position.

On an endless axis that function repeats: behind an up-sampling by 16, position o + 16 sees what o does, moved on. So
one period says all, and of it only where one run of positions that see the same ends and the next begins: fields that
are intervals begin and end ever later, so in a period there are no more runs than twice the positions by which it
advances, however long the period is.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from math import gcd, lcm
from typing import NamedTuple, TypeAlias

from archanalyzer.graph import IrregularWindow, Window
from archanalyzer.passes.fields.positions import NOWHERE, Positions, hull_of, union

MOST_WAYS = 8
"""Of unlike paces that are followed beyond the positions that there are, at most."""
MOST_RUNS = 1 << 16
"""Of one axis of one layer, at most."""
BITS_OF_A_POSITION = 512
"""Bits of a set with gaps that count as much as a position told apart: both take some hundred bytes."""


class TooMany(Exception):
    """There are too many positions to be told apart."""


class Budget:
    """How many positions may yet be told apart, in all layers of a network together."""

    def __init__(self, positions: int) -> None:
        self.left = positions

    def take(self, positions: int, most: int = MOST_RUNS) -> None:
        """Takes so many.

        Raises:
            TooMany: so many are not left, or they are more than ``most``.
        """
        if positions > min(self.left, most):
            raise TooMany
        self.left -= positions

    def keep(self, seen: Positions) -> Positions:
        """Takes what a set with gaps costs, and returns it.

        Raises:
            TooMany: there is not so much left.
        """
        if seen.bits is not None and seen.size > BITS_OF_A_POSITION:
            self.take(seen.size // BITS_OF_A_POSITION, self.left)
        return seen


class Periodic(NamedTuple):
    """Position q·period + r sees what r does, moved on by q·advance; ``runs`` tell of the positions below ``period``.

    The run of index i begins at ``firsts[i]``, the first one at 0; each of its positions sees ``sets[i]``.
    """

    period: int
    advance: int
    firsts: tuple[int, ...]
    sets: tuple[Positions, ...]

    def at(self, position: int) -> Positions:
        """What one position sees."""
        if not position:
            return self.sets[0]
        turn, residue = divmod(position, self.period)
        return self.sets[bisect_right(self.firsts, residue) - 1].moved(turn * self.advance)

    def over(self, stretch: range) -> Positions:
        """What ascending, evenly spaced positions see between them."""
        if len(stretch) <= 1:
            return self.at(stretch.start) if stretch else NOWHERE
        if self.period == 1:
            first = self.sets[0].moved(stretch.start * self.advance)
            return first.repeated(stretch.step * self.advance, len(stretch))
        if stretch.step == 1 and len(self.sets) < len(stretch):
            return union(self._of_run(run, stretch) for run in range(len(self.sets)))
        cycle = self.period // gcd(stretch.step, self.period)
        onwards = stretch.step * cycle // self.period * self.advance
        return union(
            self.at(position).repeated(onwards, (len(stretch) - 1 - k) // cycle + 1)
            for k, position in enumerate(stretch[:cycle])
        )

    def hull_over(self, stretch: range) -> Positions:
        """The interval around what the positions of a stretch without gaps see between them."""
        return hull_of(each for run in range(len(self.sets)) for each in self._ends_of_run(run, stretch))

    def _beyond(self, run: int) -> int:
        return self.firsts[run + 1] if run + 1 < len(self.firsts) else self.period

    def _turns(self, run: int, stretch: range) -> range:
        """The turns in which positions of a run lie in a stretch without gaps."""
        first, last = self.firsts[run], self._beyond(run) - 1
        return range(-((last - stretch.start) // self.period), (stretch[-1] - first) // self.period + 1)

    def _of_run(self, run: int, stretch: range) -> Positions:
        turns = self._turns(run, stretch)
        first = self.sets[run].moved(turns.start * self.advance)
        return first.repeated(self.advance, len(turns)) if turns else NOWHERE

    def _ends_of_run(self, run: int, stretch: range) -> tuple[Positions, ...]:
        turns = self._turns(run, stretch) if stretch else range(0)
        return tuple(self.sets[run].moved(turn * self.advance) for turn in {*turns[:1], *turns[-1:]})

    def starts(self, above: int, upto: int) -> list[int]:
        """The positions above one and up to another at which a run begins.

        Raises:
            TooMany: there are.
        """
        turns = range(above // self.period, upto // self.period + 1)
        if len(turns) * len(self.firsts) > 4 * MOST_RUNS:
            raise TooMany
        begun = (turn * self.period + first for turn in turns for first in self.firsts)
        return [each for each in begun if above < each <= upto]


class Listed(NamedTuple):
    """What each of ``length`` positions sees, which does not repeat.

    The run of index i begins at ``firsts[i]``, the first one at 0; each of its positions sees ``sets[i]``. ``beyond``:
    several ways, on which positions outside of these see; if there is none, they are as the nearest.
    """

    length: int
    firsts: tuple[int, ...]
    sets: tuple[Positions, ...]
    beyond: tuple[Moving, ...] = ()

    def at(self, position: int) -> Positions:
        """What one position sees."""
        if self.beyond and not 0 <= position < self.length:
            return union(way.at(position) for way in self.beyond)
        return self.sets[max(bisect_right(self.firsts, position) - 1, 0)]

    def over(self, stretch: range) -> Positions:
        """What ascending, evenly spaced positions see between them."""
        if self.beyond and stretch and not (stretch[0] >= 0 and stretch[-1] < self.length):
            return union((self.over(clipped(stretch, 0, self.length)), *(way.over(stretch) for way in self.beyond)))
        if len(stretch) <= 1:
            return self.at(stretch.start) if stretch else NOWHERE
        if stretch.step == 1 or len(stretch) > len(self.sets):
            runs = range(*(max(bisect_right(self.firsts, end) - 1, 0) for end in (stretch.start, stretch[-1])))
            met = (*runs, runs.stop)
            if stretch.step > 1:
                met = tuple(run for run in met if self._meets(run, stretch))
            return union(self.sets[run] for run in met)
        return union(map(self.at, stretch))

    def _meets(self, run: int, stretch: range) -> bool:
        """Whether a position of the stretch is one of a run, or nearest to it."""
        last = run + 1 == len(self.firsts)
        start = stretch.start if run == 0 else max(self.firsts[run], stretch.start)
        stop = stretch[-1] + 1 if last else self.firsts[run + 1]
        return start + (stretch.start - start) % stretch.step < stop

    def hull_over(self, stretch: range) -> Positions:
        """The interval around what the positions of a stretch without gaps see between them."""
        if not stretch:
            return NOWHERE
        if self.beyond and not (stretch[0] >= 0 and stretch[-1] < self.length):
            inside = self.hull_over(clipped(stretch, 0, self.length))
            return hull_of((inside, *(way.hull_over(stretch) for way in self.beyond)))
        runs = range(*(max(bisect_right(self.firsts, end) - 1, 0) for end in (stretch.start, stretch[-1])))
        return hull_of(self.sets[run] for run in (*runs, runs.stop))

    def starts(self, above: int, upto: int) -> list[int]:
        """The positions above one and up to another at which a run begins.

        Raises:
            TooMany: there are.
        """
        inside = {each for each in self.firsts[1:] if above < each <= upto}
        if self.beyond:
            outside = ((above, min(upto, -1)), (max(above, self.length - 1), upto))
            inside.update(start for way in self.beyond for ends in outside for start in way.starts(*ends))
            inside.update(end for end in (0, self.length) if above < end <= upto)
        return sorted(inside)


Moving: TypeAlias = Periodic | Listed


def everywhere(seen: Positions) -> Periodic:
    """Every position sees the same."""
    return Periodic(1, 0, (0,), (seen,))


OWN_POSITION = Periodic(1, 1, (0,), (Positions(0, 1),))
"""Every position sees the one of its own number."""


def listed(
    length: int, firsts: Iterable[int], at: Callable[[int], Positions], beyond: tuple[Moving, ...] = ()
) -> Listed:
    """What ``at`` says of positions, each alike up to the next of ``firsts``, and beyond them, ``beyond``."""
    return Listed(length, *_runs(firsts, at), beyond)


def read_through(seen: Moving, reading: Window | IrregularWindow, outputs: int, budget: Budget) -> Moving:
    """What outputs see that read so, on an endless axis; told one by one where no window says how.

    Raises:
        TooMany: too many outputs see different sets.
        TooWide: what one sees has gaps and is too wide.
    """
    window = reading.without_ends()
    if isinstance(window, Window):
        return through(seen, window, outputs, budget)
    budget.take(outputs)
    return listed(outputs, range(outputs), lambda o: budget.keep(seen.over(window.reads(o))))


def through(seen: Moving, window: Window, outputs: int, budget: Budget) -> Moving:
    """What the outputs of a window see, of which the positions read see ``seen``.

    Moving on by P′ = u·P / gcd(s, u·P) outputs moves the window by P′·s / u positions, which is the least whole
    multiple of their period P.

    Raises:
        TooMany: too many outputs see different sets.
        TooWide: what one sees has gaps and is too wide.
    """
    if isinstance(seen, Listed):
        beyond = tuple(through(way, window, outputs, budget) for way in seen.beyond)
        changes = _changes(seen, window, outputs, budget)
        return listed(outputs, changes, lambda o: budget.keep(seen.over(window.reads(o))), beyond)
    unfolded = window.upsampling * seen.period
    period = unfolded // gcd(window.stride, unfolded)
    advance = period * window.stride // unfolded * seen.advance
    runs = _runs(_changes(seen, window, period, budget), lambda o: budget.keep(seen.over(window.reads(o))))
    return Periodic(period, advance, *runs)


def _changes(seen: Moving, window: Window, outputs: int, budget: Budget) -> Sequence[int]:
    """The outputs from which on others may be seen than just before; 0 among them, ascending.

    Where the positions read follow each other, it takes the first or the last of them to come into another run.
    """
    if window.step == 1 and window.count >= window.upsampling:
        taps: Iterable[int] = {0, window.count - 1}
    elif window.upsampling == 1:
        taps = range(window.count)
    else:
        taps = ()
    turns = 1 if isinstance(seen, Listed) else outputs * window.stride // (window.upsampling * seen.period) + 1
    if not taps or len(seen.sets) * turns * len(set(taps)) >= outputs:
        budget.take(outputs)
        return range(outputs)
    changes = {0}
    for tap in taps:
        changes.update(_changes_of_tap(seen, window, tap, outputs))
    budget.take(len(changes))
    return sorted(changes)


def _changes_of_tap(seen: Moving, window: Window, tap: int, outputs: int) -> Iterable[int]:
    """The outputs for which a tap comes into another run: the last tap rounded down to a position, the first up."""
    up, stride = window.upsampling, window.stride
    offset = window.offset + tap * window.step
    rounding = up - 1 if tap == 0 else 0

    def position(o: int) -> int:
        return (o * stride + offset + rounding) // up

    for start in seen.starts(position(0), position(outputs - 1)):
        yield -((offset + rounding - up * start) // stride)


def joined(one: Moving, other: Moving, positions: int, budget: Budget) -> Moving:
    """What is seen on either of two ways by ``positions`` positions; told one by one where they don't move alike.

    Raises:
        TooMany: too many positions see different sets.
        TooWide: what one sees has gaps and is too wide.
    """
    if one == other:
        return one

    def both(position: int) -> Positions:
        return budget.keep(union((one.at(position), other.at(position))))

    if isinstance(one, Periodic) and isinstance(other, Periodic) and alike(one, other):
        period = lcm(one.period, other.period)
        firsts = sorted({0, *one.starts(0, period - 1), *other.starts(0, period - 1)})
        budget.take(len(firsts))
        return Periodic(period, period // one.period * one.advance, *_runs(firsts, both))
    firsts = sorted({0, *one.starts(0, positions - 1), *other.starts(0, positions - 1)})
    budget.take(len(firsts))
    ways = tuple(dict.fromkeys(way for each in (one, other) for way in _ways(each)))
    return listed(positions, firsts, both, ways if len(ways) <= MOST_WAYS else ())


def _ways(moving: Moving) -> tuple[Moving, ...]:
    """The ways on which positions see that there are not."""
    return moving.beyond if isinstance(moving, Listed) and moving.beyond else (moving,)


def alike(one: Periodic, other: Periodic) -> bool:
    """Whether the two move on at the same pace."""
    return one.advance * other.period == other.advance * one.period


def _runs(firsts: Iterable[int], at: Callable[[int], Positions]) -> tuple[tuple[int, ...], tuple[Positions, ...]]:
    """Where runs begin and what their positions see, neighbours that see the same joined."""
    begun: list[int] = []
    sets: list[Positions] = []
    for first in firsts:
        seen = at(first)
        if not sets or seen != sets[-1]:
            begun.append(first)
            sets.append(seen)
    return tuple(begun), tuple(sets)


def clipped(stretch: range, start: int, stop: int) -> range:
    """Those of some evenly spaced positions, ascending, that lie from ``start`` up to ``stop``."""
    first = max(0, -((stretch.start - start) // stretch.step))
    return stretch[first : max(first, -((stretch.start - stop) // stretch.step))]

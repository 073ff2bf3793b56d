"""Sets of sizes that repeat themselves from some size on, and how they are told."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from itertools import chain
from math import lcm
from typing import NamedTuple

from archanalyzer.diagnostics import enumerated

_FEW = 3
"""Parts of a set that are told one by one; of more than that, how many there are."""


class Sizes(NamedTuple):
    """A set of whole numbers from 1.

    ``few`` are those below ``start``, ascending. From ``start`` on, those are in it whose remainder by ``period`` is
    one of ``residues``. ``tried``: up to where each was tried one by one.
    """

    few: tuple[int, ...]
    start: int
    period: int
    residues: tuple[int, ...]
    tried: int

    @classmethod
    def of(cls, fits: Sequence[bool], start: int, period: int) -> Sizes:
        """The set told by ``fits``, whose first item stands for 1, and which from ``start`` on has ``period``.

        ``start`` comes out as low, and the period as short, as they can be. ``fits`` reaches at least from ``start``
        over one period.
        """
        residues = {n % period for n in range(start, start + period) if fits[n - 1]}
        shortest = min(each for each in range(1, period + 1) if _repeats(residues, period, each))
        residues = {residue % shortest for residue in residues}
        while start > 1 and fits[start - 2] == ((start - 1) % shortest in residues):
            start -= 1
        few = tuple(n for n in range(1, start) if fits[n - 1])
        return cls(few, start, shortest, tuple(sorted(residues)), len(fits))

    def __contains__(self, size: object) -> bool:
        if not isinstance(size, int) or size < 1:
            return False
        return size in self.few if size < self.start else size % self.period in self.residues

    @property
    def is_endless(self) -> bool:
        """Whether there is no largest one."""
        return bool(self.residues)

    @property
    def is_empty(self) -> bool:
        return not self.few and not self.residues

    @property
    def is_everything(self) -> bool:
        return self == self._replace(few=(), start=1, period=1, residues=(0,))

    @property
    def is_from_some_on(self) -> bool:
        """Whether it is all numbers from one on."""
        return self.period == 1 and self.is_endless and not self.few

    @property
    def least(self) -> int | None:
        """The smallest one; None where there is none."""
        return self.above(1)

    def below(self, size: int) -> int | None:
        """The largest one up to ``size``, which may be ``size`` itself."""
        repeating = range(size, max(self.start, size - self.period + 1) - 1, -1) if self.residues else ()
        return next((n for n in chain(repeating, reversed(self.few)) if n <= size and n in self), None)

    def above(self, size: int) -> int | None:
        """The smallest one from ``size`` on, which may be ``size`` itself."""
        first = max(self.start, size)
        repeating = range(first, first + self.period) if self.residues else ()
        return next((n for n in chain(self.few, repeating) if n >= size and n in self), None)

    @property
    def text(self) -> str:
        """Which ones, in a table: ``multiples of 16``, ``16·k + 12, from 140``, ``any size from 7``, ``32 only``."""
        if self.is_empty:
            return f"none up to {self.tried:,} found"
        if not self.is_endless:
            return f"{self.few[0]} only" if len(self.few) == 1 else _listed(_runs(self.few))
        least = f" from {self._first}" if self._first > 1 else ""
        return self._told("multiples of ", f"any size{least}", "and")

    def phrase(self, *, several: bool) -> str:
        """Which ones, behind "height is", or with ``several``, "height and width are"."""
        if not self.is_endless:
            return _listed(_runs(self.few), "or")
        return self._told("multiples of " if several else "a multiple of ", f"{self._first} or more", "or")

    @property
    def _first(self) -> int:
        """The smallest one from ``start`` on; there is one."""
        return next(n for n in range(self.start, self.start + self.period) if n in self)

    def _told(self, multiples: str, all_from_first: str, conjunction: str) -> str:
        """The whole set, what repeats itself told by ``multiples`` or ``all_from_first`` where they apply."""
        few = f"{_listed(_runs(self.few), conjunction)}, {conjunction} " if self.few else ""
        if self.period == 1:
            return few + all_from_first
        usual = min(residue or self.period for residue in self.residues)
        least = f", from {self._first}" if self._first > usual else ""
        return few + self._repeating(multiples, conjunction) + least

    def _repeating(self, multiples: str, conjunction: str) -> str:
        if self.period == 2:
            return "odd" if self.residues == (1,) else "even"
        if self.residues == (0,):
            return f"{multiples}{self.period}"
        near = self._near_multiples()
        if near:
            return f"{multiples}{self.period}, or {near}"
        others = sorted(set(range(self.period)) - set(self.residues))
        if len(others) < min(len(self.residues), _FEW + 1):
            return f"any but {enumerated([self._class(residue) for residue in others])}"
        runs = _runs(self.residues)
        if len(runs) <= _FEW:
            return enumerated([self._class(first, last) for first, last in runs], conjunction)
        return f"{len(self.residues)} of every {self.period}"

    def _near_multiples(self) -> str:
        """``1 less``, ``up to 3 more``: what else there is than multiples, where it lies on one side of them."""
        beside = len(self.residues) - 1
        number = f"up to {beside}" if beside > 1 else "1"
        if 0 < 2 * beside < self.period:
            if self.residues == tuple(range(beside + 1)):
                return f"{number} more"
            if self.residues == (0, *range(self.period - beside, self.period)):
                return f"{number} less"
        return ""

    def _class(self, first: int, last: int | None = None) -> str:
        """The numbers of one remainder, or of those from ``first`` to ``last``."""
        ends = [f"{self.period}·k + {end}" if end else f"{self.period}·k" for end in (first, last) if end is not None]
        return " to ".join(dict.fromkeys(ends))


def is_intersection(whole: Sizes, sets: Collection[Sizes]) -> bool:
    """Whether ``whole`` holds just the sizes that are in all of ``sets``.

    All of them repeat themselves from the last start on with the least common multiple of their periods, so that one
    such period tells; of a common multiple too long to go through, no.
    """
    every = lcm(whole.period, *(each.period for each in sets))
    stop = max(whole.start, *(each.start for each in sets)) + every
    return every <= 100_000 and all((n in whole) == all(n in each for each in sets) for n in range(1, stop))


def _repeats(residues: set[int], period: int, shorter: int) -> bool:
    """Whether numbers with these remainders by ``period`` come again each ``shorter``."""
    return period % shorter == 0 and all((residue + shorter) % period in residues for residue in residues)


def _runs(numbers: Iterable[int]) -> list[tuple[int, int]]:
    """The first and the last of each stretch of ascending numbers that follow each other."""
    runs: list[tuple[int, int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], number)
        else:
            runs.append((number, number))
    return runs


def _listed(runs: list[tuple[int, int]], conjunction: str = "and") -> str:
    if len(runs) > _FEW:
        return f"{sum(last - first + 1 for first, last in runs)} sizes from {runs[0][0]} to {runs[-1][1]}"
    return enumerated([f"{first} to {last}" if last > first else f"{first}" for first, last in runs], conjunction)

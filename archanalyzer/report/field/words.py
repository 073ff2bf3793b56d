"""How positions, sets of them and fractions are written in reports on receptive fields."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import islice

from archanalyzer.passes.fields.positions import Positions
from archanalyzer.report.cells import NOTHING

_MOST_LISTED = 4
"""Intervals without a gap that are listed; of more, the first two and the last."""


def number(value: Fraction | int | None) -> str:
    """``12``, ``−1/2``; ``–`` for none."""
    return NOTHING if value is None else str(value).replace("-", "−")


def interval_text(positions: Positions) -> str:
    """``254–258``, from the first to the last, gaps left aside; ``–`` for no position."""
    if not positions.size:
        return NOTHING
    first, last = number(positions.start), number(positions.stop - 1)
    return first if positions.size == 1 else f"{first}–{last}"


def positions_text(positions: Positions) -> str:
    """``254–258``; with gaps, ``0–2, 8–10``, and of many intervals ``0, 2, …, 62``."""
    runs = list(islice(positions.runs(), _MOST_LISTED + 1))
    return runs_text(runs if len(runs) <= _MOST_LISTED else [*runs[:-1], _last_run(positions)])


def runs_text(runs: Sequence[Positions]) -> str:
    """The same of ascending intervals."""
    if len(runs) > _MOST_LISTED:
        return f"{interval_text(runs[0])}, {interval_text(runs[1])}, …, {interval_text(runs[-1])}"
    return ", ".join(map(interval_text, runs)) or NOTHING


def _last_run(positions: Positions) -> Positions:
    """The last interval without a gap; found from its end, since there may be millions."""
    gaps = positions.mask ^ ((1 << positions.size) - 1)
    return Positions(positions.start + gaps.bit_length(), positions.stop)


def size_text(positions: Positions) -> str:
    """``5``; with gaps, ``5 (3)``, what is left out of the second number."""
    return str(positions.size) if positions.bits is None else f"{positions.size} ({positions.number})"


def in_full(texts: Sequence[str]) -> str:
    """What is said of several axes, one after the other: ``5×3``, ``2–3 × 5``."""
    return ("×" if all(map(str.isdecimal, texts)) else " × ").join(texts)


def of_axes(texts: Sequence[str]) -> str:
    """What is said of several axes: once where it is the same of all, else one after the other."""
    if not texts:
        return NOTHING
    return texts[0] if len(set(texts)) == 1 else in_full(texts)


def least_most(least: int, most: int) -> str:
    """``188–204``, or the one number that both are."""
    return str(least) if least == most else f"{least}–{most}"


def place_text(place: Sequence[int]) -> str:
    """A position on every axis: ``256×256``."""
    return "×".join(map(str, place))

"""By how much what is found misses what is expected, number for number."""

from __future__ import annotations

import json
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from archanalyzer.graph.quantities import number_of
from archanalyzer.passes.expecting.bounds import shown_number
from archanalyzer.passes.expecting.comparing import bound_of, has_unit

_LONGEST = 200


def difference(expected: Any, found: Any) -> str:
    """`` (1 more)`` where both are numbers, or one is a bound that the other doesn't keep; else nothing."""
    return differences_of([expected], [found])[0] + update_remark([expected], [found])


def differences_of(expected: Sequence[Any], found: Sequence[Any]) -> list[str]:
    """The difference of each number that is found from what is expected of it; see also ``update_remark``."""
    surpassed = _surpassed(expected, found)
    return [_difference(*pair, at in surpassed) for at, pair in enumerate(zip(expected, found, strict=True))]


def update_remark(expected: Sequence[Any], found: Sequence[Any]) -> str:
    """What to say behind numbers of which one is so much better than its budget that this is out of date."""
    return ", much better than expected: update it" if _surpassed(expected, found) else ""


def _surpassed(expected: Sequence[Any], found: Sequence[Any]) -> set[int]:
    """Which numbers are so much better than their budgets.

    One budget for several is out of date only where that nearest to its end is far from it.
    """
    numbers, bounds = list(map(_number, found)), list(map(bound_of, expected))
    together = [number for number in numbers if number is not None]
    shared = bounds[0] if all(each == expected[0] for each in expected) else None
    if shared is not None:
        nearest = shared.nearest(together) if together else None
        is_surpassed = nearest is not None and all(map(shared.encloses, together)) and shared.is_surpassed_by(nearest)
        return {numbers.index(nearest)} if is_surpassed else set()
    pairs = enumerate(zip(bounds, numbers, strict=True))
    return {at for at, (bound, number) in pairs if bound and number is not None and bound.is_surpassed_by(number)}


def _difference(expected: Any, found: Any, is_surpassed: bool) -> str:
    number, bound = _number(found), bound_of(expected)
    wanted = number_of(expected) if not isinstance(expected, str) or has_unit(expected) else None
    if bound is not None and number is not None and (is_surpassed or not bound.encloses(number)):
        wanted = bound.missed(number)
    if number is None or wanted is None or number == wanted:
        return ""
    return f" ({shown_number(abs(number - wanted))} {'more' if number > wanted else 'fewer'})"


def _number(found: Any) -> Fraction | None:
    return None if isinstance(found, str) else number_of(found)


def beside(expected: Any, number: int) -> Sequence[Any] | None:
    """What is expected of each of so many numbers: one value for all, or one each; None where they are as many."""
    if not isinstance(expected, list | tuple):
        return [expected] * number
    return expected if len(expected) == number else None


def shown(value: Any) -> str:
    """A value as a message tells it; numbers alone with their thousands apart."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"{value:,}"
    if isinstance(value, Fraction):
        return shown_number(value)
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"

"""What was expected and what was found, as a message tells them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from archanalyzer.graph.quantities import number_of
from archanalyzer.passes.analysis import Kind
from archanalyzer.passes.expecting.bounds import shown_number
from archanalyzer.passes.expecting.comparing import FIELD_PARTS, bound_of, has_unit
from archanalyzer.passes.facts import Amount

_LONGEST = 200


def expected_text(value: Any, kind: Kind) -> str:
    """What is expected: a bound in words, numbers with their thousands apart."""
    bound = bound_of(value) if kind is not Kind.DATA else None
    number = number_of(value) if isinstance(value, str) and has_unit(value) else None
    return bound.words if bound else shown(value if number is None else number)


def found_text(expected: Any, found: Amount, kind: Kind) -> str:
    """What is found, and by how much it misses the number that is expected."""
    value, at_least = found
    if value is None:
        return "what is not known"
    if at_least:
        return f"at least {shown(value)}, of which a part is not known"
    if kind is Kind.FIELD:
        return _field_text(value, expected)
    return f"{shown(value)}{_difference(expected, value)}"


def _difference(expected: Any, found: Any) -> str:
    """``(1 more)`` where both are numbers, or one is a bound that the other doesn't keep."""
    if isinstance(found, str):
        return ""
    number, bound = number_of(found), bound_of(expected)
    wanted = number_of(expected) if not isinstance(expected, str) or has_unit(expected) else None
    if bound is not None and number is not None and not bound.holds(number):
        wanted = bound.missed(number)
    if number is None or wanted is None or number == wanted:
        return ""
    text = f" ({shown_number(abs(number - wanted))} {'more' if number > wanted else 'fewer'})"
    if bound is not None and bound.is_surpassed_by(number):
        return f"{text}, much better than expected: update it"
    return text


def _field_text(entries: Sequence[Mapping[str, Any]], expected: Any) -> str:
    """The parts of a field that were asked for."""
    if not entries:
        return "no axis of any input"
    if isinstance(expected, Mapping) and bound_of(expected) is None:
        return "; ".join(
            f"{entry['input']} {entry['axis']} " + ", ".join(f"{part} {shown(entry[part])}" for part in FIELD_PARTS)
            for entry in entries
        )
    sizes = [entry["size"] for entry in entries]
    if not all(entry.get("exact", True) for entry in entries):
        return f"at most {shown(sizes[0] if len(set(sizes)) == 1 else sizes)}; more is not known"
    if any(entry["min_size"] != entry["size"] for entry in entries):
        ranges = ", ".join(f"{entry['min_size']} to {entry['size']}" for entry in entries)
        return f"{ranges}, by position"
    if len(set(sizes)) > 1:
        return shown(sizes)
    return f"{shown(sizes[0])}{_difference(expected, sizes[0])}"


def shown(value: Any) -> str:
    """A value as a message tells it; numbers alone with their thousands apart."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"{value:,}"
    if isinstance(value, Fraction):
        return shown_number(value)
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"

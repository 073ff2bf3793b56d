"""What was expected and what was found, as a message tells them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from archanalyzer.graph.quantities import number_of
from archanalyzer.passes.analysis import Kind
from archanalyzer.passes.expecting.bounds import ANY, shown_number
from archanalyzer.passes.expecting.comparing import bound_of, has_unit
from archanalyzer.passes.expecting.differing import beside, difference, differences_of, shown, update_remark
from archanalyzer.passes.expecting.field_wording import field_text
from archanalyzer.passes.facts import Amount


def expected_text(value: Any, kind: Kind) -> str:
    """What is expected: a bound in words, numbers with their thousands apart."""
    if kind is Kind.DATA:
        return shown(value)
    bound = bound_of(value)
    if bound:
        return bound.words
    if isinstance(value, Mapping) and kind is Kind.FIELD:
        return ", ".join(f"{name} {expected_text(each, kind)}" for name, each in value.items())
    if isinstance(value, list | tuple) and any(map(bound_of, value)):
        return f"[{', '.join('_' if each == ANY else expected_text(each, kind) for each in value)}]"
    number = number_of(value) if isinstance(value, str) and has_unit(value) else None
    return shown(value if number is None else number)


def found_text(expected: Any, found: Amount, kind: Kind) -> str:
    """What is found, and by how much it misses the number that is expected."""
    value, at_least = found
    if value is None:
        return "what is not known"
    if at_least:
        return f"at least {shown(value)}, of which a part is not known"
    if kind is Kind.FIELD:
        return field_text(value, expected)
    if isinstance(value, list | tuple) and kind is not Kind.DATA:
        return _list_text(value, expected)
    return f"{shown(value)}{difference(expected, value)}"


def _list_text(found: Sequence[Any], expected: Any) -> str:
    """A list, and by how much each of its numbers misses its bound, or the bound for them all."""
    bounds = beside(expected, len(found))
    if bounds is None or not any(map(bound_of, bounds)):
        return shown(found)
    told = map("{}{}".format, map(shown, found), differences_of(bounds, found))
    return f"[{', '.join(told)}]{update_remark(bounds, found)}"


def off_by(right: Any, printed: Any) -> str:
    """``, off by -486``: how far a printed number is from the right one; nothing where they are no numbers."""
    numbers = [None if isinstance(each, bool) else number_of(each) for each in (right, printed)]
    if numbers[0] is None or numbers[1] is None:
        return ""
    off = numbers[1] - numbers[0]
    return f", off by {'+' if off > 0 else ''}{shown_number(off)}"

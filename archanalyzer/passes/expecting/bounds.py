"""Bounds that a number is to keep: ``<= 5M``, ``10..20``, ``138M ± 1%``, ``{at_most: 5M, slack: 10%}``.

A bound is an interval with exact ends, open or closed, and maybe a budget's slack: how far from its end a number may
stay before the budget is out of date. What is found may itself be known only in part, as an interval.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from fractions import Fraction
from typing import Any, NamedTuple

from archanalyzer.graph import PartPath
from archanalyzer.graph.quantities import Quantities, number_of, taken_apart
from archanalyzer.passes.expecting.faults import impossible, require_known

ANY = "_"
"""The text that any value keeps."""

_ENDS = {"at_least": ">=", "more_than": ">", "at_most": "<=", "less_than": "<"}
KEYS = (*_ENDS, "about", "within", "slack")
"""The keys of a bound that is written as a map."""

_KEY_OF_SIGN = {sign: key for key, sign in _ENDS.items()}
_SIGNS = ("<", ">", "±", "+-", "..", "%")
_ONE_AN_AXIS = 'bounds for each axis stand in a list: `["<= 7", "<= 5"]`'
_FORMS = "`<= 7`, `< 7`, `>= 7`, `> 7`, `5..7`, `6 ± 1` or `6 ± 10%`"


class End(NamedTuple):
    """One end of a bound; ``open``: the value itself is outside. ``key`` is the word for it, such as ``at_most``."""

    value: Fraction
    open: bool
    key: str


class Between(NamedTuple):
    """A number that is known only to lie between two others, or, without one of them, to be at least or at most so."""

    low: Fraction | None
    high: Fraction | None


class Repair(NamedTuple):
    """The number to put in the place of one of a bound's: that at ``part``, a key of a map or, in a text, an index."""

    part: str | int
    value: Fraction


class Bound(NamedTuple):
    """An interval; ``middle`` where it is a number with a tolerance. ``slack``: see above, None without one.

    ``parts`` are the addresses of its numbers as written, by their words.
    """

    low: End | None
    high: End | None
    middle: Fraction | None
    slack: Fraction | None
    parts: Mapping[str, str | int]
    words: str

    def holds(self, *found: Fraction) -> bool:
        """Whether some numbers, one for each axis, say, all keep it; of a budget, the nearest to its end counts."""
        return all(map(self.encloses, found)) and not self.is_surpassed_by(self.nearest(found))

    def encloses(self, found: Fraction) -> bool:
        """Whether a number is between the ends, however far from them."""
        return not self._below(found) and not self._above(found)

    def nearest(self, found: Collection[Fraction]) -> Fraction:
        """Of some numbers, the one by which a budget is judged."""
        return max(found) if self.high is not None else min(found)

    def holds_all(self, found: Between) -> bool:
        """Whether every number that may be meant keeps the bound; a budget with slack needs to know which it is."""
        if self.slack is not None:
            return False
        low = self.low is None or (found.low is not None and not self._below(found.low))
        return low and (self.high is None or (found.high is not None and not self._above(found.high)))

    def is_surpassed_by(self, found: Fraction) -> bool:
        """Whether a number is so much better than its budget that this is out of date."""
        if self.slack is None:
            return False
        if self.high is not None:
            return found < self.high.value - self.slack
        return self.low is not None and found > self.low.value + self.slack

    def missed(self, found: Fraction) -> Fraction | None:
        """The number that what is found is to be compared with where it doesn't keep the bound."""
        if self.middle is not None:
            return self.middle
        end = self.low if self._below(found) or self.high is None else self.high
        return end.value if end else None

    def repaired(self, found: Collection[Fraction]) -> list[Repair] | None:
        """What to write so that some numbers, of which not all do, keep the bound; None where nothing mends it."""
        least, most = min(found), max(found)
        if self.middle is not None:
            return [Repair(self.parts["about"], least)] if least == most else None
        repairs = []
        for end, number in ((self.low, least), (self.high, most)):
            if end is None:
                continue
            wrong = self._below(number) if end is self.low else self._above(number)
            if wrong or (self.slack is not None and self.is_surpassed_by(number)):
                repairs.append(Repair(self.parts[end.key], _moved(end, number, lower=end is self.low)))
        return repairs or None

    def _below(self, found: Fraction) -> bool:
        return self.low is not None and (found < self.low.value or (self.low.open and found == self.low.value))

    def _above(self, found: Fraction) -> bool:
        return self.high is not None and (found > self.high.value or (self.high.open and found == self.high.value))


def _moved(end: End, number: Fraction, *, lower: bool) -> Fraction:
    """The value of an end that just keeps a number inside."""
    if not end.open:
        return number
    return Fraction(math.ceil(number) - 1 if lower else math.floor(number) + 1)


# --- As text


def is_bound_text(text: str) -> bool:
    """Whether a text is meant as a bound, well written or not."""
    return text == ANY or any(sign in text for sign in _SIGNS)


def bound_of_text(text: str, path: PartPath) -> Bound:
    """The bound that a text is.

    Raises:
        Fault: it is none, or nothing could keep it.
    """
    apart = taken_apart(text)
    if apart is None or apart.form in ("number", "share"):
        hint = _ONE_AN_AXIS if "[" in text else None
        raise impossible(f"expected a bound such as {_FORMS}, found `{text[:60]}`", path, hint)
    numbers = apart.numbers
    if apart.form == "compared":
        key = _KEY_OF_SIGN[apart.sign]
        return _checked(_bound_of({key: numbers[0]}, {key: 0}), path)
    if apart.form == "range":
        parts: dict[str, str | int] = {"at_least": 0, "at_most": 1}
        bound = _bound_of({"at_least": numbers[0], "at_most": numbers[1]}, parts)
        return _checked(bound._replace(words=f"{shown_number(numbers[0])} to {shown_number(numbers[1])}"), path)
    return _about(numbers[0], _Tolerance.of(apart), {"about": 0}, path)


class _Tolerance(NamedTuple):
    """So much, or such a share of what it stands beside."""

    number: Fraction
    in_percent: bool

    @classmethod
    def of(cls, apart: Quantities) -> _Tolerance:
        return cls(apart.numbers[-1], apart.in_percent)

    def around(self, number: Fraction) -> Fraction:
        return abs(number) * self.number / 100 if self.in_percent else self.number

    def __str__(self) -> str:
        return shown_number(self.number) + ("%" if self.in_percent else "")


def _about(middle: Fraction, within: _Tolerance, parts: Mapping[str, str | int], path: PartPath) -> Bound:
    if within.number < 0:
        raise impossible(f"expected a tolerance of 0 or more, found {within}", path)
    room = within.around(middle)
    low, high = End(middle - room, open=False, key="at_least"), End(middle + room, open=False, key="at_most")
    return Bound(low, high, middle, None, parts, f"{shown_number(middle)} ± {within}")


# --- As a map


def is_bound_map(value: Mapping[str, Any]) -> bool:
    """Whether a map is meant as a bound, well written or not."""
    return any(key in KEYS for key in value)


def bound_of_map(value: Mapping[str, Any], path: PartPath) -> Bound:
    """The bound that a map is.

    Raises:
        Fault: it is none, or nothing could keep it.
    """
    for key in value:
        require_known(key, KEYS, f"`{key[:60]}` is no key of a bound", "keys", path=(*path, key))
    if ("about" in value) != ("within" in value) or ("about" in value and len(value) > 2):
        hint = "for example `{about: 138M, within: 1%}`"
        raise impossible("expected `about` and `within`, and no other key beside them", path, hint)
    if "about" in value:
        within = _tolerance(value["within"], (*path, "within"))
        return _about(_plain_number(value["about"], (*path, "about")), within, {"about": "about"}, path)
    ends = {key: _plain_number(value[key], (*path, key)) for key in _ENDS if key in value}
    bound = _bound_of(ends, {key: key for key in ends}, path)
    if "slack" in value:
        bound = _with_slack(bound, _tolerance(value["slack"], (*path, "slack")), (*path, "slack"))
    return _checked(bound, path)


def _with_slack(bound: Bound, slack: _Tolerance, path: PartPath) -> Bound:
    if slack.number < 0:
        raise impossible(f"expected a slack of 0 or more, found {slack}", path)
    end = bound.high if bound.low is None else bound.low if bound.high is None else None
    if end is None or end.open:
        raise impossible(
            "expected a slack beside `at_most` or beside `at_least` alone",
            path,
            "it says from where on a budget is out of date; a second bound says that already",
        )
    return bound._replace(slack=slack.around(end.value), words=f"{bound.words} with a slack of {slack}")


def _plain_number(value: Any, path: PartPath) -> Fraction:
    number = number_of(value)
    if number is None:
        hint = _ONE_AN_AXIS if isinstance(value, list | tuple) else None
        raise impossible(f"expected a number, such as `5_000_000` or `5M`, found {_found(value)}", path, hint)
    return number


def _tolerance(value: Any, path: PartPath) -> _Tolerance:
    apart = taken_apart(value) if isinstance(value, str) else None
    if apart is not None and apart.form in ("number", "share"):
        return _Tolerance.of(apart)
    number = number_of(value)
    if number is None:
        raise impossible(f"expected a number or a share, such as `10%`, found {_found(value)}", path)
    return _Tolerance(number, in_percent=False)


def _found(value: Any) -> str:
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        return f"`{str(value)[:60]}`"
    return {type(None): "nothing", bool: f"`{str(value).lower()}`", list: "a list"}.get(type(value), "a map")


# --- Both


def _bound_of(ends: Mapping[str, Fraction], parts: Mapping[str, str | int], path: PartPath = ()) -> Bound:
    low = [End(ends[key], key == "more_than", key) for key in ("at_least", "more_than") if key in ends]
    high = [End(ends[key], key == "less_than", key) for key in ("at_most", "less_than") if key in ends]
    if len(low) > 1 or len(high) > 1 or not ends:
        what = "one bound on either side" if ends else "a bound beside the slack"
        raise impossible(f"expected {what}, found {len(ends)}", path)
    words = " and ".join(f"{end.key.replace('_', ' ')} {shown_number(end.value)}" for end in (*low, *high))
    return Bound(low[0] if low else None, high[0] if high else None, None, None, parts, words)


def _checked(bound: Bound, path: PartPath) -> Bound:
    low, high = bound.low, bound.high
    if low and high and (low.value > high.value or (low.value == high.value and (low.open or high.open))):
        hint = "write the smaller number first" if low.value > high.value else "a range of one number has both ends"
        raise impossible(f"no number is {bound.words}", path, hint)
    return bound


def shown_number(number: Fraction) -> str:
    """A number as a message tells it: thousands apart, as a decimal where it ends soon, else as ``p/q``."""
    if number.denominator == 1:
        return f"{number.numerator:,}"
    thousandths = number * 10_000
    return f"{float(number):,g}" if thousandths.denominator == 1 and abs(number) < 100 else str(number)

"""Numbers as a text writes them, and the bounds made of them: ``5_000_000``, ``138M``, ``<= 1.5Gi``, ``10..20``.

Who reads an expectation and who rewrites it must take one text for the same numbers, and so both look here. Numbers are
exact fractions; a unit is a factor: k, M, G are powers of 1000, Ki, Mi, Gi powers of 1024.
"""

from __future__ import annotations

import math
import re
from fractions import Fraction
from typing import Any, NamedTuple

UNITS = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "k": 10**3, "M": 10**6, "G": 10**9}

_DIGITS = "[0-9]+(?:_[0-9]+)*"
_NUMBER = rf"[-+]?(?:{_DIGITS}/{_DIGITS}|(?:{_DIGITS}(?:\.{_DIGITS})?|\.{_DIGITS})(?:{'|'.join(UNITS)})?)"
_FORMS = {
    "number": re.compile(rf"({_NUMBER})"),
    "share": re.compile(rf"({_NUMBER})\s*%"),
    "compared": re.compile(rf"(?:<=|>=|<|>)\s*({_NUMBER})"),
    "range": re.compile(rf"({_NUMBER})\s*\.\.\s*({_NUMBER})"),
    "about": re.compile(rf"({_NUMBER})\s*(?:±|\+-)\s*({_NUMBER})(\s*%)?"),
}
_MOST_CHARACTERS = 100
_MOST_PLACES = 3
"""Places behind the point up to which a number is still written with a unit."""


class Quantities(NamedTuple):
    """A text taken apart: its form, and where each of its numbers begins and ends.

    ``form`` is "number", "share" (``10%``), "compared" (``<= 7``), "range" (``10..20``) or "about" (``5 ± 1``).
    """

    text: str
    form: str
    spans: tuple[tuple[int, int], ...]

    @property
    def numbers(self) -> tuple[Fraction, ...]:
        return tuple(_number(self.text[start:end]) for start, end in self.spans)

    @property
    def sign(self) -> str:
        """What stands before the number of a comparison."""
        return self.text[: self.spans[0][0]].strip()

    @property
    def in_percent(self) -> bool:
        """Whether the last number is a share."""
        return self.text.endswith("%")

    def with_number(self, index: int, number: Fraction) -> str:
        """The text with another number in the place of one, which is written as that one is."""
        start, end = self.spans[index]
        return self.text[:start] + written(number, self.text[start:end]) + self.text[end:]


def taken_apart(text: str) -> Quantities | None:
    """The numbers of a text, or None where it is neither a number nor a bound."""
    if len(text) > _MOST_CHARACTERS:
        return None
    for form, pattern in _FORMS.items():
        match = pattern.fullmatch(text)
        if match is not None:
            groups = 2 if form in ("range", "about") else 1
            spans = tuple(match.span(group) for group in range(1, groups + 1))
            return Quantities(text, form, spans) if all(_has_value(text[slice(*span)]) for span in spans) else None
    return None


def number_of(value: Any) -> Fraction | None:
    """The number that a plain value is, a text such as ``138M`` or ``1/2`` included; None where it is none.

    A float is taken for the decimal that it is written as: 0.1 is a tenth.
    """
    if isinstance(value, str):
        apart = taken_apart(value)
        return apart.numbers[0] if apart is not None and apart.form == "number" else None
    if isinstance(value, bool):
        return None
    if isinstance(value, int | Fraction):
        return Fraction(value)
    return Fraction(repr(value)) if isinstance(value, float) and math.isfinite(value) else None


def _has_value(text: str) -> bool:
    return "/" not in text or text.partition("/")[2].strip("0_") != ""


def _number(text: str) -> Fraction:
    unit = _unit(text)
    return Fraction(text[: len(text) - len(unit)].replace("_", "")) * UNITS.get(unit, 1)


def _unit(text: str) -> str:
    return next((unit for unit in UNITS if text.endswith(unit)), "")


def written(number: Fraction, old: str) -> str:
    """A number written as ``old`` is, exactly: with its underscores, its unit, as a decimal or as ``p/q``.

    What takes too many places in the unit is written out, with underscores.
    """
    unit = _unit(old)
    if unit:
        decimal = _decimal(number / UNITS[unit], _MOST_PLACES)
        if decimal is not None:
            return (_with_underscores(decimal) if "_" in old else decimal) + unit
    decimal = None if "/" in old and number.denominator > 1 else _decimal(number, _MOST_CHARACTERS)
    if decimal is None:
        return str(number)
    return _with_underscores(decimal) if unit or "_" in old else decimal


def _decimal(number: Fraction, most_places: int) -> str | None:
    """A number as a decimal, None where it takes more places behind the point."""
    rest, places = number.denominator, 0
    while rest > 1 and places <= most_places:
        rest, places = rest // _common(rest), places + 1
    if rest > 1 or places > most_places:
        return None
    digits = str(abs(number.numerator) * 10**places // number.denominator).rjust(places + 1, "0")
    sign = "-" if number < 0 else ""
    return f"{sign}{digits[: len(digits) - places]}.{digits[-places:]}" if places else f"{sign}{digits}"


def _common(denominator: int) -> int:
    """The largest divisor of ten in a denominator; 1 where another factor is in it."""
    return next((factor for factor in (10, 5, 2) if denominator % factor == 0), 1)


def _with_underscores(decimal: str) -> str:
    whole, point, behind = decimal.partition(".")
    return f"{int(whole):_}{point}{behind}" if int(whole) else decimal

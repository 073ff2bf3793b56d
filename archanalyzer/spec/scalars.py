"""What a scalar means: the core schema of YAML 1.2, where `no` is text, with the ambiguous refused.

YAML 1.1, which most Python readers follow, takes `no` for false, `012` for ten, `12:30:45` for 45045 and `1e-3` for
text. Here text that does not look like a number is text, and a number whose reading has changed is an error.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, TypeAlias

from archanalyzer.diagnostics import Rule
from archanalyzer.diagnostics.rules.text import AMBIGUOUS_NUMBER, NOT_FINITE, NUMBER_TOO_LARGE
from archanalyzer.spec.limits import DEFAULT_LIMITS, Limits

if TYPE_CHECKING:
    from archanalyzer.spec.nodes import ScalarNode  # nodes.py asks this file what kind of value a scalar is

Scalar: TypeAlias = bool | int | float | str | None
Value: TypeAlias = bool | int | float | str | tuple["Value", ...] | None

NULLS = ("", "~", "null", "Null", "NULL")
"""Plain scalars that stand for nothing."""

_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(NULLS),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_BOOLEANS_OF_YAML_1_1 = {
    **dict.fromkeys(("y", "yes", "on"), "true"),
    **dict.fromkeys(("n", "no", "off"), "false"),
}
_NUMBER_BEGINS = frozenset("+-.0123456789")
_DIGITS = "[0-9]+(?:_[0-9]+)*"
INTEGER = re.compile(rf"[-+]?{_DIGITS}")
OTHER_BASE = re.compile("[-+]?0(?:x[0-9a-fA-F]+(?:_[0-9a-fA-F]+)*|o[0-7]+(?:_[0-7]+)*)")
FLOAT = re.compile(rf"[-+]?(?:\.{_DIGITS}|{_DIGITS}(?:\.(?:{_DIGITS})?)?)(?:[eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")


class ValueProblem(Exception):
    """What is wrong with a value, told without its place: who knows the place adds it."""

    def __init__(self, rule: Rule, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.rule = rule
        self.message = message
        self.hint = hint


def scalar_value(node: ScalarNode, limits: Limits = DEFAULT_LIMITS) -> Scalar:
    """The value that a scalar stands for; in quotes, it is text. An expression is text here, `=` included.

    Raises:
        ValueProblem: a number that can be read in two ways, is too large, or is not finite.
    """
    text = node.text
    if not node.plain:
        return text
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _NUMBER_BEGINS:
        return text
    return _number(text, limits)


def scalar_kind(node: ScalarNode) -> str:
    """What a message calls a scalar: "text", "a number", "true or false", "nothing" or "an expression"."""
    if node.text.startswith("="):
        return "an expression"
    try:
        value = scalar_value(node)
    except ValueProblem:
        return "a number"
    return value_kind(value)


def value_kind(value: Value) -> str:
    """What a message calls a value."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, str):
        return "text"
    return "a list" if isinstance(value, tuple) else "a number"


def boolean_hint(text: str) -> str | None:
    """A hint for one who wrote a boolean of YAML 1.1 where a boolean was expected; None for any other text."""
    meant = _BOOLEANS_OF_YAML_1_1.get(text.lower())
    return f"`{text}` is text in YAML 1.2; write `{meant}`" if meant else None


def shown(text: str, most: int = 60) -> str:
    """A piece of a spec as messages show it: on one line, in backquotes, shortened, control characters escaped."""
    line = " ".join(text[: 4 * most].split())
    if not line.isprintable():
        line = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in line)
    return f"`{line}`" if len(line) <= most else f"`{line[: most - 1]}…`"


def _number(text: str, limits: Limits) -> int | float | str:
    if INTEGER.fullmatch(text):
        _refuse_leading_zero(text)
        return _integer(text, 10, limits)
    if OTHER_BASE.fullmatch(text):
        return _integer(text, 0, limits)
    if FLOAT.fullmatch(text):
        return _float(text)
    if _NOT_FINITE.fullmatch(text):
        raise ValueProblem(NOT_FINITE, f"expected a finite number, found {shown(text)}")
    return text


def _refuse_leading_zero(text: str) -> None:
    digits = text.lstrip("+-")
    if len(digits) == 1 or digits[0] != "0":
        return
    sign, rest = text[: -len(digits)], digits.lstrip("0_") or "0"
    octal = f", or `{sign}0o{rest}` if it is octal" if rest != "0" and not set(rest) & set("89") else ""
    raise ValueProblem(
        AMBIGUOUS_NUMBER,
        f"expected a number without leading zeros, found {shown(text)}, which is octal in YAML 1.1 and decimal in 1.2",
        hint=f"write `{sign}{rest}`{octal}" if len(rest) <= 40 else None,
    )


def _integer(text: str, base: int, limits: Limits) -> int:
    # A number of n digits is 2 ** (n - 1) or more, so that one with too many digits need not be converted.
    if len(text.replace("_", "").lstrip("+-0xo")) <= limits.number.bit_length():
        value = int(text, base)
        if abs(value) <= limits.number:
            return value
    message = f"expected an integer between -{limits.number:,} and {limits.number:,}, found {shown(text)}"
    raise ValueProblem(NUMBER_TOO_LARGE, message)


def _float(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise ValueProblem(NUMBER_TOO_LARGE, f"expected a number below 1.8e308, found {shown(text)}")
    return value

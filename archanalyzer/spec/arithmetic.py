"""What expressions compute with: Python's numbers, kept real, finite and bounded."""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable
from typing import Any, NamedTuple

from archanalyzer.diagnostics.rules.expressions import (
    EXPRESSION_DIVIDES_BY_ZERO,
    EXPRESSION_NOT_REAL,
    EXPRESSION_TOO_LARGE,
    EXPRESSION_TYPE,
)
from archanalyzer.spec.scalars import Value, ValueProblem, shown, value_kind


def described(value: Value) -> str:
    """A value as messages name it: "text `wide`", "a list", "a number"."""
    return f"text {shown(value)}" if isinstance(value, str) else value_kind(value)


def number(value: Value, what: str) -> int | float:
    """``value`` as a number, true and false as 1 and 0.

    Raises:
        ValueProblem: it is none; ``what`` wanted one.
    """
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int | float):
        return value
    raise ValueProblem(EXPRESSION_TYPE, f"expected a number for {what}, found {described(value)}")


def bounded(compute: Callable[[], Any], largest: int) -> int | float:
    """What ``compute`` returns, if that is a real number and no integer beyond ``largest``.

    Raises:
        ValueProblem: it is not, or there is no such number.
    """
    try:
        result = compute()
    except ZeroDivisionError:
        raise ValueProblem(EXPRESSION_DIVIDES_BY_ZERO, "expected a divisor other than 0, found 0") from None
    except OverflowError:
        result = math.inf
    if isinstance(result, complex) or result != result:  # noqa: PLR0124 (only what is not a number differs from itself)
        raise ValueProblem(EXPRESSION_NOT_REAL, "expected a real number, found none for these operands")
    if isinstance(result, int) and abs(result) > largest:
        raise too_large(largest)
    if math.isinf(result):
        raise ValueProblem(EXPRESSION_TOO_LARGE, "expected a number below 1.8e308, found a larger one")
    return result  # type: ignore[no-any-return]


def too_large(largest: int) -> ValueProblem:
    message = f"expected integers between -{largest:,} and {largest:,}, found a larger one"
    return ValueProblem(EXPRESSION_TOO_LARGE, message)


def power(base: int | float, exponent: int | float, largest: int) -> Any:
    """``base ** exponent``.

    Raises:
        ValueProblem: an integer beyond ``largest``, known without computing it.
        ZeroDivisionError, OverflowError: as Python does.
    """
    integers = isinstance(base, int) and isinstance(exponent, int)
    # |base| >= 2 ** (bits - 1), and so |power| >= 2 ** ((bits - 1) * exponent).
    if integers and (int(base).bit_length() - 1) * exponent >= largest.bit_length():
        raise too_large(largest)
    return base**exponent


def divide(dividend: int | float, divisor: int | float, _: int) -> int | float:
    """The quotient, an integer where two integers divide exactly."""
    if isinstance(dividend, int) and isinstance(divisor, int) and dividend % divisor == 0:
        return dividend // divisor
    return dividend / divisor


class Operator(NamedTuple):
    """How messages write it, and what it makes of two numbers, given the largest integer there may be."""

    symbol: str
    apply: Callable[[Any, Any, int], Any]


OPERATORS: dict[type[ast.operator], Operator] = {
    ast.Add: Operator("+", lambda a, b, _: a + b),
    ast.Sub: Operator("-", lambda a, b, _: a - b),
    ast.Mult: Operator("*", lambda a, b, _: a * b),
    ast.Div: Operator("/", divide),
    ast.FloorDiv: Operator("//", lambda a, b, _: a // b),
    ast.Mod: Operator("%", lambda a, b, _: a % b),
    ast.Pow: Operator("**", power),
}
ORDERS: dict[type[ast.cmpop], Operator] = {
    ast.Lt: Operator("<", lambda a, b, _: a < b),
    ast.LtE: Operator("<=", lambda a, b, _: a <= b),
    ast.Gt: Operator(">", lambda a, b, _: a > b),
    ast.GtE: Operator(">=", lambda a, b, _: a >= b),
}
EQUALITIES: dict[type[ast.cmpop], Callable[[Value, Value], bool]] = {ast.Eq: operator.eq, ast.NotEq: operator.ne}


def _numbers(values: tuple[Value, ...], function: str) -> list[int | float]:
    """The operands of a function that takes a list, or two numbers and more."""
    items = values[0] if len(values) == 1 else values
    if not isinstance(items, tuple) or not items:
        found = "an empty list" if items == () else described(items)
        message = f"expected two or more numbers, or a list of them, for `{function}`, found {found}"
        raise ValueProblem(EXPRESSION_TYPE, message)
    return [number(item, f"`{function}`") for item in items]


def _list(values: tuple[Value, ...], function: str) -> tuple[Value, ...]:
    if not isinstance(values[0], tuple):
        raise ValueProblem(EXPRESSION_TYPE, f"expected a list for `{function}`, found {described(values[0])}")
    return values[0]


class Function(NamedTuple):
    """A function of expressions; ``most`` operands at most, or any number of them if that is 0."""

    most: int
    apply: Callable[[tuple[Value, ...]], Any]


FUNCTIONS: dict[str, Function] = {
    "min": Function(0, lambda values: min(_numbers(values, "min"))),
    "max": Function(0, lambda values: max(_numbers(values, "max"))),
    "abs": Function(1, lambda values: abs(number(values[0], "`abs`"))),
    "ceil": Function(1, lambda values: math.ceil(number(values[0], "`ceil`"))),
    "floor": Function(1, lambda values: math.floor(number(values[0], "`floor`"))),
    "len": Function(1, lambda values: len(_list(values, "len"))),
    "sum": Function(1, lambda values: sum(number(item, "`sum`") for item in _list(values, "sum"))),
}

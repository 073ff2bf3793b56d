"""Arithmetic as it is printed, read by a small parser of its own: what it comes to, however it came about."""

from __future__ import annotations

import ast
import math
import operator
import re
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from typing import Any

from archanalyzer.report.parts import Grid, Pairs, Part

_SIGNS = {"×": "*", "·": "*", "−": "-", "⌊": "floor(", "⌋": ")", "⌈": "ceil(", "⌉": ")"}
_CALLS: dict[str, Callable[..., Any]] = {"floor": math.floor, "ceil": math.ceil, "max": max}


def value_of(text: str) -> Fraction:
    """What an expression comes to; names in brackets behind factors are no part of it."""
    text = re.sub(r" \([a-z][^()]*\)", "", text)
    text = re.sub(r"(?<=\d),(?=\d{3}(?!\d))", "", text)
    for sign, meaning in _SIGNS.items():
        text = text.replace(sign, meaning)
    return _evaluated(ast.parse(text, mode="eval").body)


def latex_value_of(text: str) -> Fraction:
    """The same of an expression in LaTeX; what stands below a brace is no part of it."""
    text = re.sub(r"\\underbrace\{([\d{},]+)\}_\{\\text\{(?:[^{}]|\\[{}])*\}\}", r"\1", text)
    return value_of(text.replace("{,}", "").replace(r"\times", "*"))


_OPERATIONS: dict[type, Callable[..., Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


def _evaluated(node: ast.expr) -> Fraction:
    match node:
        case ast.Constant(value=int(number)):
            return Fraction(number)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_evaluated(operand)
        case ast.Call(func=ast.Name(id=name), args=arguments):
            return Fraction(_CALLS[name](*map(_evaluated, arguments)))
        case ast.BinOp(left=left, op=sign, right=right):
            return Fraction(_OPERATIONS[type(sign)](_evaluated(left), _evaluated(right)))
    raise ValueError(ast.dump(node))


def equations(texts: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Both sides of each text that has two."""
    for text in texts:
        left, equals, right = text.rpartition(" = ")
        if equals:
            yield left, right


def printed(parts: Iterable[Part]) -> Iterator[str]:
    """All cells and all that stands behind a name."""
    for part in parts:
        match part:
            case Pairs(pairs):
                yield from (text for _, text in pairs)
            case Grid(_, rows):
                yield from (cell for row in rows for cell in row.cells)

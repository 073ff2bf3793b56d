"""Hints for values that are not of the kind that was wanted, because they are written as elsewhere."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from types import MappingProxyType

from archanalyzer.diagnostics import SourceFile
from archanalyzer.spec.expressions import Budget, compile_expression
from archanalyzer.spec.limits import DEFAULT_LIMITS
from archanalyzer.spec.nodes import Node, ScalarNode
from archanalyzer.spec.scalars import Scalar, Value, ValueProblem, boolean_hint, scalar_value, shown

Accepts = Callable[[Value], bool]

_TUPLE = re.compile(r"\(\s*(\d+(?:\s*,\s*\d+)*)\s*,?\s*\)")
_TEMPLATE = re.compile(r"\$\{?\s*([^{}$]+?)\s*\}?")
_GROUPED = re.compile(r"[1-9]\d{0,2}(?:,\d{3})+")
_DECIMAL_COMMA = re.compile(r"\d+,\d+")
_LONGEST = 100
_NO_NAMES: Mapping[str, Value] = MappingProxyType({})
_NO_FILE = SourceFile("", "")


def _anything(_: Value) -> bool:
    return True


def kind_hint(
    node: Node, value: Value, *wanted: type, accepts: Accepts = _anything, names: Mapping[str, Value] = _NO_NAMES
) -> str | None:
    """A hint for one who wrote a value of a wanted kind, but so that it is none: ``"3"``, ``3.0`` or ``yes``.

    What it says to write instead is something that is accepted. ``names`` are those that expressions see.
    """
    if not isinstance(node, ScalarNode):
        return None
    if node.text.startswith("="):
        return "in place of a number, write `=1 if … else 0`" if isinstance(value, bool) else None
    if isinstance(value, float):
        whole = int in wanted and float not in wanted and value.is_integer() and abs(value) < 1e18
        return f"{shown(node.text, 40)} is a float; write `{int(value)}`" if whole and accepts(int(value)) else None
    if not isinstance(value, str) or len(value) > _LONGEST:
        return None
    return _plain_hint(value, wanted, accepts, names) if node.plain else _quoted_hint(node, wanted, accepts)


def _quoted_hint(node: ScalarNode, wanted: Collection[type], accepts: Accepts) -> str | None:
    value = _plain_value(node.text)
    good = value is not None and type(value) in wanted and accepts(value)
    return f"in quotes it is text; write {shown(node.text, 40)}" if good else None


def _plain_value(text: str) -> Scalar:
    """What a text stands for without quotes; None, too, where it stands for nothing sound."""
    with suppress(ValueProblem):
        return scalar_value(ScalarNode(_NO_FILE, 1, 1, 0, 0, text, plain=True))
    return None


def _plain_hint(text: str, wanted: Collection[type], accepts: Accepts, names: Mapping[str, Value]) -> str | None:
    if bool in wanted and (hint := boolean_hint(text)):
        return hint
    if text in ("None", "none", "nil") and accepts(None):
        return "write `null`, or leave it out"
    if listed := _TUPLE.fullmatch(text):
        items = tuple(int(item) for item in listed[1].split(","))
        return f"a list is written `[{', '.join(map(str, items))}]`" if accepts(items) else None
    if bool not in wanted and (hint := _comma_hint(text, wanted, accepts)):
        return hint
    number, hash_, _ = text.partition("#")
    if hash_ and type(value := _plain_value(number)) in wanted and accepts(value):
        return f"a comment needs a space before the `#`: `{number} #…`"
    template = _TEMPLATE.fullmatch(text)
    expression = template[1] if template else text
    result = _result(expression, names)
    is_meant = result is not None and accepts(result)
    return f"an expression begins with `=`: `={expression}`" if is_meant else None


def _comma_hint(text: str, wanted: Collection[type], accepts: Accepts) -> str | None:
    if float not in wanted and _GROUPED.fullmatch(text):
        number = text.replace(",", "")
        return f"a number has no commas: `{number}`" if accepts(int(number)) else None
    if float in wanted and _DECIMAL_COMMA.fullmatch(text):
        number = text.replace(",", ".")
        return f"a number has a point, no comma: `{number}`" if accepts(float(number)) else None
    return None


def _result(text: str, names: Mapping[str, Value]) -> Value:
    """What a text comes to if it is taken for an expression; None where it would be none, or names are missing."""
    if "#" in text:  # which begins a comment in Python
        return None
    with suppress(ValueProblem):
        expression = compile_expression(f"={text}", DEFAULT_LIMITS)
        if all(name in names for name in expression.names):
            return expression.evaluate(names, Budget(DEFAULT_LIMITS))
    return None

"""Expressions: arithmetic on numbers, names and lists that can neither run code nor run away.

Python's parser reads them, and nothing else of Python is used: what the tree may hold is listed here, and what each
part of it does is computed here, every number bounded.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, TypeAlias

from archanalyzer.diagnostics import did_you_mean
from archanalyzer.diagnostics.rules.expressions import (
    EXPRESSION_INDEX,
    EXPRESSION_NAME,
    EXPRESSION_SYNTAX,
    EXPRESSION_TOO_LARGE,
    EXPRESSION_TYPE,
)
from archanalyzer.spec.arithmetic import EQUALITIES, FUNCTIONS, OPERATORS, ORDERS, bounded, described, number
from archanalyzer.spec.limits import Limits
from archanalyzer.spec.scalars import Value, ValueProblem, shown

Names: TypeAlias = Mapping[str, Value]
_Step: TypeAlias = Callable[[Names], Value]

# Steps nest as calls of Python do, of which there may be a thousand in all.
_DEEPEST = 100
_CONSTANTS = {"true": True, "false": False}


class Expression:
    """An expression, ready to be evaluated: its ``text`` with the ``=``, and the ``names`` that it may ask for."""

    __slots__ = ("_step", "names", "text")

    def __init__(self, text: str, names: frozenset[str], step: _Step) -> None:
        self.text = text
        self.names = names
        self._step = step

    def evaluate(self, names: Names) -> Value:
        """The value, with the values of ``names``.

        Raises:
            ValueProblem: it has none.
        """
        try:
            return self._step(names)
        except ValueProblem as problem:
            raise ValueProblem(problem.rule, f"{shown(self.text)}: {problem.message}", problem.hint) from None


@lru_cache(maxsize=4096)
def compile_expression(text: str, limits: Limits) -> Expression:
    """The expression that ``text`` holds after its ``=``.

    Raises:
        ValueProblem: it is none, or a part of it is not allowed.
    """
    compiler = _Compiler(limits)
    try:
        step = compiler.step(_parse(text, limits), depth=1)
    except ValueProblem as problem:
        raise ValueProblem(problem.rule, f"{shown(text)}: {problem.message}", problem.hint) from None
    return Expression(text, frozenset(compiler.names), step)


def _parse(text: str, limits: Limits) -> ast.expr:
    if len(text) > limits.expression_characters:
        message = f"expected at most {limits.expression_characters:,} characters, found {len(text):,}"
        raise ValueProblem(EXPRESSION_TOO_LARGE, message)
    line = " ".join(text.removeprefix("=").splitlines()).strip()
    if not line:
        raise ValueProblem(EXPRESSION_SYNTAX, "expected an expression after `=`, found nothing")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of Python's, about what it will no longer accept
            return ast.parse(line, mode="eval").body
    except (RecursionError, MemoryError):
        raise _nests_too_deep() from None
    except (SyntaxError, ValueError):  # ValueError: a NUL, or a surrogate
        raise ValueProblem(EXPRESSION_SYNTAX, "this is not an expression", _syntax_hint(line)) from None


def _syntax_hint(line: str) -> str | None:
    if any(mark in line for mark in ("&&", "||", "!")):
        return "write `and`, `or`, `not`"
    if "?" in line:
        return "write `a if condition else b`"
    opened, closed = (sum(map(line.count, marks)) for marks in ("([{", ")]}"))
    if opened != closed:
        return "a bracket is not closed" if opened > closed else "a bracket is closed that was not opened"
    return None


def _nests_too_deep() -> ValueProblem:
    return ValueProblem(EXPRESSION_TOO_LARGE, f"expected at most {_DEEPEST} levels, found more")


class _Compiler:
    """Makes of each part of a tree a step, a function from the names' values to the part's value."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.names: set[str] = set()

    def step(self, node: ast.expr, depth: int) -> _Step:
        """The step of ``node``.

        Raises:
            ValueProblem: the node, or one below it, is not part of the language.
        """
        if depth > _DEEPEST:
            raise _nests_too_deep()
        compile_node = _NODES.get(type(node))
        if compile_node is None:
            raise _not_allowed(node)
        return compile_node(self, node, depth + 1)

    def steps(self, nodes: list[ast.expr], depth: int) -> list[_Step]:
        return [self.step(node, depth) for node in nodes]

    def constant(self, node: ast.Constant, _: int) -> _Step:
        value = node.value
        if isinstance(value, str):
            raise ValueProblem(EXPRESSION_SYNTAX, f"text can only be compared, found {shown(repr(value))}")
        if not isinstance(value, int | float):
            raise _not_allowed(node)
        bounded(lambda: value, self.limits.number)
        return lambda _: value

    def name(self, node: ast.Name, _: int) -> _Step:
        name = node.id
        if name in _CONSTANTS:
            value = _CONSTANTS[name]
            return lambda _: value
        self.names.add(name)

        def look_up(names: Names) -> Value:
            try:
                return names[name]
            except KeyError:
                hint = did_you_mean(name, list(names), "names")
                raise ValueProblem(EXPRESSION_NAME, f"there is no `{name}` here", hint) from None

        return look_up

    def unary(self, node: ast.UnaryOp, depth: int) -> _Step:
        operand = self.step(node.operand, depth)
        if isinstance(node.op, ast.Not):
            return lambda names: not _truth(operand(names))
        if isinstance(node.op, ast.USub):
            return lambda names: -number(operand(names), "`-`")
        if isinstance(node.op, ast.UAdd):
            return lambda names: number(operand(names), "`+`")
        raise _not_allowed(node)

    def binary(self, node: ast.BinOp, depth: int) -> _Step:
        if type(node.op) not in OPERATORS:
            raise _not_allowed(node)
        symbol, apply = OPERATORS[type(node.op)]
        what = f"`{symbol}`"
        left, right = self.steps([node.left, node.right], depth)
        largest = self.limits.number

        def compute(names: Names) -> Value:
            a, b = number(left(names), what), number(right(names), what)
            return bounded(lambda: apply(a, b, largest), largest)

        return compute

    def boolean(self, node: ast.BoolOp, depth: int) -> _Step:
        steps = self.steps(node.values, depth)
        stop_at = isinstance(node.op, ast.Or)

        def compute(names: Names) -> Value:
            value: Value = None
            for step in steps:
                value = step(names)
                if _truth(value) is stop_at:
                    break
            return value

        return compute

    def compare(self, node: ast.Compare, depth: int) -> _Step:
        operators = [self._comparison(node, kind) for kind in node.ops]
        steps = [self._compared(operand, depth) for operand in (node.left, *node.comparators)]

        def compute(names: Names) -> Value:
            left = steps[0](names)
            for holds, step in zip(operators, steps[1:], strict=True):
                right = step(names)
                if not holds(left, right):
                    return False
                left = right
            return True

        return compute

    def _comparison(self, node: ast.Compare, kind: ast.cmpop) -> Callable[[Value, Value], bool]:
        if type(kind) in EQUALITIES:
            return EQUALITIES[type(kind)]
        if type(kind) not in ORDERS:
            raise _not_allowed(node)
        symbol, apply = ORDERS[type(kind)]
        what = f"`{symbol}`"
        return lambda a, b: bool(apply(number(a, what), number(b, what), 0))

    def _compared(self, node: ast.expr, depth: int) -> _Step:
        """An operand of a comparison: the one place for a text."""
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = node.value
            return lambda _: text
        return self.step(node, depth)

    def conditional(self, node: ast.IfExp, depth: int) -> _Step:
        condition, then, otherwise = self.steps([node.test, node.body, node.orelse], depth)
        return lambda names: then(names) if _truth(condition(names)) else otherwise(names)

    def call(self, node: ast.Call, depth: int) -> _Step:
        if not isinstance(node.func, ast.Name) or node.keywords:
            raise _not_allowed(node)
        name = node.func.id
        if name not in FUNCTIONS:
            hint = did_you_mean(name, list(FUNCTIONS), "functions")
            raise ValueProblem(EXPRESSION_NAME, f"there is no function `{name}`", hint)
        most, apply = FUNCTIONS[name]
        if not node.args or (most and len(node.args) > most):
            wanted = "one operand" if most else "one operand or more"
            raise ValueProblem(EXPRESSION_SYNTAX, f"expected {wanted} for `{name}`, found {len(node.args)}")
        steps = self.steps(node.args, depth)
        largest = self.limits.number
        return lambda names: bounded(lambda: apply(tuple([step(names) for step in steps])), largest)

    def list(self, node: ast.List, depth: int) -> _Step:
        steps = self.steps(node.elts, depth)
        limits = self.limits
        return lambda names: _bounded_list(tuple([step(names) for step in steps]), limits)

    def subscript(self, node: ast.Subscript, depth: int) -> _Step:
        items, index = self.steps([node.value, node.slice], depth)
        return lambda names: _item(items(names), index(names))


_NODES: dict[type[ast.expr], Callable[[_Compiler, Any, int], _Step]] = {
    ast.Constant: _Compiler.constant,
    ast.Name: _Compiler.name,
    ast.UnaryOp: _Compiler.unary,
    ast.BinOp: _Compiler.binary,
    ast.BoolOp: _Compiler.boolean,
    ast.Compare: _Compiler.compare,
    ast.IfExp: _Compiler.conditional,
    ast.Call: _Compiler.call,
    ast.List: _Compiler.list,
    ast.Subscript: _Compiler.subscript,
}
_INSTEAD: dict[type[ast.AST], str] = {
    ast.Tuple: "a list is written in `[]`",
    ast.BitXor: "the power is written `**`",
    ast.BitAnd: "write `and`",
    ast.BitOr: "write `or`",
}


def _not_allowed(node: ast.expr) -> ValueProblem:
    kind = type(node.op) if isinstance(node, ast.BinOp) else type(node)
    try:
        found = shown(ast.unparse(node), 30)
    except (RecursionError, ValueError):
        found = "something else"
    return ValueProblem(EXPRESSION_SYNTAX, f"expected arithmetic, found {found}", _INSTEAD.get(kind))


def _truth(value: Value) -> bool:
    if isinstance(value, int | float):
        return bool(value)
    raise ValueProblem(EXPRESSION_TYPE, f"expected a condition, found {described(value)}")


def _item(items: Value, index: Value) -> Value:
    if not isinstance(items, tuple):
        raise ValueProblem(EXPRESSION_TYPE, f"expected a list before `[`, found {described(items)}")
    if not isinstance(index, int):
        found = f"{index}" if isinstance(index, float) else described(index)
        raise ValueProblem(EXPRESSION_TYPE, f"expected an integer in `[]`, found {found}")
    if -len(items) <= index < len(items):
        return items[index]
    has = f"an index from {-len(items):,} to {len(items) - 1:,}" if items else "a list with items"
    raise ValueProblem(EXPRESSION_INDEX, f"expected {has}, found {f'{index:,}' if items else 'an empty list'}")


def _bounded_list(items: tuple[Value, ...], limits: Limits) -> tuple[Value, ...]:
    """``items``, if they and those of the lists inside are few: lists of lists would double at every variable."""
    count = 0
    open_lists = [(items, 1)]
    while open_lists:
        inner, depth = open_lists.pop()
        count += len(inner)
        if count > limits.list_items or depth > limits.nesting:
            bounds = f"{limits.list_items:,} items in {limits.nesting} levels"
            raise ValueProblem(EXPRESSION_TOO_LARGE, f"expected a list of at most {bounds}, found a larger one")
        open_lists.extend((item, depth + 1) for item in inner if isinstance(item, tuple))
    return items

"""Expressions: arithmetic on numbers, names and lists that can neither run code nor run away.

Python's parser reads them, and nothing else of Python is used: what the tree may hold is listed here, and what each
part of it does is computed here, every number bounded.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeAlias

from archanalyzer.diagnostics import did_you_mean
from archanalyzer.diagnostics.rules.expressions import (
    EXPRESSION_INDEX,
    EXPRESSION_NAME,
    EXPRESSION_SYNTAX,
    EXPRESSION_TOO_LARGE,
    EXPRESSION_TYPE,
    TOO_MUCH_ARITHMETIC,
)
from archanalyzer.spec.arithmetic import EQUALITIES, FUNCTIONS, OPERATORS, ORDERS, bounded, described, number
from archanalyzer.spec.limits import Limits, raised_by
from archanalyzer.spec.scalars import Value, ValueProblem, shown

Names: TypeAlias = Mapping[str, Value]

# Steps nest as calls of Python do, of which there may be a thousand in all.
_DEEPEST = 100
_COMPILING = 100
"""Steps that it takes to compile an expression, beside one for each character; each is about half a µs."""
_COMPUTING, _LOOKING_UP, _FAILING = 5, 10, 100
"""Steps that it takes to apply an operator, to look up a name, and to tell what is wrong."""
_MOST_HINTS, _MOST_HINTED = 20, 200
"""How often similar names are looked for, which takes its time, and among how many."""
_QUOTED = re.compile("'[^']*'|\"[^\"]*\"")
_CONSTANTS = {"true": True, "false": False}


class Budget:
    """How many more steps the expressions of a spec may take, and how many more hints are given."""

    __slots__ = ("_hints", "_most", "left")

    def __init__(self, limits: Limits) -> None:
        self.left = self._most = limits.arithmetic
        self._hints = _MOST_HINTS

    @property
    def is_spent(self) -> bool:
        return self.left < 0

    def gives_hint(self) -> bool:
        """Whether there is one more hint to be given, which is then taken away."""
        self._hints -= 1
        return self._hints >= 0

    def spend(self, steps: int) -> None:
        """Takes away some steps.

        Raises:
            ValueProblem: there are not so many left.
        """
        self.left -= steps
        if self.left < 0:
            message = f"expected at most {self._most:,} steps for all expressions together, found more"
            hint = f"long lists, repeats and blocks multiply; {raised_by('arithmetic')}"
            raise ValueProblem(TOO_MUCH_ARITHMETIC, message, hint)


class _Scope(NamedTuple):
    """What a step sees: the names' values, and the steps left."""

    names: Names
    budget: Budget


_Step: TypeAlias = Callable[[_Scope], Value]


class Expression:
    """An expression, ready to be evaluated: its ``text`` with the ``=``, and the ``names`` that it may ask for."""

    __slots__ = ("_cost", "_step", "names", "text")

    def __init__(self, text: str, names: frozenset[str], step: _Step, cost: int) -> None:
        self.text = text
        self.names = names
        self._step = step
        self._cost = cost

    def evaluate(self, names: Names, budget: Budget) -> Value:
        """The value, with the values of ``names``.

        Raises:
            ValueProblem: it has none, or the ``budget`` is spent.
        """
        try:
            budget.spend(self._cost)
            return self._step(_Scope(names, budget))
        except ValueProblem as problem:
            raise ValueProblem(problem.rule, f"{shown(self.text)}: {problem.message}", problem.hint) from None


class Expressions:
    """The expressions of one spec: each is compiled once, and what all of them take together is bounded."""

    def __init__(self, limits: Limits) -> None:
        self.budget = Budget(limits)
        self._limits = limits
        self._compiled: dict[str, Expression] = {}

    def evaluate(self, text: str, names: Names) -> Value:
        """The value of the expression that ``text`` holds.

        Raises:
            ValueProblem: it has none, or the steps of all expressions are spent.
        """
        expression = self._compiled.get(text)
        try:
            if expression is None:
                self.budget.spend(_COMPILING + len(text))
                expression = self._compiled[text] = compile_expression(text, self._limits)
            return expression.evaluate(names, self.budget)
        except ValueProblem:
            self.budget.left -= _FAILING
            raise


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
    return Expression(text, frozenset(compiler.names), step, compiler.cost)


def _parse(text: str, limits: Limits) -> ast.expr:
    if len(text) > limits.expression_characters:
        message = f"expected at most {limits.expression_characters:,} characters, found {len(text):,}"
        raise ValueProblem(EXPRESSION_TOO_LARGE, message, raised_by("expression_characters"))
    line = " ".join(text.removeprefix("=").splitlines()).strip()
    if not line:
        raise ValueProblem(EXPRESSION_SYNTAX, "expected an expression after `=`, found nothing")
    if _bracket_levels(line) > _DEEPEST:
        raise _nests_too_deep()
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
    if "?" in line or (" if " in line and " else " not in line):
        return "write `a if condition else b`"
    opened, closed = (sum(map(line.count, marks)) for marks in ("([{", ")]}"))
    if opened != closed:
        return "a bracket is not closed" if opened > closed else "a bracket is closed that was not opened"
    return None


def _bracket_levels(line: str) -> int:
    """How deep brackets stand in each other, those without a meaning too, of which Python takes 200."""
    level = deepest = 0
    for character in _QUOTED.sub("", line):
        level += (character in "([{") - (character in ")]}")
        deepest = max(deepest, level)
    return deepest


def _nests_too_deep() -> ValueProblem:
    message = f"expected at most {_DEEPEST} levels of brackets and operators, found more"
    return ValueProblem(EXPRESSION_TOO_LARGE, message)


class _Compiler:
    """Makes of each part of a tree a step, a function from the names' values to the part's value."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.names: set[str] = set()
        self.cost = _COMPUTING

    def step(self, node: ast.expr, depth: int) -> _Step:
        """The step of ``node``.

        Raises:
            ValueProblem: the node, or one below it, is not part of the language.
        """
        if depth > _DEEPEST:
            raise _nests_too_deep()
        self.cost += 1 if isinstance(node, ast.Constant) else _COMPUTING
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
        self.cost += _LOOKING_UP - _COMPUTING
        most = self.limits.list_items

        def look_up(scope: _Scope) -> Value:
            try:
                value = scope.names[name]
            except KeyError:
                hint = (
                    did_you_mean(name, list(scope.names)[:_MOST_HINTED], "names") if scope.budget.gives_hint() else None
                )
                raise ValueProblem(EXPRESSION_NAME, f"there is no `{name}` here", hint) from None
            return _short(value, most) if isinstance(value, tuple) else value

        return look_up

    def unary(self, node: ast.UnaryOp, depth: int) -> _Step:
        operand = self.step(node.operand, depth)
        if isinstance(node.op, ast.Not):
            return lambda scope: not _truth(operand(scope))
        if isinstance(node.op, ast.USub):
            return lambda scope: -number(operand(scope), "`-`")
        if isinstance(node.op, ast.UAdd):
            return lambda scope: number(operand(scope), "`+`")
        raise _not_allowed(node)

    def binary(self, node: ast.BinOp, depth: int) -> _Step:
        if type(node.op) not in OPERATORS:
            raise _not_allowed(node)
        symbol, apply = OPERATORS[type(node.op)]
        what = f"`{symbol}`"
        left, right = self.steps([node.left, node.right], depth)
        largest = self.limits.number

        def compute(scope: _Scope) -> Value:
            a, b = number(left(scope), what), number(right(scope), what)
            return bounded(lambda: apply(a, b, largest), largest)

        return compute

    def boolean(self, node: ast.BoolOp, depth: int) -> _Step:
        steps = self.steps(node.values, depth)
        stop_at = isinstance(node.op, ast.Or)

        def compute(scope: _Scope) -> Value:
            value: Value = None
            for step in steps:
                value = step(scope)
                if _truth(value) is stop_at:
                    break
            return value

        return compute

    def compare(self, node: ast.Compare, depth: int) -> _Step:
        limits = self.limits
        operators = [self._comparison(node, kind) for kind in node.ops]
        steps = [self._compared(operand, depth) for operand in (node.left, *node.comparators)]

        def compute(scope: _Scope) -> Value:
            left = steps[0](scope)
            for holds, step in zip(operators, steps[1:], strict=True):
                right = step(scope)
                if isinstance(left, tuple) and isinstance(right, tuple):
                    scope.budget.spend(_number_of_items(left, limits))
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
        return lambda scope: then(scope) if _truth(condition(scope)) else otherwise(scope)

    def call(self, node: ast.Call, depth: int) -> _Step:
        if not isinstance(node.func, ast.Name) or node.keywords:
            raise _not_allowed(node)
        name = node.func.id
        if name not in FUNCTIONS:
            hint = _INSTEAD_OF_FUNCTIONS.get(name) or did_you_mean(name, list(FUNCTIONS), "functions")
            raise ValueProblem(EXPRESSION_NAME, f"there is no function `{name}`", hint)
        most, apply = FUNCTIONS[name]
        if not node.args or (most and len(node.args) > most):
            wanted = "one operand" if most else "one operand or more"
            raise ValueProblem(EXPRESSION_SYNTAX, f"expected {wanted} for `{name}`, found {len(node.args)}")
        steps = self.steps(node.args, depth)
        largest = self.limits.number

        def compute(scope: _Scope) -> Value:
            values = tuple([step(scope) for step in steps])
            scope.budget.spend(sum(len(value) for value in values if isinstance(value, tuple)))
            return bounded(lambda: apply(values), largest)

        return compute

    def list(self, node: ast.List, depth: int) -> _Step:
        steps = self.steps(node.elts, depth)
        limits = self.limits

        def compute(scope: _Scope) -> Value:
            items = tuple([step(scope) for step in steps])
            scope.budget.spend(_number_of_items(items, limits))
            return items

        return compute

    def subscript(self, node: ast.Subscript, depth: int) -> _Step:
        items, index = self.steps([node.value, node.slice], depth)
        most = self.limits.list_items

        def compute(scope: _Scope) -> Value:
            value = _item(items(scope), index(scope))
            return _short(value, most) if isinstance(value, tuple) else value

        return compute


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
_INSTEAD_OF_FUNCTIONS = {
    **dict.fromkeys(("int", "trunc", "round"), "`floor` rounds down, `ceil` up"),
    "sqrt": "write `x ** 0.5`",
    "pow": "the power is written `**`",
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


def _short(items: tuple[Value, ...], most: int) -> tuple[Value, ...]:
    if len(items) > most:
        message = f"expected a list of at most {most:,} items, found one of {len(items):,}"
        raise ValueProblem(EXPRESSION_TOO_LARGE, message, raised_by("list_items"))
    return items


def _number_of_items(items: tuple[Value, ...], limits: Limits) -> int:
    """How many items there are with those of the lists inside: lists of lists would double at every variable.

    Raises:
        ValueProblem: there are more than the limit.
    """
    count = 0
    open_lists = [(items, 1)]
    while open_lists:
        inner, depth = open_lists.pop()
        count += len(inner)
        if count > limits.list_items or depth > limits.nesting:
            bounds = f"{limits.list_items:,} items in {limits.nesting} levels"
            message = f"expected a list of at most {bounds}, found a larger one"
            hint = raised_by("nesting" if depth > limits.nesting else "list_items")
            raise ValueProblem(EXPRESSION_TOO_LARGE, message, hint)
        open_lists.extend((item, depth + 1) for item in inner if isinstance(item, tuple))
    return count

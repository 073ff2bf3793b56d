"""Expressions: what they give, what they refuse, and that nothing in them can run away."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from archanalyzer.spec.expressions import Budget, Expressions, compile_expression
from archanalyzer.spec.limits import DEFAULT_LIMITS, Limits, raised_by
from archanalyzer.spec.scalars import Value, ValueProblem

NAMES: dict[str, Value] = {"a": 3, "zero": 0, "sizes": (4, 8), "mode": "wide", "none": None, "flag": True}


def evaluate(text: str, limits: Limits = DEFAULT_LIMITS) -> Value:
    return Expressions(limits).evaluate(text, NAMES)


def refusal(text: str, limits: Limits = DEFAULT_LIMITS) -> str:
    with pytest.raises(ValueProblem) as caught:
        evaluate(text, limits)
    problem = caught.value
    return f"{problem.rule.code}: {problem.message}" + (f" ({problem.hint})" if problem.hint else "")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("=3", 3),
        ("= a ", 3),
        ("=a\n+ 1\n", 4),
        ("=mode", "wide"),
        ("=sizes", (4, 8)),
        ("=none", None),
        ("=true", True),
        ("=128/2", 64),
        ("=-7/7", -1),
        ("=7/2", 3.5),
        ("=4.0/2", 2.0),
        ("=7//2", 3),
        ("=-7 % 3", 2),
        ("=2**10", 1024),
        ("=2**-1", 0.5),
        ("=2**62", 2**62),
        ("=(-1)**1000000", 1),
        ("=flag + 1", 2),
        ("=-flag", -1),
        ("=+flag", 1),
        ("=1 < a <= 3 != 4", True),
        ("=1 < 0 < 1/0", False),
        ("=mode == 'wide'", True),
        ("=mode != \"wide\"", False),
        ("=mode == 3", False),
        ("=sizes == [4, 8]", True),
        ("=zero and 1/0", 0),
        ("=a or 1/0", 3),
        ("=not zero", True),
        ("=a if mode == 'narrow' else 2 * a", 6),
        ("=1 if flag else 1/0", 1),
        ("=min(a, 2)", 2),
        ("=max(sizes)", 8),
        ("=max([a])", 3),
        ("=abs(-a)", 3),
        ("=ceil(7/2) + floor(-0.5)", 3),
        ("=len(sizes) + sum(sizes) + sum([])", 14),
        ("=[a, [1], sizes]", (3, (1,), (4, 8))),
        ("=sizes[0] + sizes[-1]", 12),
        ("=[[1, 2], [3]][0][flag]", 2),
    ],
)  # fmt: skip
def test_values(text: str, value: Value) -> None:
    found = evaluate(text)
    assert found == value
    assert type(found) is type(value)


_NUMBERS = "expected two or more numbers, or a list of them,"
_BETWEEN = f"expected integers between -{2**63 - 1:,} and {2**63 - 1:,}, found a larger one"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("=", "expression-syntax: `=`: expected an expression after `=`, found nothing"),
        ("=a +", "expression-syntax: `=a +`: this is not an expression"),
        ("=(a", "expression-syntax: `=(a`: this is not an expression (a bracket is not closed)"),
        ("=a)", "expression-syntax: `=a)`: this is not an expression (a bracket is closed that was not opened)"),
        ("=a && b", "expression-syntax: `=a && b`: this is not an expression (write `and`, `or`, `not`)"),
        ("=a ? 1 : 2", "expression-syntax: `=a ? 1 : 2`: this is not an expression (write `a if condition else b`)"),
        ("=a ^ 2", "expression-syntax: `=a ^ 2`: expected arithmetic, found `a ^ 2` (the power is written `**`)"),
        ("=1, 2", "expression-syntax: `=1, 2`: expected arithmetic, found `(1, 2)` (a list is written in `[]`)"),
        ("='x'", "expression-syntax: `='x'`: text can only be compared, found `'x'`"),
        ("=max()", "expression-syntax: `=max()`: expected one operand or more for `max`, found 0"),
        ("=len(a, a)", "expression-syntax: `=len(a, a)`: expected one operand for `len`, found 2"),
        ("=a.real", "expression-syntax: `=a.real`: expected arithmetic, found `a.real`"),
        ("=size", "expression-name: `=size`: there is no `size` here (did you mean `sizes`?)"),
        ("=maxx(a)", "expression-name: `=maxx(a)`: there is no function `maxx` (did you mean `max`?)"),
        ("=mode + 1", "expression-type: `=mode + 1`: expected a number for `+`, found text `wide`"),
        ("=2 * sizes", "expression-type: `=2 * sizes`: expected a number for `*`, found a list"),
        ("=-none", "expression-type: `=-none`: expected a number for `-`, found nothing"),
        ("=mode < 'x'", "expression-type: `=mode < 'x'`: expected a number for `<`, found text `wide`"),
        ("=not mode", "expression-type: `=not mode`: expected a condition, found text `wide`"),
        ("=max(sizes, 3)", "expression-type: `=max(sizes, 3)`: expected a number for `max`, found a list"),
        ("=max(a)", f"expression-type: `=max(a)`: {_NUMBERS} for `max`, found a number"),
        ("=min([])", f"expression-type: `=min([])`: {_NUMBERS} for `min`, found an empty list"),
        ("=len(mode)", "expression-type: `=len(mode)`: expected a list for `len`, found text `wide`"),
        ("=a[0]", "expression-type: `=a[0]`: expected a list before `[`, found a number"),
        ("=sizes[0.0]", "expression-type: `=sizes[0.0]`: expected an integer in `[]`, found 0.0"),
        ("=sizes[2]", "expression-index: `=sizes[2]`: expected an index from -2 to 1, found 2"),
        ("=[][0]", "expression-index: `=[][0]`: expected a list with items, found an empty list"),
        ("=a / zero", "expression-divides-by-zero: `=a / zero`: expected a divisor other than 0, found 0"),
        ("=a // 0.0", "expression-divides-by-zero: `=a // 0.0`: expected a divisor other than 0, found 0"),
        ("=a % 0", "expression-divides-by-zero: `=a % 0`: expected a divisor other than 0, found 0"),
        ("=zero ** -1", "expression-divides-by-zero: `=zero ** -1`: expected a divisor other than 0, found 0"),
        ("=(-8)**0.5", "expression-not-real: `=(-8)**0.5`: expected a real number, found none for these operands"),
        ("=9**9**9", f"expression-too-large: `=9**9**9`: {_BETWEEN}"),
        ("=2**63", f"expression-too-large: `=2**63`: {_BETWEEN}"),
        ("=9223372036854775807 + 1", f"expression-too-large: `=9223372036854775807 + 1`: {_BETWEEN}"),
        ("=10000000000000000000", f"expression-too-large: `=10000000000000000000`: {_BETWEEN}"),
        ("=ceil(1e300)", f"expression-too-large: `=ceil(1e300)`: {_BETWEEN}"),
        ("=1e999", "expression-too-large: `=1e999`: expected a number below 1.8e308, found a larger one"),
        ("=1e308 * 10", "expression-too-large: `=1e308 * 10`: expected a number below 1.8e308, found a larger one"),
        ("=10.0 ** 400", "expression-too-large: `=10.0 ** 400`: expected a number below 1.8e308, found a larger one"),
        ("=[0] * 10**9", "expression-type: `=[0] * 10**9`: expected a number for `*`, found a list"),
    ],
)  # fmt: skip
def test_refusals(text: str, expected: str) -> None:
    assert refusal(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('x')", "().__class__", "lambda: 1", "[x for x in sizes]", "{x: 1 for x in sizes}",
        "max(*sizes)", "max(a, 2, key=a)", "a.b()", "(max)(a)[0].x", "sizes[0:1]", "{1}", "{1: 2}", "f'{a}'", "b'x'",
        "1j", "...", "None", "(b := 1)", "a in sizes", "a is a", "~a", "a << 1", "a @ a", "a | a", "yield", "await a",
        "a; a", "a = 1", "import os", "print(a)", "eval('1')", "open('x')", "\0", "\ud800", "'a' + 'b'", "['x']",
    ],
)  # fmt: skip
def test_nothing_else_of_python_is_an_expression(text: str) -> None:
    with pytest.raises(ValueProblem) as caught:
        Expressions(DEFAULT_LIMITS).evaluate(f"={text}", NAMES)
    assert caught.value.rule.code in {"expression-syntax", "expression-name"}


def test_expressions_are_bounded_in_length_and_depth() -> None:
    assert refusal("=" + "1+" * 300 + "1").endswith(
        f"expected at most 500 characters, found 602 ({raised_by('expression_characters')})"
    )
    deep = "expected at most 100 levels of brackets and operators, found more"
    assert refusal("=" + "+".join("1" * 102)).endswith(deep)
    assert refusal("=" + "-" * 490 + "1").endswith(deep)
    assert refusal("=" + "[" * 120 + "]" * 120).endswith(deep)
    assert evaluate("=" + "+".join("1" * 100)) == 100
    assert evaluate("=" + "(" * 100 + "1" + ")" * 100) == 1
    assert refusal("=" + "(" * 101 + "1" + ")" * 101).endswith(deep)
    assert refusal("=" + "(" * 249 + "1" + ")" * 249).endswith(deep)
    assert evaluate("='" + "(" * 101 + "' == mode") is False


def test_lists_are_bounded_with_all_that_they_hold() -> None:
    few = Limits(list_items=6, nesting=3)
    bound = "expected a list of at most 6 items in 3 levels, found a larger one"
    assert evaluate("=[sizes, sizes]", few) == ((4, 8), (4, 8))
    assert (
        refusal("=[sizes, sizes, 1]", few)
        == f"expression-too-large: `=[sizes, sizes, 1]`: {bound} ({raised_by('list_items')})"
    )
    assert refusal("=[[[[1]]]]", few).endswith(f"{bound} ({raised_by('nesting')})")


def test_lists_of_lists_do_not_double_for_ever() -> None:
    pair = compile_expression("=[x, x]", DEFAULT_LIMITS)
    doubled: Value = (0,)
    for _ in range(11):
        doubled = pair.evaluate({"x": doubled}, Budget(DEFAULT_LIMITS))
    with pytest.raises(ValueProblem, match="at most 10,000 items"):
        pair.evaluate({"x": doubled}, Budget(DEFAULT_LIMITS))


def test_an_expression_knows_its_names() -> None:
    expression = compile_expression("=a + max(b, c[d]) if true else e", DEFAULT_LIMITS)
    assert expression.names == {"a", "b", "c", "d", "e"}


def test_lists_of_the_file_are_bounded_where_an_expression_uses_them() -> None:
    few = Limits(list_items=2)
    assert evaluate("=sum(sizes)", few) == 12
    found = "expected a list of at most 1 items, found one of 2"
    told = f"expression-too-large: `=len(sizes)`: {found} ({raised_by('list_items')})"
    assert refusal("=len(sizes)", Limits(list_items=1)) == told
    nested = Expressions(Limits(list_items=1))
    with pytest.raises(ValueProblem, match=found):
        nested.evaluate("=a[0]", {"a": ((1, 2),)})


TOO_MUCH = "expected at most 1,000 steps for all expressions together, found more"


@pytest.mark.parametrize("text", ["=sum(a)", "=max(a)", "=a == b", "=a + 1 if 0 else 1", "=[1, 2] == [1, 2]", "=c * c"])
def test_what_all_expressions_take_together_is_bounded(text: str) -> None:
    names: dict[str, Value] = {"a": (1,) * 50, "b": (1,) * 50, "c": 1}
    expressions = Expressions(Limits(arithmetic=1000))

    def over_and_over() -> None:
        for _ in range(500):
            expressions.evaluate(text, names)

    with pytest.raises(ValueProblem) as caught:
        over_and_over()
    assert caught.value.rule.code == "too-much-arithmetic"
    assert caught.value.message == f"`{text}`: {TOO_MUCH}"
    assert expressions.budget.is_spent


def test_compiling_takes_steps_once() -> None:
    expressions = Expressions(DEFAULT_LIMITS)
    left = [expressions.budget.left for _ in range(3) if expressions.evaluate("=1 + 1", {}) == 2]
    assert left[0] - left[1] == left[1] - left[2] < DEFAULT_LIMITS.arithmetic - left[0]


def test_without_names_the_hint_says_so() -> None:
    with pytest.raises(ValueProblem) as caught:
        Expressions(DEFAULT_LIMITS).evaluate("=width", {})
    assert caught.value.hint == "there are no names here"


NUMBERS = st.integers(-20, 20).map(str) | st.sampled_from(["x", "y", "0.5", "2.25"])


def _combined(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    operators = st.sampled_from(["+", "-", "*", "/", "//", "%", "**", "<", "<=", "==", "!=", ">", "and", "or"])
    binary = st.tuples(inner, operators, inner).map(lambda parts: f"({' '.join(parts)})")
    calls = st.tuples(st.sampled_from(["min", "max"]), inner, inner).map(lambda p: f"{p[0]}({p[1]}, {p[2]})")
    unary = st.tuples(st.sampled_from(["-", "not ", "+"]), inner).map(lambda parts: f"({parts[0]}{parts[1]})")
    choice = st.tuples(inner, inner, inner).map(lambda p: f"({p[0]} if {p[1]} else {p[2]})")
    return binary | calls | unary | choice


@given(st.recursive(NUMBERS, _combined, max_leaves=8), st.integers(-9, 9), st.integers(-9, 9))
def test_expressions_agree_with_python(text: str, x: int, y: int) -> None:
    try:
        found = Expressions(DEFAULT_LIMITS).evaluate(f"={text}", {"x": x, "y": y})
    except ValueProblem as problem:
        assume(problem.rule.code == "expression-divides-by-zero")
        with pytest.raises(ZeroDivisionError):
            eval(text, {"x": x, "y": y, "min": min, "max": max})  # noqa: S307 (the text is made above)
        return
    expected: Any = eval(text, {"x": x, "y": y, "min": min, "max": max})  # noqa: S307
    assert isinstance(found, int | float)
    assert found == expected or math.isclose(found, expected, rel_tol=1e-12)


ALPHABET = st.sampled_from("axmin0129.eEjx_+-*/%<>=!&|^~()[]{},:'\"\\#@; \n")


@given(st.text(ALPHABET, max_size=40) | st.text(max_size=20))
def test_any_text_gives_a_value_or_a_problem(text: str) -> None:
    try:
        value: Any = Expressions(DEFAULT_LIMITS).evaluate(f"={text}", NAMES)
    except ValueProblem as problem:
        value = problem.message
    assert value is None or isinstance(value, bool | int | float | str | tuple)

"""What a scalar stands for: YAML 1.2's core schema, the ambiguous refused."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archanalyzer.diagnostics import SourceFile
from archanalyzer.spec.limits import Limits
from archanalyzer.spec.nodes import ScalarNode
from archanalyzer.spec.scalars import ValueProblem, boolean_hint, scalar_value, shown


def scalar(text: str, *, plain: bool = True) -> ScalarNode:
    return ScalarNode(SourceFile("x", text), 1, 1, 0, len(text), text, plain)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("~", None),
        ("null", None),
        ("NULL", None),
        ("true", True),
        ("True", True),
        ("FALSE", False),
        ("0", 0),
        ("-0", 0),
        ("+7", 7),
        ("1_000_000", 1_000_000),
        ("0x1F", 31),
        ("-0o17", -15),
        ("0x0", 0),
        ("9223372036854775807", 2**63 - 1),
        ("-9223372036854775807", 1 - 2**63),
        ("0.5", 0.5),
        (".5", 0.5),
        ("-1.", -1.0),
        ("1e3", 1000.0),
        ("1e-3", 0.001),
        ("1_0.5E+1", 105.0),
        ("0.0", 0.0),
        # Text, though YAML 1.1 or Python would make a number or a boolean of it.
        ("no", "no"),
        ("Yes", "Yes"),
        ("on", "on"),
        ("tRue", "tRue"),
        ("12:30:45", "12:30:45"),
        ("2001-13-45", "2001-13-45"),
        ("0b11", "0b11"),
        ("1__0", "1__0"),
        ("_1", "_1"),
        ("1_", "1_"),
        ("0x", "0x"),
        ("0o8", "0o8"),
        ("1e", "1e"),
        (".", "."),
        ("-", "-"),
        ("1.2.3", "1.2.3"),
        ("--1", "--1"),
        ("٣", "٣"),
        ("inf", "inf"),
        ("=012", "=012"),
    ],
)
def test_plain_scalars(text: str, value: object) -> None:
    found = scalar_value(scalar(text))
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize("text", ["", "null", "true", "1", "012", ".nan", "9" * 30])
def test_in_quotes_everything_is_text(text: str) -> None:
    assert scalar_value(scalar(text, plain=False)) == text


_LARGEST = "9,223,372,036,854,775,807"
_OCTAL = ", which is octal in YAML 1.1 and decimal in 1.2"


@pytest.mark.parametrize(
    ("text", "rule", "message", "hint"),
    [
        ("012", "ambiguous-number", f"expected a number without leading zeros, found `012`{_OCTAL}",
         "write `12`, or `0o12` if it is octal"),
        ("-0_12", "ambiguous-number", f"expected a number without leading zeros, found `-0_12`{_OCTAL}",
         "write `-12`, or `-0o12` if it is octal"),
        ("08", "ambiguous-number", f"expected a number without leading zeros, found `08`{_OCTAL}", "write `8`"),
        ("00", "ambiguous-number", f"expected a number without leading zeros, found `00`{_OCTAL}", "write `0`"),
        ("9223372036854775808", "number-too-large",
         f"expected an integer between -{_LARGEST} and {_LARGEST}, found `9223372036854775808`", None),
        ("0x" + "f" * 99, "number-too-large",
         f"expected an integer between -{_LARGEST} and {_LARGEST}, found `0x{'f' * 57}…`", None),
        ("1e999", "number-too-large", "expected a number below 1.8e308, found `1e999`", None),
        (".nan", "not-finite", "expected a finite number, found `.nan`", None),
        ("-.inf", "not-finite", "expected a finite number, found `-.inf`", None),
    ],
)  # fmt: skip
def test_numbers_that_are_refused(text: str, rule: str, message: str, hint: str | None) -> None:
    with pytest.raises(ValueProblem) as caught:
        scalar_value(scalar(text))
    problem = caught.value
    assert (problem.rule.code, problem.message, problem.hint) == (rule, message, hint)


@pytest.mark.parametrize("digits", ["9" * 5_000, "0x" + "9" * 1_000_000, "1" + "_0" * 1_000_000, "0" + "1" * 5_000])
def test_numbers_of_many_digits_are_refused_unread(digits: str) -> None:
    with pytest.raises(ValueProblem) as caught:
        scalar_value(scalar(digits))
    assert len(caught.value.message) < 300


def test_the_largest_number_is_a_limit() -> None:
    assert scalar_value(scalar("100"), Limits(number=100)) == 100
    with pytest.raises(ValueProblem):
        scalar_value(scalar("101"), Limits(number=100))


@pytest.mark.parametrize(
    ("node", "kind"),
    [
        (scalar("no"), "text"),
        (scalar("1", plain=False), "text"),
        (scalar("1"), "a number"),
        (scalar("012"), "a number"),
        (scalar("~"), "nothing"),
        (scalar("true"), "true or false"),
        (scalar("=a", plain=False), "an expression"),
    ],
)
def test_kinds(node: ScalarNode, kind: str) -> None:
    assert node.kind == kind


def test_hints_for_booleans_of_yaml_1_1() -> None:
    assert boolean_hint("no") == "`no` is text in YAML 1.2; write `false`"
    assert boolean_hint("On") == "`On` is text in YAML 1.2; write `true`"
    assert boolean_hint("maybe") is None


def test_what_is_shown_is_short_and_printable() -> None:
    assert shown("a\n  b") == "`a b`"
    assert shown("x" * 100, 10) == "`xxxxxxxxx…`"
    assert shown("\x1b[31m\0") == r"`\x1b[31m\x00`"


@given(st.integers(-(2**63) + 1, 2**63 - 1))
def test_integers_in_every_base(value: int) -> None:
    sign, digits = "-" * (value < 0), abs(value)
    for text in (str(value), f"{sign}0x{digits:x}", f"{sign}0o{digits:o}", f"{sign}{digits:_}"):
        assert scalar_value(scalar(text)) == value


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_floats_as_python_writes_them(value: float) -> None:
    assert scalar_value(scalar(repr(value))) == value


@given(st.text(alphabet="0123456789+-._eExXoO:nula~= ") | st.text())
def test_any_text_is_a_value_or_refused(text: str) -> None:
    try:
        value: Any = scalar_value(scalar(text))
    except ValueProblem as problem:
        value = problem.message
    assert value is None or isinstance(value, str | int | float)

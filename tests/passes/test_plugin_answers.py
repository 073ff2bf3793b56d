"""A plugin's pass at fault is told once, by its name; everything else is known."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from archanalyzer import Column, Graph, Kind, Plugin, Rollup, Total, analysis
from archanalyzer.diagnostics import Diagnostic, Rule, Severity
from archanalyzer.diagnostics.rules.layers import WRONG_RANK
from archanalyzer.passes.analyzing import Analyzed, analyze
from archanalyzer.plugins import admitted
from archanalyzer.spec import parse_spec

SPEC = "archspec: 1\ninputs: {x: [3]}\nlayers:\n  - dense: 2\n  - relu\n"


class Answer(NamedTuple):
    value: Any


class Other(NamedTuple):
    value: Any


def analyzed(*parts: Any) -> Analyzed:
    with admitted(Plugin("mine", 1, passes=parts)):
        return analyze(parse_spec(SPEC))


def answering(
    value: Any, kind: Kind = Kind.COUNT, rollup: Rollup = Rollup.NONE, run: Callable[..., Any] | None = None
) -> Any:
    def ask(graph: Graph) -> Answer:
        return Answer(value)

    columns = [Column("mine", "mine", "Mine.", lambda answer: answer.value, kind, rollup)]
    return analysis("asking", columns=columns)(run or ask)


def faults(found: Analyzed) -> list[str]:
    """What is told; everything else is known all the same."""
    assert found.facts.total("parameters").amount.value == 8  # 3 × 2 weights, 2 biases
    assert found.network_is_sound
    assert {each.rule.code for each in found.diagnostics} <= {"plugin-failed"}
    return [each.message for each in found.diagnostics]


# --- Passes


def test_one_that_raises() -> None:
    def ask(graph: Graph) -> Answer:
        raise KeyError("x")

    found = analyzed(answering(0, run=ask))
    assert faults(found) == ["pass `asking` of plugin `mine` raised KeyError: 'x'"]
    assert found.facts.values("mine") == [None, None, None]
    (diagnostic,) = found.diagnostics
    assert diagnostic.source is not None
    assert Path(diagnostic.source.file.name).samefile(__file__)
    assert 'raise KeyError("x")' in diagnostic.source.file.line(diagnostic.source.line)


@pytest.mark.parametrize("error", [SystemExit(1), RecursionError(), ValueError("a\nb")])
def test_whatever_it_raises(error: BaseException) -> None:
    def ask(graph: Graph) -> Answer:
        raise error

    (message,) = faults(analyzed(answering(0, run=ask)))
    assert "\n" not in message
    assert f"raised {type(error).__name__}" in message


def test_an_interruption_is_none_of_its_faults() -> None:
    def ask(graph: Graph) -> Answer:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        analyzed(answering(0, run=ask))


def test_one_that_needs_another_at_fault_is_not_told_again() -> None:
    def ask(graph: Graph) -> Answer:
        raise KeyError("x")

    def other(answer: Answer) -> Other:
        return Other(answer.value)

    column = Column("other", "other", "Other.", lambda other: other.value)
    found = analyzed(answering(0, run=ask), analysis("other", columns=[column])(other))
    assert faults(found) == ["pass `asking` of plugin `mine` raised KeyError: 'x'"]
    assert found.facts.values("other") == [None] * 3


def test_a_result_of_another_type() -> None:
    def ask(graph: Graph) -> Answer:
        return 3  # type: ignore[return-value]

    (message,) = faults(analyzed(answering(0, run=ask)))
    assert message == "pass `asking` of plugin `mine`: expected a Answer, as its annotation says, found 3 (int)"


@pytest.mark.parametrize(
    ("value", "kind", "told"),
    [
        ([1, 2], Kind.COUNT, "expected a list of 3 values, one a layer, found 2 values"),
        (3, Kind.COUNT, "expected a list of 3 values, one a layer, found 3 (int)"),
        ([1, "2", 3], Kind.COUNT, "expected a whole number from 0, as a value of kind COUNT, found '2' (str)"),
        ([1, 2.5, 3], Kind.COUNT, "found 2.5 (float)"),
        ([1, -2, 3], Kind.COUNT, "found -2 (int)"),
        ([1, -2, 3], Kind.BYTES, "found -2 (int)"),
        ([1, 10**5000, 3], Kind.COUNT, "found a number too long to be shown (int)"),
        ([1, 10**400, 3], Kind.REAL, "expected a finite int or float"),
        ([1, -(10**5000), 3], Kind.DATA, "expected plain data"),
        (["a", "\ud800", "b"], Kind.DATA, "found '\\ud800' (str)"),
        ([{}, {"\udfff": 1}, {}], Kind.DATA, "expected plain data"),
        ([1, True, 3], Kind.COUNT, "found True (bool)"),
        ([1, np.int64(2), 3], Kind.COUNT, "found np.int64(2) (int64)"),
        ([1, float("nan"), 3], Kind.REAL, "found nan (float)"),
        ([1, 1.5, 3], Kind.BYTES, "expected a whole number from 0, as a value of kind BYTES, found 1.5 (float)"),
        (
            [[1], [2.5], [3]],
            Kind.SHAPE,
            "expected a list of whole numbers from 0, as a value of kind SHAPE, found [2.5]",
        ),
        (["1/2", "1/0", "3"], Kind.FRACTION, "found '1/0' (str)"),
        ([1, Fraction(1, 2), 3], Kind.FRACTION, "found Fraction(1, 2) (Fraction)"),
        ([1, {2: 3}, 3], Kind.DATA, "expected plain data"),
        ([[], [{"size": 3}], []], Kind.FIELD, "expected a list of maps with axis, input"),
    ],
)
def test_values_that_are_not_what_was_said(value: Any, kind: Kind, told: str) -> None:
    (message,) = faults(analyzed(answering(value, kind)))
    assert message.startswith("pass `asking` of plugin `mine`, column `mine`: ")
    assert told in message


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ([0, 10**400, None], Kind.COUNT),
        ((1, 2, 3), Kind.BYTES),
        ([1, -2.5, None], Kind.REAL),
        ([[1], [2, 3], []], Kind.SHAPE),
        (["1/2", 3, ["1/2", None]], Kind.FRACTION),
        ([None, {"a": [1, "b", True]}, "text"], Kind.DATA),
    ],
)
def test_values_that_are(value: Any, kind: Kind) -> None:
    found = analyzed(answering(value, kind))
    assert faults(found) == []
    assert found.facts.values("mine") == value


def test_a_total_that_raises_or_is_none() -> None:
    def ask(graph: Graph) -> Answer:
        return Answer(0)

    for value, told in ((lambda answer: 1 // 0, "raised ZeroDivisionError"), (lambda answer: "x", "found 'x' (str)")):
        found = analyzed(analysis("asking", totals=[Total("mine", "mine", "Mine.", value)])(ask))
        (message,) = faults(found)
        assert told in message
        assert found.facts.total("mine").amount.value is None


def test_diagnostics_that_are_none() -> None:
    def ask(graph: Graph) -> Answer:
        return Answer(0)

    (message,) = faults(analyzed(analysis("asking", diagnostics=lambda answer: ["x"])(ask)))  # type: ignore[arg-type, return-value]
    assert message.startswith("pass `asking` of plugin `mine`, diagnostics: expected a tuple of `Diagnostic`")


OWN = Rule("my-rule", "it is mine", why="It need not be.", severity=Severity.WARNING)
SOUND: Any = Diagnostic(WRONG_RANK, "told")


@pytest.mark.parametrize(
    ("found", "told"),
    [
        (SOUND._replace(message=3), "`message`: expected a text, found 3 (int)"),
        (SOUND._replace(message="\udfff"), "`message`: expected a text, found '\\udfff' (str)"),
        (SOUND._replace(source="here"), "`source`: expected a `Source`, or None, found 'here' (str)"),
        (SOUND._replace(hint=b"try"), "`hint`: expected a text, or None, found b'try' (bytes)"),
        (SOUND._replace(trail=3), "`trail`: expected a `BlockUse`, or None, found 3 (int)"),
        (SOUND._replace(notes=("x",)), "`notes`: expected a tuple of `Note`, found ('x',) (tuple)"),
        (
            SOUND._replace(rule="my-rule"),
            "`rule`: expected one of the plugin's `rules`, or of the built-in ones, found",
        ),
        (
            SOUND._replace(rule=OWN),
            "`rule`: expected one of the plugin's `rules`, or of the built-in ones, found Rule(",
        ),
        (SOUND._replace(rule=WRONG_RANK._replace(why="other")), "`rule`: expected one of the plugin's `rules`, or of"),
    ],
)
def test_diagnostics_whose_fields_are_wrong(found: Any, told: str) -> None:
    def ask(graph: Graph) -> Answer:
        return Answer(0)

    (message,) = faults(analyzed(analysis("asking", diagnostics=lambda answer: (found,))(ask)))
    assert message.startswith(f"pass `asking` of plugin `mine`, diagnostics, {told}")


def test_a_rule_of_its_own_is_known_where_the_plugin_names_it() -> None:
    def ask(graph: Graph) -> Answer:
        return Answer(0)

    warning = analysis("asking", diagnostics=lambda answer: (SOUND._replace(rule=OWN),))(ask)
    with admitted(Plugin("mine", 1, passes=[warning], rules=[OWN])):
        assert [each.rule for each in analyze(parse_spec(SPEC)).diagnostics] == [OWN]

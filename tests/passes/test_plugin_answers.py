"""A plugin's pass or layer type at fault is told once, by its name; everything else is known."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import numpy as np
import pytest
from pydantic import field_validator

from archanalyzer import Column, Graph, Kind, Op, Plugin, Rollup, TensorType, Total, analysis
from archanalyzer.graph import Misfit, Types
from archanalyzer.passes.analyzing import Analyzed, analyze
from archanalyzer.plugins.admitting import admitted
from archanalyzer.spec import parse_spec

SPEC = "archspec: 1\ninputs: {x: [3]}\nlayers:\n  - dense: 2\n  - relu\n"


class Answer(NamedTuple):
    value: Any


class Other(NamedTuple):
    value: Any


def analyzed(*parts: Any, text: str = SPEC, ops: tuple[type[Op], ...] = ()) -> Analyzed:
    with admitted(Plugin("mine", 1, passes=parts, ops=ops)) as some:
        assert some.diagnostics == []
        return analyze(parse_spec(text))


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
        ([1, "2", 3], Kind.COUNT, "expected a finite int or float, as a value of kind COUNT, found '2' (str)"),
        ([1, True, 3], Kind.COUNT, "found True (bool)"),
        ([1, np.int64(2), 3], Kind.COUNT, "found np.int64(2) (int64)"),
        ([1, float("nan"), 3], Kind.REAL, "found nan (float)"),
        ([1, 1.5, 3], Kind.BYTES, "expected an int, as a value of kind BYTES, found 1.5 (float)"),
        ([[1], [2.5], [3]], Kind.SHAPE, "expected a list of ints, as a value of kind SHAPE, found [2.5] (list)"),
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
        ([1, 2.5, None], Kind.COUNT),
        ((1, 2, 3), Kind.BYTES),
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


# --- Layer types


class Faulty(Op):
    """At fault in one of its methods."""

    name = "faulty"
    broken: ClassVar[dict[str, Any]] = {}

    def output_type(self, inputs: Types) -> TensorType:
        output: TensorType = self._or("output_type", inputs[0])
        return output

    def weights(self, inputs: Types) -> Any:
        return self._or("weights", ())

    def arithmetic(self, inputs: Types, output: TensorType) -> Any:
        return self._or("arithmetic", None)

    def readings(self, inputs: Types, output: TensorType) -> Any:
        return self._or("readings", None)

    def kept(self, inputs: Types, output: TensorType) -> Any:
        return self._or("kept", None)

    def _or(self, method: str, sound: Any) -> Any:
        answer = self.broken.get(method, sound)
        return answer() if callable(answer) else answer


WITH_FAULTY = (
    "archspec: 1\ninputs: {x: [3]}\noutputs: [faulty, dense_2]\n"
    "layers:\n  - dense: 2\n  - faulty\n  - dense: 2\n    from: x\n"
)


def divide() -> Any:
    return 1 // 0


@pytest.mark.parametrize("method", ["output_type", "weights", "arithmetic", "readings", "kept"])
@pytest.mark.parametrize("answer", [divide, 3, [3]])
def test_a_layer_type_at_fault_makes_its_layers_unsound_and_no_others(
    method: str, answer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Faulty, "broken", {method: answer})
    found = analyzed(text=WITH_FAULTY, ops=(Faulty,))
    (diagnostic,) = found.diagnostics
    assert diagnostic.rule.code == "plugin-failed"
    assert diagnostic.message.startswith("`faulty` (faulty): layer type `faulty` of plugin `mine`")
    assert diagnostic.source is not None
    assert (diagnostic.source.line, diagnostic.source.column) == (6, 5)
    assert [layer.name for layer in found.graph.layers] == ["x", "dense", "dense_2"]


def test_a_misfit_is_told_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    from archanalyzer.diagnostics.rules.layers import WRONG_RANK

    def misfit() -> Any:
        raise Misfit(WRONG_RANK, "expected something else", "try")

    monkeypatch.setattr(Faulty, "broken", {"output_type": misfit})
    (diagnostic,) = analyzed(text=WITH_FAULTY, ops=(Faulty,)).diagnostics
    assert (diagnostic.rule, diagnostic.message) == (WRONG_RANK, "`faulty` (faulty): expected something else")
    assert diagnostic.hint == "try"


def test_a_validator_that_raises_is_told_at_its_layer() -> None:
    class Validated(Op):
        """With a validator at fault."""

        name = "faulty"
        number: int = 1

        @field_validator("number")
        @classmethod
        def _checked(cls, value: int) -> int:
            return value // 0

        def output_type(self, inputs: Types) -> TensorType:
            return inputs[0]

    text = WITH_FAULTY.replace("- faulty", "- faulty: {number: 2}")
    (diagnostic,) = analyzed(text=text, ops=(Validated,)).diagnostics
    assert diagnostic.rule.code == "plugin-failed"
    assert "raised ZeroDivisionError" in diagnostic.message
    assert str(diagnostic.source).endswith(":6:5")

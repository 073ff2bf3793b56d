"""A plugin's layer type at fault makes its layers unsound, and no others."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest
from pydantic import field_validator

from archanalyzer import Op, Plugin, TensorType
from archanalyzer.diagnostics import Rule
from archanalyzer.diagnostics.rules.layers import WRONG_RANK
from archanalyzer.graph import (
    Arithmetic,
    Count,
    Digit,
    IrregularWindow,
    Kept,
    Misfit,
    Rearranged,
    Role,
    Types,
    Weight,
    WholeAxis,
    Window,
    count,
)
from archanalyzer.passes.analyzing import Analyzed, analyze
from archanalyzer.plugins import admitted
from archanalyzer.spec import parse_spec


def analyzed(op: type[Op], text: str) -> Analyzed:
    with admitted(Plugin("mine", 1, ops=[op])):
        return analyze(parse_spec(text))


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


OWN = Rule("my-rule", "it is mine", why="It need not be.")


def divide() -> Any:
    return 1 // 0


@pytest.mark.parametrize("method", ["output_type", "weights", "arithmetic", "readings", "kept"])
@pytest.mark.parametrize("answer", [divide, 3, [3]])
def test_a_layer_type_at_fault_makes_its_layers_unsound_and_no_others(
    method: str, answer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Faulty, "broken", {method: answer})
    found = analyzed(Faulty, WITH_FAULTY)
    (diagnostic,) = found.diagnostics
    assert diagnostic.rule.code == "plugin-failed"
    assert diagnostic.message.startswith("`faulty` (faulty): layer type `faulty` of plugin `mine`")
    assert diagnostic.source is not None
    assert (diagnostic.source.line, diagnostic.source.column) == (6, 5)
    assert [layer.name for layer in found.graph.layers] == ["x", "dense", "dense_2"]


WEIGHT: Any = Weight("weight", (2, 3))
MACS = count("products", units=2)


@pytest.mark.parametrize(
    ("method", "answer", "told"),
    [
        ("output_type", TensorType((0,)), "output_type: expected a `TensorType` of whole numbers from 1, found"),
        ("output_type", TensorType([3]), "output_type: expected a `TensorType` of whole numbers from 1, found"),  # type: ignore[arg-type]
        ("output_type", TensorType((10**5000,)), "output_type: expected a `TensorType` of whole numbers from 1, found"),
        (
            "weights",
            (WEIGHT._replace(shape=(0, 3)),),
            "weight 'weight' (str): expected a shape of whole numbers from 1",
        ),
        (
            "weights",
            (WEIGHT._replace(shape=(True,)),),
            "weight 'weight' (str): expected a shape of whole numbers from 1",
        ),
        (
            "weights",
            (WEIGHT._replace(shape=[2, 3]),),
            "weight 'weight' (str): expected a shape of whole numbers from 1",
        ),
        (
            "weights",
            (WEIGHT._replace(shape=(10**3000,) * 2),),
            "weight 'weight' (str): expected a shape of whole numbers",
        ),
        ("weights", (WEIGHT._replace(name=""),), "weights: expected names that are texts, found '' (str)"),
        ("weights", (WEIGHT._replace(role="weight"),), "weight 'weight' (str): expected a `Role`"),
        ("weights", (WEIGHT._replace(filters=-1),), "weight 'weight' (str): expected a `Role`, and as filters a whole"),
        (
            "weights",
            (WEIGHT._replace(initial="0"),),
            "weight 'weight' (str), initial: expected a finite number, or None",
        ),
        ("weights", (WEIGHT._replace(fan_shape=(0,)),), "weight 'weight' (str), fan_shape: expected a shape of whole"),
        (
            "weights",
            (WEIGHT, WEIGHT),
            "weights: expected a name of its own for each, found ['weight', 'weight'] (list)",
        ),
        ("arithmetic", Arithmetic(macs=MACS), "arithmetic, macs: expected a tuple of `Count`, found Count("),  # type: ignore[arg-type]
        ("arithmetic", Arithmetic((count("products", units=-1),)), "arithmetic, macs: expected named factors that are"),
        ("arithmetic", Arithmetic((), (count("sums", units=1.5),)), "arithmetic, operations: expected named factors"),  # type: ignore[arg-type]
        ("arithmetic", Arithmetic((Count("products", (3,)),)), "arithmetic, macs: expected named factors that are"),  # type: ignore[arg-type]
        ("kept", Kept(inputs=1), "kept: expected a `Kept` of True, False and whole numbers from 0, or None"),  # type: ignore[arg-type]
        ("kept", Kept(extra_bytes=-8), "kept: expected a `Kept` of True, False and whole numbers from 0, or None"),
        ("readings", ((Window(1),),), "readings: expected one reading for every axis of every input, or None"),
        ("readings", ((Window(0, stride=1.5),),), "readings: expected one reading for every axis of every input"),  # type: ignore[arg-type]
        ("readings", ((Window(0, upsampling=0),),), "readings: expected one reading for every axis of every input"),
        ("readings", ((Digit(0, 0, 3),),), "readings: expected one reading for every axis of every input, or None"),
        ("readings", ((IrregularWindow(0, 3),),), "readings: expected one reading for every axis of every input"),  # type: ignore[arg-type]
        ("readings", ((Rearranged(axes=(1,)),),), "readings: expected one reading for every axis of every input"),
    ],
)
def test_what_a_layer_type_answers_is_looked_through(
    method: str, answer: Any, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Faulty, "broken", {method: answer})
    (diagnostic,) = analyzed(Faulty, WITH_FAULTY).diagnostics
    assert diagnostic.rule.code == "plugin-failed"
    assert diagnostic.message.startswith(f"`faulty` (faulty): layer type `faulty` of plugin `mine`, {told}")


@pytest.mark.parametrize(
    ("method", "answer"),
    [
        ("weights", (WEIGHT, WEIGHT._replace(name="bias", role=Role.BIAS, initial=0.5))),
        ("arithmetic", Arithmetic((MACS,), (count("sums", units=0),))),
        ("kept", Kept(inputs=True, extra_elements=3)),
        ("readings", ((Window(0, offset=-1, count=3),),)),
        ("readings", ((Digit(0, 1, 3),),)),
        ("readings", ((WholeAxis(),),)),
        ("readings", ((Rearranged(),),)),
        ("readings", ((IrregularWindow(0, lambda o: range(o, o + 1)),),)),
    ],
)
def test_answers_that_are_sound(method: str, answer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Faulty, "broken", {method: answer})
    assert analyzed(Faulty, WITH_FAULTY).diagnostics == ()


@pytest.mark.parametrize(
    ("misfit", "told"),
    [
        (Misfit(OWN, "no"), "the rule of a `Misfit`: expected one of the plugin's `rules`, or of the built-in ones"),
        (Misfit("no", "no"), "the rule of a `Misfit`: expected one of the plugin's `rules`, or of the built-in ones"),  # type: ignore[arg-type]
    ],
)
def test_a_misfit_by_a_rule_that_is_none(misfit: Misfit, told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> Any:
        raise misfit

    monkeypatch.setattr(Faulty, "broken", {"output_type": refuse})
    (diagnostic,) = analyzed(Faulty, WITH_FAULTY).diagnostics
    assert diagnostic.rule.code == "plugin-failed"
    assert diagnostic.message.startswith(f"`faulty` (faulty): layer type `faulty` of plugin `mine`, {told}")


def test_a_misfit_whose_hint_is_no_text(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> Any:
        raise Misfit(WRONG_RANK, "no", 3)  # type: ignore[arg-type]

    monkeypatch.setattr(Faulty, "broken", {"output_type": refuse})
    (diagnostic,) = analyzed(Faulty, WITH_FAULTY).diagnostics
    assert diagnostic.message == "`faulty` (faulty): layer type `faulty` of plugin `mine` raised Misfit: no"


def test_a_misfit_is_told_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    def misfit() -> Any:
        raise Misfit(WRONG_RANK, "expected something else", "try")

    monkeypatch.setattr(Faulty, "broken", {"output_type": misfit})
    (diagnostic,) = analyzed(Faulty, WITH_FAULTY).diagnostics
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
    (diagnostic,) = analyzed(Validated, text).diagnostics
    assert diagnostic.rule.code == "plugin-failed"
    assert "raised ZeroDivisionError" in diagnostic.message
    assert str(diagnostic.source).endswith(":6:5")

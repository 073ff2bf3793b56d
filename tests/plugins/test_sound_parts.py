"""Every part of a plugin is looked through when it is admitted; what is told names the part, and what was found."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from pydantic import Field

from archanalyzer.plugins import (
    Arity,
    Column,
    Example,
    Graph,
    Kernel,
    Kind,
    Op,
    Plugin,
    PluginsRefused,
    Rule,
    TensorType,
    Total,
    Types,
    admitted,
    analysis,
)


class Answer(NamedTuple):
    values: tuple[int, ...]


def ones(graph: Graph) -> Answer:
    """One for each layer."""
    return Answer((1,) * len(graph.layers))


COLUMN = Column("one", "one", "One.", lambda answer: answer.values)
TOTAL = Total("two", "two", "Two.", len)
RULE = Rule("too-double", "it is doubled", why="It need not be.")


class Double(Op):
    """Doubles."""

    name = "double"
    scalar_field = "by"
    examples = (Example("double: 3", (TensorType((4,)),)),)

    by: int = Field(2, description="A whole number.")
    rate: float = Field(0.5, description="A number.")
    mode: str = Field("no", description="A word.")

    def output_type(self, inputs: Types) -> TensorType:
        return inputs[0]


def told(**parts: Any) -> str:
    """What is told of a plugin with these parts, without its name; empty where it is admitted."""
    try:
        with admitted(Plugin("wrong", 1, **parts)):
            return ""
    except PluginsRefused as error:
        (diagnostic,) = error.diagnostics
        assert diagnostic.rule.code == "not-a-plugin"
        prefix = "`wrong`: "
        assert diagnostic.message.startswith(prefix)
        return diagnostic.message.removeprefix(prefix)


def told_of_pass(run: Any = ones, **parts: Any) -> str:
    return told(passes=[analysis("ones", **parts)(run)])


def told_of_op(**attributes: Any) -> str:
    """What is told of ``Double`` with other attributes."""
    changed = type("Changed", (Double,), {"__module__": __name__})
    for name, value in attributes.items():
        setattr(changed, name, value)
    return told(ops=[changed])


def test_sound_ones_are_admitted() -> None:
    assert told_of_pass(columns=[COLUMN], totals=[TOTAL]) == ""
    assert told(rules=[RULE]) == ""
    assert told_of_op() == ""


# --- Passes


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("title", 3, "a text, found 3 (int)"),
        ("title", "\ud800", "a text, found '\\ud800' (str)"),
        ("help", None, "a text, found None (NoneType)"),
        ("values", "by_layer", "a function, found 'by_layer' (str)"),
        ("kind", "count", "a `Kind`, found 'count' (str)"),
        ("rollup", "sum", "a `Rollup`, found 'sum' (str)"),
        ("shown", 1, "True or False, found 1 (int)"),
    ],
)
def test_a_columns_fields(field: str, value: Any, expected: str) -> None:
    message = told_of_pass(columns=[COLUMN._replace(**{field: value})])
    assert message == f"pass `ones`, column `one`, `{field}`: expected {expected}"


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("title", b"two", "a text, found b'two' (bytes)"),
        ("help", 3, "a text, found 3 (int)"),
        ("value", 3, "a function, found 3 (int)"),
        ("kind", Kind, "a `Kind`, found <enum 'Kind'> (EnumType)"),
    ],
)
def test_a_totals_fields(field: str, value: Any, expected: str) -> None:
    message = told_of_pass(totals=[TOTAL._replace(**{field: value})])
    assert message == f"pass `ones`, total `two`, `{field}`: expected {expected}"


def test_an_argument_without_a_type() -> None:
    def untyped(graph, answer: Graph) -> Answer:  # type: ignore[no-untyped-def]
        return Answer(())

    assert told_of_pass(untyped) == "pass `ones`: its argument `graph` has no annotation"


def test_arguments_that_have_no_order() -> None:
    def starred(*graphs: Graph) -> Answer:
        return Answer(())

    def named(*, graph: Graph) -> Answer:
        return Answer(())

    expected = "pass `ones`: expected arguments that are given by their order, found "
    assert told_of_pass(starred).startswith(f"{expected}`*graphs")
    assert told_of_pass(named).startswith(f"{expected}`graph")


def test_a_result_that_is_not_its_own() -> None:
    def same(graph: Graph) -> Graph:
        return graph

    assert told_of_pass(same) == "pass `ones`: expected a result of a type of its own, found `Graph`"


def test_what_finds_something_wrong_is_a_function() -> None:
    assert told_of_pass(diagnostics=(RULE,)).startswith("pass `ones`, `diagnostics`: expected a function, found (Rule(")


# --- Rules, kernels


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("summary", None, "a text, found None (NoneType)"),
        ("why", 3, "a text, found 3 (int)"),
        ("bad", b"", "a text, found b'' (bytes)"),
        ("severity", "warning", "a `Severity`, found 'warning' (str)"),
    ],
)
def test_a_rules_fields(field: str, value: Any, expected: str) -> None:
    assert told(rules=[RULE._replace(**{field: value})]) == f"rule `too-double`, `{field}`: expected {expected}"


def test_a_rules_code() -> None:
    assert told(rules=[RULE._replace(code="Too Double")]).startswith("expected the name of a rule in small letters")


class Silent(Kernel[Double]):
    """Computes nothing."""


class Emptied(Kernel[Double]):
    """Has no way forward."""

    forward = None  # type: ignore[assignment]


@pytest.mark.parametrize("kernel", [int, Silent, Emptied])
def test_a_class_that_is_no_kernel(kernel: type) -> None:
    message = told(ops=[Double], kernels={"double": kernel})
    assert message.startswith("kernel of `double`: expected a subclass of `Kernel` with the methods `forward` and ")
    assert message.endswith(f"found {kernel!r} (type)")


# --- Layer types


def test_a_layer_type_that_does_not_say_its_output() -> None:
    class Bare(Op):
        """No output."""

        name = "bare"

    expected = "layer type `bare`: `output_type` is not written; `Op` says only what it is for"
    assert told(ops=[Bare]) == expected


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("scalar_field", "times", "the name of one of its fields (by, rate, mode), or None, found 'times' (str)"),
        ("scalar_field", 3, "the name of one of its fields (by, rate, mode), or None, found 3 (int)"),
        ("arity", (1, 1), "an `Arity` of whole numbers from 0, `least` not above `most`, found (1, 1) (tuple)"),
        ("arity", Arity(2, 1), "an `Arity` of whole numbers from 0, `least` not above `most`, found Arity("),
        ("view", "never", "a `View`, found 'never' (str)"),
        ("reads_extras", 1, "True or False, found 1 (int)"),
        ("examples", "double", "a tuple of `Example`, found 'double' (str)"),
        ("examples", ("double",), "a tuple of `Example`, found ('double',) (tuple)"),
        ("weights", None, "a function, found None (NoneType)"),
    ],
)
def test_what_a_layer_type_declares(name: str, value: Any, expected: str) -> None:
    assert told_of_op(**{name: value}).startswith(f"layer type `double`, `{name}`: expected {expected}")


def test_a_field_whose_type_is_not_there() -> None:
    class Unknown(Double):
        """With a field of a type that is nowhere."""

        times: "NoSuchType" = 3  # type: ignore[name-defined]  # noqa: F821, UP037

    assert "NoSuchType" in told(ops=[Unknown])


INPUT = (TensorType((4,)),)


@pytest.mark.parametrize(
    ("example", "expected"),
    [
        (Example("double: [", INPUT), "example 'double: [' (str): expected YAML, found what is none"),
        (Example("dense: 3", INPUT), "expected an entry of `layers:` of type `double`, found {'dense': 3} (dict)"),
        (Example("double: {by: x}", INPUT), "its fields are refused: by: Input should be a valid integer"),
        (Example("double: {times: 3}", INPUT), "its fields are refused: times: Extra inputs are not permitted"),
        (Example("double", ()), "expected 1 input, found 0"),
        (Example("double", ((4,),)), "`inputs`: expected a tuple of `TensorType`, found ((4,),) (tuple)"),  # type: ignore[arg-type]
        (Example("double", (TensorType((0,)),)), "`inputs`: expected a shape of whole numbers from 1, found (0,)"),
        (Example(3, INPUT), "`yaml`: expected a text, found 3 (int)"),  # type: ignore[arg-type]
    ],
)
def test_an_example_that_is_none(example: Example, expected: str) -> None:
    message = told_of_op(examples=(example,))
    assert message.startswith("layer type `double`, example ")
    assert expected in message


@pytest.mark.parametrize(
    ("text", "by", "rate", "mode"),
    [
        ("double", 2, 0.5, "no"),
        ("double: 1_000", 1000, 0.5, "no"),
        ("double: {rate: 1e-3}", 2, 0.001, "no"),
        ("double: {mode: no, rate: .5}", 2, 0.5, "no"),
        ("double: {mode: '3', by: ~}", 2, 0.5, "3"),
        ("double:\nname: two\n", 2, 0.5, "no"),
    ],
)
def test_examples_are_read_as_specs_are(text: str, by: int, rate: float, mode: str) -> None:
    """By the core schema of YAML 1.2: `no` is text, `1e-3` a number; in YAML 1.1, it is the other way round."""
    asked: list[Double] = []

    def output_type(self: Double, inputs: Types) -> TensorType:
        asked.append(self)
        return inputs[0]

    assert told_of_op(examples=(Example(text, INPUT),), output_type=output_type) == ""
    assert {(op.by, op.rate, op.mode) for op in asked} == {(by, rate, mode)}


def test_an_example_that_the_layer_type_cannot_answer_for() -> None:
    def divide(self: Double, inputs: Types) -> Any:
        return 1 // 0

    def text(self: Double, inputs: Types) -> Any:
        return "4"

    methods: list[tuple[Callable[..., Any], str]] = [
        (divide, "raised ZeroDivisionError: "),
        (text, "output_type: expected a `TensorType` of whole numbers from 1, found '4' (str)"),
    ]
    for method, expected in methods:
        assert expected in told_of_op(output_type=method)

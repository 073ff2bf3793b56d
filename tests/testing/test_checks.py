"""The generic checks find what is wrong with a layer type, and say it."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import Field

from archanalyzer.graph import (
    Arithmetic,
    Count,
    Example,
    Factor,
    IrregularWindow,
    Kept,
    Op,
    Readings,
    Rearranged,
    TensorType,
    Types,
    Weight,
    Window,
)
from archanalyzer.testing import case_of, cases_for, checks_for, readings_by_position, types_of
from tests.testing.layers import answer, failures


class Doubling(Op):
    """A sound layer type, y = factor · x; each fault below is put into a subclass of it."""

    name = "doubling"
    scalar_field = "factor"
    examples = (Example("doubling", (TensorType((2, 3)),)), Example("doubling: 4", (TensorType((2,)),)))

    factor: int = Field(2, description="A whole number: the factor.")

    def output_type(self, inputs: Types) -> TensorType:
        return TensorType(inputs[0].shape)


def faulty(**methods: Any) -> type[Op]:
    return type("Faulty", (Doubling,), {"__doc__": "A faulty layer type.", "__module__": __name__, **methods})


def test_a_sound_layer_type_passes() -> None:
    assert failures(Doubling) == {}


def test_ids_tell_what_was_given() -> None:
    subjects = list(dict.fromkeys(check.subject for check in checks_for(Doubling)))
    assert subjects == ["doubling", "doubling[factor=4]"]
    assert str(checks_for(Doubling)[0]) == "doubling-documentation"
    assert [str(case) for case in cases_for(Doubling)] == ["doubling", "doubling[factor=4]"]


PLAIN = (Example("doubling", types_of((2,))),)
NOTHING = Count("additions", (Factor("elements", 0),))


@pytest.mark.parametrize(
    ("methods", "check", "message"),
    [
        ({"__doc__": None}, "doubling-documentation", "doubling has no docstring of its own"),
        ({"scalar_field": "times", "examples": PLAIN}, "doubling-descriptions", "scalar_field times is not a field"),
        (
            {"output_type": answer(TensorType((2, 0)))},
            "doubling-output-type",
            "the shape of the output is (2, 0), not one or more whole numbers from 1",
        ),
        (
            {"weights": answer((Weight("w", (1,)), Weight("w", (2,))))},
            "doubling-weights",
            "two arrays have one name: ['w', 'w']",
        ),
        (
            {"arithmetic": answer(Arithmetic(operations=(NOTHING,)))},
            "doubling-arithmetic",
            f"not a product of named positive numbers: {NOTHING}",
        ),
        (
            {"arithmetic": answer(Arithmetic(weight_gradient_operations=(Count("sums", (Factor("n", 1),)),)))},
            "doubling-arithmetic",
            "a gradient by weights, of which there are none",
        ),
        (
            {"readings": answer(((Window(0), Window(1)),))},
            "doubling[factor=4]-readings",
            "the inputs have [1] axes, with readings for [2]",
        ),
        (
            {"readings": answer(((IrregularWindow(0, lambda o: range(o + 2)), Window(1)),))},
            "doubling-readings",
            "axis 0: output position (1, 0) reads [0, 1, 2], outside of 0 to 1",
        ),
        ({"kept": answer(Kept(extra_bytes=-1))}, "doubling-kept", "extra elements and bytes: (0, -1)"),
    ],
)
def test_a_fault_is_found(methods: dict[str, Any], check: str, message: str) -> None:
    assert failures(faulty(**methods))[check] == message


def test_a_layer_type_without_examples_is_refused() -> None:
    with pytest.raises(ValueError, match="doubling has no examples; give it one at least"):
        checks_for(faulty(examples=()))


def test_an_example_of_something_else_is_refused() -> None:
    with pytest.raises(ValueError, match="an example of doubling is not of that type: relu"):
        checks_for(faulty(examples=(Example("relu", types_of((1,))),)))


def test_a_field_without_description_is_found() -> None:
    class Undescribed(Doubling):
        """A layer type with a field that says nothing."""

        offset: int = 0

    assert failures(Undescribed) == {"doubling-descriptions": "field offset has no description"}


def reading(*axes: Any) -> type[Op]:
    stated: tuple[Readings, ...] = (axes,)
    return faulty(readings=answer(stated))


@pytest.mark.parametrize(
    ("window", "at", "read"),
    [
        (Window(0, stride=2, offset=-1, count=3), 0, {0, 1}),
        (Window(0, stride=2, offset=-1, count=3, step=2), 1, {1, 3, 5}),
        (Window(0, upsampling=2, offset=-2, count=3), 3, {1}),
        (Window(0, upsampling=2, offset=-2, count=3), 4, {1, 2}),
        (IrregularWindow(0, lambda o: range(o, 3)), 1, {1, 2}),
        (Rearranged(lambda position: position[0] % 2), 5, {1}),
    ],
)
def test_readings_by_position(window: Any, at: int, read: set[int]) -> None:
    case = case_of(reading(window), {}, types_of((6,)))
    assert readings_by_position(case.op, case.inputs, (at,)) == (frozenset((index,) for index in read),)


def test_readings_that_are_not_stated() -> None:
    with pytest.raises(ValueError, match="doubling does not state its readings"):
        readings_by_position(Doubling(factor=2), types_of((2,)), (0,))
    with pytest.raises(ValueError, match="axis 0 is rearranged without saying how"):
        readings_by_position(reading(Rearranged())(), types_of((2,)), (0,))

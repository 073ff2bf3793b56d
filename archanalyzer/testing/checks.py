"""What must be true of every layer type, one function a check; most run on every case."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any
from unittest import SkipTest

from archanalyzer.executor import kernels
from archanalyzer.executor.kernel import Kernel
from archanalyzer.graph import Arithmetic, Count, Op, Role
from archanalyzer.testing.cases import Case, cases_for
from archanalyzer.testing.gradient_check import gradient
from archanalyzer.testing.kernel_checks import computed_shape, extras, multiplications, operations, untouched, window
from archanalyzer.testing.readings import positions, readings_by_position
from archanalyzer.testing.requiring import require
from archanalyzer.testing.trait_checks import traits


@dataclass(frozen=True)
class Check:
    """One check of one subject; called, it raises AssertionError where it does not hold.

    Where it cannot be asked, it raises ``unittest.SkipTest`` with the reason.

    Its text is an id for test items: ``conv2d[groups=4]-weights``.
    """

    subject: str
    name: str
    run: Callable[[], None]

    def __call__(self) -> None:
        self.run()

    def __str__(self) -> str:
        return f"{self.subject}-{self.name}"


def checks_for(op: type[Op], kernel: type[Kernel[Any]] | None = None) -> tuple[Check, ...]:
    """Every check of a layer type: of its declaration, and of each of its examples, declared and computed.

    It is computed by ``kernel``, or else by the one registered under the op's name; where there is none, a single
    check stands for those of the kernel, and is skipped.

    Raises:
        ValueError: it has no examples, or they are not its own.
    """
    of_declaration = (documentation, descriptions, schema)
    named = [Check(op.name, _name(function), partial(function, op)) for function in of_declaration]
    cases = cases_for(op, kernel)
    lacking = None if kernel else _why_no_kernel(op)
    if lacking is not None:
        named.append(Check(op.name, "kernel", partial(_skip, lacking)))
    of_case = (*DECLARED, *(COMPUTED if lacking is None else ()))
    return (*named, *(check for case in cases for check in checks_of_case(case, of_case)))


def checks_of_case(case: Case, functions: Iterable[Callable[[Case], None]] | None = None) -> Iterator[Check]:
    """Every check of one case, or those that some functions make."""
    for function in functions or (*DECLARED, *COMPUTED):
        yield Check(str(case), _name(function), partial(function, case))


def _why_no_kernel(op: type[Op]) -> str | None:
    """Why a layer type has no kernel of its name; None where it has."""
    if op.name in kernels.NOT_EXECUTABLE:
        return kernels.NOT_EXECUTABLE[op.name]
    try:
        kernels.get(op.name)
    except KeyError:
        return f"no kernel is registered as `{op.name}`; give `checks_for` one"
    return None


def _skip(reason: str) -> None:
    raise SkipTest(reason)


def _name(function: Callable[..., None]) -> str:
    return function.__name__.replace("_", "-")


def documentation(op: type[Op]) -> None:
    """A layer type says what it is, in a docstring of its own."""
    require(bool((vars(op).get("__doc__") or "").strip()), f"{op.name} has no docstring of its own")


def descriptions(op: type[Op]) -> None:
    """Every field says what it accepts; messages print it behind "expected:"."""
    for name, field in op.model_fields.items():
        require(bool(field.description), f"field {name} has no description")
    require(op.scalar_field in (None, *op.model_fields), f"scalar_field {op.scalar_field} is not a field")


def schema(op: type[Op]) -> None:
    """A JSON Schema with all the fields can be written."""
    written = op.model_json_schema()
    json.dumps(written)
    missing = set(op.model_fields) - set(written.get("properties", {}))
    require(not missing, f"the schema lacks {missing}")


def output_type(case: Case) -> None:
    """The op takes as many inputs as the example has, and makes of them a shape without an empty axis, each time."""
    inputs = len(case.inputs)
    require(case.op.arity.admits(inputs), f"the op takes {case.op.arity}, the example has {inputs}")
    _require_shape(case.output.shape, "the output")
    require(case.op.output_type(case.inputs) == case.output, "asked twice, the op answers with two output types")


def _require_shape(shape: tuple[Any, ...], what: str) -> None:
    positive = all(type(extent) is int and extent > 0 for extent in shape)
    require(bool(shape) and positive, f"the shape of {what} is {shape}, not one or more whole numbers from 1")


def round_trip(case: Case) -> None:
    """The fields, written out and read again, make an equal op."""
    again = type(case.op).model_validate(case.op.model_dump())
    require(again == case.op, f"{case.op!r} comes back as {again!r}")


def weights(case: Case) -> None:
    """Every array has a name of its own and no empty axis; weights alone consist of filters."""
    arrays = case.op.weights(case.inputs)
    names = [array.name for array in arrays]
    require(len(set(names)) == len(names), f"two arrays have one name: {names}")
    for array in arrays:
        _require_shape(array.shape, array.name)
        require(array.role is Role.WEIGHT or not array.filters, f"{array.name} is no weight and has filters")


def arithmetic(case: Case) -> None:
    """Every count is a product of named positive whole numbers; a gradient by weights is that of a layer with some."""
    stated = case.op.arithmetic(case.inputs, case.output)
    if stated is None:
        return
    for count in all_counts(stated):
        named = all(factor.name and type(factor.value) is int and factor.value > 0 for factor in count.factors)
        require(bool(count.what and count.factors) and named, f"not a product of named positive numbers: {count}")
    learned = any(array.role is not Role.BUFFER for array in case.op.weights(case.inputs))
    require(learned or not stated.weight_gradient_operations, "a gradient by weights, of which there are none")


def all_counts(arithmetic: Arithmetic) -> tuple[Count, ...]:
    """All counts of a layer's arithmetic."""
    backward = (*arithmetic.input_gradient_operations, *arithmetic.weight_gradient_operations)
    return (*arithmetic.macs, *arithmetic.operations, *backward)


def readings(case: Case) -> None:
    """One reading for every axis of every input, and every output position can be asked what it reads."""
    by_input = case.op.readings(case.inputs, case.output)
    if by_input is None:
        return
    stated, wanted = [len(axes) for axes in by_input], [len(tensor.shape) for tensor in case.inputs]
    require(stated == wanted, f"the inputs have {wanted} axes, with readings for {stated}")
    for position in positions(case.output):
        for read, tensor in zip(readings_by_position(case.op, case.inputs, position), case.inputs, strict=True):
            require(read <= set(positions(tensor)), f"output position {position} reads outside of {tensor}: {read}")


def kept(case: Case) -> None:
    """What is kept beside inputs and output is counted in whole numbers from 0."""
    stated = case.op.kept(case.inputs, case.output)
    if stated is None:
        return
    extra = (stated.extra_elements, stated.extra_bytes)
    require(all(type(number) is int and number >= 0 for number in extra), f"extra elements and bytes: {extra}")
    for_weights = stated.inputs and case.op.weights(case.inputs)
    require(bool(for_weights) or not stated.inputs_for_weights_only, "inputs kept for weights, or inputs, it lacks")


DECLARED = (output_type, round_trip, weights, arithmetic, readings, kept)
"""The checks of a case as its op declares it."""
COMPUTED = (computed_shape, gradient, window, traits, multiplications, operations, extras, untouched)
"""Those of its kernel."""

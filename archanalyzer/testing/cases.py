"""A layer type's examples as cases to test: the op that the YAML stands for, and its inputs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import yaml

from archanalyzer import ops
from archanalyzer.executor import kernels
from archanalyzer.executor.kernel import Kernel
from archanalyzer.graph import Example, NoPosition, Op, TensorType, Types


@dataclass(frozen=True)
class Case:
    """An op with its fields filled in, the inputs it is given, and the output that it makes of them.

    ``kernel_type`` is how it computes, where that is another than what is registered under the op's name.
    """

    op: Op
    inputs: Types
    output: TensorType
    kernel_type: type[Kernel[Any]] | None = None

    @cached_property
    def kernel(self) -> Kernel[Any]:
        """The kernel, as lowering makes it: once.

        Raises:
            KeyError: none is given, and none is registered under the op's name.
        """
        made = self.kernel_type or kernels.get(self.op.name)
        return made(self.op, self.inputs, self.output)

    @cached_property
    def reads(self) -> tuple[bool, ...]:
        """For each input, whether its numbers are read; else its type alone matters."""
        stated = self.op.readings(self.inputs, self.output) or ((),) * len(self.inputs)
        return tuple(not any(isinstance(each, NoPosition) for each in by_axis) for by_axis in stated)

    def __str__(self) -> str:
        """The op with what was given of its fields: ``conv2d[filters=8,groups=4]``."""
        given = ((name, getattr(self.op, name)) for name in sorted(self.op.model_fields_set))
        fields = ",".join(f"{name}={_short(value)}" for name, value in given)
        return f"{self.op.name}[{fields}]" if fields else self.op.name


def case_of(op: type[Op], fields: dict[str, Any], inputs: Types) -> Case:
    """The case of an op with these fields, reading ``inputs``.

    Raises:
        pydantic.ValidationError: the fields are not the op's.
        Misfit: the inputs don't go with the fields.
    """
    made = op.model_validate(fields)
    return Case(made, inputs, made.output_type(inputs))


def case_named(name: str, *shapes: tuple[int, ...], **fields: Any) -> Case:
    """The case of one of our layer types, given by name, reading inputs of these shapes; raises as ``case_of`` does."""
    return case_of(ops.get(name), fields, types_of(*shapes))


def cases_for(op: type[Op], kernel: type[Kernel[Any]] | None = None) -> tuple[Case, ...]:
    """The cases of an op's examples, computed by ``kernel``, or by the one registered under the op's name.

    Raises:
        ValueError: it has none, or one is not YAML of this op.
    """
    if not op.examples:
        raise ValueError(f"{op.name} has no examples; give it one at least")
    cases = (case_of(op, fields_of(op, example), example.inputs) for example in op.examples)
    return tuple(replace(case, kernel_type=kernel) for case in cases)


def fields_of(op: type[Op], example: Example) -> dict[str, Any]:
    """The fields that an example gives, lists as tuples, as the loader of specs hands them to the op.

    Raises:
        ValueError: the example's YAML does not name the op.
    """
    layer = yaml.safe_load(example.yaml)
    if layer == op.name:
        return {}
    if not isinstance(layer, dict) or op.name not in layer:
        raise ValueError(f"an example of {op.name} is not of that type: {example.yaml}")
    given = layer[op.name]
    if given is None:
        return {}
    if not isinstance(given, dict):
        given = {op.scalar_field: given}
    return {name: _tuples(value) for name, value in given.items()}


def types_of(*shapes: tuple[int, ...]) -> Types:
    """Input types of these shapes."""
    return tuple(map(TensorType, shapes))


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


def _short(value: Any) -> str:
    """A field's value in an id: equal numbers of a tuple once."""
    while isinstance(value, tuple) and len(set(value)) == 1:
        value = value[0]
    return str(value).replace(" ", "").replace("(", "[").replace(")", "]")

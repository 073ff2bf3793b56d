"""The examples that a layer type declares, read as the loader reads a spec."""

from __future__ import annotations

from typing import Any

from archanalyzer.diagnostics import Problems
from archanalyzer.graph import Example, Op
from archanalyzer.spec.composing import compose
from archanalyzer.spec.evaluation import Evaluator
from archanalyzer.spec.limits import DEFAULT_LIMITS
from archanalyzer.spec.nodes import MappingNode, ScalarNode
from archanalyzer.spec.text import source_from_string


def written_fields(op_type: type[Op], example: Example) -> Any:
    """What an example writes behind the type, as plain data: a map of fields, one bare value, or None for nothing.

    Raises:
        ValueError: the example is no entry of this layer type.
    """
    problems = Problems()
    node = compose(source_from_string(example.yaml, op_type.name), DEFAULT_LIMITS, problems)
    if isinstance(node, ScalarNode) and node.text == op_type.name:
        return None
    if not isinstance(node, MappingNode) or op_type.name not in node.entries:
        raise ValueError(f"an example of `{op_type.name}` is not of that type: {example.yaml}")
    return Evaluator.of(problems, DEFAULT_LIMITS).data(node.entries[op_type.name].value, {})


def fields_of(op_type: type[Op], example: Example) -> dict[str, Any]:
    """The fields that an example gives, by name; raises as ``written_fields`` does."""
    written = written_fields(op_type, example)
    if written is not None and not isinstance(written, dict):
        written = {str(op_type.scalar_field): written}
    return {name: value for name, value in (written or {}).items() if value is not None}


def op_of(op_type: type[Op], example: Example) -> Op:
    """The op that an example describes.

    Raises:
        ValueError: the example is no entry of this layer type, or its fields are wrong.
    """
    return op_type.model_validate(as_tuples(fields_of(op_type, example)))


def as_tuples(value: Any) -> Any:
    """Plain data with tuples for lists, as ops take them."""
    if isinstance(value, dict):
        return {name: as_tuples(each) for name, each in value.items()}
    return tuple(map(as_tuples, value)) if isinstance(value, list) else value

"""JSON Schemas of the entries of ``layers:``: layers, uses of blocks, groups."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from archanalyzer.graph import Op
from archanalyzer.spec.entries import BESIDE
from archanalyzer.spec.json_schema_ops import needs, op_schema
from archanalyzer.spec.json_schema_values import (
    REFERENCE,
    SCALARS,
    Schema,
    a_list,
    any_of,
    name,
    names,
    optional,
    or_expression,
    ref,
    variable,
)

GROUP = "layers"

_BESIDE: dict[str, Schema] = {
    "name": {"description": "A name: what to call it.", "examples": ["stem"], **name()},
    "from": {
        "description": "A name, or a list of names: what it reads; if left out, the layer above, which is `previous`.",
        "examples": ["stem", ["previous", "stem"]],
        **names(REFERENCE),
    },
    "repeat": {
        "description": "A whole number from 0: how often it comes, one after the other.",
        "default": 1,
        "examples": [2],
        **or_expression({"type": "integer", "minimum": 0}),
    },
    "counter": {
        "description": "A name, beside `repeat`: what expressions call the number of the turn, which counts from 0.",
        "default": "i",
        "examples": ["k"],
        **variable(),
    },
    "share": {
        "description": "A name: the layer, or use of the same block, whose weights it uses.",
        "examples": ["stem"],
        **REFERENCE,
    },
    "frozen": {
        "description": "true or false: whether training leaves its weights as they are.",
        "default": False,
        "examples": [True],
        **or_expression({"type": "boolean"}),
    },
}


def layer_definitions(op_types: Mapping[str, type[Op]]) -> dict[str, Schema]:
    """What ``entries`` refers to: an entry, and each layer type."""
    types = {_type(each): op_schema(op_type) for each, op_type in op_types.items()}
    return {"entry": _entry(op_types), "block-use": _block_use(), **types}


def entries(least: int = 0) -> Schema:
    """A list of at least so many layers."""
    return a_list(ref("entry"), least)


def _type(layer_type: str) -> str:
    return f"layer-{layer_type}"


def _entry(op_types: Mapping[str, type[Op]]) -> Schema:
    return any_of(_bare(op_types), _with_keys(op_types))


def _bare(op_types: Mapping[str, type[Op]]) -> Schema:
    """A type alone: one that needs no fields, or a block."""
    alone = [
        {"const": each, "description": op_schema(op_type)["description"]}
        for each, op_type in op_types.items()
        if needs(op_type) is None
    ]
    block = {"type": [*SCALARS], "not": {"enum": [*op_types]}, "description": "A block of this spec."}
    return {"anyOf": [*alone, block]}


def _with_keys(op_types: Mapping[str, type[Op]]) -> Schema:
    """A map with a type or ``layers``, and keys beside it; a type that is not known is a block of the spec."""
    known = [*op_types, GROUP]
    present = [{"required": [each]} for each in known]
    group = {"description": "A group of layers, which have a name or a `repeat` together.", **optional(entries())}
    return {
        "type": "object",
        "properties": {
            **{each: ref(_type(each)) for each in op_types},
            GROUP: group,
            **{key: _BESIDE[key] for key in BESIDE},
        },
        "additionalProperties": ref("block-use"),
        "allOf": [
            {"not": {"propertyNames": {"enum": [*BESIDE]}}},
            {
                "if": {"anyOf": present},
                "then": {"oneOf": present, "propertyNames": {"enum": [*known, *BESIDE]}},
            },
            _if_there("counter", {"required": ["repeat"]}),
            _if_there(GROUP, {"not": {"required": ["share"]}}),
            _if_there("share", {"not": {"required": ["frozen"]}}, otherwise=_needed(op_types)),
        ],
    }


def _if_there(key: str, then: Schema, otherwise: Schema | None = None) -> Schema:
    schema: Schema = {"if": {"required": [key]}, "then": then}
    return schema if otherwise is None else {**schema, "else": otherwise}


def _needed(op_types: Mapping[str, type[Op]]) -> Schema:
    """Fields that a layer must have; one that shares weights has those of the layer whose they are."""
    needed = {each: needs(op_type) for each, op_type in op_types.items()}
    return {"properties": {each: schema for each, schema in needed.items() if schema is not None}}


def _block_use() -> Schema:
    """The arguments of a block: a map, or a bare value for the one that must be given."""
    use: dict[str, Any] = {"type": [*SCALARS, "array", "object", "null"]}
    description = "A block of this spec, with its arguments."
    return {"description": description, **use, "items": ref("value"), "additionalProperties": ref("value")}

"""JSON Schemas of the layer types, from their declarations: fields, defaults, descriptions, examples.

Pydantic says what a field is once it is read. What may be written for it can be more: one number for all axes, say,
which a validator spreads out. That is no part of the type, so the op itself is asked: it is handed such a value, and
where it takes it, the schema does.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic import ValidationError
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import CoreSchema

from archanalyzer.graph import MOST_AXES, Op
from archanalyzer.spec.examples import as_tuples, fields_of, written_fields
from archanalyzer.spec.json_schema_values import NOTHING, SCALARS, Schema, any_of, or_expression
from archanalyzer.spec.limits import DEFAULT_LIMITS

Accepts = Callable[[Any], bool]
"""Whether a value can stand at a place."""

# What pydantic says of a value; titles, which it makes up of names, are left out.
_KEPT = (
    *("type", "const", "enum", "pattern", "minLength", "maxLength"),
    *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
)


_ENDS = frozenset({"minimum", "maximum"})


class _Lenient(GenerateJsonSchema):
    """Takes anything where a plugin's field is of a type that no schema can describe."""

    def handle_invalid_for_json_schema(self, schema: CoreSchema, error_info: str) -> JsonSchemaValue:  # noqa: ARG002
        return {}


def op_schema(op_type: type[Op]) -> Schema:
    """What may stand behind a layer type: its fields in a map, nothing, or, where it has a scalar field, its value.

    What has to be given is left to ``needs``.
    """
    declared = op_type.model_json_schema(schema_generator=_Lenient)
    fields = {name: _field(op_type, name, each) for name, each in declared.get("properties", {}).items()}
    as_map = {"type": "object", "properties": fields, "additionalProperties": False}
    forms = [as_map, NOTHING]
    if op_type.scalar_field is not None:
        forms.append({"anyOf": fields[op_type.scalar_field]["anyOf"]})
    examples = [written_fields(op_type, example) for example in op_type.examples]
    return {"description": _prose(op_type.__doc__), "examples": _different(examples), **any_of(*forms)}


def values_of_fields(op_type: type[Op]) -> dict[str, list[Schema]]:
    """For each field, schemas of what may be written for it, beside expressions."""
    as_map = op_schema(op_type)["anyOf"][0]
    return {name: _alternatives(_without_references(each)) for name, each in as_map["properties"].items()}


def _without_references(schema: Schema) -> Schema:
    """A schema without what holds everywhere: expressions, numbers that look like texts, how many bits there are."""
    ends = {DEFAULT_LIMITS.number, -DEFAULT_LIMITS.number}
    schema = {key: each for key, each in schema.items() if key not in _ENDS or each not in ends}
    if "anyOf" in schema:
        return any_of(*(_without_references(each) for each in schema["anyOf"] if "$ref" not in each))
    return {**schema, "items": _without_references(schema["items"])} if "items" in schema else schema


def needs(op_type: type[Op]) -> Schema | None:
    """What must stand behind a layer type that shares no weights; None where nothing must."""
    required = [name for name, field in op_type.model_fields.items() if field.is_required()]
    if not required and _validates(op_type):
        return None
    bare = op_type.scalar_field is not None and set(required) <= {op_type.scalar_field}
    types = ["object", *(SCALARS if bare else ()), *(["array"] if bare else ())]
    given: Schema = {"required": required} if required else {"minProperties": 1}
    not_null = {"properties": {name: {"not": NOTHING} for name in required}} if required else {}
    return {"type": types, **given, **not_null}


def _validates(op_type: type[Op]) -> bool:
    """Whether there is such a layer with no field given."""
    try:
        op_type.model_validate({})
    except ValidationError:
        return False
    return True


def _field(op_type: type[Op], name: str, declared: Schema) -> Schema:
    accepts = _asking(op_type, name)
    about: Schema = {"description": _prose(declared["description"])} if "description" in declared else {}
    if declared.get("default") is not None:
        about["default"] = declared["default"]
    given = [fields_of(op_type, example) for example in op_type.examples]
    examples = _different([*declared.get("examples", ()), *(fields[name] for fields in given if name in fields)])
    if examples:
        about["examples"] = examples
    return {**about, "anyOf": _alternatives(_optional(op_type, name, _written(declared, accepts)))}


def _optional(op_type: type[Op], name: str, schema: Schema) -> Schema:
    """A field that is null has its default."""
    return schema if op_type.model_fields[name].is_required() else any_of(schema, NOTHING)


def _asking(op_type: type[Op], name: str) -> Accepts:
    """Asks the op whether it takes a value for a field, the others being those of its first example."""
    others = as_tuples(fields_of(op_type, op_type.examples[0])) if op_type.examples else {}

    def accepts(value: Any) -> bool:
        try:
            op_type.model_validate({**others, name: value})
        except ValidationError as error:
            return all(detail["loc"][:1] != (name,) for detail in error.errors(include_url=False))
        return True

    return accepts


def _written(declared: Schema, accepts: Accepts) -> Schema:
    """What may be written for a value that pydantic declares so, at a place of which ``accepts`` tells."""
    if "anyOf" in declared:
        return any_of(*(_written(each, accepts) for each in declared["anyOf"]))
    if declared.get("type") == "array":
        return _list(declared, accepts)
    kept = {key: declared[key] for key in _KEPT if key in declared}
    if "enum" in kept or "const" in kept:
        kept.pop("type", None)
    return or_expression(kept) if kept else {}


def _list(declared: Schema, accepts: Accepts) -> Schema:
    """A list, or one value for all of its items where the op takes that; it then has the length that the op takes."""
    lengths = range(declared.get("minItems", 1), declared.get("maxItems", MOST_AXES) + 1)

    def accepts_item(value: Any) -> bool:
        return any(accepts((value,) * length) for length in lengths)

    of = any_of(*(_written(each, accepts_item) for each in _items(declared))) if _items(declared) else {}
    written: Schema = {"type": "array", "items": of}
    written |= {key: declared[key] for key in ("minItems", "maxItems", "uniqueItems") if key in declared}
    alone = [each for each in _alternatives(of) if "$ref" not in each and accepts(_sample(each))]
    if alone:
        sample = _sample(alone[0])
        taken = [length for length in lengths if accepts((sample,) * length)]
        if len(taken) == 1:
            written |= {"minItems": taken[0], "maxItems": taken[0]}
    return any_of(*map(or_expression, alone), or_expression(written))


def _items(declared: Schema) -> list[Schema]:
    """What the items of a list may be; those of a tuple may differ."""
    items = declared.get("prefixItems") or [declared.get("items") or {}]
    return [each for each in _different(items) if each]


def _alternatives(schema: Schema) -> list[Schema]:
    alternatives: list[Schema] = schema.get("anyOf", [schema])
    return alternatives


def _sample(schema: Schema) -> Any:
    """A value of that kind, the least from 0; lists as tuples, as the loader hands them to ops."""
    if "anyOf" in schema:
        return _sample(schema["anyOf"][0])
    if "enum" in schema or "const" in schema:
        return schema["const"] if "const" in schema else schema["enum"][0]
    if schema.get("type") == "array":
        return (_sample(schema["items"]),) * schema.get("minItems", 1)
    if "exclusiveMinimum" in schema:
        return schema["exclusiveMinimum"] + 1
    if "minimum" in schema:
        return max(schema["minimum"], 0)
    return {"boolean": False, "string": "", "null": None}.get(str(schema.get("type")), 0)


def _different(values: list[Any]) -> list[Any]:
    """Each once; 1 and true, which Python takes for equal, are two."""
    return list({repr(value): value for value in values}.values())


def _prose(text: str | None) -> str:
    """A docstring with its paragraphs, each on one line, and single backquotes."""
    paragraphs = (text or "").replace("``", "`").split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)

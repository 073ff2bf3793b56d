"""JSON Schemas of the values in a spec: expressions, numbers, names, and what refers to names.

An editor reads YAML 1.2 by its core schema, where ``11_738`` and ``-0x1F`` are texts; here they are numbers. It has
texts for expressions, too. So where a number may stand, such a text may.
"""

from __future__ import annotations

from typing import Any, TypeAlias

from archanalyzer.spec.entries import LONGEST_NAME, RESERVED, RESERVED_WORDS
from archanalyzer.spec.limits import DEFAULT_LIMITS
from archanalyzer.spec.scalars import FLOAT, INTEGER, OTHER_BASE

Schema: TypeAlias = dict[str, Any]

SCALARS = ("string", "number", "boolean")
REFERENCE: Schema = {"type": [*SCALARS]}
"""The name of something else."""
NOTHING: Schema = {"type": "null"}
"""A value that is left empty: as though its key were not there."""

_OTHER = r"[^\u0000-\u007f]"
# Names may have letters of any script, which patterns of JavaScript cannot tell from other characters.
_NAME = rf"^(?:[0-9A-Za-z_]|{_OTHER})(?:[0-9A-Za-z_.-]|{_OTHER})*$"
_VARIABLE = rf"^(?:[A-Za-z_]|{_OTHER})(?:[0-9A-Za-z_]|{_OTHER})*$"
# Numbers that are texts to editors: with `_` between digits, or of another base and with a sign.
_ONLY_HERE = "^(?=[^_]*_|[-+]0[xo])"
_INTEGER_TEXT = rf"^=|{_ONLY_HERE}(?:{INTEGER.pattern}|{OTHER_BASE.pattern})$"
_NUMBER_TEXT = rf"^=|{_ONLY_HERE}(?:{INTEGER.pattern}|{OTHER_BASE.pattern}|{FLOAT.pattern})$"


def ref(definition: str) -> Schema:
    """What is defined under this name."""
    return {"$ref": f"#/$defs/{definition}"}


def or_expression(schema: Schema) -> Schema:
    """A value of that kind, or an expression that comes to one. Whole numbers are those that the loader reads."""
    if schema.get("type") == "integer":
        schema = {**schema, "maximum": schema.get("maximum", DEFAULT_LIMITS.number)}
        if "exclusiveMinimum" not in schema:
            schema = {**schema, "minimum": schema.get("minimum", -DEFAULT_LIMITS.number)}
    text = {"integer": "integer-text", "number": "number-text"}.get(str(schema.get("type")), "expression")
    return any_of(schema, ref(text))


def any_of(*schemas: Schema) -> Schema:
    """One of several, each once, those in alternatives taken out of them."""
    found: list[Schema] = []
    for schema in schemas:
        for each in schema["anyOf"] if schema.keys() == {"anyOf"} else (schema,):
            if each not in found:
                found.append(each)
    return found[0] if len(found) == 1 else {"anyOf": found}


def optional(schema: Schema) -> Schema:
    """What may be left empty."""
    return any_of(schema, NOTHING)


def a_map(values: Schema, **more: Any) -> Schema:
    """A map whose keys are names that the spec gives; ``more`` are further keywords."""
    return {"type": "object", "additionalProperties": values, **more}


def a_list(items: Schema, least: int = 0) -> Schema:
    """A list of at least so many."""
    return {"type": "array", "items": items, "minItems": least} if least else {"type": "array", "items": items}


def name_text(*, reserved: frozenset[str] = RESERVED) -> Schema:
    """A text that can be a name."""
    return {"type": "string", "pattern": _NAME, "maxLength": LONGEST_NAME, "not": {"enum": sorted(reserved)}}


def variable() -> Schema:
    """A name that expressions can use."""
    return {"type": "string", "pattern": _VARIABLE, "not": {"enum": sorted(RESERVED_WORDS)}}


def name(*, reserved: frozenset[str] = RESERVED) -> Schema:
    """A name as a value, where numbers and truth values are the texts that they are written as."""
    return any_of(name_text(reserved=reserved), {"type": "number", "minimum": 0}, {"type": "boolean"})


def names(of: Schema, *, unique: bool = False) -> Schema:
    """One, or a list of at least one; where they are to be ``unique``, each once."""
    listed = a_list(of, least=1)
    return any_of(of, {**listed, "uniqueItems": True} if unique else listed)


def value_definitions() -> dict[str, Schema]:
    """What the schemas of this file, and those made of them, refer to.

    They have no descriptions: editors would show them in place of that of the field.
    """
    return {
        "expression": {"type": "string", "pattern": "^="},
        "integer-text": {"type": "string", "pattern": _INTEGER_TEXT},
        "number-text": {"type": "string", "pattern": _NUMBER_TEXT},
        "value": {"type": [*SCALARS, "array", "null"], "items": ref("value")},
        "array": any_of(or_expression({"type": "number"}), a_list(ref("array"), least=1)),
    }

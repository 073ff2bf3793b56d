"""What the JSON Schema of the spec language is made of: keywords that editors know, descriptions, added layer types."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import jsonschema
import pytest

from archanalyzer import ops
from archanalyzer.graph import Example, Op, TensorType, Types
from archanalyzer.spec.json_schema import Facts, json_schema
from archanalyzer.spec.json_schema_ops import op_schema
from tests.spec.editing import accepted, schema
from tests.spec.test_json_schema import TYPES, with_entry

_COMMON = (
    "$schema $ref title description type properties required additionalProperties propertyNames items minItems "
    "maxItems uniqueItems minProperties minLength maxLength pattern minimum maximum exclusiveMinimum exclusiveMaximum "
    "enum const default examples anyOf allOf oneOf not if then else"
)
COMMON = frozenset(_COMMON.split())
"""Keywords that mean the same in draft 7 (2018) and in draft 2020-12, by the release notes of the drafts between."""


def _schemas(of: Any) -> Iterator[Mapping[str, Any]]:
    """A schema and all schemas in it."""
    if isinstance(of, list):
        for each in of:
            yield from _schemas(each)
    elif isinstance(of, dict):
        yield of
        for keyword, value in of.items():
            if keyword in {"properties", "$defs"}:
                yield from _schemas(list(value.values()))
            elif keyword not in {"examples", "default", "enum", "const"}:
                yield from _schemas(value)


def test_it_is_a_schema_in_both_drafts() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())
    jsonschema.Draft7Validator.check_schema(schema())


def test_both_drafts_know_its_keywords_and_read_them_alike() -> None:
    keywords = {keyword for each in _schemas(schema()) for keyword in each}
    assert keywords - COMMON == {"$defs"}  # to draft 7 a place that references point to, like any other
    # Before 2019-09, what stands beside a reference is not looked at.
    assert [each for each in _schemas(schema()) if "$ref" in each and len(each) > 1] == []
    # Before 2020-12, a list of schemas was for the items one by one.
    assert not any(isinstance(each.get("items"), list) for each in _schemas(schema()))


@pytest.mark.parametrize("name", TYPES)
def test_a_layer_type_is_explained(name: str) -> None:
    """Every field is there, with the description, default and examples of its declaration."""
    op = ops.get(name)
    made = schema()["$defs"][f"layer-{name}"]
    assert made["description"].split() == (op.__doc__ or "").replace("``", "`").split()
    assert 0 < len(made["examples"]) <= len(op.examples)
    fields = made["anyOf"][0]["properties"]
    assert list(fields) == list(op.model_fields)
    for each, field in op.model_fields.items():
        assert fields[each]["description"] == (field.description or "").replace("``", "`")
        assert field.is_required() or fields[each].get("default") == field.default
        for example in fields[each].get("examples", ()):
            assert jsonschema.Draft202012Validator({**schema(), **fields[each], "type": SCALARS_AND_LISTS}).is_valid(
                example
            )


SCALARS_AND_LISTS = ["string", "number", "boolean", "array"]


def test_every_section_and_key_is_explained() -> None:
    for key, section in schema()["properties"].items():
        assert section["description"], key
        for inner, each in section.get("properties", {}).items():
            assert each["description"], inner
    entry = schema()["$defs"]["entry"]["anyOf"][-1]["properties"]
    assert all("description" in each or "$ref" in each for each in entry.values())


def test_facts_are_offered_and_others_are_not_refused() -> None:
    made = json_schema(Facts({"parameters": "All of them."}, {"macs": "Products."}))["properties"]["expect"][
        "properties"
    ]
    assert made["totals"]["properties"]["parameters"] == {"description": "All of them."}
    assert made["layers"]["additionalProperties"]["properties"]["macs"] == {"description": "Products."}
    spec = {"archspec": 1, "inputs": {"x": 1}, "layers": ["relu"], "expect": {"totals": {"of_a_plugin": 3}}}
    assert accepted(spec)


class Mixed(Op):
    """A layer type of someone else's."""

    name = "mixed"
    scalar_field = "ratio"
    examples = (Example("mixed: 0.5", (TensorType((1,)),)),)

    ratio: float
    sides: tuple[int, str] = (1, "a")
    anything: object = None

    def output_type(self, inputs: Types) -> TensorType:
        return inputs[0]


def test_a_layer_type_from_outside() -> None:
    """Without descriptions, with a tuple of two kinds, and a type that JSON does not have."""
    made = op_schema(Mixed)["anyOf"][0]["properties"]
    check = {**schema(), "anyOf": made["sides"]["anyOf"], "type": SCALARS_AND_LISTS}
    del check["properties"], check["required"], check["additionalProperties"]
    of_sides = jsonschema.Draft202012Validator(check)
    assert of_sides.is_valid([2, "b"])
    assert not of_sides.is_valid([2, "b", 3])
    assert not of_sides.is_valid([2, 0.5])
    ops.add(Mixed)
    try:
        validator = jsonschema.Draft202012Validator(json_schema(Facts({}, {})))
    finally:
        ops.take_away("mixed")
    entries = {"{mixed: 0.5}": True, "{mixed: {ratio: 1, anything: [1]}}": True, "{mixed: {ration: 1}}": False}
    assert {entry: validator.is_valid(with_entry(entry)) for entry in entries} == entries


def test_texts_that_only_the_language_takes_for_numbers() -> None:
    """`1_000` is no number of YAML 1.2, so an editor has a text; in quotes, the loader has one too."""
    pattern = re.compile(schema()["$defs"]["integer-text"]["pattern"])
    numbers = ["1_000", "-1_0", "-0x1F", "0x1_f", "+0o17", "=a"]
    assert [each for each in numbers if not pattern.search(each)] == []
    assert [
        each for each in ["1000", "0x1F", "1_", "_1", "1__0", "a_b", "1_0.5", "", "-"] if pattern.search(each)
    ] == []
    assert re.search(schema()["$defs"]["number-text"]["pattern"], "1_0.5e-3")

"""Specs as editors see them: YAML 1.2 read by its core schema, and held against the JSON Schema."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import jsonschema
import yaml

from archanalyzer.passes import standard_passes
from archanalyzer.report.catalogue_passes import facts_of_a_layer, kinds_of_a_layer, kinds_of_totals, totals
from archanalyzer.spec.json_schema import Facts, json_schema


class CoreLoader(yaml.SafeLoader):
    """PyYAML with the scalars of YAML 1.2.2, section 10.3.2, instead of those of 1.1; keys are texts, as in JSON."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        return {str(key.value): self.construct_object(value, deep=True) for key, value in node.value}


CoreLoader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("null", r"null|Null|NULL|~|", "nN~"),
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("int", r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", "-+0123456789"),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", "-+.0123456789"),
    ("float", r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)", "-+."),
):
    _resolver = re.compile(rf"(?:{_pattern})\Z")
    CoreLoader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_tag}", _resolver, [*_first, *([""] if _tag == "null" else [])]
    )
CoreLoader.add_constructor("tag:yaml.org,2002:int", lambda loader, node: _whole(str(node.value)))


def _whole(text: str) -> int:
    return int(text, 0) if text[:2] in {"0o", "0x"} else int(text)


def as_an_editor(text: str) -> Any:
    """The data of a text.

    Raises:
        yaml.YAMLError: it is no YAML, or consists of several documents.
    """
    return yaml.load(text, CoreLoader)  # noqa: S506 - a SafeLoader


@cache
def schema() -> dict[str, Any]:
    """The schema that editors are given."""
    passes = standard_passes().all
    kinds = kinds_of_totals(passes), kinds_of_a_layer(passes)
    return json_schema(Facts(totals(passes), facts_of_a_layer(passes), *kinds))


@cache
def _validators() -> tuple[Any, Any]:
    return jsonschema.Draft202012Validator(schema()), jsonschema.Draft7Validator(schema())


def accepted(data: Any) -> bool:
    """Whether the schema accepts data; both drafts of JSON Schema that editors go by must say the same."""
    newer, older = (validator.is_valid(data) for validator in _validators())
    assert newer == older
    return bool(newer)


def objections(data: Any) -> list[str]:
    """What the schema says against data: where, and what."""
    errors = _validators()[0].iter_errors(data)
    return [f"{error.json_path}: {error.message[:200]}" for error in errors]

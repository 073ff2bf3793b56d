"""JSON Schemas of what stands in ``expect:``: numbers with units, bounds, budgets, lists of them, parts of a field.

What a fact may be said to be follows from its kind, by the names that passes have for kinds. Whether a bound can be
kept, and whether what is expected is so, only the loader and the passes tell.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from archanalyzer.diagnostics.rules import all_rules
from archanalyzer.graph.quantities import UNITS
from archanalyzer.spec.expectations import CLAIM_KEYS, EXPECT_KEYS, SNAPSHOT_ENDING
from archanalyzer.spec.json_schema_values import (
    NOTHING,
    SCALARS,
    Schema,
    a_list,
    a_map,
    any_of,
    or_expression,
    ref,
)

ANY: Schema = {"const": "_"}
"""The text that any value keeps."""

_DIGITS = "[0-9]+(?:_[0-9]+)*"
_WHOLE_OR_POINT = rf"(?:{_DIGITS}(?:\.{_DIGITS})?|\.{_DIGITS})"
_NUMBER = rf"[-+]?(?:{_DIGITS}/{_DIGITS}|{_WHOLE_OR_POINT}(?:{'|'.join(UNITS)})?)"
_WITH_UNIT = rf"^[-+]?{_WHOLE_OR_POINT}(?:{'|'.join(UNITS)})$"
_BOUND = "|".join(
    (
        rf"(?:<=|>=|<|>)\s*{_NUMBER}",
        rf"{_NUMBER}\s*\.\.\s*{_NUMBER}",
        rf"{_NUMBER}\s*(?:±|\+-)\s*{_NUMBER}(?:\s*%)?",
    )
)
KINDS = ("count", "bytes", "real", "shape", "fraction", "field")
"""Kinds of facts by which it follows what may be expected of them; of plain data, anything may."""

_LONGEST = 100
"""Characters of a number or a bound."""

# What no name of a file may have in it, on some system; a name that begins with a dot is hidden.
_IN_FILE_NAME = r"[^/\\:*?\"<>|\u0000-\u001f\u007f-\u009f]"
_NO_DOT_FIRST = r"(?!\.)"
_SNAPSHOT = f"^(?:{_NO_DOT_FIRST}{_IN_FILE_NAME}+/)*{_NO_DOT_FIRST}{_IN_FILE_NAME}+{re.escape(SNAPSHOT_ENDING)}$"


def expect_definitions() -> dict[str, Schema]:
    """What the schemas of this file refer to."""
    number = any_of({"type": "number"}, ref("number-text"))
    text: Schema = {"type": "string", "maxLength": _LONGEST}
    quantity = any_of(number, {**text, "pattern": f"^{_NUMBER}$"})
    bound = any_of({**text, "pattern": f"^(?:{_BOUND})$"}, ref("bound-map"))
    return {
        "quantity": quantity,
        "share": any_of(quantity, {**text, "pattern": rf"^{_NUMBER}\s*%$"}),
        "bound-map": _bound_map(),
        "bound": bound,
        "expected-number": any_of(number, {**text, "pattern": _WITH_UNIT}, ANY, ref("bound")),
        **{f"fact-{kind}": _with_claim(_value(kind)) for kind in KINDS},
        "finding": _with_claim(_findings()),
    }


def _bound_map() -> Schema:
    """A bound as a map: two ends, a middle with a tolerance, or a budget with its slack."""
    end, share = ref("quantity"), ref("share")
    ends = {
        "at_least": _about("The least that is right.", end),
        "more_than": _about("What is right is above it.", end),
        "at_most": _about("The most that is right.", end),
        "less_than": _about("What is right is below it.", end),
    }
    slack = _about("How far from its end a number may stay before the budget is out of date.", share)
    twice = [{"required": each} for each in (["at_least", "more_than"], ["at_most", "less_than"])]
    return {
        "anyOf": [
            {**_closed(ends), "minProperties": 1, "not": {"anyOf": twice}},
            *({**_closed({key: ends[key], "slack": slack}), "required": [key, "slack"]} for key in _BUDGETS),
            {
                **_closed({"about": _about("The middle.", end), "within": _about("How far from it.", share)}),
                "required": ["about", "within"],
            },
        ]
    }


_BUDGETS = ("at_most", "at_least")
"""Bounds that may have a slack."""


def _about(description: str, schema: Schema) -> Schema:
    """A schema with a description; what stands beside a reference, draft 7 would not look at."""
    return {"description": description, **({"anyOf": [schema]} if "$ref" in schema else schema)}


def _closed(keys: Mapping[str, Schema]) -> Schema:
    return {"type": "object", "properties": dict(keys), "additionalProperties": False}


def _value(kind: str) -> Schema:
    """What may be written for a fact of a kind."""
    number, expression = ref("expected-number"), ref("expression")
    if kind == "shape":
        return any_of(a_list(any_of(number, expression)), ANY, expression)
    if kind == "fraction":
        part = any_of(number, ref("quantity"), expression)
        return any_of(part, a_list(any_of(part, NOTHING)))
    if kind == "field":
        # A map is a bound, parts of a field, or what is expected of each input, which may have the name of a part.
        part = any_of(number, expression)
        return any_of(part, {"const": "all"}, a_list(part), {"type": "object"})
    return any_of(number, expression)


def _with_claim(value: Schema) -> Schema:
    """A value, or the value with what is printed elsewhere in its place."""
    right, printed, origin, note = CLAIM_KEYS
    described = {
        right: _about("What is expected.", value),
        printed: _about("The figure as it is printed elsewhere.", value),
        origin: {"description": "Where it is printed.", "type": [*SCALARS, "null"]},
        note: {"description": "What there is to say of it.", "type": [*SCALARS, "null"]},
    }
    return any_of(value, {**_closed(described), "required": [right, printed, origin]})


def expect_section(totals: Mapping[str, tuple[str, str]], of_a_layer: Mapping[str, tuple[str, str]]) -> Schema:
    """The section; facts are given with what each is and with its kind."""
    layer = _known("Facts of a layer or block; none, where it is only expected to be there.", _facts(of_a_layer))
    rules = {code: _about(rule.summary, ref("finding")) for code, rule in all_rules().items()}
    snapshot = {"type": ["string", "null"], "pattern": _SNAPSHOT, "examples": [f"net{SNAPSHOT_ENDING}"]}
    keys: dict[str, Schema] = {
        "totals": _known("Facts of the network.", _facts(totals)),
        "layers": {
            "description": "Facts of layers and blocks, by their full names.",
            **a_map(layer),
            "type": ["object", "null"],
        },
        "diagnostics": _known("What is found in the network, by rule: `none`, `some`, a number, or layers.", rules),
        "snapshot": {"description": "A file beside the spec that holds its whole report.", **snapshot},
    }
    closed = _closed({key: keys[key] for key in EXPECT_KEYS})
    return {"description": "What must hold: `archanalyzer check` tells.", **closed, "type": ["object", "null"]}


def _findings() -> Schema:
    """What may be expected to be found by a rule."""
    some: Schema = {"enum": ["none", "some"]}
    number = or_expression({"type": "integer", "minimum": 0})
    return any_of(some, a_list({"type": "string"}), number, ref("bound"))


def _facts(facts: Mapping[str, tuple[str, str]]) -> dict[str, Schema]:
    return {
        name: _about(text, ref(f"fact-{kind}")) if kind in KINDS else {"description": text}
        for name, (text, kind) in facts.items()
    }


def _known(about: str, names: Mapping[str, Schema]) -> Schema:
    """A map by names that are explained; others are not refused, for there may be more by plugins."""
    properties: dict[str, Any] = dict(names)
    return {"description": about, "type": ["object", "null"], "properties": properties}

"""Is a plugin's layer type what a layer type should be: its class, and what it says of its examples?"""

from __future__ import annotations

import re
from typing import Any

import yaml
from pydantic import ValidationError

from archanalyzer.diagnostics.guarding import PluginError, shown
from archanalyzer.diagnostics.rules.plugins import NOT_A_PLUGIN
from archanalyzer.graph import Arity, Example, Misfit, Op, TensorType, View
from archanalyzer.passes import plugin_answers
from archanalyzer.plugins.refusing import (
    FLAG,
    FUNCTION,
    TEXT,
    Expected,
    Refused,
    one_of,
    require,
    require_fields,
    require_name,
    tuple_of,
)

METHODS = ("output_type", "weights", "arithmetic", "readings", "kept")
"""What a layer type is asked; beside them, the property ``traits``."""


def require_op(op: type[Op]) -> None:
    """Looks a layer type through, and asks it about each of its examples.

    Raises:
        Refused: a part of it is not what it should be.
    """
    require_name("layer type", getattr(op, "name", None))
    what = f"layer type `{op.name}`"
    require_fields(what, op, dict.fromkeys(METHODS, FUNCTION))
    if unwritten := sorted(op.__abstractmethods__):
        raise Refused(NOT_A_PLUGIN, f"{what}: `{unwritten[0]}` is not written; `Op` says only what it is for")
    op.model_rebuild()
    fields = ", ".join(op.model_fields) or "it has none"
    scalar_field = Expected(
        f"the name of one of its fields ({fields}), or None", lambda value: value is None or value in op.model_fields
    )
    declared = {"arity": Expected("an `Arity` of whole numbers from 0, `least` not above `most`", _is_arity)}
    switches = {"view": one_of(View), "reads_extras": FLAG, "examples": tuple_of(Example)}
    require_fields(what, op, {"scalar_field": scalar_field, **declared, **switches})
    for example in op.examples:
        _require_example(what, op, example)


def _is_arity(value: Any) -> bool:
    if not isinstance(value, Arity) or type(value.least) is not int or value.least < 0:
        return False
    return value.most is None or (type(value.most) is int and value.most >= max(value.least, 1))


def _require_example(of: str, op: type[Op], example: Example) -> None:
    """Its text must be an entry of this layer type, and what the layer type says of it, sound."""
    what = f"{of}, example {shown(example.yaml)}"
    require_fields(what, example, {"yaml": TEXT, "inputs": tuple_of(TensorType), "shows": TEXT})
    extents = Expected("a shape of whole numbers from 1", plugin_answers.are_extents)
    for each in example.inputs:
        require(f"{what}, `inputs`", extents, each.shape)
    if not op.arity.admits(len(example.inputs)):
        raise Refused(NOT_A_PLUGIN, f"{what}: expected {op.arity}, found {len(example.inputs)}")
    if "=" in example.yaml:  # an expression, which the loader of specs evaluates
        return
    try:
        made = op.model_validate(_fields(what, op, example.yaml))
        plugin_answers.looked_through(what, made, tuple(example.inputs))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise Refused(NOT_A_PLUGIN, f"{what}: its fields are refused: {place or op.name}: {first['msg']}") from None
    except Misfit as misfit:
        raise Refused(NOT_A_PLUGIN, f"{what}: its inputs do not fit: {misfit.message}", misfit.hint) from None
    except PluginError as fault:
        raise Refused(NOT_A_PLUGIN, fault.diagnostic.message, source=fault.diagnostic.source) from None


def _fields(what: str, op: type[Op], text: str) -> dict[str, Any]:
    """What an example gives, as the loader of specs hands it to the op: lists as tuples, nothing where it is null."""
    try:
        entry: Any = yaml.load(text, _Core)  # noqa: S506 - a safe loader, with the scalars of YAML 1.2
    except yaml.YAMLError as error:
        reason = " ".join(str(error).split())
        raise Refused(NOT_A_PLUGIN, f"{what}: expected YAML, found what is none: {reason}") from None
    if entry == op.name:
        return {}
    if not isinstance(entry, dict) or op.name not in entry:
        raise Refused(NOT_A_PLUGIN, f"{what}: expected an entry of `layers:` of type `{op.name}`, found {shown(entry)}")
    given = entry[op.name]
    if given is not None and not isinstance(given, dict):
        if op.scalar_field is None:
            raise Refused(NOT_A_PLUGIN, f"{what}: expected a map of fields, as it has no `scalar_field`")
        given = {op.scalar_field: given}
    return {name: _tuples(value) for name, value in (given or {}).items() if value is not None}


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


class _Core(yaml.SafeLoader):
    """Reads scalars by the core schema of YAML 1.2, as specs are read: ``no`` is text, ``1e-5`` a number."""

    yaml_implicit_resolvers: dict[str, list[Any]] = {}  # noqa: RUF012 - what the base class calls it


for _tag, _pattern, _first in (
    ("null", "|~|null|Null|NULL", ["", "~", "n", "N"]),
    ("bool", "true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", "[-+]?[1-9][0-9]*(_[0-9]+)*|0", list("-+0123456789")),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", list("-+.0123456789")),
):
    _Core.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(f"^(?:{_pattern})$"), _first)

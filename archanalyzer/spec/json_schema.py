"""The spec language as a JSON Schema, with which editors complete, explain and check a spec while it is written.

It is made of the tables and declarations that the loader reads specs by. What holds across places is the loader's to
find: that a name is known, that shapes fit, what an expression comes to. A schema looks at all that is written, also
at what the loader never gets to, such as the fields of a layer in a block that nothing uses.

Of draft 2020-12 it uses only what means the same in draft 7, the latest that many editors know.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from archanalyzer import ops
from archanalyzer.graph import MOST_AXES
from archanalyzer.recipe import (
    DEFAULT_INITIALIZER,
    DEFAULT_LOSS,
    DEFAULT_OPTIMIZER,
    INITIALIZERS,
    LOSSES,
    OPTIMIZERS,
    SETTINGS,
    Setting,
)
from archanalyzer.spec.document import BLOCK_KEYS, DTYPES, REQUIRED, SECTIONS
from archanalyzer.spec.extras import DATA_KEYS, TRAINING_KEYS
from archanalyzer.spec.json_schema_expect import expect_definitions, expect_section
from archanalyzer.spec.json_schema_layers import GROUP, entries, layer_definitions
from archanalyzer.spec.json_schema_values import (
    NOTHING,
    REFERENCE,
    SCALARS,
    Schema,
    a_list,
    a_map,
    any_of,
    name,
    name_text,
    names,
    optional,
    or_expression,
    ref,
    value_definitions,
    variable,
)

DIALECT = "https://json-schema.org/draft/2020-12/schema"

_INPUTS = frozenset({"previous"})
"""What inputs cannot be called."""


class Facts(NamedTuple):
    """The facts that ``expect:`` can name, of the network and of a layer, each with what it is.

    The kinds are those of their values, by the names that passes have for them: ``count``, ``shape``. Of a fact without
    one, the schema does not say what it can be.
    """

    totals: Mapping[str, str]
    of_a_layer: Mapping[str, str]
    kinds_of_totals: Mapping[str, str] = MappingProxyType({})
    kinds_of_a_layer: Mapping[str, str] = MappingProxyType({})


def json_schema(facts: Facts) -> Schema:
    """The schema of a spec. Facts by other names than these are left to ``archanalyzer check``."""
    op_types = {each: ops.get(each) for each in ops.names() if each != "input"}
    return {
        "$schema": DIALECT,
        "title": "archspec",
        "description": "A neural network, as archanalyzer reads it.",
        "type": "object",
        "properties": {key: _SECTIONS[key](facts) for key in SECTIONS},
        "required": [*REQUIRED],
        "additionalProperties": False,
        "$defs": {**value_definitions(), **expect_definitions(), **layer_definitions(op_types)},
    }


def _about(description: str, schema: Schema) -> Schema:
    return {"description": description, **schema}


def _version(_: Facts) -> Schema:
    return {"description": "The version of this language.", "const": 1}


def _name(_: Facts) -> Schema:
    return _about("The network's name; if left out, the file's, without its ending.", {"type": [*SCALARS, "null"]})


def _description(_: Facts) -> Schema:
    return _about("A text, shown above the table.", {"type": [*SCALARS, "null"]})


def _variables(_: Facts) -> Schema:
    values = a_map(ref("value"), propertyNames=variable(), examples=[{"width": 64, "stages": [1, 2, 4]}])
    return _about("Values that expressions use, and that `--set` changes.", _optional_map(values))


def _dtype(_: Facts) -> Schema:
    choice: Schema = {"enum": [*DTYPES, None], "default": DTYPES[0]}
    return _about("The type of the numbers, from which bytes follow.", choice)


def _inputs(_: Facts) -> Schema:
    size = or_expression({"type": "integer", "minimum": 1})
    shape = any_of(or_expression({**a_list(size, least=1), "maxItems": MOST_AXES}), size)
    shape = {
        "description": "A shape: channels first, without the batch axis. One number is the shape of a flat input.",
        "examples": [[3, 224, 224], 10],
        **shape,
    }
    return _about(
        "The network's inputs, each with its shape.",
        a_map(shape, minProperties=1, propertyNames=name_text(reserved=_INPUTS), examples=[{"image": [3, 224, 224]}]),
    )


def _outputs(_: Facts) -> Schema:
    return _about(
        "The layers whose output is the network's; if left out, the last one.", optional(names(REFERENCE, unique=True))
    )


def _blocks(_: Facts) -> Schema:
    keys = {key: _BLOCK_KEYS[key] for key in BLOCK_KEYS}
    block = {
        "description": "A layer type of your own.",
        "type": "object",
        "properties": keys,
        "required": [GROUP],
        "additionalProperties": False,
    }
    types = [each for each in ops.names() if each != "input"]
    named = {"allOf": [name_text(), {"not": {"enum": types}}]}
    return _about("Layer types of your own.", _optional_map(a_map(block, propertyNames=named)))


_BLOCK_KEYS: dict[str, Schema] = {
    "description": {"description": "A text, for readers; nothing looks at it."},
    "arguments": {
        "description": "Name and default of each argument; null means that it must be given.",
        "examples": [{"filters": None, "kernel": 3}],
        "type": ["object", "null"],
        "additionalProperties": ref("value"),
        "propertyNames": variable(),
    },
    "inputs": {
        "description": "The names of the block's inputs; if left out, one, called `input`.",
        "examples": [["below", "skip"]],
        **optional(names(name(reserved=_INPUTS), unique=True)),
    },
    "layers": {"description": "The block's layers.", **entries(least=1)},
}


def _layers(_: Facts) -> Schema:
    return _about("The layers, from top to bottom.", entries(least=1))


def _weights(_: Facts) -> Schema:
    array = any_of(ref("array"), {"enum": [*INITIALIZERS]})
    by_array = _optional_map(a_map(array))
    by_array |= {"description": "By array: numbers, one number that fills it, or the name of an initializer."}
    examples = [{"dense": {"weight": [[1, -1], [0, 1]], "bias": 0}}]
    return _about("Weights that are pinned, by layer and array.", _optional_map(a_map(by_array, examples=examples)))


def _data(_: Facts) -> Schema:
    about = {"inputs": "Values of the network's inputs, by input.", "targets": "What outputs should be, by output."}
    keys = {key: _about(about[key], _optional_map(a_map(ref("array")))) for key in DATA_KEYS}
    return _about("Data that is pinned, for running the network.", _closed(keys))


def _training(_: Facts) -> Schema:
    keys: dict[str, Schema] = {
        "loss": {"description": "What to make small.", "enum": [*LOSSES, None], "default": DEFAULT_LOSS},
        "optimizer": {"description": "How weights change.", "enum": [*OPTIMIZERS, None], "default": DEFAULT_OPTIMIZER},
    }
    number = or_expression({"type": "number"})
    keys["initializer"] = {
        "description": "How arrays begin that are not pinned: a name, or a number that fills them.",
        "default": DEFAULT_INITIALIZER,
        **any_of({"enum": [*INITIALIZERS]}, number, NOTHING),
    }
    keys |= {each.name: _setting(each) for each in SETTINGS.values()}
    return _about(
        "How to train.", {**_closed({key: keys[key] for key in TRAINING_KEYS}), "allOf": _only_its_settings()}
    )


def _setting(setting: Setting) -> Schema:
    number: Schema = {"type": "number", "exclusiveMinimum" if setting.above else "minimum": setting.least}
    if setting.below < float("inf"):
        number["exclusiveMaximum"] = setting.below
    description = f"{setting.expected[0].upper()}{setting.expected[1:]}."
    return {"description": description, "default": setting.default, **optional(or_expression(number))}


def _only_its_settings() -> list[Schema]:
    """For each optimizer: the settings that it has not may not be given."""
    rules = []
    for optimizer in OPTIMIZERS.values():
        having = {setting.name for setting in optimizer.settings}
        others = {setting: NOTHING for setting in SETTINGS if setting not in having}
        chosen: Schema = {"properties": {"optimizer": {"const": optimizer.name}}, "required": ["optimizer"]}
        if optimizer.name == DEFAULT_OPTIMIZER:
            chosen = {"properties": {"optimizer": {"enum": [optimizer.name, None]}}}
        rules.append({"if": chosen, "then": {"properties": others}})
    return rules


def _expect(facts: Facts) -> Schema:
    totals = {name: (text, facts.kinds_of_totals.get(name, "")) for name, text in facts.totals.items()}
    of_a_layer = {name: (text, facts.kinds_of_a_layer.get(name, "")) for name, text in facts.of_a_layer.items()}
    return expect_section(totals, of_a_layer)


def _optional_map(schema: Schema) -> Schema:
    """A map that may be left empty."""
    return {**schema, "type": ["object", "null"]}


def _closed(keys: dict[str, Schema]) -> Schema:
    """A map with these keys and no other, which may be left empty."""
    return {"type": ["object", "null"], "properties": keys, "additionalProperties": False}


_SECTIONS: dict[str, Callable[[Facts], Schema]] = {
    "archspec": _version,
    "name": _name,
    "description": _description,
    "variables": _variables,
    "dtype": _dtype,
    "inputs": _inputs,
    "outputs": _outputs,
    "blocks": _blocks,
    "layers": _layers,
    "weights": _weights,
    "data": _data,
    "training": _training,
    "expect": _expect,
}

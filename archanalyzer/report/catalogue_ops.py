"""Layer types as a list, as a page each, and as data: what they declare."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from pydantic.fields import FieldInfo

from archanalyzer.graph import Example, Op, Weight, shown_shape
from archanalyzer.report.catalogue import filled, first_sentence, paragraphs, prose, table
from archanalyzer.report.json_text import document
from archanalyzer.report.view import Page

_INDENT = "    "


class Shown(NamedTuple):
    """An example of a layer type, and the op that it describes."""

    example: Example
    op: Op

    @property
    def output(self) -> Any:
        """The type of what comes of the example's inputs."""
        return self.op.output_type(self.example.inputs)

    @property
    def weights(self) -> tuple[Weight, ...]:
        return self.op.weights(self.example.inputs)

    @property
    def notes(self) -> str:
        """On one line: the shapes that it reads and puts out, the arrays that it owns, and what it shows."""
        shapes = f"{', '.join(map(str, self.example.inputs))} → {self.output}"
        arrays = ", ".join(f"{each.name} {shown_shape(each.shape)}" for each in self.weights)
        return "; ".join(part for part in (shapes, arrays, self.example.shows) if part)

    @property
    def entry(self) -> str:
        """The example as an entry of ``layers:``, under its notes."""
        first, *rest = self.example.yaml.splitlines()
        return "".join((f"# {self.notes}\n- {first}\n", *(f"  {line}\n" for line in rest)))


class Described(NamedTuple):
    """A layer type with its examples, and for each field, JSON Schemas of what may be written for it."""

    type: type[Op]
    examples: Sequence[Shown]
    values: Mapping[str, Sequence[Mapping[str, Any]]]


def families(types: Iterable[type[Op]]) -> dict[str, list[type[Op]]]:
    """Layer types by the title of their family, in their order."""
    found: dict[str, list[type[Op]]] = {}
    for each in types:
        found.setdefault(title(each), []).append(each)
    return found


def title(op_type: type[Op]) -> str:
    """What the family of a layer type is called: the name of its module, or the plugin that it is from."""
    if op_type.plugin is not None:
        return f"Plugin {op_type.plugin}"
    return op_type.__module__.rpartition(".")[2].replace("_", " ").capitalize()


def shared_base(members: Sequence[type[Op]]) -> type | None:
    """The class of a family's own module that all its members, if several, are made of."""
    own = [base for base in members[0].__mro__ if base.__module__ == members[0].__module__]
    return next((base for base in own if len(members) > 1 and all(issubclass(op, base) for op in members)), None)


def default(field: FieldInfo) -> str | None:
    """The default of a field as one would write it; None where it must be given, and empty where it is nothing."""
    if field.is_required():
        return None
    if isinstance(field.default, bool):
        return str(field.default).lower()
    return "" if field.default is None else str(field.default)


def as_list(types: Iterable[type[Op]], page: Page | None = None) -> str:
    """The layer types by family, each with a sentence."""
    columns = (page or Page()).width
    types = list(types)
    longest = max((len(each.name) for each in types), default=0)
    parts = []
    for family, members in families(types).items():
        rows = ((f"{each.name:{longest}}", first_sentence(each.__doc__)) for each in members)
        parts.append(f"{family}\n{table(rows, columns)}")
    return "\n".join(parts)


def page_of(described: Described, relatives: Sequence[type[Op]], page: Page | None = None) -> str:
    """All that a layer type declares; ``relatives`` are the layer types of its family."""
    columns = (page or Page()).width
    op_type, examples, _ = described
    base = shared_base(relatives)
    about = [op_type.__doc__, base.__doc__ if base not in {None, op_type} else None]
    parts = [f"{op_type.name}\n", *(paragraphs(each, columns) for each in about if each)]
    parts.append(filled(_taking(op_type), columns))
    parts.append(_fields(op_type, columns))
    entries = "\n".join("".join(f"{_INDENT}{line}\n" for line in each.entry.splitlines()) for each in examples)
    parts.append(f"Examples: above each, the shapes that it reads and puts out, and its arrays\n\n{entries}")
    module = sys.modules.get(op_type.__module__)
    family = paragraphs(module.__doc__ if module else None, columns)
    return "\n".join((*parts, *([f"{title(op_type)}\n", family] if family else [])))


def _taking(op_type: type[Op]) -> str:
    """What it reads, what a bare value stands for, and where it is from."""
    words = [f"Takes {op_type.arity}."]
    if op_type.scalar_field is not None:
        words.append(f"A bare value stands for `{op_type.scalar_field}`.")
    if op_type.plugin is not None:
        words.append(f"From the plugin `{op_type.plugin}`.")
    return " ".join(words)


def _fields(op_type: type[Op], columns: int) -> str:
    rows = [(name, _default(field), prose(field.description)) for name, field in op_type.model_fields.items()]
    return f"Fields\n{table([('field', 'default', ''), *rows], columns)}" if rows else "No fields.\n"


def _default(field: FieldInfo) -> str:
    shown = default(field)
    return "needed" if shown is None else shown or "–"


def as_json(described: Iterable[Described]) -> str:
    """The layer types as one document."""
    return document({"ops": [_entry(each) for each in described]})


def _entry(described: Described) -> dict[str, Any]:
    op_type = described.type
    return {
        "name": op_type.name,
        "family": title(op_type),
        "plugin": op_type.plugin,
        "help": prose(op_type.__doc__),
        "inputs": {"least": op_type.arity.least, "most": op_type.arity.most},
        "scalar_field": op_type.scalar_field,
        "fields": _field_entries(described),
        "examples": [_example(each) for each in described.examples],
    }


def _field_entries(described: Described) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "needed": field.is_required(),
            "default": None if field.is_required() else field.default,
            "help": prose(field.description),
            "values": described.values[name],
        }
        for name, field in described.type.model_fields.items()
    ]


def _example(shown: Shown) -> dict[str, Any]:
    weights = [{"name": each.name, "shape": each.shape, "role": each.role.value} for each in shown.weights]
    inputs = [each.shape for each in shown.example.inputs]
    return {
        "yaml": shown.example.yaml,
        "shows": shown.example.shows,
        "input_shapes": inputs,
        "output_shape": shown.output.shape,
        "weights": weights,
    }

"""From a layer's fields, as read, to an op; from what pydantic finds wrong to diagnostics at their places."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from pydantic import ValidationError

from archanalyzer.diagnostics import BlockUse
from archanalyzer.diagnostics.rules.language import INVALID_FIELD, MISSING_FIELD, WRONG_KIND
from archanalyzer.graph import Op
from archanalyzer.spec.entries import LayerEntry
from archanalyzer.spec.evaluation import Evaluator, ReportedError, shown_value, whole_number_hint
from archanalyzer.spec.nodes import Entry, MappingNode, Node, ScalarNode, SequenceNode
from archanalyzer.spec.scalars import Value, boolean_hint, shown

_Names = Mapping[str, Value]


class FieldReader:
    """Builds ops, the same one for the same fields: ops are values, and big networks repeat themselves."""

    def __init__(self, ev: Evaluator) -> None:
        self._ev = ev
        self._built: dict[tuple[type[Op], str], Op] = {}

    def op(self, op_type: type[Op], entry: LayerEntry, names: _Names, trail: BlockUse | None, shared: Op | None) -> Op:
        """The op of one layer; fields that it does not give are those of ``shared``, whose weights it uses.

        A field that it gives as null has its default.

        Raises:
            ReportedError: a field is missing, unknown or wrong.
        """
        given = self._values(op_type, entry, names, trail)
        others = {} if shared is None else shared.model_dump(exclude_unset=True)
        values = {name: value for name, value in {**others, **given}.items() if value is not None}
        key = (op_type, repr(values))
        if key not in self._built:
            try:
                self._built[key] = op_type.model_validate(values)
            except ValidationError as error:
                raise self._report(op_type, entry, given, error, trail) from None
        return self._built[key]

    def _values(self, op_type: type[Op], entry: LayerEntry, names: _Names, trail: BlockUse | None) -> dict[str, Value]:
        node = entry.fields
        if node is None:
            return {}
        if isinstance(node, MappingNode):
            return dict(
                self._ev.all(
                    node.entries.values(), lambda each: (each.key.text, self._value(op_type, each, names, trail))
                )
            )
        if op_type.scalar_field is None:
            message = f"`{op_type.name}` expects its fields as a mapping, found {node.kind}"
            raise self._ev.report(INVALID_FIELD, message, node, hint=_field_list(op_type), trail=trail)
        return {op_type.scalar_field: self._ev.value(node, names, trail)}

    def _value(self, op_type: type[Op], entry: Entry, names: _Names, trail: BlockUse | None) -> Value:
        key, node = entry
        if isinstance(node, MappingNode):
            message = f"`{key.text}` of `{op_type.name}`: expected {_accepted(op_type, key.text)}, found a mapping"
            raise self._ev.report(WRONG_KIND, message, node, trail=trail)
        return self._ev.value(node, names, trail)

    def _report(
        self,
        op_type: type[Op],
        entry: LayerEntry,
        given: Mapping[str, Value],
        error: ValidationError,
        trail: BlockUse | None,
    ) -> ReportedError:
        """One diagnostic for each value that is wrong, at its own place where it has one."""
        assert entry.type is not None  # noqa: S101 - groups have no fields
        places: dict[tuple[str, int], _Wrong] = {}
        for detail in error.errors(include_url=False):
            field = str(detail["loc"][0]) if detail["loc"] else ""
            wrong = _wrong(entry, field, given.get(field), detail)
            places.setdefault((field, wrong.node.start), wrong).details.append(detail)
        for (field, _), wrong in places.items():
            kinds = {detail["type"] for detail in wrong.details}
            if kinds == {"missing"}:
                hint = op_type.model_fields[field].description
                self._ev.report(MISSING_FIELD, f"`{op_type.name}` needs `{field}`", entry.type, hint=hint, trail=trail)
                continue
            expected, hint = _expected(op_type, field, wrong, self._ev)
            what = f"`{field}` of `{op_type.name}`" if field else f"`{op_type.name}`"
            found = f", found {_found(wrong)}" if field else ""
            self._ev.report(INVALID_FIELD, f"{what}: expected {expected}{found}", wrong.node, hint=hint, trail=trail)
        return ReportedError("fields")


class _Wrong(NamedTuple):
    """A value that is wrong: where it stands, what it is, whether it is an item of a list, what pydantic says of it."""

    node: Node
    value: Any
    is_item: bool
    details: list[Any]


def _wrong(entry: LayerEntry, field: str, value: Any, detail: Any) -> _Wrong:
    """The value that pydantic objects to, an item of a list alone where the list is otherwise what it should be."""
    node: Node | None = entry.fields
    if isinstance(node, MappingNode):
        written = node.entries.get(field)
        node = written.value if written else None
    node = node or entry.type or entry.source
    is_item = False
    for index in detail["loc"][1:]:
        if not (isinstance(index, int) and isinstance(node, SequenceNode) and index < len(node.items)):
            break
        node, value, is_item = node.items[index], detail["input"], True
    return _Wrong(node, value, is_item, [])


def _expected(op_type: type[Op], field: str, wrong: _Wrong, ev: Evaluator) -> tuple[str, str | None]:
    """What a value should be, and a hint."""
    first = wrong.details[0]
    hint = _hint(wrong)
    if len(wrong.details) == 1:
        if first["type"] == "value_error":
            return str(first["ctx"]["error"]), hint
        if first["type"] == "literal_error":
            choices = re.findall(r"'([^']*)'", first["ctx"]["expected"])
            hint = ev.similar(wrong.value, choices, "") if isinstance(wrong.value, str) else None
            near = hint if hint is not None and hint.startswith("did") else None
            return first["ctx"]["expected"].replace("'", "`"), near
    if wrong.is_item:
        kinds = {"greater_than_equal": "{ge} or more", "int_type": "a whole number"}
        return kinds.get(first["type"], "another item").format(**first.get("ctx", {})), hint
    return _accepted(op_type, field), hint


def _accepted(op_type: type[Op], field: str) -> str:
    """What a field can be, by its description, which says so before a colon."""
    declared = op_type.model_fields.get(field)
    accepted = ((declared and declared.description) or "another value").partition(":")[0].rstrip(".")
    return f"{accepted[0].lower()}{accepted[1:]}"


def _found(wrong: _Wrong) -> str:
    """The value as it is written, or, of an expression, as it comes out."""
    node = wrong.node
    if isinstance(node, ScalarNode) and isinstance(wrong.value, int | float) and not node.text.startswith("="):
        return shown(node.text, 40)
    return shown_value(wrong.value)


def _hint(wrong: _Wrong) -> str | None:
    if isinstance(wrong.node, ScalarNode) and wrong.node.plain and (hint := boolean_hint(wrong.node.text)):
        return hint
    return whole_number_hint(wrong.node, wrong.value)


def _field_list(op_type: type[Op]) -> str:
    if not op_type.model_fields:
        return f"`{op_type.name}` has no fields"
    return f"fields of `{op_type.name}`: " + ", ".join(f"`{name}`" for name in op_type.model_fields)

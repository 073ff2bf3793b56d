"""From a layer's fields, as read, to an op; from what pydantic finds wrong to diagnostics at their places."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from archanalyzer.diagnostics import BlockUse, Rule, did_you_mean
from archanalyzer.diagnostics.rules.language import INVALID_FIELD, MISSING_FIELD, UNKNOWN_FIELD
from archanalyzer.graph import Op
from archanalyzer.spec.entries import BESIDE, LayerEntry
from archanalyzer.spec.evaluation import Evaluator, ReportedError
from archanalyzer.spec.nodes import MappingNode, Node, ScalarNode, SequenceNode
from archanalyzer.spec.scalars import Value, boolean_hint

_Names = Mapping[str, Value]


class FieldReader:
    """Builds ops, the same one for the same fields: ops are values, and big networks repeat themselves."""

    def __init__(self, ev: Evaluator) -> None:
        self._ev = ev
        self._built: dict[tuple[type[Op], str], Op] = {}

    def op(self, op_type: type[Op], entry: LayerEntry, names: _Names, trail: BlockUse | None, shared: Op | None) -> Op:
        """The op of one layer; fields that it does not give are those of ``shared``, whose weights it uses.

        Raises:
            ReportedError: a field is missing, unknown or wrong.
        """
        values: dict[str, Value] = {} if shared is None else shared.model_dump(exclude_unset=True)
        values.update(self._values(op_type, entry, names, trail))
        key = (op_type, repr(values))
        if key not in self._built:
            try:
                self._built[key] = op_type.model_validate(values)
            except ValidationError as error:
                raise self._report(op_type, entry, error, trail) from None
        return self._built[key]

    def _values(self, op_type: type[Op], entry: LayerEntry, names: _Names, trail: BlockUse | None) -> dict[str, Value]:
        node = entry.fields
        if node is None:
            return {}
        if isinstance(node, MappingNode):
            pairs = self._ev.all(
                node.entries.items(), lambda pair: (pair[0], self._ev.value(pair[1].value, names, trail))
            )
            return {name: value for name, value in pairs if value is not None}
        if op_type.scalar_field is None:
            raise self._ev.report(
                INVALID_FIELD,
                f"`{op_type.name}` expects its fields as a mapping, found {node.kind}",
                node,
                hint=_field_list(op_type),
                trail=trail,
            )
        return {op_type.scalar_field: self._ev.value(node, names, trail)}

    def _report(
        self, op_type: type[Op], entry: LayerEntry, error: ValidationError, trail: BlockUse | None
    ) -> ReportedError:
        """One diagnostic a field, at the field's own place where it has one."""
        reported: set[str] = set()
        for detail in error.errors(include_url=False, include_input=False):
            place = detail["loc"]
            field = str(place[0]) if place else ""
            if field not in reported:
                reported.add(field)
                same = [each for each in error.errors(include_url=False) if each["loc"][:1] == place[:1]]
                rule, message, hint, node = _explain(op_type, entry, field, same)
                self._ev.report(rule, message, node, hint=hint, trail=trail)
        return ReportedError("fields")


def _explain(
    op_type: type[Op], entry: LayerEntry, field: str, details: list[Any]
) -> tuple[Rule, str, str | None, Node]:
    """The rule, message, hint and place for what pydantic says of one field."""
    assert entry.type is not None  # noqa: S101 - groups have no fields
    fields = entry.fields if isinstance(entry.fields, MappingNode) else None
    written = fields.entries.get(field) if fields else None
    kind = details[0]["type"]
    if kind == "missing":
        hint = f"{op_type.model_fields[field].description}"
        return MISSING_FIELD, f"`{op_type.name}` needs `{field}`", hint, entry.type
    if kind == "extra_forbidden" and written is not None:
        if field in BESIDE:
            hint = f"`{field}` stands beside the layer type, not inside it: indent it like `{op_type.name}`"
        else:
            hint = did_you_mean(field, tuple(op_type.model_fields), f"fields of `{op_type.name}`")
        return UNKNOWN_FIELD, f"`{op_type.name}` has no field `{field}`", hint, written.key
    node = written.value if written else entry.fields or entry.type
    if not field:
        return INVALID_FIELD, f"`{op_type.name}`: {_reason(details[0])}", None, node
    found = _shown(details[0]["input"]) if len(details) == 1 and len(details[0]["loc"]) == 1 else None
    message = f"`{field}` of `{op_type.name}`: {_expected(op_type, field, details)}" + (
        f", found {found}" if found else ""
    )
    return INVALID_FIELD, message, _hint(node), node


def _expected(op_type: type[Op], field: str, details: list[Any]) -> str:
    """What the field can be: by pydantic's one objection where it is plain, else by the field's own description."""
    if len(details) == 1 and (reason := _reason(details[0])):
        where = "" if len(details[0]["loc"]) == 1 else " everywhere"
        return f"expected {reason}{where}"
    description = (op_type.model_fields[field].description or "another value").rstrip(".")
    return f"expected {description[0].lower()}{description[1:]}"


_PHRASES = {
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "`true` or `false`",
    "string_type": "text",
    "tuple_type": "a list",
    "finite_number": "a finite number",
}
_BOUNDS = {
    "greater_than_equal": ("ge", "or more"),
    "greater_than": ("gt", "a number above"),
    "less_than": ("lt", "a number below"),
    "less_than_equal": ("le", "or less"),
}


def _reason(detail: Any) -> str:
    kind, context = detail["type"], detail.get("ctx", {})
    if kind in _PHRASES:
        return _PHRASES[kind]
    if kind in _BOUNDS:
        bound, phrase = _BOUNDS[kind]
        value = context[bound]
        return f"{value} {phrase}" if phrase.startswith("or") else f"{phrase} {value}"
    if kind == "literal_error":
        return str(context["expected"]).replace("'", "`")
    if kind in {"value_error", "assertion_error"}:
        return str(context["error"])
    return ""


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "`true`" if value else "`false`"
    if isinstance(value, tuple):
        return "a list of " + str(len(value))
    text = str(value)
    return f"`{text}`" if len(text) <= 40 else f"`{text[:39]}…`"


def _hint(node: Node) -> str | None:
    if isinstance(node, ScalarNode) and node.plain:
        if hint := boolean_hint(node.text):
            return hint
        if "e" in node.text.lower() and "." not in node.text:
            return "`1e3` is a float; write the whole number out: `1000`" if node.text[0].isdigit() else None
    if isinstance(node, ScalarNode) and not node.plain and node.text.isdigit():
        return f"in quotes it is text; write {node.text}"
    if isinstance(node, SequenceNode) and not node.items:
        return "the list is empty"
    return None


def _field_list(op_type: type[Op]) -> str:
    if not op_type.model_fields:
        return f"`{op_type.name}` has no fields"
    return f"fields of `{op_type.name}`: " + ", ".join(f"`{name}`" for name in op_type.model_fields)

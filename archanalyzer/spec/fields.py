"""From a layer's fields, as read, to an op; from what pydantic finds wrong to diagnostics at their places."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from contextlib import suppress
from functools import partial
from typing import Any, NamedTuple

from pydantic import ValidationError

from archanalyzer.diagnostics import BlockUse
from archanalyzer.diagnostics.guarding import PluginError, guarded
from archanalyzer.diagnostics.rules.language import INVALID_FIELD, MISSING_FIELD, WRONG_KIND
from archanalyzer.diagnostics.rules.plugins import PLUGIN_FAILED
from archanalyzer.graph import Op, WrongField
from archanalyzer.spec.entries import LayerEntry
from archanalyzer.spec.evaluation import Evaluator, ReportedError, found_value, shown_value
from archanalyzer.spec.hints import kind_hint
from archanalyzer.spec.nodes import MappingNode, Node, SequenceNode
from archanalyzer.spec.scalars import Value

_Names = Mapping[str, Value]

_MOST_HINTS = 8
"""For how many of an entry's wrong values others are tried in their place, each time with all fields."""


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
        given, wrong = self._values(op_type, entry, names, trail)
        others = {} if shared is None else shared.model_dump(exclude_unset=True)
        values = {name: value for name, value in {**others, **given}.items() if value is not None}
        key = (op_type, repr(values))
        if wrong or key not in self._built:
            try:
                op = _made(op_type, values)
            except ValidationError as error:
                told = _FieldErrors(op_type, entry, values, wrong, names)
                raise told.report(error, self._ev, trail) from None
            except PluginError as fault:
                node = entry.type or entry.source
                raise self._ev.report(PLUGIN_FAILED, str(fault), node, trail=trail) from None
            if wrong:
                raise ReportedError("fields")
            self._built[key] = op
        return self._built[key]

    def _values(
        self, op_type: type[Op], entry: LayerEntry, names: _Names, trail: BlockUse | None
    ) -> tuple[dict[str, Value], set[str]]:
        """The values of the fields that are given, and the names of those that have none, which has been reported."""
        values: dict[str, Value] = {}
        written = self._written(op_type, entry, trail)
        for name, node in written.items():
            if name in op_type.model_fields:  # others were told when the entry was parsed
                with suppress(ReportedError):
                    values[name] = self._value(op_type, name, node, names, trail)
        return values, written.keys() - values.keys()

    def _written(self, op_type: type[Op], entry: LayerEntry, trail: BlockUse | None) -> dict[str, Node]:
        node = entry.fields
        if node is None:
            return {}
        if isinstance(node, MappingNode):
            return {name: each.value for name, each in node.entries.items()}
        if op_type.scalar_field is None:
            message = f"`{op_type.name}` expects its fields as a map, found {node.kind}"
            hint = _field_list(op_type)
            if op_type.arity.most != 1 and isinstance(node, SequenceNode):
                hint = "what it reads stands beside the type, in `from:`"
            raise self._ev.report(INVALID_FIELD, message, node, hint=hint, trail=trail)
        return {op_type.scalar_field: node}

    def _value(self, op_type: type[Op], name: str, node: Node, names: _Names, trail: BlockUse | None) -> Value:
        if isinstance(node, MappingNode):
            message = f"`{name}` of `{op_type.name}`: expected {_accepted(op_type, name)}, found a map"
            raise self._ev.report(WRONG_KIND, message, node, trail=trail)
        return self._ev.value(node, names, trail)


def _made(op_type: type[Op], values: Mapping[str, Value]) -> Op:
    """The op with these fields.

    Raises:
        ValidationError: they are wrong.
        PluginError: a validator of a plugin's layer type raised something else.
    """
    if op_type.plugin is None:
        return op_type.model_validate(values)
    try:
        what = f"layer type `{op_type.name}` of plugin `{op_type.plugin}`"
        return guarded(what, partial(op_type.model_validate, values))
    except PluginError as fault:
        if isinstance(fault.__cause__, ValidationError):
            raise fault.__cause__ from None
        raise


class _FieldErrors(NamedTuple):
    """What pydantic finds wrong with the fields of an entry; ``wrong`` ones have been reported."""

    op_type: type[Op]
    entry: LayerEntry
    given: Mapping[str, Value]
    wrong: Collection[str]
    names: _Names

    def report(self, error: ValidationError, ev: Evaluator, trail: BlockUse | None) -> ReportedError:
        """One diagnostic for each value that is wrong, at its own place where it has one."""
        assert self.entry.type is not None  # noqa: S101 - groups have no fields
        places: dict[tuple[str, int], _Wrong] = {}
        for detail in error.errors(include_url=False):
            field = _field_of(detail)
            if not self._is_told(field, detail):
                wrong = _wrong(self.entry, field, self.given.get(field), detail)
                places.setdefault((field, wrong.node.start), wrong).details.append(detail)
        for number, ((field, _), wrong) in enumerate(places.items()):
            if {detail["type"] for detail in wrong.details} == {"missing"}:
                hint, message = self.op_type.model_fields[field].description, f"`{self.op_type.name}` needs `{field}`"
                ev.report(MISSING_FIELD, message, self.entry.type, hint=hint, trail=trail)
            else:
                message, hint = self._message(field, wrong if number < _MOST_HINTS else wrong.without_hint, ev)
                ev.report(INVALID_FIELD, message, wrong.node, hint=hint, trail=trail)
        return ReportedError("fields")

    def _is_told(self, field: str, detail: Any) -> bool:
        """Whether a fault follows from one that has been reported: those of unknown fields include what is missing."""
        across_fields = not detail["loc"]
        unknown = any(name not in self.op_type.model_fields for name in self.wrong)
        return field in self.wrong or (across_fields and bool(self.wrong)) or (unknown and detail["type"] == "missing")

    def _message(self, field: str, wrong: _Wrong, ev: Evaluator) -> tuple[str, str | None]:
        error = wrong.details[0].get("ctx", {}).get("error")
        name = self.op_type.name
        if not field and not isinstance(error, WrongField):
            return f"`{name}`: {error or wrong.details[0]['msg']}", None
        expected, hint = self._expected(field, wrong, ev)
        found = error.found if isinstance(error, WrongField) else ""
        what = f"`{field}` of `{name}`" if field else f"`{name}`"
        return f"{what}: expected {expected}, found {found or wrong.found}", hint

    def _expected(self, field: str, wrong: _Wrong, ev: Evaluator) -> tuple[str, str | None]:
        """What a value should be, and a hint."""
        first = wrong.details[0]
        accepts = partial(self._accepts, field, wrong)
        hint = None
        if wrong.gets_hint:
            hint = kind_hint(wrong.node, wrong.value, *_wanted(wrong), accepts=accepts, names=self.names)
        if len(wrong.details) == 1:
            if first["type"] == "value_error":
                error = first["ctx"]["error"]
                return error.expected if isinstance(error, WrongField) else str(error), hint
            if first["type"] == "literal_error":
                return first["ctx"]["expected"].replace("'", "`"), _near_choice(wrong, ev)
        hint = hint or _near_choice(wrong, ev)
        if wrong.path:
            kinds = {"greater_than_equal": "{ge} or more", "int_type": "a whole number"}
            return kinds.get(first["type"], "another item").format(**first.get("ctx", {})), hint
        return _accepted(self.op_type, field), hint

    def _accepts(self, field: str, wrong: _Wrong, value: Value) -> bool:
        """Whether nothing would be wrong at this place if ``value`` stood there."""
        values = {**self.given, field: _replaced(self.given.get(field), wrong.path, value)}
        places = {detail["loc"] for detail in wrong.details} | {(field,)}
        try:
            _made(self.op_type, {name: each for name, each in values.items() if each is not None})
        except ValidationError as error:
            return not any(detail["loc"] in places for detail in error.errors(include_url=False))
        except PluginError:
            return False
        return True


class _Wrong(NamedTuple):
    """A value that is wrong: where it stands, what it is, its place in the lists around it, what pydantic says of it.

    One that is not written is a default, or that of the layer whose weights are shared.
    """

    node: Node
    value: Any
    path: tuple[int, ...]
    details: list[Any]
    is_written: bool = True
    gets_hint: bool = True

    @property
    def without_hint(self) -> _Wrong:
        return self._replace(gets_hint=False)

    @property
    def found(self) -> str:
        return found_value(self.node, self.value) if self.is_written else shown_value(self.value)


def _wrong(entry: LayerEntry, field: str, value: Any, detail: Any) -> _Wrong:
    """The value that pydantic objects to, an item of a list alone where the list is otherwise what it should be."""
    given: Node | None = entry.fields
    if isinstance(given, MappingNode):
        written = given.entries.get(field)
        given = written.value if written else None
    node = given or entry.type or entry.source
    path: tuple[int, ...] = ()
    for index in detail["loc"][1:]:
        if not (isinstance(index, int) and isinstance(node, SequenceNode) and index < len(node.items)):
            break
        node, value, path = node.items[index], detail["input"], (*path, index)
    return _Wrong(node, value, path, [], is_written=given is not None)


def _replaced(value: Any, path: tuple[int, ...], new: Value) -> Value:
    """``value`` with ``new`` at one place of its lists."""
    if not path or not isinstance(value, tuple):
        return new
    first, *rest = path
    return (*value[:first], _replaced(value[first], tuple(rest), new), *value[first + 1 :])


def _field_of(detail: Any) -> str:
    """The field that something is wrong with; empty where it is wrong with several together."""
    error = detail.get("ctx", {}).get("error")
    if isinstance(error, WrongField):
        return error.field
    return str(detail["loc"][0]) if detail["loc"] else ""


def _near_choice(wrong: _Wrong, ev: Evaluator) -> str | None:
    """A hint for one who misspelt one of the words that there are to choose from."""
    expected = " ".join(each["ctx"]["expected"] for each in wrong.details if each["type"] == "literal_error")
    choices = re.findall(r"'([^']*)'", expected)
    hint = ev.similar(wrong.value, choices, "") if choices and isinstance(wrong.value, str) else None
    return hint if hint is not None and hint.startswith("did") else None


def _wanted(wrong: _Wrong) -> tuple[type, ...]:
    kinds = {detail["type"] for detail in wrong.details}
    if "bool_type" in kinds:
        return (bool,)
    return (int, float) if "float_type" in kinds else (int,)


def _accepted(op_type: type[Op], field: str) -> str:
    """What a field can be, by its description, which says so before a colon."""
    declared = op_type.model_fields.get(field)
    accepted = ((declared and declared.description) or "another value").partition(":")[0].rstrip(".")
    return f"{accepted[0].lower()}{accepted[1:]}"


def _field_list(op_type: type[Op]) -> str:
    if not op_type.model_fields:
        return f"`{op_type.name}` has no fields"
    return f"fields of `{op_type.name}`: " + ", ".join(f"`{name}`" for name in op_type.model_fields)

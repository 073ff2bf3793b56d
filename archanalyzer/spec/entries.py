"""The entries of ``layers:`` as they are written, before blocks and repeats are expanded."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from keyword import kwlist

from archanalyzer import ops
from archanalyzer.diagnostics import enumerated
from archanalyzer.diagnostics.rules.language import (
    INVALID_NAME,
    MISSING_FIELD,
    NOT_A_LAYER,
    UNKNOWN_FIELD,
    UNKNOWN_KEY,
    UNKNOWN_LAYER_TYPE,
    WRONG_KIND,
)
from archanalyzer.spec.elsewhere import BESIDE_TYPES, FIELDS, TYPE_KEYS, TYPES
from archanalyzer.spec.evaluation import Evaluator, is_nothing, listed, meant, space_hint
from archanalyzer.spec.nodes import Entry, MappingNode, Node, ScalarNode, SequenceNode
from archanalyzer.spec.scalars import shown

BESIDE = ("name", "from", "repeat", "counter", "share", "frozen")
"""The keys that may stand beside a layer type."""

_KEYWORDS = re.compile(r"(\w+\s*=\s*[^,=()]+(?:,\s*\w+\s*=\s*[^,=()]+)*)\)")
_DASH = re.compile(r"(?:^|\s)-(\s)?")
_NAME = re.compile(r"\w[\w.-]*")
LONGEST_NAME = 100
RESERVED = frozenset({"input", "previous"})
"""Names that mean something of their own in ``from:``."""
RESERVED_WORDS = frozenset({*kwlist, "true", "false"})
"""Words of the language of expressions, which cannot be names in it."""


@dataclass(frozen=True, slots=True, eq=False)
class LayerEntry:
    """One entry: the use of a layer type or block with its fields, or, where ``type`` is None, a group of entries.

    One that is not ``sound`` has been reported: it stands for whatever layer it was meant to be.
    """

    source: Node
    type: ScalarNode | None
    fields: Node | None = None
    body: tuple[LayerEntry, ...] = ()
    name: ScalarNode | None = None
    reads: tuple[ScalarNode | None, ...] = ()
    """None for what should be a name and is none."""
    repeat: Node | None = None
    counter: str | None = "i"
    """None where it is wrong."""
    share: ScalarNode | None = None
    frozen: Node | None = None
    sound: bool = True
    cost: int = 1
    """How much work it is to expand it once."""


def cost_of(values: int) -> int:
    """The work of reading so many values, in steps of the expansion; no layer that one would write takes several."""
    return 1 + max(0, values - 32) // 4


class Types:
    """The layer types and blocks that there are, blocks first; and lists of layers that have been read already."""

    def __init__(self, blocks: Mapping[str, Entry], built_in: Collection[str]) -> None:
        self.names = dict.fromkeys((*blocks, *built_in))
        self._blocks = blocks
        self.read: dict[int, tuple[LayerEntry, ...]] = {}

    def check(self, type_: ScalarNode, ev: Evaluator) -> bool:
        """Whether there is such a type; reported where there is none."""
        if type_.text in self.names:
            return True
        first, colon, _ = type_.text.partition(":")
        hint = ev.similar(type_.text, self.names, "layer types")
        if type_.text == "input":
            hint = "what comes in from outside stands in `inputs:`"
        elif colon and (first in self.names or first in BESIDE):
            in_quotes = not type_.plain and type_.text[len(first) + 1 :][:1].isspace()
            hint = f"take the quotes away: `{shown(type_.text, 40)[1:-1]}`" if in_quotes else space_hint(first)
        elif called := TYPES.get(type_.text.lower()):
            hint = f"it is called `{called}` here"
        elif type_.plain and (written := self._otherwise_written(type_.text)):
            hint = written
        elif hint is not None and not hint.startswith("did"):
            hint = self._where_listed()
        message = f"there is no layer type or block {shown(type_.text)}"
        ev.report(UNKNOWN_LAYER_TYPE, message, type_, hint=hint)
        return False

    def _otherwise_written(self, text: str) -> str | None:
        """A hint for a call, as in Python, or for an item of the list that YAML takes for a part of the one above."""
        name, bracket, rest = text.partition("(")
        if bracket and name in self.names:
            fields = _KEYWORDS.fullmatch(rest)
            inside = re.sub(r"\s*=\s*", ": ", fields[1]) if fields and len(rest) < LONGEST_NAME else "…"
            return f"write `{name}: {{{inside}}}`"
        dash = _DASH.search(text)
        if dash and dash[1]:
            return f"check the indentation of the item {shown(text[dash.start() :].strip(), 30)}"
        return "a dash needs a space behind it" if dash else None

    def _where_listed(self) -> str:
        blocks = f"; blocks of this spec: {listed(self._blocks)}" if self._blocks else ""
        return f"docs/layers.md lists the layer types{blocks}"

    def fields(self, type_: str) -> Collection[str]:
        """The fields of a layer type, or the arguments of a block."""
        if type_ not in self._blocks:
            return ops.get(type_).model_fields if type_ in self.names else ()
        block = self._blocks[type_].value
        arguments = block.entries.get("arguments") if isinstance(block, MappingNode) else None
        return arguments.value.entries if arguments and isinstance(arguments.value, MappingNode) else ()

    def check_fields(self, type_: ScalarNode, fields: Node, ev: Evaluator) -> bool:
        """Whether a layer type has all the fields that it is given; reported where it has not.

        Where it has not, those that it needs and is not given are reported, too, but not those that are misspelt.
        """
        if type_.text in self._blocks or not isinstance(fields, MappingNode):
            return True
        known = ops.get(type_.text).model_fields
        unknown = [entry.key for name, entry in fields.entries.items() if name not in known]
        if not unknown:
            return True
        for key in unknown:
            hint = ev.similar(key.text, known, f"fields of `{type_.text}`") if known else None
            if FIELDS.get(key.text) in known:
                hint = f"it is called `{FIELDS[key.text]}` here"
            if key.text in BESIDE:
                hint = f"`{key.text}` stands beside the layer type, not inside it: indent it like `{type_.text}`"
            ev.report(UNKNOWN_FIELD, f"`{type_.text}` has no field {shown(key.text)}", key, hint=hint)
        misspelt = {FIELDS.get(key.text) or meant(key.text.partition(":")[0], known) for key in unknown}
        shares = any(key.text == "share" for key in unknown)  # then the fields are those of another layer
        for name, field in known.items() if not shares else ():
            if field.is_required() and name not in fields.entries and name not in misspelt:
                ev.report(MISSING_FIELD, f"`{type_.text}` needs `{name}`", type_, hint=field.description)
        return False


def parse_entries(node: SequenceNode, types: Types, ev: Evaluator) -> tuple[LayerEntry, ...]:
    """The entries of a list of layers; what is wrong with them is reported. An alias is the list that it names."""
    if id(node) not in types.read:
        types.read[id(node)] = tuple(_parse(item, types, ev) for item in node.items)
    return types.read[id(node)]


def _parse(node: Node, types: Types, ev: Evaluator) -> LayerEntry:
    if isinstance(node, ScalarNode) and not is_nothing(node):
        return LayerEntry(node, node, sound=types.check(node, ev))
    if not isinstance(node, MappingNode):
        hint = "a layer is a name, or `type: {…}`"
        ev.report(NOT_A_LAYER, f"expected a layer, found {node.kind}", node, hint=hint)
        return _stand_in(node, None, {}, ev)
    beside = {key: entry.value for key, entry in node.entries.items() if key in BESIDE}
    others = [entry for key, entry in node.entries.items() if key not in BESIDE]
    if (named := _type_as_value(others, types, ev)) is not None:
        return _stand_in(node, named, beside, ev)
    if len(others) != 1:
        meant = _report_not_one_type(node, others, types, ev)
        if meant is None or meant.text != "layers":
            return _stand_in(node, meant, beside, ev)
    key, value = node.entries["layers"] if "layers" in node.entries else others[0]
    body: tuple[LayerEntry, ...] = ()
    is_group = key.text == "layers"
    is_list = isinstance(value, SequenceNode) or is_nothing(value)
    if is_group:
        inner = ev.sequence(value, "`layers`")
        body = parse_entries(inner, types, ev) if inner else ()
    return LayerEntry(
        node,
        None if is_group else key,
        None if is_group or is_nothing(value) else value,
        body,
        name=parse_name(beside.get("name"), ev),
        reads=_reads(beside.get("from"), ev),
        repeat=beside.get("repeat"),
        counter=_counter(node, ev),
        share=_share(node, ev, is_group=is_group),
        frozen=_frozen(node, ev),
        sound=is_list if is_group else (types.check(key, ev) and types.check_fields(key, value, ev)),
        cost=1 if is_group else cost_of(node.size),
    )


def _stand_in(node: Node, meant: ScalarNode | None, beside: dict[str, Node], ev: Evaluator) -> LayerEntry:
    """What stands for an entry that is none: under its name, so that those who read it are not told of it again."""
    type_ = meant or ScalarNode(node.file, node.line, node.column, node.start, node.end, "layer", plain=True)
    return LayerEntry(node, type_, name=parse_name(beside.get("name"), ev), sound=False)


def _counter(node: MappingNode, ev: Evaluator) -> str | None:
    if "counter" not in node.entries:
        return "i"
    key, value = node.entries["counter"]
    if "repeat" not in node.entries:
        ev.report(UNKNOWN_KEY, "`counter` counts nothing where there is no `repeat`", key)
    return parse_variable(value, ev)


def _share(node: MappingNode, ev: Evaluator, *, is_group: bool) -> ScalarNode | None:
    if "share" not in node.entries:
        return None
    key, value = node.entries["share"]
    if not is_group:
        return _one_name(value, "`share` as one name", ev)
    hint = "make a block of the layers; a use of a block can share the weights of another use"
    ev.report(UNKNOWN_KEY, "`share` cannot stand beside a group of layers", key, hint=hint)
    return None


def _frozen(node: MappingNode, ev: Evaluator) -> Node | None:
    if "frozen" not in node.entries:
        return None
    key, value = node.entries["frozen"]
    if "share" in node.entries and "layers" not in node.entries:
        hint = "freeze the layer or block whose weights are shared"
        ev.report(UNKNOWN_KEY, "`frozen` says nothing beside `share`: the weights are another's", key, hint=hint)
    return value


def _type_as_value(others: list[Entry], types: Types, ev: Evaluator) -> ScalarNode | None:
    """The layer type that stands as the value of a key, as other formats have it; that is reported."""
    has_type = any(key.text in types.names or key.text == "layers" for key, _ in others)
    for key, value in others if not has_type else ():
        if key.text in TYPE_KEYS and isinstance(value, ScalarNode):
            lower = value.text.lower()
            meant = next((each for each in (value.text, lower, TYPES.get(lower)) if each in types.names), "type")
            hint = f"the layer type is the key itself: `{meant}: {{…}}`"
            ev.report(UNKNOWN_LAYER_TYPE, f"there is no layer type or block {shown(key.text)}", key, hint=hint)
            return value
    return None


def _report_not_one_type(node: MappingNode, others: list[Entry], types: Types, ev: Evaluator) -> ScalarNode | None:
    """Reports an entry with no layer type or several; returns the type that is most likely meant."""
    named = [entry.key for entry in others if entry.key.text in types.names or entry.key.text == "layers"]
    if len(named) == 1:
        for entry in others:
            if entry.key is not named[0]:
                _report_beside(entry.key, named[0].text, types, ev)
        return named[0]
    if not others:
        ev.report(NOT_A_LAYER, "expected a layer type, found none", node, hint="name the layer type: `type: {…}`")
        return None
    keys = ", ".join(shown(entry.key.text, 30) for entry in others[:6]) + (", …" if len(others) > 6 else "")
    ev.report(NOT_A_LAYER, f"expected one layer type, found {keys}", node, hint="give each layer a `- ` of its own")
    return others[0].key


def _report_beside(key: ScalarNode, type_: str, types: Types, ev: Evaluator) -> None:
    is_group = type_ == "layers"
    near = ev.similar(key.text, BESIDE, "keys") or ""
    if key.text in types.fields(type_):
        hint = f"fields of `{type_}` stand inside it: `{type_}: {{{shown(key.text, 30)[1:-1]}: …}}`"
    elif key.text in BESIDE_TYPES:
        hint = BESIDE_TYPES[key.text]
    elif near.startswith("did") and not is_group:
        hint = near
    else:
        what = "a group of layers there can be" if is_group else f"`{type_}` there can be"
        hint = f"beside {what} {enumerated(f'`{each}`' for each in BESIDE if each != 'share' or not is_group)}"
    what = "a group of layers" if is_group else "a layer type"
    ev.report(UNKNOWN_KEY, f"{shown(key.text)} cannot stand beside {what}", key, hint=hint)


def parse_name(node: Node | None, ev: Evaluator, *, reserved: frozenset[str] = RESERVED) -> ScalarNode | None:
    """A name that is given to something; None where there is none.

    One that cannot be a name is reported and kept, so that those who refer to it are not told of it again.
    """
    if node is None:
        return None
    if not isinstance(node, ScalarNode) or is_nothing(node):
        ev.report(WRONG_KIND, f"expected a name, found {node.kind}", node)
        return None
    if node.text in reserved:
        message = f"`{node.text}` means something of its own in `from:`"
        ev.report(INVALID_NAME, message, node, hint="choose another name")
    elif not _NAME.fullmatch(node.text):
        hint = "letters, digits, `_`, `-` and `.`, beginning with a letter, a digit or `_`"
        ev.report(INVALID_NAME, f"{shown(node.text)} cannot be a name", node, hint=hint)
    elif len(node.text) > LONGEST_NAME:
        message = f"expected a name of at most {LONGEST_NAME} characters, found {len(node.text):,}"
        ev.report(INVALID_NAME, message, node)
    return node


def parse_variable(node: Node, ev: Evaluator) -> str | None:
    """A name that expressions can use; None, reported, where they could not."""
    if not isinstance(node, ScalarNode) or is_nothing(node):
        ev.report(WRONG_KIND, f"expected a name, found {node.kind}", node)
        return None
    if node.text.isidentifier() and node.text not in RESERVED_WORDS:
        return node.text
    hint = "letters, digits and `_`, beginning with a letter or `_`, and no word of the language of expressions"
    first, colon, _ = node.text.partition(":")
    if colon and first.isidentifier():
        hint = space_hint(first)
    ev.report(INVALID_NAME, f"{shown(node.text)} cannot be a name in expressions", node, hint=hint)
    return None


def _reads(node: Node | None, ev: Evaluator) -> tuple[ScalarNode | None, ...]:
    return () if node is None else tuple(_names(node, "`from`", ev)) or (None,)


def parse_names(node: Node | None, what: str, ev: Evaluator) -> tuple[ScalarNode, ...]:
    """One name or a list of names that refer to something; what is none is reported and left out."""
    return () if node is None else tuple(name for name in _names(node, what, ev) if name is not None)


def _names(node: Node, what: str, ev: Evaluator) -> list[ScalarNode | None]:
    items = node.items if isinstance(node, SequenceNode) else [node]
    expected = f"{what} as a name, or a list of names"
    if not items:
        ev.report(WRONG_KIND, f"expected {expected}, found an empty list", node)
    return [_one_name(item, expected, ev) for item in items]


def _one_name(node: Node, expected: str, ev: Evaluator) -> ScalarNode | None:
    if isinstance(node, ScalarNode) and not is_nothing(node):
        return node
    ev.report(WRONG_KIND, f"expected {expected}, found {node.kind}", node)
    return None

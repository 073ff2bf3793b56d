"""The entries of ``layers:`` as they are written, before blocks and repeats are expanded."""

from __future__ import annotations

import re
from collections.abc import Container
from dataclasses import dataclass

from archanalyzer.diagnostics import did_you_mean
from archanalyzer.diagnostics.rules.language import (
    INVALID_NAME,
    NOT_A_LAYER,
    UNKNOWN_KEY,
    UNKNOWN_LAYER_TYPE,
    WRONG_KIND,
)
from archanalyzer.spec.evaluation import Evaluator, is_nothing
from archanalyzer.spec.nodes import Entry, MappingNode, Node, ScalarNode, SequenceNode

BESIDE = ("name", "from", "repeat", "counter", "share", "frozen")
"""The keys that may stand beside a layer type."""

_NAME = re.compile(r"\w[\w.-]*")
_RESERVED = frozenset({"input", "previous"})


@dataclass(frozen=True, slots=True, eq=False)
class LayerEntry:
    """One entry: the use of a layer type or block with its fields, or, where ``type`` is None, a group of entries."""

    source: Node
    type: ScalarNode | None
    fields: Node | None = None
    body: tuple[LayerEntry, ...] = ()
    name: ScalarNode | None = None
    reads: tuple[ScalarNode, ...] = ()
    repeat: Node | None = None
    counter: str = "i"
    share: ScalarNode | None = None
    frozen: Node | None = None


def parse_entries(node: SequenceNode, types: Container[str], known: tuple[str, ...], ev: Evaluator) -> list[LayerEntry]:
    """The entries of a list of layers; those that are none are reported and left out.

    ``types`` are the layer types and blocks that there are, ``known`` the same for hints.
    """
    parsed = (_parse(item, types, known, ev) for item in node.items)
    return [entry for entry in parsed if entry is not None]


def _parse(node: Node, types: Container[str], known: tuple[str, ...], ev: Evaluator) -> LayerEntry | None:
    if isinstance(node, ScalarNode) and not is_nothing(node):
        _check_type(node, types, known, ev)
        return LayerEntry(node, node)
    if not isinstance(node, MappingNode):
        ev.report(NOT_A_LAYER, f"expected a layer, found {node.kind}", node, hint="a layer is a name or `type: {…}`")
        return None
    others = [entry for key, entry in node.entries.items() if key not in BESIDE]
    if len(others) != 1:
        _report_not_one_type(node, others, types, ev)
        return None
    own = others[0]
    beside = {key: entry.value for key, entry in node.entries.items() if key in BESIDE}
    body: tuple[LayerEntry, ...] = ()
    type_, fields = own
    if own.key.text == "layers":
        inner = ev.sequence(own.value, "`layers`")
        body = tuple(parse_entries(inner, types, known, ev)) if inner else ()
    else:
        _check_type(own.key, types, known, ev)
    return LayerEntry(
        node,
        None if own.key.text == "layers" else type_,
        None if own.key.text == "layers" or is_nothing(fields) else fields,
        body,
        name=parse_name(beside.get("name"), ev),
        reads=parse_names(beside.get("from"), "`from`", ev),
        repeat=beside.get("repeat"),
        counter=ev.text(beside.get("counter"), "`counter`") or "i",
        share=_one_name(beside.get("share"), "`share`", ev),
        frozen=beside.get("frozen"),
    )


def _check_type(type_: ScalarNode, types: Container[str], known: tuple[str, ...], ev: Evaluator) -> None:
    if type_.text in types:
        return
    hint = did_you_mean(type_.text, known, "layer types")
    if type_.text == "input":
        hint = "what comes in from outside stands in `inputs:`"
    ev.report(UNKNOWN_LAYER_TYPE, f"there is no layer type or block `{type_.text}`", type_, hint=hint)


def _report_not_one_type(node: MappingNode, others: list[Entry], types: Container[str], ev: Evaluator) -> None:
    named = [entry for entry in others if entry.key.text in types or entry.key.text == "layers"]
    if len(named) == 1:
        for entry in others:
            if entry is not named[0]:
                hint = did_you_mean(entry.key.text, BESIDE, "keys beside a layer type")
                if not hint.startswith("did"):
                    hint = f"fields of `{named[0].key.text}` stand inside it: `{named[0].key.text}: {{…}}`"
                ev.report(UNKNOWN_KEY, f"`{entry.key.text}` cannot stand beside a layer type", entry.key, hint=hint)
        return
    keys = ", ".join(f"`{entry.key.text}`" for entry in others) or "none"
    hint = "give each layer a `- ` of its own" if others else "name the layer type"
    ev.report(NOT_A_LAYER, f"expected one layer type, found {keys}", node, hint=hint)


def parse_name(node: Node | None, ev: Evaluator, *, reserved: frozenset[str] = _RESERVED) -> ScalarNode | None:
    """A name that is given to something; None where there is none or, reported, one that cannot be."""
    if node is None:
        return None
    if not isinstance(node, ScalarNode):
        ev.report(WRONG_KIND, f"expected a name, found {node.kind}", node)
        return None
    if _NAME.fullmatch(node.text) and node.text not in reserved:
        return node
    if node.text in reserved:
        message, hint = f"`{node.text}` means something of its own in `from:`", "choose another name"
    else:
        message = f"`{node.text}` cannot be a name"
        hint = "letters, digits, `_`, `-` and `.`, beginning with a letter, a digit or `_`"
    ev.report(INVALID_NAME, message, node, hint=hint)
    return None


def parse_names(node: Node | None, what: str, ev: Evaluator) -> tuple[ScalarNode, ...]:
    """One name or a list of names that refer to something."""
    if node is None:
        return ()
    items = node.items if isinstance(node, SequenceNode) else [node]
    names = [_one_name(item, what, ev) for item in items]
    return tuple(name for name in names if name is not None)


def _one_name(node: Node | None, what: str, ev: Evaluator) -> ScalarNode | None:
    if node is None:
        return None
    if isinstance(node, ScalarNode) and not is_nothing(node):
        return node
    ev.report(WRONG_KIND, f"expected {what} to be a layer's name, or a list of names, found {node.kind}", node)
    return None

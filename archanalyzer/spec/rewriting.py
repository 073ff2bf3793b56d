"""Rewriting some values of a spec's text, and not one character more.

Each value is found anew in the text and replaced between its first and its last character, written as the old one was:
in its quotes, with its underscores or its unit, a list in brackets as one in brackets. Whatever cannot be replaced like
that is refused with the reason. In the end both texts are read and compared: they must say the same but for those
values, and of these what was wanted.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

from archanalyzer.diagnostics import Problems, SourceFile
from archanalyzer.graph import PartPath
from archanalyzer.graph.quantities import number_of, taken_apart, written
from archanalyzer.spec.composing import compose
from archanalyzer.spec.limits import DEFAULT_LIMITS, Limits
from archanalyzer.spec.nodes import CollectionNode, MappingNode, Node, ScalarNode, SequenceNode
from archanalyzer.spec.scalars import Scalar, ValueProblem, scalar_value, shown

_PLAIN_WORD = re.compile(r"[A-Za-z][\w./-]*", re.ASCII)


_EXPRESSION = "its value comes from an expression"


class Edit(NamedTuple):
    """What to write at ``path``, counted from the whole spec: ``value``, or, of a bound, its number ``number``."""

    path: PartPath
    value: Any
    number: int | None = None


class Rewritten(NamedTuple):
    """A text with some edits made; ``refused``: by place among them, why others were not."""

    text: str
    refused: Mapping[int, str]


class _Refused(Exception):
    """Why an edit cannot be made."""


class _Replacement(NamedTuple):
    start: int
    end: int
    text: str


def rewrite(text: str, edits: Sequence[Sequence[Edit]], limits: Limits = DEFAULT_LIMITS) -> Rewritten:
    """A spec's text with groups of edits made in it, each group whole or not at all."""
    if not edits:
        return Rewritten(text, {})
    file = SourceFile("<rewriting>", text)
    root = compose(file, limits, Problems())
    if root is None:
        return Rewritten(text, dict.fromkeys(range(len(edits)), "the text cannot be read"))
    uses = _uses(root)
    refused: dict[int, str] = {}
    replacements: list[_Replacement] = []
    for index, group in enumerate(edits):
        try:
            replacements += _replacements(root, group, uses, limits)
        except _Refused as reason:
            refused[index] = str(reason)
    new = _replaced(text, replacements)
    made = [edit for index, group in enumerate(edits) if index not in refused for edit in group]
    if not _says_the_same(root, compose(SourceFile("<rewritten>", new), limits, Problems()), made, limits):
        return Rewritten(text, refused | dict.fromkeys(range(len(edits)), "the new text would read otherwise"))
    return Rewritten(new, refused)


def _replaced(text: str, replacements: Sequence[_Replacement]) -> str:
    pieces, end = [], 0
    for each in sorted(replacements):
        pieces += [text[end : each.start], each.text]
        end = each.end
    return "".join((*pieces, text[end:]))


def _uses(root: Node) -> dict[int, int]:
    """How often each node stands in the text, by its identity: more than once where aliases name it."""
    uses: dict[int, int] = {id(root): 1}
    left = [root]
    while left:
        for child in _children(left.pop()):
            uses[id(child)] = uses.get(id(child), 0) + 1
            if uses[id(child)] == 1:
                left.append(child)
    return uses


def _children(node: Node) -> Iterator[Node]:
    if isinstance(node, MappingNode):
        yield from (entry.value for entry in node.entries.values())
    elif isinstance(node, SequenceNode):
        yield from node.items


# --- One value


def _replacements(root: Node, group: Sequence[Edit], uses: Mapping[int, int], limits: Limits) -> list[_Replacement]:
    """What to replace for a group of edits; of one scalar, several numbers at once.

    Raises:
        _Refused: one of the edits cannot be made.
    """
    found: dict[int, _Replacement] = {}
    for edit in group:
        node = _at(root, edit.path, uses)
        if isinstance(node, ScalarNode):
            found[id(node)] = _of_scalar(node, edit, limits, before=found.get(id(node)))
        elif isinstance(node, CollectionNode):
            found[id(node)] = _of_collection(node, edit)
    return list(found.values())


def _at(root: Node, path: PartPath, uses: Mapping[int, int]) -> Node:
    """The node at a path, which must stand there itself and nowhere else.

    Raises:
        _Refused: it does not.
    """
    node = root
    for step in path:
        if isinstance(node, MappingNode) and isinstance(step, str) and step in node.entries:
            node = node.entries[step].value
        elif isinstance(node, SequenceNode) and isinstance(step, int) and step < len(node.items):
            node = node.items[step]
        elif isinstance(node, ScalarNode) and node.text.startswith("="):
            raise _Refused(_EXPRESSION)
        else:
            raise _Refused("its value does not stand in the text")
        if uses[id(node)] > 1:
            raise _Refused("its value stands in several places, by an anchor and aliases")
    if isinstance(node, ScalarNode) and node.text.startswith("="):
        raise _Refused(_EXPRESSION)
    return node


def _of_scalar(node: ScalarNode, edit: Edit, limits: Limits, before: _Replacement | None) -> _Replacement:
    old = node.file.text[node.start : node.end]
    quote = "" if node.plain else old[:1]
    if not (node.plain or quote in {'"', "'"}) or "\n" in old or "\r" in old:
        raise _Refused("its value stands on several lines")
    if edit.number is None:
        new = _like(edit.value, node, quote, limits)
        return _Replacement(node.start, node.end, new)
    text = node.text if before is None else before.text[len(quote) : len(before.text) - len(quote)]
    apart = taken_apart(text)
    if apart is None or not isinstance(edit.value, Fraction) or old != f"{quote}{node.text}{quote}":
        raise _Refused("its value is written in a way that is not understood")
    return _Replacement(node.start, node.end, f"{quote}{apart.with_number(edit.number, edit.value)}{quote}")


def _like(value: Any, old: ScalarNode, quote: str, limits: Limits) -> str:
    """A value as YAML; a number in the place of a number is written as that one."""
    number = number_of(value)
    if number is None:
        return _flow(value)
    new = written(number, old.text if taken_apart(old.text) else "")
    return f"{quote}{new}{quote}" if isinstance(_read_plain(new, limits), str) else new


def _read_plain(text: str, limits: Limits = DEFAULT_LIMITS) -> Scalar:
    """The value that a text without quotes stands for.

    Raises:
        _Refused: none, as a number beyond 64 bits.
    """
    try:
        return scalar_value(ScalarNode(SourceFile("", text), 1, 1, 0, 0, text, plain=True), limits)
    except ValueProblem as problem:
        raise _Refused(f"what is found cannot be written in a spec: {problem.message}") from None


def _of_collection(node: CollectionNode, edit: Edit) -> _Replacement:
    old = node.file.text[node.start : node.end]
    if not node.flow:
        raise _Refused("its value is a list or a map on lines of its own, of another form than what is found")
    if old[:1] not in {"[", "{"} or "#" in old or "&" in old:
        raise _Refused("its value has an anchor or a comment in it, which a new one would lose")
    return _Replacement(node.start, node.end, _flow(edit.value))


def _flow(value: Any) -> str:
    """A value in flow style, on one line; texts in quotes unless they are plain words.

    Raises:
        _Refused: it has no such form.
    """
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_flow(str(key))}: {_flow(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_flow, value)) + "]"
    if isinstance(value, str):
        is_plain = _PLAIN_WORD.fullmatch(value) or ("/" in value and number_of(value) is not None)
        return value if is_plain and isinstance(_read_plain(value), str) else json.dumps(value, ensure_ascii=False)
    if isinstance(value, bool) or value is None:
        return json.dumps(value)
    number = number_of(value)
    if number is None:
        raise _Refused(f"what is found, {shown(str(value))}, cannot be written")
    new = written(number, "")
    _read_plain(new)
    return new


# --- Comparing


def _says_the_same(old: Node, new: Node | None, made: Sequence[Edit], limits: Limits) -> bool:
    """Whether two texts say the same but for some edits, and the new one says what these do."""
    if new is None:
        return False
    wanted: dict[PartPath, list[Edit]] = {}
    for edit in made:
        wanted.setdefault(edit.path, []).append(edit)
    left: list[tuple[Node, Node, PartPath]] = [(old, new, ())]
    seen: set[tuple[int, int]] = set()
    while left:
        one, other, path = left.pop()
        if path in wanted:
            if not _is_made(one, other, wanted.pop(path), limits):
                return False
        elif type(one) is not type(other) or (isinstance(one, ScalarNode) and _said(one) != _said(other)):
            return False
        elif (id(one), id(other)) not in seen:
            seen.add((id(one), id(other)))
            pairs = _pairs(one, other, path)
            if pairs is None:
                return False
            left += pairs
    return not wanted


def _said(node: Node) -> tuple[str, bool] | None:
    return (node.text, node.plain) if isinstance(node, ScalarNode) else None


def _pairs(one: Node, other: Node, path: PartPath) -> list[tuple[Node, Node, PartPath]] | None:
    """The parts of two collections side by side; None where they have not the same."""
    if isinstance(one, MappingNode) and isinstance(other, MappingNode):
        if list(one.entries) != list(other.entries):
            return None
        return [(each.value, other.entries[key].value, (*path, key)) for key, each in one.entries.items()]
    if isinstance(one, SequenceNode) and isinstance(other, SequenceNode):
        if len(one.items) != len(other.items):
            return None
        return [(*pair, (*path, index)) for index, pair in enumerate(zip(one.items, other.items, strict=True))]
    return []


def _is_made(old: Node, new: Node, edits: Sequence[Edit], limits: Limits) -> bool:
    """Whether a new value says what some edits say."""
    try:
        value = _data(new, limits)
    except ValueProblem:
        return False
    if edits[0].number is None:
        return len(edits) == 1 and _alike(value, edits[0].value)
    before = taken_apart(old.text) if isinstance(old, ScalarNode) else None
    after = taken_apart(value) if isinstance(value, str) else None
    if before is None or after is None or before.form != after.form:
        return False
    numbers = list(before.numbers)
    for edit in edits:
        if edit.number is not None:
            numbers[edit.number] = edit.value
    signs = before.form != "compared" or before.sign == after.sign
    return signs and tuple(numbers) == after.numbers and before.in_percent == after.in_percent


def _data(node: Node, limits: Limits) -> Any:
    if isinstance(node, MappingNode):
        return {key: _data(entry.value, limits) for key, entry in node.entries.items()}
    if isinstance(node, SequenceNode):
        return [_data(item, limits) for item in node.items]
    value: Scalar = scalar_value(node, limits) if isinstance(node, ScalarNode) else None
    return value


def _alike(read: Any, wanted: Any) -> bool:
    if isinstance(wanted, Mapping):
        same_keys = isinstance(read, Mapping) and list(read) == [str(key) for key in wanted]
        return same_keys and all(_alike(read[str(key)], each) for key, each in wanted.items())
    if isinstance(wanted, list | tuple):
        return isinstance(read, list) and len(read) == len(wanted) and all(map(_alike, read, wanted))
    number = number_of(wanted)
    if number is not None:
        return number_of(read) == number
    return type(read) is type(wanted) and bool(read == wanted)

"""From YAML to nodes: our own composer, over the events of PyYAML's parser.

PyYAML's composers are not used: the one in C overruns its stack at 100,000 open brackets, both drop the first of two
equal keys without a word, and both stop at the first problem. This one has no recursion and reports as much as one
reading can find.
"""

from __future__ import annotations

import gc
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple, NoReturn, TypeAlias

import yaml
from yaml import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from archanalyzer.diagnostics import Note, Problems, Rule, Source, SourceFile, did_you_mean
from archanalyzer.diagnostics.rules.text import (
    ALIAS_CYCLE,
    ALIAS_EXPANSION,
    DUPLICATE_KEY,
    KEY_NOT_TEXT,
    MERGE_KEY,
    NESTING_TOO_DEEP,
    SEVERAL_DOCUMENTS,
    SPLIT_EXPRESSION,
    TOO_MANY_VALUES,
    UNKNOWN_ALIAS,
    YAML_TAG,
)
from archanalyzer.spec.limits import Limits, raised_by
from archanalyzer.spec.nodes import Entry, MappingNode, Node, ScalarNode, SequenceNode
from archanalyzer.spec.scalars import NULLS, shown
from archanalyzer.spec.splitting import end_of_expression, in_quotes
from archanalyzer.spec.syntax import report_syntax_error

_LOADER: type[yaml.CSafeLoader | yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# PyYAML's stubs allow for events without marks; a parser makes none.
_Event: TypeAlias = Any
# Anchors and tags before a value, with what may stand between.
_PROPERTIES = re.compile(r"(?:[&!][^\s,\[\]{}]*\s*(?:#.*\s*)*)*")
_SPLIT = ("=", "(")
"""How a text begins that YAML may have split."""
_TUPLE = re.compile(r"\(([0-9]+(?:, *[0-9]+)+)\)")
_TAG = re.compile(r"![^\s,\[\]{}]*")
_SPECIAL_KEYS = frozenset((*NULLS, "<<"))
# After these, values are missing; to go on would be to report each of them as missing.
_LEAVING_GAPS = (ALIAS_CYCLE, MERGE_KEY, UNKNOWN_ALIAS)
_MOST_HINTS = 100


def compose(file: SourceFile, limits: Limits, problems: Problems) -> Node | None:
    """The nodes that ``file`` consists of, or None where it could not be read to its end or values would be missing.

    What is wrong is added to ``problems``; an entry that cannot be used is left out of its map. A file without a value
    is an empty scalar.
    """
    composer = _Composer(file, limits, problems)
    try:
        with _without_garbage_collection():
            return composer.compose()
    except _Stop:
        return None
    except (yaml.YAMLError, ValueError) as error:  # lone surrogates escape PyYAML as ValueError
        composer.report_unreadable(error)
        return None


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """Nodes by the hundred thousand and no cycle among them: to search them for cycles doubles the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


class _Stop(Exception):
    """Reading on is of no use; the reason is already among the problems."""


class _OpenList:
    """A list while its items are read; what starts in ``skipped`` is left over of a split expression."""

    __slots__ = ("before", "height", "node", "skipped")
    key: Node | None = None

    def __init__(self, node: SequenceNode, before: int) -> None:
        self.node = node
        self.before = before  # the nodes of the file before this one
        self.height = 1  # the levels of lists and maps from here down
        self.skipped = range(0)

    def add(self, node: Node) -> None:
        if not self.skipped or node.start not in self.skipped:
            self.node.items.append(node)


class _OpenMap:
    """A map while its entries are read: ``key`` is the one whose value comes next."""

    __slots__ = ("before", "height", "key", "node", "problems", "skipped")

    def __init__(self, node: MappingNode, before: int, problems: Problems) -> None:
        self.node = node
        self.before = before
        self.height = 1
        self.skipped = range(0)
        self.key: Node | None = None
        self.problems = problems

    def add(self, node: Node) -> None:
        key = self.key
        if key is None:
            self.key = node
            return
        self.key = None
        if self.skipped and key.start in self.skipped:
            return
        entries = self.node.entries
        if type(key) is ScalarNode and key.text not in entries and key.text not in _SPECIAL_KEYS:
            entries[key.text] = Entry(key, node)
        else:
            self._add_special(key, node)

    def _add_special(self, key: Node, node: Node) -> None:
        entries = self.node.entries
        if not isinstance(key, ScalarNode):
            self.problems.add(KEY_NOT_TEXT, f"expected a name as key, found {key.kind}", key.source)
        elif key.plain and key.text in NULLS:
            self.problems.add(KEY_NOT_TEXT, "expected a name as key, found nothing", key.source)
        elif key.plain and key.text == "<<":
            hint = "put what is common into a block with arguments"
            self.problems.add(MERGE_KEY, "expected a name as key, found the merge key `<<`", key.source, hint=hint)
        elif key.text in entries:
            first = Note("first given here", entries[key.text].key.source)
            message = f"expected each key once, found {shown(key.text)} a second time"
            self.problems.add(DUPLICATE_KEY, message, key.source, notes=(first,))
        else:
            entries[key.text] = Entry(key, node)


_Frame: TypeAlias = _OpenList | _OpenMap


class _Expression(NamedTuple):
    """An expression without quotes in a flow collection: the text that YAML made of it, and its whole end."""

    node: ScalarNode
    end: int
    key: str | None


class _Composer:
    """One reading of one file."""

    def __init__(self, file: SourceFile, limits: Limits, problems: Problems) -> None:
        self.file = file
        self.limits = limits
        self.problems = problems
        self.anchors: dict[str, _Frame | ScalarNode] = {}
        self.aliases = 0
        self.hints = 0
        self.count = 0  # the nodes so far, aliases expanded; a node's size is by how much this grew meanwhile
        self.last_expression: _Expression | None = None

    def compose(self) -> Node | None:
        """The root node, or None where values would be missing.

        Raises:
            _Stop: a limit is passed.
            yaml.YAMLError, ValueError: the text is not YAML.
        """
        next_event = _LOADER(self.file.text).get_event
        root = _OpenList(SequenceNode(self.file, 1, 1, 0, 0, flow=False), before=0)
        frame: _Frame = root
        frames = [frame]
        most = self.limits.nodes
        while True:
            event: _Event = next_event()
            kind = type(event)
            if kind is ScalarEvent:
                self.count += 1
                frame.add(self._scalar(event, frame))
            elif kind is MappingStartEvent or kind is SequenceStartEvent:
                frame = self._open(event, len(frames))
                frames.append(frame)
            elif kind is MappingEndEvent or kind is SequenceEndEvent:
                closed, frame = frame, frames[-2]
                frames.pop()
                self._close(closed, event, frame)
            elif kind is AliasEvent:
                self._alias(event, frame, len(frames))
            elif kind is StreamEndEvent or (kind is DocumentStartEvent and root.node.items):
                return self._root(event, root.node.items)
            if self.count > most:
                self._refuse_size(event)

    def _scalar(self, event: _Event, frame: _Frame) -> ScalarNode:
        start, text = event.start_mark, event.value
        node = ScalarNode(
            self.file, start.line + 1, start.column + 1, start.index, event.end_mark.index, text, not event.style
        )
        if event.anchor is not None or event.tag is not None:
            self._note_properties(event, node)
            self._pass_properties(node)
        if text[:1] in _SPLIT and node.plain and frame.node.flow:
            return self._whole_expression(node, frame) if text[0] == "=" else self._whole_tuple(node, frame)
        return node

    def _open(self, event: _Event, depth: int) -> _Frame:
        self._check_depth(depth, event)
        frame: _Frame
        if type(event) is MappingStartEvent:
            frame = _OpenMap(MappingNode(*self._place(event), bool(event.flow_style)), self.count, self.problems)
        else:
            frame = _OpenList(SequenceNode(*self._place(event), bool(event.flow_style)), self.count)
        self.count += 1
        if event.anchor is not None or event.tag is not None:
            self._note_properties(event, frame)
        return frame

    def _close(self, closed: _Frame, event: _Event, frame: _Frame) -> None:
        closed.node.end = event.end_mark.index
        closed.node.size = self.count - closed.before
        if frame.height <= closed.height:
            frame.height = closed.height + 1
        frame.add(closed.node)

    def _alias(self, event: _Event, frame: _Frame, depth: int) -> None:
        target = self.anchors.get(event.anchor)
        node: Node | None = target.node if isinstance(target, _OpenList | _OpenMap) else target
        if node is None or node.size == 0:
            self._refuse_alias(event, is_known=node is not None)
            node = ScalarNode(*self._place(event), "", plain=True)
        if isinstance(target, _OpenList | _OpenMap):
            self._check_depth(depth + target.height - 1, event)
            frame.height = max(frame.height, target.height + 1)
        self.aliases += 1
        self.count += node.size
        frame.add(node)

    def _refuse_alias(self, event: _Event, *, is_known: bool) -> None:
        name = event.anchor
        if is_known:
            self._add(ALIAS_CYCLE, f"`*{name}` stands inside `&{name}`, which would contain itself", event)
            return
        # Looking for similar names takes its time; a hostile text would have it done a million times.
        self.hints += 1
        hint = did_you_mean(name, list(self.anchors)[:_MOST_HINTS], "anchors") if self.hints <= _MOST_HINTS else None
        self._add(UNKNOWN_ALIAS, f"there is no anchor `&{name}` above", event, hint)

    def _place(self, event: _Event) -> tuple[SourceFile, int, int, int, int]:
        start = event.start_mark
        return self.file, start.line + 1, start.column + 1, start.index, event.end_mark.index

    def _note_properties(self, event: _Event, node: _Frame | ScalarNode) -> None:
        """Remembers an anchor, refuses a tag."""
        if event.anchor is not None:
            self.anchors[event.anchor] = node
        if event.tag is not None:
            self._refuse_tag(event)

    def _pass_properties(self, node: ScalarNode) -> None:
        """Moves the start of ``node`` behind its anchor, so that a rewrite leaves that alone."""
        properties = _PROPERTIES.match(self.file.text, node.start, node.end)
        if properties:
            lines = SourceFile("", properties.group()).lines
            node.start = properties.end()
            node.line += len(lines) - 1
            node.column = len(lines[-1]) + (node.column if len(lines) == 1 else 1)

    def _refuse_tag(self, event: _Event) -> None:
        found = _TAG.search(self.file.text, event.start_mark.index)
        tag = found.group() if found else "!"
        is_text = event.tag == "tag:yaml.org,2002:str"
        hint = "leave it out and put the text in quotes" if is_text else "leave it out"
        self._add(YAML_TAG, f"expected no tag, found {shown(tag)}", event, hint, length=len(tag))

    def _whole_expression(self, node: ScalarNode, frame: _Frame) -> ScalarNode:
        """``node``, or where YAML has split an expression, all of it; that is then reported."""
        text, start = self.file.text, node.start
        if start in frame.skipped:
            return node
        end = end_of_expression(text, start, self.limits.expression_characters)
        key = frame.key.text if isinstance(frame.key, ScalarNode) else None
        self.last_expression = _Expression(node, end, key)
        if end <= node.end:
            return node
        frame.skipped = range(start + 1, end)
        return self._report_split(self.last_expression)

    def _whole_tuple(self, node: ScalarNode, frame: _Frame) -> ScalarNode:
        """``node``, or where it begins numbers in parentheses, which YAML splits, the list that was meant; reported."""
        whole = _TUPLE.match(self.file.text, node.start)
        if whole is None:
            return node
        frame.skipped = range(node.start + 1, whole.end())
        source = Source(self.file, node.line, node.column, node.column + len(whole[0]))
        hint = f"a list is written `[{whole[1]}]`"
        self.problems.add(SPLIT_EXPRESSION, f"YAML splits {shown(whole[0])} at the `,`", source, hint=hint)
        return ScalarNode(self.file, node.line, node.column, node.start, whole.end(), f"=[{whole[1]}]", plain=False)

    def _report_split(self, expression: _Expression) -> ScalarNode:
        """Reports it, and returns the scalar that it would have been in quotes."""
        node, end, key = expression
        text = self.file.text
        whole = ScalarNode(self.file, node.line, node.column, node.start, end, text[node.start : end], plain=False)
        on_one_line = " ".join(whole.text.split())
        at = text[node.end : end].lstrip()[:1]
        hint = f"write `{'' if key is None else f'{key}: '}{in_quotes(on_one_line)}`"
        self.problems.add(SPLIT_EXPRESSION, f"YAML splits {shown(whole.text)} at the `{at}`", whole.source, hint=hint)
        return whole

    def report_unreadable(self, error: Exception) -> None:
        """Reports where PyYAML gave up, as a split expression if it was in the midst of one."""
        mark = error.problem_mark if isinstance(error, yaml.MarkedYAMLError) else None
        last = self.last_expression
        if mark and "maximum nesting depth" in str(error):
            # From 0.2.6 on, libyaml itself refuses 1,000 open brackets, which it may read ahead of its events.
            self._add_at(NESTING_TOO_DEEP, self._too_deep, mark, 1)
        elif mark and last and last.node.end <= mark.index < last.end:
            self._report_split(last)  # which adds nothing where it has been reported
        else:
            report_syntax_error(error, self.file, self.problems)

    def _root(self, event: _Event, items: list[Node]) -> Node | None:
        if isinstance(event, DocumentStartEvent):
            self._add(SEVERAL_DOCUMENTS, "expected one document, found a second", event, "put it in a file of its own")
        gaps = any(diagnostic.rule in _LEAVING_GAPS for diagnostic in self.problems.diagnostics)
        return None if gaps else items[0] if items else ScalarNode(self.file, 1, 1, 0, 0, "", plain=True)

    def _check_depth(self, depth: int, event: _Event) -> None:
        if depth > self.limits.nesting:
            self._stop(NESTING_TOO_DEEP, self._too_deep, event, "nesting")

    @property
    def _too_deep(self) -> str:
        return f"expected at most {self.limits.nesting} levels of maps and lists in each other, found more"

    def _refuse_size(self, event: _Event) -> NoReturn:
        most = self.limits.nodes
        if self.aliases:
            message = f"expected at most {most:,} values with aliases expanded, found more"
            self._stop(ALIAS_EXPANSION, message, event, "nodes")
        self._stop(TOO_MANY_VALUES, f"expected at most {most:,} values, found more", event, "nodes")

    def _stop(self, rule: Rule, message: str, event: _Event, limit: str) -> NoReturn:
        self._add(rule, message, event, raised_by(limit), length=1)
        raise _Stop

    def _add(self, rule: Rule, message: str, event: _Event, hint: str | None = None, *, length: int = 0) -> None:
        self._add_at(rule, message, event.start_mark, length or event.end_mark.index - event.start_mark.index, hint)

    def _add_at(self, rule: Rule, message: str, start: yaml.Mark, length: int, hint: str | None = None) -> None:
        column = start.column + 1
        self.problems.add(rule, message, Source(self.file, start.line + 1, column, column + length), hint=hint)

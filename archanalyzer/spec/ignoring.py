"""Comments that silence rules: ``# archanalyzer: ignore[unused-block, gridding]``.

Behind something, such a comment is about its own line; on a line of its own, about the next line that holds more than a
comment. PyYAML drops comments, but its tokens have places: a comment begins at a ``#`` between two tokens.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import yaml

from archanalyzer.diagnostics import Problems, Rule, Severity, Source, SourceFile
from archanalyzer.diagnostics.ignoring import Ignore, can_be_silenced
from archanalyzer.diagnostics.rules import all_rules
from archanalyzer.diagnostics.rules.ignoring import INVALID_IGNORE
from archanalyzer.spec.scalars import shown

_LOADER: type[yaml.CSafeLoader | yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# The line breaks of YAML 1.1, which libyaml counts lines by.
_BREAK = re.compile("\r\n|[\r\n\x85\u2028\u2029]")
_LINE = re.compile("[^\r\n\x85\u2028\u2029]*")
_COMMENT = re.compile("#[^\r\n\x85\u2028\u2029]*")
_BLOCK_STYLES = ("|", ">")
_MARK = re.compile(r"#[ \t]*archanalyzer:[ \t]*")
_WORDS = re.compile(r"ignore[ \t]*\[(?P<rules>[^\]#]*)\]")
_WORD = re.compile(r"\S{1,200}")
_RULE = re.compile(r"[^\s,](?:[^,]*[^\s,])?")


class _Remark(NamedTuple):
    """What stands behind ``archanalyzer:`` in a comment, from ``start`` to ``end``; ``line``: which it is about."""

    start: int
    end: int
    line: int | None


def read_ignores(file: SourceFile, problems: Problems) -> tuple[Ignore, ...]:
    """What the comments of a spec silence; what they name that cannot be silenced is added to ``problems``.

    Of a text whose YAML ends too soon, only the comments up to there are read.
    """
    text = file.text
    if "archanalyzer:" not in text:
        return ()
    lines = _Lines(file)
    rules = all_rules()
    ignores: list[Ignore] = []
    for remark in _remarks(text, lines):
        words = _WORDS.match(text, remark.start, remark.end)
        if words is None or not words["rules"].strip(", \t"):
            _refuse_form(text, remark, lines, problems)
            continue
        for name in _RULE.finditer(text, *words.span("rules")):
            source = lines.source(name.start(), len(name[0]))
            rule = _silenced(name[0], source, rules, problems)
            if rule is not None:
                ignores.append(Ignore(rule, remark.line, source))
    return tuple(ignores)


def _refuse_form(text: str, remark: _Remark, lines: _Lines, problems: Problems) -> None:
    """Reports a remark that is not of the form ``ignore[rule]``."""
    written = _WORD.match(text, remark.start, remark.end)
    word = written[0] if written else ""
    found = "no rule" if word.startswith("ignore") else shown(word, 40) if word else "nothing"
    hint = "name the rules, for example `ignore[unused-block]`; `archanalyzer explain --list` lists them"
    source = lines.source(remark.start, len(word))
    problems.add(INVALID_IGNORE, f"expected `ignore[rule]` behind `archanalyzer:`, found {found}", source, hint=hint)


def _silenced(code: str, source: Source, rules: Mapping[str, Rule], problems: Problems) -> Rule | None:
    """The rule of that code, or None where it cannot be silenced, which is then reported."""
    rule = rules.get(code)
    if rule is None:
        silent = [each.code for each in rules.values() if can_be_silenced(each)]
        hint = problems.similar(code, silent, "rules that can be silenced")
        problems.add(INVALID_IGNORE, f"there is no rule {shown(code)}", source, hint=hint)
    elif not can_be_silenced(rule):
        is_error = rule.severity is Severity.ERROR
        message = f"{shown(code)} {'is an error, and errors' if is_error else 'is about such comments, and'} cannot be"
        hint = "mend what it says, and take this comment out" if is_error else "take this comment out"
        problems.add(INVALID_IGNORE, f"{message} silenced", source, hint=hint)
    else:
        return rule
    return None


def _remarks(text: str, lines: _Lines) -> Iterator[_Remark]:
    """The remarks for us; one may begin within a comment, behind a blank: ``# why # archanalyzer: ignore[cycle]``."""
    for comment in _comments(text):
        found = _MARK.finditer(text, *comment.span())
        marks = [mark for mark in found if mark.start() == comment.start() or text[mark.start() - 1].isspace()]
        line = lines.about(comment.start()) if marks else None
        yield from (_Remark(mark.end(), comment.end(), line) for mark in marks)


def _comments(text: str) -> Iterator[re.Match[str]]:
    """The comments of a text, from top to bottom, as far as it is YAML."""
    before = 0
    try:
        for token in yaml.scan(text, Loader=_LOADER):
            start, end = token.start_mark.index, token.end_mark.index
            yield from _COMMENT.finditer(text, before, start)
            if getattr(token, "style", None) in _BLOCK_STYLES:
                header = _LINE.match(text, start)
                yield from _COMMENT.finditer(text, start, header.end() if header else start)
            before = max(before, end)
    except (yaml.YAMLError, ValueError):
        return


class _Lines:
    """The lines of a file: where each starts, so that places far down are found as fast as those at the top."""

    def __init__(self, file: SourceFile) -> None:
        self._file = file
        self._starts = [0, *(found.end() for found in _BREAK.finditer(file.text))]
        self._next: int | None = 0

    def source(self, index: int, length: int) -> Source:
        """The place of ``length`` characters from ``index`` on; of none, that of the first of them."""
        line = bisect_right(self._starts, index)
        column = index - self._starts[line - 1] + 1
        return Source(self._file, line, column, column + length)

    def about(self, index: int) -> int | None:
        """The line that a comment at ``index`` is about; comments are asked about from top to bottom."""
        line = bisect_right(self._starts, index)
        if self._file.text[self._starts[line - 1] : index].strip():
            return line
        if self._next is not None and self._next <= line:
            self._next = next(filter(self._holds_something, range(line + 1, len(self._starts) + 1)), None)
        return self._next

    def _holds_something(self, line: int) -> bool:
        text = self._file.line(line).strip()
        return bool(text) and not text.startswith("#")

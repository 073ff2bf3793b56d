"""What PyYAML says of a text that is not YAML, in plain words.

The words of its two parsers differ, so this goes by what was being read and by what stands at the place.
"""

from __future__ import annotations

import re

import yaml

from archanalyzer.diagnostics import Note, Problems, SourceFile
from archanalyzer.diagnostics.rules.text import YAML_SYNTAX
from archanalyzer.spec.scalars import shown

_END = re.compile(r"^\.\.\.(?=\s)", re.MULTILINE)
_WORD = re.compile(r"[^\s,\[\]{}]+|\S")


def report_syntax_error(error: Exception, file: SourceFile, problems: Problems) -> None:
    """Adds what ``error``, raised by PyYAML, says of ``file`` to ``problems``."""
    if not isinstance(error, yaml.MarkedYAMLError) or error.problem_mark is None:
        problems.add(YAML_SYNTAX, f"this is not YAML: {shown(str(error), 100)[1:-1]}", file.at(0))
        return
    place = _Place(error, file.text)
    message, hint = _explain(place)
    notes = (Note(f"the {place.reading} begins here", file.at(place.start)),) if place.reading else ()
    problems.add(YAML_SYNTAX, message, file.at(place.index), hint=hint, notes=notes)


class _Place:
    """Where PyYAML gave up, in what it was reading (``reading``, from ``start``), and what it found there."""

    def __init__(self, error: yaml.MarkedYAMLError, text: str) -> None:
        self.text = text
        self.problem = error.problem or "it cannot be read"
        self.context = error.context or ""
        self.index: int = error.problem_mark.index if error.problem_mark else 0
        self.start: int = error.context_mark.index if error.context_mark else self.index
        self.reading = next((name for part, name in _READING.items() if part in self.context), "")
        word = _WORD.match(text, self.index)
        self.found = shown(word.group(), 20) if word else "the end of the file"
        if word is None and text[self.index :].strip():
            self.found = "the end of the line"

    @property
    def line_before(self) -> str:
        """What stands before the place on its line."""
        return SourceFile("", self.text[: self.index]).lines[-1]


_READING = {"flow mapping": "map", "flow sequence": "list", "block mapping": "map", "block collection": "list"}


def _explain(place: _Place) -> tuple[str, str | None]:
    """The message and the hint."""
    character = place.text[place.index : place.index + 1]
    if character == "\t" and ("start any token" in place.problem or "tab" in place.problem):
        return "expected spaces, found a tab", "indent with spaces"
    for part, explain in _EXPLANATIONS.items():
        if part in f"{place.context}: {place.problem}":
            return explain(place)
    doing = f"{place.context}: " if place.context else ""
    return f"this is not YAML: {doing}{place.problem}", None


def _misplaced_character(place: _Place) -> tuple[str, str | None]:
    character = place.text[place.index]
    name = "a backquote" if character == "`" else f"`{character}`"
    return f"expected a value, found {name}, which begins no value", "put the text in quotes"


def _misplaced_colon(place: _Place) -> tuple[str, str | None]:
    if re.search(r":\s", place.line_before):
        return "expected one `:` on this line, found a second", "put a text with `: ` in it in quotes"
    key = shown(place.line_before, 20)
    return (
        f"expected the value above to go on, found the key {key}",
        "give the key the indentation of the other keys of its map, or add a `:` that is missing above",
    )


def _misplaced_item(_: _Place) -> tuple[str, str | None]:
    return "expected a value, found a list item", "begin the list on the next line, or write it in `[]`"


def _in_braces(place: _Place) -> tuple[str, str | None]:
    return f"expected `,` or `}}`, found {place.found}", None


def _in_brackets(place: _Place) -> tuple[str, str | None]:
    return f"expected `,` or `]`, found {place.found}", None


def _in_quotes(place: _Place) -> tuple[str, str | None]:
    if "escape" in place.problem or "hex" in place.problem:
        return "this is no escape that YAML knows", "write `\\\\` for a backslash, or use single quotes"
    place.index = place.start
    return "this quote is never closed", None


def _in_block_map(place: _Place) -> tuple[str, str | None]:
    if place.line_before.strip():
        return _after_value(place)
    if place.found == "`-`":
        return "expected a key of the map above, found a list item", "all items of a list have the same indentation"
    return f"expected a key of the map above, found {place.found}", "all keys of a map have the same indentation"


def _in_block_list(place: _Place) -> tuple[str, str | None]:
    if place.line_before.strip():
        return _after_value(place)
    return f"expected a `-` of the list above, found {place.found}", "all items of a list have the same indentation"


def _after_value(place: _Place) -> tuple[str, str | None]:
    place.reading = ""
    return f"expected the end of the line, found {place.found}", _quote_hint(place)


def _quote_hint(place: _Place) -> str | None:
    """A hint for one whose text in quotes goes on behind a quote inside it."""
    quote, goes_on = place.line_before[-1:], place.text[place.index : place.index + 1].isalnum()
    if quote == "'" and goes_on:
        return "in single quotes, write `''` for a quote"
    return 'in double quotes, write `\\"` for a quote' if quote == '"' and goes_on else None


def _missing_colon(place: _Place) -> tuple[str, str | None]:
    place.index = place.start
    key = place.text[place.start : place.start + 100].splitlines()[0]
    return f"expected a `:` after the key, found {shown(key)}", None


def _nameless(place: _Place) -> tuple[str, str | None]:
    character = place.text[place.start : place.start + 1]
    place.index = place.start
    return f"expected a name of letters and digits after `{character}`", "put a text that begins like this in quotes"


def _in_block_text(place: _Place) -> tuple[str, str | None]:
    return f"expected a line break, found {place.found}", "put a text that begins with `|` or `>` in quotes"


def _after_the_end(place: _Place) -> tuple[str, str | None]:
    hint = None if place.line_before.strip() else "check the indentation of this line"
    if _END.search(place.text, 0, place.index):
        hint = "the line `...` above ends the document; take it out"
    return f"expected the end of the file, found {place.found}", hint


def _no_value(place: _Place) -> tuple[str, str | None]:
    return f"expected a value, found {place.found}", None


# A part of "context: problem" as either parser words it; the first that fits explains.
_EXPLANATIONS = {
    "start any token": _misplaced_character,
    "mapping values are not allowed": _misplaced_colon,
    "sequence entries are not allowed": _misplaced_item,
    "parsing a flow mapping": _in_braces,
    "parsing a flow sequence": _in_brackets,
    "quoted scalar": _in_quotes,
    "parsing a block mapping": _in_block_map,
    "parsing a block collection": _in_block_list,
    "scanning a simple key": _missing_colon,
    "scanning an alias": _nameless,
    "scanning an anchor": _nameless,
    "scanning a block scalar": _in_block_text,
    "<document start>": _after_the_end,
    "node content": _no_value,
}

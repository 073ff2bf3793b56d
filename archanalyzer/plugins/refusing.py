"""Why a plugin is refused, and what goes for all of its parts: they have names, and fields of some type."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from archanalyzer.diagnostics import Rule, Source
from archanalyzer.diagnostics.guarding import is_text, shown
from archanalyzer.diagnostics.rules.plugins import NOT_A_PLUGIN, PLUGIN_CLASH

TAKEN = frozenset(
    "name op type inputs input outputs output share repeat from layers blocks block start stop at_least".split()  # noqa: SIM905
)
"""Names with a meaning of their own in specs or reports."""

_NAME = re.compile(r"[a-z][a-z0-9]*([_-][a-z0-9]+)*")


class Refused(Exception):
    """A plugin cannot be admitted; the message names the part, and what was expected and found.

    ``source``: the line of the plugin that raised something, where one did.
    """

    def __init__(self, rule: Rule, message: str, hint: str | None = None, source: Source | None = None) -> None:
        super().__init__(message)
        self.rule = rule
        self.message = message
        self.hint = hint
        self.source = source


class Expected(NamedTuple):
    """What a field should be, in words, and whether a value is that."""

    words: str
    fits: Callable[[Any], bool]


TEXT = Expected("a text", is_text)
FUNCTION = Expected("a function", callable)
FLAG = Expected("True or False", lambda value: type(value) is bool)


def one_of(kind: type) -> Expected:
    """A value of that type."""
    return Expected(f"a `{kind.__name__}`", lambda value: isinstance(value, kind))


def tuple_of(kind: type) -> Expected:
    """A list or tuple of values of that type."""
    return Expected(
        f"a tuple of `{kind.__name__}`",
        lambda value: isinstance(value, list | tuple) and all(isinstance(each, kind) for each in value),
    )


def require(what: str, expected: Expected, found: Any) -> None:
    """Checks one value.

    Raises:
        Refused: it is something else.
    """
    if not expected.fits(found):
        raise Refused(NOT_A_PLUGIN, f"{what}: expected {expected.words}, found {shown(found)}")


def require_fields(what: str, record: Any, fields: Mapping[str, Expected]) -> None:
    """Checks the fields of a record, or the attributes of a class.

    Raises:
        Refused: one is something else.
    """
    for name, expected in fields.items():
        require(f"{what}, `{name}`", expected, getattr(record, name, None))


def is_name(found: Any) -> bool:
    """Whether something is a name in small letters."""
    return isinstance(found, str) and _NAME.fullmatch(found) is not None


def require_name(what: str, found: Any) -> None:
    """Checks that ``what`` has a name that it can have.

    Raises:
        Refused: it is none, or has another meaning already.
    """
    if not is_name(found):
        raise Refused(NOT_A_PLUGIN, f"expected the name of a {what} in small letters, found {shown(found)}")
    if found in TAKEN:
        raise Refused(PLUGIN_CLASH, f"`{found}` cannot be the name of a {what}: it has a meaning of its own")

"""Plain data as the text of JSON, which is read by people too: an object of a list has a line of its own."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

SCHEMA = 1

# JSON itself escapes the first thirty-two; a terminal obeys these too.
_CONTROL = re.compile("[\x7f-\x9f]")


def document(entries: Mapping[str, Any]) -> str:
    """A document with a member a line, under the version of the contract."""
    return "{\n" + ",\n".join(members({"schema": SCHEMA, **entries}, "  ")) + "\n}\n"


def members(entries: Mapping[str, Any], indent: str) -> Iterator[str]:
    """The members of an object, each behind this indent; lists of objects are written with one object a line."""
    for key, value in entries.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            text = "[\n" + ",\n".join(f"{indent}  {dump(item)}" for item in value) + f"\n{indent}]"
        else:
            text = dump(value)
        yield f"{indent}{dump(key)}: {text}"


def dump(value: Any, *, indent: int | None = None) -> str:
    """On one line, or with each value on a line of its own, indented by so many blanks a level.

    A lone surrogate, from a file name that is no UTF-8, is escaped, so that the text can be encoded.
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, indent=indent)
    text = _CONTROL.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode("utf-8")

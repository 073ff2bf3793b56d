"""Text as a terminal shows it: what a character takes up, and what must not get through to it."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

# Whatever could move the cursor, reverse the line, end it or not be encoded; the text of a spec is anyone's.
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")

# One character for one: a table keeps its columns.
_ASCII = str.maketrans({"×": "x", "–": "-", "−": "-", "…": "~", "─": "-", "·": ",", "→": ">", "—": "-", "’": "'"})


def escape(text: str) -> str:
    r"""The text with every control character written out: ESC as ``\x1b``."""
    return _UNSAFE.sub(lambda match: match[0].encode("unicode_escape").decode(), text)


def width(text: str) -> int:
    """The columns that a terminal needs for a text: two for a wide character, none for a combining one."""
    if text.isascii():
        return len(text)
    return sum(map(_character_width, text))


@lru_cache(maxsize=4096)
def _character_width(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def shorten(text: str, most: int) -> str:
    """The text in at most so many columns, its middle left out where it is longer."""
    if width(text) <= most:
        return text
    tail = (most - 1) // 2
    return f"{_fitting(text, most - 1 - tail)}…{_fitting(text[::-1], tail)[::-1]}"


def _fitting(text: str, most: int) -> str:
    """As many characters from the front as fit."""
    taken = 0
    for index, character in enumerate(text):
        taken += _character_width(character)
        if taken > most:
            return text[:index]
    return text


def encodable(text: str, encoding: str) -> str:
    """The text as an encoding can carry it: × becomes x in ASCII, and what has no likeness is written out."""
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        plain = text.replace("≥ ", ">=").replace("≤ ", "<=").translate(_ASCII)
        return plain.encode(encoding, "backslashreplace").decode(encoding)
    return text


def plural(number: int, noun: str) -> str:
    """``1 layer``, ``2 layers``, ``1,000 layers``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"

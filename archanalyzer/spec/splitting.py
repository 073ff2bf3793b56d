"""Expressions that YAML splits: in braces and brackets, ``{k: =max(a, 2)}`` is a text ``=max(a`` and a key ``2)``."""

from __future__ import annotations

_CLOSING = {"(": ")", "[": "]", "{": "}"}


def end_of_expression(text: str, start: int, most: int) -> int:
    """Where the expression that begins at ``start`` was meant to end, at most ``most`` characters on.

    That is before the first comma, line break or closing bracket that no bracket or quote of its own encloses.
    """
    expected: list[str] = []
    quote = ""
    end = start
    for index in range(start, min(len(text), start + most)):
        character = text[index]
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif character in _CLOSING:
            expected.append(_CLOSING[character])
        elif _ends(character, text[index - 1 : index], expected):
            return end
        elif character in ")]}":
            expected.pop()
        if not character.isspace():
            end = index + 1
    return end


def _ends(character: str, before: str, expected: list[str]) -> bool:
    if character in ")]}":
        return not expected or expected[-1] != character
    if character == "#":
        return before.isspace()
    return not expected and character in ",\r\n\x85\u2028\u2029"


def in_quotes(expression: str) -> str:
    """``expression`` as a quoted YAML scalar."""
    if '"' in expression or "\\" in expression:
        return "'" + expression.replace("'", "''") + "'"
    return f'"{expression}"'

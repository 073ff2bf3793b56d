"""Patterns of layer names: ``stage*/conv2d``, ``**/relu``.

``*`` stands for any characters of one part of a name, ``**`` as a part for any number of parts, none included.
"""

from __future__ import annotations

import re

MOST_CHARACTERS = 1_000
"""What is longer is no pattern: a name that long has no layer either."""
COMPILING = 500
"""To make a regular expression takes the time of comparing so many names with it."""

_PART = "[^/]*"


def is_pattern(name: str) -> bool:
    """Whether a name is a pattern; no layer has a ``*`` in its name."""
    return "*" in name and len(name) <= MOST_CHARACTERS


def name_pattern(pattern: str) -> re.Pattern[str]:
    """A regular expression that matches all of a name that the pattern fits.

    What follows on a ``*`` or ``**`` is taken where it first fits, in an atomic group, so that matching takes time in
    proportion to the lengths of pattern and name, whatever the pattern.
    """
    runs: list[list[str]] = [[]]
    for part in pattern.split("/"):
        if part == "**":
            runs.append([])
        else:
            runs[-1].append(_part(part))
    first, *others = ["/".join(run) for run in runs]
    if not others:
        return re.compile(rf"{first}\Z")
    *inner, last = others
    text = rf"{first}/" if first else ""
    text += "".join(rf"(?>(?:[^/]+/)*?{run}/)" for run in inner if run)
    return re.compile(rf"{text}(?:[^/]+/)*{last}\Z" if last else rf"{text}(?:[^/]+/)*[^/]+\Z")


def _part(part: str) -> str:
    """One part of a name."""
    first, *others = [re.escape(literal) for literal in re.split(r"\*+", part)]
    if not others:
        return first
    *inner, last = others
    return first + "".join(rf"(?>[^/]*?{literal})" for literal in inner if literal) + rf"{_PART}{last}(?![^/])"

"""Pieces of an SVG: texts, boxes and lines, and how they look; text is text, escaped, and there is no script."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape as as_xml
from math import hypot

Place = tuple[float, float]
"""x to the right, y downwards, in pixels."""

SANS = "system-ui, -apple-system, 'Segoe UI', Roboto, Helvetica, Arial, 'DejaVu Sans', sans-serif"
SERIF = "'STIX Two Math', 'Latin Modern Math', 'Cambria Math', Cambria, Georgia, 'DejaVu Serif', serif"

_NOT_IN_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NARROW = frozenset("iljtfrI.,:;'|!()[]{}/ ·¹")
_WIDE = frozenset("mwMW@%—…→←")
_RAISED, _LOWERED = "⁰¹²³⁴⁵⁶⁷⁸⁹ᵀ", "₀₁₂₃₄₅₆₇₈₉"
_PLAIN = str.maketrans(_RAISED + _LOWERED, "0123456789T0123456789")
_RUNS = re.compile(f"[{_RAISED}]+|[{_LOWERED}]+|[^{_RAISED}{_LOWERED}]+")
_CORNER = 7.0
_HEAD = 7.0, 3.5
"""Length of an arrow's head, and half its width."""


def number(value: float) -> str:
    """With one decimal, if that says anything."""
    return f"{round(value, 1):g}" if abs(value) < 1e5 else str(round(value))


def text_width(text: str, size: float) -> float:
    """About how wide a text is, in a wide sans-serif face."""
    return size * sum(map(_character_width, text))


def _character_width(character: str) -> float:
    if character in _NARROW:
        return 0.37
    if character in _WIDE:
        return 0.93
    if ord(character) > 0x1100:
        return 1.0  # Hangul, kana, Han and signs are mostly as wide as high
    return 0.7 if character.isupper() else 0.61


def fitted(text: str, size: float, width: float) -> str:
    """The text, its middle left out where it would be wider."""
    if text_width(text, size) <= width:
        return text
    kept = len(text)
    while kept > 1 and text_width(text, size) * kept / len(text) + size > width:
        kept -= 1
    tail = kept // 2
    return f"{text[: kept - tail]}…{text[len(text) - tail :] if tail else ''}"


def begun(text: str, size: float, width: float) -> str:
    """The text, its end left out where it would be wider."""
    if text_width(text, size) <= width:
        return text
    while text and text_width(text, size) + size > width:
        text = text[:-1]
    return f"{text.rstrip()}…"


def clean(text: str) -> str:
    """A text as the content of an element or an attribute; characters that XML cannot carry are replaced."""
    return as_xml(_NOT_IN_XML.sub("\ufffd", text), quote=True)


def text(content: str, at: Place, look: str, anchor: str = "start") -> str:
    """A line of text, with ``at`` on its base line."""
    end = "" if anchor == "start" else f' text-anchor="{anchor}"'
    return f'<text class="{look}" x="{number(at[0])}" y="{number(at[1])}"{end}>{clean(content)}</text>'


def formula(content: str, at: Place, look: str, size: float | None = None) -> str:
    """A line of text in which raised and lowered characters are drawn as the others are, but small and moved.

    Few faces for formulas have all of them; moved ones look alike everywhere. With ``size``, that of its letters,
    ``at`` is its middle: not all programs find the middle of a text with moved letters themselves.
    """
    left = at[0] if size is None else at[0] - formula_width(content, size) / 2
    pieces = []
    moved = 0.0
    for run in _RUNS.findall(content):
        wanted = -5.0 if run[0] in _RAISED else 3.5 if run[0] in _LOWERED else 0.0
        plain = clean(run.translate(_PLAIN))
        by = f' dy="{number(wanted - moved)}"' if wanted != moved else ""
        small = ' class="aa-script"' if wanted else ""
        pieces.append(f"<tspan{small}{by}>{plain}</tspan>" if by or small else plain)
        moved = wanted
    return f'<text class="{look}" x="{number(left)}" y="{number(at[1])}">{"".join(pieces)}</text>'


def formula_width(content: str, size: float) -> float:
    """About how wide a formula is, in a face with serifs."""
    return sum(
        text_width(run.translate(_PLAIN), size) * (0.72 if run[0] in _RAISED or run[0] in _LOWERED else 0.93)
        for run in _RUNS.findall(content)
    )


def rectangle(x: float, y: float, width: float, height: float, look: str, radius: float = 6) -> str:
    """A box with round corners."""
    size = f'width="{number(width)}" height="{number(height)}"'
    return f'<rect class="{look}" x="{number(x)}" y="{number(y)}" {size} rx="{number(radius)}"/>'


def way(points: Sequence[Place], look: str) -> str:
    """A line along some points, its corners rounded."""
    steps = [f"M{_pair(points[0])}"]
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        radius = min(_CORNER, _distance(before, corner) / 2, _distance(corner, after) / 2)
        steps.append(f"L{_pair(_towards(corner, before, radius))}")
        steps.append(f"Q{_pair(corner)} {_pair(_towards(corner, after, radius))}")
    steps.append(f"L{_pair(points[-1])}")
    return f'<path class="{look}" d="{"".join(steps)}"/>'


def arrow(points: Sequence[Place], look: str, head_look: str) -> str:
    """A line along some points, with a head at its end."""
    length, half = _HEAD
    tip = points[-1]
    neck = _towards(tip, points[-2], min(length, _distance(tip, points[-2])))
    x, y = (tip[0] - neck[0]) / length * half, (tip[1] - neck[1]) / length * half
    sides = (neck[0] - y, neck[1] + x), (neck[0] + y, neck[1] - x)
    head = f'<path class="{head_look}" d="M{_pair(tip)}L{_pair(sides[0])}L{_pair(sides[1])}Z"/>'
    return way((*points[:-1], _towards(tip, points[-2], length / 2)), look) + head


def document(title: str, size: Place, style: Iterable[str], content: Iterable[str]) -> str:
    """A whole file. Its classes begin with ``aa-``, so that it can stand in a page among others."""
    width, height = map(number, size)
    rules = "\n".join(style)
    body = "\n".join(content)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        f'role="img" font-family="{clean(SANS)}">\n<title>{clean(title)}</title>\n<style>\n{rules}\n</style>\n'
        f'<rect class="aa-page" width="{width}" height="{height}"/>\n{body}\n</svg>\n'
    )


def _pair(place: Place) -> str:
    return f"{number(place[0])} {number(place[1])}"


def _distance(one: Place, other: Place) -> float:
    return hypot(one[0] - other[0], one[1] - other[1])


def _towards(start: Place, end: Place, by: float) -> Place:
    distance = _distance(start, end)
    share = by / distance if distance else 0
    return start[0] + (end[0] - start[0]) * share, start[1] + (end[1] - start[1]) * share

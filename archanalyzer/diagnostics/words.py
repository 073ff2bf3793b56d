"""How messages put things into words."""

from __future__ import annotations

from collections.abc import Iterable


def enumerated(parts: Iterable[str], conjunction: str = "and") -> str:
    """``a``, ``a and b``, ``a, b and c``; of at least one part."""
    *others, last = parts
    return f"{', '.join(others)} {conjunction} {last}" if others else last

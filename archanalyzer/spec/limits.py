"""How much a spec may ask for, so that no text, however hostile, exhausts the machine that reads it."""

from __future__ import annotations

from typing import NamedTuple


class Limits(NamedTuple):
    """Bounds on what is read and computed, each far above what a real network needs."""

    file_bytes: int = 32 * 2**20
    """Length of the file."""
    nesting: int = 64
    """Levels of maps and lists in each other, in the file and in a list that an expression makes."""
    nodes: int = 2_000_000
    """Values, keys, maps and lists in the file, those that an alias repeats counted at every use."""
    layers: int = 250_000
    """Layers, once blocks and repeats are expanded."""
    expression_characters: int = 500
    """Length of one expression."""
    number: int = 2**63 - 1
    """Magnitude of any integer, those on the way to a result included."""
    list_items: int = 10_000
    """Items of a list that an expression uses, or, with those of lists inside it, makes."""
    arithmetic: int = 10_000_000
    """Steps of all expressions together: ten for a name, five for an operator, one for an item that is gone through."""


def raised_by(limit: str) -> str:
    """A hint at what allows more, for who trusts the spec."""
    return f"`--limit {limit}=N` allows more, if the spec is meant so"


DEFAULT_LIMITS = Limits()

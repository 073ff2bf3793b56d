"""How much a spec may ask for, so that no text, however hostile, exhausts the machine that reads it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

_MOST = {"nesting": 150, "number": 2**127, "file_bytes": 2**30}
_MOST_OF_OTHERS = 2**48


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

    def changed(self, name: str, number: int, others: Iterable[str] = ()) -> Limits:
        """These limits with another one of that name; ``others`` are names that mean something else to who asks.

        Raises:
            ValueError: there is no such limit, or it can't be raised so far: what reading takes a level for a level
                ends where Python's own calls do.
        """
        if name not in self._fields:
            from archanalyzer.diagnostics import did_you_mean

            raise ValueError(f"there is no limit `{name}`; {did_you_mean(name, (*self._fields, *others), 'limits')}")
        most = _MOST.get(name, _MOST_OF_OTHERS)
        if number > most:
            raise ValueError(f"`{name}` can be at most {most:,}, found {number:,}")
        return self._replace(**{name: number})


def read_limit(text: str) -> tuple[str, int]:
    """A limit as it is given, ``layers=1M``: its name, and the number, which may have a unit.

    Raises:
        ValueError: it is written in another way.
    """
    from archanalyzer.graph.quantities import taken_apart

    name, _, value = (part.strip() for part in text.partition("="))
    quantity = taken_apart(value)
    if quantity is None or quantity.form != "number" or quantity.numbers[0].denominator > 1 or quantity.numbers[0] < 1:
        raise ValueError(f"expected NAME=N with a whole number from 1, such as `layers=1M`, found `{text}`")
    return name, int(quantity.numbers[0])


def raised_by(limit: str) -> str:
    """A hint at what allows more, for who trusts the spec."""
    return f"`--limit {limit}=N` allows more, if the spec is meant so"


DEFAULT_LIMITS = Limits()

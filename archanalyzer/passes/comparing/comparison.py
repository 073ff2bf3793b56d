"""What a comparison of two networks says: plain records, numbers not yet formatted."""

from __future__ import annotations

from fractions import Fraction
from math import isfinite
from numbers import Rational
from typing import Any, NamedTuple

from archanalyzer.diagnostics import Diagnostic
from archanalyzer.graph import Block, Graph
from archanalyzer.passes.analysis import Kind
from archanalyzer.passes.analyzing import Analyzed
from archanalyzer.passes.facts import Amount


class Moved(NamedTuple):
    """A fact that is not what it was: its name and title, its kind, and both values."""

    name: str
    title: str
    kind: Kind
    old: Amount
    new: Amount

    @property
    def difference(self) -> Any:
        """How much was added; None where a value is no number, is not known, or is only a lower bound."""
        old, new = _number(self.old), _number(self.new)
        if old is None or new is None:
            return None
        added = new - old
        return int(added) if isinstance(added, Fraction) and added.denominator == 1 else added

    @property
    def ratio(self) -> Fraction | None:
        """The difference in parts of the old value's magnitude; None where there is none, or the old value is 0."""
        old, difference = _number(self.old), self.difference
        return None if not old or difference is None else Fraction(difference) / abs(Fraction(old))


def _number(amount: Amount) -> Any:
    """The number that an amount is, a fraction written as text included; else None."""
    value = amount.value
    if amount.at_least or isinstance(value, bool):
        return None
    if isinstance(value, Rational):
        return Fraction(value)
    if isinstance(value, float):
        return value if isfinite(value) else None
    if isinstance(value, str):
        try:
            return Fraction(value)
        except (ValueError, ZeroDivisionError):
            return None
    return None


class FieldChange(NamedTuple):
    """A field of a layer, or a property of the network, with both values."""

    name: str
    old: Any
    new: Any


class PinnedChange(NamedTuple):
    """An array that is pinned on one side only, or to other numbers.

    ``section``: ``weights``, ``inputs`` or ``targets``. ``old_name``, ``new_name``: of the layer, None on a side where
    nothing is pinned; ``array``: which of its weights, None for data. ``old``, ``new``: the values: a number, a nested
    list of numbers, or the name of an initializer. ``differing``: how many numbers are others, and of how many; None
    where they do not stand beside each other.
    """

    section: str
    old_name: str | None
    new_name: str | None
    array: str | None
    old: Any
    new: Any
    differing: tuple[int, int] | None = None


class LayerChange(NamedTuple):
    """A layer on both sides, by index: whatever of it differs.

    ``types``: those of both, where they differ. ``fields``: those that both have and that differ, ``frozen`` and
    ``share`` among them. ``reads``: the names of the layers that it reads, before and after, where it reads others. It
    does not where a layer came in between, or went, since that is told already. ``facts``: those that moved.
    """

    old: int
    new: int
    types: tuple[str, str] | None
    fields: tuple[FieldChange, ...]
    reads: tuple[tuple[str, ...], tuple[str, ...]] | None
    facts: tuple[Moved, ...]

    @property
    def is_own(self) -> bool:
        """Whether the layer itself was changed, and not only what comes before it."""
        return bool(self.types or self.fields or self.reads)


class BlockChange(NamedTuple):
    """A block on both sides whose facts moved; ``is_own``: a layer in it was changed, added or removed."""

    old: Block
    new: Block
    facts: tuple[Moved, ...]
    is_own: bool


class Piece(NamedTuple):
    """A layer that is on one side only, or a block of such layers: the layers from ``start`` up to ``stop``."""

    start: int
    stop: int
    block: Block | None = None

    def name(self, graph: Graph) -> str:
        return graph.layers[self.start].name if self.block is None else self.block.name


class Rename(NamedTuple):
    """A layer or a block with another name; what is in a block is not told again.

    ``layers``: how many there are in it. ``renumbered``: only the number at the end is another one.
    """

    old: str
    new: str
    layers: int
    is_block: bool
    renumbered: bool


class Comparison(NamedTuple):
    """Everything in which two networks differ.

    ``network``: properties of the whole that differ. ``changed``: layers that were changed themselves; ``followed``:
    layers that are as they were, with facts that moved because of others. ``ungrouped``, ``grouped``: blocks on one
    side only around layers that are on both. ``reordered``: names of layers that are computed at another place.
    ``training``: how it is trained; ``pinned``: arrays of weights and data. ``gone``, ``come``: diagnostics on one side
    only. Not compared are the network's name and description, and what is expected of it.
    """

    old: Analyzed
    new: Analyzed
    network: tuple[FieldChange, ...]
    totals: tuple[Moved, ...]
    changed: tuple[LayerChange, ...]
    followed: tuple[LayerChange, ...]
    removed: tuple[Piece, ...]
    added: tuple[Piece, ...]
    renamed: tuple[Rename, ...]
    ungrouped: tuple[Piece, ...]
    grouped: tuple[Piece, ...]
    reordered: tuple[tuple[str, str], ...]
    blocks: tuple[BlockChange, ...]
    training: tuple[FieldChange, ...]
    pinned: tuple[PinnedChange, ...]
    gone: tuple[Diagnostic, ...]
    come: tuple[Diagnostic, ...]

    @property
    def differs(self) -> bool:
        """Whether there is any difference."""
        return any(self[2:])

    @property
    def layers_removed(self) -> int:
        return sum(piece.stop - piece.start for piece in self.removed)

    @property
    def layers_added(self) -> int:
        return sum(piece.stop - piece.start for piece in self.added)

"""What differs in what two specs pin for running, in words: how to train, arrays of weights, data."""

from __future__ import annotations

from typing import Any

from archanalyzer.graph import shown_shape
from archanalyzer.passes.comparing.comparison import Comparison, PinnedChange
from archanalyzer.passes.pinned import shape_of
from archanalyzer.report.diff.words import ARROW, value_text
from archanalyzer.report.text import plural


def running_counts(comparison: Comparison) -> str:
    """``2 pinned arrays and how to train differ``; empty where nothing does."""
    pinned, training = len(comparison.pinned), bool(comparison.training)
    parts = ([plural(pinned, "pinned array")] if pinned else []) + (["how to train"] if training else [])
    return f"{' and '.join(parts)} differ{'' if training + pinned > 1 else 's'}" if parts else ""


def training_pairs(comparison: Comparison) -> list[tuple[str, str]]:
    """What of the training is another one, with both values."""
    return [(each.name, f"{value_text(each.old)}{ARROW}{value_text(each.new)}") for each in comparison.training]


def pinned_pair(change: PinnedChange) -> tuple[str, str]:
    """Which array it is, and what became of it: ``head.weight``, ``2 of 6 numbers differ``."""
    names = [_name(change, layer) for layer in (change.old_name, change.new_name) if layer is not None]
    return ARROW.join(dict.fromkeys(names)), _what(change)


def _name(change: PinnedChange, layer: str) -> str:
    if change.array is not None:
        return f"{layer}.{change.array}"
    return f"{change.section.removesuffix('s')} {layer}"


def _what(change: PinnedChange) -> str:
    old, new = _value(change.old), _value(change.new)
    if change.old_name is None:
        return f"added ({new})"
    if change.new_name is None:
        return f"removed ({old})"
    if change.differing == (1, 1):
        return f"{_only_number(change.old)}{ARROW}{_only_number(change.new)}"
    parts = [f"{old}{ARROW}{new}"] if old != new else []
    if change.differing is not None:
        differing, numbers = change.differing
        parts.append(f"{differing:,} of {numbers:,} numbers differ{'s' if differing == 1 else ''}")
    return "; ".join(parts)


def _only_number(value: Any) -> str:
    while isinstance(value, list):
        (value,) = value
    return value_text(value)


def _value(value: Any) -> str:
    if not isinstance(value, list):
        return value_text(value)
    shape = shape_of(value)
    return plural(shape[0], "number") if len(shape) == 1 else f"{shown_shape(shape)} numbers"

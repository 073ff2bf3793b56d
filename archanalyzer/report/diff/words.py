"""What differs between two networks, in words: values before and after, differences, percentages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from archanalyzer.diagnostics import enumerated
from archanalyzer.graph import Op, shown_shape
from archanalyzer.passes.analysis import Kind
from archanalyzer.passes.comparing.comparison import Moved
from archanalyzer.passes.facts import Amount
from archanalyzer.report.cells import cell
from archanalyzer.report.text import plural

ARROW = " → "
_MINUS = "−"
_KEYS = {"input", "axis", "size", "min_size", "whole", "exact"}
"""What of an entry of a field is told by its size in words, or says which entry it is."""


def value_text(value: Any) -> str:
    """A field's value: ``64``, ``true``, ``3×3``, ``[[0, 1], [0, 1]]``."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        if value and all(type(each) is int for each in value):
            return shown_shape(value)
        return f"[{', '.join(map(value_text, value))}]"
    return str(value)


def names_text(names: Sequence[str]) -> str:
    """Names of layers; a dash for none."""
    return ", ".join(names) or "–"


def fields_text(op: Op) -> str:
    """The fields of a layer that were given."""
    given = [name for name in type(op).model_fields if name in op.model_fields_set]
    return ", ".join(f"{name} {value_text(getattr(op, name))}" for name in given)


def apart(moved: Moved) -> list[Moved]:
    """A fact that consists of named shapes as one fact a name that differs; any other as it is."""
    old, new = moved.old.value, moved.new.value
    if not all(isinstance(side, Mapping) and all(map(_is_shape, side.values())) for side in (old, new)):
        return [moved]
    differing = (name for name in {**old, **new} if old.get(name) != new.get(name))
    return [
        Moved(moved.name, f"{moved.title}: {name}", Kind.SHAPE, Amount(old.get(name, ())), Amount(new.get(name, ())))
        for name in differing
    ]


def _is_shape(value: Any) -> bool:
    return isinstance(value, list | tuple) and all(type(each) is int for each in value)


def before(moved: Moved, *, rounded: bool = False) -> str:
    """The old value; counts to three digits if ``rounded``."""
    return _text(moved, moved.old, rounded=rounded)


def after(moved: Moved, *, rounded: bool = False) -> str:
    """The new value, likewise; of a field as large as before, what else of it is another one."""
    text = _text(moved, moved.new, rounded=rounded)
    old, new = moved.old.value, moved.new.value
    if moved.kind is Kind.FIELD and old and new and text == _text(moved, moved.old):
        return f"{text}, other {enumerated(_other_keys(old, new))}"
    return text


def _text(moved: Moved, amount: Amount, *, rounded: bool = False) -> str:
    entries = (*(moved.old.value or ()), *(moved.new.value or ())) if moved.kind is Kind.FIELD else ()
    several = len({entry["input"] for entry in entries}) > 1
    return cell(amount, moved.kind, several_inputs=several, rounded=rounded)


def _other_keys(old: Sequence[Mapping[str, Any]], new: Sequence[Mapping[str, Any]]) -> list[str]:
    """What of fields of one size differs: their gaps, their stride, …; or the inputs that they are of."""
    if [(one["input"], one["axis"]) for one in old] != [(one["input"], one["axis"]) for one in new]:
        return ["inputs"]
    keys = [key for one, other in zip(old, new, strict=True) for key in other if one.get(key) != other[key]]
    return [key for key in dict.fromkeys(keys) if key not in _KEYS] or ["sizes"]


def difference(moved: Moved, *, rounded: bool = False) -> str:
    """``+36,928``, ``−4 B``, ``+36.9 k`` if ``rounded``; empty where there is none."""
    added = moved.difference
    if added is None:
        return ""
    size = abs(added)
    kind = moved.kind if moved.kind is not Kind.BYTES or isinstance(size, int) else Kind.COUNT
    return f"{_MINUS if added < 0 else '+'}{cell(size, kind, rounded=rounded)}"


def percentage(moved: Moved) -> str:
    """``+14.2 %``; less than can be written so as ``< 0.1 %``, empty where there is none."""
    ratio = moved.ratio
    if ratio is None:
        return ""
    tenths = round(abs(ratio) * 1000)
    if tenths == 0:
        return "< 0.1 %"
    return f"{_MINUS if ratio < 0 else '+'}{tenths // 10:,}.{tenths % 10} %"


def in_one_line(moved: Moved) -> str:
    """``parameters 260,160 → 297,088 (+36,928, +14.2 %)``."""
    beside = ", ".join(text for text in (difference(moved), percentage(moved)) if text)
    change = f"{moved.title} {before(moved)}{ARROW}{after(moved)}"
    return f"{change} ({beside})" if beside else change


def layers_text(number: int) -> str:
    """``1 layer``, ``7 layers``."""
    return plural(number, "layer")


def ratio_data(ratio: Fraction | None) -> float | None:
    """A ratio as a number of JSON; None where none is large enough for it."""
    try:
        return None if ratio is None else float(ratio)
    except OverflowError:
        return None

"""One value as text: the only place that says how a count, a shape or a receptive field is written."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from enum import Enum
from itertools import groupby
from math import floor, log10
from typing import Any, NamedTuple

from archanalyzer.graph import shown_shape
from archanalyzer.passes.analysis import Kind
from archanalyzer.passes.facts import Amount
from archanalyzer.report.json_text import dump
from archanalyzer.report.text import escape

UNKNOWN = "?"
NOTHING = "–"
_UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB")
_THOUSANDS = ("k", "M", "G", "T", "P", "E")


class Look(Enum):
    """How cells of the sheet's own columns are written, beside the kinds that facts have."""

    TEXT = "text"
    SHARE = "share"


Form = Kind | Look


class Blank(Enum):
    """A cell with nothing to say, where None is a value that is not known."""

    BLANK = "blank"


BLANK = Blank.BLANK


class Run(NamedTuple):
    """What the first and the last of several copies show, where they differ."""

    first: Any
    last: Any


ALONG_COPIES = frozenset({Kind.FIELD, Kind.FRACTION})
"""What may grow from one copy of a row to the next without making them another row."""


def cell(value: Any, form: Form, *, several_inputs: bool = False, rounded: bool = False) -> str:
    """A cell as it is shown: ``?`` for what is not known, ``≥`` before a sum of which a part is not known.

    Counts are exact unless they are to be ``rounded``.
    """
    if value is BLANK:
        return ""
    if isinstance(value, Amount):
        text = cell(value.value, form, several_inputs=several_inputs, rounded=rounded)
        return f"≥ {text}" if value.at_least and value.value is not None else text
    if isinstance(value, Run):
        return "…".join(cell(each, form, several_inputs=several_inputs) for each in value)
    if value is None:
        return NOTHING if form is Kind.FRACTION else UNKNOWN
    if form is Kind.FIELD:
        return field_text(value, several_inputs=several_inputs)
    return (_ROUNDING_WRITERS if rounded else _WRITERS)[form](value)


def count_text(value: Any) -> str:
    """``138,357,544``."""
    return f"{value:,}" if isinstance(value, int | float) else escape(str(value))


def rounded_text(value: Any) -> str:
    """``138 M``, ``15.5 G``: three digits and what they are times; below 10,000 exact."""
    if not isinstance(value, int) or abs(value) < 10_000:
        return count_text(value)
    digits, exponent = f"{Decimal(value):.2e}".split("e+")
    thousands, shift = divmod(int(exponent), 3)
    if thousands > len(_THOUSANDS):
        return f"{digits}e{exponent}"
    return f"{Decimal(digits).scaleb(shift):.{2 - shift}f} {_THOUSANDS[thousands - 1]}"


def bytes_text(value: int) -> str:
    """``527.8 MiB``: the unit in which at most three digits stand before the point; bytes themselves are exact."""
    if value < 1024:
        return f"{value:,} B"
    tenths, unit = value * 10, 0  # whole numbers, which no size overflows
    while tenths >= 10240 and unit < len(_UNITS) - 1:
        unit += 1
        tenths = (value * 20 // 1024**unit + 1) // 2
    return f"{tenths // 10:,}.{tenths % 10} {_UNITS[unit]}"


def shape_text(shape: Sequence[int]) -> str:
    """``64×224×224``."""
    return shown_shape(shape) if shape else NOTHING


def fraction_text(value: Any) -> str:
    """``2``, ``1/2``, or one an axis: ``1/2×1``."""
    if isinstance(value, list | tuple):
        return "×".join(NOTHING if each is None else str(each) for each in value)
    return str(value)


def field_text(entries: Sequence[Mapping[str, Any]], *, several_inputs: bool = False) -> str:
    """A receptive field, one entry an axis of each input, as a table shows it.

    ``212``; ``188–204`` where positions differ; ``196×212`` where axes do; ``all`` where every position sees all of
    the axis; ``≤ 212`` for an upper bound; with ``several_inputs``, ``left 3, right 5``.
    """
    parts = []
    for name, axes in groupby(entries, key=lambda entry: entry["input"]):
        sizes = [_axis_text(entry) for entry in axes]
        text = sizes[0] if len(set(sizes)) == 1 else "×".join(sizes)
        parts.append(f"{escape(name)} {text}" if several_inputs else text)
    return ", ".join(parts) or NOTHING


def _axis_text(entry: Mapping[str, Any]) -> str:
    if entry["whole"]:
        return "all"
    least, most = entry["min_size"], entry["size"]
    if not entry.get("exact", True):
        return f"≤ {most}"
    return str(most) if least == most else f"{least}–{most}"


def real_text(value: float) -> str:
    """``1,234``, ``12.35``, ``0.0001235``: four digits; a whole number up to a million exact."""
    if abs(value) >= 1_000_000 or 0 < abs(value) < 0.0001:
        return f"{value:.3e}".replace("e+0", "e").replace("e-0", "e-").replace("e+", "e")
    digits = max(0, 3 - floor(log10(abs(value)))) if value else 0
    text = f"{value:,.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def data_text(value: Any) -> str:
    """Plain data: a text as it is, ``yes`` or ``no``, named shapes as ``weight 64×3×3×3, bias 64``, else JSON."""
    if isinstance(value, str):
        return escape(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping) and all(_is_shape(each) for each in value.values()):
        return ", ".join(f"{escape(str(name))} {shape_text(shape)}" for name, shape in value.items()) or NOTHING
    return escape(dump(value))


def _is_shape(value: Any) -> bool:
    return isinstance(value, list | tuple) and all(type(each) is int for each in value)


_WRITERS: dict[Form, Callable[[Any], str]] = {
    Kind.COUNT: count_text,
    Kind.BYTES: bytes_text,
    Kind.SHAPE: shape_text,
    Kind.FRACTION: fraction_text,
    Kind.REAL: real_text,
    Kind.DATA: data_text,
    Look.TEXT: lambda value: escape(str(value)),
    Look.SHARE: lambda value: f"{100 * value:.1f} %",
}
_ROUNDING_WRITERS = {**_WRITERS, Kind.COUNT: rounded_text}

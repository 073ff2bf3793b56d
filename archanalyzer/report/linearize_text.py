"""The affine map of a network around an input, for people: layer by layer, then A and c, then the checks.

Λ, W and b are those of the textbook; a Λ is a diagonal, and printed as one. Large arrays are summed up; JSON has them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

import numpy as np

from archanalyzer.executor.kernel import Array
from archanalyzer.executor.linearizing import Factor, LayerMap, Linearized
from archanalyzer.executor.local_map import Kink
from archanalyzer.executor.map_checks import Check
from archanalyzer.report.cells import shape_text
from archanalyzer.report.run_pieces import GAP, beside, number, wrapped
from archanalyzer.report.text import escape, plural, shorten

_MOST_LISTED = 10
_MOST_SLOPES = 4
"""Different slopes of one layer that are counted one by one; of more, the range is told."""
_WIDEST_NAME = 24

Row = tuple[str, str, Array | str]
"""A layer, a symbol, and an array, or words in its place."""


def render(found: Linearized, conditions: Sequence[str], name: str, path: str, width: int) -> str:
    """As text, lines as long as ``width`` where they can be; ``conditions`` say under what it was computed."""
    lines = [f"{escape(name)}{GAP}{escape(path)}", *wrapped(conditions, width), *_kind(found, width), ""]
    lines += ["around", *_rows([(name, "o", x) for name, x in found.inputs.items()], width), ""]
    lines += ["layer by layer", *_rows([row for each in found.layers for row in _factors(each)], width), ""]
    for output in found.outputs:
        lines += [*_map(found, output, width), ""]
    if any(_has_pieces(each) for each in found.layers):
        lines += ["pieces", *_pieces(found.layers, width), ""]
    lines += ["checks", *_checks(found)]
    return "".join(f"{line}\n" for line in lines)


def render_no(message: str, name: str, path: str) -> str:
    """That the network is no such map, and why."""
    return f"{escape(name)}{GAP}{escape(path)}\n{escape(message)}\n"


def _kind(found: Linearized, width: int) -> Iterator[str]:
    why = found.why_not_homogeneous
    homogeneous = f"not homogeneous: {escape(why)}" if why else "homogeneous: the map holds at a·x for every a > 0"
    return wrapped(["piecewise linear", homogeneous], width)


# --- Arrays


def _rows(rows: Sequence[Row], width: int) -> Iterator[str]:
    """Arrays under each other: the layer where it is another than above, the symbol, the numbers."""
    widest = min(max((len(escape(name)) for name, _, _ in rows), default=0), _WIDEST_NAME)
    symbols = max((len(symbol) for _, symbol, _ in rows), default=0)
    last = None
    for name, symbol, value in rows:
        shown = "" if name == last else shorten(escape(name), widest)
        last = name
        head = f"{GAP}{shown:<{widest}}{GAP if widest else ''}{symbol:<{symbols}}{GAP}"
        if isinstance(value, str):
            yield f"{head}{value}"
        else:
            yield from beside(head, value, width)


def _factors(layer: LayerMap) -> Iterator[Row]:
    for factor in layer.factors:
        of = f"·{shorten(escape(factor.reads), _WIDEST_NAME)}" if len(layer.factors) > 1 else ""
        yield layer.layer, f"{factor.symbol}{of}", _factor(factor)
    if layer.constant.any():
        yield layer.layer, "b" if any(factor.symbol == "W" for factor in layer.factors) else "c", layer.constant


def _factor(factor: Factor) -> Array | str:
    if factor.value is None:
        return f"{shape_text(factor.shape)}, not formed"
    rows, columns = factor.shape[0], factor.shape[-1]
    if factor.symbol != "Λ" and rows == columns and np.array_equal(factor.value, np.eye(rows)):
        return f"{shape_text(factor.shape)}, the identity"
    return factor.value


def _map(found: Linearized, output: str, width: int) -> Iterator[str]:
    """A by each input, c, and what comes of them at the point."""
    terms = [f"A·{escape(name)}" for name in found.inputs]
    several = len(terms) > 1
    yield f"{escape(output)} = {' + '.join(terms)} + c"
    rows: list[Row] = [
        ("", terms[slot] if several else "A", found.matrices[output, name]) for slot, name in enumerate(found.inputs)
    ]
    yield from _rows([*rows, ("", "c", found.constants[output]), ("", "f(x)", found.outputs[output])], width)


# --- Pieces


def _has_pieces(layer: LayerMap) -> bool:
    return layer.bends and (layer.kink is not None or _diagonal(layer) is not None)


def _diagonal(layer: LayerMap) -> Array | None:
    """The Λ of a layer with one input that works element by element."""
    factors = [factor for factor in layer.factors if factor.symbol == "Λ"]
    return factors[0].value if len(factors) == 1 else None


def _pieces(layers: Sequence[LayerMap], width: int) -> Iterator[str]:
    shown = [layer for layer in layers if _has_pieces(layer)]
    widest = min(max(len(escape(layer.layer)) for layer in shown), _WIDEST_NAME)
    for layer in shown:
        head = f"{GAP}{shorten(escape(layer.layer), widest):<{widest}}{GAP}"
        diagonal = _diagonal(layer)
        pieces = [] if diagonal is None else [_slopes(diagonal)]
        pieces += [] if layer.kink is None else list(_kink(layer.kink))
        for place, line in enumerate(wrapped(pieces, width - len(head))):
            yield f"{head if place == 0 else ' ' * len(head)}{line}"


def _slopes(diagonal: Array) -> str:
    """``slope 1 at 5 elements, 0 at 3``."""
    values, counts = np.unique(diagonal + 0.0, return_counts=True)
    if len(values) > _MOST_SLOPES:
        return f"slopes from {number(values[0])} to {number(values[-1])} at {plural(diagonal.size, 'element')}"
    pairs = list(zip(values[::-1], counts[::-1], strict=True))
    first = f"slope {number(pairs[0][0])} at {plural(int(pairs[0][1]), 'element')}"
    return ", ".join([first, *(f"{number(value)} at {count:,}" for value, count in pairs[1:])])


def _kink(kink: Kink) -> Iterator[str]:
    listed = ", ".join(f"{unit:,}" for unit in islice(kink.units, _MOST_LISTED))
    more = f" and {len(kink.units) - _MOST_LISTED:,} more" if len(kink.units) > _MOST_LISTED else ""
    taken = sorted(set(kink.slopes or ()))
    slope = f", slope {' or '.join(map(number, taken))} taken" if 0 < len(taken) <= _MOST_SLOPES else ""
    yield f"at a kink in element{'s' if len(kink.units) > 1 else ''} {listed}{more}{slope}"
    yield "its output bends there" if kink.bends else "with the slopes taken, nothing changes there"


# --- Checks


def _checks(found: Linearized) -> Iterator[str]:
    widest = max(len(check.what) for check in found.checks)
    for check in found.checks:
        yield f"{GAP}{check.what:<{widest}}{GAP}largest difference {number(check.difference)}{_verdict(check, found)}"


def _verdict(check: Check, found: Linearized) -> str:
    if not check.expected:
        return f"; need not hold: {escape(found.why_not_homogeneous)}"
    return "" if check.holds else ", more than rounding makes"

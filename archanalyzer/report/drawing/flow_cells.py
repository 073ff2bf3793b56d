"""One layer of a flow as pieces of an SVG: its operators on the way forward, and below them those on the way back."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from archanalyzer.report.drawing.flow_words import Cell, Operator, Shape
from archanalyzer.report.drawing.svg_parts import (
    SERIF,
    Place,
    arrow,
    fitted,
    formula,
    formula_width,
    rectangle,
    text,
    text_width,
    way,
)

ABOVE = 56.0
"""From the upper end of a cell to its way forward."""
APART = 96.0
"""From there to the way back."""
BELOW = 40.0
"""From there to the end of a cell without gradients."""
_LEAD = 24.0
"""From a cell's start, or from one operator, to the next operator."""
_TALL = 36.0
_SUM = 11.0
"""The radius of a sum."""
_MATH, _NAME = 15.0, 9.5
_GRADIENT = 20.0
_PAD = 10.0

STYLE = (
    ".aa-page{fill:#ffffff}",
    ".aa-title{font-size:17px;font-weight:600;fill:#1b1f24}",
    ".aa-note{font-size:11px;fill:#57606a}",
    ".aa-small{font-size:9.5px;fill:#57606a}",
    f".aa-math,.aa-error{{font-family:{SERIF};font-size:15px;font-style:italic}}",
    ".aa-math{fill:#1b1f24}",
    ".aa-script{font-size:10.5px;font-style:normal}",
    ".aa-error{fill:#a8430f}",
    ".aa-line,.aa-back,.aa-tie{fill:none;stroke:#5a6774;stroke-width:1.5}",
    ".aa-back{stroke:#cc5a2a}",
    ".aa-tie{stroke:#b3860b;stroke-dasharray:3 3;stroke-width:1.2}",
    ".aa-head{fill:#5a6774}",
    ".aa-backhead{fill:#cc5a2a}",
    ".aa-tiehead{fill:#b3860b}",
    ".aa-sum{fill:#ffffff;stroke:#5a6774;stroke-width:1.5}",
    ".aa-weights{fill:#e3f0fa;stroke:#2f7fb8}",
    ".aa-activation{fill:#fdf1d9;stroke:#c98d12}",
    ".aa-other{fill:#f7f7f5;stroke:#a3a29b}",
    ".aa-loss{fill:#f3ecf8;stroke:#9a72b8}",
    ".aa-gradient{fill:#fdf0ea;stroke:#cc5a2a;stroke-opacity:.5}",
    "@media (prefers-color-scheme:dark){",
    ".aa-page,.aa-sum{fill:#15191e}",
    ".aa-title,.aa-math{fill:#e8ebee}",
    ".aa-note,.aa-small{fill:#a7b1bb}",
    ".aa-error{fill:#f0a077}",
    ".aa-line,.aa-sum{stroke:#8c98a4}",
    ".aa-head{fill:#8c98a4}",
    ".aa-weights{fill:#1c3448}",
    ".aa-activation{fill:#44351a}",
    ".aa-other{fill:#30302d}",
    ".aa-loss{fill:#372a42}",
    ".aa-gradient{fill:#3a241b}",
    "}",
)


class Lead(NamedTuple):
    """The piece before a cell's first operator: where it starts, and the heights of both ways."""

    x: float
    forward: float
    back: float


def operator_width(operator: Operator) -> float:
    """Of its box on either way, whichever is wider."""
    if operator.shape is Shape.SUM:
        return 2 * _SUM
    texts = (operator.forward, operator.back or "")
    widest = max(formula_width(each, _MATH) for each in texts)
    return max(40.0, widest + 16, min(text_width(operator.name, _NAME) + 12, 124))


def _tail(cell: Cell) -> float:
    """The piece behind the last operator, with the names of the signals on it."""
    if cell.operators and cell.operators[0].shape is Shape.LOSS:
        return 0
    named = max(formula_width(cell.signal, _MATH), formula_width(cell.error, _MATH))
    return named + 20 if named else 8


def cell_width(cell: Cell) -> float:
    """From where its lead begins to where that of the next one does."""
    own = sum(_LEAD + operator_width(each) for each in cell.operators) + _tail(cell)
    panel = max((formula_width(each, _MATH) for each in cell.gradients), default=0)
    return max(own if cell.operators else own + 10, panel + 3 * _PAD if panel else 0)


def cell_height(cell: Cell) -> float:
    """From its upper end to its lower one."""
    return ABOVE + APART + BELOW + (_GRADIENT * len(cell.gradients) + 26 if cell.gradients else 0)


def draw_lead(lead: Lead, *, goes_back: bool) -> Iterator[str]:
    """The arrow into the first operator, and the way back out of the one below it."""
    yield arrow([(lead.x, lead.forward), (lead.x + _LEAD, lead.forward)], "aa-line", "aa-head")
    if goes_back:
        yield way([(lead.x + _LEAD, lead.back), (lead.x, lead.back)], "aa-back")


def draw_cell(
    cell: Cell, at: Place, *, named: bool = False, joins: bool = False, repeated: Cell | None = None
) -> Iterator[str]:
    """A cell whose lead starts at ``at``, on its way forward; the lead is drawn by whoever knows what it reads.

    ``named``: with the names of the network's inputs. ``joins``: errors of several readers are added up behind it.
    ``repeated``: the cell on the line above, whose signals are named again.
    """
    x, forward = at
    back = forward + APART
    if repeated is not None:
        yield formula(repeated.signal, (x - 2, forward - 7), "aa-math")
        if cell.passes:
            yield formula(repeated.error, (x - 2, back - 7), "aa-error")
    if not cell.operators:
        yield f'<circle class="aa-head" cx="{x + 5:g}" cy="{forward:g}" r="3"/>'
        if named:
            yield text(cell.layer, (x, forward + 18), "aa-small")
    places = _places(cell, x)
    for before, following in pairwise(places):
        yield from _between(cell, (before[1], following[0]), forward)
    for operator, place in zip(cell.operators, places, strict=True):
        yield from _operator(operator, place, forward, cell)
    end = x + cell_width(cell)
    yield from _signals(cell, (places[-1][1] if places else x + 5, end), forward, joins=joins)
    if cell.gradients:
        yield from _gradients(cell, x, places[0][1] + _LEAD / 2, back)


def _places(cell: Cell, x: float) -> list[tuple[float, float]]:
    """Where each operator starts and ends."""
    found = []
    for operator in cell.operators:
        x += _LEAD
        found.append((x, x + operator_width(operator)))
        x = found[-1][1]
    return found


def _between(cell: Cell, ends: tuple[float, float], forward: float) -> Iterator[str]:
    """The piece between two operators."""
    start, stop = ends
    yield arrow([(start, forward), (stop, forward)], "aa-line", "aa-head")
    if cell.passes:
        yield arrow([(stop, forward + APART), (start, forward + APART)], "aa-back", "aa-backhead")
    elif cell.arrives:
        yield way([(stop, forward + APART), ((start + stop) / 2, forward + APART)], "aa-back")


def _operator(operator: Operator, place: tuple[float, float], forward: float, cell: Cell) -> Iterator[str]:
    start, stop = place
    middle, back = (start + stop) / 2, forward + APART
    if operator.above:
        half = _SUM if operator.shape is Shape.SUM else _TALL / 2
        yield formula(operator.above, (middle, forward - 40), "aa-math", _MATH)
        yield arrow([(middle, forward - 34), (middle, forward - half)], "aa-line", "aa-head")
    if operator.shape is Shape.SUM:
        yield f'<circle class="aa-sum" cx="{middle:g}" cy="{forward:g}" r="{_SUM:g}"/>'
        yield way([(middle - 5, forward), (middle + 5, forward)], "aa-line")
        yield way([(middle, forward - 5), (middle, forward + 5)], "aa-line")
        if cell.arrives:
            yield way([(start, back), (stop, back)], "aa-back")
        return
    yield from _box(operator.forward, operator.name, place, forward, operator.shape)
    if operator.back is not None and cell.passes:
        if operator.tie:
            yield arrow([(middle, forward + _TALL / 2), (middle, back - _TALL / 2)], "aa-tie", "aa-tiehead")
            yield formula(operator.tie, (middle + 6, (forward + back) / 2 + 4), "aa-math")
        yield from _box(operator.back, "", place, back, operator.shape)


def _box(label: str, name: str, place: tuple[float, float], y: float, shape: Shape) -> Iterator[str]:
    start, stop = place
    yield rectangle(start, y - _TALL / 2, stop - start, _TALL, f"aa-{shape.value}", 5)
    middle = (start + stop) / 2
    look = "aa-small" if shape is Shape.OTHER and not label.startswith("(") else "aa-math"
    size = _NAME if look == "aa-small" else _MATH
    yield formula(label, (middle, y - 1 if name else y + 4), look, size)
    if name:
        yield text(fitted(name, _NAME, stop - start - 8), (middle, y + 13), "aa-small", "middle")


def _signals(cell: Cell, ends: tuple[float, float], forward: float, *, joins: bool) -> Iterator[str]:
    """The piece behind the last operator."""
    start, stop = ends
    back = forward + APART
    if cell.operators and cell.operators[0].shape is Shape.LOSS:
        return
    yield way([(start, forward), (stop, forward)], "aa-line")
    yield formula(cell.signal, ((start + stop) / 2, forward - 7), "aa-math", _MATH)
    if not cell.arrives:
        return
    inner = stop
    if joins:
        yield f'<circle class="aa-sum" cx="{stop:g}" cy="{back:g}" r="8"/>'
        yield way([(stop - 4, back), (stop + 4, back)], "aa-back")
        yield way([(stop, back - 4), (stop, back + 4)], "aa-back")
        inner = stop - 8
    boxed = cell.passes and cell.operators and cell.operators[-1].shape is not Shape.SUM
    only_tapped = not cell.passes and len(cell.operators) == 1
    points = [(inner, back), (start + (_LEAD / 2 if only_tapped else 0), back)]
    yield arrow(points, "aa-back", "aa-backhead") if boxed else way(points, "aa-back")
    yield formula(cell.error, ((start + stop) / 2, back - 7), "aa-error", _MATH)


def _gradients(cell: Cell, x: float, tap: float, back: float) -> Iterator[str]:
    """Where the error is tapped, and what becomes of it."""
    top = back + 34
    wide = max(formula_width(each, _MATH) for each in cell.gradients) + 1.6 * _PAD
    yield arrow([(tap, back), (tap, top)], "aa-back", "aa-backhead")
    left = max(x + 4, min(x + _LEAD, tap - 20))
    yield rectangle(left, top, wide, _GRADIENT * len(cell.gradients) + 8, "aa-gradient", 5)
    for at, gradient in enumerate(cell.gradients):
        yield formula(gradient, (left + 8, top + _GRADIENT * at + 18), "aa-error")

"""Pieces of what running comes to, as text: conditions, steps, standstills, arrays.

Arrays are printed with six significant digits, of large ones only what their numbers are like; JSON has every number.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeVar

import numpy as np

from archanalyzer.executor.data import Data
from archanalyzer.executor.kernel import Array
from archanalyzer.executor.network import Network
from archanalyzer.executor.optimizers import Optimizer
from archanalyzer.executor.trace import Traced
from archanalyzer.executor.training import Cause, DeadUnits, Standstill, StepReport
from archanalyzer.report.cells import shape_text
from archanalyzer.report.text import escape, plural, shorten

T = TypeVar("T")

GAP = "  "
_MOST_ROWS = 20
"""Rows of steps that are listed; of more, some evenly spread ones."""
_MOST_UNITS = 10
_MOST_NUMBERS = 100
"""An array of more numbers is not printed, but summed up."""
_CAUSES = {
    Cause.NOTHING_LEARNS: "nothing here learns: all is frozen, or has no parameters",
    Cause.BLOCKED: "a critical point that is not the least loss: no sample's error gets back to what learns",
    Cause.REACHED: "a critical point: the loss would have no output changed",
    Cause.CANCELLED: "a critical point: what errors are multiplied with is zero, or the products cancel out",
}


def conditions(network: Network, data: Data, optimizers: Sequence[Optimizer] = ()) -> Iterator[str]:
    """Under what it ran: the data, the loss, the optimizers, the type of the numbers, the seed."""
    yield plural(data.batch, "sample")
    yield from data.origins
    if data.targets:
        yield f"loss {network.loss.name}"
    for optimizer in optimizers:
        settings = (f"{name} {value:g}" for name, value in optimizer.settings().items() if value or name == "rate")
        yield f"{optimizer.name} with {', '.join(settings)}"
    yield str(network.dtype)
    yield f"seed {network.seed}"


def wrapped(pieces: Iterable[str], width: int) -> Iterator[str]:
    """Pieces with semicolons between them, a line broken only there."""
    line = ""
    for piece in pieces:
        if line and len(line) + len(piece) + 2 > width:
            yield f"{line};"
            line = piece
        else:
            line = f"{line}; {piece}" if line else piece
    if line:
        yield line


def number(value: float) -> str:
    """With six significant digits."""
    return f"{float(value):.6g}"


def columns(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """A table whose cells are aligned to the right."""
    table = [head, *rows]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for place, row in enumerate(table):
        yield GAP.join(text.rjust(wide) for text, wide in zip(row, widths, strict=True))
        if place == 0:
            yield "─" * (sum(widths) + len(GAP) * (len(widths) - 1))


def some(steps: Sequence[T]) -> list[T]:
    """The first, the last, and some in between, evenly spread; all where they are few."""
    if len(steps) <= _MOST_ROWS:
        return list(steps)
    picked = {round(index * (len(steps) - 1) / (_MOST_ROWS - 1)) for index in range(_MOST_ROWS)}
    return [steps[index] for index in sorted(picked)]


def left_out(steps: Sequence[T]) -> Iterator[str]:
    """What to say where only ``some`` steps are listed."""
    if len(steps) > _MOST_ROWS:
        yield f"{len(some(steps))} of {len(steps):,} steps; JSON has them all"


# --- Standstills


def standstills(steps: Sequence[StepReport], width: int) -> Iterator[str]:
    """The first step at which training stands still; what follows is the same."""
    for step in steps:
        if step.standstill is not None:
            where = f"training stands still at step {step.number:,}"
            yield f"{where}: all gradients are zero, and the loss is {number(step.loss)}"
            yield from why(step.standstill, width)
            return


def why(standstill: Standstill, width: int) -> Iterator[str]:
    """Why all gradients are zero."""
    yield _CAUSES[standstill.cause]
    if standstill.dead:
        yield from wrapped([f"dead {_dead(each)}" for each in standstill.dead], width)


def _dead(dead: DeadUnits) -> str:
    listed = ", ".join(map(str, dead.units[:_MOST_UNITS]))
    more = f", … and {len(dead.units) - _MOST_UNITS:,} more" if len(dead.units) > _MOST_UNITS else ""
    return f"in {escape(dead.layer)}: {len(dead.units):,} of {plural(dead.of, 'unit')} ({listed}{more})"


# --- Arrays


def array_block(arrays: Sequence[Traced], width: int, *, strip: bool) -> Iterator[str]:
    """Arrays under each other: the layer where it is another than above, the symbol, the numbers.

    ``strip`` leaves the batch axis out, of a single sample that came without one.
    """
    names = max((len(escape(each.layer)) for each in arrays), default=0)
    names = min(names, max(width // 3, 12))
    symbols = max(2, *(len(each.symbol) for each in arrays)) if arrays else 2
    last = None
    for each in arrays:
        name = "" if each.layer == last else shorten(escape(each.layer), names)
        last = each.layer
        value = each.value[0] if strip and each.has_batch else each.value
        head = f"{GAP}{name:<{names}}{GAP}{each.symbol:<{symbols}}{GAP}"
        yield from beside(head, value, width)


def beside(head: str, value: Array, width: int) -> Iterator[str]:
    """An array behind a head, its further lines indented as far."""
    for place, line in enumerate(_array_lines(value, width - len(head))):
        yield f"{head if place == 0 else ' ' * len(head)}{line}".rstrip()


def _array_lines(value: Array, width: int) -> list[str]:
    """An array as NumPy writes it, in columns, or of a large one, what its numbers are like."""
    value = np.asarray(value) + 0.0  # -0 + 0 is 0
    if value.size > _MOST_NUMBERS:
        zeros = f"{100 * np.mean(value == 0):.1f} % zero"
        least, most, mean = map(number, (value.min(), value.max(), value.mean(dtype=np.float64)))
        return [*wrapped([shape_text(value.shape), f"from {least} to {most}", f"mean {mean}", zeros], width)]
    widest = max(len(number(each)) for each in value.reshape(-1))
    formatter: Any = {"float_kind": lambda each: number(each).rjust(widest)}
    with np.printoptions(formatter=formatter):
        text = np.array2string(value, max_line_width=max(width, 40), threshold=value.size + 1, separator=", ")
    return [line for line in text.split("\n") if line.strip()]

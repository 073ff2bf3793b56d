"""What came of running a network, for people: losses step by step, every array where asked for, the plan.

Arrays are printed with six significant digits, of large ones only what their numbers are like; JSON has every number.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from archanalyzer.executor.kernel import Array
from archanalyzer.executor.plan import BackwardStep, BufferKind, FeedStep, LossStep, Plan, Step
from archanalyzer.executor.trace import Traced
from archanalyzer.executor.training import Cause, DeadUnits, Run, Standstill, StepReport
from archanalyzer.report.cells import bytes_text, shape_text
from archanalyzer.report.text import escape, plural, shorten

_MOST_STEPS = 20
"""Steps that are listed; of more, some evenly spread ones, and all where training stands still."""
_MOST_UNITS = 10
_MOST_NUMBERS = 100
"""An array of more numbers is not printed, but summed up."""
_GAP = "  "
_CAUSES = {
    Cause.NOTHING_LEARNS: "nothing here learns: all is frozen, or has no parameters",
    Cause.BLOCKED: "a critical point that is not a minimum: no sample's error gets back to what learns",
    Cause.CANCELLED: "a critical point: what errors are multiplied with is zero, or the products cancel out",
}


def render(run: Run, name: str, path: str, width: int) -> str:
    """The run as text, lines as long as ``width`` where they can be."""
    lines = [f"{escape(name)}{_GAP}{escape(path)}", *_wrapped(_conditions(run), width), ""]
    if run.is_traced and run.start:
        lines += ["start" if run.steps else "parameters", *_arrays(run.start, run, width), ""]
    if run.arrays:
        lines += ["forward", *_arrays(run.arrays, run, width), ""]
    if run.is_traced:
        for step in run.steps:
            lines += [f"step {step.number}{_GAP}loss {_number(step.loss)}", *_arrays(step.arrays, run, width)]
            lines += [*_standstills([step], width), ""]
    elif run.steps:
        told = list(_standstills(run.steps, width))
        lines += [*_listed(run.steps), "", *told, *([""] if told else [])]
    if run.is_interrupted:
        lines.append(f"interrupted after {plural(len(run.steps), 'step')}")
    lines += _outputs(run, width)
    return "".join(f"{line}\n" for line in lines)


def _conditions(run: Run) -> list[str]:
    training = run.training
    data, network, optimizer = training.data, training.network, training.network.optimizer
    conditions = [plural(data.batch, "sample"), *data.origins]
    if data.targets:
        conditions.append(f"loss {training.network.loss.name}")
    if run.steps:
        settings = (f"{name} {value:g}" for name, value in optimizer.settings().items() if value or name == "rate")
        conditions.append(f"{optimizer.name} with {', '.join(settings)}")
    return [*conditions, str(network.dtype), f"seed {network.seed}"]


def _wrapped(pieces: Iterable[str], width: int) -> Iterator[str]:
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


# --- Steps


def _listed(steps: Sequence[StepReport]) -> Iterator[str]:
    """A table of losses."""
    shown = _some(steps)
    rows = [("step", "loss", "gradient norm")]
    rows += [(f"{step.number:,}", _number(step.loss), _number(step.gradient_norm)) for step in shown]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for number, row in enumerate(rows):
        yield _GAP.join(text.rjust(wide) for text, wide in zip(row, widths, strict=True))
        if number == 0:
            yield "─" * (sum(widths) + len(_GAP) * (len(widths) - 1))
    if len(shown) < len(steps):
        yield f"{len(shown)} of {len(steps):,} steps; JSON has them all"


def _some(steps: Sequence[StepReport]) -> list[StepReport]:
    """The first, the last, and some in between, evenly spread."""
    if len(steps) <= _MOST_STEPS:
        return list(steps)
    picked = {round(index * (len(steps) - 1) / (_MOST_STEPS - 1)) for index in range(_MOST_STEPS)}
    return [steps[index] for index in sorted(picked)]


def _standstills(steps: Sequence[StepReport], width: int) -> Iterator[str]:
    """The first step at which training stands still; what follows is the same."""
    for step in steps:
        if step.standstill is not None:
            yield from _standstill(step, step.standstill, width)
            return


def _standstill(step: StepReport, standstill: Standstill, width: int) -> Iterator[str]:
    yield f"training stands still at step {step.number:,}: all gradients are zero, and the loss is {_number(step.loss)}"
    yield _CAUSES[standstill.cause]
    if standstill.dead:
        yield from _wrapped([f"dead {_dead(each)}" for each in standstill.dead], width)


def _dead(dead: DeadUnits) -> str:
    listed = ", ".join(map(str, dead.units[:_MOST_UNITS]))
    more = f", … and {len(dead.units) - _MOST_UNITS:,} more" if len(dead.units) > _MOST_UNITS else ""
    return f"in {escape(dead.layer)}: {len(dead.units):,} of {plural(dead.of, 'unit')} ({listed}{more})"


# --- Arrays


def _arrays(arrays: Sequence[Traced], run: Run, width: int) -> Iterator[str]:
    """Arrays under each other: the layer where it is another than above, the symbol, the numbers."""
    strip = not run.training.data.is_batch
    names = max((len(escape(each.layer)) for each in arrays), default=0)
    names = min(names, max(width // 3, 12))
    symbols = max(2, *(len(each.symbol) for each in arrays)) if arrays else 2
    last = None
    for each in arrays:
        name = "" if each.layer == last else shorten(escape(each.layer), names)
        last = each.layer
        value = each.value[0] if strip and each.has_batch else each.value
        head = f"{_GAP}{name:<{names}}{_GAP}{each.symbol:<{symbols}}{_GAP}"
        yield from _beside(head, _array_lines(value, width - len(head)))


def _beside(head: str, lines: Sequence[str]) -> Iterator[str]:
    for number, line in enumerate(lines):
        yield f"{head if number == 0 else ' ' * len(head)}{line}".rstrip()


def _array_lines(value: Array, width: int) -> list[str]:
    """An array as NumPy writes it, in columns, or of a large one, what its numbers are like."""
    value = np.asarray(value) + 0.0  # -0 + 0 is 0
    if value.size > _MOST_NUMBERS:
        zeros = f"{100 * np.mean(value == 0):.1f} % zero"
        least, most, mean = map(_number, (value.min(), value.max(), value.mean(dtype=np.float64)))
        return [*_wrapped([shape_text(value.shape), f"from {least} to {most}", f"mean {mean}", zeros], width)]
    widest = max(len(_number(each)) for each in value.reshape(-1))
    formatter: Any = {"float_kind": lambda each: _number(each).rjust(widest)}
    with np.printoptions(formatter=formatter):
        text = np.array2string(value, max_line_width=max(width, 40), threshold=value.size + 1, separator=", ")
    return [line for line in text.split("\n") if line.strip()]


def _number(value: float) -> str:
    return f"{float(value):.6g}"


def _outputs(run: Run, width: int) -> Iterator[str]:
    steps = len(run.steps)
    if run.loss is not None:
        after = f"after {plural(steps, 'step')}: " if steps else ""
        yield f"{after}loss {_number(run.loss)}"
    strip = not run.training.data.is_batch
    for name, array in run.outputs.items():
        head = f"{escape(name)}{_GAP}{shape_text(array.shape[1:])}{_GAP}"
        yield from _beside(head, _array_lines(array[0] if strip else array, width - len(head)))


# --- The plan


def render_plan(plan: Plan, name: str, path: str) -> str:
    """The steps, then the buffers; bytes are those of one sample."""
    what = "forward and backward" if any(isinstance(step, LossStep) for step in plan.steps) else "forward"
    size = f"{plural(len(plan.steps), 'step')}, {plural(len(plan.buffers), 'buffer')}"
    memory = f"a sample needs {bytes_text(plan.bytes)}, of which {bytes_text(plan.live_bytes)} live at once"
    lines = [
        f"{escape(name)}{_GAP}{escape(path)}",
        f"plan, {what}: {size}",
        memory,
        "",
        *_grid(
            ["step", "", "layer", "kernel", "reads", "fills"],
            [_step_row(*each, plan) for each in enumerate(plan.steps)],
        ),
        "",
        *_grid(
            ["buffer", "of", "what", "shape", "type", "bytes", "steps", "at"],
            [_buffer_row(number, plan) for number in range(len(plan.buffers))],
        ),
    ]
    return "".join(f"{line.rstrip()}\n" for line in lines)


def _step_row(number: int, step: Step, plan: Plan) -> list[str]:
    layer, kernel = "", ""
    if not isinstance(step, LossStep):
        layer = escape(plan.graph.layers[step.layer].name)
    if not isinstance(step, FeedStep | LossStep):
        kernel = f"{plan.graph.layers[step.layer].op.name} {step.kernel.algorithm}"
    reads = " ".join(f"b{index}" for index in step.reads())
    added = {target.to for target in step.gradients() if target.added}
    fills = [f"{'+' if index in added else ''}b{index}" for index in step.fills()]
    if isinstance(step, BackwardStep) and step.dw is not None:
        fills.append("+∇" if step.dw.added else "∇")
    return [str(number), step.phase, layer, kernel, reads, " ".join(fills)]


def _buffer_row(number: int, plan: Plan) -> list[str]:
    buffer = plan.buffers[number]
    what = buffer.name if buffer.kind is BufferKind.EXTRA else buffer.kind.value
    place = f"{buffer.offset:,}" if buffer.is_lasting else "scratch"
    shape, layer = shape_text(buffer.shape), escape(plan.graph.layers[buffer.layer].name)
    steps = f"{buffer.first}–{buffer.last}"
    return [f"b{number}", layer, what, shape, str(buffer.dtype), f"{buffer.bytes:,}", steps, place]


def _grid(head: list[str], rows: list[list[str]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    yield _GAP.join(text.ljust(wide) for text, wide in zip(head, widths, strict=True))
    yield "─" * (sum(widths) + len(_GAP) * (len(widths) - 1))
    for row in rows:
        yield _GAP.join(text.ljust(wide) for text, wide in zip(row, widths, strict=True))

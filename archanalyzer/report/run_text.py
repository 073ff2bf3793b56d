"""What came of running a network, for people: losses step by step, every array where asked for, the plan."""

from __future__ import annotations

from collections.abc import Iterator

from archanalyzer.executor.plan import BackwardStep, BufferKind, FeedStep, LossStep, Plan, Step
from archanalyzer.executor.training import Run
from archanalyzer.report.cells import bytes_text, shape_text
from archanalyzer.report.run_pieces import (
    GAP,
    array_block,
    beside,
    columns,
    conditions,
    left_out,
    number,
    some,
    standstills,
    wrapped,
)
from archanalyzer.report.text import escape, plural


def render(run: Run, name: str, path: str, width: int) -> str:
    """The run as text, lines as long as ``width`` where they can be."""
    network, data = run.training.network, run.training.data
    under = conditions(network, data, [network.optimizer] if run.steps else [])
    lines = [f"{escape(name)}{GAP}{escape(path)}", *wrapped(under, width), ""]
    strip = not data.is_batch
    if run.is_traced and run.start:
        lines += ["start" if run.steps else "parameters", *array_block(run.start, width, strip=strip), ""]
    if run.arrays:
        lines += ["forward", *array_block(run.arrays, width, strip=strip), ""]
    if run.is_traced:
        for step in run.steps:
            lines += [f"step {step.number}{GAP}loss {number(step.loss)}", *array_block(step.arrays, width, strip=strip)]
            lines += [*standstills([step], width), ""]
    elif run.steps:
        told = list(standstills(run.steps, width))
        lines += [*_listed(run), "", *told, *([""] if told else [])]
    if run.is_interrupted:
        lines.append(f"interrupted after {plural(len(run.steps), 'step')}")
    lines += _outputs(run, width)
    return "".join(f"{line}\n" for line in lines)


def _listed(run: Run) -> Iterator[str]:
    """A table of losses."""
    rows = [(f"{step.number:,}", number(step.loss), number(step.gradient_norm)) for step in some(run.steps)]
    yield from columns(("step", "loss", "gradient norm"), rows)
    yield from left_out(run.steps)


def _outputs(run: Run, width: int) -> Iterator[str]:
    steps = len(run.steps)
    if run.loss is not None:
        after = f"after {plural(steps, 'step')}: " if steps else ""
        yield f"{after}loss {number(run.loss)}"
    strip = not run.training.data.is_batch
    for name, array in run.outputs.items():
        head = f"{escape(name)}{GAP}{shape_text(array.shape[1:])}{GAP}"
        yield from beside(head, array[0] if strip else array, width)


# --- The plan


def render_plan(plan: Plan, name: str, path: str) -> str:
    """The steps, then the buffers; bytes are those of one sample."""
    what = "forward and backward" if any(isinstance(step, LossStep) for step in plan.steps) else "forward"
    size = f"{plural(len(plan.steps), 'step')}, {plural(len(plan.buffers), 'buffer')}"
    memory = f"a sample needs {bytes_text(plan.bytes)}, of which {bytes_text(plan.live_bytes)} live at once"
    lines = [
        f"{escape(name)}{GAP}{escape(path)}",
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
    yield GAP.join(text.ljust(wide) for text, wide in zip(head, widths, strict=True))
    yield "─" * (sum(widths) + len(GAP) * (len(widths) - 1))
    for row in rows:
        yield GAP.join(text.ljust(wide) for text, wide in zip(row, widths, strict=True))

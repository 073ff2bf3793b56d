"""Two optimizers side by side, for people: both losses step by step, and how far apart the parameters are."""

from __future__ import annotations

from collections.abc import Iterator

from archanalyzer.executor.side_by_side import SideBySide, StepOfBoth
from archanalyzer.executor.training import Run, StepReport
from archanalyzer.report.run_pieces import (
    GAP,
    array_block,
    columns,
    conditions,
    left_out,
    number,
    some,
    standstills,
    wrapped,
)
from archanalyzer.report.text import escape, plural


def render(both: SideBySide, name: str, path: str, width: int) -> str:
    """Both runs as text, lines as long as ``width`` where they can be."""
    runs = (both.first, both.second)
    data = both.first.training.data
    under = conditions(both.first.training.network, data, [run.training.network.optimizer for run in runs])
    lines = [f"{escape(name)}{GAP}{escape(path)}", *wrapped(under, width), ""]
    if both.first.is_traced:
        lines += ["start", *array_block(both.first.start, width, strip=not data.is_batch), ""]
        for step in both.steps:
            lines += [*_traced(step, runs, width), ""]
    if both.steps:
        lines += [*_listed(both), ""]
    if not both.first.is_traced:
        for run in runs:
            lines += [f"{_name(run)}: {line}" for line in standstills(run.steps, width)]
    lines += _ending(both)
    return "".join(f"{line}\n" for line in lines)


def _traced(step: StepOfBoth, runs: tuple[Run, Run], width: int) -> Iterator[str]:
    reports: tuple[StepReport, StepReport] = (step.first, step.second)
    for run, report in zip(runs, reports, strict=True):
        yield f"step {report.number}{GAP}{_name(run)}{GAP}loss {number(report.loss)}"
        yield from array_block(report.arrays, width, strip=not run.training.data.is_batch)
        yield from standstills([report], width)


def _listed(both: SideBySide) -> Iterator[str]:
    head = ("step", *(f"loss of {_name(run)}" for run in (both.first, both.second)), "largest difference")
    rows = [
        (f"{step.first.number:,}", number(step.first.loss), number(step.second.loss), number(step.difference))
        for step in some(both.steps)
    ]
    yield from columns(head, rows)
    yield from left_out(both.steps)


def _ending(both: SideBySide) -> Iterator[str]:
    steps = plural(len(both.steps), "step")
    if both.first.is_interrupted:
        yield f"interrupted after {steps}"
    if both.first.loss is not None and both.second.loss is not None:
        yield f"after {steps}: loss {number(both.first.loss)} and {number(both.second.loss)}"
    if both.steps:
        difference = number(max(step.difference for step in both.steps))
        largest = number(max(step.largest for step in both.steps))
        yield f"over all steps, parameters up to {largest} differ by at most {difference}"


def _name(run: Run) -> str:
    return run.training.network.optimizer.name

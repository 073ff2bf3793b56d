"""``archanalyzer run``: forward, backward and training steps in NumPy."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from archanalyzer.cli.options import format_option, overriding, refuse_overwriting
from archanalyzer.recipe import INITIALIZERS, LOSSES, OPTIMIZERS, SETTINGS

if TYPE_CHECKING:
    from archanalyzer.executor.network import Network
    from archanalyzer.executor.training import Run, StepReport, Training
    from archanalyzer.graph import Running
    from archanalyzer.passes.analyzing import Analyzed

_MOST_TRACED = 1000
_PATIENCE = 0.5
"""Seconds; a run that is not done by then shows how far it is."""


def _with_settings(function: Callable[..., int]) -> Callable[..., int]:
    """An option for every setting of an optimizer."""
    for setting in reversed(SETTINGS.values()):
        having = ", ".join(each.name for each in OPTIMIZERS.values() if setting in each.settings)
        name = f"--{setting.name.replace('_', '-')}"
        explained = f"{setting.name.replace('_', ' ').capitalize()} of {having}: {setting.expected}."
        function = click.option(name, setting.name, type=float, metavar="X", help=explained)(function)
    return function


@click.command(
    "run",
    short_help="Forward, backward and training steps, every number to be seen.",
    epilog="What is given neither here nor in the spec is drawn from the seed. Exit codes: 0 it ran; 1 NaN or infinity "
    "came up; 2 the input could not be used.",
)
@click.argument("spec", metavar="SPEC")
@click.option("--steps", type=click.IntRange(min=0), default=0, metavar="N", help="Make N training steps.")
@click.option("--trace", is_flag=True, help="Show every array of every layer, in the order of their computation.")
@click.option("--plan", "only_plan", is_flag=True, help="Show what would be computed, in which memory, and stop.")
@format_option("text", "json", help_text="How to write what came of it.")
@click.option("-o", "--output", metavar="FILE", help="Write to FILE, whole or not at all.")
@click.option("--data", metavar="FILE", help="Inputs and targets by name, .npz, or the only input, .npy.")
@click.option("--batch", type=click.IntRange(min=1), metavar="N", help="Draw N samples where none are given.")
@click.option("--seed", type=click.IntRange(min=0), default=0, metavar="N", help="For all that is drawn at random.")
@click.option("--load", metavar="FILE", help="Read the weights from FILE, .safetensors or .npz.")
@click.option("--save", metavar="FILE", help="Write the weights to FILE afterwards, .safetensors or .npz.")
@click.option("--loss", type=click.Choice(list(LOSSES)), help="What to make small, in place of what the spec says.")
@click.option("--optimizer", type=click.Choice(list(OPTIMIZERS)), help="How to, in place of what the spec says.")
@_with_settings
@click.option("--initializer", type=click.Choice(list(INITIALIZERS)), help="What draws weights that are not pinned.")
@overriding(dtype="Type of the numbers: float32 or float64.")
def command(spec: str, *, format_name: str, output: str | None, **options: Any) -> int:
    """Run SPEC in NumPy: a forward step, or with --steps, training steps (`-` reads standard input).

    \b
    archanalyzer run toy.yaml --steps 2 --trace
    archanalyzer run vgg16.yaml --input image=3x64x64 --batch 4 --seed 1
    archanalyzer run net.yaml --data mine.npz --steps 100 --optimizer adam --save net.safetensors
    archanalyzer run net.yaml --plan
    """  # noqa: D301 - click reads the control character
    from archanalyzer.cli.output import deliver, emit
    from archanalyzer.cli.reading import read_and_analyze, tell

    chosen = _Options(**options)
    refuse_overwriting((spec,), output, chosen.save)
    _refuse_one_file_for_two(output, chosen)
    _refuse_misuse(chosen)
    dtype = chosen.dtype
    analyzed = read_and_analyze(spec, settings=chosen.settings, input_shapes=chosen.input_shapes, dtype=dtype)
    if tell([analyzed], output):
        return 2
    exact = format_name == "json"
    with _told():
        if chosen.only_plan:
            deliver(_plan(analyzed, chosen, exact=exact), output, exact=exact)
            return 0
        _refuse_what_cannot_be_written(output, chosen.save)
        network, run = _run(analyzed, chosen)
        deliver(_report(run, analyzed, exact=exact), output, exact=exact)
        if run.is_interrupted:
            emit("interrupted; the weights are not saved\n" if chosen.save else "", err=True)
            return 130
        if run.failure is not None:
            emit(f"Error: {run.failure}\n", err=True)
            return 1
        if chosen.save is not None:
            network.save(chosen.save)
    return 0


class _Options(NamedTuple):
    """The options, by the names that click gives them; the numbers are None where not given."""

    steps: int
    trace: bool
    only_plan: bool
    data: str | None
    batch: int | None
    seed: int
    load: str | None
    save: str | None
    loss: str | None
    optimizer: str | None
    initializer: str | None
    settings: dict[str, str]
    input_shapes: dict[str, str]
    dtype: str | None
    rate: float | None
    weight_decay: float | None
    momentum: float | None
    beta1: float | None
    beta2: float | None
    epsilon: float | None

    def running(self) -> Running:
        """What is to go before what the spec says."""
        from archanalyzer.graph import Running

        numbers = {name: getattr(self, name) for name in SETTINGS}
        given = {name: number for name, number in numbers.items() if number is not None}
        return Running(loss=self.loss, optimizer=self.optimizer, initializer=self.initializer, settings=given)


@contextmanager
def _told() -> Iterator[None]:
    """Tells what goes wrong in running: a reason and the exit code, never a traceback."""
    from archanalyzer.executor.errors import ExecutorError
    from archanalyzer.executor.weight_files import WeightFileError

    try:
        yield
    except (ExecutorError, WeightFileError) as error:
        raise click.ClickException(str(error)) from None
    except MemoryError:
        raise click.ClickException("the arrays do not fit into memory: try a smaller batch or smaller inputs") from None


def _refuse_misuse(options: _Options) -> None:
    for name in ("data", "load", "save"):
        if getattr(options, name) == "":
            raise click.UsageError(f"`--{name}` names no file")
    if options.trace and options.steps > _MOST_TRACED:
        raise click.UsageError(f"`--trace` keeps every array of every step: at most {_MOST_TRACED:,} steps")


def _refuse_one_file_for_two(output: str | None, options: _Options) -> None:
    """Weights may be saved to where they were loaded from; other results would overwrite each other, or the data."""
    named = {"--output": output, "--save": options.save, "--data": options.data, "--load": options.load}
    for one, other in (("--output", "--save"), ("--output", "--data"), ("--output", "--load"), ("--save", "--data")):
        first, second = named[one], named[other]
        if first and second and os.path.realpath(first) == os.path.realpath(second):
            raise click.UsageError(f"`{one}` and `{other}` name the same file, `{first}`")


def _refuse_what_cannot_be_written(output: str | None, save: str | None) -> None:
    """Tells before the work, not after it, that there is no place for what comes of it."""
    from archanalyzer.cli.output import NotWritten, is_file
    from archanalyzer.executor.weight_files import require_saving
    from archanalyzer.files import require_writable

    if save is not None:
        require_saving(save)
    try:
        if output is not None and is_file(output):
            require_writable(output)
    except OSError as error:
        raise NotWritten(f"cannot write `{output}`: {error.strerror}") from None


def _plan(analyzed: Analyzed, options: _Options, *, exact: bool) -> str:
    from archanalyzer.executor.lowering import dtype_for, lower
    from archanalyzer.report import run_json, run_text

    graph = analyzed.graph
    plan = lower(graph, dtype_for(graph, options.dtype), gradients=options.steps > 0)
    render_plan = run_json.render_plan if exact else run_text.render_plan
    return render_plan(plan, graph.name, analyzed.spec.path)


def _run(analyzed: Analyzed, options: _Options) -> tuple[Network, Run]:
    from archanalyzer.executor.data import gather
    from archanalyzer.executor.lowering import dtype_for
    from archanalyzer.executor.network import Network
    from archanalyzer.executor.training import Training, set_up

    running = analyzed.spec.running
    network = Network(analyzed.graph, dtype=dtype_for(analyzed.graph, options.dtype), seed=options.seed)
    set_up(network, running, options.running())
    if options.load is not None:
        network.load(options.load)
    draw_targets = options.steps > 0 or options.loss is not None
    data = gather(network, running, path=options.data, batch=options.batch, draw_targets=draw_targets)
    training = Training(network, data)
    return network, training.run(_with_progress(training, options), trace=options.trace)


def _report(run: Run, analyzed: Analyzed, *, exact: bool) -> str:
    from archanalyzer.cli.output import page
    from archanalyzer.report import run_json, run_text

    name, path = analyzed.graph.name, analyzed.spec.path
    return run_json.render(run, name, path) if exact else run_text.render(run, name, path, page(sys.stdout).width)


def _with_progress(training: Training, options: _Options) -> Iterator[StepReport]:
    """The steps; if it takes its time and somebody is watching, with a bar that shows how far they are."""
    reports = training.steps(options.steps, trace=options.trace)
    began = monotonic()
    for report in reports:
        yield report
        if monotonic() - began > _PATIENCE and sys.stderr.isatty():
            left = options.steps - report.number
            with click.progressbar(reports, length=left, label="training", file=sys.stderr) as bar:
                yield from bar

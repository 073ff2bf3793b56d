"""``archanalyzer run``: forward, backward and training steps in NumPy."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from archanalyzer.cli.options import overriding, refuse_overwriting
from archanalyzer.recipe import INITIALIZERS, LOSSES, OPTIMIZERS, SETTINGS

if TYPE_CHECKING:
    from archanalyzer.executor.errors import NonFiniteError
    from archanalyzer.executor.network import Network
    from archanalyzer.executor.training import Run, StepReport, Training
    from archanalyzer.graph import Running
    from archanalyzer.passes.analyzing import Analyzed

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
@click.option(
    "--format",
    "format_name",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="How to write what came of it.",
)
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
    dtype = chosen.dtype
    analyzed = read_and_analyze(spec, settings=chosen.settings, input_shapes=chosen.input_shapes, dtype=dtype)
    if tell([analyzed], output):
        return 2
    exact = format_name == "json"
    with _told():
        text, failure = _answer(analyzed, chosen, exact=exact)
    deliver(text, output, exact=exact)
    if failure is None:
        return 0
    emit(f"Error: {failure}\n", err=True)
    return 1


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


def _answer(analyzed: Analyzed, options: _Options, *, exact: bool) -> tuple[str, NonFiniteError | None]:
    """The plan, or what came of running, as text or as JSON; and why the run ended before its end, if it did."""
    from archanalyzer.cli.output import page
    from archanalyzer.executor.network import DTYPES, Network
    from archanalyzer.report import run_json, run_text

    graph, path = analyzed.graph, analyzed.spec.path
    dtype = options.dtype or (graph.dtype if graph.dtype in DTYPES else DTYPES[0])
    network = Network(graph, dtype=dtype, seed=options.seed)
    if options.only_plan:
        plan = network.plan(gradients=options.steps > 0)
        render_plan = run_json.render_plan if exact else run_text.render_plan
        return render_plan(plan, graph.name, path), None
    run = _run(network, analyzed.spec.running, options)
    if options.save and run.failure is None:
        network.save(options.save)
    width = page(sys.stdout).width
    text = run_json.render(run, graph.name, path) if exact else run_text.render(run, graph.name, path, width)
    return text, run.failure


def _run(network: Network, running: Running, options: _Options) -> Run:
    from archanalyzer.executor.data import gather
    from archanalyzer.executor.training import Training, set_up

    set_up(network, running, options.running())
    if options.load:
        network.load(options.load)
    draw_targets = options.steps > 0 or options.loss is not None
    data = gather(network, running, path=options.data, batch=options.batch, draw_targets=draw_targets)
    training = Training(network, data)
    return training.run(_with_progress(training, options), trace=options.trace)


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

"""``archanalyzer run``: forward, backward and training steps in NumPy."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from time import monotonic
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click

from archanalyzer.cli.options import format_option, overriding, refuse_overwriting
from archanalyzer.cli.running import data_and_weights, prepared, refuse_misnamed_files, refuse_unwritable, told
from archanalyzer.recipe import DEFAULT_OPTIMIZER, OPTIMIZERS, SETTINGS

if TYPE_CHECKING:
    from archanalyzer.executor.network import Network
    from archanalyzer.executor.side_by_side import SideBySide
    from archanalyzer.executor.training import Run
    from archanalyzer.graph import Running
    from archanalyzer.passes.analyzing import Analyzed

T = TypeVar("T")

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
@data_and_weights
@click.option("--save", metavar="FILE", help="Write the weights to FILE afterwards, .safetensors or .npz.")
@click.option("--optimizer", type=click.Choice(list(OPTIMIZERS)), help="What trains, in place of what the spec says.")
@click.option(
    "--beside",
    type=click.Choice(list(OPTIMIZERS)),
    help="Train a second network with another optimizer beside the first, and tell how far apart they come.",
)
@_with_settings
@overriding(dtype="Type of the numbers: float32 or float64.")
def command(spec: str, *, format_name: str, output: str | None, **options: Any) -> int:
    """Run SPEC in NumPy: a forward step, or with --steps, training steps (`-` reads standard input).

    \b
    archanalyzer run toy.yaml --steps 2 --trace
    archanalyzer run vgg16.yaml --input image=3x64x64 --batch 4 --seed 1
    archanalyzer run net.yaml --data mine.npz --steps 100 --optimizer adam --save net.safetensors
    archanalyzer run net.yaml --steps 6 --optimizer momentum --beside momentum_unrolled
    archanalyzer run net.yaml --plan
    """  # noqa: D301 - click reads the control character
    from archanalyzer.cli.output import deliver, emit
    from archanalyzer.cli.reading import read_and_analyze, tell

    chosen = _Options(**options)
    files = {"--output": output, "--save": chosen.save, "--data": chosen.data, "--load": chosen.load}
    refuse_overwriting((spec,), output, chosen.save)
    refuse_misnamed_files(files)
    _refuse_misuse(chosen)
    dtype = chosen.dtype
    analyzed = read_and_analyze(spec, settings=chosen.settings, input_shapes=chosen.input_shapes, dtype=dtype)
    if tell([analyzed], output):
        return 2
    exact = format_name == "json"
    with told():
        if chosen.only_plan:
            deliver(_plan(analyzed, chosen, exact=exact), output, exact=exact)
            return 0
        _require_saving(chosen.save)
        refuse_unwritable(output)
        if chosen.beside is not None:
            both = _run_both(analyzed, chosen, chosen.beside)
            deliver(_report_both(both, analyzed, exact=exact), output, exact=exact)
            return max(_ended(run, f"{run.training.network.optimizer.name}, ") for run in (both.first, both.second))
        network, run = _run(analyzed, chosen)
        deliver(_report(run, analyzed, exact=exact), output, exact=exact)
        if run.is_interrupted and chosen.save:
            emit("interrupted; the weights are not saved\n", err=True)
        code = _ended(run)
        if not code and chosen.save is not None:
            network.save(chosen.save)
    return code


def _ended(run: Run, of: str = "") -> int:
    """The exit code; tells why a run failed, and of which of two."""
    from archanalyzer.cli.output import emit

    if run.is_interrupted:
        return 130
    if run.failure is not None:
        emit(f"Error: {of}{run.failure}\n", err=True)
        return 1
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
    beside: str | None
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


def _refuse_misuse(options: _Options) -> None:
    if options.trace and options.steps > _MOST_TRACED:
        raise click.UsageError(f"`--trace` keeps every array of every step: at most {_MOST_TRACED:,} steps")
    if options.beside is None:
        return
    if not options.steps:
        raise click.UsageError("`--beside` compares training steps: say how many with `--steps`")
    for name in ("save", "only_plan"):
        if getattr(options, name):
            raise click.UsageError(f"`--{name.removeprefix('only_')}` is for one network, `--beside` makes two")


def _require_saving(save: str | None) -> None:
    """Tells before the work, not after it, that weights cannot be saved there."""
    from archanalyzer.executor.weight_files import require_saving

    if save is not None:
        require_saving(save)


def _plan(analyzed: Analyzed, options: _Options, *, exact: bool) -> str:
    from archanalyzer.executor.lowering import dtype_for, lower
    from archanalyzer.report import run_json, run_text

    graph = analyzed.graph
    plan = lower(graph, dtype_for(graph, options.dtype), gradients=options.steps > 0)
    render_plan = run_json.render_plan if exact else run_text.render_plan
    return render_plan(plan, graph.name, analyzed.spec.path)


def _run(analyzed: Analyzed, options: _Options) -> tuple[Network, Run]:
    from archanalyzer.executor.data import gather
    from archanalyzer.executor.training import Training

    network = _network(analyzed, options, options.running())
    draw_targets = options.steps > 0 or options.loss is not None
    running = analyzed.spec.running
    training = Training(
        network, gather(network, running, path=options.data, batch=options.batch, draw_targets=draw_targets)
    )
    steps = training.steps(options.steps, trace=options.trace)
    return network, training.run(_with_progress(steps, options.steps), trace=options.trace)


def _run_both(analyzed: Analyzed, options: _Options, beside: str) -> SideBySide:
    """Two networks that begin alike, each with the optimizer's settings that it has."""
    from archanalyzer.executor.data import gather
    from archanalyzer.executor.machine import require_memory
    from archanalyzer.executor.side_by_side import Pair
    from archanalyzer.executor.training import Training

    running, chosen = analyzed.spec.running, options.running()
    first = chosen.optimizer or running.optimizer or DEFAULT_OPTIMIZER
    of_first, of_second = ([setting.name for setting in OPTIMIZERS[each].settings] for each in (first, beside))
    others = {name: number for name, number in chosen.settings.items() if name in of_second}
    # One that neither has is told of the first.
    own = {name: number for name, number in chosen.settings.items() if name in of_first or name not in of_second}
    network = _network(analyzed, options, chosen._replace(settings=own))
    data = gather(network, running, path=options.data, batch=options.batch)
    size = network.bytes_of_step(data.batch)
    require_memory(size, "the steps of a second network", beside={"those of the first": size})
    second = _network(analyzed, options, chosen._replace(optimizer=beside, settings=others))
    pair = Pair(Training(network, data), Training(second, data))
    steps = pair.steps(options.steps, trace=options.trace)
    return pair.run(_with_progress(steps, options.steps), trace=options.trace)


def _network(analyzed: Analyzed, options: _Options, chosen: Running) -> Network:
    return prepared(analyzed, chosen, dtype=options.dtype, seed=options.seed, load=options.load)


def _report(run: Run, analyzed: Analyzed, *, exact: bool) -> str:
    from archanalyzer.cli.output import page
    from archanalyzer.report import run_json, run_text

    name, path = analyzed.graph.name, analyzed.spec.path
    return run_json.render(run, name, path) if exact else run_text.render(run, name, path, page(sys.stdout).width)


def _report_both(both: SideBySide, analyzed: Analyzed, *, exact: bool) -> str:
    from archanalyzer.cli.output import page
    from archanalyzer.report import run_json, side_by_side_text

    name, path = analyzed.graph.name, analyzed.spec.path
    if exact:
        return run_json.render_side_by_side(both, name, path)
    return side_by_side_text.render(both, name, path, page(sys.stdout).width)


def _with_progress(reports: Iterator[T], steps: int) -> Iterator[T]:
    """Reports of so many steps; if it takes its time and somebody is watching, with a bar that shows how far it is."""
    began = monotonic()
    for done, report in enumerate(reports, start=1):
        yield report
        if monotonic() - began > _PATIENCE and sys.stderr.isatty():
            with click.progressbar(reports, length=steps - done, label="training", file=sys.stderr) as bar:
                yield from bar

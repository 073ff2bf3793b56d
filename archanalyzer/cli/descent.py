"""``archanalyzer descent``: what the loss does along the negative gradient, predicted and true."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from archanalyzer.cli.options import format_option, overriding, refuse_overwriting
from archanalyzer.cli.running import data_and_weights, prepared, refuse_misnamed_files, refuse_unwritable, told

if TYPE_CHECKING:
    from archanalyzer.executor.descending import Descent
    from archanalyzer.passes.analyzing import Analyzed


@click.command(
    "descent",
    short_help="The change of the loss along the negative gradient, predicted and true.",
    epilog="What is given neither here nor in the spec is drawn from the seed. Exit codes: 0 it ran; 1 NaN or infinity "
    "came up before any γ; 2 the input could not be used.",
)
@click.argument("spec", metavar="SPEC")
@click.option("--from", "first", type=float, default=1.0, show_default=True, metavar="X", help="The largest γ.")
@click.option(
    "--factor", type=float, default=0.1, show_default=True, metavar="X", help="What each γ is of the one before."
)
@click.option(
    "--count", "tries", type=click.IntRange(min=1), default=10, show_default=True, metavar="N", help="How many γ."
)
@format_option("text", "json", help_text="How to write what came of it.")
@click.option("-o", "--output", metavar="FILE", help="Write to FILE, whole or not at all.")
@data_and_weights
@overriding(dtype="Type of the numbers: float64, if not said, or float32.")
def command(spec: str, *, format_name: str, output: str | None, **options: Any) -> int:
    """Try Θ − γ∇ for smaller and smaller γ: the true change of the loss beside the prediction −γ‖∇‖².

    All along the batch is the same; at a critical point it is said why no γ descends (`-` reads standard input).

    \b
    archanalyzer descent net.yaml
    archanalyzer descent net.yaml --from 2 --factor 0.5 --count 20
    archanalyzer descent net.yaml --data mine.npz --load net.safetensors --loss cross_entropy --format json
    """  # noqa: D301 - click reads the control character
    from archanalyzer.cli.output import deliver, emit
    from archanalyzer.cli.reading import read_and_analyze, tell
    from archanalyzer.executor.errors import NonFiniteError

    chosen = _Options(**options)
    refuse_overwriting((spec,), output)
    refuse_misnamed_files({"--output": output, "--data": chosen.data, "--load": chosen.load})
    dtype = chosen.dtype
    analyzed = read_and_analyze(spec, settings=chosen.settings, input_shapes=chosen.input_shapes, dtype=dtype)
    if tell([analyzed], output):
        return 2
    exact = format_name == "json"
    with told():
        refuse_unwritable(output)
        try:
            found = _descend(analyzed, chosen)
        except NonFiniteError as error:
            emit(f"Error: {error}\n", err=True)
            return 1
        deliver(_report(found, analyzed, exact=exact), output, exact=exact)
    return 0


class _Options(NamedTuple):
    """The options, by the names that click gives them."""

    first: float
    factor: float
    tries: int
    data: str | None
    batch: int | None
    seed: int
    load: str | None
    loss: str | None
    initializer: str | None
    settings: dict[str, str]
    input_shapes: dict[str, str]
    dtype: str | None


def _descend(analyzed: Analyzed, options: _Options) -> Descent:
    from archanalyzer.executor.data import gather
    from archanalyzer.executor.descending import descend, falling
    from archanalyzer.graph import Running

    rates = falling(options.first, options.factor, options.tries)
    chosen = Running(loss=options.loss, initializer=options.initializer)
    dtype = options.dtype or "float64"  # float32 would lose small changes of the loss in rounding
    network = prepared(analyzed, chosen, dtype=dtype, seed=options.seed, load=options.load)
    data = gather(network, analyzed.spec.running, path=options.data, batch=options.batch)
    return descend(network, data, rates)


def _report(found: Descent, analyzed: Analyzed, *, exact: bool) -> str:
    from archanalyzer.cli.output import page
    from archanalyzer.report import descent_json, descent_text

    name, path = analyzed.graph.name, analyzed.spec.path
    if exact:
        return descent_json.render(found, name, path)
    return descent_text.render(found, name, path, page(sys.stdout).width)

"""``archanalyzer linearize``: the affine map that a piecewise-linear network is around an input."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from archanalyzer.cli.options import format_option, overriding, refuse_overwriting
from archanalyzer.cli.running import options_of_running, refuse_misnamed_files, refuse_unwritable, told

if TYPE_CHECKING:
    from archanalyzer.executor.data import Data
    from archanalyzer.executor.linearizing import Linearized
    from archanalyzer.executor.network import Network
    from archanalyzer.passes.analyzing import Analyzed


@click.command(
    "linearize",
    short_help="The affine map A·x + c that a network is around an input.",
    epilog="What is given neither here nor in the spec is drawn from the seed. Exit codes: 0 it is that map; 1 it is "
    "not piecewise linear, a check does not hold, or NaN or infinity came up; 2 the input could not be used.",
)
@click.argument("spec", metavar="SPEC")
@options_of_running("data")
@click.option("--sample", type=click.IntRange(min=0), metavar="N", help="Of a batch, the sample, counted from 0.")
@options_of_running("seed", "load", "initializer")
@click.option("--save", metavar="FILE", help="Write A and c to FILE, .npz or .safetensors.")
@format_option("text", "json", help_text="How to write what came of it.")
@click.option("-o", "--output", metavar="FILE", help="Write to FILE, whole or not at all.")
@overriding(dtype="Type of the numbers: float64, if not said, or float32.")
def command(spec: str, *, format_name: str, output: str | None, **options: Any) -> int:
    """The affine map A·x + c that the network of SPEC is around an input, at inference (`-` reads standard input).

    It is composed layer by layer, of Λ's and W's, and held against the network: f(x) = A·x + c, A = J(x) by its own
    backward step, and, where it is homogeneous, f(x) = J(x)·x.

    \b
    archanalyzer linearize toy.yaml
    archanalyzer linearize net.yaml --input image=1x8x8 --seed 1
    archanalyzer linearize net.yaml --data mine.npz --sample 3 --save map.npz
    """  # noqa: D301 - click reads the control character
    from archanalyzer.cli.output import deliver, emit
    from archanalyzer.cli.reading import read_and_analyze, tell
    from archanalyzer.executor.errors import NonFiniteError
    from archanalyzer.executor.linearizing import NotPiecewiseLinear

    chosen = _Options(**options)
    refuse_overwriting((spec,), output, chosen.save)
    files = {"--output": output, "--save": chosen.save, "--data": chosen.data, "--load": chosen.load}
    refuse_misnamed_files(files)
    if chosen.save and chosen.load and os.path.realpath(chosen.save) == os.path.realpath(chosen.load):
        raise click.UsageError(f"`--load` and `--save` name the same file, `{chosen.save}`")
    dtype = chosen.dtype
    analyzed = read_and_analyze(spec, settings=chosen.settings, input_shapes=chosen.input_shapes, dtype=dtype)
    if tell([analyzed], output):
        return 2
    exact = format_name == "json"
    with told():
        _refuse_what_cannot_be_written(output, chosen.save)
        try:
            found, text = _answer(analyzed, chosen, exact=exact)
        except NotPiecewiseLinear as no:
            deliver(_no(no, analyzed, exact=exact), output, exact=exact)
            return 1
        except NonFiniteError as error:
            emit(f"Error: {error}\n", err=True)
            return 1
        deliver(text, output, exact=exact)
        if not found.holds:
            return 1
        if chosen.save is not None:
            _save(found, chosen.save)
    return 0


class _Options(NamedTuple):
    """The options, by the names that click gives them; None where not given."""

    data: str | None
    sample: int | None
    seed: int
    load: str | None
    initializer: str | None
    save: str | None
    settings: dict[str, str]
    input_shapes: dict[str, str]
    dtype: str | None


def _refuse_what_cannot_be_written(output: str | None, save: str | None) -> None:
    refuse_unwritable(output)
    if save is not None:
        from archanalyzer.executor.weight_files import require_saving

        require_saving(save)


def _save(found: Linearized, path: str) -> None:
    from archanalyzer.executor.weight_files import save

    save(path, found.arrays())


def _answer(analyzed: Analyzed, options: _Options, *, exact: bool) -> tuple[Linearized, str]:
    from archanalyzer.cli.output import page
    from archanalyzer.executor.data import gather
    from archanalyzer.executor.linearizing import linearize, require_piecewise_linear
    from archanalyzer.passes.function_class import FunctionClass
    from archanalyzer.report import linearize_json, linearize_text

    require_piecewise_linear(analyzed.facts.result(FunctionClass))  # before any memory is taken
    network = _network(analyzed, options)
    running = analyzed.spec.running._replace(targets={})  # of no use here
    data = gather(network, running, path=options.data, draw_targets=False)
    sample = _sample(data, options.sample)
    inputs = {name: x[sample : sample + 1].astype(network.dtype) for name, x in data.inputs.items()}
    if exact:
        linearize_json.require_room(network)
    found = linearize(network, inputs)
    name, path = analyzed.graph.name, analyzed.spec.path
    if exact:
        conditions = {"dtype": str(network.dtype), "seed": options.seed, "data": list(data.origins), "sample": sample}
        return found, linearize_json.render(found, conditions, name, path)
    which = [f"sample {sample} of {data.batch:,}"] if data.is_batch else ["1 sample"]
    said = [*which, *data.origins, str(network.dtype), f"seed {options.seed}"]
    return found, linearize_text.render(found, said, name, path, page(sys.stdout).width)


def _network(analyzed: Analyzed, options: _Options) -> Network:
    from archanalyzer.executor.network import Network
    from archanalyzer.executor.training import set_up
    from archanalyzer.graph import Running

    dtype = options.dtype or "float64"  # what is compared is to differ by rounding alone
    network = Network(analyzed.graph, dtype=dtype, seed=options.seed, input_gradients=True)
    set_up(network, analyzed.spec.running, Running(initializer=options.initializer))
    if options.load is not None:
        network.load(options.load)
    return network


def _sample(data: Data, chosen: int | None) -> int:
    if chosen is not None and chosen >= data.batch:
        raise click.UsageError(f"`--sample` counts from 0: there is none after {data.batch - 1:,}, found {chosen:,}")
    return chosen or 0


def _no(no: Exception, analyzed: Analyzed, *, exact: bool) -> str:
    from archanalyzer.passes.function_class import FunctionClass
    from archanalyzer.report import linearize_json, linearize_text

    name, path = analyzed.graph.name, analyzed.spec.path
    if not exact:
        return linearize_text.render_no(str(no), name, path)
    lacking = analyzed.facts.result(FunctionClass).piecewise_linear.network
    return linearize_json.render_no(str(no), name, path, known=lacking is None or lacking.known)

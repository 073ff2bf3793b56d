"""``archanalyzer field``: receptive fields, of all layers, of one in full, or walked back from one position."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, NamedTuple

import click
from click.core import ParameterSource

from archanalyzer.cli.options import format_option, overriding, refuse_overwriting
from archanalyzer.cli.running import refuse_unwritable, told

if TYPE_CHECKING:
    from archanalyzer.diagnostics import Diagnostic
    from archanalyzer.passes.analyzing import Analyzed
    from archanalyzer.passes.fields.by_hand import ByHand
    from archanalyzer.report.field.answer import Answer

_THRESHOLD = 0.0455
"""``DEFAULT_THRESHOLD`` of ``passes.fields.paths``, which takes NumPy to import; a test holds that they are equal."""


_SEEDS = 5
"""Fewer than the 20 of Luo et al. 2016: measuring takes as long as that many training steps."""
_MEASURED = ("float32", "float64")


def _number(_context: click.Context, _parameter: click.Parameter, value: float) -> float:
    if value != value:  # noqa: PLR0124 - NaN is in no range
        raise click.BadParameter("expected a number, found nan")
    return value


@click.command(
    "field",
    short_help="Receptive fields: of all layers, of one, or walked back.",
    epilog="Without --at, the position is the centre: of n positions, number n // 2. Drawing needs matplotlib: pip "
    "install 'archanalyzer[draw]'. Exit codes: 0 fine; 2 the input could not be used.",
)
@click.argument("spec", metavar="SPEC")
@click.argument("layer", required=False, metavar="[LAYER]")
@click.option("--from", "walked_from", metavar="LAYER", help="Walk back from a position of LAYER to the inputs.")
@click.option("--at", metavar="POSITION", help="The position: 12,40, one number for all axes, or `centre`.")
@click.option("--depth", type=click.IntRange(min=0), metavar="N", help="Unfold N levels of blocks; all by default.")
@click.option("--paths", is_flag=True, help="Count the paths from each position of the inputs.")
@click.option(
    "--effective",
    type=click.Choice(["uniform", "random", "given"]),
    help="The effective field (Luo et al. 2016): computed for uniform weights, or measured, for random ones, or for "
    "those that the spec pins and --load gives.",
)
@click.option(
    "--threshold",
    type=click.FloatRange(min=0, max=1),
    default=_THRESHOLD,
    callback=_number,
    show_default=True,
    metavar="X",
    help="Part of the largest weight from which on a position belongs to the effective field.",
)
@click.option("--load", metavar="FILE", help="Read given weights from FILE, .safetensors or .npz.")
@click.option(
    "--seeds", type=click.IntRange(min=1), default=_SEEDS, show_default=True, metavar="N", help="Measure N times."
)
@click.option(
    "--samples", type=click.IntRange(min=1), default=1, show_default=True, metavar="N", help="Of N inputs each."
)
@click.option("--draw", metavar="FILE", help="Draw the field over the plane of its input: .svg or .png.")
@click.option("--log", is_flag=True, help="Draw shades of a logarithmic scale.")
@format_option("table", "json", "markdown")
@click.option("-o", "--output", metavar="FILE", help="Write to FILE, whole or not at all.")
@overriding(dtype="Type of the numbers that are measured: float32 or float64.")
def command(spec: str, **options: Any) -> int:
    """Receptive fields of SPEC (`-` reads standard input): those of all layers, or that of LAYER in full; a block's
    name stands for its output.

    \b
    archanalyzer field vgg16.yaml
    archanalyzer field vgg16.yaml block5 --at centre --paths
    archanalyzer field unet.yaml --from classifier --at 12,40 --depth 0
    archanalyzer field vgg16.yaml block5 --effective uniform --draw block5.svg
    """  # noqa: D301 - click reads the control character
    from archanalyzer.cli.output import deliver, is_file
    from archanalyzer.cli.reading import read_and_analyze, tell
    from archanalyzer.passes.advice import advising_passes

    chosen = _Options(**options)
    _refuse_misuse(spec, chosen)
    analyzed = read_and_analyze(
        spec,
        settings=chosen.settings,
        input_shapes=chosen.input_shapes,
        dtype=chosen.dtype,
        passes=advising_passes() if chosen.named is None else None,
    )
    analyzed, advice = _apart(analyzed)
    is_nothing = not analyzed.graph.layers and chosen.format_name != "json"
    if analyzed.partial and (is_nothing or chosen.named is not None or is_file(chosen.output)):
        tell([analyzed], chosen.output)
        return 2
    _refuse_what_cannot_be_written(chosen)
    with told(), _told_of_fields():
        text = _asked(analyzed, advice, chosen)
    deliver(text, chosen.output, exact=chosen.format_name != "table")
    return 2 if tell([analyzed], chosen.output) else 0


class _Options(NamedTuple):
    """The options, by the names that click gives them; None where not given."""

    layer: str | None
    walked_from: str | None
    at: str | None
    depth: int | None
    paths: bool
    effective: str | None
    threshold: float
    load: str | None
    seeds: int
    samples: int
    draw: str | None
    log: bool
    format_name: str
    output: str | None
    settings: dict[str, str]
    input_shapes: dict[str, str]
    dtype: str | None

    @property
    def named(self) -> str | None:
        """The layer or block that is asked about."""
        return self.layer if self.walked_from is None else self.walked_from

    @property
    def weighs(self) -> bool:
        """Whether numbers of the inputs' positions are asked for."""
        return self.paths or self.effective is not None or self.draw is not None


def _refuse_misuse(spec: str, options: _Options) -> None:
    refuse_overwriting((spec,), options.output, options.draw)
    if options.layer is not None and options.walked_from is not None:
        raise click.UsageError("name one layer, as LAYER or with `--from`")
    needing = ("at", "paths", "effective", "draw")
    given = [name for name in needing if getattr(options, name) not in {None, False}]
    if options.named is None and given:
        raise click.UsageError(f"`--{given[0]}` needs a layer: name it as LAYER, or with `--from`")
    _refuse_what_does_not_measure(options)
    if options.load is not None and options.effective != "given":
        raise click.UsageError("`--load` gives the weights for `--effective given`")
    if options.depth is not None and options.layer is not None:
        raise click.UsageError("`--depth` folds blocks of the table of all layers, and of the walk of `--from`")
    if options.draw is not None and _ending(options.draw) not in {"svg", "png"}:
        raise click.UsageError(f"cannot draw `{options.draw}`: expected the ending `.svg` or `.png`")
    if options.log and options.draw is None:
        raise click.UsageError("`--log` is for shades that `--draw` draws")
    if options.draw and options.output and os.path.realpath(options.draw) == os.path.realpath(options.output):
        raise click.UsageError(f"`--draw` and `--output` name the same file, `{options.draw}`")


def _refuse_what_does_not_measure(options: _Options) -> None:
    """Options of an effective field go with one, those of measuring it with one that is measured."""
    measures = options.effective in {"random", "given"}
    if _is_given("threshold") and options.effective is None:
        raise click.UsageError("`--threshold` is that of an effective field: ask for one with `--effective`")
    for name in ("seeds", "samples"):
        if _is_given(name) and not measures:
            raise click.UsageError(f"`--{name}` says how to measure: it goes with `--effective random` or `given`")
    if measures and options.dtype not in {None, *_MEASURED}:
        raise click.UsageError(f"it is measured in {' or '.join(_MEASURED)}, not in `--dtype {options.dtype}`")


def _is_given(name: str) -> bool:
    """Whether an option stands on the command line, be it with its default."""
    return click.get_current_context().get_parameter_source(name) is ParameterSource.COMMANDLINE


def _ending(path: str) -> str:
    return PurePath(path).suffix.removeprefix(".").lower()


def _refuse_what_cannot_be_written(options: _Options) -> None:
    """Tells before the work, not after it, that there is no place or no means for what comes of it."""
    refuse_unwritable(options.draw, options.output)
    if options.draw is not None and find_spec("matplotlib") is None:
        raise click.ClickException("drawing needs matplotlib: pip install 'archanalyzer[draw]'")


@contextmanager
def _told_of_fields() -> Iterator[None]:
    """Tells what goes wrong in asking: a reason and the exit code, never a traceback."""
    from archanalyzer.passes.fields.moving import TooMany
    from archanalyzer.passes.fields.positions import TooWide

    try:
        yield
    except TooMany:
        raise click.ClickException("too many positions would have to be followed one by one") from None
    except (TooWide, LookupError) as error:
        if isinstance(error, KeyError | IndexError):  # not told on purpose
            raise
        raise click.ClickException(str(error)) from None


def _apart(analyzed: Analyzed) -> tuple[Analyzed, tuple[Diagnostic, ...]]:
    """What was found wrong, and, apart from it, the advice; none on a network of which only a part is sound."""
    from archanalyzer.diagnostics import Severity

    wrong = tuple(each for each in analyzed.diagnostics if each.severity is not Severity.ADVICE)
    advice = tuple(each for each in analyzed.diagnostics if each.severity is Severity.ADVICE)
    return analyzed._replace(diagnostics=wrong), () if analyzed.partial else advice


def _asked(analyzed: Analyzed, advice: tuple[Diagnostic, ...], options: _Options) -> str:
    """The answer as text; what is to be drawn is."""
    from archanalyzer.cli.output import is_file, page
    from archanalyzer.report.field.answer import Answer
    from archanalyzer.report.json_text import document
    from archanalyzer.report.parts import as_markdown, as_text

    answer = Answer(analyzed, advice=advice) if options.named is None else _of_layer(analyzed, options)
    if options.format_name == "json":
        return document(answer.data())
    here = page(sys.stdout)
    plain = here._replace(color=False)
    if options.format_name == "markdown":
        return as_markdown(answer.parts(plain, options.depth))
    here = plain if is_file(options.output) else here
    return as_text(answer.parts(here, options.depth), here)


def _of_layer(analyzed: Analyzed, options: _Options) -> Answer:
    """What is asked about one layer."""
    from archanalyzer.cli.field_asking import layer_named, place_at
    from archanalyzer.passes.fields.by_hand import walked_by_hand
    from archanalyzer.passes.tensor_types import TensorTypes
    from archanalyzer.report.field.answer import Answer

    graph, types = analyzed.graph, analyzed.facts.result(TensorTypes)
    layer = layer_named(graph, options.named or "")
    if options.at is None and options.walked_from is None and not options.weighs:
        return Answer(analyzed, layer)
    at = "centre" if options.at is None else options.at
    place = place_at(at, types.outputs[layer].shape, graph.layers[layer].name)
    answer = Answer(analyzed, layer, place)
    if options.walked_from is None and not options.weighs:
        return answer
    way = walked_by_hand(graph, types, layer, place)
    if options.walked_from is not None:
        answer = answer._replace(walk=way)
    return _weighed(answer, way, options) if options.weighs else answer


def _weighed(answer: Answer, way: ByHand, options: _Options) -> Answer:
    """The answer with paths and an effective field, as far as they were asked for; draws them."""
    from archanalyzer.cli import field_weighing as weighing

    counts = options.paths or options.effective is None
    paths = weighing.counts(way) if counts else weighing.seen(way)
    effective = None
    if options.effective == "uniform":
        effective = weighing.uniform(way, paths, options.threshold)
    elif options.effective is not None:
        chosen = weighing.Measuring(options.effective == "given", options.load, options.seeds, options.samples)
        effective = weighing.measure(answer.analyzed.spec, way, paths, options.threshold, chosen)
    if options.draw is not None:
        weighing.draw(way, paths, effective, options.draw, log=options.log)
    return answer._replace(paths=paths if options.paths else None, effective=effective)

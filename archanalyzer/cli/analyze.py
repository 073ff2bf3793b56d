"""``archanalyzer analyze``: the facts of a network."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from archanalyzer.cli.naming import completing
from archanalyzer.cli.options import overriding, refuse_overwriting

if TYPE_CHECKING:
    from archanalyzer.passes.analyzing import Analyzed
    from archanalyzer.report.view import View


def _names(_context: click.Context, _parameter: click.Parameter, value: str | None) -> tuple[str, ...] | None:
    if value is None:
        return None
    names = tuple(name.strip() for name in value.split(",") if name.strip())
    if not names:
        raise click.BadParameter("expected the names of columns, separated by commas")
    return names


def _formats() -> tuple[str, ...]:
    from archanalyzer.report import formats

    return formats()


def _format(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    from archanalyzer.diagnostics import did_you_mean

    if value not in _formats():
        raise click.BadParameter(f"there is no format `{value}`; {did_you_mean(value, _formats(), 'formats')}")
    return value


@click.command(
    "analyze",
    short_help="Layers, shapes, parameters, MACs, memory, receptive fields.",
    epilog="With errors in a spec, the layers that are sound are shown, the errors are told on standard error, "
    "nothing is written to FILE, and the exit code is 2.",
)
@click.argument("specs", nargs=-1, required=True, metavar="SPEC...")
@click.option(
    "--format",
    "format_name",
    metavar="FORMAT",
    default="table",
    show_default=True,
    callback=_format,
    shell_complete=completing(lambda: dict.fromkeys(_formats(), "")),
    help="How to write the facts: table, json, markdown, csv, latex, or a plugin's.",
)
@click.option("-o", "--output", metavar="FILE", help="Write to FILE, whole or not at all.")
@click.option(
    "--columns",
    metavar="A,B,...",
    callback=_names,
    help="Columns to show: any fact that JSON has of a layer, and type, inputs, share.",
)
@click.option(
    "--sort", metavar="COLUMN", help="List layers by a column: numbers from the largest on, text from A to Z."
)
@click.option("--top", type=click.IntRange(min=1), metavar="N", help="Only N layers, by --sort (by macs without it).")
@click.option("--depth", type=click.IntRange(min=0), metavar="N", help="Unfold N levels of blocks; all by default.")
@overriding(dtype="Type of the numbers, for bytes: float32, bfloat16, ...")
def command(  # noqa: PLR0913, PLR0917 - one argument an option, which click gives by name
    specs: tuple[str, ...],
    format_name: str,
    output: str | None,
    columns: tuple[str, ...] | None,
    sort: str | None,
    top: int | None,
    depth: int | None,
    settings: dict[str, str],
    input_shapes: dict[str, str],
    dtype: str | None,
) -> int:
    """Layers, shapes, parameters, MACs, memory and receptive fields of each SPEC (`-` reads standard input).

    \b
    archanalyzer analyze vgg16.yaml
    archanalyzer analyze vgg16.yaml --depth 0
    archanalyzer analyze vgg16.yaml --sort macs --top 5 --columns type,macs,share
    archanalyzer analyze vgg16.yaml --input image=3x384x384 --set classes=10
    archanalyzer analyze vgg16.yaml --format json -o vgg16.json
    """  # noqa: D301 - click reads the control character
    from archanalyzer.cli.reading import read_and_analyze, tell
    from archanalyzer.report.view import View

    view = View(columns, depth, sort, top)
    _refuse_misuse(specs, format_name, output, view)
    analyzed = [read_and_analyze(path, settings=settings, input_shapes=input_shapes, dtype=dtype) for path in specs]
    _write(analyzed, format_name, output, view)
    return 2 if tell(analyzed, output) else 0


def _refuse_misuse(specs: tuple[str, ...], format_name: str, output: str | None, view: View) -> None:
    if specs.count("-") > 1:
        raise click.UsageError("standard input, `-`, can be read only once")
    if view.depth is not None and (view.sort is not None or view.top is not None):
        raise click.UsageError("`--sort` and `--top` list layers alone; they do not go with `--depth`")
    if format_name == "json" and (view.columns, view.depth, view.sort, view.top) != (None,) * 4:
        raise click.UsageError("JSON always holds every layer and column; `--columns` and the like shape the others")
    refuse_overwriting(specs, output)


def _write(analyzed: list[Analyzed], format_name: str, output: str | None, view: View) -> None:
    """Writes to standard output, or, where nothing is wrong, to the file."""
    from archanalyzer.cli.output import deliver, emit, is_file, page
    from archanalyzer.cli.plugging import with_plugins_refused
    from archanalyzer.diagnostics.guarding import PluginError
    from archanalyzer.report import render
    from archanalyzer.report.columns import SheetError
    from archanalyzer.report.diagnostics import as_text

    to_file = is_file(output)
    if to_file and any(one.partial for one in analyzed):
        return
    shown = [one for one in analyzed if format_name == "json" or one.graph.layers]
    here = page(sys.stdout)
    try:
        text = render(format_name, shown, view, here._replace(color=False) if to_file else here)
    except SheetError as error:
        raise click.UsageError(str(error)) from None
    except PluginError as fault:
        emit(as_text([fault.diagnostic], page(sys.stderr)), err=True)
        raise click.exceptions.Exit(2) from None
    deliver(with_plugins_refused(text) if format_name == "json" else text, output, exact=format_name != "table")

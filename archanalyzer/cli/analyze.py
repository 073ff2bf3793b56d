"""``archanalyzer analyze``: the facts of a network."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from archanalyzer.passes.analyzing import Analyzed
    from archanalyzer.report.view import View


def _pairs(_context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    pairs = {}
    for text in values:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise click.BadParameter(f"expected NAME=VALUE, found `{text}`")
        pairs[name.strip()] = value.strip()
    return pairs


def _names(_context: click.Context, _parameter: click.Parameter, value: str | None) -> tuple[str, ...] | None:
    if value is None:
        return None
    names = tuple(name.strip() for name in value.split(",") if name.strip())
    if not names:
        raise click.BadParameter("expected the names of columns, separated by commas")
    return names


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
    type=click.Choice(["table", "json", "markdown", "csv", "latex"]),
    default="table",
    show_default=True,
    help="How to write the facts.",
)
@click.option("-o", "--output", metavar="FILE", help="Write to FILE, whole or not at all.")
@click.option(
    "--columns",
    metavar="A,B,...",
    callback=_names,
    help="Columns to show: any fact that JSON has of a layer, and type, inputs, share.",
)
@click.option("--sort", metavar="COLUMN", help="List layers by a column, the largest first.")
@click.option("--top", type=click.IntRange(min=1), metavar="N", help="Only N layers, by --sort (by macs without it).")
@click.option("--depth", type=click.IntRange(min=0), metavar="N", help="Unfold N levels of blocks; all by default.")
@click.option("--set", "settings", multiple=True, metavar="NAME=VALUE", callback=_pairs, help="Set a variable.")
@click.option(
    "--input",
    "input_shapes",
    multiple=True,
    metavar="NAME=SHAPE",
    callback=_pairs,
    help="Give an input another shape: image=3x256x256.",
)
@click.option("--dtype", metavar="TYPE", help="Type of the numbers, for bytes: float32, bfloat16, ...")
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
    from archanalyzer.cli.reading import read_and_analyze
    from archanalyzer.report.view import View

    view = View(columns, depth, sort, top)
    _refuse_misuse(specs, format_name, output, view)
    analyzed = [read_and_analyze(path, settings=settings, input_shapes=input_shapes, dtype=dtype) for path in specs]
    _write(analyzed, format_name, output, view)
    return _tell(analyzed, output)


def _refuse_misuse(specs: tuple[str, ...], format_name: str, output: str | None, view: View) -> None:
    if specs.count("-") > 1:
        raise click.UsageError("standard input, `-`, can be read only once")
    if view.depth is not None and (view.sort is not None or view.top is not None):
        raise click.UsageError("`--sort` and `--top` list layers alone; they do not go with `--depth`")
    if format_name == "json" and (view.columns, view.depth, view.sort, view.top) != (None,) * 4:
        raise click.UsageError("JSON always holds every layer and column; `--columns` and the like shape the others")
    if output is not None and any(_same_file(spec, output) for spec in specs):
        raise click.UsageError(f"`{output}` is the spec itself")


def _same_file(one: str, other: str) -> bool:
    return Path(one).exists() and Path(other).exists() and Path(one).samefile(other)


def _write(analyzed: list[Analyzed], format_name: str, output: str | None, view: View) -> None:
    """Writes to standard output, or, where nothing is wrong, to the file."""
    from archanalyzer.cli.output import emit, page, write_file
    from archanalyzer.report import Page, render
    from archanalyzer.report.columns import SheetError

    to_file = output is not None and output != "-"
    if to_file and any(one.partial for one in analyzed):
        return
    shown = [one for one in analyzed if format_name == "json" or one.graph.layers]
    here = page(sys.stdout)
    try:
        text = render(format_name, shown, view, Page(here.width) if to_file else here)
    except SheetError as error:
        raise click.UsageError(str(error)) from None
    if output is not None and to_file:
        write_file(output, text)
    else:
        emit(text, exact=format_name != "table")


def _tell(analyzed: list[Analyzed], output: str | None) -> int:
    """Tells on standard error what is wrong; returns the exit code."""
    from archanalyzer.cli.output import emit, wants_color
    from archanalyzer.report.diagnostics import as_text

    found = [diagnostic for one in analyzed for diagnostic in one.diagnostics]
    emit(as_text(found, color=wants_color(sys.stderr)), err=True)
    if not any(one.partial for one in analyzed):
        return 0
    if output is not None and output != "-":
        emit(f"`{output}` was not written\n", err=True)
    return 2

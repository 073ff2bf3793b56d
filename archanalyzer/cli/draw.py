"""``archanalyzer draw``: the network as a picture, or what flows through it forward and back."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING

import click

from archanalyzer.cli.options import overriding, refuse_overwriting

if TYPE_CHECKING:
    from archanalyzer.passes.analyzing import Analyzed

FORMATS = ("svg", "mermaid", "dot", "json")
_ENDINGS = {"svg": "svg", "mmd": "mermaid", "mermaid": "mermaid", "dot": "dot", "gv": "dot", "json": "json"}


@click.command(
    "draw",
    short_help="The network as a picture: SVG, Mermaid or dot.",
    epilog="Without --format, the ending of FILE says it: .svg, .mmd, .dot, .gv or .json; else it is SVG. Exit codes: "
    "0 drawn; 2 the input could not be used.",
)
@click.argument("spec", metavar="SPEC")
@click.option("--format", "format_name", type=click.Choice(FORMATS), help="How to draw it.")
@click.option("-o", "--output", metavar="FILE", help="Write to FILE, whole or not at all.")
@click.option("--depth", type=click.IntRange(min=0), metavar="N", help="Unfold N levels of blocks; all by default.")
@click.option(
    "--direction", type=click.Choice(["down", "right"]), help="Where the network leads to: down, if not said."
)
@click.option("--backward", is_flag=True, help="Draw forward and backward propagation, with the symbols of a textbook.")
@click.option(
    "--diagonal/--no-diagonal",
    "diagonal",
    default=None,
    help="With --backward, draw each unit as a chain of its own, as if the weights were diagonal; by default where the "
    "spec pins them so.",
)
@overriding(dtype="Type of the numbers: changes nothing that is drawn.")
def command(  # noqa: PLR0913, PLR0917 - one argument an option, which click gives by name
    spec: str,
    format_name: str | None,
    output: str | None,
    depth: int | None,
    direction: str | None,
    backward: bool,
    diagonal: bool | None,
    settings: dict[str, str],
    input_shapes: dict[str, str],
    dtype: str | None,
) -> int:
    """Draw SPEC (`-` reads standard input): its layers as boxes with shapes, and what they read as arrows.

    \b
    archanalyzer draw unet.yaml -o unet.svg
    archanalyzer draw vgg16.yaml --depth 0 --format mermaid
    archanalyzer draw toy.yaml --backward -o toy.svg
    """  # noqa: D301 - click reads the control character
    from archanalyzer.cli.output import deliver
    from archanalyzer.cli.reading import read_and_analyze, tell

    refuse_overwriting((spec,), output)
    _refuse_misuse(depth, direction, diagonal, backward=backward)
    chosen = _format(format_name, output)
    analyzed = read_and_analyze(spec, settings=settings, input_shapes=input_shapes, dtype=dtype)
    if tell([analyzed], output):
        return 2
    if backward:
        text = _flow(analyzed, chosen, diagonal)
    else:
        text = _network(analyzed, chosen, depth, to_the_right=direction == "right")
    deliver(text, output, exact=True)
    return 0


def _refuse_misuse(depth: int | None, direction: str | None, diagonal: bool | None, *, backward: bool) -> None:
    if diagonal is not None and not backward:
        raise click.UsageError("`--diagonal` is about what `--backward` draws")
    for name, value in (("depth", depth), ("direction", direction)):
        if backward and value is not None:
            raise click.UsageError(
                f"`--{name}` does not go with `--backward`, which draws every layer from left to right"
            )


def _format(name: str | None, output: str | None) -> str:
    """The format that is asked for, or that a file's ending says.

    Raises:
        click.UsageError: neither says one.
    """
    from archanalyzer.cli.output import is_file

    if name is not None:
        return name
    if output is None or not is_file(output):
        return FORMATS[0]
    ending = PurePath(output).suffix.removeprefix(".").lower()
    if ending not in _ENDINGS:
        known = ", ".join(f"`.{each}`" for each in _ENDINGS)
        raise click.UsageError(f"cannot tell a format from `{output}`: say `--format`, or end it in one of {known}")
    return _ENDINGS[ending]


def _network(analyzed: Analyzed, format_name: str, depth: int | None, *, to_the_right: bool) -> str:
    from archanalyzer.report.drawing import as_texts as drawing_texts
    from archanalyzer.report.drawing.boxes import drawing_of

    drawing = drawing_of(analyzed, depth)
    if format_name == "svg":
        from archanalyzer.report.drawing.as_svg import MOST_BOXES, render
        from archanalyzer.report.drawing.ranks import TooManyToPlace

        hint = "fold blocks with `--depth`, or write Mermaid or dot"
        if len(drawing.boxes) > MOST_BOXES:
            most = f"at most {MOST_BOXES:,} boxes"
            raise click.ClickException(f"an SVG shows {most}, found {len(drawing.boxes):,}: {hint}")
        try:
            return render(drawing, to_the_right=to_the_right)
        except TooManyToPlace:
            raise click.ClickException(f"too many long ways to lay out in an SVG: {hint}") from None
    if format_name == "json":
        return drawing_texts.as_json(drawing)
    write = drawing_texts.as_mermaid if format_name == "mermaid" else drawing_texts.as_dot
    return write(drawing, to_the_right=to_the_right)


def _flow(analyzed: Analyzed, format_name: str, diagonal: bool | None) -> str:
    from archanalyzer.passes.drawing_flow import NotDiagonal, is_pinned_diagonal, signal_flow
    from archanalyzer.report.drawing import flow_svg as drawing_flow_svg
    from archanalyzer.report.drawing import flow_texts as drawing_flow_texts
    from archanalyzer.report.drawing.ranks import TooManyToPlace

    running = analyzed.spec.running
    flow = signal_flow(analyzed.facts, running)
    if diagonal is None:
        diagonal = is_pinned_diagonal(flow, running)
    write = {
        "svg": drawing_flow_svg.render,
        "mermaid": drawing_flow_texts.as_mermaid,
        "dot": drawing_flow_texts.as_dot,
        "json": drawing_flow_texts.as_json,
    }[format_name]
    try:
        return write(flow, diagonal=diagonal)
    except NotDiagonal as reason:
        raise click.ClickException(f"there are no separate chains: {reason}") from None
    except TooManyToPlace:
        raise click.ClickException("too many layers to lay out in an SVG: write Mermaid or dot") from None

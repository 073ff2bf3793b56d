"""``archanalyzer diff``: what changed from one spec to another, in facts."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, NamedTuple

import click

from archanalyzer.cli.options import format_option, overriding, refuse_overwriting

if TYPE_CHECKING:
    from archanalyzer.cli.revisions import Revision
    from archanalyzer.passes.analysis import Passes
    from archanalyzer.passes.analyzing import Analyzed
    from archanalyzer.passes.comparing.comparison import Comparison


@click.command(
    "diff",
    short_help="What changed between two specs, in layers and facts.",
    epilog="Paths in revisions go from the current folder. Exit codes: 0 nothing differs; 1 something does; 2 a spec "
    "could not be used.",
)
@click.argument("old", metavar="OLD")
@click.argument("new", required=False, metavar="[NEW]")
@click.option(
    "--revisions", metavar="REV1[..REV2]", help="Compare two revisions of one SPEC in git; one with the working tree."
)
@click.option("--all", "every", is_flag=True, help="List all, layers too that are as they were while facts moved.")
@click.option("--advice", is_flag=True, help="Compare the advice of `archanalyzer field` as well.")
@format_option("table", "json", "markdown", help_text="How to write it; JSON always has all.")
@click.option("-o", "--output", metavar="FILE", help="Write to FILE, whole or not at all.")
@overriding(dtype="Type of the numbers, for bytes: float32, bfloat16, ...")
def command(  # noqa: PLR0913, PLR0917 - one argument an option, which click gives by name
    old: str,
    new: str | None,
    revisions: str | None,
    every: bool,
    advice: bool,
    format_name: str,
    output: str | None,
    settings: dict[str, str],
    input_shapes: dict[str, str],
    dtype: str | None,
) -> int:
    """What changed from OLD to NEW, two specs (`-` reads standard input): layers, names, and every fact that moved.

    REV:path is a spec in a revision of git. What --set, --input and --dtype say holds for both.

    \b
    archanalyzer diff vgg16.yaml vgg19.yaml
    archanalyzer diff HEAD~1:specs/vgg16.yaml specs/vgg16.yaml
    archanalyzer diff --revisions main specs/vgg16.yaml --format markdown
    archanalyzer diff --revisions v1.0..v2.0 specs/vgg16.yaml --all
    """  # noqa: D301 - click reads the control character
    from archanalyzer.cli.output import deliver, emit, page
    from archanalyzer.passes.comparing.comparing import compare
    from archanalyzer.report.diagnostics import as_text

    sides = _sides(old, new, revisions)
    refuse_overwriting(tuple(side for side in sides if isinstance(side, str)), output)
    overrides = _Overrides(settings, input_shapes, dtype)
    passes = _passes(advice)
    analyzed = [_analyzed(side, overrides, passes) for side in sides]
    if any(one.partial for one in analyzed):
        _tell(analyzed, output)
        return 2
    faults = dict.fromkeys(fault for one in analyzed for fault in one.faults)
    emit(as_text(tuple(faults), page(sys.stderr)), err=True)
    comparison = compare(*analyzed)
    deliver(_written(comparison, format_name, output, every), output, exact=format_name != "table")
    return int(comparison.differs)


class _Overrides(NamedTuple):
    settings: dict[str, str]
    input_shapes: dict[str, str]
    dtype: str | None


def _sides(old: str, new: str | None, revisions: str | None) -> tuple[Revision | str, Revision | str]:
    from archanalyzer.cli.revisions import named, two_of

    if revisions is not None:
        if new is not None:
            raise click.UsageError("`--revisions` compares revisions of one SPEC; two are named")
        if old == "-":
            raise click.UsageError("standard input, `-`, has no revisions")
        return two_of(revisions, old)
    if new is None:
        raise click.UsageError("Missing argument 'NEW': name two specs, or one with `--revisions`")
    if old == new == "-":
        raise click.UsageError("standard input, `-`, can be read only once")
    return named(old), named(new)


def _passes(advice: bool) -> Passes:
    if advice:
        from archanalyzer.passes.advice import advising_passes

        return advising_passes()
    from archanalyzer.passes import standard_passes

    return standard_passes()


def _analyzed(side: Revision | str, overrides: _Overrides, passes: Passes) -> Analyzed:
    """The facts of one side; of one that cannot be read at all, those of no layer."""
    from archanalyzer.cli.reading import read_and_analyze

    settings, input_shapes, dtype = overrides
    text = None if isinstance(side, str) else side.text()
    return read_and_analyze(
        str(side), text=text, settings=settings, input_shapes=input_shapes, dtype=dtype, passes=passes
    )


def _tell(analyzed: list[Analyzed], output: str | None) -> None:
    """Tells on standard error what is wrong, and on which side."""
    from archanalyzer.cli.output import emit
    from archanalyzer.cli.reading import tell

    tell(analyzed, output)
    for one, side in zip(analyzed, ("OLD", "NEW"), strict=True):
        if one.partial:
            emit(f"{side}, `{one.spec.path}`, cannot be compared\n", err=True)


def _written(comparison: Comparison, format_name: str, output: str | None, every: bool) -> str:
    from archanalyzer.cli.output import is_file, page

    if format_name == "json":
        from archanalyzer.report.diff.as_json import render

        return render(comparison)
    if format_name == "markdown":
        from archanalyzer.report.diff.as_markdown import render as render_markdown

        return render_markdown(comparison, every=every)
    from archanalyzer.report.diff.as_text import render as render_text

    here = page(sys.stdout)
    return render_text(comparison, here._replace(color=False) if is_file(output) else here, every=every)

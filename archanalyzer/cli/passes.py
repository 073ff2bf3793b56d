"""``archanalyzer passes``: the passes that there are, and the facts that come from each."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from archanalyzer.cli.naming import completing, known
from archanalyzer.cli.options import format_option

if TYPE_CHECKING:
    from archanalyzer.passes.analysis import Analysis


def _with_sentences() -> dict[str, str]:
    from archanalyzer.report.catalogue import first_sentence

    return {one.name: first_sentence(one.help) for one in all_passes()}


@click.command("passes", short_help="The passes, what each needs, and the facts that come from it.")
@click.argument("name", required=False, metavar="[NAME]", shell_complete=completing(_with_sentences))
@format_option("text", "json")
def command(name: str | None, format_name: str) -> int:
    """The passes, or all that the one called NAME declares: what it needs, its columns, its totals.

    \b
    archanalyzer passes
    archanalyzer passes memory
    archanalyzer passes --format json
    """  # noqa: D301 - click reads the control character
    from archanalyzer.cli.output import emit, page
    from archanalyzer.report.catalogue_passes import as_json, as_list, page_of

    every = {one.name: one for one in all_passes()}
    passes = list(every.values())
    chosen = passes if name is None else [every[known(name, list(every), "pass", "passes")]]
    if format_name == "json":
        emit(as_json(chosen, passes), exact=True)
    elif name is None:
        emit(as_list(passes, page(sys.stdout)))
    else:
        emit(page_of(chosen[0], passes, page(sys.stdout)))
    return 0


def all_passes() -> tuple[Analysis[Any], ...]:
    """The passes that are asked, and those that give advice."""
    from archanalyzer.passes.advice import advising_passes

    return advising_passes().all

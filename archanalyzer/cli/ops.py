"""``archanalyzer ops``: the layer types that there are, and all about one."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from archanalyzer.cli.naming import completing, known
from archanalyzer.cli.options import format_option

if TYPE_CHECKING:
    from archanalyzer.graph import Op
    from archanalyzer.report.catalogue_ops import Described


def _with_sentences() -> dict[str, str]:
    from archanalyzer.report.catalogue import first_sentence

    return {name: first_sentence(op_type.__doc__) for name, op_type in layer_types().items()}


@click.command("ops", short_help="The layer types, and all about one: fields, weights, examples.")
@click.argument("name", required=False, metavar="[NAME]", shell_complete=completing(_with_sentences))
@format_option("text", "json")
def command(name: str | None, format_name: str) -> int:
    """The layer types by family, or all that the one called NAME declares.

    \b
    archanalyzer ops
    archanalyzer ops conv2d
    archanalyzer ops --format json
    """  # noqa: D301 - click reads the control character
    from archanalyzer.cli.output import emit, page
    from archanalyzer.report.catalogue_ops import as_json, as_list, families, page_of, title

    types = layer_types()
    chosen = types if name is None else {name: types[known(name, list(types), "layer type", "layer types")]}
    if format_name == "json":
        emit(as_json(_described(chosen.values())), exact=True)
    elif name is None:
        emit(as_list(types.values(), page(sys.stdout)))
    else:
        (described,) = _described(chosen.values())
        emit(page_of(described, families(types.values())[title(types[name])], page(sys.stdout)))
    return 0


def layer_types() -> dict[str, type[Op]]:
    """The layer types that ``layers:`` can name, by name."""
    from archanalyzer import ops

    return {name: ops.get(name) for name in ops.names() if name != "input"}


def _described(types: Iterable[type[Op]]) -> list[Described]:
    from archanalyzer.report.catalogue_ops import Described, Shown
    from archanalyzer.spec.examples import op_of
    from archanalyzer.spec.json_schema_ops import values_of_fields

    return [
        Described(each, [Shown(example, op_of(each, example)) for example in each.examples], values_of_fields(each))
        for each in types
    ]

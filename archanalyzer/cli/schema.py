"""``archanalyzer schema``: the spec language as a JSON Schema, for editors."""

from __future__ import annotations

import click


@click.command(
    "schema",
    short_help="The spec language as a JSON Schema, for editors.",
    epilog="docs/editors.md tells how editors use it. What holds across places, such as names and shapes, only "
    "`archanalyzer check` knows.",
)
@click.option("-o", "--output", metavar="FILE", help="Write to FILE, whole or not at all.")
def command(output: str | None) -> int:
    """Print a JSON Schema of the spec language, by which editors complete, explain and check specs.

    \b
    archanalyzer schema -o archspec.schema.json
    """  # noqa: D301 - click reads the control character
    from archanalyzer.cli.output import deliver
    from archanalyzer.passes import standard_passes
    from archanalyzer.report.catalogue_passes import facts_of_a_layer, kinds_of_a_layer, kinds_of_totals, totals
    from archanalyzer.report.json_text import dump
    from archanalyzer.spec.json_schema import Facts, json_schema

    passes = standard_passes().all
    kinds = kinds_of_totals(passes), kinds_of_a_layer(passes)
    schema = json_schema(Facts(totals(passes), facts_of_a_layer(passes), *kinds))
    deliver(dump(schema, indent=1) + "\n", output, exact=True)
    return 0

"""``archanalyzer explain``: what a rule says, why it is one, and how a spec that breaks it is mended."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from archanalyzer.cli.naming import completing, known
from archanalyzer.cli.options import format_option

if TYPE_CHECKING:
    from archanalyzer.diagnostics import Diagnostic, Rule


@click.command(
    "explain",
    short_help="What a rule says, why, and how to mend what breaks it.",
    epilog="A message names its rule in brackets: error[wrong-rank].",
)
@click.argument(
    "what",
    nargs=-1,
    metavar="RULE",
    shell_complete=completing(lambda: {code: rule.summary for code, rule in _rules().items()}),
)
@click.option("--list", "lists", is_flag=True, help="List all rules.")
@format_option("text", "json")
def command(what: tuple[str, ...], format_name: str, *, lists: bool) -> int:
    """What RULE says, why it is a rule, and a spec that breaks it, with what is said to that, and mended.

    \b
    archanalyzer explain wrong-rank
    archanalyzer explain --list
    """  # noqa: D301 - click reads the control character
    from archanalyzer.cli.output import emit, page
    from archanalyzer.report.rule_page import as_json, as_list, page_of

    if lists:
        _refuse(what)
        rules = _rules().values()
        text = as_json((rule, None) for rule in rules) if format_name == "json" else as_list(rules, page(sys.stdout))
    else:
        rule = _named(what)
        said = _said(rule)
        text = as_json([(rule, said)]) if format_name == "json" else page_of(rule, said, page(sys.stdout))
    emit(text, exact=format_name == "json")
    return 0


def _rules() -> dict[str, Rule]:
    from archanalyzer.diagnostics.rules import all_rules

    return all_rules()


def _refuse(what: tuple[str, ...]) -> None:
    if what:
        raise click.UsageError("`--list` lists all rules; it does not go with one")


def _named(what: tuple[str, ...]) -> Rule:
    """The rule of that code; a message's ``error[wrong-rank]`` is understood as well.

    Raises:
        click.UsageError: there is no such rule, or none, or more than one, is named.
    """
    if len(what) != 1:
        found = "none" if not what else f"{len(what)}"
        raise click.UsageError(f"expected one rule, found {found}; `archanalyzer explain --list` lists them")
    rules = _rules()
    code = what[0].strip().rpartition("[")[2].removesuffix("]")
    return rules[known(code, tuple(rules), "rule", "rules")]


def _said(rule: Rule) -> tuple[Diagnostic, ...]:
    """What is found in a rule's bad example, its expectations held against the facts."""
    from archanalyzer.diagnostics import Severity, SpecError
    from archanalyzer.passes.advice import advising_passes
    from archanalyzer.passes.analyzing import analyze
    from archanalyzer.passes.expectations import judge
    from archanalyzer.spec import parse_spec

    if not rule.bad:
        return ()
    try:
        spec = parse_spec(rule.bad, name="spec.yaml")
    except SpecError as error:
        return error.diagnostics
    analyzed = analyze(spec, advising_passes() if rule.severity is Severity.ADVICE else None)
    return (*analyzed.diagnostics, *judge(analyzed))

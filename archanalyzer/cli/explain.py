"""``archanalyzer explain``: what a rule says and how a spec that breaks it is mended; how a fact comes about."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from archanalyzer.cli.explaining import WHAT, Asked, explain_network, refuse_spec_alone
from archanalyzer.cli.naming import known
from archanalyzer.cli.options import format_option, overriding

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from archanalyzer.diagnostics import Diagnostic, Rule


def _complete(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """A rule or a file; behind that, what can be explained."""
    from click.shell_completion import CompletionItem

    given = context.params.get(parameter.name or "") or ()
    if len(given) == 1:
        return [CompletionItem(name, help=text) for name, text in WHAT.items() if name.startswith(incomplete)]
    if given:
        return []
    rules = [CompletionItem(code, help=rule.summary) for code, rule in _rules().items() if code.startswith(incomplete)]
    return rules or [CompletionItem(incomplete, type="file")]


@click.command(
    "explain",
    short_help="What a rule says and how to mend what breaks it; how a fact comes about.",
    epilog=f"A message names its rule in brackets: error[wrong-rank]. WHAT is one of {', '.join(WHAT)}. Exit codes: 0 "
    "fine; 2 the input could not be used.",
)
@click.argument("what", nargs=-1, metavar="RULE | SPEC WHAT [LAYER]", shell_complete=_complete)
@click.option("--list", "lists", is_flag=True, help="List all rules.")
@format_option("text", "markdown", "latex", "json", help_text="How to write it; a rule, as text or json.")
@click.option("-o", "--output", metavar="FILE", help="Write to FILE, whole or not at all.")
@overriding(dtype="Type of the network's numbers.")
def command(what: tuple[str, ...], format_name: str, *, lists: bool, **options: Any) -> int:
    """What RULE says, why it is a rule, and a spec that breaks it, with what is said to that, and mended.

    Or how a fact of SPEC comes about, written out as one works it out by hand: part by part, or of one LAYER alone; a
    block's name stands for its layers, or in a receptive field for its output.

    \b
    archanalyzer explain wrong-rank
    archanalyzer explain --list
    archanalyzer explain vgg16.yaml parameters
    archanalyzer explain vgg16.yaml macs block1/conv2d --format latex
    archanalyzer explain unet.yaml receptive_field
    """  # noqa: D301 - click reads the control character
    if not lists and len(what) in {2, 3} and not all(each in _rules() for each in what):
        return _of_network(what, format_name, options)
    return _of_rules(what, format_name, options, lists=lists)


def _of_network(what: tuple[str, ...], format_name: str, options: dict[str, Any]) -> int:
    spec, name, *layer = what
    if spec in _rules() and not Path(spec).exists():
        raise click.UsageError(f"`{spec}` is a rule, which is explained alone: archanalyzer explain {spec}")
    return explain_network(Asked(spec, name, layer[0] if layer else None, format_name, **options))


def _of_rules(what: tuple[str, ...], format_name: str, options: dict[str, Any], *, lists: bool) -> int:
    from archanalyzer.cli.output import deliver, page
    from archanalyzer.report.rule_page import as_json, as_list, page_of

    output = options.pop("output")
    if lists:
        _refuse(what)
    rule = None if lists else _named(what)
    if format_name not in {"text", "json"}:
        raise click.UsageError("a rule is explained as text or json")
    if any(options.values()):
        raise click.UsageError("`--set`, `--input` and `--dtype` go with a spec: archanalyzer explain SPEC WHAT")
    if rule is None:
        rules = _rules().values()
        text = as_json((rule, None) for rule in rules) if format_name == "json" else as_list(rules, page(sys.stdout))
    else:
        said = _said(rule)
        text = as_json([(rule, said)]) if format_name == "json" else page_of(rule, said, page(sys.stdout))
    deliver(text, output, exact=format_name == "json")
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
        also = ", or SPEC WHAT [LAYER]" if len(what) > 3 else ""
        raise click.UsageError(f"expected one rule{also}, found {found}; `archanalyzer explain --list` lists them")
    rules = _rules()
    code = what[0].strip().rpartition("[")[2].removesuffix("]")
    if code not in rules:
        refuse_spec_alone(what[0])
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

"""The pages that are written from the code; ``python -m tests.generated`` writes them, a test compares them.

The outputs of commands that other pages show are renewed as well, and nothing else of these pages.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import click
from click.testing import CliRunner
from pydantic.fields import FieldInfo

from archanalyzer import cli, ops
from archanalyzer.diagnostics import Rule, Severity, rules
from archanalyzer.graph import Op
from archanalyzer.passes import built_in
from archanalyzer.passes.analysis import Analysis, Column, Total
from archanalyzer.report.catalogue import first_paragraph, prose
from archanalyzer.report.catalogue_ops import Shown, default, families, shared_base
from archanalyzer.report.catalogue_passes import GRAPH, KINDS, ROLLUPS, needs
from archanalyzer.report.diagnostics import as_text
from archanalyzer.spec.examples import op_of
from tests.docs.examples import diagnosed
from tests.docs.fences import ROOT, pages
from tests.docs.notebook import notebook_of
from tests.docs.outputs import with_outputs

_NOTICE = "<!-- Written by `make docs` from the code; changes made here are lost. -->\n"


def main() -> None:
    """Writes every page that is not as it should be."""
    for page, text in contents().items():
        path = ROOT / page
        if not path.exists() or path.read_text() != text:
            path.write_text(text)
            print(f"wrote {page}")  # noqa: T201


def contents() -> dict[str, str]:
    """The text that each page should have, by its path."""
    written = {page: f"{_NOTICE}{write()}" for page, write in GENERATED.items()}
    by_hand = [(str(path.relative_to(ROOT)), path.read_text()) for path in pages()]
    written |= {page: with_outputs(text, page) for page, text in by_hand if page not in written}
    return written | {notebook: notebook_of(written[page], page) for page, notebook in NOTEBOOKS.items()}


def _layers() -> str:
    names = [name for name in ops.names() if name != "input"]
    by_family = families(ops.get(name) for name in names)
    sections = [_family(family, members) for family, members in by_family.items()]
    listed = "".join(
        f"- {family}: " + ", ".join(f"[`{op.name}`](#{op.name})" for op in members) + "\n"
        for family, members in by_family.items()
    )
    return f"""\
# Layer types

{len(names)} layer types, written as the [spec language](spec-language.md#layers) says. A field without a default must
be given; a dash as default means that nothing is given. Above each example stand the shapes that it reads, the shape
that it puts out, and the arrays that it owns. What a layer computes and keeps is counted as [counting.md](counting.md)
says.

{listed}
{"".join(sections)}"""


def _family(family: str, members: list[type[Op]]) -> str:
    text = prose(sys.modules[members[0].__module__].__doc__).replace("\n\n    ", "\n\n```text\n    ", 1)
    if "```text" in text:
        formula, _, rest = text.partition("```text\n")[2].partition("\n\n")
        lines = [line.removeprefix("    ") for line in formula.splitlines()]
        text = text.partition("```text\n")[0] + "```text\n" + "\n".join(lines) + "\n```\n\n" + rest
    shared = shared_base(members)
    about = f"{prose(shared.__doc__)}\n\n" if shared else ""
    return f"## {family}\n\n{text.strip()}\n\n{about}" + "".join(map(_op, members))


def _op(op: type[Op]) -> str:
    fields = "".join(_field(name, field) for name, field in op.model_fields.items())
    table = f"| field | default | value |\n|---|---|---|\n{fields}\n" if fields else "No fields.\n\n"
    scalar = f" A bare value stands for `{op.scalar_field}`." if op.scalar_field else ""
    arity = "" if str(op.arity) == "1 input" else f" Takes {op.arity}."
    examples = "".join(Shown(example, op_of(op, example)).entry for example in op.examples)
    return f"### {op.name}\n\n{prose(op.__doc__)}{arity}{scalar}\n\n{table}```yaml\n{examples}```\n\n"


def _field(name: str, field: FieldInfo) -> str:
    written = default(field)
    shown = "must be given" if written is None else f"`{written}`" if written else "–"
    return f"| `{name}` | {shown} | {_cell(field.description)} |\n"


def _rules() -> str:
    topics = list(_topics())
    listed = "".join(
        f"| [`{each.code}`](#{each.code}) | {each.severity.value} | {_cell(each.summary)} |\n"
        for _, declared in topics
        for each in declared
    )
    sections = "".join(f"## {title}\n\n{''.join(map(_rule, declared))}" for title, declared in topics)
    return f"""\
# Rules

Everything that can be wrong with a spec: {len(rules.all_rules())} rules. Messages name the rule in brackets. An *error*
means that the spec, or a part of it, cannot be used, and the exit code is 2; a *failure*, that the answer is no, and it
is 1; a *warning* changes no exit code, nor does *advice*, which `archanalyzer field` gives on a network that is sound.
Under each rule stand a spec that breaks it, what `archanalyzer` says to that, and the spec mended.

| rule | severity | what is wrong |
|---|---|---|
{listed}
{sections}"""


def _topics() -> Iterator[tuple[str, list[Rule]]]:
    """The modules of rules: what each is about, and its rules."""
    for found in pkgutil.iter_modules(rules.__path__, f"{rules.__name__}."):
        module = importlib.import_module(found.name)
        about = prose(module.__doc__).removeprefix("Rules about ").partition(": ")[0].rstrip(".")
        yield about[0].upper() + about[1:], [each for each in vars(module).values() if isinstance(each, Rule)]


def _rule(rule: Rule) -> str:
    head = f"### {rule.code}\n\n{rule.severity.value.capitalize()}: {rule.summary}. {rule.why}\n\n"
    if rule.unshown:
        return f"{head}There is no example: {rule.unshown}.\n\n"
    printed = as_text(diagnosed(rule.bad, "spec.yaml", advice=rule.severity is Severity.ADVICE))
    return f"{head}```yaml\n{rule.bad}```\n\n```text\n{printed}```\n\nMended:\n\n```yaml\n{rule.good}```\n\n"


def _facts() -> str:
    passes = built_in()
    columns = "".join(_column(one, column) for one in passes for column in one.columns)
    totals = "".join(_total(one, total) for one in passes for total in one.totals)
    listed = "".join(f"| `{one.name}` | {_needs(one, passes)} | {_cell(one.help)} |\n" for one in passes)
    return f"""\
# Facts

What is known of every network. A fact has one name everywhere: as a column (`--columns`), as a key of the JSON, and
in `expect:`. How the numbers come about is written down in [counting.md](counting.md).

A fact that is not known is `null` in JSON and `?` in a table. A sum of which a part is not known is a lower bound:
it is written `≥`, and its name stands in the JSON's `at_least`.

JSON has the facts of every layer in `layers`, in the order in which they are computed, and those of every use of a
block in `blocks`: it consists of the layers from `start` up to, not including, `stop`, counted from 0 in `layers`.

## Of a layer

A column that sums up over a block is also a total of the network, under the same name.

| name | value | of a block | meaning | pass |
|---|---|---|---|---|
{columns}
## Of the network

Beside the sums of the columns above:

| name | value | meaning | pass |
|---|---|---|---|
{totals}
## Receptive fields

`receptive_field` has one entry for each spatial axis of each input that reaches the layer:

| key | meaning |
|---|---|
| `input`, `axis` | which input of the network, and which axis of it |
| `size` | input positions from the first to the last that an output position sees; the most of all output positions |
| `min_size` | the same, the least of all output positions; smaller than `size` behind an up-sampling, say |
| `number`, `min_number` | the same, gaps left out, as dilated kernels and strides longer than a kernel make them |
| `stride` | input positions between the fields of neighbouring output positions; `null` where there is no one stride |
| `offset` | the first input position that output position 0 sees; negative where it lies in the padding |
| `whole` | whether every output position sees the axis from end to end, as behind a global pool or a dense layer |
| `aligned` | `false` where several ways lead to an output position, by skips, and differ in centre or stride |
| `exact` | `false` where `size` and `number` are only upper bounds, and the least ones lower bounds; else left out |

A field is the set of input positions that can reach an output position, gaps and all; some texts call it the effective
receptive field, by which others mean the weights within it (Luo et al. 2016). An output position is a place with all of
its channels; in a flat output, a feature; where the channels are what was an axis of the input, a channel.

Padding cuts nothing off: sizes and numbers are those on an endless input, so that a wide kernel alone makes no field
`whole`. Where a layer reads the whole axis, or only a bound is known, no more than the axis itself counts. The axes are
those of the network's input, whatever the shape of the layer. Ways are `aligned` that have one centre on average: with
a pool by two and an up-sampling, positions see half a position to the right and to the left of themselves in turn.

## Passes

Each fact comes from a pass, which may need the results of others.

| pass | needs | answers |
|---|---|---|
{listed}"""


def _column(one: Analysis[Any], column: Column) -> str:
    kind, rollup = KINDS[column.kind], ROLLUPS[column.rollup]
    return f"| `{column.name}` | {kind} | {rollup} | {_cell(column.help)} | `{one.name}` |\n"


def _total(one: Analysis[Any], total: Total) -> str:
    return f"| `{total.name}` | {KINDS[total.kind]} | {_cell(total.help)} | `{one.name}` |\n"


def _needs(one: Analysis[Any], passes: Iterable[Analysis[Any]]) -> str:
    return ", ".join("the graph" if name == GRAPH else f"`{name}`" for name in needs(one, passes))


def _commands() -> str:
    names = cli.commands.list_commands(click.Context(cli.commands))
    titles = ["archanalyzer", *(f"archanalyzer {name}" for name in names)]
    helps = "".join(f"## {name}\n\n```text\n{_help(*name.split()[1:])}```\n\n" for name in titles)
    return f"""\
# Commands

Exit codes, of every command: 0 fine; 1 the answer is no, as when an expectation fails; 2 the input could not be used.
Answers go to standard output, diagnostics to standard error. Output to a terminal is as wide as the terminal, other
output 80 columns, or what `COLUMNS` says; without either, a table of columns that were asked for is wider where names
would come to look alike. `NO_COLOR` turns colours off, `FORCE_COLOR` on.

{helps}"""


def _help(*command: str) -> str:
    shown = CliRunner().invoke(cli.commands, [*command, "--help"], prog_name="archanalyzer", terminal_width=80)
    return shown.output


def _cell(text: str | None) -> str:
    """The first paragraph of a text, as it may stand in a table."""
    return first_paragraph(text).replace("|", "\\|")


def _stripped(write: Callable[[], str]) -> Callable[[], str]:
    return lambda: write().rstrip("\n") + "\n"


NOTEBOOKS = {"docs/homework.md": "docs/homework.ipynb"}
GENERATED: dict[str, Callable[[], str]] = {
    "docs/layers.md": _stripped(_layers),
    "docs/rules.md": _stripped(_rules),
    "docs/facts.md": _stripped(_facts),
    "docs/cli.md": _stripped(_commands),
}

if __name__ == "__main__":
    main()

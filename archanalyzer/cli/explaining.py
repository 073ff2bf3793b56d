"""``archanalyzer explain SPEC WHAT [LAYER]``: how a fact of a network comes about, written out."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from archanalyzer.cli.options import refuse_overwriting
from archanalyzer.diagnostics import did_you_mean

if TYPE_CHECKING:
    from archanalyzer.passes.analyzing import Analyzed
    from archanalyzer.passes.explaining.fields import FieldExplained
    from archanalyzer.report.explanation.count import Explained

FIELD = "receptive_field"
WHAT = {
    "parameters": "Weights and biases, the arrays' axes multiplied.",
    "trainable_parameters": "The same without what is frozen.",
    "weight_parameters": "Weights alone.",
    "bias_parameters": "Biases alone.",
    "buffers": "Numbers kept beside the parameters.",
    "filters": "Filters of convolutions.",
    "macs": "Multiply–accumulates of a forward step.",
    "flops": "All operations of a forward step.",
    "input_gradient_macs": "Multiply–accumulates of the gradients by inputs.",
    "weight_gradient_macs": "Multiply–accumulates of the gradients by weights.",
    "training_macs": "Multiply–accumulates of a training step.",
    "training_flops": "All operations of a training step.",
    "activations": "Numbers in the layers' outputs.",
    FIELD: "The receptive field of a layer, step by step.",
}
"""What can be explained, as a shell shows it; a test holds that the passes explain the same."""


class Asked(NamedTuple):
    """What is asked for, of which network, and how to write it."""

    spec: str
    what: str
    layer: str | None
    format_name: str
    output: str | None
    settings: dict[str, str]
    input_shapes: dict[str, str]
    dtype: str | None


def explain_network(asked: Asked) -> int:
    """Writes an explanation; returns the exit code.

    Raises:
        click.ClickException: there is nothing to explain.
    """
    from archanalyzer.cli.output import deliver, is_file, page
    from archanalyzer.cli.reading import read_and_analyze, tell
    from archanalyzer.report.explanation.page import written

    _refuse_misuse(asked)
    analyzed = read_and_analyze(asked.spec, settings=asked.settings, input_shapes=asked.input_shapes, dtype=asked.dtype)
    if analyzed.partial:
        tell([analyzed], asked.output)
        return 2
    explained = _field(analyzed, asked.layer) if asked.what == FIELD else _count(analyzed, asked.what, asked.layer)
    here = page(sys.stdout)
    here = here._replace(color=False) if is_file(asked.output) else here
    deliver(written(asked.format_name, analyzed, explained, here), asked.output, exact=asked.format_name != "text")
    return 2 if tell([analyzed], asked.output) else 0


def _refuse_misuse(asked: Asked) -> None:
    if asked.spec in WHAT and _is_file(asked.what):
        raise click.UsageError(f"the spec comes first: archanalyzer explain {asked.what} {asked.spec}")
    if asked.what not in WHAT:
        meant = did_you_mean(asked.what, tuple(WHAT), "explanations")
        there_is = "" if all(name in meant for name in WHAT) else f"; there is: {', '.join(WHAT)}"
        raise click.UsageError(f"there is no explanation of `{asked.what[:80]}`; {meant}{there_is}")
    refuse_overwriting((asked.spec,), asked.output)


def _is_file(path: str) -> bool:
    try:
        return path == "-" or Path(path).exists()
    except (OSError, ValueError):
        return False


def refuse_spec_alone(path: str) -> None:
    """Says what to ask about a spec that was given where a rule is expected.

    Raises:
        click.UsageError: it is one.
    """
    if _is_file(path) or path.endswith((".yaml", ".yml")):
        raise click.UsageError(
            f"`{path}` is no rule; of a spec, say what to explain, such as `archanalyzer explain {path} parameters`; "
            f"there is: {', '.join(WHAT)}"
        )


def _count(analyzed: Analyzed, what: str, name: str | None) -> Explained:
    from archanalyzer.cli.field_asking import layer_named
    from archanalyzer.passes.explaining.counts import count_explained, layer_explained

    if name is None:
        return count_explained(analyzed.facts, what)
    blocks = {block.name: index for index, block in enumerate(analyzed.graph.blocks)}
    if name in blocks:
        return count_explained(analyzed.facts, what, blocks[name])
    return layer_explained(analyzed.facts, what, layer_named(analyzed.graph, name))


def _field(analyzed: Analyzed, name: str | None) -> FieldExplained:
    """That of a layer or of a block's output; by default of the network's output.

    Raises:
        click.ClickException: the network has several outputs; or the way back cannot be followed.
    """
    from archanalyzer.cli.field_asking import layer_named
    from archanalyzer.passes.explaining.fields import field_explained
    from archanalyzer.passes.fields.moving import TooMany
    from archanalyzer.passes.fields.positions import TooWide
    from archanalyzer.passes.receptive_field import ReceptiveFields

    graph = analyzed.graph
    if name is None and len(graph.outputs) != 1:
        outputs = ", ".join(graph.layers[index].name for index in graph.outputs)
        raise click.ClickException(f"the network has {len(graph.outputs)} outputs ({outputs}): name a layer")
    layer = graph.outputs[0] if name is None else layer_named(graph, name)
    try:
        return field_explained(analyzed.facts.result(ReceptiveFields), layer)
    except TooMany:
        raise click.ClickException("too many positions would have to be followed one by one") from None
    except (TooWide, LookupError) as error:
        if isinstance(error, KeyError | IndexError):  # not told on purpose
            raise
        raise click.ClickException(str(error)) from None

"""The totals of a network in a few lines, as they stand below its table."""

from __future__ import annotations

from collections.abc import Callable

from archanalyzer.passes.analyzing import Analyzed
from archanalyzer.passes.facts import Amount
from archanalyzer.report.cells import NOTHING, UNKNOWN, cell, field_text
from archanalyzer.report.sheet import Sheet
from archanalyzer.report.text import escape, plural

CONVENTION = "1 MAC = one multiply–accumulate, bias excluded; batch 1; see docs/counting.md"

# Totals of the standard passes that the lines below tell, or that columns do; any other has a line of its own.
TOLD = {
    *("layers", "filters", "convolutions"),
    *("parameters", "trainable_parameters", "weight_parameters", "bias_parameters", "buffers", "parameter_bytes"),
    *("macs", "flops", "input_gradient_macs", "weight_gradient_macs", "training_macs", "training_flops"),
    *("activations", "activation_bytes", "peak_inference_bytes", "peak_training_bytes"),
    *("inference_bytes", "training_bytes"),
    *("homogeneous", "why_not_homogeneous", "piecewise_linear", "why_not_piecewise_linear"),
}


class _Totals:
    def __init__(self, analyzed: Analyzed) -> None:
        self.facts = analyzed.facts
        self.dtype = analyzed.graph.dtype

    def amount(self, name: str) -> Amount:
        return self.facts.total(name).amount

    def __getitem__(self, name: str) -> str:
        total = self.facts.total(name)
        return cell(total.amount, total.kind)


def summary(analyzed: Analyzed) -> list[tuple[str, str]]:
    """Title and text of every line; what a set of passes does not answer is left out."""
    totals = _Totals(analyzed)
    lines = []
    for title, write in _LINES.items():
        try:
            lines.append((title, write(totals)))
        except KeyError:  # this set of passes has no such total
            continue
    if "receptive_field" in analyzed.facts.columns:
        lines += [("receptive field", text) for text in _fields(analyzed)]
    own = [total for total in analyzed.facts.totals() if total.name not in TOLD]
    return lines + [(total.title, cell(total.amount, total.kind)) for total in own]


PARTIAL = "partial: shown and counted are only the layers that the errors leave sound"
LOWER_BOUND = f"{UNKNOWN} not known; ≥ at least so much, from what is known"
COPIES = "×N stands for N alike, with the sum over all of them"


def notes(analyzed: Analyzed, sheet: Sheet) -> list[str]:
    """What a reader must know of the numbers: that some are missing, and what the signs mean."""
    lines = [] if analyzed.network_is_sound else [PARTIAL]
    if any(total.amount.at_least for total in analyzed.facts.totals()):
        lines.append(LOWER_BOUND)
    if any(row.copies > 1 for row in sheet.rows):
        lines.append(COPIES)
    return lines


def _parameters(totals: _Totals) -> str:
    whole, trainable = totals.amount("parameters").value, totals.amount("trainable_parameters").value
    learned = "" if trainable == whole else f"; {trainable:,} trainable, {whole - trainable:,} frozen"
    buffers = f"; {totals['buffers']} buffers" if totals.amount("buffers").value else ""
    return f"{totals['parameters']}{learned}{buffers}; {totals['parameter_bytes']} as {totals.dtype}"


def _filters(totals: _Totals) -> str:
    return f"{totals['filters']} in {plural(totals.amount('convolutions').value, 'convolution')}"


def _macs(totals: _Totals) -> str:
    return totals["macs"]


def _flops(totals: _Totals) -> str:
    return f"{totals['flops']}, with biases, activations, …"


def _training(totals: _Totals) -> str:
    return f"{totals['training_macs']} MACs; {totals['training_flops']} FLOPs"


def _activations(totals: _Totals) -> str:
    peaks = f"peak {totals['peak_inference_bytes']}, {totals['peak_training_bytes']} in training"
    return f"{totals['activations']}; {totals['activation_bytes']}; {peaks}"


def _memory(totals: _Totals) -> str:
    return f"{totals['inference_bytes']} at inference; {totals['training_bytes']} in training, without optimizer"


_LINES: dict[str, Callable[[_Totals], str]] = {
    "parameters": _parameters,
    "filters": _filters,
    "MACs": _macs,
    "FLOPs": _flops,
    "training step": _training,
    "activations": _activations,
    "memory": _memory,
}


def _fields(analyzed: Analyzed) -> list[str]:
    """The field of each output of the network, by name where there are several."""
    graph, values = analyzed.graph, analyzed.facts.values("receptive_field")
    several = len(graph.inputs) > 1
    lines = []
    for output in graph.outputs:
        entries = values[output]
        text = UNKNOWN if entries is None else field_text(entries, several_inputs=several)
        if text != NOTHING:
            of = f" (of output {escape(graph.layers[output].name)})" if len(graph.outputs) > 1 else ""
            lines.append(text + of)
    return lines

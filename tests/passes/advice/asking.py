"""Asking for advice: on a spec's text, or on a graph."""

from __future__ import annotations

from typing import Any, NamedTuple, TypeVar

from archanalyzer.diagnostics import Diagnostic, Severity
from archanalyzer.graph import Graph, TensorType
from archanalyzer.passes.advice import advising_passes
from archanalyzer.passes.analyzing import analyze
from archanalyzer.passes.facts import Facts
from archanalyzer.spec import parse_spec
from tests import graphs

R = TypeVar("R")


class Advice(NamedTuple):
    """What is said to whom: the rule, the message, the hint, and the notes."""

    rule: str
    message: str
    hint: str = ""
    notes: tuple[str, ...] = ()


def spec(layers: str, inputs: str = "image: [3, 32, 32]") -> Graph:
    """The graph of a spec, which must be sound."""
    analyzed = analyze(parse_spec(f"archspec: 1\ninputs: {{{inputs}}}\nlayers:\n{layers}"))
    assert not analyzed.diagnostics, analyzed.diagnostics[0].message
    return analyzed.graph


def ask(graph: Graph, produced: type[R]) -> R:
    """The result of one of the passes that give advice."""
    return Facts(graph, advising_passes()).result(produced)


def advice_on(graph: Graph) -> list[Advice]:
    """All advice on a graph, and nothing else."""
    return [_plain(each) for each in Facts(graph, advising_passes()).diagnostics() if each.severity is Severity.ADVICE]


def advice(layers: str, inputs: str = "image: [3, 32, 32]") -> list[Advice]:
    """All advice on a spec."""
    return advice_on(spec(layers, inputs))


def rules(layers: str, inputs: str = "image: [3, 32, 32]") -> list[str]:
    """The rules that a spec breaks, as often as it does."""
    return [each.rule for each in advice(layers, inputs)]


def _plain(diagnostic: Diagnostic) -> Advice:
    assert diagnostic.source is not None
    notes = tuple(note.text for note in diagnostic.notes)
    return Advice(diagnostic.rule.code, diagnostic.message, diagnostic.hint or "", notes)


class Draft(graphs.Builder):
    """A network with one input of one spatial axis, that grows by layers that fit; others are left out."""

    def __init__(self, length: int) -> None:
        super().__init__()
        self.input("signal", 1, length)
        self.lengths = [length]

    def grow(self, op_name: str, *reads: int, **fields: Any) -> int:
        """Adds a layer to what is known to fit, and gives its index."""
        index = self.add(op_name, reads=reads, name=f"l{len(self.layers)}", **fields)
        op = self.layers[index].op
        types = tuple(TensorType((1, self.lengths[source])) for source in reads)
        self.lengths.append(op.output_type(types).spatial[0])
        return index

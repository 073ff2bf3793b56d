"""What type of tensor does every layer put out?"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeVar

from archanalyzer.diagnostics import Diagnostic, Note
from archanalyzer.diagnostics.rules.layers import OUTPUT_TOO_LARGE, TOO_MANY_AXES, WRONG_NUMBER_OF_INPUTS
from archanalyzer.graph import MOST_AXES, Graph, Layer, Misfit, NoPosition, Op, TensorType, Types
from archanalyzer.passes import plugin_answers
from archanalyzer.passes.analysis import Column, Kind, Rollup, Total, analysis

T = TypeVar("T")

MOST_ELEMENTS = 2**63 - 1
"""Of one layer's output."""


class TensorTypes(NamedTuple):
    """The output type of every layer, in the graph's order."""

    graph: Graph
    outputs: tuple[TensorType, ...]

    def inputs(self, layer: Layer) -> Types:
        """The types of what ``layer`` reads, in the order of ``from``."""
        return tuple(self.outputs[source] for source in layer.inputs)

    def map(self, declared: Callable[[Op, Types, TensorType], T]) -> tuple[T, ...]:
        """``declared`` of every layer's op, input types and output type; asked once for equal ones.

        What an op declares is a pure function of these, and big networks repeat themselves.
        """
        known: dict[tuple[int, Types], T] = {}
        answers: list[T] = []
        for layer, output in zip(self.graph.layers, self.outputs, strict=True):
            inputs = self.inputs(layer)
            key = (id(layer.op), inputs)
            if key not in known:
                known[key] = declared(layer.op, inputs, output)
            answers.append(known[key])
        return tuple(answers)

    def sources(self) -> tuple[tuple[int, ...], ...]:
        """For every layer, the layers whose numbers it reads: all inputs but those whose type alone matters."""
        by_layer = self.map(_reads_numbers)
        return tuple(
            tuple(source for source, read in zip(layer.inputs, reads, strict=True) if read)
            for layer, reads in zip(self.graph.layers, by_layer, strict=True)
        )


def _reads_numbers(op: Op, inputs: Types, output: TensorType) -> tuple[bool, ...]:
    """For each input, whether its numbers are read; where that is not stated, they are."""
    readings = op.readings(inputs, output)
    if readings is None:
        return (True,) * len(inputs)
    return tuple(not any(isinstance(each, NoPosition) for each in by_axis) for by_axis in readings)


class Typing(NamedTuple):
    """How far the types reach: None for a layer that does not fit, and for all that depend on it.

    ``diagnostics`` has one for each layer that does not fit what it reads.
    """

    outputs: tuple[TensorType | None, ...]
    diagnostics: tuple[Diagnostic, ...]

    @property
    def known(self) -> tuple[int, ...]:
        return tuple(index for index, output in enumerate(self.outputs) if output is not None)


def propagate_types(graph: Graph) -> Typing:
    """Asks every layer for its output type, front to back, and goes on beside whatever does not fit."""
    outputs: list[TensorType | None] = []
    diagnostics: list[Diagnostic] = []
    known: dict[tuple[int, Types], TensorType] = {}
    for layer in graph.layers:
        given = [outputs[source] for source in layer.inputs]
        inputs = tuple(each for each in given if each is not None)
        if len(inputs) < len(given):
            outputs.append(None)
            continue
        key = (id(layer.op), inputs)
        try:
            if key not in known:
                known[key] = output_type(layer.op, inputs)
            outputs.append(known[key])
        except Misfit as misfit:
            outputs.append(None)
            diagnostics.append(_diagnostic(graph, layer, inputs, misfit))
    return Typing(tuple(outputs), tuple(diagnostics))


def output_type(op: Op, inputs: Types) -> TensorType:
    """The type of what ``op`` puts out, with what holds for every layer checked.

    Raises:
        Misfit: the inputs do not go with each other, with the fields, or with those bounds.
    """
    if not op.arity.admits(len(inputs)):
        few = len(inputs) < op.arity.least
        raise Misfit(
            WRONG_NUMBER_OF_INPUTS,
            f"expected {op.arity}, found {len(inputs)}",
            hint=f"name {'them' if op.arity.least > 1 else 'it'} in `from:`" if few else None,
        )
    output = op.output_type(inputs) if op.plugin is None else plugin_answers.output_type(op, inputs)
    if len(output.shape) > MOST_AXES:
        message = f"expected an output of at most {MOST_AXES} axes, found {len(output.shape):,}"
        raise Misfit(TOO_MANY_AXES, message)
    if output.elements > MOST_ELEMENTS:
        raise Misfit(
            OUTPUT_TOO_LARGE,
            f"expected an output of at most {MOST_ELEMENTS:,} elements, found {output}",
            hint="look for a size, a factor or a `repeat` that is larger than meant",
        )
    return output


def _diagnostic(graph: Graph, layer: Layer, inputs: Types, misfit: Misfit) -> Diagnostic:
    notes = tuple(
        Note(f"it reads {graph.layers[source].name}, which is {tensor}", graph.layers[source].source)
        for source, tensor in zip(layer.inputs, inputs, strict=True)
    )
    message = f"`{layer.name}` ({layer.op.name}): {misfit.message}"
    return Diagnostic(misfit.rule, message, layer.source, misfit.hint, layer.trail, notes)


@analysis(
    "shapes",
    columns=[
        Column(
            "output_shape",
            "output",
            "Shape of the output of one sample, channels first.",
            lambda types: [list(output.shape) for output in types.outputs],
            Kind.SHAPE,
            Rollup.OUTPUT,
            shown=True,
        )
    ],
    totals=[
        Total(
            "layers",
            "layers",
            "Layers, the network's inputs not counted.",
            lambda types: len(types.outputs) - len(types.graph.inputs),
        )
    ],
)
def tensor_types(graph: Graph) -> TensorTypes:
    """The type of every layer's output, from the types of the network's inputs.

    Raises:
        ValueError: a layer does not fit its inputs; ``propagate_types`` says which and why.
    """
    typing = propagate_types(graph)
    outputs = tuple(output for output in typing.outputs if output is not None)
    if len(outputs) < len(graph.layers):
        raise ValueError("\n".join(diagnostic.message for diagnostic in typing.diagnostics))
    return TensorTypes(graph, outputs)

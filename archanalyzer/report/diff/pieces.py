"""A layer or a block that is on one side only, in one line."""

from __future__ import annotations

from archanalyzer.passes.analyzing import Analyzed
from archanalyzer.passes.comparing.comparison import Piece
from archanalyzer.report.cells import BLANK, cell
from archanalyzer.report.columns import Part, choose
from archanalyzer.report.diff.words import fields_text, layers_text, names_text


def piece_text(analyzed: Analyzed, piece: Piece) -> str:
    """``conv2d: filters 64, kernel 3×3; reads relu; parameters 36,928, …``; of a block, sums over its layers."""
    graph = analyzed.graph
    layers = graph.layers[piece.start : piece.stop]
    read = dict.fromkeys(source for layer in layers for source in layer.inputs if source < piece.start)
    names = [graph.layers[source].name for source in read]
    if piece.block is None:
        fields = fields_text(layers[0].op)
        what = f"{layers[0].op.name}: {fields}" if fields else layers[0].op.name
    else:
        what = f"{piece.block.block}: {layers_text(len(layers))}"
    parts = [what, *([f"reads {names_text(names)}"] if names else []), _facts(analyzed, piece)]
    return "; ".join(part for part in parts if part)


def _facts(analyzed: Analyzed, piece: Piece) -> str:
    """What the columns that a table has by default say of it, but what is nothing, or no fact."""
    part = Part((piece.start,), piece.stop - piece.start, piece.block)
    told = []
    for column in choose(analyzed.facts, None):
        value = column.of(part)
        if column.name in analyzed.facts.columns and value is not BLANK and value not in (0, []):
            told.append(f"{column.title} {cell(value, column.form, several_inputs=column.several_inputs)}")
    return ", ".join(told)

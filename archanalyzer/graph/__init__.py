"""The network as a graph, and the words in which a layer type describes itself."""

from archanalyzer.graph.arithmetic import Arithmetic, Count, Factor, count
from archanalyzer.graph.graph import Block, Graph, Layer
from archanalyzer.graph.op import Arity, Example, Kept, Misfit, Op, Trait, Types, View, WrongField
from archanalyzer.graph.spec import Expectation, Pinned, Running, Spec
from archanalyzer.graph.tensor import DTYPE_BYTES, MOST_AXES, TensorType, Unpooling, shown_shape
from archanalyzer.graph.weight import Role, Weight
from archanalyzer.graph.window import (
    Digit,
    IrregularWindow,
    NoPosition,
    Reading,
    Readings,
    Rearranged,
    Regular,
    WholeAxis,
    Window,
    aligned_axes,
    whole_axes,
)

__all__ = [
    "DTYPE_BYTES",
    "MOST_AXES",
    "Arithmetic",
    "Arity",
    "Block",
    "Count",
    "Digit",
    "Example",
    "Expectation",
    "Factor",
    "Graph",
    "IrregularWindow",
    "Kept",
    "Layer",
    "Misfit",
    "NoPosition",
    "Op",
    "Pinned",
    "Reading",
    "Readings",
    "Rearranged",
    "Regular",
    "Role",
    "Running",
    "Spec",
    "TensorType",
    "Trait",
    "Types",
    "Unpooling",
    "View",
    "Weight",
    "WholeAxis",
    "Window",
    "WrongField",
    "aligned_axes",
    "count",
    "shown_shape",
    "whole_axes",
]

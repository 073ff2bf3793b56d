"""The network as a graph, and the words in which a layer type describes itself."""

from archanalyzer.graph.arithmetic import Arithmetic, Count, Factor, count
from archanalyzer.graph.graph import Block, Graph, Layer
from archanalyzer.graph.op import Arity, Example, Kept, Misfit, Op, Trait, Types, View, WrongField
from archanalyzer.graph.patterns import is_pattern, name_pattern
from archanalyzer.graph.spec import Claim, Expectation, PartPath, Pinned, Running, Spec, Topic
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
    "Claim",
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
    "PartPath",
    "Pinned",
    "Reading",
    "Readings",
    "Rearranged",
    "Regular",
    "Role",
    "Running",
    "Spec",
    "TensorType",
    "Topic",
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
    "is_pattern",
    "name_pattern",
    "shown_shape",
    "whole_axes",
]

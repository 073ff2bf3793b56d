"""Parts of networks of which tests want the matrix."""

from __future__ import annotations

from typing import Any

import numpy as np

from archanalyzer.diagnostics import SourceFile
from archanalyzer.executor.affine_part import AffinePart
from archanalyzer.executor.kernel import Array
from archanalyzer.graph import Graph, Layer
from archanalyzer.ops.input import Input
from archanalyzer.passes import standard_passes
from archanalyzer.passes.facts import Facts
from archanalyzer.passes.tensor_types import TensorTypes
from archanalyzer.spec import parse_spec
from archanalyzer.testing import Case

NOWHERE = SourceFile("test", "").at(0)


def graph_of(case: Case) -> Graph:
    """The network of one layer, ``layer``, that a case is."""
    layers = [
        Layer(slot, f"x{slot}", Input(shape=tensor.shape), (), NOWHERE) for slot, tensor in enumerate(case.inputs)
    ]
    layer = Layer(len(layers), "layer", case.op, tuple(range(len(layers))), NOWHERE)
    return Graph("net", (*layers, layer), (layer.index,))


def types_of(graph: Graph) -> TensorTypes:
    """The types of a graph."""
    return Facts(graph, standard_passes()).result(TensorTypes)


def part_of(source: Graph | Case | str, name: str | None = None, **settings: Any) -> AffinePart:
    """The part of that name of a graph, of a case's, or of that of a spec's text; weights are drawn from 1/2 to 3/2."""
    if isinstance(source, str):
        spec = parse_spec(source, settings={key: str(value) for key, value in settings.items()})
        assert not spec.diagnostics
        source = spec.graph
    part = AffinePart(types_of(source if isinstance(source, Graph) else graph_of(source)), name)
    randomize(part)
    return part


def randomize(part: AffinePart) -> None:
    """Draws all arrays, variances too, from 1/2 to 3/2."""
    random = np.random.default_rng(5)
    for each in part.arrays:
        each.array[...] = random.uniform(0.5, 1.5, each.array.shape)


def array(part: AffinePart, name: str) -> Array:
    """The array of a part whose own name that is, ``weight``."""
    return next(each.array for each in part.arrays if each.weight.name == name)

"""One layer of a network as a network of its own, with its weights: to ask what it is as a function."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from archanalyzer.executor.errors import ExecutorError
from archanalyzer.executor.machine import require_memory
from archanalyzer.executor.network import Network
from archanalyzer.graph import Graph, Layer
from archanalyzer.ops.input import Input


def alone(network: Network, layer: int, *, dtype: str = "float64") -> Network:
    """The layer of that index alone, its inputs ``input_1``, ``input_2``, … in the order of ``from``.

    It computes in ``dtype``, has copies of the arrays that the layer computes with, another layer's where it shares
    them, and gives the gradients by its inputs, but none by its arrays. What ``network`` holds is counted as
    held beside it.

    Raises:
        ExecutorError: the layer reads more than the outputs of others, as an unpooling reads its pool's positions, or
            is an input; or there is no room for the copies.
    """
    whole = network.graph.layers[layer]
    if not whole.inputs or whole.op.reads_extras:
        what = "reads positions that another layer has kept" if whole.op.reads_extras else "is an input"
        raise ExecutorError(f"`{whole.name}` cannot be looked at alone: it {what}")
    types = network.types.inputs(whole)
    names = [f"input_{number}" for number in range(1, len(types) + 1)]
    inputs = [
        Layer(slot, name, Input(shape=tensor.shape), (), whole.source)
        for slot, (name, tensor) in enumerate(zip(names, types, strict=True))
    ]
    name = "layer"
    itself = replace(
        whole, index=len(inputs), name=name, inputs=tuple(range(len(inputs))), shares=None, trail=None, frozen=True
    )
    held = {"the network": sum(network.held.values())}
    copied = np.dtype(dtype).itemsize * sum(weight.elements for weight in whole.op.weights(types))
    require_memory(copied, f"the arrays of `{whole.name}`, once more,", beside=held)
    graph = Graph(whole.name, (*inputs, itself), (len(inputs),))
    result = Network(graph, dtype=dtype, input_gradients=True, initializer=0.0)  # to draw costs time
    result.beside |= held
    for array in result.parameters:
        own = array.removeprefix(f"{name}.")
        result.parameters[array] = network.parameters[network.parameter_name(whole.name, own)]
    return result

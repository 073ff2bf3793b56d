"""Every number of a training step, under the names of the textbook, in the order in which it is computed.

With c the loss, W and b a layer's weights and bias, η the rate:

    g   net input, W·o + b: what a layer with weights puts out
    o   output of every other layer, and of the inputs
    y   target
    mask, positions, mean, …   what a layer keeps for its backward step, under its own name
    ε   ∂c/∂o; at the network's output, what comes from the loss, then, if others read it too, all of it
    Λ   the diagonal of the Jacobian of a layer that works element by element: its derivative σ′(g)
    δ   ∂c/∂g
    ∇W, ∇b   ∂c/∂W, ∂c/∂b; shown where the update is something else than −∇W, −∇b
    V(W), …  what an optimizer keeps from step to step, by the symbol in its formula: the velocity of momentum is V
    ΔW, Δb   the update, and W, b what they are after it
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from archanalyzer.executor.binding import BackwardCall
from archanalyzer.executor.kernel import Array
from archanalyzer.executor.network import Network
from archanalyzer.graph import Layer, Trait

_SYMBOLS = {"weight": "W", "bias": "b"}
_SYMBOL_OF_ERROR = {"g": "δ", "o": "ε"}


class Traced(NamedTuple):
    """One array: the layer that it belongs to, its symbol, and its numbers, the batch first but for parameters."""

    layer: str
    symbol: str
    value: Array
    has_batch: bool = True


def forward_arrays(network: Network) -> Iterator[Traced]:
    """What the layers put out, and what they keep beside it, after a forward step that kept it."""
    extras = network.bound.kept_extras()
    for layer in network.graph.layers:
        yield Traced(layer.name, _output_symbol(network, layer), network.bound.output(layer.index).copy())
        for buffer, array in extras.get(layer.index, ()):
            yield Traced(layer.name, buffer.name, array.copy(), has_batch=buffer.per_sample)


def backward_arrays(network: Network) -> Iterator[Traced]:
    """The errors on their way back, after a backward step that kept them."""
    for name, gradient in network.output_gradients.items():
        yield Traced(name, "ε", gradient.copy())
    for step in network.bound.backward:
        layer = network.graph.layers[step.layer]
        symbol = _SYMBOL_OF_ERROR[_output_symbol(network, layer)]
        from_loss = network.output_gradients.get(layer.name)
        if symbol == "δ" or from_loss is None or not np.array_equal(from_loss, step.call.dy):
            yield Traced(layer.name, symbol, step.call.dy.copy())
        if is_activation(layer):
            yield Traced(layer.name, "Λ", derivative(step))


def update_arrays(network: Network) -> Iterator[Traced]:
    """The gradients by parameters, what the optimizer keeps, the updates, and the parameters after them."""
    trainable, optimizer = network.parameters.trainable, network.optimizer
    if not np.array_equal(optimizer.delta, -network.gradients.flat):
        yield from _parameters(network.gradients, "∇{}")
    for name, symbol in optimizer.states.items():
        yield from _parameters(trainable.of(optimizer.state[name]), f"{symbol}({{}})")
    yield from _parameters(trainable.of(optimizer.delta), "Δ{}")
    yield from _parameters(trainable)


def parameter_arrays(network: Network) -> Iterator[Traced]:
    """All arrays of the layers as they are: those that learn, those that are frozen, and buffers."""
    return _parameters(network.parameters)


def _parameters(arrays: Mapping[str, Array], symbol: str = "{}") -> Iterator[Traced]:
    """Arrays like the parameters, by the symbol of each parameter put into ``symbol``."""
    for name, array in arrays.items():
        layer, _, own = name.rpartition(".")
        yield Traced(layer, symbol.format(_SYMBOLS.get(own, own)), array.copy(), has_batch=False)


def _output_symbol(network: Network, layer: Layer) -> str:
    """Whether what a layer puts out is a net input, for an activation to follow, or an output."""
    return "g" if network.has_weights(layer) and not is_activation(layer) else "o"


def is_activation(layer: Layer) -> bool:
    """Whether a layer works element by element and bends: whether its Λ says something."""
    return Trait.ELEMENTWISE in layer.op.traits and Trait.AFFINE not in layer.op.traits


def derivative(step: BackwardCall) -> Array:
    """The derivative of a layer that works element by element, at each: its gradient for ∂c/∂y = 1."""
    result = np.empty_like(step.call.dy)
    step.kernel.backward(replace(step.call, dy=np.ones_like(result), dx=(result,), dw={}))
    step.call.scratch.reset()
    return result

"""Receptive fields by brute force: where the executor's gradients are not zero.

The gradient of an output number by an input number is a sum over the paths between them, of the product of the
derivatives along each path. In a network that only adds up multiples of its numbers, with all weights positive and all
biases zero, every product is positive: nothing cancels, and the gradient is zero exactly where there is no path.

A layer that adds up only some of what it may read, as a max-pool does, has another one put in its place that adds up
all of it: ``Sums``. Layers of which this cannot be done are refused. Normalizations and softmaxes subtract means, so
that paths may cancel; relu6, sigmoids and the like are flat where numbers are large.

Where a layer reads follows from how it computes, not from the readings that its op declares. The kernel of a pad, which
asks these what to copy, is not used: NumPy's own ``pad`` says it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from math import prod
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

import archanalyzer
from archanalyzer.executor.network import Network
from archanalyzer.graph import Graph, Layer, Op, TensorType, Types
from archanalyzer.ops.adaptive_pooling import AdaptiveMaxPooling, GlobalMaxPool
from archanalyzer.ops.borders import Pad, sides
from archanalyzer.ops.geometry import reach
from archanalyzer.ops.merging import Add, Concat, Multiply
from archanalyzer.ops.pooling import MaxPooling
from archanalyzer.ops.unpooling import MaxUnpooling
from archanalyzer.passes.tensor_types import tensor_types
from tests import graphs

Reach = npt.NDArray[np.bool_]
"""Of shape (*output places, *input places): whether an output place sees an input place."""

ADDING = {
    *("input", "dense", "concat", "add", "flatten", "reshape", "permute", "crop", "crop_like", "upsample", "dropout"),
    *("identity", "relu", "leaky_relu", "prelu", "elu", "selu"),  # of positive numbers, positive multiples
    *("conv", "conv_transpose", "avg_pool", "adaptive_avg_pool", "global_avg_pool"),
}
"""Layer types, without their number of axes: of what is positive, they add up positive multiples of all they read."""

MOST_AT_ONCE = 256
"""Output places in one batch."""

_NUMPY_MODES: dict[str, Literal["reflect", "edge", "wrap"]] = {
    "reflect": "reflect",
    "replicate": "edge",
    "circular": "wrap",
}


def reached(graph: Graph, layer: int | None = None) -> dict[int, Reach]:
    """By network input, of those with spatial axes, what every place of a layer sees of it; by default of the last.

    A place is one spatial position with all its channels; in a flat layer, one feature.

    Raises:
        ValueError: the layers do not fit each other, or of one of them gradients do not tell what it reads.
    """
    last = len(graph.layers) - 1 if layer is None else layer
    part, kept = leading_to(graph, last)
    types = tensor_types(graph).outputs
    sums = Sums(part)
    gradients = _gradients(sums.graph)
    seen: dict[int, Reach] = {}
    for index in (each for each in graph.inputs if types[each].spatial):
        shape = (*places(types[last]), *types[index].spatial)
        if index in kept:
            name = sums.graph.layers[sums.moved[kept.index(index)]].name
            seen[index] = (gradients[name] != 0).any(axis=1).reshape(shape)
        else:
            seen[index] = np.zeros(shape, np.bool_)
    return seen


def places(tensor: TensorType) -> tuple[int, ...]:
    """The extents of what places there are: the spatial axes, or of a flat tensor, its features."""
    return tensor.spatial or tensor.shape


def leading_to(graph: Graph, layer: int) -> tuple[Graph, tuple[int, ...]]:
    """The part of a network that a layer depends on, with the layer as its only output, and which layers it keeps."""
    needed = {layer}
    for each in reversed(graph.layers[: layer + 1]):
        if each.index in needed:
            needed.update(each.inputs)
    kept = tuple(sorted(needed))
    return replace(graph.part(kept), outputs=(len(kept) - 1,)), kept


def _gradients(graph: Graph) -> dict[str, npt.NDArray[np.float64]]:
    """By the name of a network input, the gradients by it of each place of the output: (places, *shape).

    Every place has a sample of its own, in which it alone has a gradient.
    """
    network = archanalyzer.compile(graph, dtype="float64", input_gradients=True)
    random = np.random.default_rng(0)
    for name, array in network.parameters.items():
        array[...] = 0 if name.endswith(".bias") else random.uniform(0.5, 1.5, array.shape)
    parts = list(_by_sample(network, random))
    gradients = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    assert all((each >= 0).all() for each in gradients.values()), "paths that cancel each other"
    return gradients


def _by_sample(network: Network, random: np.random.Generator) -> Iterator[dict[str, npt.NDArray[np.float64]]]:
    inputs = {
        network.graph.layers[index].name: random.uniform(0.5, 1.5, network.types.outputs[index].shape)
        for index in network.graph.inputs
    }
    (last,) = network.graph.outputs
    output = network.types.outputs[last]
    number = prod(places(output))
    for start in range(0, number, MOST_AT_ONCE):
        chosen = np.arange(start, min(start + MOST_AT_ONCE, number))
        samples = len(chosen)
        network.forward({name: np.broadcast_to(each, (samples, *each.shape)) for name, each in inputs.items()})
        dy = np.zeros((samples, output.elements // number, number))
        dy[np.arange(samples), :, chosen] = random.uniform(0.5, 1.5, dy.shape[:2])
        yield network.backward({network.graph.layers[last].name: dy.reshape(samples, *output.shape)})


class Sums:
    """A network with sums in place of all else; ``moved`` says which new layer stands for each old one."""

    def __init__(self, graph: Graph) -> None:
        self.types = tensor_types(graph)
        self.moved: list[int] = []
        self._layers: list[Layer] = []
        for layer in graph.layers:
            self.moved.append(self._in_sums(layer))
        outputs = tuple(self.moved[output] for output in graph.outputs)
        self.graph = Graph(graph.name, tuple(self._layers), outputs)

    def _add(self, like: Layer, op: Op, *reads: int) -> int:
        index = len(self._layers)
        shares = None if like.shares is None else self.moved[like.shares]
        self._layers.append(replace(like, index=index, name=f"l{index}", op=op, inputs=reads, shares=shares))
        return index

    def _in_sums(self, layer: Layer) -> int:
        reads = tuple(self.moved[source] for source in layer.inputs)
        inputs = self.types.inputs(layer)
        match layer.op:
            case MaxUnpooling():
                pool = self.types.graph.layers[layer.inputs[1]]
                return self._add(layer, back_through(pool.op, self.types.inputs(pool)), self._add(layer, Add(), *reads))
            case Pad(mode="zeros"):
                return self._add(layer, graphs.op("pad", amount=layer.op.amount), *reads)
            case Pad():
                return self._padded(layer, layer.op, inputs[0], *reads)
            case _:
                return self._add(layer, in_sums(layer.op, inputs), *reads)

    def _padded(self, layer: Layer, op: Pad, tensor: TensorType, x: int) -> int:
        """Puts single positions of x before and after it, axis by axis."""
        shape = list(tensor.shape)
        for axis, (length, (first, last)) in enumerate(zip(tensor.spatial, sides(op.amount, tensor), strict=True), 1):
            if first + last:
                shown = np.pad(np.arange(length), (first, last), mode=_NUMPY_MODES[op.mode]).tolist()
                added = [*shown[:first], *shown[first + length :]]
                pieces = {i: self._add(layer, _only(i, axis, shape), x) for i in sorted(set(added))}
                put = [pieces[i] for i in added]
                x = self._add(layer, Concat(axis=axis), *put[:first], x, *put[first:])
                shape[axis] += first + last
        return x


def _only(position: int, axis: int, shape: list[int]) -> Op:
    """A crop to one position of an axis."""
    amount = tuple(
        (position, extent - position - 1) if each == axis else (0, 0) for each, extent in enumerate(shape[1:], 1)
    )
    return graphs.op("crop", amount=amount)


def kind(op: Op) -> str:
    """The layer type without its number of axes: ``conv`` of ``conv2d``."""
    return re.sub(r"\dd$", "", op.name)


def in_sums(op: Op, inputs: Types) -> Op:
    """An op that adds up, each with a positive weight, all that this one may read.

    Raises:
        ValueError: none is known.
    """
    match op:
        case MaxPooling():
            return _through(op, inputs)
        case AdaptiveMaxPooling():
            return graphs.op(op.name.replace("max", "avg"), size=op.size)
        case GlobalMaxPool():
            return graphs.op("global_avg_pool", keep_axes=op.keep_axes)
        case Multiply():  # where one factor is zero, padding, the gradient by the other would be, too
            return Add()
    if kind(op) not in ADDING:
        raise ValueError(f"of {op.name}, gradients do not tell what it reads")
    return op


def _through(op: MaxPooling, inputs: Types) -> Op:
    """A convolution whose kernel lies as the pool's does, each channel for itself."""
    padding = tuple(
        (each.before, max(beyond, 0)) for each, beyond in zip(op.slide(inputs), _beyond(op, inputs), strict=True)
    )
    return graphs.op(f"conv{op.axes}d", **_kernel(op, inputs), padding=padding)


def back_through(pool: Op, inputs: Types) -> Op:
    """A transposed convolution that gives every pooled number back to all positions of its window.

    ``inputs`` are those of the pool. Where its last window ends before the input does, bare positions follow.
    """
    assert isinstance(pool, MaxPooling)
    beyond = _beyond(pool, inputs)
    return graphs.op(
        f"conv_transpose{pool.axes}d",
        **_kernel(pool, inputs),
        padding=tuple((each.before, max(after, 0)) for each, after in zip(pool.slide(inputs), beyond, strict=True)),
        output_padding=tuple(max(-after, 0) for after in beyond),
    )


def _beyond(op: MaxPooling, inputs: Types) -> list[int]:
    """By axis, how many positions behind the end of the input the last window ends; negative where it ends before it.

    Unlike the padding that the pool is given, it is as long in ceil mode as windows hang over, and no longer.
    """
    return [
        (each.outputs - 1) * each.stride + reach(each.kernel, each.dilation) - each.before - each.length
        for each in op.slide(inputs)
    ]


def _kernel(op: MaxPooling, inputs: Types) -> dict[str, Any]:
    channels = inputs[0].channels
    return {
        "filters": channels,
        "groups": channels,
        "bias": False,
        "kernel": op.kernel,
        "stride": op.stride,
        "dilation": op.dilation,
    }

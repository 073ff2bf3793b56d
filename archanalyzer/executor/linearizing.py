"""The affine map A·x + c that a piecewise-linear network is around an input, composed layer by layer, and checked.

With J and c those of a layer (``archanalyzer.executor.local_map``), what it puts out is A·x + c too, where A = Σ Jₛ·Aₛ
and c = Σ Jₛ·cₛ + c over what it reads. Of a network of dense layers and ReLUs, that is A = … Λ²·W²·Λ¹·W¹. Nothing of
it uses the network's own backward step, which ``A = J(x)`` is therefore held against.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import prod
from typing import NamedTuple

import numpy as np

from archanalyzer.executor.arrays import require_finite
from archanalyzer.executor.errors import NonFiniteError
from archanalyzer.executor.kernel import Array
from archanalyzer.executor.local_map import Kink, LocalMap, chunks
from archanalyzer.executor.machine import require_memory
from archanalyzer.executor.network import Network
from archanalyzer.graph import Graph, Layer
from archanalyzer.passes import standard_passes
from archanalyzer.passes.facts import Facts
from archanalyzer.passes.function_class import FunctionClass, holds

_WITHIN = {8: 1e-9, 4: 1e-3}
"""By the bytes of a number: how far numbers may differ that are computed in two ways, of the largest among them."""


class Factor(NamedTuple):
    """What a layer's map multiplies one of its inputs, the output of layer ``reads``, with.

    ``symbol`` is Λ for a diagonal, given in the shape of the output, W for a matrix that is made of the layer's
    weights, A for any other; matrices are (elements of the output, elements of the input), None where very large.
    """

    reads: str
    symbol: str
    shape: tuple[int, ...]
    value: Array | None


class LayerMap(NamedTuple):
    """The map of one layer around the point: its factors and its c; ``bends``: it is one of several pieces."""

    layer: str
    factors: tuple[Factor, ...]
    constant: Array
    bends: bool
    kink: Kink | None


class Check(NamedTuple):
    """Two ways to the same numbers: the largest difference, and whether it is no more than rounding.

    ``expected`` is false where the two need not be equal.
    """

    what: str
    difference: float
    holds: bool
    expected: bool = True


class Maps(NamedTuple):
    """What the network puts out at the point, and its A and c, as in ``Linearized``."""

    outputs: Mapping[str, Array]
    matrices: Mapping[tuple[str, str], Array]
    constants: Mapping[str, Array]


class Linearized(NamedTuple):
    """A network's map around the point x: f(x) = Σ A·x + c for each output, over the inputs.

    Arrays are by the names of inputs and outputs, without a batch axis. ``matrices`` are A by (output, input),
    (elements of the output, elements of the input); ``constants`` are c in the shapes of the outputs.
    ``why_not_homogeneous`` is empty where the network is homogeneous, so that the map holds at a·x for every a > 0 too.
    """

    inputs: Mapping[str, Array]
    outputs: Mapping[str, Array]
    matrices: Mapping[tuple[str, str], Array]
    constants: Mapping[str, Array]
    layers: tuple[LayerMap, ...]
    checks: tuple[Check, ...]
    why_not_homogeneous: str

    @property
    def holds(self) -> bool:
        """Whether all checks hold that have to."""
        return all(check.holds for check in self.checks if check.expected)

    def arrays(self) -> dict[str, Array]:
        """A and c under the names ``A.output.input`` and ``c.output``."""
        matrices = {f"A.{output}.{given}": array for (output, given), array in self.matrices.items()}
        return matrices | {f"c.{output}": array for output, array in self.constants.items()}


class NotPiecewiseLinear(Exception):
    """The network is not piecewise linear, or not known to be; the message says why."""


def require_piecewise_linear(found: FunctionClass) -> None:
    """Refuses a network that is no affine map around its points.

    Raises:
        NotPiecewiseLinear: it is none, or one does not know.
    """
    lacking = found.piecewise_linear.network
    if lacking is not None:
        known = "" if lacking.known else "known to be "
        raise NotPiecewiseLinear(f"it is not {known}piecewise linear: {found.piecewise_linear.why(lacking)}")


def linearize(network: Network, inputs: Mapping[str, Array]) -> Linearized:
    """The map of ``network``, which gives the gradients by its inputs, around one sample, given with a batch axis of 1.

    Raises:
        NotPiecewiseLinear: the network is not piecewise linear.
        ExecutorError: it is too large, or a layer of a plugin cannot be looked at alone.
        NonFiniteError: NaN or infinity came up.
    """
    found = Facts(network.graph, standard_passes()).result(FunctionClass)
    require_piecewise_linear(found)
    composing = _Composing(network, inputs)
    layers = tuple(composing.compose())
    maps = Maps(composing.outputs, composing.matrices(), composing.constants())
    del composing
    lacking = found.homogeneous.network
    checks = tuple(_checks(network, inputs, maps, homogeneous=bool(holds(lacking))))
    point = {name: x[0] for name, x in inputs.items()}
    return Linearized(point, *maps, layers, checks, found.homogeneous.why(lacking))


class _Composing:
    """Front to back over the layers that lead to the outputs, the maps kept of those that are still to be read.

    A layer's map is kept as rows, (elements of all inputs + 1, *shape): the columns of its A, then its c.
    """

    def __init__(self, network: Network, inputs: Mapping[str, Array]) -> None:
        self.network = network
        graph = self.graph = network.graph
        self.sources = network.types.sources()
        self.last_reader = _last_readers(graph, self.sources)
        self.columns = sum(network.types.outputs[index].elements for index in graph.inputs)
        self._require_memory()
        network.forward(inputs, gradients=False, keep=True)
        self.point = {layer.index: network.bound.output(layer.index)[0] for layer in graph.layers}
        self.outputs = {graph.layers[index].name: self.point[index].copy() for index in graph.outputs}
        self.rows: dict[int, Array] = {}

    def _require_memory(self) -> None:
        """Refuses what is too large: the most rows that are kept at once, and A once more to hold it against."""
        sizes = {index: self.network.types.outputs[index].elements for index in self.last_reader}
        done: dict[int, int] = {}
        for index, reader in self.last_reader.items():
            done[reader] = done.get(reader, 0) + sizes[index]
        live = most = 0
        for index in sorted(sizes):
            live += sizes[index]
            most = max(most, live)
            live -= done.get(index, 0)
        numbers = (most + sum(sizes[index] for index in self.graph.outputs)) * (self.columns + 1)
        what = f"the maps by {self.columns:,} input element{'s' if self.columns > 1 else ''}"
        require_memory(numbers * self.network.dtype.itemsize, what, beside=self.network.held)

    def compose(self) -> Iterator[LayerMap]:
        """Composes the maps, and tells that of each layer."""
        self._begin()
        for layer in self.graph.layers:
            if layer.index in self.last_reader and layer.inputs:
                yield self._compose(layer)
                for source in {*layer.inputs} & self.rows.keys():
                    if self.last_reader[source] == layer.index:
                        del self.rows[source]

    def _begin(self) -> None:
        """The inputs' own maps: A is the identity, c is 0."""
        start = 0
        for index in self.graph.inputs:
            tensor = self.network.types.outputs[index]
            rows = np.zeros((self.columns + 1, tensor.elements), self.network.dtype)
            rows[start : start + tensor.elements] = np.eye(tensor.elements)
            self.rows[index] = rows.reshape(-1, *tensor.shape)
            start += tensor.elements

    def _compose(self, layer: Layer) -> LayerMap:
        local = LocalMap(self.network, layer.index, [self.point[source] for source in layer.inputs])
        try:
            with np.errstate(all="ignore"):  # whatever comes of it is looked for
                carried = local.carry([self._rows_of(source, layer) for source in layer.inputs])
                carried.rows[-1] += carried.constant
        except NonFiniteError as error:
            raise NonFiniteError(layer.name, "the map", error.found) from None
        require_finite(carried.rows, layer.name, "the map")
        self.rows[layer.index] = carried.rows
        kink = carried.kink
        return LayerMap(layer.name, tuple(self._factors(layer, local)), carried.constant, not local.is_affine, kink)

    def _rows_of(self, source: int, layer: Layer) -> Array:
        """The map of what a layer reads; where the type alone matters, zeros."""
        if source in self.sources[layer.index]:
            return self.rows[source]
        return np.broadcast_to(np.zeros(1), (self.columns + 1, *self.network.types.outputs[source].shape))

    def _factors(self, layer: Layer, local: LocalMap) -> Iterator[Factor]:
        output = self.network.types.outputs[layer.index]
        matrix = "W" if self.network.has_weights(layer) and local.is_affine else "A"
        for source, value in zip(layer.inputs, local.matrices(), strict=True):
            if source in self.sources[layer.index]:
                shape = (output.elements, self.network.types.outputs[source].elements)
                symbol = "Λ" if local.is_elementwise else matrix
                yield Factor(self.graph.layers[source].name, symbol, output.shape if symbol == "Λ" else shape, value)

    # --- What came of it

    def matrices(self) -> dict[tuple[str, str], Array]:
        """The A of each output by each input."""
        result = {}
        for output in self.graph.outputs:
            whole = self.rows[output][:-1].reshape(self.columns, -1).T
            start = 0
            for index in self.graph.inputs:
                stop = start + self.network.types.outputs[index].elements
                result[self._name(output), self._name(index)] = whole[:, start:stop]
                start = stop
        return result

    def constants(self) -> dict[str, Array]:
        """The c of each output."""
        return {self._name(output): self.rows[output][-1] for output in self.graph.outputs}

    def _name(self, index: int) -> str:
        return self.graph.layers[index].name


def _last_readers(graph: Graph, sources: tuple[tuple[int, ...], ...]) -> dict[int, int]:
    """For the inputs and all layers that lead to the outputs by their numbers, which reads them last."""
    last = {index: len(graph.layers) for index in graph.outputs}
    for layer in reversed(graph.layers):
        for source in sources[layer.index] if layer.index in last else ():
            last.setdefault(source, layer.index)
    for index in graph.inputs:
        last.setdefault(index, index)
    return last


# --- Checks


def _checks(network: Network, inputs: Mapping[str, Array], maps: Maps, *, homogeneous: bool) -> Iterator[Check]:
    """That f(x) = A·x + c, that A = J(x) by the network's own backward step, and that f(x) = J(x)·x."""
    within = _WITHIN[network.dtype.itemsize]
    flat = {name: x.reshape(-1) for name, x in inputs.items()}
    whole = apart = products = 0.0  # the largest differences
    scale = largest = 1.0
    for output, value in maps.outputs.items():
        target, constant = value.reshape(-1), maps.constants[output].reshape(-1)
        own = {name: maps.matrices[output, name] for name in inputs}
        with np.errstate(all="ignore"):  # whatever comes of it is looked for
            mapped = constant + sum(matrix @ flat[name] for name, matrix in own.items())
            size = np.abs(constant) + sum(np.abs(matrix) @ np.abs(flat[name]) for name, matrix in own.items())
        require_finite(size, output, "A·x + c")
        whole = max(whole, _largest(mapped - target))
        for piece, jacobians in _jacobians(network, inputs, output):
            apart = max(apart, *(_largest(own[name][piece] - jacobian) for name, jacobian in jacobians.items()))
            with np.errstate(all="ignore"):
                product = sum(jacobian @ flat[name] for name, jacobian in jacobians.items())
            require_finite(np.asarray(product), output, "J(x)·x")
            products = max(products, _largest(product - target[piece]))
        largest, scale = max(largest, *map(_largest, own.values())), max(scale, _largest(size))
    yield Check("f(x) = A·x + c", whole, whole <= within * scale)
    yield Check("A = J(x)", apart, apart <= within * largest)
    yield Check("f(x) = J(x)·x", products, products <= within * scale, homogeneous)


def _largest(array: Array) -> float:
    return float(np.abs(array).max(initial=0))


def _jacobians(network: Network, inputs: Mapping[str, Array], output: str) -> Iterator[tuple[slice, dict[str, Array]]]:
    """Rows of the Jacobians of one output by all inputs, piece by piece, from the network's own backward step."""
    shapes = {network.graph.layers[index].name: network.types.outputs[index].shape for index in network.graph.outputs}
    elements = prod(shapes[output])
    for piece in chunks(elements, network.plan().bytes):
        rows = piece.stop - piece.start
        network.forward({name: np.repeat(x, rows, axis=0) for name, x in inputs.items()})
        gradients = {name: np.zeros((rows, *shape), network.dtype) for name, shape in shapes.items()}
        gradients[output].reshape(rows, -1)[np.arange(rows), np.arange(piece.start, piece.stop)] = 1
        yield piece, {name: each.reshape(rows, -1) for name, each in network.backward(gradients).items()}

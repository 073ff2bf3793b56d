"""The affine map A·x + c that a piecewise-linear network is around an input, composed layer by layer, and checked.

With J and c those of a layer (``archanalyzer.executor.local_map``), what it puts out is A·x + c too, where A = Σ Jₛ·Aₛ
and c = Σ Jₛ·cₛ + c over what it reads. Of a network of dense layers and ReLUs, that is A = … Λ²·W²·Λ¹·W¹. Nothing of
it uses the network's own backward step, which ``A = J(x)`` is therefore held against.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np

from archanalyzer.executor.arrays import require_finite
from archanalyzer.executor.errors import ExecutorError, NonFiniteError
from archanalyzer.executor.kernel import Array
from archanalyzer.executor.local_map import Kink, LocalMap
from archanalyzer.executor.map_checks import WITHIN, Check, Maps, checks
from archanalyzer.executor.map_costs import BESIDE, MapCosts
from archanalyzer.executor.network import Network
from archanalyzer.graph import Layer
from archanalyzer.passes import standard_passes
from archanalyzer.passes.facts import Facts
from archanalyzer.passes.function_class import FunctionClass, holds

_MAPS = "the maps"


class Factor(NamedTuple):
    """What a layer's map multiplies one of its inputs, the output of layer ``reads``, with.

    ``symbol`` is Λ for a diagonal, given in the shape of the output, W for a matrix that is made of the layer's
    weights, A for any other; matrices are (elements of the output, elements of the input), None where large.
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
        """A and c under the names ``A.output.input`` and ``c.output``.

        Raises:
            ExecutorError: names with dots in them leave two matrices with one name.
        """
        matrices = [(f"A.{output}.{given}", array) for (output, given), array in self.matrices.items()]
        counted = Counter(name for name, _ in matrices)
        if twice := [name for name, count in counted.items() if count > 1]:
            raise ExecutorError(
                f"two matrices would be saved as `{twice[0]}`: inputs or outputs have dots in their names"
            )
        return dict(matrices) | {f"c.{output}": array for output, array in self.constants.items()}


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
    costs = MapCosts(network)
    costs.require()
    network.beside[_MAPS] = costs.bytes
    try:
        composing = _Composing(network, inputs, costs)
        layers = tuple(composing.compose())
        maps = composing.maps()
        del composing
        lacking = found.homogeneous.network
        checked = tuple(checks(network, inputs, maps, homogeneous=bool(holds(lacking))))
    finally:
        del network.beside[_MAPS]
    point = {name: x[0] for name, x in inputs.items()}
    why = found.homogeneous.why(lacking)
    return Linearized(point, maps.outputs, maps.matrices, maps.constants, layers, checked, why)


class _Composing:
    """Front to back over the layers that lead to the outputs, the maps kept of those that are still to be read.

    A layer's map is kept as rows, (elements of all inputs + 3, *shape): the columns of its A, its c, and two rows of
    what rounding may come to, in A and in A·x + c. At each layer, to either is added, with a sign at random, as much as
    may be rounded there; the layers after it carry that on as they do all else.
    """

    def __init__(self, network: Network, inputs: Mapping[str, Array], costs: MapCosts) -> None:
        self.network = network
        self.graph = network.graph
        self.costs = costs
        self.columns = costs.columns
        self.random = np.random.default_rng(0)
        self.within = WITHIN[network.dtype.itemsize]
        network.forward(inputs, gradients=False, keep=True)
        self.point = {layer.index: network.bound.output(layer.index)[0] for layer in self.graph.layers}
        self.rows: dict[int, Array] = {}

    def compose(self) -> Iterator[LayerMap]:
        """Composes the maps, and tells that of each layer."""
        self._begin()
        for layer in self.graph.layers:
            if layer.index in self.costs.last_reader and layer.inputs:
                yield self._compose(layer)
                for source in {*layer.inputs} & self.rows.keys():
                    if self.costs.last_reader[source] == layer.index:
                        del self.rows[source]

    def _begin(self) -> None:
        """The inputs' own maps: A is the identity, c is 0."""
        start = 0
        for index in self.graph.inputs:
            tensor = self.network.types.outputs[index]
            rows = np.zeros((self.columns + BESIDE, tensor.elements), self.network.dtype)
            own = np.arange(tensor.elements)
            rows[start + own, own] = 1
            self.rows[index] = rows.reshape(-1, *tensor.shape)
            start += tensor.elements

    def _compose(self, layer: Layer) -> LayerMap:
        local = LocalMap(self.network, layer.index, [self.point[source] for source in layer.inputs])
        try:
            with np.errstate(all="ignore"):  # whatever comes of it is looked for
                carried = local.carry([self._rows_of(source, layer) for source in layer.inputs], self.columns)
                carried.rows[self.columns] += carried.constant
                self._add_rounding(carried.rows, self.point[layer.index])
        except NonFiniteError as error:
            raise NonFiniteError(layer.name, "the map", error.found) from None
        require_finite(carried.rows, layer.name, "the map")
        self.rows[layer.index] = carried.rows
        factors = tuple(self._factors(layer, local))
        return LayerMap(layer.name, factors, carried.constant, not local.is_affine, carried.kink)

    def _add_rounding(self, rows: Array, value: Array) -> None:
        """Adds what may be rounded: of the largest number of A, and of c and the value, at each element."""
        matrix = rows[: self.columns]
        largest = np.maximum(matrix.max(axis=0, initial=0), -matrix.min(axis=0, initial=0))
        sizes = largest, np.abs(rows[self.columns]) + np.abs(value)
        for row, size in enumerate(sizes, start=self.columns + 1):
            rows[row] += self.within * self.random.choice([-1.0, 1.0], size.shape) * size

    def _rows_of(self, source: int, layer: Layer) -> Array:
        """The map of what a layer reads; where the type alone matters, zeros."""
        if source in self.costs.sources[layer.index]:
            return self.rows[source]
        return np.broadcast_to(
            np.zeros(1, self.network.dtype), (self.columns + BESIDE, *self.network.types.outputs[source].shape)
        )

    def _factors(self, layer: Layer, local: LocalMap) -> Iterator[Factor]:
        output = self.network.types.outputs[layer.index]
        matrix = "W" if self.network.has_weights(layer) and local.is_affine else "A"
        diagonals = local.diagonals() if local.is_elementwise else None
        for slot, source in enumerate(layer.inputs):
            if source not in self.costs.sources[layer.index]:
                continue
            name = self.graph.layers[source].name
            if diagonals is not None:
                yield Factor(name, "Λ", output.shape, diagonals[slot])
            else:
                shape = (output.elements, self.network.types.outputs[source].elements)
                is_formed = (layer.index, slot) in self.costs.formed
                yield Factor(name, matrix, shape, local.matrix(slot) if is_formed else None)

    # --- What came of it

    def maps(self) -> Maps:
        """The value, A and c of each output, and what rounding may come to."""
        rows = {self._name(output): self.rows[output] for output in self.graph.outputs}
        return Maps(
            {self._name(index): self.point[index].copy() for index in self.graph.outputs},
            self._matrices(),
            {name: each[self.columns] for name, each in rows.items()},
            {name: self._roundings(each) for name, each in rows.items()},
        )

    def _roundings(self, rows: Array) -> tuple[float, float]:
        of_matrix, of_values = (float(np.abs(row).max(initial=0)) for row in rows[self.columns + 1 :])
        return of_matrix, of_values

    def _matrices(self) -> dict[tuple[str, str], Array]:
        """The A of each output by each input."""
        result = {}
        for output in self.graph.outputs:
            whole = self.rows[output][: self.columns].reshape(self.columns, -1).T
            start = 0
            for index in self.graph.inputs:
                stop = start + self.network.types.outputs[index].elements
                result[self._name(output), self._name(index)] = whole[:, start:stop]
                start = stop
        return result

    def _name(self, index: int) -> str:
        return self.graph.layers[index].name

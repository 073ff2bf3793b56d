"""What it costs to compose the affine map of a network, told before it is done: memory, and work."""

from __future__ import annotations

from math import ceil

from archanalyzer.executor.errors import ExecutorError
from archanalyzer.executor.in_pieces import rows_at_once
from archanalyzer.executor.machine import require_memory
from archanalyzer.executor.network import Network
from archanalyzer.graph import Graph, Layer, Trait

MOST_FORMED = 2**16
"""Numbers of a layer's own matrix from which on it is not formed, but only applied."""
MOST_FORMED_IN_ALL = 2**18
"""Numbers of all matrices that are formed, front to back, in one network."""
_MOST_SIDE = 2**12
"""Rows, or columns, of a matrix that is formed: each takes a step of the layer."""
BESIDE = 3
"""Rows that a layer's map has beside the columns of A: c, and two for rounding."""
_KINK_BYTES = 80
"""Of an element at a kink: its number and its slope, as Python has them."""

_MOST_WORK = 2**37
"""Bytes that are gone through, and products: about a minute on one core, measured; most often less."""
_PRODUCTS_A_BYTE = 2
_LAYER_WORK = 2**22
"""What it takes to look at a layer alone, whatever its size."""
_CALL_WORK = 2**17
"""What it takes to call a kernel, whatever it computes."""


def last_readers(graph: Graph, sources: tuple[tuple[int, ...], ...]) -> dict[int, int]:
    """For the inputs and all layers that lead to the outputs by their numbers, which reads them last."""
    last = {index: len(graph.layers) for index in graph.outputs}
    for layer in reversed(graph.layers):
        for source in sources[layer.index] if layer.index in last else ():
            last.setdefault(source, layer.index)
    for index in graph.inputs:
        last.setdefault(index, index)
    return last


def held_by(network: Network) -> dict[str, int]:
    """Bytes that a network holds beside the arrays of a backward step, by what lies there; the gradients count."""
    return {**network.held, "their gradients": network.gradients.flat.nbytes, "the arrays": 0}


class MapCosts:
    """Of composing the maps of ``network``: ``bytes`` of what is kept, and ``work``, in bytes gone through.

    ``last_reader`` says which layer reads another last, ``formed`` which matrices are formed, by layer and input.
    """

    def __init__(self, network: Network) -> None:
        self._network = network
        self._graph = network.graph
        self._itemsize = network.dtype.itemsize
        self._sizes = [tensor.elements for tensor in network.types.outputs]
        self.sources = network.types.sources()
        self.last_reader = last_readers(self._graph, self.sources)
        self.columns = sum(self._sizes[index] for index in self._graph.inputs)
        self._layers = [each for each in self._graph.layers if each.index in self.last_reader and each.inputs]
        self.formed = frozenset(self._formed())
        declared = network.types.map(lambda op, inputs, output: op.arithmetic(inputs, output))
        products = [0 if each is None else sum(count.total for count in each.macs) for each in declared]
        self._products = [each // _PRODUCTS_A_BYTE for each in products]
        self._outputs = sum(self._sizes[index] for index in self._graph.outputs)

    def require(self) -> None:
        """Refuses what is too large, or would take too long.

        Raises:
            ExecutorError: it is.
        """
        what = f"the maps by {self.columns:,} input element{'s' if self.columns > 1 else ''}"
        require_memory(self.bytes, what, beside=held_by(self._network))
        if self.work > _MOST_WORK:
            to = f"and of {self._outputs:,} output element{'s' if self._outputs > 1 else ''}"
            raise ExecutorError(f"{what} {to} would take too long to compute: try a smaller input")

    # --- Memory

    @property
    def bytes(self) -> int:
        """The most rows that are kept at once, A once more, one layer's weights, and what is told of each layer."""
        numbers = (self._most_at_once() + self._outputs) * (self.columns + BESIDE)
        numbers += max((self._weights(layer) for layer in self._layers), default=0)
        numbers += self.told + sum(self._sizes[layer.index] for layer in self._layers)  # their values as well
        bent = (layer for layer in self._layers if Trait.AFFINE not in layer.op.traits)
        return numbers * self._itemsize + _KINK_BYTES * sum(self._sizes[layer.index] for layer in bent)

    def _weights(self, layer: Layer) -> int:
        return sum(weight.elements for weight in layer.op.weights(self._network.types.inputs(layer)))

    @property
    def told(self) -> int:
        """Numbers that are told of the layers: matrices that are formed, diagonals, and each c."""
        numbers = sum(self._sizes[layer] * self._sizes[source] for layer, source in self._formed_sizes())
        for layer in self._layers:
            diagonals = len(layer.inputs) if Trait.ELEMENTWISE in layer.op.traits else 0
            numbers += self._sizes[layer.index] * (1 + diagonals)
        return numbers

    def _most_at_once(self) -> int:
        """The most elements of layers of which maps are kept together."""
        done: dict[int, int] = {}
        for index, reader in self.last_reader.items():
            done[reader] = done.get(reader, 0) + self._sizes[index]
        live = most = 0
        for index in sorted(self.last_reader):
            live += self._sizes[index]
            most = max(most, live)
            live -= done.get(index, 0)
        return most

    def _formed(self) -> list[tuple[int, int]]:
        """By layer and the place among its inputs, front to back as far as the numbers of all go."""
        left, formed = MOST_FORMED_IN_ALL, []
        for layer in self._layers:
            if Trait.ELEMENTWISE in layer.op.traits:
                continue
            for slot, source in enumerate(layer.inputs):
                sides = self._sizes[layer.index], self._sizes[source]
                size = sides[0] * sides[1]
                if source in self.sources[layer.index] and size <= min(MOST_FORMED, left) and max(sides) <= _MOST_SIDE:
                    formed.append((layer.index, slot))
                    left -= size
        return formed

    def _formed_sizes(self) -> list[tuple[int, int]]:
        return [(layer, self._graph.layers[layer].inputs[slot]) for layer, slot in self.formed]

    # --- Work

    @property
    def work(self) -> int:
        """Of each layer alone, and of the network's own backward step from each element of its outputs."""
        return sum(map(self._layer_work, self._layers)) + self._check_work()

    def _layer_work(self, layer: Layer) -> int:
        inputs, outputs = sum(self._sizes[source] for source in layer.inputs), self._sizes[layer.index]
        moved = self._itemsize * (inputs + outputs)
        forward = self._products[layer.index] + 3 * moved
        rows = self.columns + BESIDE
        if Trait.ELEMENTWISE in layer.op.traits:
            return rows * 3 * moved + _LAYER_WORK
        steps = sum(self._sizes[layer.inputs[slot]] for index, slot in self.formed if index == layer.index)
        if Trait.AFFINE in layer.op.traits:
            return (rows + steps) * forward + _LAYER_WORK
        # Three Jacobians, each row by a forward and a backward step; then rows times what of them is not zero.
        return outputs * 3 * (2 * self._products[layer.index] + 6 * moved) + rows * 6 * moved + _LAYER_WORK

    def _check_work(self) -> int:
        plan = self._network.plan()
        at_once = rows_at_once(self._outputs, plan.bytes, held_by(self._network))
        calls = ceil(self._outputs / at_once) * 2 * len(self._graph.layers)
        return self._outputs * (3 * sum(self._products) + 3 * plan.bytes) + calls * _CALL_WORK

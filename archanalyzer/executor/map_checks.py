"""An affine map of a network held against the network: f(x) = A·x + c, A = J(x), and f(x) = J(x)·x."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import prod
from typing import NamedTuple

import numpy as np

from archanalyzer.executor.arrays import require_finite
from archanalyzer.executor.in_pieces import pieces
from archanalyzer.executor.kernel import Array
from archanalyzer.executor.map_costs import held_by
from archanalyzer.executor.network import Network

WITHIN = {8: 1e-9, 4: 1e-3}
"""By the bytes of a number: how far numbers may differ that are computed in two ways, of the largest among them."""


class Check(NamedTuple):
    """Two ways to the same numbers: the largest difference, and whether it is no more than rounding.

    ``expected`` is false where the two need not be equal.
    """

    what: str
    difference: float
    holds: bool
    expected: bool = True


class Maps(NamedTuple):
    """What a network puts out at a point, and its A and c, by the names of outputs and inputs.

    ``roundings``: by output, how far A, and how far A·x + c may be off, by what was added up on the way: where that
    cancels out, less is left than was rounded.
    """

    outputs: Mapping[str, Array]
    matrices: Mapping[tuple[str, str], Array]
    constants: Mapping[str, Array]
    roundings: Mapping[str, tuple[float, float]]


class _Differences:
    """The largest differences between two ways, and the largest numbers, of one output."""

    def __init__(self) -> None:
        self.whole = self.apart = self.products = 0.0
        self.scale = self.largest = 0.0


def checks(network: Network, inputs: Mapping[str, Array], maps: Maps, *, homogeneous: bool) -> Iterator[Check]:
    """Holds A and c against outputs, and against Jacobians by the network's own backward step.

    f(x) = J(x)·x is expected where the network is ``homogeneous``.

    Raises:
        NonFiniteError: NaN or infinity came up.
    """
    flat = {name: x.reshape(-1) for name, x in inputs.items()}
    within = WITHIN[network.dtype.itemsize]
    found = {output: _compared(network, flat, inputs, maps, output) for output in maps.outputs}
    whole = apart = products = True
    for output, each in found.items():
        of_matrix, of_values = maps.roundings[output]
        whole = whole and each.whole <= within * each.scale + of_values
        apart = apart and each.apart <= within * each.largest + of_matrix
        products = products and each.products <= within * each.scale + of_values
    yield Check("f(x) = A·x + c", max((each.whole for each in found.values()), default=0.0), whole)
    yield Check("A = J(x)", max((each.apart for each in found.values()), default=0.0), apart)
    yield Check("f(x) = J(x)·x", max((each.products for each in found.values()), default=0.0), products, homogeneous)


def _compared(
    network: Network, flat: Mapping[str, Array], inputs: Mapping[str, Array], maps: Maps, output: str
) -> _Differences:
    """One output, piece by piece: what is compared is never there as a whole."""
    found = _Differences()
    target, constant = maps.outputs[output].reshape(-1), maps.constants[output].reshape(-1)
    for piece, jacobians in _jacobians(network, inputs, output):
        own = {name: maps.matrices[output, name][piece] for name in inputs}
        with np.errstate(all="ignore"):  # whatever comes of it is looked for
            mapped = constant[piece] + sum(matrix @ flat[name] for name, matrix in own.items())
            size = np.abs(constant[piece]) + sum(np.abs(matrix) @ np.abs(flat[name]) for name, matrix in own.items())
            product = sum(jacobian @ flat[name] for name, jacobian in jacobians.items())
        require_finite(size, output, "A·x + c")
        require_finite(np.asarray(product), output, "J(x)·x")
        found.whole = max(found.whole, _largest(mapped - target[piece]))
        found.apart = max(found.apart, *(_largest(own[name] - jacobian) for name, jacobian in jacobians.items()))
        found.products = max(found.products, _largest(product - target[piece]))
        found.largest = max(found.largest, *map(_largest, own.values()))
        found.scale = max(found.scale, _largest(size))
    return found


def _largest(array: Array) -> float:
    return float(np.abs(array).max(initial=0))


def _jacobians(network: Network, inputs: Mapping[str, Array], output: str) -> Iterator[tuple[slice, dict[str, Array]]]:
    """Rows of the Jacobians of one output by all inputs, piece by piece, from the network's own backward step."""
    shapes = {network.graph.layers[index].name: network.types.outputs[index].shape for index in network.graph.outputs}
    elements = prod(shapes[output])
    for piece in pieces(elements, network.plan().bytes + _bytes_beside(network), held_by(network)):
        rows = piece.stop - piece.start
        network.forward({name: np.repeat(x, rows, axis=0) for name, x in inputs.items()})
        gradients = {name: np.zeros((rows, *shape), network.dtype) for name, shape in shapes.items()}
        gradients[output].reshape(rows, -1)[np.arange(rows), np.arange(piece.start, piece.stop)] = 1
        yield piece, {name: each.reshape(rows, -1) for name, each in network.backward(gradients).items()}


def _bytes_beside(network: Network) -> int:
    """Of a row, beside the plan: inputs repeated and their gradients, and these compared with A; outputs, gradients."""
    inputs, outputs = (
        sum(network.types.outputs[index].elements for index in ends)
        for ends in (network.graph.inputs, network.graph.outputs)
    )
    return network.dtype.itemsize * (5 * inputs + 3 * outputs)

"""The affine map that one layer is around a point: y = Σ Jₛ·xₛ + c, over its inputs s.

Of an affine layer it is told from what the layer puts out: c = f(0), and the columns of J are f(eᵢ) − f(0), the biases
being zeros meanwhile. Of any other, J is its Jacobian at the point o, row by row from the kernel's backward step, and
c = f(o) − J·o. Where a layer works element by element, J is a diagonal, Λ.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod
from typing import NamedTuple

import numpy as np

from archanalyzer.executor.alone import alone
from archanalyzer.executor.in_pieces import pieces
from archanalyzer.executor.kernel import Array
from archanalyzer.executor.network import Network
from archanalyzer.graph import Role, Trait

_STEPS = {8: 1e-12, 4: 1e-6}
"""By the bytes of a number: how far beside the point its pieces are looked at."""
_SAME = 1e-9
"""Slopes no further apart are the same."""
_SPARSE = 0.1
"""Of a Jacobian: up to this part of it not zero, it is multiplied number by number."""


class Kink(NamedTuple):
    """The elements of a layer's output, counted from 0, at which the point lies where two pieces meet.

    ``slopes`` are those that are taken there, of a layer that works element by element, else None. ``bends``: whether
    the layer's output bends there; not where, by the slopes taken before it, what comes to it does not change.
    """

    units: tuple[int, ...]
    slopes: tuple[float, ...] | None
    bends: bool


class Carried(NamedTuple):
    """Rows that a layer's J was applied to, (rows, *output shape), the layer's c, and whether it is at a kink."""

    rows: Array
    constant: Array
    kink: Kink | None = None


class LocalMap:
    """The map of one layer of ``network`` around ``point``: what it reads there, each without a batch axis.

    Raises:
        ExecutorError: the layer cannot be looked at alone, or is too large.
    """

    def __init__(self, network: Network, layer: int, point: Sequence[Array]) -> None:
        whole = network.graph.layers[layer]
        self.is_affine = Trait.AFFINE in whole.op.traits
        self.is_elementwise = Trait.ELEMENTWISE in whole.op.traits
        self._network = alone(network, layer, dtype=str(network.dtype))
        self._held = dict(self._network.held)
        self._point = [np.asarray(x, network.dtype) for x in point]
        self._output_shape = network.types.outputs[layer].shape
        self._inputs, self._outputs = sum(x.size for x in self._point), prod(self._output_shape)
        if self.is_affine:
            zeros = [np.zeros((1, *x.shape), network.dtype) for x in self._point]
            self._constant = self._values(zeros)[0]
            for weight in whole.op.weights(network.types.inputs(whole)):
                if weight.role is Role.BIAS:
                    self._network.parameters[f"layer.{weight.name}"][...] = 0  # a large one would cost digits of J
            self._base = self._values(zeros)[0]

    def carry(self, rows: Sequence[Array], changing: int | None = None) -> Carried:
        """Applies J: to rows of each input, (rows, *shape), all equally many.

        Of a kink, ``bends`` is whether any of the rows, or of the first ``changing``, is carried differently on its two
        sides.
        """
        if self.is_affine:
            return Carried(self._values(rows, minus=self._base), self._constant)
        changing = len(rows[0]) if changing is None else changing
        carry = self._carry_by_slopes if self.is_elementwise else self._carry_by_jacobian
        return carry(rows, changing)

    def diagonals(self) -> list[Array]:
        """J by each input where the layer works element by element: its diagonal, in the output's shape."""
        return list(self._affine_slopes() if self.is_affine else self._slopes(self._point))

    def matrix(self, slot: int) -> Array:
        """J by one input, (outputs, inputs)."""
        inputs = self._point[slot].size
        matrix = np.empty((self._outputs, inputs), self._network.dtype)
        if not self.is_affine:
            for piece in self._pieces_of_jacobian():
                matrix[piece] = self._jacobians(self._point, piece)[slot]
            return matrix
        for piece in self._pieces_of_values(inputs):
            size = piece.stop - piece.start
            units = [np.zeros((size, *x.shape), x.dtype) for x in self._point]
            units[slot].reshape(size, -1)[np.arange(size), np.arange(piece.start, piece.stop)] = 1
            matrix[:, piece] = self._values(units, minus=self._base).reshape(size, -1).T
        return matrix

    # --- An affine layer

    def _affine_slopes(self) -> Iterator[Array]:
        """The diagonals: what is added where one of the inputs is 1 throughout."""
        for slot in range(len(self._point)):
            ones = [np.full((1, *x.shape), float(other == slot)) for other, x in enumerate(self._point)]
            yield self._values(ones, minus=self._base)[0]

    # --- Any other

    def _carry_by_slopes(self, rows: Sequence[Array], changing: int) -> Carried:
        slopes, *sides = (self._slopes(at) for at in (self._point, *self._sides()))
        carried = self._weighted(slopes, rows)
        constant = (
            self._values([x[None] for x in self._point]) - self._weighted(slopes, [x[None] for x in self._point])
        )[0]
        apart = [_apart(*pair) for pair in zip(*sides, strict=True)]
        differ = np.any(apart, axis=0)
        if not differ.any():
            return Carried(carried, constant)
        bends = any(
            bool(each[piece][:, where].any())
            for where, each in zip(apart, rows, strict=True)
            for piece in self._pieces_of_values(changing)
        )
        taken = tuple(slopes[0][differ].tolist()) if len(slopes) == 1 else None
        return Carried(carried, constant, Kink(tuple(np.flatnonzero(differ).tolist()), taken, bends))

    def _weighted(self, slopes: Sequence[Array], rows: Sequence[Array]) -> Array:
        """Rows of each input times its diagonal, added up."""
        result = np.zeros((len(rows[0]), *self._output_shape), self._network.dtype)
        for piece in self._pieces_of_values(len(result)):
            for slope, each in zip(slopes, rows, strict=True):
                result[piece] += slope * each[piece]
        return result

    def _carry_by_jacobian(self, rows: Sequence[Array], changing: int) -> Carried:
        flat = [each.reshape(len(each), -1) for each in rows]
        carried = np.zeros((len(flat[0]), self._outputs), self._network.dtype)
        constant = self._values([x[None] for x in self._point]).reshape(-1)
        differ, bends = np.zeros(self._outputs, bool), False
        for piece in self._pieces_of_jacobian(len(carried)):
            here, before, after = (self._jacobians(at, piece) for at in (self._point, *self._sides()))
            for slot, jacobian in enumerate(here):
                _add_product(carried[:, piece], flat[slot], jacobian)
                constant[piece] -= jacobian @ self._point[slot].reshape(-1)
                apart = _apart(before[slot], after[slot])
                if apart.any():
                    differ[piece] |= apart.any(axis=1)
                    bends = bends or self._any_product(flat[slot][:changing], (after[slot] - before[slot]) * apart)
        kink = Kink(tuple(np.flatnonzero(differ).tolist()), None, bends) if differ.any() else None
        return Carried(carried.reshape(-1, *self._output_shape), constant.reshape(self._output_shape), kink)

    def _any_product(self, rows: Array, jacobian: Array) -> bool:
        product = np.zeros((len(rows), len(jacobian)), rows.dtype)
        _add_product(product, rows, jacobian)
        return bool(product.any())

    def _sides(self) -> tuple[list[Array], list[Array]]:
        """Two points close by, on opposite sides of the point in every element, by different steps."""
        random = np.random.default_rng(0)
        steps = []
        for x in self._point:
            step = random.uniform(0.5, 1, x.shape) * random.choice([-1, 1], x.shape)
            steps.append((step * _STEPS[x.dtype.itemsize] * np.maximum(1, np.abs(x))).astype(x.dtype))
        pairs = list(zip(self._point, steps, strict=True))
        return [x - step for x, step in pairs], [x + step for x, step in pairs]

    def _slopes(self, at: Sequence[Array]) -> list[Array]:
        """The diagonals by each input at one point."""
        return [slope[0] for slope in self._gradients(at, np.ones((1, *self._output_shape)))]

    def _jacobians(self, at: Sequence[Array], piece: slice) -> list[Array]:
        """Some rows of the Jacobians by each input at one point, (rows, inputs)."""
        rows = piece.stop - piece.start
        dy = np.zeros((rows, self._outputs), self._network.dtype)
        dy[np.arange(rows), np.arange(piece.start, piece.stop)] = 1
        return [each.reshape(rows, -1) for each in self._gradients(at, dy.reshape(rows, *self._output_shape))]

    # --- What the layer computes

    def _values(self, rows: Sequence[Array], minus: Array | float = 0.0) -> Array:
        """The layer's outputs for each of the rows, less ``minus``."""
        result = np.empty((len(rows[0]), *self._output_shape), self._network.dtype)
        for piece in self._pieces_of_values(len(result)):
            outputs = self._network.forward(_named([each[piece] for each in rows]), gradients=False)["layer"]
            np.subtract(outputs, minus, out=result[piece])
        return result

    def _gradients(self, at: Sequence[Array], dy: Array) -> list[Array]:
        """By each input at one point, the gradients for each row of ``dy``."""
        self._network.forward(_named([np.broadcast_to(x, (len(dy), *x.shape)) for x in at]))
        return list(self._network.backward({"layer": dy}).values())

    def _pieces_of_values(self, rows: int) -> Iterator[slice]:
        ends = self._network.dtype.itemsize * (self._inputs + 2 * self._outputs)
        return pieces(rows, self._network.plan(gradients=False).bytes + ends, self._held)

    def _pieces_of_jacobian(self, carried: int = 0) -> Iterator[slice]:
        """Of the rows of J, with three gradients at once, and room to compare and multiply them."""
        numbers = 9 * self._inputs + 3 * self._outputs + 2 * carried
        return pieces(self._outputs, self._network.plan().bytes + self._network.dtype.itemsize * numbers, self._held)


def _named(arrays: Sequence[Array]) -> dict[str, Array]:
    return {f"input_{number}": array for number, array in enumerate(arrays, start=1)}


def _add_product(to: Array, rows: Array, jacobian: Array) -> None:
    """Adds ``rows @ jacobian.T``: by what is not zero where that is little, as of a maximum, which has a 1 a row."""
    at, reads = np.nonzero(jacobian)
    if len(at) > _SPARSE * jacobian.size:
        to += rows @ jacobian.T
    elif len(at):
        starts, factors = np.flatnonzero(np.diff(at, prepend=-1)), jacobian[at, reads]
        step = max(1, len(rows) * len(jacobian) // len(at))  # so many rows that this takes no more than the result
        for first in range(0, len(rows), step):
            some = rows[first : first + step, reads] * factors
            to[first : first + step, at[starts]] += np.add.reduceat(some, starts, axis=1)


def _apart(before: Array, after: Array) -> Array:
    """Where slopes on two sides are not the same."""
    apart: Array = np.abs(after - before) > _SAME * np.maximum(1, np.abs(before))
    return apart

"""The affine map that one layer is around a point: y = Σ Jₛ·xₛ + c, over its inputs s.

Of an affine layer it is told from what the layer puts out: c = f(0), and the columns of J are f(eᵢ) − f(0). Of any
other, J is its Jacobian at the point o, row by row from the kernel's backward step, and c = f(o) − J·o. Where a layer
works element by element, J is a diagonal, Λ.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from math import prod
from typing import NamedTuple

import numpy as np

from archanalyzer.executor.alone import alone
from archanalyzer.executor.kernel import Array
from archanalyzer.executor.network import Network
from archanalyzer.graph import Trait

MOST_FORMED = 2**16
"""Numbers of a layer's own matrix from which on it is not formed, but only applied."""

_CHUNK_BYTES = 2**25
_STEPS = {8: 1e-12, 4: 1e-6}
"""By the bytes of a number: how far beside the point its pieces are looked at."""
_SAME = 1e-9
"""Slopes no further apart are the same."""
_SPARSE = 0.1
"""Of a Jacobian: up to this part of it not zero, it is multiplied number by number."""


class Kink(NamedTuple):
    """The elements of a layer's output, counted from 0, at which the point lies where two pieces meet.

    ``slopes`` are those that are taken there, of a layer that works element by element, else None. ``bends``: whether
    the network bends there; it does not where what comes to the layer does not change.
    """

    units: tuple[int, ...]
    slopes: tuple[float, ...] | None
    bends: bool


class Carried(NamedTuple):
    """Rows that a layer's J was applied to, (rows, *output shape), the layer's c, and whether it is at a kink."""

    rows: Array
    constant: Array
    kink: Kink | None = None


def chunks(rows: int, bytes_a_row: int) -> Iterator[slice]:
    """So many rows in pieces, each of which is worked on at once."""
    step = max(1, _CHUNK_BYTES // max(1, bytes_a_row))
    return (slice(start, min(start + step, rows)) for start in range(0, rows, step))


class LocalMap:
    """The map of one layer of ``network`` around ``point``: what it reads there, each without a batch axis.

    Raises:
        ExecutorError: the layer cannot be looked at alone.
    """

    def __init__(self, network: Network, layer: int, point: Sequence[Array]) -> None:
        whole = network.graph.layers[layer]
        self.is_affine = Trait.AFFINE in whole.op.traits
        self.is_elementwise = Trait.ELEMENTWISE in whole.op.traits
        self._network = alone(network, layer, dtype=str(network.dtype))
        self._point = [np.asarray(x, network.dtype) for x in point]
        self._output_shape = network.types.outputs[layer].shape

    def carry(self, rows: Sequence[Array]) -> Carried:
        """Applies J: to rows of each input, (rows, *shape), all equally many.

        Of a kink, ``bends`` is whether any of the rows is carried differently on its two sides.
        """
        if self.is_affine:
            constant = self._constant
            return Carried(self._values(rows) - constant, constant)
        return self._carry_by_slopes(rows) if self.is_elementwise else self._carry_by_jacobian(rows)

    def matrices(self) -> list[Array | None]:
        """J by each input: the diagonal in the output's shape, else (outputs, inputs), None for a very large one."""
        if self.is_elementwise:
            return list(self._affine_slopes() if self.is_affine else self._slopes(self._point))
        outputs = prod(self._output_shape)
        return [None if outputs * x.size > MOST_FORMED else self._formed(slot) for slot, x in enumerate(self._point)]

    def _formed(self, slot: int) -> Array:
        if not self.is_affine:
            return self._jacobians(self._point, slice(0, prod(self._output_shape)))[slot]
        size = self._point[slot].size
        units = [np.zeros((size, *x.shape)) for x in self._point]
        units[slot] = np.eye(size).reshape(size, *self._point[slot].shape)
        matrix: Array = (self._values(units) - self._constant).reshape(size, -1).T
        return matrix

    # --- An affine layer

    @cached_property
    def _constant(self) -> Array:
        return self._values([np.zeros((1, *x.shape)) for x in self._point])[0]

    def _affine_slopes(self) -> Iterator[Array]:
        """The diagonals: what is added where one of the inputs is 1 throughout."""
        for slot in range(len(self._point)):
            ones = [np.full((1, *x.shape), float(other == slot)) for other, x in enumerate(self._point)]
            yield self._values(ones)[0] - self._constant

    # --- Any other

    def _carry_by_slopes(self, rows: Sequence[Array]) -> Carried:
        slopes, *sides = (self._slopes(at) for at in (self._point, *self._sides))
        carried, at_point = (
            np.add.reduce([slope * each for slope, each in zip(slopes, to, strict=True)]) for to in (rows, self._point)
        )
        constant = self._values([x[None] for x in self._point])[0] - at_point
        apart = [_apart(*pair) for pair in zip(*sides, strict=True)]
        differ = np.any(apart, axis=0)
        if not differ.any():
            return Carried(carried, constant)
        bends = any(bool((each * where).any()) for where, each in zip(apart, rows, strict=True))
        taken = tuple(slopes[0][differ].tolist()) if len(slopes) == 1 else None
        return Carried(carried, constant, Kink(tuple(np.flatnonzero(differ).tolist()), taken, bends))

    def _carry_by_jacobian(self, rows: Sequence[Array]) -> Carried:
        outputs = prod(self._output_shape)
        flat = [each.reshape(len(each), -1) for each in rows]
        carried = np.zeros((len(flat[0]), outputs), self._point[0].dtype)
        constant = self._values([x[None] for x in self._point]).reshape(-1)
        differ, bends = np.zeros(outputs, bool), False
        for piece in chunks(outputs, 3 * self._network.plan().bytes):
            here, before, after = (self._jacobians(at, piece) for at in (self._point, *self._sides))
            for slot, jacobian in enumerate(here):
                carried[:, piece] += _product(flat[slot], jacobian)
                constant[piece] -= jacobian @ self._point[slot].reshape(-1)
                apart = _apart(before[slot], after[slot])
                if apart.any():
                    differ[piece] |= apart.any(axis=1)
                    bend = np.where(apart, after[slot] - before[slot], 0)
                    bends = bends or bool(_product(flat[slot], bend).any())
        kink = Kink(tuple(np.flatnonzero(differ).tolist()), None, bends) if differ.any() else None
        return Carried(carried.reshape(-1, *self._output_shape), constant.reshape(self._output_shape), kink)

    @cached_property
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
        dy = np.zeros((rows, prod(self._output_shape)))
        dy[np.arange(rows), np.arange(piece.start, piece.stop)] = 1
        return [each.reshape(rows, -1) for each in self._gradients(at, dy.reshape(rows, *self._output_shape))]

    # --- What the layer computes

    def _values(self, rows: Sequence[Array]) -> Array:
        """The layer's outputs for each of the rows."""
        pieces = [
            self._network.forward(_named([each[piece] for each in rows]), gradients=False)["layer"]
            for piece in chunks(len(rows[0]), self._network.plan(gradients=False).bytes)
        ]
        return np.concatenate(pieces) if len(pieces) > 1 else pieces[0]

    def _gradients(self, at: Sequence[Array], dy: Array) -> list[Array]:
        """By each input at one point, the gradients for each row of ``dy``."""
        self._network.forward(_named([np.broadcast_to(x, (len(dy), *x.shape)) for x in at]))
        return list(self._network.backward({"layer": dy}).values())


def _named(arrays: Sequence[Array]) -> dict[str, Array]:
    return {f"input_{number}": array for number, array in enumerate(arrays, start=1)}


def _product(rows: Array, jacobian: Array) -> Array:
    """``rows @ jacobian.T``, by way of what is not zero where that is little: a maximum's Jacobian has a 1 a row."""
    at, reads = np.nonzero(jacobian)
    if len(at) > _SPARSE * jacobian.size:
        product: Array = rows @ jacobian.T
        return product
    result = np.zeros((len(rows), len(jacobian)), rows.dtype)
    if len(at):
        starts = np.flatnonzero(np.diff(at, prepend=-1))
        result[:, at[starts]] = np.add.reduceat(rows[:, reads] * jacobian[at, reads], starts, axis=1)
    return result


def _apart(before: Array, after: Array) -> Array:
    """Where slopes on two sides are not the same."""
    apart: Array = np.abs(after - before) > _SAME * np.maximum(1, np.abs(before))
    return apart

"""The matrix of a layer that is affine: vec(output) = W·vec(input) + c.

vec puts the numbers of a tensor one behind the other, the last axis the fastest (C order), several inputs one behind
the other. Row i of W is what the backward step computes, ∂(number i of the output)/∂input: it is the same at every
input, and no part of c is in it. Where there are fewer columns than rows, and c is nothing but biases, column j is the
output for an input of zeros but for a 1 at j, the biases being zeros meanwhile. W and c are then held against a forward
step at random.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import prod

import numpy as np

from archanalyzer.executor.affine_part import AffinePart
from archanalyzer.executor.errors import ExecutorError
from archanalyzer.executor.kernel import Array
from archanalyzer.executor.matrix_work import Budget
from archanalyzer.executor.sparse import Sparse, stacked
from archanalyzer.graph import Role

_AT_ONCE = 2**26
"""Bytes of arrays in which some rows are computed."""
_WITHIN = 1e-9


def matrix_of(part: AffinePart, budget: Budget | None = None) -> Sparse:
    """W, for the weights as they are; the steps that it takes are taken from ``budget``.

    Raises:
        TakesTooLongError: they are more than are left.
        ExecutorError: it has too many numbers that are not zero to keep.
        NonFiniteError: NaN or infinity came up.
    """
    rows, columns = part.shape
    budget = Budget() if budget is None else budget
    biases = [(array, array.copy()) for _, array, _ in part.arrays_of(Role.BIAS)]
    for array, _ in biases:
        array[...] = 0
    try:
        by_columns = columns < rows and not offset_of(part).any()
        budget.take(part.work.by_columns if by_columns else part.work.by_rows, part.computing)
        if by_columns:
            return stacked(_blocks(part, columns, _outputs, gradients=False), (columns, rows)).transposed()
        return stacked(_blocks(part, rows, _some_rows, gradients=True), (rows, columns))
    finally:
        for array, before in biases:
            array[...] = before


def _blocks(
    part: AffinePart, count: int, compute: Callable[[AffinePart, Array], Array], *, gradients: bool
) -> Iterator[Array]:
    """What is computed for each of the unit vectors of so many numbers, some at once."""
    at_once = max(1, _AT_ONCE // (part.network.plan(gradients=gradients).bytes + 8 * sum(part.shape)))
    for start in range(0, count, at_once):
        batch = min(at_once, count - start)
        units = np.zeros((batch, count))
        units[np.arange(batch), np.arange(start, start + batch)] = 1
        yield compute(part, units)


def _some_rows(part: AffinePart, units: Array) -> Array:
    """Rows of W, for unit vectors of the output."""
    part.network.forward(_inputs(part, np.zeros((len(units), part.shape[1]))))  # each backward step needs one
    gradients = part.network.backward(units.reshape(-1, *part.output[1]))
    return np.concatenate([gradients[name].reshape(len(units), -1) for name, _ in part.inputs], axis=1)


def _outputs(part: AffinePart, x: Array) -> Array:
    """The outputs for inputs that are rows of ``x``, each as a row."""
    return part.network.forward(_inputs(part, x), gradients=False)[part.output[0]].reshape(len(x), -1)


def _inputs(part: AffinePart, x: Array) -> dict[str, Array]:
    """The inputs by name, of rows of numbers; zeros where the type alone matters."""
    graph, types = part.network.graph, part.network.types
    arrays = {graph.layers[index].name: np.zeros((len(x), *types.outputs[index].shape)) for index in graph.inputs}
    start = 0
    for name, shape in part.inputs:
        stop = start + prod(shape)
        arrays[name] = x[:, start:stop].reshape(-1, *shape)
        start = stop
    return arrays


def offset_of(part: AffinePart) -> Array:
    """The offset c, what the part puts out for zeros, for the weights as they are; raises as ``Network.forward``."""
    return _outputs(part, np.zeros((1, part.shape[1])))[0] + 0.0  # -0 + 0 is 0


def require_equal(part: AffinePart, matrix: Sparse, offset: Array) -> None:
    """Holds W·vec(x) + c against the forward step, for an x at random.

    Raises:
        ExecutorError: they differ: what the part's layers say of themselves, or how they compute, is wrong.
    """
    x = np.random.default_rng(0).standard_normal(matrix.shape[1])
    output = _outputs(part, x[None])[0]
    size = matrix._replace(values=np.abs(matrix.values)).times(np.abs(x)) + np.abs(offset)
    difference = np.abs(matrix.times(x) + offset - output)
    if (difference > _WITHIN * np.maximum(size, np.abs(output))).any():
        raise ExecutorError(
            f"`{part.name}` is not what its layers say, affine with these gradients: at an input drawn at random, its "
            f"output and W·vec(input) + c differ by {difference.max():.3g}"
        )

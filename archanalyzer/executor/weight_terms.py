"""Which weight stands where in the matrix of a layer: W = W₀ + Σ_j w_j·W_j, w_j the layer's weights.

Nothing is assumed of the layer but that its matrix is a sum of this form, which is tried on weights at random. Where
every entry is one weight, times a number, three evaluations tell which: with all weights 1, the entry is the number;
with weight number j being j, that number times j; at random, the product. Else each weight is 1 in an evaluation of
its own, the others 0.

The gradient by the weights follows from the same: with l the loss, o = vec(input) and δ = ∂l/∂vec(output), ∂l/∂W is
δ·oᵀ, so that ∂l/∂w_j is the sum of its entries, each times that of W_j: ∂l/∂w = E·vec(δ·oᵀ), row j of E being vec(W_j).
Where the offset c has weights in it too, as a sum of the same form, C·δ is added, row j of C being c_j; the gradient by
the biases is C·δ alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple, TypeAlias

import numpy as np

from archanalyzer.executor.affine_part import AffinePart, Owned
from archanalyzer.executor.errors import ExecutorError
from archanalyzer.executor.kernel import Array
from archanalyzer.executor.layer_matrix import matrix_of, offset_of
from archanalyzer.executor.machine import require_memory
from archanalyzer.executor.matrix_work import Budget, TakesTooLongError
from archanalyzer.executor.sparse import ENTRY_BYTES, Sparse, below, difference, empty
from archanalyzer.graph import Role, Weight

Evaluation: TypeAlias = Callable[[Array], Sparse]
"""The matrix for weights of these numbers.

Raises:
    TakesTooLongError: the steps that it takes are not left.
"""
_WITHIN = 1e-9
_MATRICES = 8
"""As large as the one that is asked for, at once."""
_STEPS_AN_ENTRY = 500
"""For each entry that is not zero, to find its weight and to have it shown."""


class NotInTermsError(ExecutorError):
    """A matrix is no sum of a part for each weight, or it would take too long to find out."""


class Terms(NamedTuple):
    """A matrix as W₀ + Σ_j w_j·W_j.

    ``weights`` are the arrays whose numbers, in C order, one array behind the other, are the w_j, but that w_j is the
    number ``order[j]`` of them. Row j of ``parts`` is W_j, and ``constant`` W₀; ``shape`` is that of the matrix.
    """

    shape: tuple[int, int]
    weights: tuple[Weight, ...]
    constant: Sparse
    parts: Sparse
    order: Array

    def flipped(self) -> Terms:
        """With the numbers of every kernel counted backwards along its axes, as a convolution in the strict sense does.

        Raises:
            ExecutorError: no array has a kernel.
        """
        if not any(map(has_kernel, self.weights)):
            raise ExecutorError("there is no kernel whose numbers could be counted backwards")
        moved, start = [], 0
        for weight in self.weights:
            own = np.arange(start, start + weight.elements).reshape(weight.shape)
            axes = tuple(range(2, own.ndim)) if has_kernel(weight) else ()
            moved.append(np.flip(own, axes).reshape(-1))
            start += weight.elements
        order = np.concatenate(moved)  # turned twice, it is as it was
        return self._replace(parts=self.parts.with_rows(order), order=self.order[order])


def has_kernel(weight: Weight) -> bool:
    """Whether an array has axes along which it slides: (outputs, inputs, *kernel), of so many filters."""
    return weight.filters > 0 and len(weight.shape) > 2


def terms_of(part: AffinePart, budget: Budget | None = None, matrix: Sparse | None = None) -> Terms:
    """The matrix of a part in terms of its weights; the numbers that they have do not matter, and stay.

    ``matrix`` is what it is for these numbers, where that is known: without weights, nothing else is to be computed.

    Raises:
        NotInTermsError: several layers have weights, it is no sum of a part for each weight, or to find them takes more
            steps than are left in ``budget``, from which they are taken.
        ExecutorError: as ``matrix_of``.
    """
    weights = _owned_by_one(part, Role.WEIGHT)
    budget = Budget() if budget is None else budget
    if matrix is not None and not weights:
        return _without_weights(matrix, ())

    def evaluate(numbers: Array) -> Sparse:
        _assign(weights, numbers)
        return matrix_of(part, budget)

    entries = part.shape[0] * part.shape[1]
    what = f"finding each of {_count(weights):,} weights among {entries:,} entries"
    with _restored(part):
        try:
            return _terms(evaluate, weights, part.shape, _Finding(budget, part.work.at_least, what))
        except TakesTooLongError:  # where the shorter way is not open
            raise NotInTermsError(f"{what} would take too long") from None


def offset_terms_of(part: AffinePart, budget: Budget | None = None) -> Terms:
    """The offset c in terms of the weights and, behind them, the biases, as a matrix of one column.

    Raises as ``terms_of``.
    """
    weights, biases = (_owned_by_one(part, role) for role in (Role.WEIGHT, Role.BIAS))
    shape, count = (part.shape[0], 1), _count(weights)
    budget = Budget() if budget is None else budget
    what = f"finding each of {count + _count(biases):,} weights and biases among {part.shape[0]:,} numbers of c"
    finding = _Finding(budget, part.work.a_column, what)

    def evaluate(numbers: Array) -> Sparse:
        budget.take(finding.steps, what)
        _assign((*weights, *biases), numbers)
        offset = offset_of(part)
        rows = np.flatnonzero(offset)
        return Sparse(shape, rows, np.zeros_like(rows), offset[rows])

    def of_biases(numbers: Array) -> Sparse:
        return evaluate(np.concatenate((np.zeros(count), numbers)))

    with _restored(part):
        none = np.zeros(_count(biases))
        finding.require(2)
        if len(difference(evaluate(np.concatenate((_drawn(count), none))), of_biases(none)).values):
            return _terms(evaluate, (*weights, *biases), shape, finding)
        terms = _terms(of_biases, biases, shape, finding)
    parts = terms.parts._replace(shape=(count + len(none), shape[0]), rows=terms.parts.rows + count)
    arrays = tuple(each.weight for each in (*weights, *biases))
    return Terms(shape, arrays, terms.constant, parts, np.arange(count + len(none)))


def _count(arrays: tuple[Owned, ...]) -> int:
    return sum(each.weight.elements for each in arrays)


def _owned_by_one(part: AffinePart, role: Role) -> tuple[Owned, ...]:
    """The arrays of that role, where all that is learned belongs to one layer."""
    owners = dict.fromkeys(each.owner for each in part.arrays if each.weight.role is not Role.BUFFER)
    if len(owners) > 1:
        several = ", ".join(f"`{owner}`" for owner in list(owners)[:5])
        more = f" and {len(owners) - 5:,} more" if len(owners) > 5 else ""
        raise NotInTermsError(f"several layers have weights: {several}{more}")
    return part.arrays_of(role)


def _assign(arrays: tuple[Owned, ...], numbers: Array) -> None:
    start = 0
    for each in arrays:
        each.array[...] = numbers[start : start + each.array.size].reshape(each.array.shape)
        start += each.array.size


@contextmanager
def _restored(part: AffinePart) -> Iterator[None]:
    """Gives the arrays back the numbers that they had."""
    before = [each.array.copy() for each in part.arrays]
    try:
        yield
    finally:
        for each, numbers in zip(part.arrays, before, strict=True):
            each.array[...] = numbers


def _drawn(count: int) -> Array:
    return np.random.default_rng(1).uniform(0.5, 1.5, count)


class _Finding(NamedTuple):
    """What finding weights takes of a budget, at so many steps an evaluation; ``what`` is it, in words."""

    budget: Budget
    steps: int
    what: str

    def require(self, evaluations: int, entries: int = 0) -> None:
        """Tells before the first of so many evaluations that the last would not be reached.

        ``entries`` are those that are not zero and are gone through besides, of which the steps are taken.

        Raises:
            NotInTermsError: so it is.
        """
        through = _STEPS_AN_ENTRY * entries
        if not self.budget.has(evaluations * self.steps + through):
            raise NotInTermsError(f"{self.what} would take too long")
        self.budget.take(through, self.what)


def _terms(evaluate: Evaluation, arrays: tuple[Owned, ...], shape: tuple[int, int], finding: _Finding) -> Terms:
    count = _count(arrays)
    weights = tuple(each.weight for each in arrays)
    finding.require(4 if count else 1)
    constant = evaluate(np.zeros(count))
    if not count:
        return _without_weights(constant, weights)
    numbers = _drawn(count)
    drawn = difference(evaluate(numbers), constant)
    require_memory(_MATRICES * ENTRY_BYTES * len(drawn.values), "the places of the weights")
    finding.require(2, len(drawn.values))
    parts = _each_entry_one(evaluate, constant, numbers, drawn)
    if parts is None:
        finding.require(count)
        parts = _one_by_one(evaluate, count, constant)
        _require_sum(parts, numbers, drawn)
    return Terms(shape, weights, constant, parts, np.arange(count))


def _without_weights(matrix: Sparse, arrays: tuple[Weight, ...]) -> Terms:
    return Terms(matrix.shape, arrays, matrix, empty((0, matrix.shape[0] * matrix.shape[1])), np.arange(0))


def _each_entry_one(evaluate: Evaluation, constant: Sparse, numbers: Array, drawn: Sparse) -> Sparse | None:
    """The parts, where each entry is one weight times a number; None where that is not so."""
    count = len(numbers)
    factors = difference(evaluate(np.ones(count)), constant)
    counted = difference(evaluate(np.arange(1.0, count + 1)), constant)
    if not np.array_equal(factors.keys, counted.keys) or not np.array_equal(factors.keys, drawn.keys):
        return None
    weights = np.rint(counted.values / factors.values).astype(np.int64) - 1
    if not ((weights >= 0) & (weights < count)).all():
        return None
    wanted = factors.values * numbers[weights]
    if (np.abs(drawn.values - wanted) > _WITHIN * np.abs(wanted)).any():
        return None
    order = np.argsort(weights, kind="stable")
    shape = (count, factors.shape[0] * factors.shape[1])
    return Sparse(shape, weights[order], factors.keys[order], factors.values[order])


def _one_by_one(evaluate: Evaluation, count: int, constant: Sparse) -> Sparse:
    """The parts, each by an evaluation of its own."""
    size = constant.shape[0] * constant.shape[1]
    found, entries = [empty((count, size))], 0
    for weight in range(count):
        chosen = np.zeros(count)
        chosen[weight] = 1
        own = difference(evaluate(chosen), constant)
        entries += len(own.values)
        require_memory(ENTRY_BYTES * entries, "the places of the weights")
        found.append(Sparse((count, size), np.full(len(own.values), weight), own.keys, own.values))
    return below(found)


def _require_sum(parts: Sparse, numbers: Array, drawn: Sparse) -> None:
    """Holds the sum of the parts against an evaluation at random."""
    size = parts.shape[1]
    products = parts.values * numbers[parts.rows]
    keys, place = np.unique(parts.columns, return_inverse=True)
    sums, sizes = (np.bincount(place, each, len(keys)) for each in (products, np.abs(products)))
    column = drawn.reshaped((size, 1))
    wanted = column.at(keys)
    strays = np.setdiff1d(drawn.keys, keys)
    if len(strays) or (np.abs(sums - wanted) > _WITHIN * np.maximum(sizes, np.abs(wanted))).any():
        raise NotInTermsError("its entries are no sums of its weights, each times a number")

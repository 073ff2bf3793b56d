"""What is asked of the matrix of a layer, and the answer, in numbers and in terms of weights."""

from __future__ import annotations

from typing import NamedTuple

from archanalyzer.executor.affine_part import AffinePart
from archanalyzer.executor.errors import ExecutorError
from archanalyzer.executor.kernel import Array
from archanalyzer.executor.layer_matrix import matrix_of, offset_of, require_equal
from archanalyzer.executor.matrix_work import Budget
from archanalyzer.executor.sparse import Sparse
from archanalyzer.executor.weight_terms import NotInTermsError, Terms, offset_terms_of, terms_of
from archanalyzer.graph import Role


class Asked(NamedTuple):
    """Whether weights are shown by name, E is asked for, and kernels' weights are numbered backwards."""

    names: bool = True
    gradient: bool = False
    flips: bool = False


class MatrixAnswer(NamedTuple):
    """The matrix of a part of a network: vec(output) = W·vec(input) + c.

    ``name`` is that of the layer, the block or the network, ``kind`` its type, ``block`` or ``network``; ``inputs`` and
    ``output`` are names and shapes. ``matrix`` and ``offset`` are W and c in numbers; ``terms`` are W in terms of the
    weights, ``offset_terms`` c in terms of weights and biases, None where that is not asked for or not possible, for
    the reason ``no_terms``. ``arrays`` are those of the weights and, behind them, the biases, by their names in the
    network. ``is_exact``: no weight is in the numbers, so that a fraction that gives an entry is that entry.
    ``shows_names``: entries are shown by name, where they have weights. ``gradient``: E is asked for too.
    """

    network: str
    path: str
    name: str
    kind: str
    inputs: tuple[tuple[str, tuple[int, ...]], ...]
    output: tuple[str, tuple[int, ...]]
    matrix: Sparse
    offset: Array
    terms: Terms | None
    offset_terms: Terms | None
    arrays: tuple[str, ...]
    is_exact: bool
    shows_names: bool
    gradient: bool
    no_terms: str | None = None

    @property
    def has_offset(self) -> bool:
        """Whether c is anything but zeros, whatever the biases are."""
        if self.shows_names and self.offset_terms is not None:
            terms = self.offset_terms
            return bool(len(terms.parts.values) or len(terms.constant.values))
        return bool(self.offset.any())


def answered(part: AffinePart, asked: Asked, network: str, path: str) -> MatrixAnswer:
    """The matrix of a part of the network of that name and path, for the weights as they are.

    Raises:
        ExecutorError: it is too large, there is no E, no kernel is there to flip, or no names can be shown and the
            flipped ones are asked for.
        NonFiniteError: NaN or infinity came up.
    """
    budget = Budget()
    matrix, offset = matrix_of(part, budget), offset_of(part)
    require_equal(part, matrix, offset)
    terms, offset_terms, no_terms = None, None, None
    if asked.names or asked.gradient:
        terms, offset_terms, no_terms = _terms(part, asked, matrix, budget)
    return MatrixAnswer(
        network=network,
        path=path,
        name=part.name,
        kind=part.kind,
        inputs=part.inputs,
        output=part.output,
        matrix=matrix,
        offset=offset,
        terms=terms,
        offset_terms=offset_terms,
        arrays=tuple(each.name for role in (Role.WEIGHT, Role.BIAS) for each in part.arrays_of(role)),
        is_exact=not part.arrays,
        shows_names=asked.names and terms is not None,
        gradient=asked.gradient,
        no_terms=no_terms,
    )


def _terms(
    part: AffinePart, asked: Asked, matrix: Sparse, budget: Budget
) -> tuple[Terms | None, Terms | None, str | None]:
    """The matrix and its offset in terms of the weights, or where names do not do, None and why."""
    try:
        terms, offset_terms = terms_of(part, budget, matrix), offset_terms_of(part, budget)
    except NotInTermsError as error:
        if asked.gradient:
            raise ExecutorError(f"there is no E of `{part.name}`: {error}") from None
        if asked.flips:
            raise ExecutorError(f"the weights of `{part.name}` cannot be shown by name: {error}") from None
        return None, None, str(error)
    if asked.gradient and not terms.parts.shape[0]:
        raise ExecutorError(f"`{part.name}` has no weights: there is no gradient by them")
    return (terms.flipped(), offset_terms.flipped(), None) if asked.flips else (terms, offset_terms, None)

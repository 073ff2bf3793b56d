"""What is asked of the matrix of a layer, and the answer."""

from __future__ import annotations

from typing import NamedTuple

from archanalyzer.executor.affine_part import AffinePart
from archanalyzer.executor.errors import ExecutorError
from archanalyzer.executor.layer_matrix import matrix_of, offset_of, require_equal
from archanalyzer.executor.weight_terms import NotInTermsError, Terms, offset_terms_of, terms_of
from archanalyzer.graph import Role
from archanalyzer.report.matrix.answer import MatrixAnswer


class Asked(NamedTuple):
    """Whether weights are shown by name, E is asked for, and kernels' weights are numbered backwards."""

    names: bool = True
    gradient: bool = False
    flips: bool = False


def answered(part: AffinePart, asked: Asked, network: str, path: str) -> MatrixAnswer:
    """The matrix of a part of the network of that name and path, for the weights as they are.

    Raises:
        ExecutorError: it is too large, there is no E, no kernel is there to flip, or no names can be shown and the
            flipped ones are asked for.
        NonFiniteError: NaN or infinity came up.
    """
    matrix, offset = matrix_of(part), offset_of(part)
    require_equal(part, matrix, offset)
    terms, offset_terms, notes = _terms(part, asked) if asked.names or asked.gradient else (None, None, ())
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
        notes=notes,
    )


def _terms(part: AffinePart, asked: Asked) -> tuple[Terms | None, Terms | None, tuple[str, ...]]:
    """The matrix and its offset in terms of the weights, or where names do not do, None and why."""
    try:
        terms, offset_terms = terms_of(part), offset_terms_of(part)
    except NotInTermsError as error:
        if asked.gradient:
            raise ExecutorError(f"there is no E of `{part.name}`: {error}") from None
        if asked.flips:
            raise ExecutorError(f"the weights of `{part.name}` cannot be shown by name: {error}") from None
        return None, None, (f"in numbers, since {error}",)
    if asked.gradient and not terms.parts.shape[0]:
        raise ExecutorError(f"`{part.name}` has no weights: there is no gradient by them")
    return (terms.flipped(), offset_terms.flipped(), ()) if asked.flips else (terms, offset_terms, ())

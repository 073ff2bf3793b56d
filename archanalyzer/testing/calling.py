"""Calls the kernel of a case as the plan does, and as strictly as the contract is written.

Whatever is to be filled is full of garbage before, as is all scratch space; whatever is only to be read cannot be
written; an input of which the type alone matters is ``ABSENT``; and of inputs and output, the backward step gets what
``op.kept`` asks for, and ``ABSENT`` for the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from archanalyzer.executor.kernel import ABSENT, Array, Backward, Extra, Forward, Scratch
from archanalyzer.graph import Kept, Role, Weight
from archanalyzer.testing.cases import Case
from archanalyzer.testing.requiring import require

Call = TypeVar("Call", Forward, Backward)


def run_forward(  # noqa: PLR0913 - all that a kernel is given
    case: Case,
    inputs: Sequence[ArrayLike],
    weights: Mapping[str, ArrayLike] | None = None,
    *,
    training: bool = False,
    dtype: DTypeLike = np.float64,
    seed: int = 0,
    read_extras: tuple[Mapping[str, Array], ...] = (),
) -> Forward:
    """The forward step's call, done: it holds the output, the extras, and buffers as they are afterwards.

    The arrays of ``inputs`` have the batch as their first axis. ``weights`` are all arrays of the layer, by name; the
    kernel gets copies.

    Raises:
        AssertionError: something does not have the shape that the case says, or the kernel breaks the contract.
    """
    arrays = tuple(_only_read(x, dtype) for x in inputs)
    batch = len(arrays[0]) if arrays and arrays[0].ndim else 0
    _require_shapes("inputs", [x.shape for x in arrays], [(batch, *tensor.shape) for tensor in case.inputs])
    kernel = case.kernel
    call = Forward(
        inputs=tuple(x if read else ABSENT for x, read in zip(arrays, case.reads, strict=True)),
        output=garbage((batch, *case.output.shape), dtype),
        weights=_of_forward_step(case.op.weights(case.inputs), weights or {}, dtype, training=training),
        extras={extra.name: _extra(extra, batch, dtype) for extra in kernel.extras()},
        read_extras=read_extras,
        training=training,
        random=np.random.default_rng(seed),
        scratch=DirtyScratch(),
    )
    return _run(kernel.forward, call, "forward")


def run_backward(
    case: Case,
    forward: Forward,
    dy: ArrayLike,
    *,
    wanted: Sequence[bool] | None = None,
    learning: bool = True,
) -> Backward:
    """The backward step's call, done: it holds the gradients ``dx`` and ``dw``.

    ``forward`` is the call of the forward step, done, and ``dy`` the gradient by its output. ``wanted`` says of which
    inputs the gradient is wanted, of all by default; ``learning``, whether that of weights is.

    Raises:
        AssertionError: ``dy`` does not have the output's shape, or the kernel breaks the contract.
    """
    dtype = forward.output.dtype
    kept = case.op.kept(case.inputs, case.output) or Kept(inputs=True, output=True)
    learned = [weight for weight in case.op.weights(case.inputs) if weight.role is not Role.BUFFER]
    batch = len(forward.output)
    inputs_kept = kept.inputs and (learning or not kept.inputs_for_weights_only)
    call = Backward(
        inputs=forward.inputs if inputs_kept else (ABSENT,) * len(case.inputs),
        output=_only_read(forward.output, dtype) if kept.output else ABSENT,
        dy=_only_read(dy, dtype),
        dx=tuple(
            garbage((batch, *tensor.shape), dtype) if asked else None
            for tensor, asked in zip(case.inputs, wanted or (True,) * len(case.inputs), strict=True)
        ),
        dw={weight.name: garbage(weight.shape, dtype) for weight in learned if learning},
        weights={name: _only_read(array, dtype) for name, array in forward.weights.items()},
        extras={name: _only_read(array, array.dtype) for name, array in forward.extras.items()},
        read_extras=forward.read_extras,
        training=forward.training,
        scratch=DirtyScratch(),
    )
    _require_shapes("the gradient by the output", [call.dy.shape], [forward.output.shape])
    return _run(case.kernel.backward, call, "backward")


def input_gradients(case: Case, forward: Forward, dy: ArrayLike) -> tuple[Array, ...]:
    """The gradients by all inputs; raises as ``run_backward`` does."""
    return tuple(dx for dx in run_backward(case, forward, dy).dx if dx is not None)


def garbage(shape: tuple[int, ...], dtype: DTypeLike) -> Array:
    """An array of what nobody computes: NaN, or 77 where there is no NaN, or None where there are objects."""
    by_kind = {"f": np.nan, "O": None}
    return np.full(shape, by_kind.get(np.dtype(dtype).kind, 77), dtype)


class DirtyScratch(Scratch):
    """Scratch space that is full of garbage whenever it is lent."""

    def __call__(self, shape: tuple[int, ...], dtype: DTypeLike) -> Array:
        array = super().__call__(shape, dtype)
        array[...] = garbage((), dtype)
        return array


def _run(step: Callable[[Call], None], call: Call, what: str) -> Call:
    """Runs a step, and turns NumPy's words for a write into what is only to be read into ours."""
    try:
        step(call)
    except ValueError as error:
        if "read-only" in str(error):
            raise AssertionError(f"the {what} step writes to an array that it may only read") from error
        raise
    return call


def _require_shapes(what: str, found: Sequence[tuple[int, ...]], expected: Sequence[tuple[int, ...]]) -> None:
    if list(found) != list(expected):
        given, wanted = (", ".join(map(str, shapes)) or "none" for shapes in (found, expected))
        raise AssertionError(f"{what}: expected arrays of {wanted}, found {given}")


def _only_read(values: ArrayLike, dtype: DTypeLike) -> Array:
    array: Array = np.array(values, dtype)
    array.flags.writeable = False
    return array


def _of_forward_step(
    arrays: tuple[Weight, ...], given: Mapping[str, ArrayLike], dtype: DTypeLike, *, training: bool
) -> dict[str, Array]:
    """Weights, which the forward step only reads, and buffers, which it may update in training."""
    names = [each.name for each in arrays]
    require(sorted(given) == sorted(names), f"weights: expected {sorted(names)}, found {sorted(given)}")
    made: dict[str, Array] = {each.name: np.array(given[each.name], dtype) for each in arrays}
    _require_shapes("weights", [made[each.name].shape for each in arrays], [each.shape for each in arrays])
    for each in arrays:
        made[each.name].flags.writeable = training and each.role is Role.BUFFER
    return made


def _extra(extra: Extra, batch: int, dtype: DTypeLike) -> Array:
    return garbage((batch, *extra.shape) if extra.per_sample else extra.shape, type_of(extra, dtype))


def type_of(extra: Extra, dtype: DTypeLike) -> np.dtype[Any]:
    """The dtype of an extra in a network of ``dtype``."""
    return np.dtype(dtype if extra.dtype is None else extra.dtype)

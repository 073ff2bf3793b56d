"""Calls the kernel of a case as the plan does, and as strictly as the contract is written.

Whatever is to be filled is full of garbage before, as is all scratch; whatever is only to be read cannot be written;
and the backward step gets of inputs and output what ``op.kept`` asks for, and ``ABSENT`` for the rest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from archanalyzer.executor import kernels
from archanalyzer.executor.kernel import ABSENT, Array, Backward, Extra, Forward, Kernel, Scratch
from archanalyzer.graph import Kept, Role, Weight
from archanalyzer.testing import Case


def kernel_of(case: Case) -> Kernel[Any]:
    """The kernel of a case, as lowering makes it."""
    return kernels.get(case.op.name)(case.op, case.inputs, case.output)


def run_forward(
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

    The arrays of ``inputs`` have the batch as their first axis.
    """
    kernel, arrays = kernel_of(case), tuple(_only_read(x, dtype) for x in inputs)
    batch = len(arrays[0])
    assert [x.shape for x in arrays] == [(batch, *tensor.shape) for tensor in case.inputs]
    _require_as_many_bytes_as_kept(case, kernel, dtype)
    call = Forward(
        inputs=arrays,
        output=garbage((batch, *case.output.shape), dtype),
        weights=_of_forward_step(case.op.weights(case.inputs), weights or {}, dtype),
        extras={extra.name: _extra(extra, batch, dtype) for extra in kernel.extras()},
        read_extras=read_extras,
        training=training,
        random=np.random.default_rng(seed),
        scratch=DirtyScratch(),
    )
    kernel.forward(call)
    return call


def run_backward(
    case: Case,
    forward: Forward,
    dy: ArrayLike,
    *,
    wanted: Sequence[bool] | None = None,
    learning: bool = True,
) -> Backward:
    """The backward step's call, done: it holds the gradients ``dx`` and ``dw``.

    ``wanted`` says of which inputs the gradient is wanted, of all by default; ``learning``, whether that of weights is.
    """
    dtype = forward.output.dtype
    kept = case.op.kept(case.inputs, case.output) or Kept(inputs=True, output=True)
    learned = [weight for weight in case.op.weights(case.inputs) if weight.role is not Role.BUFFER]
    inputs_kept = kept.inputs and (learning or not kept.inputs_for_weights_only)
    call = Backward(
        inputs=forward.inputs if inputs_kept else (ABSENT,) * len(case.inputs),
        output=_only_read(forward.output, dtype) if kept.output else ABSENT,
        dy=_only_read(dy, dtype),
        dx=tuple(
            garbage(x.shape, dtype) if asked else None
            for x, asked in zip(forward.inputs, wanted or (True,) * len(case.inputs), strict=True)
        ),
        dw={weight.name: garbage(weight.shape, dtype) for weight in learned if learning},
        weights={name: _only_read(array, dtype) for name, array in forward.weights.items()},
        extras={name: _only_read(array, array.dtype) for name, array in forward.extras.items()},
        read_extras=forward.read_extras,
        training=forward.training,
        scratch=DirtyScratch(),
    )
    assert call.dy.shape == forward.output.shape
    kernel_of(case).backward(call)
    return call


def input_gradients(case: Case, forward: Forward, dy: ArrayLike) -> tuple[Array, ...]:
    """The gradients by all inputs."""
    return tuple(dx for dx in run_backward(case, forward, dy).dx if dx is not None)


def garbage(shape: tuple[int, ...], dtype: DTypeLike) -> Array:
    """An array of what nobody computes: NaN, or 77 where there is no NaN."""
    return np.full(shape, np.nan if np.dtype(dtype).kind == "f" else 77, dtype)


class DirtyScratch(Scratch):
    """Scratch memory that is full of garbage whenever it is lent."""

    def __call__(self, shape: tuple[int, ...], dtype: DTypeLike) -> Array:
        array = super().__call__(shape, dtype)
        array[...] = garbage((), dtype)
        return array


def _only_read(values: ArrayLike, dtype: DTypeLike) -> Array:
    array = np.array(values, dtype)
    array.flags.writeable = False
    return array


def _of_forward_step(arrays: tuple[Weight, ...], given: Mapping[str, ArrayLike], dtype: DTypeLike) -> dict[str, Array]:
    """Weights, which the forward step only reads, and buffers, which it may update."""
    made = {each.name: np.array(given[each.name], dtype) for each in arrays}
    for each in arrays:
        assert made[each.name].shape == each.shape
        made[each.name].flags.writeable = each.role is Role.BUFFER
    return made


def _extra(extra: Extra, batch: int, dtype: DTypeLike) -> Array:
    return garbage((batch, *extra.shape) if extra.per_sample else extra.shape, _type_of(extra, dtype))


def _type_of(extra: Extra, dtype: DTypeLike) -> np.dtype[Any]:
    return np.dtype(dtype if extra.dtype is None else extra.dtype)


def _require_as_many_bytes_as_kept(case: Case, kernel: Kernel[Any], dtype: DTypeLike) -> None:
    kept = case.op.kept(case.inputs, case.output)
    if kept is None:
        return
    stated = kept.extra_elements * np.dtype(dtype).itemsize + kept.extra_bytes
    made = sum(prod(extra.shape) * _type_of(extra, dtype).itemsize for extra in kernel.extras())
    assert made == stated, f"the extras have {made} bytes, op.kept states {stated}"

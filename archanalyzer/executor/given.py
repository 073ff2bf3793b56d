"""What a network is given to work on: one array, or a map of them, checked against what there should be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from archanalyzer.diagnostics import did_you_mean
from archanalyzer.executor.errors import ExecutorError
from archanalyzer.executor.kernel import Array
from archanalyzer.graph import shown_shape


def by_name(given: Any, shapes: Mapping[str, tuple[int, ...]], what: str, dtype: np.dtype[Any]) -> dict[str, Array]:
    """The array of each name, (batch, *shape), in ``dtype``; one array alone is that of the only name.

    Raises:
        ExecutorError: something is missing, too much, of another shape, or no array of real numbers.
    """
    names = list(shapes)
    if not isinstance(given, Mapping):
        if len(names) != 1:
            raise ExecutorError(f"expected a map with the {what}s {listed(names)}, found one array")
        given = {names[0]: given}
    for name in given:
        if name not in shapes:
            raise ExecutorError(f"there is no {what} `{name}`; {did_you_mean(name, names, f'{what}s')}")
    missing = [name for name in names if name not in given]
    if missing:
        raise ExecutorError(f"expected the {what}s {listed(names)}, found none for {listed(missing)}")
    return {name: _array(given[name], shape, f"{what} `{name}`", dtype) for name, shape in shapes.items()}


def _array(value: ArrayLike, shape: tuple[int, ...], what: str, dtype: np.dtype[Any]) -> Array:
    try:
        array = np.asarray(value)
    except ValueError:
        raise ExecutorError(f"expected {what} as an array, found lists of different lengths") from None
    if array.dtype.kind not in "fiub":
        raise ExecutorError(f"expected {what} as real numbers, found {array.dtype}")
    if array.shape[1:] != shape or array.ndim == 0:
        batched = shown_shape(("batch", *shape))
        hint = "; the first axis is the batch: `x[None]` makes one of a sample" if array.shape == shape else ""
        raise ExecutorError(f"expected {what} with shape {batched}, found {shown_shape(array.shape)}{hint}")
    if not len(array):
        raise ExecutorError(f"expected samples of {what}, found an array of none")
    with np.errstate(over="ignore"):  # infinity is looked for
        return array.astype(dtype, copy=False)


def batch_of(arrays: Mapping[str, Array]) -> int:
    """How many samples the arrays have.

    Raises:
        ExecutorError: not all have equally many.
    """
    batches = {len(array) for array in arrays.values()}
    if len(batches) > 1:
        sizes = ", ".join(f"{len(array)} of `{name}`" for name, array in arrays.items())
        raise ExecutorError(f"expected equally many samples of all inputs, found {sizes}")
    return batches.pop()


def listed(names: list[str]) -> str:
    """Names in a message."""
    return ", ".join(f"`{name}`" for name in names) or "none"

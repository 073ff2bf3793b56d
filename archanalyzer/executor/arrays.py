"""A network's parameters and their gradients: named arrays, all in a few pieces of memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import prod
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from archanalyzer.diagnostics import did_you_mean
from archanalyzer.executor.errors import ExecutorError, NonFiniteError
from archanalyzer.executor.kernel import Array
from archanalyzer.graph import shown_shape


class NamedArrays(Mapping[str, Array]):
    """Arrays by name, one behind the other in the vector ``flat``; assigning to one copies into it."""

    def __init__(self, shapes: Mapping[str, tuple[int, ...]], dtype: np.dtype[np.floating]) -> None:
        self._shapes = shapes
        self.flat = np.zeros(sum(map(prod, shapes.values())), dtype)
        self._arrays = self.of(self.flat)

    def of(self, flat: Array) -> dict[str, Array]:
        """Another vector of this length as arrays of these names and shapes."""
        arrays: dict[str, Array] = {}
        start = 0
        for name, shape in self._shapes.items():
            arrays[name] = flat[start : start + prod(shape)].reshape(shape)
            start += prod(shape)
        return arrays

    def __getitem__(self, name: str) -> Array:
        return self._arrays[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._arrays)

    def __len__(self) -> int:
        return len(self._arrays)


class Parameters(Mapping[str, Array]):
    """The arrays of a network by name, ``conv2d.weight``: what learns, what is frozen, and buffers.

    ``parameters["conv2d.weight"] = array`` copies the numbers. ``trainable.flat`` is Θ, all that a training step
    changes as one vector; ``fixed`` are the others.
    """

    def __init__(self, trainable: NamedArrays, fixed: NamedArrays, order: tuple[str, ...]) -> None:
        self.trainable = trainable
        self.fixed = fixed
        self._order = order

    def __getitem__(self, name: str) -> Array:
        if name in self.trainable:
            return self.trainable[name]
        if name in self.fixed:
            return self.fixed[name]
        raise KeyError(f"there is no array `{name}`; {did_you_mean(name, self._order, 'arrays')}")

    def __setitem__(self, name: str, value: ArrayLike) -> None:
        array, given = self[name], np.asarray(value)
        if given.dtype.kind not in "fiu":
            raise ExecutorError(f"expected `{name}` as real numbers, found {given.dtype}")
        if given.shape != array.shape:
            raise ExecutorError(
                f"expected `{name}` with shape {shown_shape(array.shape)}, found {shown_shape(given.shape)}"
            )
        if not is_within(given, array.dtype):
            raise ExecutorError(f"expected `{name}` in the range of {array.dtype}, found numbers beyond it")
        array[...] = given

    def __iter__(self) -> Iterator[str]:
        return iter(self._order)

    def __len__(self) -> int:
        return len(self._order)

    def __contains__(self, name: object) -> bool:
        return name in self.trainable or name in self.fixed


def is_within(array: Array, dtype: np.dtype[Any]) -> bool:
    """Whether no finite number of an array becomes infinite in ``dtype``."""
    if array.dtype.kind != "f" or array.dtype.itemsize <= dtype.itemsize:
        return True
    with np.errstate(over="ignore"):
        return bool((np.isinf(array.astype(dtype)) == np.isinf(array)).all())


def require_finite(array: Array, layer: str, what: str) -> None:
    """Raises NonFiniteError where something in ``array`` is NaN or infinite."""
    if not is_finite(array):
        raise NonFiniteError(layer, what, "NaN" if np.isnan(array).any() else "infinity")


def is_finite(array: Array) -> bool:
    """Whether all numbers are. The sum is looked at first: it is finite where they are, unless they are very large."""
    with np.errstate(all="ignore"):
        return bool(np.isfinite(array.sum()) or np.isfinite(array).all())

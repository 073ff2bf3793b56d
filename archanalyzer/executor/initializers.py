"""Initializers: the values that weights begin with.

They draw from distributions of mean 0 whose variance keeps signals at one scale from layer to layer. With fan_in, how
many inputs an output sums, and fan_out, how many outputs an input reaches (``Weight.fans``):

    he       variance = 2 / fan_in               He et al. 2015, equation 10: through ReLUs, forward
    glorot   variance = 2 / (fan_in + fan_out)   Glorot & Bengio 2010, equations 12 and 16: forward and backward alike

each from a normal distribution, or from the uniform one from −√(3 · variance) to √(3 · variance).
"""

from __future__ import annotations

from collections.abc import Callable
from math import sqrt
from typing import NamedTuple, TypeAlias
from zlib import crc32

import numpy as np

from archanalyzer.diagnostics import did_you_mean
from archanalyzer.executor.errors import ExecutorError
from archanalyzer.executor.kernel import Array
from archanalyzer.graph import Weight
from archanalyzer.recipe import INITIALIZERS

_BLOCK = 1 << 16
"""Elements that are drawn at a time: what is drawn in float64 needs memory of its own."""


class InitializerError(ExecutorError):
    """There is no such initializer."""


Variance: TypeAlias = Callable[[int, int], float]
Draw: TypeAlias = Callable[[np.random.Generator, int], Array]


def he(fan_in: int, fan_out: int) -> float:  # noqa: ARG001
    """The variance 2 / fan_in."""
    return 2 / fan_in


def glorot(fan_in: int, fan_out: int) -> float:
    """The variance 2 / (fan_in + fan_out)."""
    return 2 / (fan_in + fan_out)


def normal(random: np.random.Generator, size: int) -> Array:
    """Draws from the normal distribution of variance 1."""
    return random.standard_normal(size)


def uniform(random: np.random.Generator, size: int) -> Array:
    """Draws from the uniform distribution of variance 1: from −√3 to √3."""
    return sqrt(3) * (2 * random.random(size) - 1)


class Initializer(NamedTuple):
    """A distribution and the rule for its variance."""

    draw: Draw
    variance: Variance


ALL = {
    "he_normal": Initializer(normal, he),
    "he_uniform": Initializer(uniform, he),
    "glorot_normal": Initializer(normal, glorot),
    "glorot_uniform": Initializer(uniform, glorot),
}


def initialize(weight: Weight, array: Array, name: str, seed: int, initializer: str | float) -> None:
    """Fills ``array`` with the values that ``weight`` begins with: a fixed one, or those of ``initializer``.

    A number as ``initializer`` fills with itself. What is drawn follows from ``seed`` and from ``name``, the array's
    in the network, alone: a layer more or less changes nothing in the others. In float32, it is what it is in float64,
    rounded.

    Raises:
        InitializerError: there is no initializer of that name.
    """
    chosen = None if isinstance(initializer, int | float) else get(initializer)
    if weight.initial is not None:
        array.fill(weight.initial)
    elif chosen is None:
        array.fill(initializer)
    else:
        _draw(chosen, weight, array, np.random.default_rng([seed, crc32(name.encode())]))


def _draw(initializer: Initializer, weight: Weight, array: Array, random: np.random.Generator) -> None:
    scale = sqrt(initializer.variance(*weight.fans))
    flat = array.reshape(-1) if array.flags.c_contiguous else array.flat
    for start in range(0, array.size, _BLOCK):
        stop = min(start + _BLOCK, array.size)
        flat[start:stop] = scale * initializer.draw(random, stop - start)


def get(name: str) -> Initializer:
    """The initializer of a name.

    Raises:
        InitializerError: there is none.
    """
    if name not in INITIALIZERS:
        hint = did_you_mean(name, tuple(INITIALIZERS), "initializers")
        raise InitializerError(f"there is no initializer `{name}`: {hint}")
    return ALL[INITIALIZERS[name]]

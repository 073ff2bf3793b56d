"""Points at which the kernel of a case is looked at: inputs, weights and what else it reads, drawn at random."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import DTypeLike

from archanalyzer.executor.kernel import Array, Forward
from archanalyzer.graph import Role, TensorType, Unpooling
from archanalyzer.testing.calling import run_forward
from archanalyzer.testing.cases import Case
from archanalyzer.testing.readings import read_along


@dataclass(frozen=True)
class Point:
    """A batch of inputs, all arrays of the layer by name, and the extras of what it reads."""

    inputs: tuple[Array, ...]
    weights: Mapping[str, Array]
    read_extras: tuple[Mapping[str, Array], ...] = ()

    def with_inputs(self, *inputs: Array) -> Point:
        """The same with other inputs."""
        return replace(self, inputs=inputs)

    def samples(self, chosen: Array) -> Point:
        """Some of the samples, by their numbers, in any order and as often as given."""
        extras = tuple({name: array[chosen] for name, array in each.items()} for each in self.read_extras)
        return Point(tuple(x[chosen] for x in self.inputs), self.weights, extras)

    def forward(self, case: Case, *, training: bool = False, dtype: DTypeLike = np.float64, seed: int = 0) -> Forward:
        """The forward step's call here, done; raises as ``run_forward``."""
        return run_forward(
            case,
            self.inputs,
            self.weights,
            training=training,
            dtype=dtype,
            seed=seed,
            read_extras=self.read_extras,
        )


def draw_point(case: Case, batch: int, random: np.random.Generator) -> Point:
    """Inputs and weights from the normal distribution; buffers from ½ to 1½, since one may be a variance."""
    inputs = tuple(random.standard_normal((batch, *tensor.shape)) for tensor in case.inputs)
    weights: dict[str, Array] = {}
    for each in case.op.weights(case.inputs):
        is_buffer = each.role is Role.BUFFER
        weights[each.name] = 0.5 + random.random(each.shape) if is_buffer else random.standard_normal(each.shape)
    extras = tuple(_read_extras(tensor, batch, random) for tensor in case.inputs) if case.op.reads_extras else ()
    return Point(inputs, weights, extras)


def _read_extras(tensor: TensorType, batch: int, random: np.random.Generator) -> dict[str, Array]:
    """What the layer that put out ``tensor`` has kept: of a max-pool, the positions of its maxima."""
    return {} if tensor.unpooled is None else {"positions": _draw_positions(tensor, tensor.unpooled, batch, random)}


def _draw_positions(tensor: TensorType, before: Unpooling, batch: int, random: np.random.Generator) -> Array:
    """For each pooled element, the number of a position that its window reads."""
    numbers = np.zeros((batch, *tensor.shape), np.int64)
    for axis, (extent, pooled) in enumerate(zip(before.extent, tensor.spatial, strict=True), start=1):
        readers = [read_along(axis, before.windows[axis - 1], pooled, (*(0,) * axis, p)) for p in range(extent)]
        for o in range(pooled):
            candidates = [p for p in range(extent) if o in readers[p]] or [0]
            here = (slice(None),) * (axis + 1) + (o,)
            numbers[here] = numbers[here] * extent + random.choice(candidates, numbers[here].shape)
    return numbers

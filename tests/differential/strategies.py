"""Layers at random, in any form that the language has for their fields, and the same told to PyTorch."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from hypothesis import strategies as st

from archanalyzer.executor.kernel import Array
from archanalyzer.testing import Case

AXES = st.sampled_from((1, 1, 2, 2, 3))


@st.composite
def sliding(draw: st.DrawFn, axes: int) -> dict[str, Any]:
    """Fields of a kernel: extent, stride and padding of any form that the language has."""

    def an_axis(most: int, least: int = 1) -> Any:
        numbers = st.integers(least, most)
        return draw(st.one_of(numbers, st.tuples(*[numbers] * axes)))

    pairs = st.tuples(*[st.tuples(st.integers(0, 2), st.integers(0, 2))] * axes)
    padding = draw(st.one_of(st.sampled_from(("same", "valid")), st.integers(0, 2), pairs))
    return {"kernel": an_axis(4 if axes < 3 else 2), "stride": an_axis(3), "padding": padding}


@st.composite
def extents(draw: st.DrawFn, axes: int) -> tuple[int, ...]:
    """The extents of spatial axes."""
    return draw(st.tuples(*[st.integers(1, 7 if axes < 3 else 4)] * axes))


def draw_batch(data: st.DataObject, case: Case, most: int = 1) -> list[Array]:
    """A batch of inputs: any numbers, or whole ones up to ``most``, of which many are zero and many are equal."""
    batch, seed = data.draw(st.integers(1, 3)), data.draw(st.integers(0, 2**16))
    random = np.random.default_rng(seed)
    shapes = [(batch, *tensor.shape) for tensor in case.inputs]
    if data.draw(st.booleans()):
        return [random.integers(-most, most + 1, shape).astype(np.float64) for shape in shapes]
    return [random.standard_normal(shape) for shape in shapes]


def sides_of(case: Case) -> list[tuple[int, int]]:
    """The padding before and after each axis of a layer whose kernel slides."""
    op: Any = case.op
    return [(each.before, each.after) for each in op.slide(case.inputs)]


def widths(sides: Iterable[tuple[int, int]]) -> list[int]:
    """Sides as ``torch.nn.functional.pad`` takes them, the last axis first."""
    return [amount for pair in reversed(list(sides)) for amount in pair]

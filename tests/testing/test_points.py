"""Points for kernels: what a layer reads of the layers before it is drawn as these could have left it."""

from __future__ import annotations

import numpy as np
import pytest

from archanalyzer import ops
from archanalyzer.testing import case_named, case_of, readings_by_position
from archanalyzer.testing.points import draw_point


@pytest.mark.parametrize(
    "fields", [{"kernel": 2}, {"kernel": 3, "stride": 2, "padding": 1}, {"kernel": 2, "dilation": 3}]
)
def test_positions_are_drawn_where_the_pool_may_have_had_its_maxima(fields: dict[str, int]) -> None:
    pool = case_named("max_pool2d", (2, 5, 6), **fields)
    case = case_of(ops.get("max_unpool2d"), {}, (pool.output, pool.output))
    of_x, of_pool = draw_point(case, 40, np.random.default_rng(0)).read_extras
    assert of_x.keys() == of_pool.keys()
    drawn = of_pool["positions"]
    assert drawn.shape == (40, *pool.output.shape)
    for output in np.ndindex(pool.output.shape):
        read = {h * 6 + w for _, h, w in readings_by_position(pool.op, pool.inputs, output)[0]}
        assert set(drawn[(slice(None), *output)].tolist()) <= read
        assert len(set(drawn[(slice(None), *output)].tolist())) > 1 or len(read) == 1


def test_buffers_are_positive_and_weights_are_not() -> None:
    point = draw_point(case_named("batch_norm", (40,)), 3, np.random.default_rng(0))
    assert point.inputs[0].shape == (3, 40)
    assert point.weights["running_var"].min() > 0
    assert point.weights["weight"].min() < 0
    assert point.read_extras == ()


def test_samples_are_chosen_by_number() -> None:
    point = draw_point(case_named("dense", (2,), units=1), 3, np.random.default_rng(0))
    chosen = point.samples(np.array([2, 2]))
    assert np.array_equal(chosen.inputs[0], point.inputs[0][[2, 2]])
    assert chosen.weights is point.weights

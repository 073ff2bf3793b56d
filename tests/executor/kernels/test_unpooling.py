"""Unpoolings by hand, each paired with a max-pool that ran before."""

from __future__ import annotations

from typing import Any

from numpy.typing import ArrayLike

from archanalyzer import ops
from archanalyzer.executor.kernel import Forward
from archanalyzer.testing import Case, case_named, input_gradients, run_backward, run_forward


def unpooled(pool: Case, image: ArrayLike, x: ArrayLike) -> tuple[Case, Forward]:
    """The unpooling of ``x`` that is paired with a pool of ``image``, and its forward step."""
    op = ops.get(pool.op.name.replace("pool", "unpool"))()
    inputs = (pool.output, pool.output)
    case = Case(op, inputs, op.output_type(inputs))
    pooled = run_forward(pool, [image])
    return case, run_forward(case, [x, pooled.output], read_extras=({}, pooled.extras))


def gradients(case: Case, forward: Forward, dy: ArrayLike) -> list[Any]:
    return [dx.tolist() for dx in input_gradients(case, forward, dy)]


def test_values_go_back_to_the_maxima() -> None:
    """Maxima are at 1 and 3 in the first channel, at 0 and 2 in the second."""
    pool = case_named("max_pool1d", (2, 5), kernel=2)
    case, forward = unpooled(pool, [[[1, 5, 2, 3, 9], [4, 3, 2, 1, 9]]], [[[10, 20], [30, 40]]])
    assert forward.output.tolist() == [[[0, 10, 0, 20, 0], [30, 0, 40, 0, 0]]]
    assert gradients(case, forward, [[[1, 2, 3, 4, 5], [6, 7, 8, 9, 10]]]) == [
        [[[2, 4], [6, 8]]],
        [[[0, 0], [0, 0]]],
    ]


def test_where_windows_share_a_maximum_the_last_value_stays() -> None:
    """The windows (0, 5), (5, 0) and (0, 0) have their maxima at 1, 1 and 2: 20 takes the place of 10."""
    case, forward = unpooled(case_named("max_pool1d", (1, 4), kernel=2, stride=1), [[[0, 5, 0, 0]]], [[[10, 20, 30]]])
    assert forward.output.tolist() == [[[0, 20, 30, 0]]]
    assert gradients(case, forward, [[[1, 2, 3, 4]]]) == [[[[0, 2, 3]]], [[[0, 0, 0]]]]


def test_every_sample_has_its_own_positions() -> None:
    """The one maximum is at the end of the first row in the first sample, at the start of the second in the other."""
    pool = case_named("max_pool2d", (1, 2, 2), kernel=2)
    case, forward = unpooled(pool, [[[[1, 4], [2, 3]]], [[[1, 2], [4, 3]]]], [[[[5]]], [[[6]]]])
    assert forward.output.tolist() == [[[[0, 5], [0, 0]]], [[[0, 0], [6, 0]]]]
    assert gradients(case, forward, [[[[1, 2], [3, 4]]], [[[5, 6], [7, 8]]]])[0] == [[[[2]]], [[[7]]]]


def test_only_the_wanted_gradients() -> None:
    case, forward = unpooled(case_named("max_pool1d", (1, 2), kernel=2), [[[1, 2]]], [[[3]]])
    x, of_pool = run_backward(case, forward, [[[1, 2]]], wanted=[True, False]).dx
    assert (x is not None, of_pool) == (True, None)
    x, of_pool = run_backward(case, forward, [[[1, 2]]], wanted=[False, True]).dx
    assert (x, of_pool is not None) == (None, True)

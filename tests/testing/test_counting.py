"""Numbers that count their products."""

from __future__ import annotations

import numpy as np

from archanalyzer.testing.counting import Number, Tally


def test_a_matrix_product_counts_every_product_once() -> None:
    tally = Tally()
    a, b = tally.numbers(np.arange(6.0).reshape(2, 3)), tally.numbers(np.arange(12.0).reshape(3, 4))
    assert np.array_equal((a @ b).astype(float), np.arange(6.0).reshape(2, 3) @ np.arange(12.0).reshape(3, 4))
    assert tally.products == 2 * 3 * 4


def test_what_counts() -> None:
    tally = Tally()
    two, three = tally.numbers(np.array([2.0, 3.0]))
    results = (
        two + three,
        two - 1,
        1 - two,
        two / 4,
        -two,
        0.5 * two,
        two * 0.5,
        1 + two,
        np.exp(tally.numbers(np.ones(1)))[0],
    )
    assert tally.products == 0
    assert [float(each) for each in results] == [5, 1, -1, 0.5, -2, 1, 1, 3, float(np.exp(1))]
    assert all(isinstance(each, Number) for each in results)
    zeros = (two * 0, 0 * two, two * three)
    assert tally.products == len(zeros)
    assert max(two, three) == 3

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
    assert tally.operations == len(results) - 1  # a change of sign is none
    assert [float(each) for each in results] == [5, 1, -1, 0.5, -2, 1, 1, 3, float(np.exp(1))]
    assert all(isinstance(each, Number) for each in results)
    tally.operations = 0
    zeros = (two * 0, 0 * two, two * three)
    assert tally.products == len(zeros)
    assert tally.operations == 0
    assert max(two, three) == 3
    assert tally.operations == 1


def test_a_sum_of_products_has_no_other_operations_and_its_bias_is_one() -> None:
    """2·4 outputs of 3 products, of which one is with the zero of a padding; then a number is added to each."""
    tally = Tally()
    a, b, bias = (tally.numbers(np.ones(shape)) for shape in ((2, 3), (3, 4), (4,)))
    a[0, 0] = 0.0
    product = a @ b
    assert (tally.products, tally.operations) == (24, 0)
    product = product + bias
    assert tally.operations == 8
    assert float(product[0, 0]) == 3
    product = np.maximum(product, 0)
    assert tally.operations == 16


def test_products_of_other_arrays_are_added_by_an_operation() -> None:
    """As a recurrent layer adds what two weights make: 4 sums, each of which meets another."""
    tally = Tally()
    x, w, u = (tally.numbers(np.ones((2, 2))) for _ in range(3))
    first, second = x @ w, x @ u
    assert tally.operations == 0
    _ = first + second
    assert (tally.products, tally.operations) == (16, 4)


def test_a_product_of_what_is_computed_is_an_operation_too() -> None:
    tally = Tally()
    x, y = tally.numbers(np.array([2.0, 3.0]))
    _ = (x + y) * y
    assert (tally.products, tally.operations) == (1, 2)
    _ = (x / 2, 2 / x, x**2, abs(x), np.sqrt(tally.numbers(np.ones(1))), x < y)
    assert tally.operations == 2 + 5

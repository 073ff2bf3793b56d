"""Initializers: the variances of He and Glorot, and that names and seeds alone decide."""

from __future__ import annotations

from typing import Any
from zlib import crc32

import numpy as np
import pytest

from archanalyzer import ops
from archanalyzer.executor import initializers
from archanalyzer.executor.initializers import InitializerError, initialize
from archanalyzer.graph import Role, TensorType, Weight
from archanalyzer.recipe import INITIALIZERS
from archanalyzer.testing import cases_for

DENSE = Weight("weight", (300, 500))
CONVOLUTION = Weight("weight", (64, 32, 5, 7))


def drawn(
    weight: Weight, initializer: str | float = "he", seed: int = 0, name: str = "a", dtype: Any = np.float64
) -> Any:
    array = np.full(weight.shape, np.nan, dtype)
    initialize(weight, array, name, seed, initializer)
    return array


def test_the_initializers_are_those_declared() -> None:
    assert sorted(initializers.ALL) == sorted(set(INITIALIZERS.values()))
    for alias, name in INITIALIZERS.items():
        assert (drawn(DENSE, alias) == drawn(DENSE, name)).all()


@pytest.mark.parametrize(
    ("weight", "name", "variance"),
    [
        # 2 / 500; 2 / (500 + 300); 2 / (32 · 5 · 7); 2 / ((32 + 64) · 5 · 7).
        (DENSE, "he_normal", 2 / 500),
        (DENSE, "he_uniform", 2 / 500),
        (DENSE, "glorot_normal", 2 / 800),
        (DENSE, "glorot_uniform", 2 / 800),
        (CONVOLUTION, "he_normal", 2 / 1120),
        (CONVOLUTION, "he_uniform", 2 / 1120),
        (CONVOLUTION, "glorot_normal", 2 / 3360),
        (CONVOLUTION, "glorot_uniform", 2 / 3360),
    ],
)
def test_mean_variance_and_range(weight: Weight, name: str, variance: float) -> None:
    array = drawn(weight, name)
    # The mean of n has deviation √(variance / n); the mean square, at most √(2 / n) of its own size.
    assert abs(array.mean()) < 4 * np.sqrt(variance / array.size)
    assert np.square(array).mean() == pytest.approx(variance, rel=4 * np.sqrt(2 / array.size))
    limit = np.sqrt(3 * variance)  # √(6 / fan_in) for He; for Glorot, equation 16: √6 / √(fan_in + fan_out)
    if name.endswith("uniform"):
        assert 0.999 * limit < np.abs(array).max() <= limit
    else:
        # 8.33 % of a normal distribution lie beyond √3 deviations.
        assert (np.abs(array) > limit).mean() == pytest.approx(0.0833, abs=0.005)


def test_numbers_follow_from_seed_and_name_alone() -> None:
    assert (drawn(DENSE, seed=1, name="a") == drawn(DENSE, seed=1, name="a")).all()
    for seed, name in ((2, "a"), (1, "b")):
        assert (drawn(DENSE, seed=seed, name=name) != drawn(DENSE, seed=1, name="a")).all()
    random = np.random.default_rng([1, crc32(b"dense.weight")])
    expected = random.standard_normal(DENSE.shape) * np.sqrt(2 / 500)
    np.testing.assert_allclose(drawn(DENSE, "he_normal", 1, "dense.weight"), expected, rtol=1e-15)


@pytest.mark.parametrize("name", sorted(set(INITIALIZERS.values())))
def test_float32_is_float64_rounded(name: str) -> None:
    assert DENSE.elements > 2 * initializers._BLOCK
    assert (drawn(DENSE, name, dtype=np.float32) == drawn(DENSE, name).astype(np.float32)).all()


def test_arrays_of_any_layout() -> None:
    array = np.empty((500, 300)).T
    initialize(DENSE, array, "a", 0, "he")
    assert (array == drawn(DENSE)).all()


@pytest.mark.parametrize("number", [0, 1, -0.5])
def test_a_number_fills(number: float) -> None:
    assert (drawn(DENSE, number) == number).all()


@pytest.mark.parametrize("initializer", ["he", 0.5])
def test_what_begins_with_a_fixed_value_does_so(initializer: str | float) -> None:
    assert drawn(Weight("bias", (3,), Role.BIAS, initial=0), initializer).tolist() == [0, 0, 0]


def test_a_name_that_is_none() -> None:
    for weight in (DENSE, Weight("bias", (3,), initial=0)):
        with pytest.raises(InitializerError) as caught:
            drawn(weight, "glorott")
        assert str(caught.value) == "there is no initializer `glorott`: did you mean `glorot`?"
    assert issubclass(InitializerError, ValueError)


IMAGE = TensorType((6, 9, 9))


@pytest.mark.parametrize(
    ("op", "fields", "tensor", "fans"),
    [
        ("dense", {"units": 4}, TensorType((10,)), (10, 4)),
        # 6 · 3 · 3 inputs; an input reaches 4 · 3 · 3 outputs.
        ("conv2d", {"filters": 4, "kernel": 3}, IMAGE, (54, 36)),
        # Of 3 groups, an output sums 2 channels.
        ("conv2d", {"filters": 12, "kernel": 3, "groups": 3}, IMAGE, (18, 108)),
        # A transposed one's weight is (6, 4, 3, 3), and (6, 4, 3, 3) again of 3 groups of 12 filters.
        ("conv_transpose2d", {"filters": 4, "kernel": 3}, IMAGE, (54, 36)),
        ("conv_transpose2d", {"filters": 12, "kernel": 3, "groups": 3}, IMAGE, (18, 108)),
    ],
)
def test_fans(op: str, fields: dict[str, Any], tensor: TensorType, fans: tuple[int, int]) -> None:
    weight = ops.get(op)(**fields).weights((tensor,))[0]
    assert weight.initial is None
    assert weight.fans == fans


def test_fans_of_fewer_than_two_axes_are_the_elements() -> None:
    assert Weight("scale", (7,)).fans == (7, 7)
    assert Weight("scale", ()).fans == (1, 1)


@pytest.mark.parametrize("name", [name for name in ops.names() if ops.get(name).examples])
def test_what_arrays_begin_with(name: str) -> None:
    """Weights with outputs and inputs are drawn; all else begins with what the frameworks agree on."""
    fixed = {"bias": 0, "running_mean": 0, "running_var": 1, "weight": 0.25 if name == "prelu" else 1}
    if name == "dense" or name.startswith("conv"):
        del fixed["weight"]
    arrays = [array for case in cases_for(ops.get(name)) for array in case.op.weights(case.inputs)]
    assert {array.name: array.initial for array in arrays} == {array.name: fixed.get(array.name) for array in arrays}

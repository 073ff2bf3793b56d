"""What a network says when it is given something that it cannot use, and when numbers get out of hand."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import archanalyzer
from archanalyzer import SpecError
from archanalyzer.executor.errors import ExecutorError, NonFiniteError
from archanalyzer.executor.network import Network
from tests.executor.networks import network_of
from tests.graphs import Builder

ONE = "archspec: 1\ninputs: {image: [2, 3]}\nlayers: [conv1d: {filters: 2, kernel: 1}, relu]\n"
TWO = (
    "archspec: 1\ninputs: {left: [2], right: [2]}\noutputs: [sum, product]\nlayers:\n"
    "  - add:\n    from: [left, right]\n    name: sum\n  - multiply:\n    from: [left, right]\n    name: product\n"
)
SHAPE = "expected input `image` with shape batch×2×3"
X = np.ones((1, 2, 3))
LEFT_AND_RIGHT = {"left": np.ones((2, 2)), "right": np.ones((2, 2))}
BOTH = {"sum": np.ones((2, 2)), "product": np.ones((2, 2))}


def forward(x: Any) -> Callable[[Network], Any]:
    return lambda network: network.forward(x)


def backward(x: Any, dy: Any, **how: bool) -> Callable[[Network], Any]:
    return lambda network: (network.forward(x, **how), network.backward(dy))


def step(x: Any, targets: Any) -> Callable[[Network], Any]:
    return lambda network: network.step(x, targets)


@pytest.mark.parametrize(
    ("text", "use", "message"),
    [
        # inputs
        (ONE, forward(np.ones((4, 3, 2))), f"{SHAPE}, found 4×3×2"),
        (
            ONE,
            forward(np.ones((2, 3))),
            f"{SHAPE}, found 2×3; the first axis is the batch: `x[None]` makes one of a sample",
        ),
        (ONE, forward(1.0), f"{SHAPE}, found a single number"),
        (ONE, forward(np.ones((0, 2, 3))), "expected samples of input `image`, found an array of none"),
        (ONE, forward({"image": np.ones((1, 2, 4))}), f"{SHAPE}, found 1×2×4"),
        (ONE, forward(X * 1j), "expected input `image` as real numbers, found complex128"),
        (ONE, forward([[["a"] * 3] * 2]), "expected input `image` as real numbers, found <U1"),
        (ONE, forward(None), "expected input `image` as real numbers, found object"),
        (ONE, forward([[1, 2], [3]]), "expected input `image` as an array, found lists of different lengths"),
        (ONE, forward({"imge": X}), "there is no input `imge`; did you mean `image`?"),
        (ONE, forward({"image": X, "mask": X}), "there is no input `mask`; inputs: `image`"),
        (ONE, forward({}), "expected the inputs `image`, found none for `image`"),
        (TWO, forward(np.ones((1, 2))), "expected a map with the inputs `left`, `right`, found one array"),
        (TWO, forward({"left": [[1, 2]]}), "expected the inputs `left`, `right`, found none for `right`"),
        (
            TWO,
            forward({"left": np.ones((1, 2)), "right": np.ones((3, 2))}),
            "expected equally many samples of all inputs, found 1 of `left`, 3 of `right`",
        ),
        (
            "archspec: 1\ninputs: {x: [2]}\noutputs: [relu, tanh]\nlayers: [relu, tanh]\n",
            forward(np.ones((1, 2))),
            "the network has 2 outputs; give the inputs as a map to get one of outputs",
        ),
        # gradients by outputs
        (ONE, lambda network: network.backward(X), "a backward step needs a forward step with gradients before it, "),
        (ONE, backward(X, X, gradients=False), "a backward step needs a forward step with gradients before it, "),
        (ONE, backward(X, np.ones((2, 2, 3))), "expected gradients for 1 samples, found 2"),
        (ONE, backward(X, np.ones((1, 2, 4))), "expected output `relu` with shape batch×2×3, found 1×2×4"),
        (ONE, backward(X, {"rellu": X}), "there is no output `rellu`; did you mean `relu`?"),
        (
            TWO,
            backward(LEFT_AND_RIGHT, np.ones((2, 2))),
            "expected a map with the outputs `sum`, `product`, found one array",
        ),
        (
            TWO,
            backward(LEFT_AND_RIGHT, {"sum": np.ones((2, 2))}),
            "expected the outputs `sum`, `product`, found none for `product`",
        ),
        # targets
        (
            ONE,
            step(X, np.ones((1, 2, 4))),
            "half_squared_error of `relu`: expected a target with shape 1×2×3, found 1×2×4",
        ),
        (ONE, step(X, {"conv1d": X}), "expected targets for `relu`, found `conv1d`"),
        (ONE, step(X, {}), "expected targets for `relu`, found none"),
        (TWO, step(LEFT_AND_RIGHT, np.ones((2, 2))), "expected a map with targets for 2 outputs, found one array"),
        (TWO, step(LEFT_AND_RIGHT, {"sum": np.ones((2, 2))}), "expected targets for `sum`, `product`, found `sum`"),
        # parameters
        (
            ONE,
            lambda network: network.parameters.__setitem__("conv1d.weight", np.ones((2, 3))),
            "expected `conv1d.weight` with shape 2×2×1, found 2×3",
        ),
        (
            ONE,
            lambda network: network.parameters.__setitem__("conv1d.bias", ["a", "b"]),
            "expected `conv1d.bias` as real numbers, found <U1",
        ),
        # what there is to look at
        (ONE, lambda network: network.bound, "there is nothing to look at before a forward step"),
    ],
)
def test_what_does_not_fit_is_told(text: str, use: Callable[[Network], Any], message: str) -> None:
    with pytest.raises(ExecutorError, match=f"^{re.escape(message)}{'.*' if message.endswith(' ') else '$'}"):
        use(network_of(text))


def test_a_forward_step_is_used_up_by_its_backward_step() -> None:
    """Its arrays' memory holds others then: a second backward step would give wrong numbers."""
    network = network_of(ONE)
    network.forward(X)
    network.backward(X)
    with pytest.raises(ExecutorError, match=r"needs a forward step with gradients before it, which it uses up$"):
        network.backward(X)
    network.forward(X)
    network.backward(X)


def test_a_forward_step_that_failed_is_none() -> None:
    network = network_of(ONE)
    network.forward(X)
    with pytest.raises(NonFiniteError):
        network.forward(X * np.nan)
    with pytest.raises(ExecutorError, match="needs a forward step"):
        network.backward(X)


@pytest.mark.parametrize("name", ["conv1d.weigth", "conv2d.weight"])
def test_an_array_that_is_not_there(name: str) -> None:
    network = network_of(ONE)
    message = f"there is no array `{name}`; did you mean `conv1d.weight`?"
    with pytest.raises(KeyError, match=re.escape(message)):
        network.parameters[name] = 1
    with pytest.raises(KeyError, match=re.escape(message)):
        network.parameters[name]


def test_a_number_that_the_dtype_does_not_have() -> None:
    network = network_of(ONE, dtype="float32")
    with pytest.raises(
        ExecutorError, match=r"^expected `conv1d.bias` in the range of float32, found numbers beyond it$"
    ):
        network.parameters["conv1d.bias"] = [1, 1e300]
    assert network.parameters["conv1d.bias"].tolist() == [0, 0]
    network.parameters["conv1d.bias"] = [1, np.inf]


@pytest.mark.parametrize("dtype", ["float16", "int8", "double"])
def test_a_dtype_that_is_not_computed_in(dtype: str) -> None:
    with pytest.raises(ExecutorError, match=f"^expected float32 or float64 to compute in, found `{dtype}`$"):
        network_of(ONE, dtype=dtype)


def test_a_graph_whose_layers_do_not_fit() -> None:
    build = Builder()
    build.input("x", 2, 3)
    build.add("dense", units=3)
    with pytest.raises(SpecError) as raised:
        Network(build.graph())
    assert [each.rule.code for each in raised.value.diagnostics] == ["wrong-rank"]


def test_a_network_in_a_dtype_that_is_not_computed_in_takes_single_precision() -> None:
    spec = archanalyzer.loads("archspec: 1\ndtype: bfloat16\ninputs: {x: [2]}\nlayers: [relu]\n")
    assert archanalyzer.compile(spec).dtype == np.float32


# --- NaN and infinity


DEEP = "archspec: 1\ninputs: {x: [2]}\nlayers: [dense: 2, relu, dense: 2, flatten, dense: 1]\n"


def deep(**arrays: Any) -> Network:
    """In single precision, all weights 1 but those that are given, by layer."""
    network = network_of(DEEP, dtype="float32")
    network.initialize(1.0)
    for name, value in arrays.items():
        network.parameters[f"{name}.weight"] = np.broadcast_to(value, network.parameters[f"{name}.weight"].shape)
    return network


LARGE = np.float32(1e30)


@pytest.mark.parametrize(
    ("network", "use", "message"),
    [
        (deep(), forward([[np.nan, 1]]), "NaN first appears in the data of `x`"),
        (deep(), forward([[1, 2], [-np.inf, 1]]), "infinity first appears in the data of `x`"),
        (deep(), forward([[1e300, 1]]), "infinity first appears in the data of `x`"),
        (deep(dense=LARGE, dense_2=LARGE), forward([[1, 1]]), "infinity first appears in the output of `dense_2`"),
        (deep(dense=LARGE, dense_3=LARGE), forward([[1, 1]]), "infinity first appears in the output of `dense_3`"),
        (deep(dense=[[np.inf, -np.inf]]), forward([[1, 1]]), "NaN first appears in the output of `dense`"),
        (deep(), backward([[1, 1]], [[np.nan]]), "NaN first appears in the gradient by the output of `dense_3`"),
        (deep(), backward([[1, 1]], [[1e300]]), "infinity first appears in the gradient by the output of `dense_3`"),
        (deep(dense_3=LARGE), backward([[0, 0]], [[1e30]]), "infinity first appears in the gradients of `dense_3`"),
        (
            deep(dense=0, dense_2=LARGE, dense_3=LARGE),
            backward([[1, 1]], [[1]]),
            "infinity first appears in the gradients of `dense_2`",
        ),
        (
            deep(dense=0, dense_2=LARGE),
            backward([[1e30, 0]], [[1e10]]),
            "infinity first appears in the gradients of `dense_2`",
        ),
        (
            deep(dense=LARGE),
            step([[1, 1]], np.zeros((1, 1), np.float32)),
            "infinity first appears in the loss of `dense_3`",
        ),
    ],
)
def test_where_numbers_get_out_of_hand_is_told(network: Network, use: Callable[[Network], Any], message: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(NonFiniteError, match=f"^{re.escape(message)}$"):
            use(network)


def test_large_numbers_are_no_infinity() -> None:
    """Their sum is, in single precision; each of them is not."""
    network = network_of("archspec: 1\ninputs: {x: [4]}\nlayers: [relu]\n", dtype="float32")
    x = np.full((1, 4), 3e38, np.float32)
    assert np.array_equal(network.forward(x), x)

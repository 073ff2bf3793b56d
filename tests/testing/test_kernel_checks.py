"""The generic checks find what is wrong with a kernel, or with what an op declares of it, and say it."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import cycle
from typing import Any
from unittest import SkipTest

import numpy as np
import pytest

from archanalyzer import ops
from archanalyzer.executor import kernels
from archanalyzer.executor.kernel import Array, Backward, Extra, Forward
from archanalyzer.graph import Arithmetic, Example, Kept, Role, TensorType, Weight, WholeAxis, count
from archanalyzer.testing import checks_for
from archanalyzer.testing.checks import COMPUTED
from tests.testing.layers import Gate, GateKernel, answer, failures, kernel_with, op_with


def test_a_sound_kernel_passes() -> None:
    assert failures(Gate, GateKernel) == {}


def test_checks_of_the_kernel_are_made_for_each_example() -> None:
    named = [str(check) for check in checks_for(Gate, GateKernel) if check.subject == "gate[factor=4]"]
    assert named[-8:] == [
        f"gate[factor=4]-{name}"
        for name in (
            "computed-shape",
            "gradient",
            "window",
            "traits",
            "multiplications",
            "operations",
            "extras",
            "untouched",
        )
    ]


def test_without_a_kernel_its_checks_are_skipped() -> None:
    checks = checks_for(Gate)
    assert not {check.name for check in checks} & {"computed-shape", "gradient", "multiplications", "untouched"}
    with pytest.raises(SkipTest, match=r"^no kernel is registered as `gate`; give `checks_for` one$"):
        next(check for check in checks if check.name == "kernel")()


def test_a_layer_type_that_computes_nothing_says_so() -> None:
    source = op_with(name="input", examples=(Example("input: 3", (TensorType((2,)),)),))
    with pytest.raises(SkipTest, match=r"^it computes nothing: its output is what comes from outside$"):
        next(check for check in checks_for(source) if check.name == "kernel")()


def test_a_registered_kernel_is_found() -> None:
    assert len(checks_for(ops.get("relu"))) == 3 + len(COMPUTED) + 6


# --- Faults of a kernel


def forward_then(change: Callable[[Forward], object]) -> dict[str, Any]:
    """A forward step that does something wrong at the end."""

    def forward(self: GateKernel, call: Forward) -> None:
        GateKernel.forward(self, call)
        change(call)

    return {"forward": forward}


def backward_then(change: Callable[[Backward], object]) -> dict[str, Any]:
    """A backward step that does something wrong at the end."""

    def backward(self: GateKernel, call: Backward) -> None:
        GateKernel.backward(self, call)
        change(call)

    return {"backward": backward}


def by_x(call: Backward) -> Array:
    """The gradient by x, or something that takes what is done to it, where it is not wanted."""
    return np.zeros_like(call.dy) if call.dx[0] is None else call.dx[0]


def by_weight(call: Backward) -> Array:
    return call.dw.get("weight", np.zeros(3))


def unfilled(array: Array) -> None:
    array[..., -1] = np.nan


def scaled(array: Array, when: bool = True) -> None:
    array[...] *= 1 + 1e-5 * when


def off_in_single_precision(array: Array) -> None:
    array[...] *= 1.01 if array.dtype == np.float32 else 1


def without_mean(call: Forward) -> None:
    call.output -= call.output.mean(axis=0)


def with_neighbours(call: Forward) -> None:
    call.output += np.roll(call.x, 1, axis=-1)


def write(array: Array) -> None:
    array[...] = 0


NOISE = cycle((0.1, 0.7, 0.2))
FAULTS: list[tuple[dict[str, Any], str, str]] = [
    (
        forward_then(lambda call: unfilled(call.output)),
        "computed-shape",
        "the output, at inference: expected to be filled with finite numbers, found NaN, or nothing at all",
    ),
    (
        forward_then(lambda call: write(call.output[:, :0]) if len(call.x) > 1 else unfilled(call.output)),
        "computed-shape",
        "the output of a single sample, at inference: expected to be filled with finite numbers, found NaN, or nothing",
    ),
    (
        forward_then(without_mean),
        "computed-shape",
        r"the output of sample 0, at inference, computed for itself: expected .*, found 0 at \(.*\)",
    ),
    (
        forward_then(lambda call: without_mean(call) if call.training else None),
        "computed-shape",
        "the output of sample 0, in training, computed for itself",
    ),
    (
        forward_then(lambda call: off_in_single_precision(call.output)),
        "computed-shape",
        r"the output, at inference, in float32: expected .*, found .* at \(\d, \d, \d\)",
    ),
    (
        backward_then(lambda call: unfilled(by_x(call))),
        "gradient",
        "the gradient by x, at inference: expected to be filled with finite numbers, found NaN, or nothing at all",
    ),
    (
        backward_then(lambda call: scaled(by_x(call))),
        "gradient",
        "the gradient by x, at inference, along a direction: expected .*, found .*",
    ),
    (
        backward_then(lambda call: scaled(by_x(call), call.training)),
        "gradient",
        "the gradient by x, in training, along a direction: expected .*, found .*",
    ),
    (
        backward_then(lambda call: scaled(by_weight(call))),
        "gradient",
        "the gradient by `weight`, at inference, along a direction: expected .*, found .*",
    ),
    (
        backward_then(lambda call: scaled(by_x(call), not call.dw)),
        "gradient",
        "the gradient by x, at inference, the only one that is wanted: expected .*, found .*",
    ),
    (
        backward_then(lambda call: scaled(by_weight(call), call.dx[0] is None)),
        "gradient",
        "the gradient by `weight`, at inference, the only one that is wanted: expected .*, found .*",
    ),
    (
        backward_then(lambda call: scaled(by_x(call), len(call.dy) == 1)),
        "gradient",
        r"the gradient by x, at inference, entry by entry: expected .*, found .* at \(\d, \d\)",
    ),
    (
        backward_then(lambda call: off_in_single_precision(by_x(call))),
        "gradient",
        r"the gradient by x, at inference, in float32: expected .*, found .*",
    ),
    (
        backward_then(lambda call: np.add(by_x(call), call.x, out=by_x(call))),
        "gradient",
        "",  # NumPy's word for arrays that do not go together: x is ABSENT
    ),
    (
        forward_then(lambda call: np.add(call.output, next(NOISE), out=call.output)),
        "gradient",
        "the gradient by x, at inference: at a point drawn at random, most outputs jump or have a kink",
    ),
    (
        forward_then(with_neighbours)
        | backward_then(lambda call: np.add(by_x(call), np.roll(call.dy, -1, axis=-1), out=by_x(call))),
        "window",
        r"output position \(0, 0\) reads \(0, 2\) of 2×3, which the op does not state",
    ),
    (
        backward_then(lambda call: write(by_x(call)[:, 1])),
        "window",
        r"output position \(1, 0\) is stated to read \(1, 0\) of 2×3, but never does",
    ),
    (
        forward_then(lambda call: np.multiply(call.x, call.output, out=call.output)),
        "multiplications",
        "the op states 6 multiply–accumulates, the forward step makes 12",
    ),
    (
        backward_then(lambda call: np.multiply(call.dy, call.weights["weight"], out=by_x(call))),
        "multiplications",
        "the op states 6 multiply–accumulates, the gradient by input 0 makes 12",
    ),
    (
        backward_then(lambda call: np.multiply(call.dy, call.x, out=np.empty_like(call.dy)) if call.dw else None),
        "multiplications",
        "the op states 6 multiply–accumulates, the gradient by the weights makes 12",
    ),
    (
        {"extras": answer((Extra("nothing", (1,), np.int8),))},
        "extras",
        "op.kept states 4 bytes of extras in float32, found 1",
    ),
    (
        forward_then(lambda call: write(call.x)),
        "untouched",
        "the forward step writes to an array that it may only read",
    ),
    (
        forward_then(lambda call: write(call.weights["weight"])),
        "untouched",
        "the forward step writes to an array that it may only read",
    ),
    (
        backward_then(lambda call: write(call.dy)),
        "untouched",
        "the backward step writes to an array that it may only read",
    ),
    (
        backward_then(lambda call: write(call.extras["nothing"])),
        "untouched",
        "the backward step writes to an array that it may only read",
    ),
]


@pytest.mark.parametrize(("methods", "check", "message"), FAULTS, ids=[f"{each[1]}: {each[2]}" for each in FAULTS])
def test_a_fault_of_a_kernel_is_found(methods: dict[str, Any], check: str, message: str) -> None:
    assert re.match(message, failures(Gate, kernel_with(**methods))[f"gate-{check}"])


def test_a_kernel_that_remembers_an_array_and_writes_to_it_later_is_found() -> None:
    def forward(self: Any, call: Forward) -> None:
        GateKernel.forward(self, call)
        self.remembered = call.output

    def backward(self: Any, call: Backward) -> None:
        GateKernel.backward(self, call)
        self.remembered[...] = 0

    found = failures(Gate, kernel_with(forward=forward, backward=backward))
    assert found["gate-untouched"] == "an array that is only to be read has changed"


def test_a_buffer_that_changes_at_inference_is_found() -> None:
    weights = (*Gate.weights(Gate(factor=2), Gate.examples[0].inputs), Weight("seen", (1,), Role.BUFFER))
    op = op_with(weights=answer(weights), examples=Gate.examples[:1])
    kernel = kernel_with(**forward_then(lambda call: write(call.weights["seen"]) if call.training else None))
    assert failures(op, kernel) == {}
    kernel = kernel_with(**forward_then(lambda call: write(call.weights["seen"])))
    assert failures(op, kernel)["gate-untouched"] == "the forward step writes to an array that it may only read"


# --- Faults of what an op declares


@pytest.mark.parametrize(
    ("methods", "found"),
    [
        (
            {"readings": answer(((WholeAxis(), WholeAxis()),)), "examples": Gate.examples[:1]},
            {"gate-window": "output position (0, 0) is stated to read (0, 1) of 2×3, but never does"},
        ),
        (
            {"arithmetic": answer(Arithmetic((count("products", elements=7),))), "examples": Gate.examples[:1]},
            {"gate-multiplications": "the op states 7 multiply–accumulates, the forward step makes 6"},
        ),
        (
            {"arithmetic": answer(Arithmetic()), "examples": Gate.examples[:1]},
            {"gate-operations": "the op states no operations, the forward step makes 12"},  # x · weight, times 2
        ),
        (
            {"kept": answer(Kept(inputs=True, extra_elements=1, extra_bytes=3)), "examples": Gate.examples[:1]},
            {"gate-extras": "op.kept states 7 bytes of extras in float32, found 4"},
        ),
    ],
)
def test_a_fault_of_an_op_is_found(methods: dict[str, Any], found: dict[str, str]) -> None:
    assert failures(op_with(**methods), GateKernel) == found


# --- Operations that are stated and not made, and the other way round


class Plain(GateKernel):
    """y = weight · x, and no more."""

    def forward(self, call: Forward) -> None:
        np.multiply(call.x, call.weights["weight"], out=call.output)

    def backward(self, call: Backward) -> None:
        (dx,) = call.dx
        if dx is not None:
            np.multiply(call.dy, call.weights["weight"], out=dx)
        if call.dw:
            np.sum(call.dy * call.x, axis=tuple(range(call.dy.ndim - 1)), out=call.dw["weight"])


def with_operations(number: int, *, macs: bool = True, change: Callable[[Forward], object] = id) -> dict[str, str]:
    """What is said of a layer that states 6 multiply–accumulates, or none, and so many operations beside them."""
    stated = (count("products", elements=6),) if macs else ()
    arithmetic = Arithmetic(stated, (count("bias additions", elements=number),) if number else ())
    op = op_with(arithmetic=answer(arithmetic), examples=Gate.examples[:1])

    def forward(self: Plain, call: Forward) -> None:
        Plain.forward(self, call)
        change(call)

    return failures(op, type("Changed", (Plain,), {"forward": forward}))


def add_bias(call: Forward) -> None:
    call.output += call.weights["weight"]


def test_operations_that_the_kernel_never_makes_are_found() -> None:
    message = "the op states 6 operations, the forward step makes none"
    assert with_operations(6)["gate-operations"] == message
    assert "gate-operations" not in with_operations(6, change=add_bias)


def test_operations_that_are_not_stated_are_found_where_nothing_is() -> None:
    """6 products; of a layer with multiply–accumulates, what else is made is not asked."""
    found = with_operations(0, macs=False)
    assert found["gate-operations"] == "the op states no operations, the forward step makes 6"
    assert "gate-operations" not in with_operations(0)
    assert "gate-operations" not in with_operations(6, macs=False)


def test_sums_of_products_are_no_operations_of_their_own() -> None:
    """A layer that states a bias, over several inputs for each output."""
    kernel = kernels.get("dense")
    bias = Arithmetic((count("products", elements=6),), (count("bias additions", elements=2),))
    dense = ops.get("dense")
    methods = {
        "arithmetic": answer(bias),
        "examples": (Example("dense: {units: 2, bias: false}", (TensorType((3,)),)),),
    }
    op = type("Unbiased", (dense,), {"__doc__": "Without its bias.", "__module__": __name__, **methods})
    (said,) = [text for name, text in failures(op, kernel).items() if name.endswith("-operations")]
    assert said == "the op states 2 operations, the forward step makes none"


def test_a_kernel_that_calls_what_cannot_count_is_not_asked() -> None:
    checks = [check for check in checks_for(ops.get("softplus")) if check.name == "operations"]
    with pytest.raises(SkipTest, match=r"^operations are counted in arrays of objects, of which NumPy says: "):
        checks[0]()

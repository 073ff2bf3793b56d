"""Kernels are called as strictly as the contract is written."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from archanalyzer.executor.kernel import ABSENT, Array, Backward, Forward, Kernel
from archanalyzer.testing import Case, case_named, cases_for, run_backward, run_forward
from archanalyzer.testing.calling import garbage
from tests.testing.layers import Gate, GateKernel, kernel_with

X, WEIGHT = [[[1, 2, 3], [4, 5, 6]]], {"weight": [1, 10, 100]}


def gate(kernel: type[Kernel[Any]] = GateKernel) -> Case:
    return cases_for(Gate, kernel)[0]


def test_a_step_forward_and_back() -> None:
    forward = run_forward(gate(), [X], WEIGHT)
    assert forward.output.tolist() == [[[2, 40, 600], [8, 100, 1200]]]
    call = run_backward(gate(), forward, np.ones((1, 2, 3)))
    np.testing.assert_array_equal(call.dx[0], [[[2, 20, 200]] * 2])
    assert call.dw["weight"].tolist() == [10, 14, 18]


def test_what_is_to_be_filled_is_full_of_garbage() -> None:
    seen: list[Array] = []

    def forward(self: Any, call: Forward) -> None:
        seen.extend((call.output, call.extras["nothing"], call.scratch((2,), np.float32), call.scratch((2,), np.int8)))

    call = run_forward(gate(kernel_with(forward=forward)), [X], WEIGHT)
    assert [np.isnan(array).all() for array in seen[:3]] == [True, True, True]
    assert seen[3].tolist() == [77, 77]
    assert call.scratch((1,), object)[0] is None
    assert garbage((), bool) == np.array(True)


def test_what_is_not_kept_is_absent() -> None:
    seen: list[Backward] = []

    def backward(self: Any, call: Backward) -> None:
        seen.append(call)

    case = gate(kernel_with(backward=backward))
    forward = run_forward(case, [X], WEIGHT)
    run_backward(case, forward, np.ones((1, 2, 3)))
    run_backward(case, forward, np.ones((1, 2, 3)), wanted=[False], learning=False)
    assert [call.output is ABSENT for call in seen] == [True, True]
    assert [call.x is ABSENT for call in seen] == [False, True]
    assert [set(call.dw) for call in seen] == [{"weight"}, set()]
    assert np.isnan(seen[0].dx[0]).all()  # type: ignore[arg-type]
    assert seen[1].dx == (None,)


@pytest.mark.parametrize(
    ("inputs", "weights", "message"),
    [
        ([[[1.0, 2.0]]], WEIGHT, "inputs: expected arrays of (1, 2, 3), found (1, 1, 2)"),
        ([], WEIGHT, "inputs: expected arrays of (0, 2, 3), found none"),
        (X, {}, "weights: expected ['weight'], found []"),
        (X, {"weight": [1.0]}, "weights: expected arrays of (3,), found (1,)"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(inputs: Any, weights: Any, message: str) -> None:
    with pytest.raises(AssertionError, match=f"^{re.escape(message)}$"):
        run_forward(gate(), [inputs] if inputs else [], weights)


def test_a_gradient_that_does_not_fit_is_refused() -> None:
    expected = "the gradient by the output: expected arrays of (1, 2, 3), found (2, 3)"
    with pytest.raises(AssertionError, match=f"^{re.escape(expected)}$"):
        run_backward(gate(), run_forward(gate(), [X], WEIGHT), np.ones((2, 3)))


def test_other_errors_of_a_kernel_come_through() -> None:
    def forward(self: Any, call: Forward) -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match=r"^no$"):
        run_forward(gate(kernel_with(forward=forward)), [X], WEIGHT)


def test_an_input_of_which_the_type_alone_matters_is_absent() -> None:
    case = case_named("crop_like", (1, 3), (2, 1))
    call = run_forward(case, [[[[1, 2, 3]]], [[[4], [5]]]])
    assert case.reads == (True, False)
    assert call.inputs[1] is ABSENT
    assert call.output.tolist() == [[[2]]]


def test_a_case_has_one_kernel() -> None:
    case = case_named("relu", (2,))
    assert case.kernel is case.kernel
    assert type(case.kernel).__name__ == "ReluKernel"
    assert type(gate().kernel) is GateKernel

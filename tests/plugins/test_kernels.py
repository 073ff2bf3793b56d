"""A plugin's kernel fills the arrays that it is given, or is at fault: uninitialised memory is never an answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import numpy as np
import pytest

from archanalyzer import Plugin
from archanalyzer.diagnostics import Diagnostic
from archanalyzer.diagnostics.guarding import PluginError
from archanalyzer.executor import kernels
from archanalyzer.executor.kernel import Backward, Forward, Kernel
from archanalyzer.executor.kernels.dense import DenseKernel
from archanalyzer.graph import Arity, Op, TensorType, Types, Weight
from archanalyzer.plugins import admitted

X = np.array([[1.0, -2.0, 3.0], [4.0, 5.0, -6.0]])
DY = np.array([[1.0, 1.0, 2.0], [0.0, 3.0, 1.0]])


class Scaled(Op):
    """Sums its two inputs, each position times its own weight."""

    name = "scaled"
    arity = Arity(2, 2)

    def output_type(self, inputs: Types) -> TensorType:
        return inputs[0]

    def weights(self, inputs: Types) -> tuple[Weight, ...]:
        return (Weight("scale", inputs[0].shape),)


class Sound(Kernel[Scaled]):
    """y = w·(a + b)."""

    def forward(self, call: Forward) -> None:
        np.multiply(call.inputs[0] + call.inputs[1], call.weights["scale"], out=call.output)

    def backward(self, call: Backward) -> None:
        for dx in call.dx:
            if dx is not None:
                dx[...] = call.dy * call.weights["scale"]
        for dw in call.dw.values():
            dw[...] = np.sum(call.dy * (call.inputs[0] + call.inputs[1]), axis=0)


Make = Callable[..., Kernel[Any]]


@pytest.fixture
def made() -> Iterator[Make]:
    """Makes a kernel of ``Scaled``, as a plugin has it, with other steps than the sound ones."""
    with ExitStack() as in_use:

        def make(**steps: Any) -> Kernel[Any]:
            kernel = type("Changed", (Sound,), steps)
            in_use.enter_context(admitted(Plugin("scaling", 1, ops=(Scaled,), kernels={"scaled": kernel})))
            types = (TensorType((3,)), TensorType((3,)))
            return kernels.get("scaled")(Scaled(), types, types[0])

        yield make


def forward_call(dtype: Any = np.float64) -> Forward:
    weights = {"scale": np.array([1, 2, 3], dtype)}
    return Forward((X.astype(dtype), X.astype(dtype)), np.zeros((2, 3), dtype), weights)


def backward_call(*, wanted: tuple[bool, bool] = (True, True), learning: bool = True) -> Backward:
    dx = tuple(np.zeros((2, 3)) if each else None for each in wanted)
    dw = {"scale": np.zeros(3)} if learning else {}
    return Backward((X, X), np.empty(0), DY, dx, dw, {"scale": np.array([1.0, 2.0, 3.0])})


def fault(step: Callable[[Any], None], call: Any) -> Diagnostic:
    with pytest.raises(PluginError) as caught:
        step(call)
    return caught.value.diagnostic


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.longdouble, np.int32, np.int64, object])
def test_a_sound_one_computes_as_ever(made: Make, dtype: Any) -> None:
    """2·w·x, by hand."""
    call = forward_call(dtype)
    made().forward(call)
    assert call.output.tolist() == [[2, -8, 18], [8, 20, -36]]
    assert call.output.dtype == dtype


def test_a_sound_backward_step_computes_as_ever(made: Make) -> None:
    """By hand: dx = w·dy for both inputs, dw = Σ dy·2x over the samples."""
    call = backward_call()
    made().backward(call)
    assert [each.tolist() for each in call.dx if each is not None] == [[[1, 2, 6], [0, 6, 3]]] * 2
    assert call.dw["scale"].tolist() == [2, -4 + 30, 12 - 12]


@pytest.mark.parametrize("wanted", [(False, True), (True, False), (False, False)])
@pytest.mark.parametrize("learning", [True, False])
def test_what_is_not_wanted_need_not_be_filled(made: Make, wanted: tuple[bool, bool], learning: bool) -> None:
    made().backward(backward_call(wanted=wanted, learning=learning))


def test_a_batch_of_none_has_nothing_to_fill(made: Make) -> None:
    call = Forward((X[:0], X[:0]), np.zeros((0, 3)), {"scale": np.ones(3)})
    made(forward=lambda self, call: None).forward(call)


# --- Forward


def nothing(self: Any, call: Any) -> None:
    """Fills nothing."""


def returning(self: Any, call: Forward) -> Any:
    return call.inputs[0] + call.inputs[1]


def rebinding(self: Any, call: Forward) -> None:
    call.output = call.inputs[0] + call.inputs[1]


def half(self: Any, call: Forward) -> None:
    call.output[0] = 1


def adding(self: Any, call: Forward) -> None:
    call.output += call.inputs[0]


@pytest.mark.parametrize(
    ("step", "told"),
    [
        (nothing, "expected all of `call.output` to be filled, found 6 of 6 numbers left as they were"),
        (half, "expected all of `call.output` to be filled, found 3 of 6 numbers left as they were"),
        (adding, "expected all of `call.output` to be filled, found 6 of 6 numbers left as they were"),
        (returning, "expected nothing to be returned, found array([[ 2., -4., 6.], [ 8., 10., -12.]]) (ndarray)"),
        (rebinding, "expected `call.output` to be filled in place, found another in its place: array([[ 2.,"),
    ],
)
def test_a_forward_step_that_does_not_fill_its_output(made: Make, step: Any, told: str) -> None:
    found = fault(made(forward=step).forward, forward_call())
    assert found.message.startswith(f"kernel of `scaled` of plugin `scaling`, forward: {told}")
    assert found.rule.code == "plugin-failed"
    assert found.hint is not None
    assert "`call.output[...] = …`" in found.hint
    assert found.source is not None
    assert found.source.file.name.endswith("test_kernels.py")
    assert found.source.file.line(found.source.line).startswith(f"def {step.__name__}(")


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.int32, np.int64, object])
def test_in_numbers_of_any_type(made: Make, dtype: Any) -> None:
    found = fault(made(forward=nothing).forward, forward_call(dtype))
    assert found.message.endswith("found 6 of 6 numbers left as they were")


def test_an_array_with_gaps_is_looked_at_alone(made: Make) -> None:
    call = forward_call()
    memory = np.zeros((2, 6))
    call.output = memory[:, ::2]
    assert fault(made(forward=nothing).forward, call).message.endswith("6 of 6 numbers left as they were")
    assert not memory[:, 1::2].any()


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_what_was_computed_and_is_nan_was_filled(made: Make, dtype: Any) -> None:
    """That NaN came up is told by the network, of whatever layer."""

    def forward(self: Any, call: Forward) -> None:
        with np.errstate(invalid="ignore"):
            np.sqrt(np.full_like(call.output, -1), out=call.output)
            call.output[0, 0] = np.nan
            call.output[0, 1] = np.subtract(np.inf, np.inf)

    call = forward_call(dtype)
    made(forward=forward).forward(call)
    assert np.isnan(call.output).all()


def test_a_call_can_be_used_again(made: Make) -> None:
    """What a step put into the place of the output is not there the next time."""
    call = forward_call()
    output = call.output
    fault(made(forward=rebinding).forward, call)
    assert call.output is output


# --- Backward


def test_a_backward_step_that_fills_nothing(made: Make) -> None:
    kernel = made(backward=nothing)
    told = "kernel of `scaled` of plugin `scaling`, backward: expected all of `{}` to be filled, found {}"
    for call, name, number in (
        (backward_call(), "call.dx[0]", 6),
        (backward_call(wanted=(False, True)), "call.dx[1]", 6),
        (backward_call(wanted=(False, False)), "call.dw['scale']", 3),
    ):
        found = fault(kernel.backward, call)
        assert found.message == told.format(name, f"{number} of {number} numbers left as they were")
        assert found.hint is not None
        assert f"`{name}[...] = …`" in found.hint


def test_a_backward_step_that_returns_its_gradients(made: Make) -> None:
    found = fault(made(backward=lambda self, call: (call.dy, call.dy)).backward, backward_call())
    assert ", backward: expected nothing to be returned, found (array(" in found.message


def rebinding_dx(self: Any, call: Backward) -> None:
    call.dx = (call.dy, call.dy)


def rebinding_dw(self: Any, call: Backward) -> None:
    call.dw = {"scale": np.ones(3)}


def replacing_an_entry(self: Any, call: Any) -> None:
    Sound.backward(self, call)
    call.dw["scale"] = np.ones(3)


@pytest.mark.parametrize(
    ("step", "name"), [(rebinding_dx, "dx"), (rebinding_dw, "dw"), (replacing_an_entry, "dw['scale']")]
)
def test_a_backward_step_that_rebinds(made: Make, step: Any, name: str) -> None:
    told = f", backward: expected `call.{name}` to be filled in place, found another in its place: "
    assert told in fault(made(backward=step).backward, backward_call()).message


def test_built_in_kernels_are_called_as_they_are() -> None:
    """What is looked at costs time, and is looked at of plugins' kernels alone."""
    assert kernels.get("dense") is DenseKernel

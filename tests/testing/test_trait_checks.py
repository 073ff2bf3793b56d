"""Traits that an op claims and its kernel does not have are found; those that it has are admitted."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pytest

from archanalyzer.executor.kernel import Array, Forward, Kernel
from archanalyzer.graph import Trait
from archanalyzer.testing import checks_for
from tests.testing.layers import Gate, GateKernel, answer, op_with


class FunctionKernel(Kernel[Gate]):
    """Any function of x; only its traits are looked at."""

    function: Callable[[Array], Array]

    def forward(self, call: Forward) -> None:
        call.output[...] = type(self).function(call.x)


def saying_of_traits(function: Callable[[Array], Array], trait: Trait) -> str | None:
    """What the check of traits says of a function that is claimed to have one."""
    kernel = type("Made", (FunctionKernel,), {"function": staticmethod(function)})
    checks = checks_for(op_with(traits=property(answer(trait)), weights=answer(())), kernel)
    try:
        next(check for check in checks if check.name == "traits")()
    except AssertionError as error:
        return str(error)
    return None


def hat(x: Array) -> Array:
    """Straight, with a kink every tenth."""
    y: Array = np.abs(x * 10 % 2 - 1)
    return y


@pytest.mark.parametrize(
    ("function", "trait", "message"),
    [
        (lambda x: np.maximum(x, 0), Trait.AFFINE, r"it is not affine: f\(t·x \+ \(1 − t\)·z\): expected .*, found .*"),
        (lambda x: x + 1e-8 * x * x, Trait.AFFINE, "it is not affine"),
        (lambda x: x + 1, Trait.HOMOGENEOUS, r"it is not homogeneous: f\(0.01·x\): expected .*, found .*"),
        (lambda x: np.maximum(x, -1), Trait.HOMOGENEOUS, r"it is not homogeneous: f\("),
        (
            lambda x: x - x.mean(axis=(1, 2), keepdims=True),
            Trait.ELEMENTWISE,
            r"it is not elementwise: with other neighbours, f\(x\): expected .*, found .*",
        ),
        (np.tanh, Trait.PIECEWISE_LINEAR, "it is not piecewise linear: it bends at 100% of all places"),
        (lambda x: np.where(np.abs(x) < 0.1, x * x, 0.1 * np.abs(x)), Trait.PIECEWISE_LINEAR, "it is not piecewise"),
        (np.sign, Trait.PIECEWISE_LINEAR, "it is not continuous: it jumps by 2"),
        (lambda x: x + 1e-3 * (x > 1), Trait.PIECEWISE_LINEAR, "it is not continuous: it jumps by 0.001"),
    ],
)
def test_a_trait_that_is_not_there_is_found(function: Callable[[Array], Array], trait: Trait, message: str) -> None:
    assert re.match(message, saying_of_traits(function, trait) or "")


@pytest.mark.parametrize(
    ("function", "trait"),
    [
        (lambda x: 3 * x + 1, Trait.AFFINE),
        (lambda x: np.where(x > 0, x, 0.1 * x), Trait.HOMOGENEOUS),
        (lambda x: np.sign(x) * np.hypot(x, x[:, ::-1]), Trait.HOMOGENEOUS),
        (np.tanh, Trait.ELEMENTWISE),
        (hat, Trait.PIECEWISE_LINEAR),
        (lambda x: np.sort(x, axis=-1), Trait.PIECEWISE_LINEAR),
    ],
)
def test_a_trait_that_is_there_is_admitted(function: Callable[[Array], Array], trait: Trait) -> None:
    assert saying_of_traits(function, trait) is None


def test_elementwise_needs_inputs_of_the_shape_of_the_output() -> None:
    flat = op_with(traits=property(answer(Trait.ELEMENTWISE)), output_type=answer(Gate.examples[1].inputs[0]))
    check = next(check for check in checks_for(flat, GateKernel) if check.name == "traits")
    with pytest.raises(AssertionError, match="its inputs are not all of its output's shape, 2"):
        check()

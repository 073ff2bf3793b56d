"""A sound layer type with its kernel, to put faults into, and what the checks say of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from unittest import SkipTest

import numpy as np
from pydantic import Field

from archanalyzer.executor.kernel import Backward, Extra, Forward, Kernel
from archanalyzer.graph import (
    Arithmetic,
    Example,
    Kept,
    Op,
    Readings,
    TensorType,
    Trait,
    Types,
    Weight,
    aligned_axes,
    count,
)
from archanalyzer.testing import checks_for


class Gate(Op):
    """y = weight · x, row by row, with a weight a column; ``factor`` times that. Counted as multiply–accumulates."""

    name = "gate"
    scalar_field = "factor"
    examples = (Example("gate", (TensorType((2, 3)),)), Example("gate: 4", (TensorType((2,)),)))

    factor: int = Field(2, description="A whole number: the factor.")

    def output_type(self, inputs: Types) -> TensorType:
        return TensorType(inputs[0].shape)

    def weights(self, inputs: Types) -> tuple[Weight, ...]:
        return (Weight("weight", inputs[0].shape[-1:]),)

    def arithmetic(self, inputs: Types, output: TensorType) -> Arithmetic:
        return Arithmetic(macs=(count("products", elements=output.elements),))

    def readings(self, inputs: Types, output: TensorType) -> tuple[Readings, ...]:
        return (aligned_axes(len(output.shape)),)

    def kept(self, inputs: Types, output: TensorType) -> Kept:
        return Kept(inputs=True, inputs_for_weights_only=True, extra_elements=1)

    @property
    def traits(self) -> Trait:
        return Trait.LINEAR | Trait.ELEMENTWISE


class GateKernel(Kernel[Gate]):
    """Keeps, for nothing, a number."""

    def extras(self) -> tuple[Extra, ...]:
        return (Extra("nothing", (1,)),)

    def forward(self, call: Forward) -> None:
        np.multiply(call.x, call.weights["weight"], out=call.output)
        call.output *= self.op.factor

    def backward(self, call: Backward) -> None:
        (dx,) = call.dx
        if dx is not None:
            np.multiply(call.dy, call.weights["weight"], out=dx)
            dx *= self.op.factor
        if call.dw:
            products = call.dy * call.x
            np.sum(products, axis=tuple(range(products.ndim - 1)), out=call.dw["weight"])
            call.dw["weight"] *= self.op.factor


def answer(value: Any) -> Callable[..., Any]:
    """A method that always answers the same."""
    return lambda *_: value


def op_with(**methods: Any) -> type[Op]:
    return type("Faulty", (Gate,), {"__doc__": "A faulty layer type.", "__module__": __name__, **methods})


def kernel_with(**methods: Any) -> type[Kernel[Any]]:
    return type("FaultyKernel", (GateKernel,), methods)


def failures(op: type[Op], kernel: type[Kernel[Any]] | None = None) -> dict[str, str]:
    """What the checks that fail say, by the id of the check; those that are skipped are not among them."""
    found: dict[str, str] = {}
    for check in checks_for(op, kernel):
        try:
            check()
        except SkipTest:
            continue
        except (AssertionError, ValueError) as error:
            found[str(check)] = str(error)
    return found

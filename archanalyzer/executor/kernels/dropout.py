"""Dropout: in training y = x · mask / (1 − rate), at inference y = x; the gradient goes through the same mask."""

from __future__ import annotations

import numpy as np

from archanalyzer.executor.kernel import Backward, Extra, Forward, Kernel
from archanalyzer.ops.dropout import Dropout


class DropoutKernel(Kernel[Dropout]):
    """The mask is drawn in the forward step, one byte an element, and kept."""

    def extras(self) -> tuple[Extra, ...]:
        return (Extra("mask", self.output_type.shape, np.bool_),)

    def forward(self, call: Forward) -> None:
        if not call.training:
            np.copyto(call.output, call.x)
            return
        mask = call.extras["mask"]
        np.greater_equal(call.random.random(mask.shape), self.op.rate, out=mask)
        np.multiply(call.x, mask, out=call.output)
        call.output *= 1 / (1 - self.op.rate)

    def backward(self, call: Backward) -> None:
        (dx,) = call.dx
        if dx is None:
            return
        if not call.training:
            np.copyto(dx, call.dy)
            return
        np.multiply(call.dy, call.extras["mask"], out=dx)
        dx *= 1 / (1 - self.op.rate)


KERNELS = {"dropout": DropoutKernel}

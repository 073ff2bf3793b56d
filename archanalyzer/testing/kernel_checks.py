"""What must be true of the kernel of a layer type, one function a check, each run on every case."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from math import prod
from unittest import SkipTest

import numpy as np

from archanalyzer.executor.kernel import Array, Forward
from archanalyzer.graph import TensorType
from archanalyzer.testing.calling import run_backward, run_forward, type_of
from archanalyzer.testing.cases import Case
from archanalyzer.testing.counting import Tally
from archanalyzer.testing.points import Point, draw_point
from archanalyzer.testing.readings import Position, positions, readings_by_position
from archanalyzer.testing.requiring import require, require_close, require_filled

_SPIKE = 8.0
"""Above, or with the other sign below, all that is drawn from the normal distribution."""


def computed_shape(case: Case) -> None:
    """The output is filled with finite numbers, whatever the batch and the dtype, and each sample is for itself.

    But in training, samples may share a random sequence, or what a batch norm takes of the whole batch.
    """
    random = np.random.default_rng(0)
    for training in (False, True):
        mode = "in training" if training else "at inference"
        point = draw_point(case, 3, random)
        batch = point.forward(case, training=training).output
        require_filled(batch, f"the output, {mode}")
        single = point.forward(case, training=training, dtype=np.float32).output
        require_close(single, batch, f"the output, {mode}, in float32", within=1e-4)
        apart = not training or _is_apart(case, point)
        for sample in range(3):
            alone = point.samples(np.array([sample])).forward(case, training=training).output
            require_filled(alone, f"the output of a single sample, {mode}")
            if apart:
                what = f"the output of sample {sample}, {mode}, computed for itself"
                require_close(alone[0], batch[sample], what, within=1e-12)


def _is_apart(case: Case, point: Point) -> bool:
    """Whether samples do not depend on each other in training: nothing is drawn, nothing is of the whole batch."""
    first, second = (point.forward(case, training=True, seed=seed).output for seed in (0, 1))
    return np.array_equal(first, second) and all(extra.per_sample for extra in case.kernel.extras())


def extras(case: Case) -> None:
    """What the kernel leaves for its backward step is as many bytes as the op states."""
    kept = case.op.kept(case.inputs, case.output)
    if kept is None:
        return
    for dtype in (np.float32, np.float64):
        stated = kept.extra_elements * np.dtype(dtype).itemsize + kept.extra_bytes
        made = sum(prod(extra.shape) * type_of(extra, dtype).itemsize for extra in case.kernel.extras())
        require(made == stated, f"op.kept states {stated:,} bytes of extras in {np.dtype(dtype)}, found {made:,}")


def untouched(case: Case) -> None:
    """Both steps leave as it was what they may only read: all but buffers, which the forward step of training fills."""
    point = draw_point(case, 2, np.random.default_rng(0))
    for training in (False, True):
        forward = point.forward(case, training=training)
        held = (*forward.weights.values(), *forward.extras.values(), forward.output)
        before = [array.copy() for array in held]
        call = run_backward(case, forward, np.ones(forward.output.shape), wanted=case.reads)
        pairs = (
            *((x, then) for x, then, read in zip(forward.inputs, point.inputs, case.reads, strict=True) if read),
            *zip(held, before, strict=True),
            *((forward.weights[name], array) for name, array in point.weights.items() if not training),
            (call.dy, np.ones(forward.output.shape)),
        )
        same = all(np.array_equal(now, then, equal_nan=now.dtype.kind == "f") for now, then in pairs)
        require(same, "an array that is only to be read has changed")


def window(case: Case) -> None:
    """One output position reads just those input positions that the op states, as the gradients by the input tell.

    Gradients are taken at random points and, so that every maximum has been somewhere else, with each input position
    in turn far above and far below all others. Of an op that reads extras, through which no gradient goes, an input
    may also be stated and not seen.
    """
    if case.op.readings(case.inputs, case.output) is None:
        return
    stated = _stated(case)
    random = np.random.default_rng(0)
    seen = _seen(case, draw_point(case, 2, random))
    for number, tensor in enumerate(case.inputs):
        if not case.op.reads_extras and (stated[number] & ~seen[number]).any():
            for spike in (_SPIKE, -_SPIKE):
                seen[number] |= _seen(case, _spiked(case, number, spike, random))[number]
        _require_none(seen[number] & ~stated[number], case, tensor, "reads", "which the op does not state")
        if not case.op.reads_extras:
            _require_none(stated[number] & ~seen[number], case, tensor, "is stated to read", "but never does")


def _stated(case: Case) -> list[Array]:
    """For each input, an array (output elements, input elements): whether the one reads the other, says the op."""
    stated = [np.zeros((case.output.elements, tensor.elements), bool) for tensor in case.inputs]
    for row, output in enumerate(positions(case.output)):
        for number, read in enumerate(readings_by_position(case.op, case.inputs, output)):
            for position in read:
                stated[number][row, np.ravel_multi_index(position, case.inputs[number].shape)] = True
    return stated


def _seen(case: Case, point: Point) -> list[Array]:
    """As ``_stated``, says the kernel: whether the Jacobian, at some sample of the point, is other than zero."""
    samples, outputs = len(point.inputs[0]), case.output.elements
    forward = point.samples(np.repeat(np.arange(samples), outputs)).forward(case)
    dy = np.tile(np.eye(outputs), (samples, 1)).reshape(forward.output.shape)
    call = run_backward(case, forward, dy, wanted=case.reads, learning=False)
    gradients = [np.zeros(samples * outputs) if dx is None else dx for dx in call.dx]
    return [(dx.reshape(samples, outputs, -1) != 0).any(axis=0) for dx in gradients]


def _spiked(case: Case, number: int, spike: float, random: np.random.Generator) -> Point:
    """A sample for each position of an input, which is far above, or below, the others there."""
    elements = case.inputs[number].elements
    point = draw_point(case, elements, random)
    point.inputs[number].reshape(elements, elements)[np.diag_indices(elements)] += spike
    return point


def _require_none(found: Array, case: Case, tensor: TensorType, does: str, but: str) -> None:
    if found.any():
        output, read = (int(index) for index in np.argwhere(found)[0])
        places = _place(output, case.output), _place(read, tensor)
        raise AssertionError(f"output position {places[0]} {does} {places[1]} of {tensor}, {but}")


def _place(index: int, tensor: TensorType) -> Position:
    return tuple(map(int, np.unravel_index(index, tensor.shape)))


def multiplications(case: Case) -> None:
    """Of a layer that states some, multiply–accumulates are as many as the kernel makes of numbers that count.

    So many are in the forward step, and again in the gradient by each input and in that by the weights.
    """
    arithmetic = case.op.arithmetic(case.inputs, case.output)
    if arithmetic is None or not arithmetic.macs:
        return
    stated = sum(count.total for count in arithmetic.macs)
    for what, found in _products(case):
        require(found == stated, f"the op states {stated:,} multiply–accumulates, {what} makes {found:,}")


def operations(case: Case) -> None:
    """A layer that states other operations of the forward step makes some, and one that states nothing makes none.

    A kernel may need more of them than the op states, and by sharing what several outputs have in common, fewer: so it
    is asked whether there are any, not how many. Beside multiply–accumulates, the additions that make sums of products
    are none; that of a bias is one. Not looked at is the backward step, nor what a layer with multiply–accumulates
    makes without stating it.

    Raises:
        SkipTest: the kernel calls what cannot count.
    """
    arithmetic = case.op.arithmetic(case.inputs, case.output)
    if arithmetic is None:
        return
    stated = sum(count.total for count in arithmetic.operations)
    tally = Tally()
    try:
        _counted_forward(case, tally, np.random.default_rng(0))
    except TypeError as error:
        raise SkipTest(f"operations are counted in arrays of objects, of which NumPy says: {error}") from None
    found = tally.operations + (0 if arithmetic.macs else tally.products)
    require(bool(found) or not stated, f"the op states {stated:,} operations, the forward step makes none")
    if not stated and not arithmetic.macs:
        require(not found, f"the op states no operations, the forward step makes {found:,}")


def _counted_forward(case: Case, tally: Tally, random: np.random.Generator) -> tuple[Point, Forward]:
    """A point of numbers that count, and the forward step there."""
    point = draw_point(case, 1, random)
    weights = {name: tally.numbers(array) for name, array in point.weights.items()}
    point = replace(point, inputs=tuple(map(tally.numbers, point.inputs)), weights=weights)
    return point, run_forward(case, point.inputs, point.weights, dtype=object, read_extras=point.read_extras)


def _products(case: Case) -> Iterator[tuple[str, int]]:
    """What each step is, and how many products it makes."""
    tally, random = Tally(), np.random.default_rng(0)
    point, forward = _counted_forward(case, tally, random)
    yield "the forward step", tally.products
    dy = tally.numbers(random.standard_normal((1, *case.output.shape)))
    inputs = range(len(case.inputs))
    for one in (number for number in inputs if case.reads[number]):
        tally.products = 0
        run_backward(case, forward, dy, wanted=[number == one for number in inputs], learning=False)
        yield f"the gradient by input {one}", tally.products
    if point.weights:
        tally.products = 0
        run_backward(case, forward, dy, wanted=[False] * len(inputs))
        yield "the gradient by the weights", tally.products

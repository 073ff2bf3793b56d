"""Convolutions by hand, and their multiply–accumulates against a count of every product there is."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from archanalyzer import ops
from archanalyzer.graph import Misfit
from archanalyzer.testing import Case, case_named


def conv(shape: tuple[int, ...], **fields: Any) -> Case:
    return case_named(f"conv{len(shape) - 1}d", shape, **fields)


def parameters(case: Case) -> int:
    return sum(array.elements for array in case.op.weights(case.inputs))


def macs(case: Case) -> int:
    arithmetic = case.op.arithmetic(case.inputs, case.output)
    assert arithmetic is not None
    return sum(count.total for count in arithmetic.macs)


@pytest.mark.parametrize(
    ("case", "output", "parameters_", "macs_"),
    [
        (conv((3, 224, 224), filters=64, kernel=3, padding="same"), (64, 224, 224), 1_792, 86_704_128),
        (conv((3, 8, 8), filters=3, kernel=3, padding=1), (3, 8, 8), 84, 5_184),
        (conv((8, 6, 6), filters=8, kernel=3, groups=8, bias=False), (8, 4, 4), 72, 1_152),
        (conv((2, 5, 5, 5), filters=3, kernel=3, bias=False), (3, 3, 3, 3), 162, 4_374),
        (conv((1, 17, 17), filters=1, kernel=3, dilation=2), (1, 13, 13), 10, 1_521),
        (conv((3, 16), filters=8, kernel=5, stride=2, padding=2), (8, 8), 128, 960),
    ],
    ids=str,
)
def test_by_hand(case: Case, output: tuple[int, ...], parameters_: int, macs_: int) -> None:
    assert case.output.shape == output
    assert parameters(case) == parameters_
    assert macs(case) == macs_


@settings(deadline=None, max_examples=60, derandomize=True)
@given(st.data())
def test_macs_are_every_product_there_is(data: st.DataObject) -> None:
    """Padding's zeros included: for each output position and filter, each tap of each channel of the group."""
    groups, of_group, filters, kernel, stride, dilation = data.draw(st.tuples(*[st.integers(1, 3)] * 6))
    length = data.draw(st.integers((kernel - 1) * dilation + 1, 9))
    padding = data.draw(st.integers(0, 2))
    case = conv(
        (groups * of_group, length, length),
        filters=groups * filters,
        groups=groups,
        kernel=kernel,
        stride=stride,
        dilation=dilation,
        padding=padding,
    )
    padded = range(-padding, length + padding)
    starts = [start for start in padded[::stride] if start + (kernel - 1) * dilation in padded]
    taps = [(start + k * dilation) for start in starts for k in range(kernel)]
    assert all(tap in padded for tap in taps)
    products = sum(1 for _ in product(range(groups), range(filters), range(of_group), taps, taps))
    assert macs(case) == products
    assert len(starts) == case.output.shape[1]


@pytest.mark.parametrize(
    ("shape", "fields", "message", "hint"),
    [
        (
            (3, 4, 4),
            {"kernel": 5},
            "the kernel spans 5 along the height, the padded input only 4 (4 + 0 + 0)",
            "use a smaller kernel, more padding or a larger input",
        ),
        (
            (3, 4, 4),
            {"kernel": (1, 3), "dilation": 3, "padding": ((0, 0), (1, 0))},
            "the kernel spans 7 (kernel 3, dilation 3) along the width, the padded input only 5 (4 + 1 + 0)",
            "use a smaller kernel, more padding or a larger input",
        ),
        ((3, 4, 4), {"kernel": 1, "groups": 2}, "3 input channels do not divide into 2 groups", "groups must divide 3"),
        ((6, 4, 4), {"kernel": 1, "groups": 3}, "4 filters do not divide into 3 groups", "groups must divide 4"),
    ],
)
def test_misfit(shape: tuple[int, ...], fields: dict[str, Any], message: str, hint: str) -> None:
    with pytest.raises(Misfit) as misfit:
        conv(shape, filters=4, **fields)
    assert (misfit.value.message, misfit.value.hint) == (message, hint)


def test_wrong_rank() -> None:
    with pytest.raises(Misfit) as misfit:
        case_named("conv2d", (3, 8), filters=4, kernel=1)
    assert misfit.value.message == "expected an input with 3 axes (channels, height, width), found 3×8 with 2"
    assert misfit.value.hint == "use `conv1d`"


@pytest.mark.parametrize(
    "fields",
    [
        {"kernel": 0},
        {"kernel": (3,)},
        {"kernel": 3.0},
        {"kernel": True},
        {"kernel": 3, "padding": -1},
        {"kernel": 3, "padding": "full"},
        {"kernel": 3, "padding": ((1, 2, 3), (1, 2, 3))},
        {"kernel": 3, "units": 4},
        {"kernel": 3, "bias": 1},
        {},
    ],
    ids=str,
)
def test_fields_are_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ops.get("conv2d").model_validate({"filters": 4, **fields})

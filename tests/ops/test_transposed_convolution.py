"""Transposed convolutions by hand."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from archanalyzer.graph import Misfit
from archanalyzer.testing import Case, case_named, positions, readings_by_position


def up(shape: tuple[int, ...], **fields: Any) -> Case:
    return case_named(f"conv_transpose{len(shape) - 1}d", shape, **fields)


def test_parameters_and_macs_by_hand() -> None:
    case = up((3, 5, 5), filters=8, kernel=4, stride=2)
    assert case.output.shape == (8, 12, 12)
    assert [array.shape for array in case.op.weights(case.inputs)] == [(3, 8, 4, 4), (8,)]
    assert sum(array.elements for array in case.op.weights(case.inputs)) == 392
    arithmetic = case.op.arithmetic(case.inputs, case.output)
    assert arithmetic is not None
    assert [count.total for count in arithmetic.macs] == [9_600]


def test_reads_two_positions_inside_and_one_at_the_border() -> None:
    case = up((3, 5, 5), filters=8, kernel=4, stride=2)
    seen = [len({index for _, index, _ in readings_by_position(case.op, case.inputs, (0, o, 0))[0]}) for o in range(12)]
    assert seen == [1, 1, *[2] * 8, 1, 1]


@pytest.mark.parametrize("kernel", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("length", [1, 2, 5])
def test_same_multiplies_the_length_by_the_stride(kernel: int, stride: int, length: int) -> None:
    assert up((1, length), filters=1, kernel=kernel, stride=stride, padding="same").output.shape == (1, length * stride)


def test_macs_are_every_product_that_is_computed() -> None:
    """Where nothing is cropped, these are the pairs of an output and an input position that it reads, by filters."""
    case = up((2, 3, 4), filters=3, kernel=(3, 2), stride=(2, 3), dilation=(2, 1))
    pairs = sum(len(readings_by_position(case.op, case.inputs, output)[0]) for output in positions(case.output))
    arithmetic = case.op.arithmetic(case.inputs, case.output)
    assert arithmetic is not None
    assert sum(count.total for count in arithmetic.macs) == pairs


def test_cropping_everything_is_a_misfit() -> None:
    with pytest.raises(Misfit) as misfit:
        up((1, 2), filters=1, kernel=2, padding=2)
    assert misfit.value.rule.code == "crop-larger-than-input"
    assert misfit.value.message == "padding crops 2 + 2 positions along the length, the uncropped output has only 3"


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"output_padding": 2}, "output_padding: expected a number below stride or dilation, the larger of which is 2"),
        ({"output_padding": 1, "padding": "same"}, "output_padding: expected 0 with padding `same`"),
    ],
)
def test_output_padding(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        up((1, 4), filters=1, kernel=2, stride=2, **fields)

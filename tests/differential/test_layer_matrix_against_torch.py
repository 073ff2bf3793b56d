"""Matrices of layers against PyTorch: W is the Jacobian of the output by the input, row j of E that of weight j."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from archanalyzer.executor.layer_matrix import matrix_of
from archanalyzer.executor.weight_terms import terms_of
from archanalyzer.testing import Case, case_named
from tests.executor.parts import array, part_of

torch = pytest.importorskip("torch", reason="compares with PyTorch, which is not installed")
F = torch.nn.functional
Function = Callable[[Any, Any], Any]

WITH_WEIGHTS: list[tuple[Case, Function]] = [
    (
        case_named("conv1d", (4, 7), filters=2, kernel=3, stride=2, padding=2, groups=2),
        lambda x, w: F.conv1d(x, w, stride=2, padding=2, groups=2),
    ),
    (
        case_named("conv2d", (2, 5, 4), filters=3, kernel=(3, 2), dilation=(1, 2), padding=(1, 0)),
        lambda x, w: F.conv2d(x, w, dilation=(1, 2), padding=(1, 0)),
    ),
    (
        case_named("conv3d", (2, 3, 3, 2), filters=2, kernel=2, stride=(2, 1, 1)),
        lambda x, w: F.conv3d(x, w, stride=(2, 1, 1)),
    ),
    (
        case_named("conv_transpose1d", (2, 4), filters=4, kernel=3, stride=3, padding=1, output_padding=2, groups=2),
        lambda x, w: F.conv_transpose1d(x, w, stride=3, padding=1, output_padding=2, groups=2),
    ),
    (
        case_named("conv_transpose2d", (2, 2, 3), filters=2, kernel=(2, 3), stride=2),
        lambda x, w: F.conv_transpose2d(x, w, stride=2),
    ),
    (case_named("dense", (4,), units=3), F.linear),
]
WITHOUT: list[tuple[Case, Function]] = [
    (
        case_named("avg_pool2d", (2, 5, 4), kernel=3, stride=2, padding=1, count_padding=False),
        lambda x, _: F.avg_pool2d(x, 3, 2, 1, count_include_pad=False),
    ),
    (case_named("avg_pool1d", (1, 6), kernel=2, padding=1), lambda x, _: F.avg_pool1d(x, 2, padding=1)),
    (
        case_named("upsample", (1, 3, 2), factor=2, mode="bilinear"),
        lambda x, _: F.interpolate(x, scale_factor=2, mode="bilinear"),
    ),
    (
        case_named("pad", (2, 3, 3), amount=((1, 2), (0, 1)), mode="reflect"),
        lambda x, _: F.pad(x, (0, 1, 1, 2), mode="reflect"),
    ),
    (case_named("adaptive_avg_pool2d", (1, 5, 4), size=(2, 3)), lambda x, _: F.adaptive_avg_pool2d(x, (2, 3))),
]


def jacobian(case: Case, function: Function, weights: Any) -> Any:
    """Of the vec of the output by the vec of the input, by PyTorch."""
    x = torch.zeros(1, *case.inputs[0].shape, dtype=torch.float64)
    by_input = torch.autograd.functional.jacobian(lambda x: function(x, weights), x)
    return by_input.reshape(case.output.elements, case.inputs[0].elements)


@pytest.mark.parametrize(("case", "function"), WITH_WEIGHTS, ids=[str(case) for case, _ in WITH_WEIGHTS])
def test_w_and_e(case: Case, function: Function) -> None:
    part = part_of(case, "layer")
    weights = torch.tensor(array(part, "weight"))
    np.testing.assert_allclose(matrix_of(part).dense(), jacobian(case, function, weights), rtol=1e-12, atol=1e-14)
    units = torch.eye(weights.numel(), dtype=torch.float64)
    e = [jacobian(case, function, unit.reshape(weights.shape)).reshape(-1).tolist() for unit in units]
    np.testing.assert_allclose(terms_of(part).parts.dense(), e, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(("case", "function"), WITHOUT, ids=[str(case) for case, _ in WITHOUT])
def test_w_without_weights(case: Case, function: Function) -> None:
    expected = jacobian(case, function, None)
    np.testing.assert_allclose(matrix_of(part_of(case, "layer")).dense(), expected, rtol=1e-12, atol=1e-14)

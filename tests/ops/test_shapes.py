"""Layer types that move, join, resize or normalize: their shapes by hand, and what they refuse, word for word."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from archanalyzer import ops
from archanalyzer.graph import Misfit
from archanalyzer.testing import case_named

Shape = tuple[int, ...]


@pytest.mark.parametrize(
    ("name", "fields", "inputs", "output"),
    [
        ("dense", {"units": 10}, [(512,)], (10,)),
        ("flatten", {}, [(512, 7, 7)], (25088,)),
        ("reshape", {"shape": (-1,)}, [(2, 3)], (6,)),
        ("reshape", {"shape": (4, -1, 2)}, [(2, 12)], (4, 3, 2)),
        ("permute", {"axes": (1, 2, 0)}, [(2, 3, 4)], (3, 4, 2)),
        ("upsample", {"factor": 2}, [(3, 4, 5)], (3, 8, 10)),
        ("upsample", {"size": (3, 4)}, [(3, 4, 5)], (3, 3, 4)),
        ("pad", {"amount": ((1, 2), (0, 3))}, [(3, 4, 5)], (3, 7, 8)),
        ("pad", {"amount": 0}, [(3, 4)], (3, 4)),
        ("pad", {"amount": (1, (0, 2))}, [(3, 4, 5)], (3, 6, 7)),
        ("crop", {"size": 388}, [(64, 568, 568)], (64, 388, 388)),
        ("crop", {"amount": 0}, [(3, 4)], (3, 4)),
        ("crop_like", {}, [(512, 64, 64), (1024, 56, 56)], (512, 56, 56)),
        ("concat", {}, [(512, 56, 56), (512, 56, 56)], (1024, 56, 56)),
        ("concat", {"axis": 2}, [(1, 2, 3), (1, 2, 1), (1, 2, 2)], (1, 2, 6)),
        ("add", {}, [(64, 56, 56)] * 2, (64, 56, 56)),
        ("multiply", {}, [(64, 56, 56), (64, 1, 1)], (64, 56, 56)),
        ("multiply", {}, [(64, 1, 1), (1, 5, 6)], (64, 5, 6)),
        ("group_norm", {"groups": 32}, [(64, 4, 4)], (64, 4, 4)),
    ],
)
def test_output(name: str, fields: dict[str, Any], inputs: list[Shape], output: Shape) -> None:
    assert case_named(name, *inputs, **fields).output.shape == output


@pytest.mark.parametrize(
    ("name", "fields", "inputs", "rule", "message"),
    [
        ("dense", {"units": 10}, [(512, 7, 7)], "wrong-rank", "expected a flat input, found 512×7×7 with 3 axes"),
        (
            "reshape",
            {"shape": (5, -1)},
            [(3, 4)],
            "elements-differ",
            "3×4 has 12 elements, which do not make 5×-1",
        ),
        ("reshape", {"shape": (6,)}, [(3, 4)], "elements-differ", "3×4 has 12 elements, which do not make 6"),
        (
            "permute",
            {"axes": (1, 0)},
            [(3, 4, 5)],
            "wrong-rank",
            "2 axes are permuted, the input, 3×4×5, has 3",
        ),
        (
            "upsample",
            {"factor": (2, 2)},
            [(3, 4)],
            "wrong-rank",
            "factor lists 2 numbers, the input, 3×4, has 1 spatial axes",
        ),
        (
            "upsample",
            {"factor": 2, "mode": "bilinear"},
            [(3, 4)],
            "wrong-rank",
            "mode bilinear resizes 2 spatial axes, found 3×4 with 1",
        ),
        (
            "upsample",
            {"factor": 2},
            [(3, 1, 1, 1, 1)],
            "wrong-rank",
            "expected an input with at most 3 spatial axes, found 3×1×1×1×1 with 4",
        ),
        (
            "pad",
            {"amount": 4, "mode": "reflect"},
            [(3, 4)],
            "padding-larger-than-input",
            "mode reflect shows 4 positions along the length, the input, 4 long, has 3",
        ),
        (
            "pad",
            {"amount": (1, 1)},
            [(3, 4)],
            "wrong-rank",
            "amount lists 2 axes, the input, 3×4, has 1 spatial ones",
        ),
        (
            "crop",
            {"amount": ((2, 2),)},
            [(3, 4)],
            "crop-larger-than-input",
            "cutting 2 + 2 of 4 positions off the length leaves none",
        ),
        (
            "crop",
            {"size": (5, 2)},
            [(3, 4, 4)],
            "crop-larger-than-input",
            "5 positions are to be left along the height, where 3×4×4 has only 4",
        ),
        (
            "crop_like",
            {},
            [(3, 4), (1, 2, 2)],
            "wrong-rank",
            "3×4 is to be cropped like 1×2×2, which has another number of axes",
        ),
        (
            "concat",
            {},
            [(64, 56, 56), (128, 28, 28)],
            "shapes-differ",
            "the inputs, 64×56×56 and 128×28×28, differ in more than the channels along which they are joined",
        ),
        (
            "concat",
            {"axis": 3},
            [(64, 56, 56), (128, 28, 28)],
            "wrong-rank",
            "expected an input with an axis 3, found 64×56×56, whose last is axis 2",
        ),
        (
            "add",
            {},
            [(2, 3), (2, 3), (2, 4)],
            "shapes-differ",
            "the inputs, 2×3, 2×3 and 2×4, do not go together",
        ),
        ("multiply", {}, [(2, 3), (2,)], "shapes-differ", "the inputs, 2×3 and 2, do not go together"),
        (
            "softmax",
            {"axis": 1},
            [(5,)],
            "wrong-rank",
            "expected an input with an axis 1, found 5, whose last is axis 0",
        ),
        ("group_norm", {"groups": 3}, [(4, 2)], "channels-not-divisible", "4 channels do not divide into 3 groups"),
        (
            "instance_norm",
            {},
            [(4,)],
            "wrong-rank",
            "expected an input with spatial axes behind the channels, found 4, a flat one",
        ),
    ],
)
def test_misfit(name: str, fields: dict[str, Any], inputs: list[Shape], rule: str, message: str) -> None:
    with pytest.raises(Misfit) as misfit:
        case_named(name, *inputs, **fields)
    assert (misfit.value.rule.code, misfit.value.message) == (rule, message)


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("dense", {"units": 0}),
        ("dropout", {"rate": 1.0}),
        ("dropout", {"rate": -0.1}),
        ("dropout", {"rate": float("nan")}),
        ("batch_norm", {"epsilon": 0}),
        ("batch_norm", {"momentum": 1.5}),
        ("layer_norm", {"epsilon": float("inf")}),
        ("leaky_relu", {"slope": float("inf")}),
        ("elu", {"alpha": 10**400}),
        ("elu", {"alpha": "1"}),
        ("reshape", {"shape": ()}),
        ("reshape", {"shape": (-1, -1)}),
        ("reshape", {"shape": (0, 3)}),
        ("permute", {"axes": (0, 2)}),
        ("permute", {"axes": (0, 0)}),
        ("upsample", {}),
        ("upsample", {"factor": 2, "size": 4}),
        ("upsample", {"factor": 2, "align_corners": True}),
        ("upsample", {"factor": 1.5}),
        ("pad", {"amount": -1}),
        ("pad", {"amount": 1, "mode": "reflect", "value": 1.0}),
        ("crop", {}),
        ("crop", {"amount": 1, "size": 1}),
        ("crop_like", {"align": "end"}),
        ("softmax", {"axis": -1}),
        ("gelu", {"approximate": True}),
        ("adaptive_avg_pool2d", {"size": (1, 2, 3)}),
    ],
    ids=str,
)
def test_fields_are_refused(name: str, fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ops.get(name).model_validate(fields)


def test_whole_numbers_stand_for_decimals() -> None:
    assert ops.get("dropout").model_validate({"rate": 0}).model_dump() == {"rate": 0.0}

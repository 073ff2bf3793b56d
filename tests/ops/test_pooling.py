"""Pools of all kinds by hand: extents, what is refused, and what pairs them with an unpooling."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archanalyzer import ops
from archanalyzer.graph import Misfit, TensorType, Types
from archanalyzer.testing import case_named, positions, readings_by_position, types_of


def output(name: str, *shapes: tuple[int, ...], **fields: Any) -> tuple[int, ...]:
    return case_named(name, *shapes, **fields).output.shape


def test_the_stride_is_the_kernel_unless_given() -> None:
    assert output("max_pool2d", (3, 8, 9), kernel=(2, 3)) == (3, 4, 3)
    assert output("max_pool2d", (3, 8, 9), kernel=(2, 3), stride=1) == (3, 7, 7)
    assert output("avg_pool1d", (3, 8), kernel=2, stride=None) == (3, 4)


@pytest.mark.parametrize(
    ("length", "fields", "floor", "ceiling"),
    [
        (5, {"kernel": 2}, 2, 3),
        (6, {"kernel": 2}, 3, 3),
        (1, {"kernel": 2, "stride": 2}, None, 1),
        (4, {"kernel": 2, "stride": 3}, 1, 2),
        (3, {"kernel": 1, "stride": 3}, 1, 1),
        (3, {"kernel": 2, "stride": 4, "padding": 1}, 1, 1),
    ],
    ids=str,
)
def test_ceil_mode(length: int, fields: dict[str, Any], floor: int | None, ceiling: int) -> None:
    assert output("max_pool1d", (1, length), **fields, ceil_mode=True) == (1, ceiling)
    if floor is None:
        with pytest.raises(Misfit, match="the kernel spans 2 along the length"):
            output("max_pool1d", (1, length), **fields)
    else:
        assert output("max_pool1d", (1, length), **fields) == (1, floor)


@pytest.mark.parametrize(
    ("length", "kernel", "stride", "accepted"),
    [(2, 30, 40, True), (2, 30, 29, True), (2, 30, 28, False), (2, 4, 3, True), (2, 3, 1, False), (5, 7, 2, False)],
)
@pytest.mark.parametrize("name", ["max_pool1d", "avg_pool1d"])
def test_in_ceil_mode_a_window_may_hang_over_though_it_is_larger_than_the_input(
    name: str, length: int, kernel: int, stride: int, accepted: bool
) -> None:
    """By less than a stride, as PyTorch 2.13.0 has it: ⌈(length − kernel) / stride⌉ + 1 outputs, refused where 0.

    So it is in networks that are in use, where it pools all that there is; elsewhere such a kernel is an error.
    """
    fields = {"kernel": kernel, "stride": stride}
    with pytest.raises(Misfit, match=f"the kernel spans {kernel} along the length"):
        output(name, (1, length), **fields)
    if accepted:
        assert output(name, (1, length), **fields, ceil_mode=True) == (1, 1)
    else:
        with pytest.raises(Misfit, match=f"the kernel spans {kernel} along the length"):
            output(name, (1, length), **fields, ceil_mode=True)


@pytest.mark.parametrize(
    ("length", "fields"),
    [
        (8, {"kernel": 2, "padding": 2}),
        (8, {"kernel": 2, "padding": ((0, 2),)}),
        (8, {"kernel": 1, "padding": 1}),
        (2, {"kernel": 2, "stride": 1, "dilation": 3, "padding": "same"}),
        (1, {"kernel": 2, "stride": 1, "dilation": 4, "padding": ((3, 2),)}),
    ],
    ids=str,
)
def test_a_window_in_the_padding_alone_is_refused(length: int, fields: dict[str, Any]) -> None:
    with pytest.raises(Misfit) as misfit:
        output("max_pool1d", (1, length), **fields)
    assert misfit.value.rule.code == "window-in-padding"


@pytest.mark.parametrize("kernel", [1, 2, 3])
@pytest.mark.parametrize("dilation", [1, 2, 3, 4])
@pytest.mark.parametrize("stride", [1, 2, 3])
def test_every_window_sees_the_input_or_is_refused(kernel: int, dilation: int, stride: int) -> None:
    refused = 0
    for length, before, after in ((n, b, a) for n in range(1, 5) for b in range(4) for a in range(4)):
        fields = {"kernel": kernel, "dilation": dilation, "stride": stride, "padding": ((before, after),)}
        starts = range(-before, length + after - (kernel - 1) * dilation, stride)
        seen = [any(0 <= start + k * dilation < length for k in range(kernel)) for start in starts]
        if all(seen) and seen:
            case = case_named("max_pool1d", (1, length), **fields)
            assert all(readings_by_position(case.op, case.inputs, o)[0] for o in positions(case.output))
        else:
            refused += 1
            with pytest.raises(Misfit):
                output("max_pool1d", (1, length), **fields)
    assert refused


@given(*[st.integers(low, high) for low, high in ((1, 30), (1, 6), (1, 30), (1, 30), (0, 60), (0, 60))])
def test_windows_of_any_size_see_the_input_or_are_refused(
    length: int, kernel: int, stride: int, dilation: int, before: int, after: int
) -> None:
    """By a loop over all taps of all windows, of which there are too many in the pools below."""
    starts = range(-before, length + after - (kernel - 1) * dilation, stride)
    sound = starts and all(any(0 <= start + k * dilation < length for k in range(kernel)) for start in starts)
    fields = {"kernel": kernel, "dilation": dilation, "stride": stride, "padding": ((before, after),)}
    try:
        assert output("max_pool1d", (1, length), **fields) == (1, len(starts))
    except Misfit:
        assert not sound
    else:
        assert sound


@pytest.mark.parametrize(
    ("padding", "sound"),
    [
        # Of windows that begin before the input, the first has its second tap on position 1, the last on the last one.
        (10**18 - 1, True),
        # The first window has its first tap before the input, its second right before it.
        (10**18 + 1, False),
    ],
)
def test_huge_windows_are_decided_by_arithmetic(padding: int, sound: bool) -> None:
    fields = {"kernel": 2, "stride": 1, "dilation": 10**18, "padding": padding}
    if sound:
        assert output("max_pool1d", (1, 10**18), **fields) == (1, 2 * 10**18 - 2)
    else:
        with pytest.raises(Misfit, match="a window lies in the padding alone"):
            output("max_pool1d", (1, 10**18), **fields)


def test_adaptive_and_global_pools() -> None:
    assert output("adaptive_avg_pool2d", (512, 7, 7), size=7) == (512, 7, 7)
    assert output("adaptive_max_pool3d", (2, 4, 4, 4), size=(1, 2, 3)) == (2, 1, 2, 3)
    assert output("global_avg_pool", (512, 7, 7)) == (512,)
    assert output("global_max_pool", (512, 7, 7), keep_axes=True) == (512, 1, 1)
    with pytest.raises(Misfit, match="expected an input with spatial axes behind the channels, found 5, a flat one"):
        output("global_avg_pool", (5,))


def pooled(*shape: int) -> TensorType:
    return case_named("max_pool2d", shape, kernel=2).output


def test_unpooling_brings_the_extent_back() -> None:
    pool = pooled(3, 7, 8)
    assert pool.shape == (3, 3, 4)
    assert ops.get("max_unpool2d")().output_type((TensorType((3, 3, 4)), pool)).shape == (3, 7, 8)


@pytest.mark.parametrize(
    ("inputs", "rule", "message"),
    [
        (types_of((3, 3, 4), (3, 3, 4)), "unpaired-unpool", "the second input, 3×3×4, is not the output of a max-pool"),
        (
            (TensorType((2, 3, 4)), pooled(3, 7, 8)),
            "shapes-differ",
            "2×3×4 is to be unpooled, but the max-pool it is paired with made 3×3×4",
        ),
        (
            types_of((3, 4), (3, 4)),
            "wrong-rank",
            "expected an input with 3 axes (channels, height, width), found 3×4 with 2",
        ),
    ],
)
def test_unpooling_needs_its_pool(inputs: Types, rule: str, message: str) -> None:
    with pytest.raises(Misfit) as misfit:
        ops.get("max_unpool2d")().output_type(inputs)
    assert (misfit.value.rule.code, misfit.value.message) == (rule, message)


def test_only_the_pool_itself_can_be_paired() -> None:
    """What comes after a max-pool has its shape, but not its positions."""
    pool = pooled(3, 8, 8)
    for name in ("relu", "identity", "batch_norm", "dropout"):
        op = ops.get(name).model_validate({"rate": 0.5} if name == "dropout" else {})
        assert op.output_type((pool,)).unpooled is None

"""Which sizes fit, against trying every one of a network that is built anew for each."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from archanalyzer.graph import Graph, TensorType
from archanalyzer.passes.size_sets import Sizes
from archanalyzer.passes.tensor_types import propagate_types
from archanalyzer.passes.trying import Line, OutOfWork, Trials
from tests.graphs import Builder

LENGTH = (0, 1)
"""The length of the only input."""

Plan = list[tuple[str, tuple[int, ...], dict[str, Any]]]
"""Layers: the name of the op, the indices of the layers it reads, its fields."""


def built(plan: Plan, length: int) -> Graph:
    build = Builder()
    build.input("signal", 1, length)
    for name, reads, fields in plan:
        build.add(name, reads=reads, **fields)
    return build.graph()


def fits(plan: Plan, length: int) -> bool:
    return not propagate_types(built(plan, length)).diagnostics


def line(plan: Plan, length: int = 8, **limits: int) -> Line:
    return Trials(built(plan, length), {0: TensorType((1, length))}, **limits).line((LENGTH,), {})


PIECES: dict[str, st.SearchStrategy[tuple[str, dict[str, Any]]]] = {
    "conv": st.fixed_dictionaries(
        {"kernel": st.integers(1, 4), "stride": st.integers(1, 3), "filters": st.just(1)},
        optional={"padding": st.sampled_from(("same", 1)), "dilation": st.integers(1, 2)},
    ).map(lambda fields: ("conv1d", fields)),
    "pool": st.fixed_dictionaries(
        {"kernel": st.integers(1, 3), "stride": st.integers(1, 3)}, optional={"ceil_mode": st.booleans()}
    ).map(lambda fields: ("max_pool1d", fields)),
    "up": st.integers(2, 3).map(lambda factor: ("upsample", {"factor": factor})),
    "back": st.tuples(st.integers(1, 3), st.integers(1, 3)).map(
        lambda pair: ("conv_transpose1d", {"filters": 1, "kernel": pair[0], "stride": pair[1]})
    ),
    "resize": st.integers(1, 9).map(lambda size: ("upsample", {"size": size})),
    "pad": st.tuples(st.integers(0, 3), st.sampled_from(("zeros", "reflect"))).map(
        lambda pair: ("pad", {"amount": pair[0], "mode": pair[1]})
    ),
    "crop": st.integers(1, 4).map(lambda amount: ("crop", {"amount": amount})),
    "middle": st.integers(1, 9).map(lambda size: ("crop", {"size": size})),
    "reshape": st.sampled_from(((1, -1), (2, -1), (1, 12))).map(lambda shape: ("reshape", {"shape": shape})),
}
JOINTS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("add", {}),
    ("concat", {}),
    ("concat", {"axis": 1}),
    ("crop_like", {}),
    ("max_unpool1d", {}),
)


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """Networks over one axis, in which layers may read any before them; most such fit at some lengths alone."""
    plan: Plan = []
    for above in range(draw(st.integers(1, 8))):
        if above and draw(st.integers(0, 2)) == 0:
            name, fields = draw(st.sampled_from(JOINTS))
            plan.append((name, (above, draw(st.integers(0, above - 1))), dict(fields)))
        else:
            name, fields = draw(st.one_of(*PIECES.values()))
            plan.append((name, (above,), fields))
    return plan


@st.composite
def ladders(draw: st.DrawFn) -> Plan:
    """Ways down and up again, each step up joined with what was there before the step down."""
    plan: Plan = []
    before = []
    depth = draw(st.integers(1, 3))
    for _ in range(depth):
        if draw(st.booleans()):
            plan.append(("conv1d", (len(plan),), {"filters": 1, "kernel": 3, "padding": draw(st.sampled_from((0, 1)))}))
        before.append(len(plan))
        name, fields = draw(st.one_of(PIECES["pool"], PIECES["conv"]))
        plan.append((name, (len(plan),), fields))
    for skip in reversed(before):
        name, fields = draw(st.one_of(PIECES["up"], PIECES["back"]))
        plan.append((name, (len(plan),), fields))
        up = len(plan)
        if draw(st.booleans()):
            plan.append(("crop_like", (up, skip), {}))
        plan.append(("add", (len(plan), skip), {}))
    return plan


@settings(max_examples=200, deadline=None)
@given(st.one_of(plans(), ladders()), st.integers(1, 60))
def test_every_size_is_told_rightly(plan: Plan, length: int) -> None:
    sizes = line(plan, length).sizes
    event("endless" if sizes.is_endless else "empty" if sizes.is_empty else "finite")
    event(f"period {sizes.period}")
    last = max(sizes.tried, sizes.start) + 3 * sizes.period
    assert [n for n in range(1, last + 1) if n in sizes] == [n for n in range(1, last + 1) if fits(plan, n)]
    for n in range(100_000, 100_000 + 2 * sizes.period):
        assert (n in sizes) == fits(plan, n)


def test_a_period_that_is_long_beside_what_is_given() -> None:
    # Only whole stretches of 32 come back as they were.
    plan: Plan = [
        *(("max_pool1d", (above,), {"kernel": 2}) for above in range(5)),
        ("upsample", (5,), {"factor": 32}),
        ("concat", (6, 0), {}),
    ]
    sizes = line(plan, 4).sizes
    assert (sizes.start, sizes.period, sizes.residues) == (1, 32, (0,))


def test_a_stride_that_is_long_beside_what_is_tried_first() -> None:
    # From 60 to 64, where one looks first, nothing changes.
    plan: Plan = [("max_pool1d", (0,), {"kernel": 20}), ("upsample", (1,), {"factor": 20}), ("concat", (2, 0), {})]
    assert line(plan, 8).sizes.text == "multiples of 20"


def test_what_lies_beyond_the_sizes_that_are_tried_first() -> None:
    # 300 at least are left by a pool that takes every third.
    plan: Plan = [("max_pool1d", (0,), {"kernel": 3}), ("crop", (1,), {"size": 300})]
    assert line(plan, 8).sizes.text == "any size from 900"


def test_a_layer_that_no_size_mends() -> None:
    sizes = line([("conv1d", (0,), {"filters": 3, "kernel": 1, "groups": 2})]).sizes
    assert sizes.is_empty
    assert sizes.text == "none up to 64 found"


def test_sizes_that_fit_by_accident() -> None:
    # n − 2 and ⌊n / 2⌋, which are equal at 3 and 4, and grow apart.
    apart: Plan = [
        ("conv1d", (0,), {"filters": 1, "kernel": 3}),
        ("max_pool1d", (0,), {"kernel": 2}),
        ("concat", (1, 2), {}),
    ]
    assert line(apart) == Line(Sizes(few=(3, 4), start=5, period=1, residues=(), tried=64), by_accident=True)
    fixed: Plan = [("upsample", (0,), {"size": 5}), ("concat", (1, 0), {})]
    assert line(fixed) == Line(Sizes(few=(5,), start=6, period=1, residues=(), tried=64), by_accident=False)


def test_work_is_bounded() -> None:
    plan: Plan = [("conv1d", (above,), {"filters": 1, "kernel": 3}) for above in range(100)]
    with pytest.raises(OutOfWork):
        line(plan, work=10_000)

"""Outputs and gradients of pools, resizing, borders, rearranging and merging against PyTorch, in double precision."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from archanalyzer import ops
from archanalyzer.executor.kernel import Array
from archanalyzer.graph import Misfit
from archanalyzer.testing import Case, case_named, input_gradients, run_forward
from tests.differential.strategies import AXES, draw_batch, extents, sides_of, sliding, widths

torch = pytest.importorskip("torch", reason="compares with PyTorch, which is not installed")
F = torch.nn.functional

Function = Callable[..., Any]

compared = settings(deadline=None, max_examples=60, derandomize=True)


# --- How a layer is compared


def assert_same(
    case: Case, inputs: Sequence[Array], function: Function, read_extras: tuple[dict[str, Array], ...] = ()
) -> None:
    """``function`` makes of all inputs, as tensors, the output."""
    tensors = [torch.tensor(x, requires_grad=True) for x in inputs]
    expected = function(*tensors)
    forward = run_forward(case, inputs, read_extras=read_extras)
    assert_close(forward.output, expected)
    dy = np.random.default_rng(1).standard_normal(forward.output.shape)
    expected.backward(torch.from_numpy(dy))
    for dx, x in zip(input_gradients(case, forward, dy), tensors, strict=True):
        assert_close(dx, torch.zeros_like(x) if x.grad is None else x.grad)


def assert_close(ours: Array, theirs: Any) -> None:
    np.testing.assert_allclose(ours, theirs.detach().numpy(), rtol=1e-10, atol=1e-10)


# --- Pools


def draw_pool(data: st.DataObject, kind: str) -> Case:
    axes = data.draw(AXES)
    fields = data.draw(sliding(axes)) | {"ceil_mode": data.draw(st.booleans())}
    if data.draw(st.booleans()):
        del fields["stride"]
    if kind == "max":
        fields["dilation"] = data.draw(st.one_of(st.integers(1, 3), st.tuples(*[st.integers(1, 3)] * axes)))
    else:
        fields["count_padding"] = data.draw(st.booleans())
    try:
        return case_named(f"{kind}_pool{axes}d", (2, *data.draw(extents(axes))), **fields)
    except Misfit:
        assume(False)
        raise


def is_theirs(case: Case) -> bool:
    """Whether PyTorch has this padding: on both sides alike, and of half the kernel at most."""
    kernel = getattr(case.op, "kernel", ())
    return all(
        before == after and 2 * before <= extent for (before, after), extent in zip(sides_of(case), kernel, strict=True)
    )


def padded(case: Case, x: Any, padding: float, beyond: float) -> Any:
    """The input in its padding, and as much further, or less, as the last window of each axis reaches."""
    op: Any = case.op
    ends = [(each.outputs - 1) * each.stride + (each.kernel - 1) * each.dilation + 1 for each in op.slide(case.inputs)]
    x = F.pad(x, widths(sides_of(case)), value=padding)
    return F.pad(x, widths((0, end - length) for end, length in zip(ends, x.shape[2:], strict=True)), value=beyond)


@compared
@given(st.data())
def test_max_pool(data: st.DataObject) -> None:
    case = draw_pool(data, "max")
    op: Any = case.op
    pool = getattr(F, f"max_pool{op.axes}d")

    def function(x: Any) -> Any:
        if is_theirs(case):
            return pool(x, op.kernel, op.stride, [side for side, _ in sides_of(case)], op.dilation, op.ceil_mode)
        return pool(padded(case, x, -np.inf, -np.inf), op.kernel, op.stride, 0, op.dilation)

    assert_same(case, draw_batch(data, case), function)


@compared
@given(st.data())
def test_max_pool_keeps_the_same_positions(data: st.DataObject) -> None:
    case = draw_pool(data, "max")
    assume(is_theirs(case))
    op: Any = case.op
    (x,) = draw_batch(data, case)
    x[x > data.draw(st.sampled_from((0.5, 1.0, 2.0)))] = data.draw(st.sampled_from((np.inf, np.nan, -np.inf)))
    values, indices = getattr(F, f"max_pool{op.axes}d")(
        torch.tensor(x),
        op.kernel,
        op.stride,
        [side for side, _ in sides_of(case)],
        op.dilation,
        op.ceil_mode,
        return_indices=True,
    )
    forward = run_forward(case, [x])
    np.testing.assert_array_equal(forward.output, values.numpy())
    np.testing.assert_array_equal(forward.extras["positions"], indices.numpy())


@compared
@given(st.data())
def test_average_pool(data: st.DataObject) -> None:
    """PyTorch's avg_pool3d, alone of its pools, takes no window beyond a whole input in ceil mode."""
    case = draw_pool(data, "avg")
    op: Any = case.op
    pool = getattr(F, f"avg_pool{op.axes}d")

    def sums(x: Any, padding: float) -> Any:
        return pool(padded(case, x, padding, 0.0), op.kernel, op.stride) * prod(op.kernel)

    def function(x: Any) -> Any:
        if is_theirs(case) and not (op.axes == 3 and op.ceil_mode):
            return pool(x, op.kernel, op.stride, [side for side, _ in sides_of(case)], op.ceil_mode, op.count_padding)
        return sums(x, 0.0) / sums(torch.ones_like(x), float(op.count_padding))

    assert_same(case, draw_batch(data, case), function)


@compared
@given(st.data())
def test_adaptive_pool(data: st.DataObject) -> None:
    axes, kind = data.draw(AXES), data.draw(st.sampled_from(("max", "avg")))
    size = data.draw(st.one_of(st.integers(1, 5), st.tuples(*[st.integers(1, 5)] * axes)))
    case = case_named(f"adaptive_{kind}_pool{axes}d", (2, *data.draw(extents(axes))), size=size)
    pool = getattr(F, f"adaptive_{kind}_pool{axes}d")
    assert_same(case, draw_batch(data, case), lambda x: pool(x, size))


@compared
@given(st.data())
def test_global_pool(data: st.DataObject) -> None:
    """Against an adaptive pool of size 1: where maxima are equal, amax would share the gradient out among them."""
    axes, kind, keep = data.draw(AXES), data.draw(st.sampled_from(("max", "avg"))), data.draw(st.booleans())
    case = case_named(f"global_{kind}_pool", (2, *data.draw(extents(axes))), keep_axes=keep)
    pool = getattr(F, f"adaptive_{kind}_pool{axes}d")
    assert_same(case, draw_batch(data, case), lambda x: pool(x, 1) if keep else pool(x, 1).flatten(1))


@compared
@given(st.data())
def test_unpool(data: st.DataObject) -> None:
    """Where windows share a maximum, against values set one by one: PyTorch's output is the same, but its gradient

    goes to every value of a position, also to those that did not stay.
    """
    pool = draw_pool(data, "max")
    (image,) = draw_batch(data, pool)
    pooled = run_forward(pool, [image])
    op = ops.get(pool.op.name.replace("pool", "unpool"))()
    case = Case(op, (pool.output, pool.output), op.output_type((pool.output, pool.output)))
    inputs = [np.random.default_rng(2).standard_normal((len(image), *pool.output.shape)), pooled.output]
    positions = pooled.extras["positions"]
    read_extras: tuple[dict[str, Array], ...] = ({}, {"positions": positions})

    def theirs(x: Any, _: Any) -> Any:
        return torch_unpool(x, torch.from_numpy(positions), case.output.spatial)

    def one_by_one(x: Any, _: Any) -> Any:
        y = torch.zeros(len(x), *case.output.shape, dtype=x.dtype)
        by_number = y.view(*x.shape[:2], -1)
        for at, position in np.ndenumerate(positions):
            by_number[(*at[:2], int(position))] = x[at]
        return y

    assert_same(case, inputs, one_by_one, read_extras)
    if all(len(set(plane)) == len(plane) for plane in positions.reshape(-1, prod(pool.output.spatial)).tolist()):
        assert_same(case, inputs, theirs, read_extras)
    else:
        made = run_forward(case, inputs, read_extras=read_extras).output
        assert_close(made, theirs(torch.from_numpy(inputs[0]), None))


def torch_unpool(x: Any, indices: Any, extent: tuple[int, ...]) -> Any:
    """PyTorch's operator itself; its function of that name wants to guess the extent, from symmetric padding."""
    if len(extent) == 3:
        return torch.ops.aten.max_unpool3d(x, indices, extent, (1, 1, 1), (0, 0, 0))
    x, indices = (each.reshape(*each.shape[:2], -1, each.shape[-1]) for each in (x, indices))
    return torch.ops.aten.max_unpool2d(x, indices, (prod(extent), 1)).reshape(*x.shape[:2], *extent)


# --- Resizing, borders, rearranging, merging


@compared
@given(st.data())
def test_upsample_nearest(data: st.DataObject) -> None:
    """By the formula: PyTorch rounds in 32 bits, and would choose another position now and then."""
    axes = data.draw(AXES)
    case = draw_resized(data, axes, mode="nearest")
    lengths = zip(case.inputs[0].spatial, case.output.spatial, strict=True)
    indices = [torch.tensor([o * length // outputs for o in range(outputs)]) for length, outputs in lengths]

    def function(x: Any) -> Any:
        for axis, index in enumerate(indices, start=2):
            x = x.index_select(axis, index)
        return x

    assert_same(case, draw_batch(data, case), function)


@compared
@given(st.data())
def test_upsample_linear(data: st.DataObject) -> None:
    axes, corners = data.draw(AXES), data.draw(st.booleans())
    theirs = ("linear", "bilinear", "trilinear")[axes - 1]
    mode = data.draw(st.sampled_from(("linear", theirs)))
    case = draw_resized(data, axes, mode=mode, align_corners=corners)
    assert_same(
        case,
        draw_batch(data, case),
        lambda x: F.interpolate(x, size=case.output.spatial, mode=theirs, align_corners=corners),
    )


def draw_resized(data: st.DataObject, axes: int, **fields: Any) -> Case:
    numbers = st.integers(1, 9 if axes < 3 else 4)
    extent = data.draw(st.one_of(numbers, st.tuples(*[numbers] * axes)))
    field = data.draw(st.sampled_from(("factor", "size")))
    return case_named("upsample", (2, *data.draw(extents(axes))), **{field: extent}, **fields)


@compared
@given(st.data())
def test_pad(data: st.DataObject) -> None:
    axes = data.draw(AXES)
    mode = data.draw(st.sampled_from(("zeros", "reflect", "replicate", "circular")))
    numbers = st.integers(0, 4)
    pairs = st.tuples(*[st.one_of(numbers, st.tuples(numbers, numbers))] * axes)
    amount = data.draw(st.one_of(numbers, pairs))
    value = data.draw(st.sampled_from((0.0, -1.5))) if mode == "zeros" else 0.0
    try:
        case = case_named("pad", (2, *data.draw(extents(axes))), amount=amount, mode=mode, value=value)
    except Misfit:
        assume(False)
    listed = amount if isinstance(amount, tuple) else (amount,) * axes
    sides = widths((each, each) if isinstance(each, int) else each for each in listed)
    theirs = {"mode": "constant", "value": value} if mode == "zeros" else {"mode": mode}
    assert_same(case, draw_batch(data, case), lambda x: F.pad(x, sides, **theirs))


@compared
@given(st.data())
def test_crop(data: st.DataObject) -> None:
    shape = (2, *data.draw(extents(data.draw(AXES))))
    left = tuple(data.draw(st.integers(1, length)) for length in shape[1:])
    surplus = [length - size for length, size in zip(shape[1:], left, strict=True)]
    form = data.draw(st.sampled_from(("amount", "size", "center", "start")))
    before = [data.draw(st.integers(0, cut)) if form == "amount" else (form != "start") * (cut // 2) for cut in surplus]
    cuts = tuple((start, cut - start) for start, cut in zip(before, surplus, strict=True))
    if form in {"center", "start"}:
        case = case_named("crop_like", shape, (3, *left), align=form)
    else:
        case = case_named("crop", shape, **{form: cuts if form == "amount" else left})
    assert_same(case, draw_batch(data, case), lambda x, *_: F.pad(x, [-width for width in widths(cuts)]))


@compared
@given(st.data())
def test_reshape_and_flatten(data: st.DataObject) -> None:
    shape = data.draw(st.tuples(st.integers(1, 3), *[st.sampled_from((1, 2, 3))] * data.draw(st.integers(0, 3))))
    rest = prod(shape)
    extents_of_output = []
    for divisor in data.draw(st.lists(st.sampled_from((1, 2, 3)), max_size=3)):
        if rest % divisor == 0:
            extents_of_output.append(divisor)
            rest //= divisor
    extents_of_output.append(data.draw(st.sampled_from((rest, -1))))
    reshape = case_named("reshape", shape, shape=tuple(extents_of_output))
    assert_same(reshape, draw_batch(data, reshape), lambda x: x.reshape(len(x), *extents_of_output))
    flatten = case_named("flatten", shape)
    assert_same(flatten, draw_batch(data, flatten), lambda x: x.flatten(1))


@compared
@given(st.data())
def test_permute(data: st.DataObject) -> None:
    axes = tuple(data.draw(st.permutations(range(data.draw(st.integers(1, 4))))))
    case = case_named("permute", (2, 3, 4, 2)[: len(axes)], axes=axes)
    assert_same(case, draw_batch(data, case), lambda x: x.permute(0, *(axis + 1 for axis in axes)))


@compared
@given(st.data())
def test_concat(data: st.DataObject) -> None:
    shape = data.draw(st.tuples(*[st.integers(1, 3)] * data.draw(st.integers(1, 4))))
    axis = data.draw(st.integers(0, len(shape) - 1))
    pieces = data.draw(st.lists(st.integers(1, 3), min_size=2, max_size=4))
    case = case_named("concat", *((*shape[:axis], each, *shape[axis + 1 :]) for each in pieces), axis=axis)
    assert_same(case, draw_batch(data, case), lambda *inputs: torch.cat(inputs, dim=axis + 1))


@pytest.mark.parametrize(("name", "join"), [("add", torch.add), ("multiply", torch.mul)])
@compared
@given(st.data())
def test_elementwise_merging(name: str, join: Function, data: st.DataObject) -> None:
    full = data.draw(st.tuples(*[st.integers(1, 3)] * data.draw(st.integers(1, 4))))
    repeated = st.tuples(*[st.booleans()] * len(full))
    shapes = [
        tuple(1 if one else extent for extent, one in zip(full, ones, strict=True))
        for ones in data.draw(st.lists(repeated, min_size=2, max_size=4))
    ]
    case = case_named(name, *shapes)

    def joined(first: Any, *others: Any) -> Any:
        for other in others:
            first = join(first, other)
        return first

    assert_same(case, draw_batch(data, case), joined)

"""Linear layers and maxima against their counterparts in PyTorch: shapes, weights, and what is read.

What an output position reads is found by a look from outside: a one in a single input position, zeros elsewhere, and
every output that changes has read it. That shows all windows of linear layers with positive weights, and of maxima.
Layers that are neither, and the traits of all, are compared next door, in ``test_ops_functions_against_torch.py``.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from archanalyzer import ops
from archanalyzer.graph import Misfit
from archanalyzer.testing import Case, case_named, positions, readings_by_position, types_of
from tests.differential.strategies import AXES, extents, sides_of, sliding, widths

torch = pytest.importorskip("torch", reason="compares with PyTorch, which is not installed")
F = torch.nn.functional

Function = Callable[..., Any]

compared = settings(deadline=None, max_examples=100, derandomize=True)


pytestmark = pytest.mark.usefixtures("double_precision")


# --- How a layer is compared


def assert_reads_what_changes(case: Case, function: Function) -> None:
    """``function`` maps a batch of first inputs to a batch of outputs; it is linear or a maximum."""
    shape = case.inputs[0].shape
    spots = list(positions(case.inputs[0]))
    ones = torch.eye(len(spots), dtype=torch.float64).reshape(-1, *shape)
    changed = (function(ones) - function(torch.zeros(1, *shape, dtype=torch.float64))).abs() > 1e-9
    assert tuple(changed.shape[1:]) == case.output.shape
    for output in positions(case.output):
        seen = changed[(slice(None), *output)].nonzero().flatten().tolist()
        assert readings_by_position(case.op, case.inputs, output)[0] == {spots[index] for index in seen}, output


def assert_same_arrays(case: Case, module: Any) -> None:
    ours = {array.name: array.shape for array in case.op.weights(case.inputs)}
    assert ours == {name: tuple(array.shape) for name, array in module.named_parameters()}


def positive(module: Any) -> Any:
    """The module in double precision, with positive random weights, of which no two cancel out."""
    for array in module.parameters():
        torch.nn.init.uniform_(array, 0.5, 1.5)
    return module.double()


# --- Convolutions


@compared
@given(st.data())
def test_convolution(data: st.DataObject) -> None:
    axes = data.draw(AXES)
    groups, of_group, filters = data.draw(st.tuples(*[st.integers(1, 2)] * 3))
    fields = data.draw(sliding(axes)) | {"filters": groups * filters, "groups": groups}
    fields |= {"dilation": data.draw(st.integers(1, 3)), "bias": data.draw(st.booleans())}
    shape = (groups * of_group, *data.draw(extents(axes)))
    op: Any = ops.get(f"conv{axes}d").model_validate(fields)
    module = positive(
        getattr(torch.nn, f"Conv{axes}d")(
            shape[0],
            op.filters,
            op.kernel,
            stride=op.stride,
            padding="same" if op.padding == "same" and set(op.stride) == {1} else 0,
            dilation=op.dilation,
            groups=groups,
            bias=op.bias,
        )
    )
    pad = widths(op.padding) if not isinstance(op.padding, str) else []
    try:
        case = Case(op, types_of(shape), op.output_type(types_of(shape)))
    except Misfit:
        with pytest.raises(RuntimeError, match="Kernel size can't be greater"):
            module(F.pad(torch.zeros(1, *shape, dtype=torch.float64), pad))
        return
    if module.padding != "same":
        pad = widths(sides_of(case))
    assert_same_arrays(case, module)
    assert_reads_what_changes(case, lambda x: module(F.pad(x, pad) if pad else x))


@compared
@given(st.data())
def test_same_padding_makes_the_output_as_long_as_steps_fit(data: st.DataObject) -> None:
    axes = data.draw(AXES)
    shape = (1, *data.draw(extents(axes)))
    fields = data.draw(sliding(axes)) | {"padding": "same", "filters": 1, "dilation": data.draw(st.integers(1, 3))}
    case = case_named(f"conv{axes}d", shape, **fields)
    op: Any = case.op
    assert case.output.spatial == tuple(-(-n // s) for n, s in zip(shape[1:], op.stride, strict=True))


@compared
@given(st.data())
def test_transposed_convolution(data: st.DataObject) -> None:
    axes = data.draw(AXES)
    groups, of_group, filters = data.draw(st.tuples(*[st.integers(1, 2)] * 3))
    fields = data.draw(sliding(axes)) | {"filters": groups * filters, "groups": groups}
    fields |= {"dilation": data.draw(st.integers(1, 3)), "bias": data.draw(st.booleans())}
    shape = (groups * of_group, *data.draw(st.tuples(*[st.integers(1, 4 if axes < 3 else 2)] * axes)))
    if fields["padding"] != "same":
        strides = fields["stride"] if isinstance(fields["stride"], tuple) else (fields["stride"],) * axes
        below = [st.integers(0, max(stride, fields["dilation"]) - 1) for stride in strides]
        fields["output_padding"] = data.draw(st.tuples(*below))
    op: Any = ops.get(f"conv_transpose{axes}d").model_validate(fields)
    module = positive(
        getattr(torch.nn, f"ConvTranspose{axes}d")(
            shape[0],
            op.filters,
            op.kernel,
            stride=op.stride,
            output_padding=op.output_padding,
            dilation=op.dilation,
            groups=groups,
            bias=op.bias,
        )
    )
    full = tuple(module(torch.zeros(1, *shape, dtype=torch.float64)).shape[2:])
    try:
        case = Case(op, types_of(shape), op.output_type(types_of(shape)))
    except Misfit:
        assert any(length <= sum(pair) for length, pair in zip(full, op.padding, strict=True))
        return
    if op.padding == "same":
        assert case.output.spatial == tuple(n * s for n, s in zip(shape[1:], op.stride, strict=True))
    crop = [-cut for cut in widths(sides_of(case))]
    bias = 0 if module.bias is None else module.bias.reshape(-1, *[1] * axes)
    assert_same_arrays(case, module)
    assert_reads_what_changes(case, lambda x: F.pad(module(x) - bias, crop))


@compared
@given(st.data())
def test_same_cropping_turns_same_padding_round(data: st.DataObject) -> None:
    """A transposed convolution is a convolution's transpose, with padding same as well."""
    length, kernel, stride, dilation = data.draw(st.tuples(*[st.integers(1, 4)] * 4))
    fields = {"filters": 1, "kernel": kernel, "stride": stride, "dilation": dilation, "padding": "same"}
    up = case_named("conv_transpose1d", (1, length), **fields)
    down = case_named("conv1d", up.output.shape, **fields)
    read = {
        (o, i) for (_, o) in positions(down.output) for (_, i) in readings_by_position(down.op, down.inputs, (0, o))[0]
    }
    assert {
        (i, o) for (_, o) in positions(up.output) for (_, i) in readings_by_position(up.op, up.inputs, (0, o))[0]
    } == read


@pytest.mark.parametrize("bias", [True, False])
def test_dense(bias: bool) -> None:
    case = case_named("dense", (5,), units=3, bias=bias)
    module = positive(torch.nn.Linear(5, 3, bias=bias))
    assert_same_arrays(case, module)
    assert_reads_what_changes(case, module)


# --- Pooling


@compared
@given(st.data())
def test_pooling(data: st.DataObject) -> None:
    """With padding on any side; PyTorch has it on both alike, and gets it through ``pad`` otherwise."""
    axes, kind = data.draw(AXES), data.draw(st.sampled_from(("max", "avg")))
    shape = (2, *data.draw(extents(axes)))
    fields = data.draw(sliding(axes))
    if kind == "max":
        fields["dilation"] = data.draw(st.integers(1, 3))
    try:
        case = case_named(f"{kind}_pool{axes}d", shape, **fields)
    except Misfit:
        assume(False)
    op: Any = case.op
    options = {"dilation": op.dilation} if kind == "max" else {}
    pool = getattr(torch.nn, f"{kind.capitalize()}Pool{axes}d")(op.kernel, stride=op.stride, **options)
    fill = -float("inf") if kind == "max" else 0.0
    assert_reads_what_changes(case, lambda x: pool(F.pad(x, widths(sides_of(case)), value=fill)))


@compared
@given(st.data())
def test_pooling_in_ceil_mode(data: st.DataObject) -> None:
    """Over one and two axes: PyTorch's avg_pool3d, alone of its pools, takes no window beyond a whole input."""
    axes, kind = data.draw(st.sampled_from((1, 2))), data.draw(st.sampled_from(("max", "avg")))
    kernel, stride = data.draw(st.tuples(st.integers(1, 4), st.integers(1, 4)))
    fields: dict[str, Any] = {"kernel": kernel, "stride": stride, "padding": data.draw(st.integers(0, kernel // 2))}
    shape = (1, *data.draw(extents(axes)))
    options = {"dilation": data.draw(st.integers(1, 2))} if kind == "max" else {}
    counted = {"count_padding": data.draw(st.booleans())} if kind == "avg" else {}
    theirs = {"count_include_pad": counted["count_padding"]} if counted else {}
    pool = getattr(torch.nn, f"{kind.capitalize()}Pool{axes}d")(
        **_kernel_size(fields), **options, **theirs, ceil_mode=True
    )
    try:
        case = case_named(f"{kind}_pool{axes}d", shape, **fields, **options, **counted, ceil_mode=True)
    except Misfit as misfit:
        if misfit.rule.code == "kernel-larger-than-input":
            with pytest.raises(RuntimeError, match=r"too small|Invalid computed output size"):
                pool(torch.zeros(1, *shape))
        else:
            assert not pool(torch.zeros(1, *shape)).isfinite().all()
        return
    assert_reads_what_changes(case, pool)


def _kernel_size(fields: dict[str, Any]) -> dict[str, Any]:
    return {"kernel_size": fields["kernel"], "stride": fields["stride"], "padding": fields["padding"]}


@compared
@given(st.data())
def test_adaptive_pooling(data: st.DataObject) -> None:
    axes, kind = data.draw(AXES), data.draw(st.sampled_from(("max", "avg")))
    size = data.draw(st.tuples(*[st.integers(1, 5)] * axes))
    case = case_named(f"adaptive_{kind}_pool{axes}d", (2, *data.draw(extents(axes))), size=size)
    pool = getattr(torch.nn, f"Adaptive{kind.capitalize()}Pool{axes}d")(size)
    assert_reads_what_changes(case, pool)


@pytest.mark.parametrize("kind", ["max", "avg"])
@pytest.mark.parametrize("keep_axes", [True, False])
@pytest.mark.parametrize("shape", [(2, 5), (2, 3, 4), (2, 3, 2, 2)], ids=str)
def test_global_pooling(kind: str, keep_axes: bool, shape: tuple[int, ...]) -> None:
    case = case_named(f"global_{kind}_pool", shape, keep_axes=keep_axes)
    axes = tuple(range(2, len(shape) + 1))
    reduce = torch.amax if kind == "max" else torch.mean
    assert_reads_what_changes(case, lambda x: reduce(x, dim=axes, keepdim=keep_axes))


@compared
@given(st.data())
def test_unpooling(data: st.DataObject) -> None:
    """The positions that an unpooling may take a value from are those whose window may have had its maximum there."""
    axes = data.draw(st.sampled_from((1, 2)))
    kernel, stride = data.draw(st.tuples(st.integers(1, 3), st.integers(1, 3)))
    fields = {"kernel": kernel, "stride": stride, "padding": data.draw(st.integers(0, kernel // 2))}
    shape = (1, *data.draw(extents(axes)))
    ceil = data.draw(st.booleans())
    try:
        pool = case_named(f"max_pool{axes}d", shape, **fields, ceil_mode=ceil)
    except Misfit:
        assume(False)
    op = ops.get(f"max_unpool{axes}d")()
    inputs = (pool.output, pool.output)
    case = Case(op, inputs, op.output_type(inputs))
    assert case.output.shape == shape

    module = getattr(torch.nn, f"MaxPool{axes}d")(**_kernel_size(fields), ceil_mode=ceil, return_indices=True)
    unpool = getattr(F, f"max_unpool{axes}d")
    for spot in positions(case.output):
        x = torch.zeros(1, *shape)
        x[(0, *spot)] = 1
        values, indices = module(x)
        restored = unpool(values, indices, **{**_kernel_size(fields), "output_size": shape[1:]})
        assert torch.equal(restored, x) or not values.any()
        chosen = frozenset(tuple(index) for index in (values[0] == 1).nonzero().tolist())
        assert readings_by_position(op, inputs, spot) == (chosen, chosen)


# --- Resizing, borders, rearranging, merging


@compared
@given(st.data())
def test_upsample(data: st.DataObject) -> None:
    axes = data.draw(AXES)
    shape = (1, *data.draw(extents(axes)))
    mode = data.draw(st.sampled_from(("nearest", "linear")))
    theirs = mode if mode == "nearest" else ("linear", "bilinear", "trilinear")[axes - 1]
    corners = mode != "nearest" and data.draw(st.booleans())
    numbers = st.integers(1, 5 if axes < 3 else 3)
    extent = data.draw(st.one_of(numbers, st.tuples(*[numbers] * axes)))
    field = data.draw(st.sampled_from(("factor", "size")))
    case = case_named("upsample", shape, **{field: extent}, mode=mode, align_corners=corners)
    given_as = {"scale_factor" if field == "factor" else "size": extent}
    options = {} if mode == "nearest" else {"align_corners": corners}
    assert_reads_what_changes(case, lambda x: F.interpolate(x, **given_as, mode=theirs, **options))


@compared
@given(st.data())
def test_pad(data: st.DataObject) -> None:
    axes = data.draw(AXES)
    shape = (2, *data.draw(extents(axes)))
    mode = data.draw(st.sampled_from(("zeros", "reflect", "replicate", "circular")))
    amount = data.draw(st.tuples(*[st.tuples(st.integers(0, 4), st.integers(0, 4))] * axes))
    theirs = "constant" if mode == "zeros" else mode

    def pad(x: Any) -> Any:
        return F.pad(x, widths(amount), mode=theirs)

    try:
        case = case_named("pad", shape, amount=amount, mode=mode)
    except Misfit:
        with pytest.raises(RuntimeError, match=r"Padding (size|value)"):
            pad(torch.zeros(1, *shape))
        return
    assert_reads_what_changes(case, pad)


@compared
@given(st.data())
def test_crop(data: st.DataObject) -> None:
    axes = data.draw(AXES)
    shape = (2, *data.draw(extents(axes)))
    left = tuple(data.draw(st.integers(1, length)) for length in shape[1:])
    before = tuple(data.draw(st.integers(0, length - size)) for length, size in zip(shape[1:], left, strict=True))
    cuts = tuple((b, n - size - b) for n, size, b in zip(shape[1:], left, before, strict=True))
    assert_reads_what_changes(
        case_named("crop", shape, amount=cuts), lambda x: F.pad(x, [-cut for cut in widths(cuts)])
    )

    middle = [((n - size) // 2, -((size - n) // 2)) for n, size in zip(shape[1:], left, strict=True)]
    window = [-cut for cut in widths(middle)]
    assert_reads_what_changes(case_named("crop", shape, size=left), lambda x: F.pad(x, window))
    assert_reads_what_changes(case_named("crop_like", shape, (1, *left)), lambda x: F.pad(x, window))

    start = [cut for n, size in zip(shape[:0:-1], left[::-1], strict=True) for cut in (0, size - n)]
    assert_reads_what_changes(case_named("crop_like", shape, (1, *left), align="start"), lambda x: F.pad(x, start))


@compared
@given(st.data())
def test_reshape(data: st.DataObject) -> None:
    parts = data.draw(st.lists(st.sampled_from((1, 1, 2, 3)), min_size=1, max_size=4))
    shape = tuple(data.draw(st.permutations(parts)))
    joined = [parts[0]]
    for extent in parts[1:]:
        if data.draw(st.booleans()):
            joined[-1] *= extent
        else:
            joined.append(extent)
    case = case_named("reshape", shape, shape=tuple(joined))
    assert_reads_what_changes(case, lambda x: x.reshape(-1, *joined))
    assert_reads_what_changes(case_named("flatten", shape), lambda x: x.flatten(1))


@compared
@given(st.permutations(range(3)))
def test_permute(axes: list[int]) -> None:
    case = case_named("permute", (2, 3, 4), axes=tuple(axes))
    assert_reads_what_changes(case, lambda x: x.permute(0, *(axis + 1 for axis in axes)))


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("which", [0, 1, 2])
def test_concat(axis: int, which: int) -> None:
    shapes = [tuple(extent if each == axis else 2 for each in range(3)) for extent in (1, 3, 2)]
    case = case_named("concat", *shapes, axis=axis)
    inputs = [torch.zeros(1, *shape) for shape in shapes]
    spots = {spot: torch.zeros(1, *shapes[which]) for spot in product(*map(range, shapes[which]))}
    for spot, x in spots.items():
        x[(0, *spot)] = 1
        made = torch.cat([*inputs[:which], x, *inputs[which + 1 :]], dim=axis + 1)
        assert tuple(made.shape[1:]) == case.output.shape
        for output in positions(case.output):
            read = readings_by_position(case.op, case.inputs, output)[which]
            assert (spot in read) == bool(made[(0, *output)])


@pytest.mark.parametrize("name", ["add", "multiply"])
@compared
@given(st.data())
def test_elementwise_merging(name: str, data: st.DataObject) -> None:
    """Shapes go together where PyTorch broadcasts them, and the first input is read where it counts."""
    rank = data.draw(st.integers(1, 3))
    shapes = data.draw(st.lists(st.tuples(*[st.sampled_from((1, 2, 3))] * rank), min_size=2, max_size=3))
    try:
        expected = tuple(torch.broadcast_shapes(*shapes))
    except RuntimeError:
        with pytest.raises(Misfit):
            case_named(name, *shapes)
        return
    case = case_named(name, *shapes)
    assert case.output.shape == expected
    join = torch.add if name == "add" else torch.mul
    others = [torch.ones(1, *shape) for shape in shapes[1:]]

    def joined(x: Any) -> Any:
        for other in others:
            x = join(x, other)
        return x

    assert_reads_what_changes(case, joined)

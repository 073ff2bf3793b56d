"""Every layer type against its counterpart in PyTorch: shapes, weights, what is read, and the traits.

What an output position reads is found by a look from outside: a one in a single input position, zeros elsewhere, and
every output that changes has read it. That shows all windows of linear layers with positive weights, and of maxima.
Layers that are neither are asked for their Jacobian.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import product
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from archanalyzer import ops
from archanalyzer.graph import Misfit, Role, Trait
from archanalyzer.testing import Case, case_of, cases_for, positions, readings_by_position, types_of

torch = pytest.importorskip("torch", reason="compares with PyTorch, which is not installed")
F = torch.nn.functional

Function = Callable[..., Any]
AXES = st.sampled_from((1, 1, 2, 2, 3))

compared = settings(deadline=None, max_examples=100, derandomize=True)


@pytest.fixture(autouse=True, scope="module")
def _double_precision() -> Iterable[None]:
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(before)


# --- How a layer is compared


def make(name: str, shapes: tuple[tuple[int, ...], ...], **fields: Any) -> Case:
    return case_of(ops.get(name), fields, types_of(*shapes))


def assert_reads_what_changes(case: Case, function: Function) -> None:
    """``function`` maps a batch of first inputs to a batch of outputs; it is linear or a maximum."""
    shape = case.inputs[0].shape
    spots = list(positions(case.inputs[0]))
    ones = torch.eye(len(spots)).reshape(-1, *shape)
    changed = (function(ones) - function(torch.zeros(1, *shape))).abs() > 1e-9
    assert tuple(changed.shape[1:]) == case.output.shape
    for output in positions(case.output):
        seen = changed[(slice(None), *output)].nonzero().flatten().tolist()
        assert readings_by_position(case.op, case.inputs, output)[0] == {spots[index] for index in seen}, output


def assert_reads_by_jacobian(case: Case, function: Function) -> None:
    torch.manual_seed(0)
    x = torch.randn(case.inputs[0].shape) + 0.1
    jacobian = torch.autograd.functional.jacobian(lambda one: function(one[None])[0], x)
    assert tuple(jacobian.shape) == (*case.output.shape, *x.shape)
    for output in positions(case.output):
        seen = {tuple(index) for index in (jacobian[output].abs() > 1e-12).nonzero().tolist()}
        assert readings_by_position(case.op, case.inputs, output)[0] == seen, output


def assert_same_arrays(case: Case, module: Any) -> None:
    """The names, shapes and roles of the arrays; PyTorch's counter of batches is not an array of the layer."""
    ours = {array.name: (array.shape, array.role is Role.BUFFER) for array in case.op.weights(case.inputs)}
    theirs = {name: (tuple(array.shape), False) for name, array in module.named_parameters()}
    buffers = ((name, array) for name, array in module.named_buffers() if name != "num_batches_tracked")
    assert ours == {**theirs, **{name: (tuple(array.shape), True) for name, array in buffers}}


def positive(module: Any) -> Any:
    """The module with positive random weights, so that no two of them cancel out."""
    for array in module.parameters():
        torch.nn.init.uniform_(array, 0.5, 1.5)
    return module


def widths(sides: Iterable[tuple[int, int]]) -> list[int]:
    """Sides as ``torch.nn.functional.pad`` takes them, the last axis first."""
    return [amount for pair in reversed(list(sides)) for amount in pair]


# --- Convolutions


@st.composite
def sliding(draw: st.DrawFn, axes: int) -> dict[str, Any]:
    """Fields of a kernel: extent, stride and padding of any form that the language has."""

    def an_axis(most: int, least: int = 1) -> Any:
        numbers = st.integers(least, most)
        return draw(st.one_of(numbers, st.tuples(*[numbers] * axes)))

    pairs = st.tuples(*[st.tuples(st.integers(0, 2), st.integers(0, 2))] * axes)
    padding = draw(st.one_of(st.sampled_from(("same", "valid")), st.integers(0, 2), pairs))
    return {"kernel": an_axis(4 if axes < 3 else 2), "stride": an_axis(3), "padding": padding}


@st.composite
def extents(draw: st.DrawFn, axes: int) -> tuple[int, ...]:
    return draw(st.tuples(*[st.integers(1, 7 if axes < 3 else 4)] * axes))


def sides_of(case: Case) -> list[tuple[int, int]]:
    op: Any = case.op
    return [(each.before, each.after) for each in op.slide(case.inputs)]


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
            module(F.pad(torch.zeros(1, *shape), pad))
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
    case = make(f"conv{axes}d", (shape,), **fields)
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
    full = tuple(module(torch.zeros(1, *shape)).shape[2:])
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
    up = make("conv_transpose1d", ((1, length),), **fields)
    down = make("conv1d", (up.output.shape,), **fields)
    read = {
        (o, i) for (_, o) in positions(down.output) for (_, i) in readings_by_position(down.op, down.inputs, (0, o))[0]
    }
    assert {
        (i, o) for (_, o) in positions(up.output) for (_, i) in readings_by_position(up.op, up.inputs, (0, o))[0]
    } == read


@pytest.mark.parametrize("bias", [True, False])
def test_dense(bias: bool) -> None:
    case = make("dense", ((5,),), units=3, bias=bias)
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
        case = make(f"{kind}_pool{axes}d", (shape,), **fields)
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
        case = make(f"{kind}_pool{axes}d", (shape,), **fields, **options, **counted, ceil_mode=True)
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
    case = make(f"adaptive_{kind}_pool{axes}d", ((2, *data.draw(extents(axes))),), size=size)
    pool = getattr(torch.nn, f"Adaptive{kind.capitalize()}Pool{axes}d")(size)
    assert_reads_what_changes(case, pool)


@pytest.mark.parametrize("kind", ["max", "avg"])
@pytest.mark.parametrize("keep_axes", [True, False])
@pytest.mark.parametrize("shape", [(2, 5), (2, 3, 4), (2, 3, 2, 2)], ids=str)
def test_global_pooling(kind: str, keep_axes: bool, shape: tuple[int, ...]) -> None:
    case = make(f"global_{kind}_pool", (shape,), keep_axes=keep_axes)
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
        pool = make(f"max_pool{axes}d", (shape,), **fields, ceil_mode=ceil)
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
    case = make("upsample", (shape,), **{field: extent}, mode=mode, align_corners=corners)
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
        case = make("pad", (shape,), amount=amount, mode=mode)
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
    assert_reads_what_changes(make("crop", (shape,), amount=cuts), lambda x: F.pad(x, [-cut for cut in widths(cuts)]))

    middle = [((n - size) // 2, -((size - n) // 2)) for n, size in zip(shape[1:], left, strict=True)]
    window = [-cut for cut in widths(middle)]
    assert_reads_what_changes(make("crop", (shape,), size=left), lambda x: F.pad(x, window))
    assert_reads_what_changes(make("crop_like", (shape, (1, *left))), lambda x: F.pad(x, window))

    start = [cut for n, size in zip(shape[:0:-1], left[::-1], strict=True) for cut in (0, size - n)]
    assert_reads_what_changes(make("crop_like", (shape, (1, *left)), align="start"), lambda x: F.pad(x, start))


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
    case = make("reshape", (shape,), shape=tuple(joined))
    assert_reads_what_changes(case, lambda x: x.reshape(-1, *joined))
    assert_reads_what_changes(make("flatten", (shape,)), lambda x: x.flatten(1))


@compared
@given(st.permutations(range(3)))
def test_permute(axes: list[int]) -> None:
    case = make("permute", ((2, 3, 4),), axes=tuple(axes))
    assert_reads_what_changes(case, lambda x: x.permute(0, *(axis + 1 for axis in axes)))


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("which", [0, 1, 2])
def test_concat(axis: int, which: int) -> None:
    shapes = [tuple(extent if each == axis else 2 for each in range(3)) for extent in (1, 3, 2)]
    case = make("concat", tuple(shapes), axis=axis)
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
            make(name, tuple(shapes))
        return
    case = make(name, tuple(shapes))
    assert case.output.shape == expected
    join = torch.add if name == "add" else torch.mul
    others = [torch.ones(1, *shape) for shape in shapes[1:]]

    def joined(x: Any) -> Any:
        for other in others:
            x = join(x, other)
        return x

    assert_reads_what_changes(case, joined)


# --- Normalization, activations


def normalizations() -> dict[str, tuple[Case, Any]]:
    """A case of each form of normalization, with PyTorch's module."""
    nn = torch.nn
    channels_last = type("ChannelsLast", (nn.LayerNorm,), {"forward": _over_channels})
    return {
        "batch_norm": (make("batch_norm", ((3, 2, 2),)), nn.BatchNorm2d(3).eval()),
        "batch_norm-flat": (make("batch_norm", ((3,),), affine=False), nn.BatchNorm1d(3, affine=False).eval()),
        "layer_norm": (make("layer_norm", ((3, 2, 2),)), nn.LayerNorm((3, 2, 2))),
        "layer_norm-plain": (make("layer_norm", ((4,),), affine=False), nn.LayerNorm(4, elementwise_affine=False)),
        "layer_norm-channels": (make("layer_norm", ((3, 2, 2),), over="channels"), channels_last(3)),
        "group_norm": (make("group_norm", ((4, 2, 2),), groups=2), nn.GroupNorm(2, 4)),
        "group_norm-one": (make("group_norm", ((4, 3),), groups=1, affine=False), nn.GroupNorm(1, 4, affine=False)),
        "instance_norm": (make("instance_norm", ((2, 2, 3),)), nn.InstanceNorm2d(2)),
        "instance_norm-affine": (make("instance_norm", ((2, 4),), affine=True), nn.InstanceNorm1d(2, affine=True)),
        "local_response_norm": (
            make("local_response_norm", ((5, 2),), size=3, alpha=0.5),
            nn.LocalResponseNorm(3, 0.5),
        ),
        "local_response_norm-even": (
            make("local_response_norm", ((5, 2),), size=4, alpha=0.5),
            nn.LocalResponseNorm(4, 0.5),
        ),
    }


def _over_channels(self: Any, x: Any) -> Any:
    return F.layer_norm(x.movedim(1, -1), self.normalized_shape, self.weight, self.bias).movedim(-1, 1)


@pytest.mark.parametrize("form", normalizations())
def test_normalization(form: str) -> None:
    case, module = normalizations()[form]
    assert_same_arrays(case, module)
    assert_reads_by_jacobian(case, module)


ACTIVATIONS: dict[str, Callable[[Any], Any]] = {
    "identity": lambda op: torch.nn.Identity(),
    "relu": lambda op: torch.nn.ReLU(),
    "relu6": lambda op: torch.nn.ReLU6(),
    "leaky_relu": lambda op: torch.nn.LeakyReLU(op.slope),
    "prelu": lambda op: torch.nn.PReLU(3 if op.per_channel else 1),
    "elu": lambda op: torch.nn.ELU(op.alpha),
    "selu": lambda op: torch.nn.SELU(),
    "gelu": lambda op: torch.nn.GELU(op.approximate),
    "silu": lambda op: torch.nn.SiLU(),
    "hardswish": lambda op: torch.nn.Hardswish(),
    "hardsigmoid": lambda op: torch.nn.Hardsigmoid(),
    "sigmoid": lambda op: torch.nn.Sigmoid(),
    "tanh": lambda op: torch.nn.Tanh(),
    "softplus": lambda op: torch.nn.Softplus(),
    "softmax": lambda op: torch.nn.Softmax(op.axis + 1),
    "dropout": lambda op: torch.nn.Dropout(op.rate).eval(),
}
ACTIVATION_CASES = [
    case
    for name in ACTIVATIONS
    for case in cases_for(ops.get(name))
    if case.inputs[0].channels == 3 or name == "softmax"
]


@pytest.mark.parametrize("case", ACTIVATION_CASES, ids=str)
def test_activation(case: Case) -> None:
    module = ACTIVATIONS[case.op.name](case.op)
    assert_same_arrays(case, module)
    if Trait.ELEMENTWISE not in case.op.traits:
        assert_reads_by_jacobian(case, module)
        return
    x = torch.randn(4, *case.inputs[0].shape)
    for output in positions(case.output):
        assert readings_by_position(case.op, case.inputs, output) == (frozenset({output}),)
    flipped = module(x.flip(0, 2, 3)).flip(0, 2, 3)
    assert torch.equal(flipped, module(x)), "elementwise: moved elements take their outputs along"


@pytest.mark.parametrize("case", ACTIVATION_CASES, ids=str)
def test_traits_of_activations(case: Case) -> None:
    """Each trait is claimed where it holds and nowhere else."""
    module = ACTIVATIONS[case.op.name](case.op)
    assert holding(module, case.inputs[0].shape) == case.op.traits & ~Trait.ELEMENTWISE


def linear_cases() -> list[tuple[Case, Function]]:
    """Layers that are not activations, with PyTorch's function of the first input."""
    conv = torch.nn.Conv2d(2, 3, 3)
    bare = torch.nn.Conv2d(2, 3, 3, bias=False)
    up = torch.nn.ConvTranspose2d(2, 3, 3)
    norm = torch.nn.BatchNorm2d(2).eval()
    positive(norm).running_mean.fill_(0.3)
    image = ((2, 4, 5),)
    return [
        (make("conv2d", image, filters=3, kernel=3), conv),
        (make("conv2d", image, filters=3, kernel=3, bias=False), bare),
        (make("conv_transpose2d", image, filters=3, kernel=3), up),
        (make("dense", ((6,),), units=2), torch.nn.Linear(6, 2)),
        (make("max_pool2d", image, kernel=2), torch.nn.MaxPool2d(2)),
        (make("avg_pool2d", image, kernel=2), torch.nn.AvgPool2d(2)),
        (make("adaptive_avg_pool2d", image, size=3), torch.nn.AdaptiveAvgPool2d(3)),
        (make("adaptive_max_pool2d", image, size=3), torch.nn.AdaptiveMaxPool2d(3)),
        (make("global_max_pool", image), lambda x: x.amax((2, 3))),
        (make("global_avg_pool", image), lambda x: x.mean((2, 3))),
        (make("upsample", image, factor=2, mode="bilinear"), torch.nn.Upsample(scale_factor=2, mode="bilinear")),
        (make("flatten", image), torch.nn.Flatten()),
        (make("pad", image, amount=1), lambda x: F.pad(x, (1, 1, 1, 1))),
        (make("pad", image, amount=1, value=2.0), lambda x: F.pad(x, (1, 1, 1, 1), value=2.0)),
        (make("pad", image, amount=1, mode="reflect"), lambda x: F.pad(x, (1, 1, 1, 1), mode="reflect")),
        (make("crop", image, amount=1), lambda x: x[:, :, 1:-1, 1:-1]),
        (make("batch_norm", image), norm),
        (make("layer_norm", image), torch.nn.LayerNorm(image[0])),
        (make("instance_norm", image), torch.nn.InstanceNorm2d(2)),
        (make("local_response_norm", image, size=2, alpha=1.0), torch.nn.LocalResponseNorm(2, 1.0)),
    ]


@pytest.mark.parametrize("index", range(len(linear_cases())), ids=[str(case) for case, _ in linear_cases()])
def test_traits(index: int) -> None:
    case, function = linear_cases()[index]
    assert holding(function, case.inputs[0].shape) == case.op.traits & ~Trait.ELEMENTWISE


def holding(function: Function, shape: tuple[int, ...]) -> Trait:
    """The traits that a function of a batch turns out to have at random points."""
    torch.manual_seed(0)
    x, y = 4 * torch.randn(50, *shape), 4 * torch.randn(50, *shape)
    with torch.no_grad():
        zero, fx, fy = function(torch.zeros(1, *shape)), function(x), function(y)
        affine = torch.allclose(function(x + y) - fx - fy + zero, torch.zeros(()), atol=1e-9)
        homogeneous = all(torch.allclose(function(a * x), a * fx) for a in (0.3, 2.0, 50.0))
        # The second difference of a piecewise linear function vanishes but near its kinks, which are few.
        step = 1e-3 * y
        bend = (function(x + step) - 2 * fx + function(x - step)).abs() > 1e-12
        piecewise = bend.double().mean() < 0.02
    found = {Trait.AFFINE: affine, Trait.HOMOGENEOUS: homogeneous, Trait.PIECEWISE_LINEAR: piecewise}
    traits = Trait.NONE
    for trait, holds in found.items():
        traits |= trait if holds else Trait.NONE
    return traits


# --- Nothing forgotten

WITHOUT_COUNTERPART = {
    "input": "brings data in",
}


def test_every_layer_type_is_compared() -> None:
    """A layer type is named in this file, or it is said why not."""
    families = (
        "conv{}d conv_transpose{}d max_pool{}d avg_pool{}d adaptive_max_pool{}d adaptive_avg_pool{}d max_unpool{}d"
    )
    compared_here = {family.format(axes) for family in families.split() for axes in (1, 2, 3)} | set(ACTIVATIONS)
    compared_here |= {case.op.name for case, _ in normalizations().values()}
    compared_here |= {case.op.name for case, _ in linear_cases()}
    compared_here |= {"crop_like", "reshape", "permute", "concat", "add", "multiply"}
    assert set(ops.names()) - compared_here == set(WITHOUT_COUNTERPART)

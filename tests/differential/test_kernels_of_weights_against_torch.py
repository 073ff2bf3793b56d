"""Outputs and gradients of convolutions, dense layers, activations, normalizations and dropout against PyTorch.

In double precision, at any batch size, and in every block that a convolution's columns may be made in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import prod
from typing import Any
from unittest import mock

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from archanalyzer.executor.kernel import Array, Forward
from archanalyzer.executor.kernels import windows
from archanalyzer.graph import Misfit, Role
from archanalyzer.testing import Case, case_named, run_backward, run_forward
from tests.differential.strategies import AXES, draw_batch, extents, sides_of, sliding, widths

torch = pytest.importorskip("torch", reason="compares with PyTorch, which is not installed")
F = torch.nn.functional

Function = Callable[..., Any]

compared = settings(deadline=None, max_examples=60, derandomize=True)


# --- How a layer is compared


def draw_weights(data: st.DataObject, case: Case) -> dict[str, Array]:
    """The arrays of a layer at random; those named as variances are positive."""
    random = np.random.default_rng(data.draw(st.integers(0, 2**16)))
    arrays = {each.name: random.standard_normal(each.shape) for each in case.op.weights(case.inputs)}
    return {name: np.abs(array) + 0.1 if name.endswith("var") else array for name, array in arrays.items()}


def assert_same(
    case: Case, x: Array, weights: Mapping[str, Array], function: Function, *, training: bool = False
) -> Forward:
    """``function`` makes the output of x and, by their names, the arrays, all as tensors; it may write to buffers."""
    learned = {each.name for each in case.op.weights(case.inputs) if each.role is not Role.BUFFER}
    of_x = torch.tensor(x, requires_grad=True)
    tensors = {name: torch.tensor(array, requires_grad=name in learned) for name, array in weights.items()}
    expected = function(of_x, **tensors)
    forward = run_forward(case, [x], weights, training=training)
    assert_close(forward.output, expected)
    for name in set(weights) - learned:
        assert_close(forward.weights[name], tensors[name])
    dy = np.random.default_rng(1).standard_normal(forward.output.shape)
    expected.backward(torch.from_numpy(dy))
    call = run_backward(case, forward, dy)
    assert call.dw.keys() == learned
    gradients = {"x": of_x.grad} | {name: tensors[name].grad for name in learned}
    for name, gradient in gradients.items():
        assert_close(call.dx[0] if name == "x" else call.dw[name], gradient)
    for_x, for_weights = (run_backward(case, forward, dy, learning=it, wanted=[not it]) for it in (False, True))
    assert not for_x.dw
    assert for_weights.dx == (None,)
    np.testing.assert_array_equal(for_x.dx[0], call.dx[0])
    for name in learned:
        np.testing.assert_array_equal(for_weights.dw[name], call.dw[name])
    return forward


def assert_close(ours: Array | None, theirs: Any) -> None:
    assert ours is not None
    assert ours.shape == tuple(theirs.shape)
    np.testing.assert_allclose(ours, theirs.detach().numpy(), rtol=1e-10, atol=1e-10)


def case_or_reject(name: str, *shapes: tuple[int, ...], **fields: Any) -> Case:
    """The case, where the input fits."""
    try:
        return case_named(name, *shapes, **fields)
    except Misfit:
        assume(False)
        raise


# --- Convolutions


def draw_convolution(data: st.DataObject, kind: str) -> Case:
    """Any kernel; channels in groups, or each one for itself, on both sides or with several filters."""
    axes = data.draw(AXES)
    groups, of_group, filters = data.draw(
        st.one_of(
            st.tuples(*[st.integers(1, 3)] * 3), st.tuples(st.integers(1, 4), st.just(1), st.sampled_from((1, 2)))
        )
    )
    steps = st.integers(1, 3)
    fields = data.draw(sliding(axes)) | {
        "filters": groups * filters,
        "groups": groups,
        "bias": data.draw(st.booleans()),
    }
    fields["dilation"] = data.draw(st.one_of(steps, st.tuples(*[steps] * axes)))
    if kind == "conv_transpose" and fields["padding"] != "same":
        fields["output_padding"] = data.draw(st.one_of(st.just(0), st.tuples(*[st.integers(0, 2)] * axes)))
    try:
        return case_or_reject(f"{kind}{axes}d", (groups * of_group, *data.draw(extents(axes))), **fields)
    except ValueError:
        assume(False)  # so much output padding does not go with the stride
        raise


def in_blocks(data: st.DataObject) -> Any:
    """Columns of a few positions at a time, of one row at least; or of all, as is usual where so few bytes are."""
    return mock.patch.object(windows, "_BLOCK_BYTES", data.draw(st.sampled_from((1, 1000, 4000, 2**23))))


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths:UserWarning")
@compared
@given(st.data())
def test_convolution(data: st.DataObject) -> None:
    case = draw_convolution(data, "conv")
    op: Any = case.op
    convolve = getattr(F, f"conv{op.axes}d")

    def function(x: Any, weight: Any, bias: Any = None) -> Any:
        sides, rest = sides_of(case), (op.dilation, op.groups)
        if op.padding == "same" and set(op.stride) == {1}:
            return convolve(x, weight, bias, op.stride, "same", *rest)
        if all(before == after for before, after in sides):
            return convolve(x, weight, bias, op.stride, [before for before, _ in sides], *rest)
        return convolve(F.pad(x, widths(sides)), weight, bias, op.stride, 0, *rest)

    with in_blocks(data):
        assert_same(case, draw_batch(data, case)[0], draw_weights(data, case), function)


@compared
@given(st.data())
def test_transposed_convolution(data: st.DataObject) -> None:
    """Where both ends lose equally much, PyTorch crops; else it makes all, and what is bare is the bias alone."""
    case = draw_convolution(data, "conv_transpose")
    op: Any = case.op
    transposed = getattr(F, f"conv_transpose{op.axes}d")

    def function(x: Any, weight: Any, bias: Any = None) -> Any:
        sides, rest = sides_of(case), (op.output_padding, op.groups, op.dilation)
        if all(before == after for before, after in sides):
            return transposed(x, weight, bias, op.stride, [before for before, _ in sides], *rest)
        y = F.pad(transposed(x, weight, None, op.stride, 0, *rest), [-side for side in widths(sides)])
        return y if bias is None else y + bias.reshape(-1, *(1,) * op.axes)

    with in_blocks(data):
        assert_same(case, draw_batch(data, case)[0], draw_weights(data, case), function)


@pytest.mark.parametrize("layer", ["conv", "conv_transpose"])
@pytest.mark.parametrize("groups", [1, 2])
def test_blocks_change_nothing(layer: str, groups: int) -> None:
    """Over several blocks, the sums are the same; some kernels compute block by block indeed."""
    case = case_named(f"{layer}2d", (4, 9, 8), filters=6, kernel=3, stride=2, padding=1, groups=groups)
    random = np.random.default_rng(0)
    x = random.standard_normal((2, 4, 9, 8))
    weights = {each.name: random.standard_normal(each.shape) for each in case.op.weights(case.inputs)}
    dy = random.standard_normal((2, *case.output.shape))

    def run() -> list[Any]:
        forward = run_forward(case, [x], weights)
        backward = run_backward(case, forward, dy)
        return [forward.output, *backward.dx, *backward.dw.values()]

    kernel: Any = case.kernel
    assert kernel.algorithm == "im2col"
    of_windows = kernel.products.windows
    expected, counts = run(), []
    for size in (1, 5000, 2**23):
        with mock.patch.object(windows, "_BLOCK_BYTES", size):
            counts.append(len(list(of_windows.blocks(4, 8))))
            for ours, whole in zip(run(), expected, strict=True):
                np.testing.assert_allclose(ours, whole, rtol=1e-12, atol=1e-12)
    assert counts[0] == of_windows.positions[0] > counts[1] > counts[2] == 1


# --- Dense


@compared
@given(st.data())
def test_dense(data: st.DataObject) -> None:
    features, units = data.draw(st.tuples(st.integers(1, 9), st.integers(1, 9)))
    case = case_named("dense", (features,), units=units, bias=data.draw(st.booleans()))
    assert_same(case, draw_batch(data, case)[0], draw_weights(data, case), F.linear)


# --- Activations

SLOPES = st.sampled_from((0.0, 0.01, 0.3, 1.0, 2.5, -0.2))
POSITIVE = st.sampled_from((0.1, 0.5, 1.0, 2.0))
ACTIVATIONS: dict[str, tuple[dict[str, st.SearchStrategy[Any]], Callable[..., Function]]] = {
    "identity": ({}, lambda: lambda x: 1 * x),
    "relu": ({}, lambda: F.relu),
    "relu6": ({}, lambda: F.relu6),
    "leaky_relu": ({"slope": SLOPES}, lambda slope: lambda x: F.leaky_relu(x, slope)),
    "elu": ({"alpha": POSITIVE}, lambda alpha: lambda x: F.elu(x, alpha)),
    "selu": ({}, lambda: F.selu),
    "gelu": (
        {"approximate": st.sampled_from(("none", "tanh"))},
        lambda approximate: lambda x: F.gelu(x, approximate=approximate),
    ),
    "silu": ({}, lambda: F.silu),
    "hardswish": ({}, lambda: F.hardswish),
    # PyTorch's own hardsigmoid rounds 1/6 to 32 bits in its backward step, whatever the precision.
    "hardsigmoid": ({}, lambda: lambda x: F.relu6(x + 3) / 6),
    "sigmoid": ({}, lambda: torch.sigmoid),
    "tanh": ({}, lambda: torch.tanh),
    # PyTorch takes x for log(1 + exp(x)) from a threshold on, which is put here to where it makes no difference.
    "softplus": ({}, lambda: lambda x: F.softplus(x, threshold=50)),
}


def draw_shape(data: st.DataObject, least: int = 0) -> tuple[int, ...]:
    """A shape of any rank, with ``least`` spatial axes or more."""
    return data.draw(st.tuples(st.integers(1, 6), *[st.integers(1, 4)] * data.draw(st.integers(least, 3))))


@pytest.mark.parametrize("name", ACTIVATIONS)
@settings(compared, max_examples=30)
@given(data=st.data())
def test_activation(name: str, data: st.DataObject) -> None:
    """Of whole numbers too, among which the kinks are; of large ones."""
    fields, function = ACTIVATIONS[name]
    given_fields = {field: data.draw(strategy) for field, strategy in fields.items()}
    case = case_named(name, draw_shape(data), **given_fields)
    x = draw_batch(data, case, most=7)[0] * data.draw(st.sampled_from((1, 1, 10)))
    assert_same(case, x, {}, function(**given_fields))


@compared
@given(st.data())
def test_prelu(data: st.DataObject) -> None:
    case = case_named("prelu", draw_shape(data), per_channel=data.draw(st.booleans()))
    assert_same(case, draw_batch(data, case)[0], draw_weights(data, case), F.prelu)


@compared
@given(st.data())
def test_softmax(data: st.DataObject) -> None:
    shape = draw_shape(data)
    axis = data.draw(st.integers(0, len(shape) - 1))
    case = case_named("softmax", shape, axis=axis)
    x = draw_batch(data, case)[0] * data.draw(st.sampled_from((1, 1, 1000)))
    assert_same(case, x, {}, lambda x: F.softmax(x, dim=axis + 1))


# --- Normalization


def draw_norm(data: st.DataObject, name: str, shape: tuple[int, ...], **fields: Any) -> Case:
    epsilon = data.draw(st.sampled_from((1e-5, 1e-3, 0.5)))
    return case_named(name, shape, epsilon=epsilon, affine=data.draw(st.booleans()), **fields)


@compared
@given(st.data())
def test_batch_norm_in_training(data: st.DataObject) -> None:
    """Batch after batch of any size, the running statistics being carried along."""
    momentum = data.draw(st.sampled_from((0.0, 0.1, 0.3, 1.0)))
    case = draw_norm(data, "batch_norm", draw_shape(data), momentum=momentum)
    op: Any = case.op
    weights = draw_weights(data, case)

    def function(x: Any, running_mean: Any, running_var: Any, **affine: Any) -> Any:
        return F.batch_norm(x, running_mean, running_var, **affine, training=True, momentum=momentum, eps=op.epsilon)

    for _ in range(data.draw(st.integers(1, 3))):
        (x,) = draw_batch(data, case)
        assume(len(x) * prod(case.inputs[0].spatial) > 1)  # of one number PyTorch wants no variance
        forward = assert_same(case, x, weights, function, training=True)
        weights = {name: np.array(array) for name, array in forward.weights.items()}


@compared
@given(st.data())
def test_batch_norm_at_inference(data: st.DataObject) -> None:
    case = draw_norm(data, "batch_norm", draw_shape(data))
    op: Any = case.op

    def function(x: Any, running_mean: Any, running_var: Any, **affine: Any) -> Any:
        return F.batch_norm(x, running_mean, running_var, **affine, training=False, eps=op.epsilon)

    assert_same(case, draw_batch(data, case)[0], draw_weights(data, case), function)


@compared
@given(st.data())
def test_layer_norm(data: st.DataObject) -> None:
    over = data.draw(st.sampled_from(("all", "channels")))
    case = draw_norm(data, "layer_norm", draw_shape(data), over=over)
    op: Any = case.op

    def function(x: Any, **affine: Any) -> Any:
        if over == "all":
            return F.layer_norm(x, case.inputs[0].shape, **affine, eps=op.epsilon)
        return F.layer_norm(x.movedim(1, -1), (x.shape[1],), **affine, eps=op.epsilon).movedim(-1, 1)

    assert_same(case, draw_batch(data, case)[0], draw_weights(data, case), function)


@compared
@given(st.data())
def test_group_norm(data: st.DataObject) -> None:
    """``torch.group_norm``, since that of ``functional`` refuses a single number."""
    groups = data.draw(st.integers(1, 3))
    channels, *spatial = draw_shape(data)
    case = draw_norm(data, "group_norm", (groups * channels, *spatial), groups=groups)
    op: Any = case.op
    assert_same(
        case,
        draw_batch(data, case)[0],
        draw_weights(data, case),
        lambda x, **affine: torch.group_norm(x, groups, **affine, eps=op.epsilon),
    )


@compared
@given(st.data())
def test_instance_norm(data: st.DataObject) -> None:
    """``torch.instance_norm``, since that of ``functional`` refuses a single number."""
    case = draw_norm(data, "instance_norm", draw_shape(data, least=1))
    op: Any = case.op

    def function(x: Any, weight: Any = None, bias: Any = None) -> Any:
        return torch.instance_norm(x, weight, bias, None, None, True, 0.1, op.epsilon, False)

    assert_same(case, draw_batch(data, case)[0], draw_weights(data, case), function)


@compared
@given(st.data())
def test_local_response_norm(data: st.DataObject) -> None:
    """A window of any size, also one beyond all channels; PyTorch wants a spatial axis, so a flat input gets one."""
    fields = {
        "size": data.draw(st.integers(1, 8)),
        "alpha": data.draw(st.sampled_from((1e-4, 0.5, 2.0))),
        "beta": data.draw(st.sampled_from((0.5, 0.75, 1.0, 2.0))),
        "k": data.draw(st.sampled_from((0.5, 1.0, 2.0))),
    }
    case = case_named("local_response_norm", draw_shape(data), **fields)
    (x,) = draw_batch(data, case)
    assert_same(case, x, {}, lambda x: F.local_response_norm(x[..., None], **fields)[..., 0])


# --- Dropout


@compared
@given(st.data())
def test_dropout(data: st.DataObject) -> None:
    """In training, the gradient goes through the mask of the forward step; at inference nothing is done."""
    rate = data.draw(st.sampled_from((0.0, 0.1, 0.5, 0.9)))
    case = case_named("dropout", draw_shape(data), rate=rate)
    (x,) = draw_batch(data, case)
    mask = torch.from_numpy(run_forward(case, [x], training=True).extras["mask"])
    assert_same(case, x, {}, lambda x: x * mask / (1 - rate), training=True)
    assert_same(case, x, {}, lambda x: F.dropout(x, rate, training=False))


@pytest.mark.parametrize("rate", [0.0, 0.05, 0.5, 0.95])
def test_dropout_drops_at_its_rate(rate: float) -> None:
    """So many, within five standard deviations; what is left is scaled, so that the sum stays; each batch anew."""
    case, count = case_named("dropout", (100_000,), rate=rate), 2 * 100_000
    ones = np.ones((2, 100_000))
    first, same, other = (run_forward(case, [ones], training=True, seed=seed).output for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, same)
    assert rate == 0 or (first != other).any()
    assert rate == 0 or (first[0] != first[1]).any()
    assert set(np.unique(first)) <= {0.0, 1 / (1 - rate)}
    assert abs((first == 0).sum() - rate * count) <= 5 * (rate * (1 - rate) * count) ** 0.5

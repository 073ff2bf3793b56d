"""ONNX's operators as layer types of ours: which kernel computes what a node asks for, and of what; or why none does.

Our arrays have the batch as their first axis. Where an operator treats the first axis like any other, the whole tensor
is given as one sample.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from archanalyzer import ops
from archanalyzer.executor.kernel import Array, Forward
from archanalyzer.testing import Case, case_named, run_forward


class Node(NamedTuple):
    """A node of an ONNX graph, with the arrays that it is given; None stands for an optional one that is not there."""

    operator: str
    attributes: Mapping[str, Any]
    inputs: tuple[Any, ...]
    outputs: int

    def get(self, name: str, default: Any = None) -> Any:
        """An attribute."""
        return self.attributes.get(name, default)

    def input(self, index: int) -> Any:
        return self.inputs[index] if index < len(self.inputs) else None

    @property
    def x(self) -> Array:
        array: Array = self.inputs[0]
        return array


class Given(NamedTuple):
    """What one of our kernels is given, and which of what it makes are the node's outputs."""

    case: Case
    inputs: Sequence[Array]
    weights: Mapping[str, Array] = {}
    training: bool = False
    read_extras: tuple[Mapping[str, Array], ...] = ()
    results: Callable[[Forward], tuple[Array, ...]] = lambda forward: (forward.output,)


def given_for(node: Node) -> Given:
    """What computes a node for which there is no reason to leave it out."""
    return TRANSLATIONS[node.operator](node)


def compute(node: Node) -> tuple[Array, ...]:
    """The outputs of a node for which there is no reason to leave it out; those that a layer of ours has."""
    given = given_for(node)
    dtype = node.x.dtype if node.x.dtype.kind == "f" else np.dtype(np.float64)
    forward = run_forward(
        given.case,
        given.inputs,
        given.weights,
        training=given.training,
        dtype=dtype,
        read_extras=given.read_extras,
    )
    return given.results(forward)


def _only_sample(forward: Forward) -> tuple[Array, ...]:
    return (forward.output[0],)


def _shape(array: Array) -> tuple[int, ...]:
    """The shape of a sample; a single number is a flat one."""
    return array.shape[1:] or (1,)


def _one_sample(name: str, node: Node, **fields: Any) -> Given:
    """Whole tensors as single samples, of which an operator makes another one."""
    arrays = [array[None] for array in node.inputs if array is not None and array.dtype.kind == "f"]
    return Given(case_named(name, *map(_shape, arrays), **fields), arrays, results=_only_sample)


def _axis(node: Node, default: int) -> int:
    axis: int = node.get("axis", default)
    return axis % node.x.ndim


# --- Kernels that slide


def _sliding(node: Node, kernel: tuple[int, ...]) -> dict[str, Any]:
    """Kernel, stride, dilation, and padding where the node gives it."""
    ones = (1,) * len(kernel)
    fields: dict[str, Any] = {
        "kernel": kernel,
        "stride": tuple(node.get("strides", ones)),
        "dilation": tuple(node.get("dilations", ones)),
    }
    automatic, pads = node.get("auto_pad", "NOTSET"), node.get("pads")
    if automatic == "SAME_UPPER":
        fields["padding"] = "same"
    elif automatic == "SAME_LOWER":
        fields["padding"] = _same_lower(node.x.shape[2:], **fields)
    elif pads is not None:
        fields["padding"] = tuple(zip(pads[: len(kernel)], pads[len(kernel) :], strict=True))
    return fields


def _same_lower(extent: Sequence[int], **fields: tuple[int, ...]) -> tuple[tuple[int, int], ...]:
    """As many outputs as steps fit, an odd position padded in front, where our ``same`` pads it at the end."""
    pairs = []
    for n, kernel, stride, dilation in zip(extent, fields["kernel"], fields["stride"], fields["dilation"], strict=True):
        total = max((-(-n // stride) - 1) * stride + (kernel - 1) * dilation + 1 - n, 0)
        pairs.append((total - total // 2, total // 2))
    return tuple(pairs)


def _conv(node: Node) -> Given:
    x, weight, bias = node.x, node.inputs[1], node.input(2)
    fields = _sliding(node, weight.shape[2:])
    case = case_named(
        f"conv{x.ndim - 2}d",
        _shape(x),
        filters=weight.shape[0],
        groups=node.get("group", 1),
        bias=bias is not None,
        **fields,
    )
    return Given(case, [x], {"weight": weight} | ({} if bias is None else {"bias": bias}))


def _conv_transpose(node: Node) -> Given:
    """An ``output_shape`` beyond what comes of itself is so much output padding."""
    x, weight, bias = node.x, node.inputs[1], node.input(2)
    fields, groups = _sliding(node, weight.shape[2:]), node.get("group", 1)
    fields["output_padding"] = tuple(node.get("output_padding", (0,) * len(fields["kernel"])))
    if "output_shape" in node.attributes:
        along = zip(x.shape[2:], fields["kernel"], fields["stride"], fields["dilation"], strict=True)
        full = [(n - 1) * stride + (kernel - 1) * dilation + 1 for n, kernel, stride, dilation in along]
        fields["output_padding"] = tuple(np.subtract(node.get("output_shape"), full).tolist())
    case = case_named(
        f"conv_transpose{x.ndim - 2}d",
        _shape(x),
        filters=weight.shape[1] * groups,
        groups=groups,
        bias=bias is not None,
        **fields,
    )
    return Given(case, [x], {"weight": weight} | ({} if bias is None else {"bias": bias}))


def _max_pool(node: Node) -> Given:
    """ONNX numbers the positions of the whole tensor, and of each plane in columns where ``storage_order`` is 1."""
    x = node.x
    fields = _sliding(node, tuple(node.get("kernel_shape")))
    case = case_named(f"max_pool{x.ndim - 2}d", _shape(x), ceil_mode=bool(node.get("ceil_mode", 0)), **fields)

    def results(forward: Forward) -> tuple[Array, ...]:
        spatial, planes = x.shape[2:], math.prod(x.shape[:2])
        places = np.unravel_index(forward.extras["positions"], spatial)
        numbers = np.ravel_multi_index(places, spatial, order="F" if node.get("storage_order", 0) else "C")
        firsts = np.arange(planes).reshape(*x.shape[:2], *(1,) * len(spatial)) * math.prod(spatial)
        return (forward.output, numbers + firsts)[: node.outputs]

    return Given(case, [x], results=results)


def _average_pool(node: Node) -> Given:
    fields = _sliding(node, tuple(node.get("kernel_shape")))
    del fields["dilation"]
    fields |= {"ceil_mode": bool(node.get("ceil_mode", 0)), "count_padding": bool(node.get("count_include_pad", 0))}
    return Given(case_named(f"avg_pool{node.x.ndim - 2}d", _shape(node.x), **fields), [node.x])


def _global_pool(name: str) -> Callable[[Node], Given]:
    return lambda node: Given(case_named(name, _shape(node.x), keep_axes=True), [node.x])


def _max_unpool(node: Node) -> Given:
    """Paired with a pool of the extent that comes of kernel and stride."""
    x, numbers, kernel = node.x, node.inputs[1], node.get("kernel_shape")
    fields = {"kernel": tuple(kernel), "stride": tuple(node.get("strides"))}
    along = zip(x.shape[2:], fields["stride"], fields["kernel"], strict=True)
    extent = tuple((n - 1) * stride + size for n, stride, size in along)
    pool = case_named(f"max_pool{len(kernel)}d", (x.shape[1], *extent), **fields)
    op = ops.get(f"max_unpool{len(kernel)}d")()
    types = (pool.output, pool.output)
    positions = {"positions": numbers % math.prod(extent)}
    return Given(Case(op, types, op.output_type(types)), [x, x], read_extras=({}, positions))


# --- Products


def _dense(x: Array, weight: Array, bias: Array | None, shape: tuple[int, ...]) -> Given:
    """The product of x (batch, features) and a weight (units, features), in the given shape."""
    case = case_named("dense", x.shape[1:], units=len(weight), bias=bias is not None)
    weights = {"weight": weight} | ({} if bias is None else {"bias": bias})
    return Given(case, [x], weights, results=lambda forward: (forward.output.reshape(shape),))


def _gemm(node: Node) -> Given:
    a, b, c = node.x, node.inputs[1], node.input(2)
    x, weight = a.T if node.get("transA", 0) else a, b if node.get("transB", 0) else b.T
    bias = None if c is None else np.broadcast_to(c, (1, len(weight)))[0] * node.get("beta", 1.0)
    return _dense(x, weight * node.get("alpha", 1.0), bias, (len(x), len(weight)))


def _matmul(node: Node) -> Given:
    a, b = node.inputs
    shape = (*a.shape[:-1], *b.shape[1:])
    return _dense(a.reshape(-1, a.shape[-1]), b.reshape(len(b), -1).T, None, shape)


# --- Activations


def _elementwise(name: str, **attributes: tuple[str, Any]) -> Callable[[Node], Given]:
    """Fields of ours, and the attributes that they come from, with their defaults."""

    def translate(node: Node) -> Given:
        return _one_sample(name, node, **{field: node.get(*source) for field, source in attributes.items()})

    return translate


def _prelu(node: Node) -> Given:
    """What the slopes belong to are the channels, all before it is the batch."""
    x, slopes = node.inputs
    case = case_named("prelu", (slopes.size,))
    return Given(
        case,
        [x.reshape(-1, slopes.size)],
        {"weight": slopes.reshape(-1)},
        results=lambda forward: (forward.output.reshape(x.shape),),
    )


def _softmax(node: Node) -> Given:
    return _one_sample("softmax", node, axis=_axis(node, -1))


_OF_BOUNDS = {(None, None): "identity", (0.0, None): "relu", (0.0, 6.0): "relu6"}


def _bounds(node: Node) -> tuple[float | None, float | None]:
    low, high = (None if bound is None else float(bound) for bound in (node.input(1), node.input(2)))
    return low, high


def _clip(node: Node) -> Given:
    return _one_sample(_OF_BOUNDS[_bounds(node)], node._replace(inputs=node.inputs[:1]))


def _dropout(node: Node) -> Given:
    """The mask is an output where ours keeps one: in training."""
    training = _trains(node)

    def results(forward: Forward) -> tuple[Array, ...]:
        outputs = (forward.output, forward.extras["mask"]) if training else (forward.output,)
        return outputs[: node.outputs]

    case = case_named("dropout", _shape(node.x[None]), rate=_ratio(node))
    return Given(
        case, [node.x[None]], training=training, results=lambda forward: tuple(each[0] for each in results(forward))
    )


def _ratio(node: Node) -> float:
    ratio = node.input(1)
    return float(node.get("ratio", 0.5) if ratio is None else ratio)


def _trains(node: Node) -> bool:
    return bool(node.input(2))


# --- Normalization


def _batch_norm(node: Node) -> Given:
    """ONNX's momentum is the weight of the old, and its running variance moves to the biased one, ours to the other."""
    x, weight, bias, mean, variance = node.inputs
    newest, count = 1 - node.get("momentum", 0.9), node.x.size // node.x.shape[1]
    case = case_named("batch_norm", _shape(x), epsilon=node.get("epsilon", 1e-5), momentum=newest)

    def results(forward: Forward) -> tuple[Array, ...]:
        kept = variance * (1 - newest)
        biased = kept + (forward.weights["running_var"] - kept) * (count - 1) / count
        return (forward.output, forward.weights["running_mean"], biased.astype(x.dtype))[: node.outputs]

    weights = {"weight": weight, "bias": bias, "running_mean": mean, "running_var": variance}
    return Given(case, [x], weights, bool(node.get("training_mode", 0)), results=results)


def _layer_norm(node: Node) -> Given:
    """All before the axis is the batch. Mean and 1 / deviation are outputs, too."""
    x, weight, bias = node.inputs
    axis = _axis(node, -1)
    case = case_named("layer_norm", x.shape[axis:], epsilon=node.get("epsilon", 1e-5))

    def results(forward: Forward) -> tuple[Array, ...]:
        one_each = (*x.shape[:axis], *(1,) * (x.ndim - axis))
        statistics = (forward.extras[name].reshape(one_each) for name in ("mean", "inverse_deviation"))
        return (forward.output.reshape(x.shape), *statistics)

    return Given(case, [x.reshape(-1, *x.shape[axis:])], {"weight": weight, "bias": bias}, results=results)


def _group_norm(node: Node) -> Given:
    x, weight, bias = node.inputs
    case = case_named("group_norm", _shape(x), groups=node.get("num_groups"), epsilon=node.get("epsilon", 1e-5))
    return Given(case, [x], {"weight": weight, "bias": bias})


def _instance_norm(node: Node) -> Given:
    x, weight, bias = node.inputs
    case = case_named("instance_norm", _shape(x), affine=True, epsilon=node.get("epsilon", 1e-5))
    return Given(case, [x], {"weight": weight, "bias": bias})


def _lrn(node: Node) -> Given:
    """Of an odd size: of an even one, ONNX's window leans to the channels behind, ours, as PyTorch's, to the front."""
    fields = {"alpha": node.get("alpha", 1e-4), "beta": node.get("beta", 0.75), "k": node.get("bias", 1.0)}
    return Given(case_named("local_response_norm", _shape(node.x), size=node.get("size"), **fields), [node.x])


# --- Shapes, borders, merging


def _flatten(node: Node) -> Given:
    """All before the axis is the batch."""
    axis = node.get("axis", 1)
    before = node.x.shape[:axis]
    x = node.x.reshape(math.prod(before), *node.x.shape[len(before) :])
    return Given(case_named("flatten", _shape(x)), [x])


def _reshaped(node: Node, shape: Sequence[int]) -> Given:
    return _one_sample("reshape", node, shape=tuple(map(int, shape)))


def _reshape(node: Node) -> Given:
    """An extent of 0 is that of the input."""
    return _reshaped(node, [node.x.shape[axis] if n == 0 else n for axis, n in enumerate(node.inputs[1])])


def _squeeze(node: Node) -> Given:
    axes = {int(axis) % node.x.ndim for axis in node.inputs[1]}
    return _reshaped(node, [n for axis, n in enumerate(node.x.shape) if axis not in axes])


def _unsqueeze(node: Node) -> Given:
    rank = node.x.ndim + len(node.inputs[1])
    extents, axes = iter(node.x.shape), {int(axis) % rank for axis in node.inputs[1]}
    return _reshaped(node, [1 if axis in axes else next(extents) for axis in range(rank)])


def _transpose(node: Node) -> Given:
    return _one_sample("permute", node, axes=tuple(node.get("perm", range(node.x.ndim)[::-1])))


_MODES = {"constant": "zeros", "edge": "replicate", "reflect": "reflect", "wrap": "circular"}


def _pad(node: Node) -> Given:
    """Batch and channels are not padded by what is given."""
    x, pads, value, axes = node.x, node.inputs[1], node.input(2), node.input(3)
    listed = range(x.ndim) if axes is None else [int(axis) % x.ndim for axis in axes]
    pairs = dict.fromkeys(range(x.ndim), (0, 0))
    pairs |= dict(zip(listed, zip(*np.reshape(pads, (2, -1)).tolist(), strict=True), strict=True))
    amount = tuple(pairs[axis] for axis in range(2, x.ndim))
    shown = 0.0 if value is None else float(value)
    return Given(case_named("pad", _shape(x), amount=amount, mode=_MODES[node.get("mode")], value=shown), [x])


def _slices(node: Node) -> list[slice]:
    """What a slice takes of each axis."""
    x, starts, ends, axes, steps = (*node.inputs, None, None)[:5]
    taken = [slice(0, n, 1) for n in x.shape]
    axes = range(x.ndim) if axes is None else axes
    steps = np.ones(len(starts), int) if steps is None else steps
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        taken[axis] = slice(*slice(int(start), int(end), int(step)).indices(x.shape[axis]))
    return taken


def _one_plane(node: Node, name: str, **fields: Any) -> Given:
    """A tensor as the only plane of a sample, so that all its axes are spatial."""
    x = node.x[None, None]
    return Given(case_named(name, _shape(x), **fields), [x], results=lambda forward: (forward.output[0, 0],))


def _slice(node: Node) -> Given:
    along = zip(_slices(node), node.x.shape, strict=True)
    return _one_plane(node, "crop", amount=tuple((taken.start, n - taken.stop) for taken, n in along))


def _surplus(node: Node) -> list[int]:
    """By how much each axis is longer than a crop or pad to the middle is to make it."""
    axes = node.get("axes", range(node.x.ndim))
    wanted = dict(zip((axis % node.x.ndim for axis in axes), node.inputs[1].tolist(), strict=True))
    return [n - wanted.get(axis, n) for axis, n in enumerate(node.x.shape)]


def _center_crop_pad(node: Node) -> Given:
    surplus = _surplus(node)
    if max(surplus) > 0:
        return _one_plane(node, "crop", size=tuple(n - cut for n, cut in zip(node.x.shape, surplus, strict=True)))
    return _one_plane(node, "pad", amount=tuple((-more // 2, -more - -more // 2) for more in surplus))


def _concat(node: Node) -> Given:
    return _one_sample("concat", node, axis=_axis(node, 0))


def _merge(name: str) -> Callable[[Node], Given]:
    """Inputs are repeated along the axes that they lack in front."""

    def translate(node: Node) -> Given:
        rank = max(array.ndim for array in node.inputs)
        inputs = tuple(array.reshape((1,) * (rank - array.ndim) + array.shape) for array in node.inputs)
        return _one_sample(name, node._replace(inputs=inputs))

    return translate


# --- Resizing


class _Resized(NamedTuple):
    """One axis: its extent, the output's, and the scale, which need not be their quotient."""

    length: int
    outputs: int
    scale: Fraction

    def source(self, mode: str, o: int) -> Fraction:
        """Where output o looks, as ONNX transforms coordinates."""
        if mode == "align_corners":
            last = self.length * self.scale - 1  # which, as ONNX has it, need not be whole
            return o * (self.length - 1) / last if self.outputs > 1 else Fraction(0)
        if mode == "asymmetric":
            return o / self.scale
        if mode == "pytorch_half_pixel" and self.outputs == 1:
            return Fraction(0)
        return (o + Fraction(1, 2)) / self.scale - Fraction(1, 2)


_ROUNDINGS: dict[str, Callable[[Fraction], int]] = {
    "round_prefer_floor": lambda s: math.ceil(s - Fraction(1, 2)),
    "round_prefer_ceil": lambda s: math.floor(s + Fraction(1, 2)),
    "floor": math.floor,
    "ceil": math.ceil,
}


def _resized(node: Node) -> list[_Resized]:
    """The spatial axes."""
    x, *_ = node.inputs
    scales, sizes = (node.input(1), None) if node.operator == "Upsample" else (node.input(2), node.input(3))
    axes = [axis % x.ndim for axis in node.get("axes", range(x.ndim))]
    by_axis = dict.fromkeys(range(x.ndim), Fraction(1))
    if sizes is None:
        by_axis |= dict(zip(axes, (Fraction(float(scale)).limit_denominator(1000) for scale in scales), strict=True))
    else:
        by_axis |= {axis: Fraction(int(size), x.shape[axis]) for axis, size in zip(axes, sizes, strict=True)}
    policy = {"not_larger": min, "not_smaller": max}.get(node.get("keep_aspect_ratio_policy", "stretch"))
    if policy is not None:
        by_axis |= dict.fromkeys(axes, policy(by_axis[axis] for axis in axes))
    rounded = math.floor if policy is None else round
    return [_Resized(n, rounded(n * by_axis[axis]), by_axis[axis]) for axis, n in enumerate(x.shape) if axis > 1]


def _resize(node: Node) -> Given:
    linear = node.get("mode", "nearest") == "linear"
    corners = linear and node.get("coordinate_transformation_mode") == "align_corners"
    size = tuple(axis.outputs for axis in _resized(node))
    mode = "linear" if linear else "nearest"
    return Given(case_named("upsample", _shape(node.x), size=size, mode=mode, align_corners=corners), [node.x])


def _looks_elsewhere(node: Node) -> bool:
    """Whether some output shows other positions than ours, by ONNX's formulas."""
    op: Any = _resize(node).case.op
    for axis in _resized(node):
        for o in range(axis.outputs):
            s = axis.source(_coordinates(node), o)
            if op.mode == "nearest":
                s = Fraction(_ROUNDINGS[_rounding(node)](s))
            ours = Fraction(*op.source(axis.length, axis.outputs, o))
            if min(max(s, 0), axis.length - 1) != min(ours, axis.length - 1):
                return True
    return False


def _coordinates(node: Node) -> str:
    mode: str = node.get(
        "coordinate_transformation_mode", "asymmetric" if node.operator == "Upsample" else "half_pixel"
    )
    return mode


def _rounding(node: Node) -> str:
    rounding: str = node.get("nearest_mode", "floor" if node.operator == "Upsample" else "round_prefer_floor")
    return rounding


# --- All operators, and what is left out

TRANSLATIONS: dict[str, Callable[[Node], Given]] = {
    "Add": _merge("add"),
    "AveragePool": _average_pool,
    "BatchNormalization": _batch_norm,
    "CenterCropPad": _center_crop_pad,
    "Clip": _clip,
    "Concat": _concat,
    "Conv": _conv,
    "ConvTranspose": _conv_transpose,
    "Dropout": _dropout,
    "Elu": _elementwise("elu", alpha=("alpha", 1.0)),
    "Flatten": _flatten,
    "Gelu": _elementwise("gelu", approximate=("approximate", "none")),
    "Gemm": _gemm,
    "GlobalAveragePool": _global_pool("global_avg_pool"),
    "GlobalMaxPool": _global_pool("global_max_pool"),
    "GroupNormalization": _group_norm,
    "HardSigmoid": _elementwise("hardsigmoid"),
    "HardSwish": _elementwise("hardswish"),
    "Identity": _elementwise("identity"),
    "InstanceNormalization": _instance_norm,
    "LRN": _lrn,
    "LayerNormalization": _layer_norm,
    "LeakyRelu": _elementwise("leaky_relu", slope=("alpha", 0.01)),
    "MatMul": _matmul,
    "MaxPool": _max_pool,
    "MaxUnpool": _max_unpool,
    "Mul": _merge("multiply"),
    "PRelu": _prelu,
    "Pad": _pad,
    "Relu": _elementwise("relu"),
    "Reshape": _reshape,
    "Resize": _resize,
    "Selu": _elementwise("selu"),
    "Sigmoid": _elementwise("sigmoid"),
    "Slice": _slice,
    "Softmax": _softmax,
    "Softplus": _elementwise("softplus"),
    "Squeeze": _squeeze,
    "Sum": _merge("add"),
    "Swish": _elementwise("silu"),
    "Tanh": _elementwise("tanh"),
    "Transpose": _transpose,
    "Unsqueeze": _unsqueeze,
    "Upsample": _resize,
}

EXACT = frozenset({"MaxPool", "Pad"})
"""Operators that only move numbers, so that whole ones may be given in 64 bits as floating-point numbers."""


class Rule(NamedTuple):
    """A reason to leave cases out: those of an operator, or of all where none is named, for which it holds."""

    operator: str | None
    reason: str
    holds: Callable[[Node], bool]


def _is_of_other_numbers(node: Node) -> bool:
    of_floats = (np.float32, np.float64)
    return node.x.dtype not in of_floats and not (node.operator in EXACT and node.x.dtype.kind in "iu")


LEFT_OUT: tuple[Rule, ...] = (
    Rule(None, "of sequences or optionals, not of tensors", lambda node: not isinstance(node.x, np.ndarray)),
    Rule(None, "of whole numbers or in half precision, where ours have float32 and float64", _is_of_other_numbers),
    Rule(
        "AveragePool",
        "dilated, as no average pool of ours is",
        lambda node: {*node.get("dilations", ())} - {1} != set(),
    ),
    Rule(
        "CenterCropPad",
        "crops and pads at once: two layers",
        lambda node: min(_surplus(node)) < 0 < max(_surplus(node)),
    ),
    Rule("Clip", "other bounds than a relu's or a relu6's", lambda node: _bounds(node) not in _OF_BOUNDS),
    Rule("Dropout", "drops what NumPy's old generator says", lambda node: _trains(node) and _ratio(node) > 0),
    Rule("Gemm", "a bias for each sample", lambda node: np.ndim(node.input(2)) == 2 and len(node.inputs[2]) > 1),
    Rule(
        "HardSigmoid",
        "another slope than 1/6, or another shift than 1/2",
        lambda node: (round(node.get("alpha", 0.2), 6), node.get("beta", 0.5)) != (round(1 / 6, 6), 0.5),
    ),
    Rule(
        "MatMul",
        "a product of two batches, where a dense layer has one weight for all",
        lambda node: node.inputs[1].ndim > 2,
    ),
    Rule("MaxUnpool", "numbers positions of another extent than the output's", lambda node: node.input(2) is not None),
    Rule("Reshape", "of no elements", lambda node: node.x.size == 0),
    Rule("Resize", "cubic", lambda node: node.get("mode") == "cubic"),
    Rule("Resize", "antialiased", lambda node: node.get("antialias", 0) == 1),
    Rule(
        "Resize",
        "coordinates transformed as no mode of ours does",
        lambda node: _coordinates(node) in {"tf_crop_and_resize", "half_pixel_symmetric"},
    ),
    Rule("Resize", "rounding or scale makes outputs show other positions than ours", _looks_elsewhere),
    Rule("Selu", "other constants than those of the paper", lambda node: "alpha" in node.attributes),
    Rule("Slice", "takes steps, as no crop does", lambda node: {taken.step for taken in _slices(node)} != {1}),
    Rule("Slice", "leaves nothing", lambda node: any(taken.start >= taken.stop for taken in _slices(node))),
    Rule("Sum", "of one input", lambda node: len(node.inputs) == 1),
    Rule("Swish", "another factor than 1", lambda node: node.get("alpha", 1.0) != 1),
)


def why_left_out(node: Node) -> str | None:
    """The first reason why a node has no counterpart."""
    holding = (rule.reason for rule in LEFT_OUT if rule.operator in {None, node.operator} and rule.holds(node))
    return next(holding, None)

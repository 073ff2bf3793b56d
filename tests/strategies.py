"""Cases of every layer type at random, each field in any form that the language has for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, partial
from math import prod
from typing import Any

from hypothesis import assume
from hypothesis import strategies as st

from archanalyzer import ops
from archanalyzer.graph import Misfit
from archanalyzer.testing import Case, case_named, case_of
from tests.differential.strategies import extents, sliding

Draw = st.DrawFn
CHANNELS = st.integers(1, 4)
POSITIVE = st.sampled_from((1e-5, 1e-3, 0.1, 1.0))


@cache
def cases(name: str) -> st.SearchStrategy[Case]:
    """Cases of one layer type."""

    @st.composite
    def drawn(draw: Draw) -> Case:
        return _DRAW[name](draw, name)

    return drawn()


def covered() -> frozenset[str]:
    """The layer types that there are cases of."""
    return frozenset(_DRAW)


def _case(name: str, *shapes: tuple[int, ...], **fields: Any) -> Case:
    """The case, where the fields go with the shapes."""
    try:
        return case_named(name, *shapes, **fields)
    except Misfit:
        assume(False)
        raise


def _axes(name: str) -> int:
    """The spatial axes of a layer type that has a number of its own: 2 of ``conv2d``."""
    return int(name[-2])


def _some(draw: Draw, fields: Mapping[str, st.SearchStrategy[Any]]) -> dict[str, Any]:
    """Values of some of these fields; the others are left out."""
    return {name: draw(values) for name, values in fields.items() if draw(st.booleans())}


def _per_axis(draw: Draw, axes: int, most: int, least: int = 1) -> Any:
    numbers = st.integers(least, most)
    return draw(st.one_of(numbers, st.tuples(*[numbers] * axes)))


def _shape(draw: Draw, least: int = 1, most: int = 4) -> tuple[int, ...]:
    """A shape of so many axes, the channels among them."""
    axes = draw(st.integers(least, most))
    return draw(CHANNELS), *draw(st.tuples(*[st.integers(1, 4 if axes < 4 else 2)] * (axes - 1)))


# --- Layers with weights


def _convolution(draw: Draw, name: str) -> Case:
    axes = _axes(name)
    fields = draw(sliding(axes)) | _some(draw, {"bias": st.booleans()})
    groups, of_group, filters = draw(st.tuples(*[st.integers(1, 2)] * 3))
    fields |= {"filters": groups * filters, "groups": groups, "dilation": _per_axis(draw, axes, 2)}
    shape = (groups * of_group, *draw(extents(axes)))
    if "transpose" in name:
        shape = (shape[0], *(min(extent, 4) for extent in shape[1:]))
        fields |= _output_padding(draw, axes, fields)
    return _case(name, shape, **fields)


def _output_padding(draw: Draw, axes: int, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Below stride or dilation, and none with padding ``same``."""
    if fields["padding"] == "same" or draw(st.booleans()):
        return {}
    along = [value if isinstance(value, tuple) else (value,) * axes for value in (fields["stride"], fields["dilation"])]
    return {"output_padding": tuple(draw(st.integers(0, max(pair) - 1)) for pair in zip(*along, strict=True))}


def _dense(draw: Draw, name: str) -> Case:
    return _case(name, (draw(st.integers(1, 6)),), units=draw(CHANNELS), **_some(draw, {"bias": st.booleans()}))


def _normalization(draw: Draw, name: str) -> Case:
    shape = _shape(draw, least=2 if name == "instance_norm" else 1)
    fields: dict[str, st.SearchStrategy[Any]] = {"epsilon": POSITIVE, "affine": st.booleans()}
    if name == "batch_norm":
        fields["momentum"] = st.floats(0, 1)
    if name == "layer_norm":
        fields["over"] = st.sampled_from(("all", "channels"))
    groups = {"groups": draw(st.sampled_from([n for n in range(1, 5) if shape[0] % n == 0]))}
    return _case(name, shape, **_some(draw, fields), **(groups if name == "group_norm" else {}))


def _local_response_norm(draw: Draw, name: str) -> Case:
    fields = {"alpha": POSITIVE, "beta": st.sampled_from((0.5, 0.75, 2.0)), "k": POSITIVE}
    return _case(name, _shape(draw), size=draw(st.integers(1, 6)), **_some(draw, fields))


# --- Pools, and back


def _pool(draw: Draw, name: str) -> Case:
    axes = _axes(name)
    fields = draw(sliding(axes)) | _some(draw, {"ceil_mode": st.booleans()})
    if draw(st.booleans()):
        del fields["stride"]
    if name.startswith("max"):
        fields["dilation"] = _per_axis(draw, axes, 2)
    else:
        fields |= _some(draw, {"count_padding": st.booleans()})
    return _case(name, (draw(st.integers(1, 2)), *draw(extents(axes))), **fields)


def _adaptive_pool(draw: Draw, name: str) -> Case:
    axes = _axes(name)
    return _case(name, (2, *draw(extents(axes))), size=_per_axis(draw, axes, 4 if axes < 3 else 2))


def _global_pool(draw: Draw, name: str) -> Case:
    return _case(name, _shape(draw, least=2), **_some(draw, {"keep_axes": st.booleans()}))


def _unpooling(draw: Draw, name: str) -> Case:
    pool = _pool(draw, f"max_pool{_axes(name)}d")
    return case_of(ops.get(name), {}, (pool.output._replace(unpooled=None), pool.output))


# --- What only moves, joins or resizes


def _upsample(draw: Draw, name: str) -> Case:
    axes = draw(st.integers(1, 3))
    mode = draw(st.sampled_from(("nearest", "linear", ("linear", "bilinear", "trilinear")[axes - 1])))
    fields = {} if mode == "nearest" else _some(draw, {"align_corners": st.booleans()})
    extent = _per_axis(draw, axes, 5 if axes < 3 else 3)
    shape = (draw(st.integers(1, 2)), *draw(extents(axes)))
    return _case(name, shape, **fields, **{draw(st.sampled_from(("factor", "size"))): extent}, mode=mode)


def _flatten(draw: Draw, name: str) -> Case:
    return _case(name, _shape(draw))


def _reshape(draw: Draw, name: str) -> Case:
    shape = _shape(draw)
    elements = prod(shape)
    first = draw(st.sampled_from([n for n in range(1, elements + 1) if elements % n == 0]))
    return _case(name, shape, shape=draw(st.sampled_from(((first, -1), (first, elements // first), (-1, 1, first)))))


def _permute(draw: Draw, name: str) -> Case:
    shape = _shape(draw)
    return _case(name, shape, axes=tuple(draw(st.permutations(range(len(shape))))))


def _amount(draw: Draw, axes: int, most: int) -> Any:
    numbers = st.integers(0, most)
    pairs = st.tuples(*[st.one_of(numbers, st.tuples(numbers, numbers))] * axes)
    return draw(st.one_of(numbers, pairs))


def _pad(draw: Draw, name: str) -> Case:
    shape = _shape(draw, least=2)
    fields = _some(draw, {"mode": st.sampled_from(("zeros", "reflect", "replicate", "circular"))})
    if fields.get("mode", "zeros") == "zeros":
        fields |= _some(draw, {"value": st.sampled_from((0.0, -1.5))})
    return _case(name, shape, amount=_amount(draw, len(shape) - 1, 2), **fields)


def _crop(draw: Draw, name: str) -> Case:
    shape = draw(CHANNELS), *draw(extents(draw(st.integers(1, 3))))
    if draw(st.booleans()):
        return _case(name, shape, size=tuple(draw(st.integers(1, extent)) for extent in shape[1:]))
    return _case(name, shape, amount=_amount(draw, len(shape) - 1, 1))


def _crop_like(draw: Draw, name: str) -> Case:
    shape = draw(CHANNELS), *draw(extents(draw(st.integers(1, 3))))
    reference = draw(CHANNELS), *(draw(st.integers(1, extent)) for extent in shape[1:])
    return _case(name, shape, reference, **_some(draw, {"align": st.sampled_from(("center", "start"))}))


def _concat(draw: Draw, name: str) -> Case:
    shape = _shape(draw)
    axis = draw(st.integers(0, len(shape) - 1))
    pieces = draw(st.lists(st.integers(1, 3), min_size=2, max_size=3))
    fields = {} if axis == 0 and draw(st.booleans()) else {"axis": axis}
    return _case(name, *((*shape[:axis], piece, *shape[axis + 1 :]) for piece in pieces), **fields)


def _merging(draw: Draw, name: str) -> Case:
    """Inputs of one shape, or with an extent of 1 here and there."""
    shape = _shape(draw, most=3)
    extent = [st.sampled_from((1, each, each)) for each in shape]
    return _case(name, *draw(st.lists(st.tuples(*extent), min_size=2, max_size=3)))


# --- Functions of elements


def _function(draw: Draw, name: str, **fields: st.SearchStrategy[Any]) -> Case:
    return _case(name, _shape(draw), **_some(draw, fields))


def _softmax(draw: Draw, name: str) -> Case:
    shape = _shape(draw)
    return _case(name, shape, **_some(draw, {"axis": st.integers(0, len(shape) - 1)}))


_ACTIVATIONS = ("identity", "relu", "relu6", "selu", "silu", "hardswish", "hardsigmoid", "sigmoid", "tanh", "softplus")
_SPATIAL = {
    "conv{}d": _convolution,
    "conv_transpose{}d": _convolution,
    "max_pool{}d": _pool,
    "avg_pool{}d": _pool,
    "adaptive_max_pool{}d": _adaptive_pool,
    "adaptive_avg_pool{}d": _adaptive_pool,
    "max_unpool{}d": _unpooling,
}
_DRAW: dict[str, Callable[[Draw, str], Case]] = {
    **{name.format(axes): draw for name, draw in _SPATIAL.items() for axes in (1, 2, 3)},
    **dict.fromkeys(("batch_norm", "layer_norm", "group_norm", "instance_norm"), _normalization),
    **dict.fromkeys(("global_max_pool", "global_avg_pool"), _global_pool),
    **dict.fromkeys(("add", "multiply"), _merging),
    **dict.fromkeys(_ACTIVATIONS, _function),
    "dense": _dense,
    "upsample": _upsample,
    "flatten": _flatten,
    "reshape": _reshape,
    "permute": _permute,
    "pad": _pad,
    "crop": _crop,
    "crop_like": _crop_like,
    "concat": _concat,
    "local_response_norm": _local_response_norm,
    "dropout": partial(_function, rate=st.sampled_from((0.0, 0.3, 0.5, 0.9))),
    "leaky_relu": partial(_function, slope=st.sampled_from((0.0, 0.2, -0.5, 1.5))),
    "prelu": partial(_function, per_channel=st.booleans()),
    "elu": partial(_function, alpha=st.sampled_from((0.5, 1.0, 2.0))),
    "gelu": partial(_function, approximate=st.sampled_from(("none", "tanh"))),
    "softmax": _softmax,
}

"""Networks at random for receptive fields: every layer type that reads through windows, skips, merges, odd sizes.

They are small, so that thousands of them can be differentiated: at most ``MOST_PLACES`` positions a layer, each with a
few channels. A layer that does not fit what it reads, or is too large, is left out.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from math import prod
from random import Random
from typing import Any

from hypothesis import strategies as st

from archanalyzer import ops
from archanalyzer.graph import Graph, Layer, Misfit, TensorType
from tests import graphs

MOST_ELEMENTS = 250
MOST_PLACES = 100
MOST_AXES = 4
MOST_DRAWN = 8
"""Kinds of layers that are drawn for a network; some draw several layers."""


def networks(axes: int) -> st.SearchStrategy[Graph]:
    """Networks whose inputs have so many spatial axes; ``text`` shows one."""
    return st.randoms(use_true_random=False).map(lambda random: _grown(random, axes))


def network(seed: int, axes: int) -> Graph:
    """The network of a seed, drawn much faster and of more layers than hypothesis does."""
    return _grown(Random(seed), axes)  # noqa: S311


def _grown(random: Random, axes: int) -> Graph:
    draft = Draft(random, axes)
    for _ in range(random.randint(1, MOST_DRAWN)):
        x = draft.some_layer()
        random.choice(DRAWN if draft.types[x].spatial else ANYWHERE)(draft, x)
    if draft.inputs > 1 and draft.types[-1].spatial:
        _skip(draft, len(draft.layers) - 1)
    if not draft.made:
        draft.add("relu", 0)
    return draft.graph()


def text(graph: Graph) -> str:
    """A network as a spec, each layer with the fields that were given."""
    inputs = {layer.name: layer.op.model_dump()["shape"] for layer in graph.layers if not layer.inputs}
    lines = ["archspec: 1", f"inputs: {_flow(inputs)}"]
    lines += [f"outputs: {_flow([graph.layers[index].name for index in graph.outputs])}", "layers:"]
    for layer in graph.layers:
        if layer.inputs:
            reads = [graph.layers[source].name for source in layer.inputs]
            fields = layer.op.model_dump(exclude_unset=True)
            lines += [f"  - {layer.op.name}: {_flow(fields) if fields else ''}".rstrip(), f"    from: {_flow(reads)}"]
            lines += [f"    name: {layer.name}"]
    return "\n".join(lines) + "\n"


def _flow(value: object) -> str:
    """A value on one line; names are plain, without quotes."""
    return json.dumps(value).replace('"', "")


class Draft:
    """A network as it grows."""

    def __init__(self, random: Random, axes: int) -> None:
        self.random = random
        self.axes = axes
        self.layers: list[Layer] = []
        self.types: list[TensorType] = []
        longest = {1: 12, 2: 9, 3: 4}[axes]
        for _ in range(random.choice((1, 1, 1, 2))):
            self.add("input", shape=(random.randint(1, 3), *(random.randint(1, longest) for _ in range(axes))))
        self.inputs = len(self.layers)

    @property
    def made(self) -> int:
        """Layers, inputs not counted."""
        return len(self.layers) - self.inputs

    def graph(self) -> Graph:
        read = {source for layer in self.layers for source in layer.inputs}
        unread = tuple(layer.index for layer in self.layers if layer.inputs and layer.index not in read)
        return Graph("random", tuple(self.layers), unread)

    def add(self, name: str, *reads: int, **fields: Any) -> bool:
        """Adds a layer; says whether it fits."""
        op = ops.get(name)(**fields)
        try:
            output = op.output_type(tuple(self.types[source] for source in reads))
        except Misfit:
            return False
        if output.elements > MOST_ELEMENTS or prod(output.spatial) > MOST_PLACES or len(output.shape) > MOST_AXES:
            return False
        index = len(self.layers)
        self.layers.append(Layer(index, f"l{index}", op, reads, graphs.at(index + 1)))
        self.types.append(output)
        return True

    # --- What to read

    def some_layer(self) -> int:
        """The last layer, or any: a skip."""
        last = len(self.layers) - 1
        return last if self.random.random() < 0.6 else self.random.randint(0, last)

    def one_that(self, fits: Callable[[TensorType], bool]) -> int | None:
        """Some layer with such an output, in half the cases one that nothing has read yet, if there is one."""
        fitting = [index for index, tensor in enumerate(self.types) if fits(tensor)]
        read = {source for layer in self.layers for source in layer.inputs}
        unread = [index for index in fitting if index not in read]
        if unread and self.chance():
            return self.random.choice(unread)
        return self.random.choice(fitting) if fitting else None

    # --- Fields

    def chance(self) -> bool:
        return self.random.random() < 0.5

    def each(self, axes: int, least: int, most: int) -> tuple[int, ...]:
        """So many numbers, usually one an axis."""
        return tuple(self.random.randint(least, most) for _ in range(axes))

    def mostly_one(self, axes: int, most: int) -> tuple[int, ...]:
        """One number an axis, which is 1 for all axes in half the cases."""
        return (1,) * axes if self.chance() else self.each(axes, 1, most)

    def padding(self, axes: int, most: int) -> Any:
        return self.random.choice(("same", "valid", tuple(self.each(2, 0, most) for _ in range(axes))))

    def divisor(self, number: int) -> int:
        return self.random.choice([n for n in range(1, number + 1) if number % n == 0])


# --- Layers, each drawn to read x


def _convolution(draft: Draft, x: int) -> None:
    axes, channels = len(draft.types[x].spatial), draft.types[x].channels
    groups = draft.divisor(channels)
    filters = channels if draft.chance() else groups * draft.random.randint(1, 2)
    draft.add(
        f"conv{axes}d",
        x,
        filters=filters,
        groups=groups,
        kernel=draft.each(axes, 1, 4),
        stride=draft.mostly_one(axes, 3),
        dilation=draft.mostly_one(axes, 3),
        padding=draft.padding(axes, 3),
    )


def _transposed(draft: Draft, x: int) -> None:
    axes, channels = len(draft.types[x].spatial), draft.types[x].channels
    groups = draft.divisor(channels)
    stride, dilation = draft.each(axes, 1, 3), draft.mostly_one(axes, 3)
    padding = draft.padding(axes, 2)
    most = [0 if padding == "same" else max(pair) - 1 for pair in zip(stride, dilation, strict=True)]
    draft.add(
        f"conv_transpose{axes}d",
        x,
        filters=groups * draft.random.randint(1, 2),
        groups=groups,
        kernel=draft.each(axes, 1, 3),
        stride=stride,
        dilation=dilation,
        padding=padding,
        output_padding=tuple(draft.random.randint(0, each) for each in most),
    )


def _max_pool(draft: Draft, x: int) -> None:
    axes = len(draft.types[x].spatial)
    draft.add(f"max_pool{axes}d", x, **_pooling(draft, axes), dilation=draft.mostly_one(axes, 2))


def _avg_pool(draft: Draft, x: int) -> None:
    axes = len(draft.types[x].spatial)
    draft.add(f"avg_pool{axes}d", x, **_pooling(draft, axes), count_padding=draft.chance())


def _pooling(draft: Draft, axes: int) -> dict[str, Any]:
    fields = {"stride": draft.each(axes, 1, 3)} if draft.chance() else {}
    padding = draft.padding(axes, 1)
    return {"kernel": draft.each(axes, 1, 3), **fields, "padding": padding, "ceil_mode": draft.chance()}


def _unpool(draft: Draft, x: int) -> None:
    """Back through some max-pool, of its own numbers or of others in their shape."""
    pool = draft.one_that(lambda tensor: tensor.unpooled is not None)
    if pool is None:
        _max_pool(draft, x)
        pool = len(draft.layers) - 1
    if draft.types[pool].unpooled is not None:
        shape = draft.types[pool].shape
        source = draft.one_that(lambda tensor: tensor.shape == shape)
        assert source is not None
        draft.add(f"max_unpool{len(shape) - 1}d", source, pool)


def _adaptive_pool(draft: Draft, x: int) -> None:
    axes = len(draft.types[x].spatial)
    draft.add(f"adaptive_{draft.random.choice(('max', 'avg'))}_pool{axes}d", x, size=draft.each(axes, 1, 6))


def _global_pool(draft: Draft, x: int) -> None:
    draft.add(f"global_{draft.random.choice(('max', 'avg'))}_pool", x, keep_axes=draft.chance())


def _upsample(draft: Draft, x: int) -> None:
    axes = len(draft.types[x].spatial)
    field, most = draft.random.choice((("factor", 3), ("size", 9)))
    mode = draft.random.choice(("nearest", "linear"))
    aligned = {"align_corners": draft.chance()} if mode == "linear" else {}
    draft.add("upsample", x, **{field: draft.each(axes, 1, most)}, mode=mode, **aligned)


def _pad(draft: Draft, x: int) -> None:
    mode = draft.random.choice(("zeros", "reflect", "replicate", "circular"))
    most = [min(3, extent - (mode == "reflect")) for extent in draft.types[x].spatial]
    draft.add("pad", x, amount=tuple(draft.each(2, 0, each) for each in most), mode=mode)


def _crop(draft: Draft, x: int) -> None:
    spatial = draft.types[x].spatial
    if draft.chance():
        draft.add("crop", x, amount=tuple(draft.each(2, 0, (extent - 1) // 2) for extent in spatial))
    else:
        draft.add("crop", x, size=tuple(draft.random.randint(1, extent) for extent in spatial))


def _crop_like(draft: Draft, x: int) -> None:
    spatial = draft.types[x].spatial
    reference = draft.one_that(
        lambda tensor: (
            len(tensor.spatial) == len(spatial)
            and all(left <= extent for left, extent in zip(tensor.spatial, spatial, strict=True))
        )
    )
    assert reference is not None
    draft.add("crop_like", x, reference, align=draft.random.choice(("center", "start")))


def _concat(draft: Draft, x: int) -> None:
    shape = draft.types[x].shape
    axis = draft.random.randint(0, len(shape) - 1)

    def fits(tensor: TensorType) -> bool:
        rest = (*tensor.shape[:axis], *tensor.shape[axis + 1 :])
        return len(tensor.shape) == len(shape) and rest == (*shape[:axis], *shape[axis + 1 :])

    others = [draft.one_that(fits) for _ in range(draft.random.randint(1, 2))]
    reads = [x, *(other for other in others if other is not None)]
    draft.random.shuffle(reads)
    draft.add("concat", *reads, axis=axis)


def _merge(draft: Draft, x: int) -> None:
    """A sum or product with another layer, whose extents, or x's own, may be 1."""
    shape = draft.types[x].shape

    def fits(tensor: TensorType) -> bool:
        return len(tensor.shape) == len(shape) and all(
            one == other or 1 in (one, other) for one, other in zip(tensor.shape, shape, strict=True)
        )

    others = [index for index, tensor in enumerate(draft.types) if index != x and fits(tensor)]
    if others:
        draft.add(draft.random.choice(("add", "add", "multiply")), x, draft.random.choice(others))


def _branches(draft: Draft, x: int) -> None:
    """Two convolutions of x that keep its shape, or one of them and x itself, joined again."""
    axes, channels = len(draft.types[x].spatial), draft.types[x].channels
    ends = [x] if draft.chance() else []
    while len(ends) < 2:
        kernel, dilation = draft.each(axes, 1, 3), draft.mostly_one(axes, 2)
        draft.add(f"conv{axes}d", x, filters=channels, kernel=kernel, dilation=dilation, padding="same")
        ends.append(len(draft.layers) - 1)
    draft.add(draft.random.choice(("add", "concat")), *ends)


def _skip(draft: Draft, x: int) -> None:
    """Another layer, brought to the extents of x, and the channels of both side by side."""
    spatial = draft.types[x].spatial
    other = draft.one_that(lambda tensor: len(tensor.spatial) == len(spatial))
    assert other is not None
    fitted = [
        lambda: draft.add("crop_like", other, x, align=draft.random.choice(("center", "start"))),
        lambda: draft.add("upsample", other, size=spatial, mode=draft.random.choice(("nearest", "linear"))),
        lambda: draft.add(f"adaptive_avg_pool{len(spatial)}d", other, size=spatial),
    ]
    if draft.types[other].spatial == spatial:
        draft.add("concat", x, other)
    elif draft.random.choice(fitted)():
        draft.add("concat", x, len(draft.layers) - 1)


def _relu(draft: Draft, x: int) -> None:
    draft.add("relu", x)


def _flat(draft: Draft, x: int) -> None:
    """Flattened, a dense layer, or both."""
    if draft.types[x].spatial:
        draft.add("flatten", x)
        x = len(draft.layers) - 1
    if draft.chance():
        draft.add("dense", x, units=draft.random.randint(1, 9))


def _reshape(draft: Draft, x: int) -> None:
    """To so many spatial axes as the inputs have, or another number of axes."""
    left, extents = draft.types[x].elements, list[int]()
    for _ in range(draft.axes if draft.chance() else draft.random.randint(0, 2)):
        extents.append(draft.divisor(left))
        left //= extents[-1]
    draft.add("reshape", x, shape=(left, *extents) if draft.chance() else (*extents, left))


def _permute(draft: Draft, x: int) -> None:
    axes = list(range(len(draft.types[x].shape)))
    draft.random.shuffle(axes)
    draft.add("permute", x, axes=tuple(axes))


ANYWHERE: tuple[Callable[[Draft, int], None], ...] = (*(_merge,) * 4, *(_concat,) * 3, _relu, *(_flat,) * 2, _reshape)
DRAWN = (
    *ANYWHERE,
    *(_convolution,) * 5,
    *(_branches,) * 3,
    *(_skip,) * 3,
    *(_transposed, _max_pool, _avg_pool, _unpool, _adaptive_pool, _global_pool, _upsample, _pad) * 2,
    *(_crop, _crop_like, _permute),
)
"""What is drawn to read a layer with spatial axes; of a flat one, it is what goes anywhere."""

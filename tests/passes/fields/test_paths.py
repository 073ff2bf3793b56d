"""Paths, and with them uniform weights, against enumeration; paths against gradients, triangles and by hand."""

from __future__ import annotations

from collections import Counter
from itertools import islice
from math import comb, log2
from random import Random
from typing import Any

import numpy as np
import pytest

from archanalyzer import ops
from archanalyzer.executor.network import Network
from archanalyzer.graph import (
    Graph,
    IrregularWindow,
    Layer,
    Misfit,
    NoPosition,
    Op,
    Readings,
    Rearranged,
    TensorType,
    Types,
    WholeAxis,
    Window,
)
from archanalyzer.passes.fields.paths import bits_of_counts, count_paths, reached, uniform_weights
from archanalyzer.passes.tensor_types import tensor_types
from tests import graphs
from tests.passes.fields.enumeration import Enumeration, Place, by_end, chain, paths, places_of, shares, spec
from tests.passes.fields.random_networks import network, text

# --- Every path walked for itself

MOST_PATHS = 20_000


def same_as_enumerated(graph: Graph, place: Place) -> bool:
    """Compares both for a place of the last layer; false where there are too many paths to walk."""
    enumeration, last = Enumeration(graph), len(graph.layers) - 1
    ends = Counter(islice(enumeration.ends(last, place), MOST_PATHS + 1))
    if ends.total() > MOST_PATHS:
        return False
    found = count_paths(graph, enumeration.types, last, place)
    assert by_end(found.by_input) == ends
    assert found.total == ends.total()
    assert set(by_end(reached(graph, enumeration.types, last, place))) == set(ends)
    weights = by_end(uniform_weights(graph, enumeration.types, last, place).by_input)
    expected = enumeration.shares(last, place)
    total = sum(expected.values())
    assert weights == pytest.approx({end: float(share / total) for end, share in expected.items()}, rel=1e-12)
    return True


def test_bits_of_counts() -> None:
    """3·3 paths through a kernel, as many through the next, and one beside them: 9·(9 + 1) in all, so far from borders.

    An input that no way leads to has none.
    """
    layers = "  - conv2d: {filters: 2, kernel: 3, padding: 1}\n    from: x\n    name: c\n"
    layers += "  - add: {}\n    from: [c, x]\n  - conv2d: {filters: 1, kernel: 3}\n"
    graph = spec(layers, "x: [2, 40, 40]")
    types = tensor_types(graph)
    last = len(graph.layers) - 1
    bits = bits_of_counts(graph, types, last)
    assert bits[0] == pytest.approx(log2(90))
    assert count_paths(graph, types, last, (20, 20)).total == 90
    assert set(bits_of_counts(graph, types, 1)) == {0, 1}


def test_layers_are_watched_from_the_last_on() -> None:
    graph = spec("  - relu\n  - relu\n", "x: [1, 4]")
    seen: list[int] = []
    count_paths(graph, tensor_types(graph), 2, (1,), watch=seen.append)
    assert seen == [2, 1, 0]


@pytest.mark.parametrize("axes", [1, 2, 3])
def test_random_networks_as_enumerated(axes: int) -> None:
    compared = 0
    for seed in range(200):
        graph = network(seed, axes)
        places = places_of(tensor_types(graph).outputs[-1])
        for place in {places[0], places[len(places) // 2], places[-1]}:
            try:
                compared += same_as_enumerated(graph, place)
            except AssertionError as error:
                raise AssertionError(f"{place} of the last layer of\n{text(graph)}") from error
    assert compared > 250


# --- Readings that no layer type has


class Stated(Op):
    """Reads as it is told to, into whatever shape."""

    name = "stated"
    reads: Any
    shape: tuple[int, ...]

    def output_type(self, inputs: Types) -> TensorType:
        return TensorType(self.shape)

    def readings(self, inputs: Types, output: TensorType) -> tuple[Readings, ...] | None:
        return None if self.reads is None else (self.reads,)


def stated(source: Place, output: Place, reads: Readings | None) -> Graph:
    """A layer that reads so, between two others that read several places each."""
    build = graphs.Builder()
    last = build.input("x", *source)
    if len(source) > 1:
        axes = len(source) - 1
        last = build.add(f"conv{axes}d", filters=source[0], kernel=(3,) * axes, padding="same")
    op = Stated(reads=reads, shape=output)
    build.layers.append(Layer(len(build.layers), "stated", op, (last,), graphs.at(9)))
    if len(output) > 1:
        axes = len(output) - 1
        build.add(f"conv{axes}d", filters=2, kernel=(2,) * axes, padding="same")
    return build.graph()


STATED: dict[str, tuple[Place, Place, Readings]] = {
    "places by channel": ((3, 4), (2, 2), (WholeAxis(), IrregularWindow(0, lambda o: range(2 * o, 2 * o + 2)))),
    "wider by channel": ((3, 4), (2, 2), (WholeAxis(), IrregularWindow(0, lambda o: range(o, 2 * o + 2)))),
    "some channels only": (
        (3, 4),
        (3, 4),
        (IrregularWindow(0, lambda o: range(1, o + 1)), IrregularWindow(0, lambda o: range(o, o + 2))),
    ),
    "no channel at some places": ((2, 6), (2, 6), (Window(1, upsampling=3), Window(1, count=2))),
    "no channel at all": ((2, 6), (2, 6), (Window(0, offset=5), Window(1))),
    "a diagonal band": ((1, 4, 4), (1, 4), (WholeAxis(), Window(1), Window(1, offset=-1, count=3))),
    "a widening diagonal": ((1, 4, 4), (1, 4), (WholeAxis(), Window(1), IrregularWindow(1, lambda o: range(o + 1)))),
    "a diagonal outside": ((1, 4, 4), (1, 4), (WholeAxis(), Window(1), Window(1, offset=9))),
    "taken apart": (
        (2, 3, 2),
        (3, 2, 2),
        (Rearranged(lambda o: o[0] % 2), Rearranged(lambda o: (o[0] + o[1]) % 3), Window(2)),
    ),
    "taken apart, some axes": (
        (1, 3, 2),
        (2, 4, 2),
        (WholeAxis(), Rearranged(lambda o: (o[0] * o[1]) % 3, (0, 1)), Window(2, count=2)),
    ),
    "flat by a window": ((2, 5), (5,), (WholeAxis(), Window(0, offset=-2, count=3, step=2))),
    "from a flat one": ((6,), (2, 3), (IrregularWindow(1, lambda o: range(o, 2 * o + 1)),)),
    "to every second": ((2, 5), (1, 9), (WholeAxis(), Window(1, stride=3, upsampling=2, offset=-1, count=4, step=2))),
    "no position": ((2, 5), (2, 5), (NoPosition(), NoPosition())),
}


@pytest.mark.parametrize("name", STATED)
def test_other_readings_as_enumerated(name: str) -> None:
    graph = stated(*STATED[name])
    assert all(same_as_enumerated(graph, place) for place in places_of(tensor_types(graph).outputs[-1]))


@pytest.mark.parametrize("reads", [None, (WholeAxis(), Rearranged())])
def test_readings_that_are_not_stated(reads: Readings | None) -> None:
    graph = stated((2, 5), (2, 5), reads)
    with pytest.raises(LookupError, match=r"^it is not known what `stated` \(stated\) reads$"):
        count_paths(graph, tensor_types(graph), 2, (0,))


def test_a_place_that_there_is_not() -> None:
    graph = spec("  - flatten\n")
    for layer, place in ((0, (5,)), (0, (-1,)), (0, (0, 0)), (1, (5,)), (1, ())):
        with pytest.raises(ValueError, match="expected a place of `"):
            count_paths(graph, tensor_types(graph), layer, place)


# --- The executor's gradients


class Twins:
    """Two networks of one channel: one with pools, one with convolutions in their place, which sum up all they see."""

    def __init__(self, seed: int, axes: int) -> None:
        self.random = Random(seed)  # noqa: S311
        self.axes = axes
        self.pooling, self.summing = graphs.Builder(), graphs.Builder()
        self.types: list[TensorType] = []
        extent = tuple(self.random.randint(4, 9) for _ in range(axes))
        self.add("input", (), shape=(1, *extent))
        for _ in range(self.random.randint(1, 6)):
            self.grow(len(self.types) - 1)
        if self.random.random() < 0.3:
            self.add("flatten", (len(self.types) - 1,))
            self.add("dense", (len(self.types) - 1,), units=2, bias=False)

    def add(self, name: str, reads: tuple[int, ...], instead: str | None = None, **fields: Any) -> bool:
        """Adds a layer to both; ``instead`` is summed with in the one. Says whether it fits."""
        summed = {"filters": 1, "bias": False} if instead else {}
        both = (name, fields), (instead or name, {**fields, **summed})
        made = [ops.get(each)(**values) for each, values in both]
        try:
            output = made[0].output_type(tuple(self.types[source] for source in reads))
        except Misfit:
            return False
        if output.elements > 400:
            return False
        for build, op in zip((self.pooling, self.summing), made, strict=True):
            build.layers.append(Layer(len(build.layers), f"l{len(build.layers)}", op, reads, graphs.at(1)))
        self.types.append(output)
        return True

    def each(self, least: int, most: int) -> tuple[int, ...]:
        return tuple(self.random.randint(least, most) for _ in range(self.axes))

    def grow(self, x: int) -> None:
        conv = f"conv{self.axes}d"
        kind = self.random.choice(("conv", "conv", "max", "avg", "up", "nearest", "pad", "add", "concat"))
        if kind in ("add", "concat"):
            if self.add(conv, (x,), filters=1, kernel=self.each(1, 3), padding="same", bias=False):
                beside = self.random.choice([each for each, tensor in enumerate(self.types) if tensor == self.types[x]])
                fields: dict[str, Any] = {} if kind == "add" else {"axis": 1}
                self.add(kind, (x + 1, beside), **fields)
            return
        padding = tuple(self.each(0, 1)[:1] * 2 for _ in range(self.axes))
        sliding: dict[str, Any] = {"kernel": self.each(1, 3), "stride": self.each(1, 2), "padding": padding}
        match kind:
            case "conv":
                self.add(conv, (x,), filters=1, bias=False, dilation=self.each(1, 2), **sliding)
            case "max":
                self.add(f"max_pool{self.axes}d", (x,), conv, dilation=self.each(1, 2), **sliding)
            case "avg":
                self.add(f"avg_pool{self.axes}d", (x,), conv, **sliding)
            case "up":
                self.add(f"conv_transpose{self.axes}d", (x,), filters=1, bias=False, **sliding)
            case "nearest":
                self.add("upsample", (x,), factor=self.each(1, 2))
            case "pad":
                mode = self.random.choice(("zeros", "reflect", "replicate", "circular"))
                self.add("pad", (x,), amount=tuple(self.each(0, 1)[:1] * 2 for _ in range(self.axes)), mode=mode)


@pytest.mark.parametrize("axes", [1, 2])
def test_of_one_channel_paths_are_gradients(axes: int) -> None:
    """With all weights 1, and sums for pools: of every place of 150 networks, exactly."""
    seen = Counter[str]()
    for seed in range(150):
        twins = Twins(seed, axes)
        graph, types = twins.pooling.graph(), tensor_types(twins.pooling.graph())
        seen.update(layer.op.name for layer in graph.layers)
        places = places_of(types.outputs[-1])
        executed = Network(twins.summing.graph(), dtype="float64", initializer=1.0, input_gradients=True)
        executed.forward(np.zeros((len(places), *types.outputs[0].shape)))
        gradients = executed.backward(np.eye(len(places)).reshape(len(places), *types.outputs[-1].shape))["l0"]
        for place, gradient in zip(places, gradients[:, 0], strict=True):
            found = count_paths(graph, types, len(graph.layers) - 1, place).by_input
            paths = found[0].over(types.outputs[0].spatial) if found else np.zeros_like(gradient)
            assert np.array_equal(paths, gradient), (seed, place)
    sliding = {f"{name}{axes}d" for name in ("conv", "conv_transpose", "max_pool", "avg_pool")}
    assert all(seen[name] > 20 for name in {*sliding, "upsample", "pad", "add", "concat", "flatten"}), seen


# --- Triangles


def trinomial(n: int, k: int) -> int:
    """The coefficient of xᵏ in (1 + x + x²)ⁿ: i times x, j times x², and the rest 1."""
    return sum(comb(n, j) * comb(n - j, k - 2 * j) for j in range(k // 2 + 1) if k - 2 * j <= n - j)


@pytest.mark.parametrize("layers", [1, 2, 7, *range(60, 68), 200])
def test_kernels_of_two_make_pascal_s_triangle(layers: int) -> None:
    """Exactly, also where numbers, or their sums, no longer fit into 64 bits."""
    graph = chain(2, layers)
    assert paths(graph, (0,)).tolist() == [comb(layers, k) for k in range(layers + 1)]
    assert count_paths(graph, tensor_types(graph), layers, (0,)).total == 2**layers


@pytest.mark.parametrize("layers", [1, 2, 4, 39, 40, 41, 50])
def test_kernels_of_three_make_the_trinomial_triangle(layers: int) -> None:
    graph = chain(3, layers)
    assert paths(graph, (0,)).tolist() == [trinomial(layers, k) for k in range(2 * layers + 1)]
    assert count_paths(graph, tensor_types(graph), layers, (0,)).total == 3**layers


def test_the_trinomials_are_those_of_the_triangle() -> None:
    # OEIS A027907, row 4
    assert [trinomial(4, k) for k in range(9)] == [1, 4, 10, 16, 19, 16, 10, 4, 1]


def test_over_two_axes_paths_are_products() -> None:
    graph = spec("  - conv2d: {filters: 3, kernel: [2, 3]}\n    repeat: 45\n", "x: [2, 46, 91]")
    expected = [[comb(45, i) * trinomial(45, j) for j in range(91)] for i in range(46)]
    assert paths(graph, (0, 0)).tolist() == expected


# --- By hand


def test_borders() -> None:
    """Two convolutions of kernel 3 over three positions: the matrix [[1, 1, 0], [1, 1, 1], [0, 1, 1]], squared."""
    graph = spec("  - conv1d: {filters: 1, kernel: 3, padding: same}\n    repeat: 2\n", "x: [1, 3]")
    assert [paths(graph, (place,)).tolist() for place in range(3)] == [[2, 2, 1], [2, 3, 2], [1, 2, 2]]
    assert shares(graph, (0,)).tolist() == pytest.approx([2 / 5, 2 / 5, 1 / 5])


def test_features_that_were_channels_of_a_place_are_paths_of_their_own() -> None:
    flat = spec("  - flatten\n  - dense: 4\n", "x: [2, 3]")
    assert paths(flat, (1,)).tolist() == [2, 2, 2]
    pooled = spec("  - conv1d: {filters: 5, kernel: 3}\n  - global_avg_pool\n  - dense: 2\n", "x: [1, 4]")
    # Five channels of two positions, of which the first sees places 0 to 2, the second 1 to 3.
    assert paths(pooled, (0,)).tolist() == [5, 10, 10, 5]


def test_channels_are_not_told_apart() -> None:
    graph = spec("  - conv1d: {filters: 4, kernel: 3, groups: 2}\n  - conv1d: {filters: 6, kernel: 2}\n", "x: [2, 4]")
    assert paths(graph, (0,)).tolist() == [1, 2, 2, 1]

"""Feasible sizes of inputs: by trying all sizes, and of those that fit."""

from __future__ import annotations

from random import Random

import pytest

from archanalyzer.graph import Graph, Layer
from archanalyzer.passes import standard_passes
from archanalyzer.passes.advice.productivity import Feasible, Productivity
from archanalyzer.passes.facts import Facts
from archanalyzer.passes.receptive_field import ReceptiveFields
from tests import graphs
from tests.passes.advice.asking import ask, spec
from tests.passes.advice.sizes import feasible

# --- All sizes, one by one


class Path:
    """One way from the input to a layer: how much is seen, and the product of the strides."""

    def __init__(self, size: int = 1, strides: int = 1) -> None:
        self.size = size
        self.strides = strides

    def through(self, layer: Layer) -> Path:
        fields = layer.op.model_dump()
        if "kernel" not in fields:
            return self
        (kernel,), (stride,), (dilation,) = fields["kernel"], fields["stride"], fields.get("dilation", (1,))
        return Path(self.size + (kernel - 1) * dilation * self.strides, self.strides * stride)


def paths(graph: Graph, layer: int) -> list[Path]:
    """All of them, one by one."""
    one = graph.layers[layer]
    if not one.inputs:
        return [Path()]
    return [path.through(one) for source in one.inputs for path in paths(graph, source)]


def grown(seed: int, length: int) -> Graph:
    """A chain of layers, skips and branches of a seed, which fits whatever the length."""
    random, build = Random(seed), graphs.Builder()  # noqa: S311
    last = build.input("signal", 1, length)

    def convolution(reads: int, stride: int) -> int:
        kernel, dilation = random.choice((1, 2, 3, 5)), random.choice((1, 1, 2))
        return build.add(
            "conv1d", reads=(reads,), filters=1, kernel=kernel, dilation=dilation, stride=stride, padding="same"
        )

    for _ in range(random.randint(1, 5)):
        stride = random.choice((1, 1, 2))
        match random.choice(("chain", "pool", "skip", "branches")):
            case "chain":
                last = convolution(last, stride)
            case "pool":
                last = build.add(
                    "max_pool1d", reads=(last,), kernel=random.choice((2, 3)), stride=stride, padding="same"
                )
            case "skip":
                last = build.add("add", reads=(convolution(convolution(last, 1), 1), last))
            case "branches":
                last = build.add("concat", axis=0, reads=(convolution(last, stride), convolution(last, stride)))
                last = build.add("conv1d", reads=(last,), filters=1, kernel=1)
    return build.graph()


@pytest.mark.parametrize("first", range(0, 40, 10))
def test_feasible_sizes_against_trying_all(first: int) -> None:
    """The definition, applied at every size up to one where all must be of use."""
    judged = 0
    for seed in range(first, first + 10):
        tried = [grown(seed, length) for length in range(1, 140)]
        wide = [
            layer.index
            for layer in tried[0].layers
            if layer.op.name == "conv1d" and layer.op.model_dump()["kernel"] > (1,)
        ]
        if not wide:
            continue
        narrowest = {
            index: min(path.size for path in paths(tried[0], tried[0].layers[index].inputs[0])) for index in wide
        }
        largest = 0
        for length, graph in enumerate(tried, start=1):
            useless = [index for index in wide if narrowest[index] > length]
            if length > 1:
                assert list(ask(graph, Productivity).unproductive) == useless, (seed, length)
            told = Facts(graph, standard_passes()).result(ReceptiveFields).told
            if any(each.size >= length for index in wide for each in told[index] or ()):
                largest = length
        smallest = next(length for length in range(1, 140) if all(size <= length for size in narrowest.values()))
        assert max(narrowest.values()) < 139 > largest
        for graph in tried[1::30]:
            assert ask(graph, Productivity).feasible == (Feasible(0, (smallest,), (largest,)),), seed
        judged += 1
    assert judged > 5


# --- Of sizes that fit


def test_feasible_sizes_are_of_those_that_fit() -> None:
    """Two kernels of 3 without padding need 5; the second one reads what sees 3. A reshape of 32 needs 32 + 4."""
    two = "  - conv1d: {filters: 1, kernel: 3}\n    repeat: 2\n"
    assert feasible(spec(two, "signal: [1, 16]")) == {"signal": ((5,), (5,))}
    # None of 3 to 5 fits: they are told as they are.
    reshaped = f"{two}  - reshape: {{shape: [4, 8]}}\n"
    assert feasible(spec(reshaped, "signal: [1, 36]")) == {"signal": ((3,), (5,))}


def test_both_ends_are_sizes_that_fit() -> None:
    """Down and up again by 4, beside a skip: multiples of 4."""
    layers = (
        "  - conv1d: {filters: 1, kernel: 3, padding: 1}\n    name: skip\n  - max_pool1d: 4\n"
        "  - conv1d: {filters: 1, kernel: 3, padding: 1}\n  - upsample: 4\n  - add:\n    from: [upsample, skip]\n"
    )
    # Of fields: 3, 6 behind the pool, 6 + 2·4 = 14. So 6 to 14, and of multiples of 4, 8 to 12.
    assert feasible(spec(layers, "signal: [1, 32]")) == {"signal": ((8,), (12,))}


def test_axes_that_must_be_alike_are_limited_together() -> None:
    """A picture plus itself transposed is square."""
    layers = (
        "  - conv2d: {filters: 1, kernel: [3, %d], padding: same}\n    repeat: 2\n    name: seen\n"
        "  - permute: {axes: [0, 2, 1]}\n  - add:\n    from: [permute, seen]\n"
    )
    # The second kernel reads what sees 3×5, and sees 5×9: of squares, that leaves the one of 5.
    assert feasible(spec(layers % 5, "image: [1, 16, 16]")) == {"image": ((5, 5), (5, 5))}
    # 3×7 and 5×13: no square has from 3 to 5 rows and from 7 to 13 columns.
    assert feasible(spec(layers % 7, "image: [1, 16, 16]")) == {"image": ((3, 7), (5, 13))}

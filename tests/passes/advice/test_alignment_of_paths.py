"""Ways that meet and look at different places, by the centres and the ends of all paths, one by one."""

from __future__ import annotations

from random import Random
from typing import NamedTuple

from archanalyzer.graph import Graph, Layer
from archanalyzer.passes.advice.alignment import Alignment
from tests.passes.advice.asking import Draft, ask


class Path(NamedTuple):
    """One way, or several laid together: the stride, and the first and the last position that position 0 sees."""

    stride: int = 1
    first: int = 0
    last: int = 0

    def through(self, layer: Layer) -> Path:
        """What becomes of it in a layer whose position 0 reads some positions from a given one on."""
        fields, start, end, stride = layer.op.model_dump(), 0, 0, 1
        match layer.op.name:
            case "conv1d" | "max_pool1d":
                (kernel,), (stride,), (dilation,) = fields["kernel"], fields["stride"], fields.get("dilation", (1,))
                start = -fields["padding"][0][0]
                end = start + (kernel - 1) * dilation
            case "crop":
                start = end = fields["amount"][0][0]
            case "pad":
                start = end = -fields["amount"][0][0]
        return Path(self.stride * stride, self.first + start * self.stride, self.last + end * self.stride)


def misaligned(graph: Graph) -> tuple[list[int], set[int]]:
    """The layers in which paths of different strides meet, or such as neither have one centre nor one end.

    And all layers behind them, of which nothing is said: all paths to what is looked at have one stride.
    """
    seen: list[Path | None] = []
    differing: list[int] = []
    behind: set[int] = set()
    for layer in graph.layers:
        paths = [path.through(layer) for source in layer.inputs if (path := seen[source])]
        seen.append(None)
        if len(paths) < len(layer.inputs):
            behind.add(layer.index)
        elif not layer.inputs:
            seen[-1] = Path()
        elif len({path.stride for path in paths}) > 1 or (
            len({path.first + path.last for path in paths}) > 1 and len({path.last for path in paths}) > 1
        ):
            differing.append(layer.index)
        else:
            seen[-1] = Path(paths[0].stride, min(path.first for path in paths), max(path.last for path in paths))
    return differing, behind


def grown(seed: int) -> Graph:
    """Some convolutions, pools, crops and pads, and sums of what happens to be equally long."""
    random, build = Random(seed), Draft(24)  # noqa: S311
    for _ in range(random.randint(3, 14)):
        reads = random.randrange(len(build.layers))
        length, sides = build.lengths[reads], (random.randint(0, 2), random.randint(0, 2))
        others = [index for index, other in enumerate(build.lengths) if other == length and index != reads]
        match random.choice(("conv", "pool", "crop", "pad", "add", "add", "add")):
            case "conv" if length > 6:
                kernel, stride, dilation = random.randint(1, 3), random.choice((1, 1, 1, 2)), random.choice((1, 1, 2))
                fields = {"kernel": kernel, "stride": stride, "dilation": dilation, "padding": (sides,)}
                build.grow("conv1d", reads, filters=1, **fields)
            case "pool" if length > 6:
                build.grow(
                    "max_pool1d", reads, kernel=random.randint(2, 3), stride=random.choice((1, 2)), padding=((0, 0),)
                )
            case "crop" if length > 6:
                build.grow("crop", reads, amount=(sides,))
            case "pad" if length < 30:
                build.grow("pad", reads, amount=(sides,))
            case "add" if others:
                build.grow("add", reads, random.choice(others))
    read = {source for layer in build.layers for source in layer.inputs}
    return build.graph(outputs=tuple(layer.index for layer in build.layers if layer.index not in read))


def test_misaligned_ways_against_all_paths() -> None:
    some, none = 0, 0
    for seed in range(2000):
        graph = grown(seed)
        expected, behind = misaligned(graph)
        assert [index for index in ask(graph, Alignment).layers if index not in behind] == expected, seed
        some += len(expected)
        none += not expected and any(len(layer.inputs) > 1 for layer in graph.layers)
    assert some > 200
    assert none > 30

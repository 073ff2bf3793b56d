"""The narrowest and the widest ways against all ways, one by one, each as the sets of positions that it leads to."""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from random import Random
from typing import TypeAlias

from archanalyzer.graph import Graph, Layer
from archanalyzer.passes.advice.ways import Sight, sights
from archanalyzer.passes.advice.windows import Windows
from archanalyzer.passes.receptive_field import ReceptiveFields
from archanalyzer.passes.tensor_types import TensorTypes
from tests.passes.advice.asking import Draft, ask

Way: TypeAlias = tuple[Layer, ...]
"""The layers from the input to some layer, both of them counted."""
LOOKED_AT = range(64)
"""Positions of a layer, more than two periods of all the up-sampling there is here."""


def sight(graph: Graph, layer: int) -> Sight:
    found = sights(ask(graph, TensorTypes), ask(graph, Windows), ask(graph, ReceptiveFields), layer + 1)[layer]
    assert found is not None
    return found


def ways(graph: Graph, layer: int) -> list[Way]:
    one = graph.layers[layer]
    return [(*way, one) for source in one.inputs for way in ways(graph, source)] if one.inputs else [(one,)]


def reads(layer: Layer, position: int) -> set[int]:
    """Of an input without ends, the positions that one position of a layer reads."""
    fields = layer.op.model_dump()
    match layer.op.name:
        case "conv1d" | "max_pool1d":
            (kernel,), (stride,), ((before, _),) = fields["kernel"], fields["stride"], fields["padding"]
            return {position * stride - before + tap for tap in range(kernel)}
        case "conv_transpose1d":
            (kernel,), (stride,), ((before, _),) = fields["kernel"], fields["stride"], fields["padding"]
            giving = (position + before - tap for tap in range(kernel))
            return {each // stride for each in giving if each % stride == 0}
        case "upsample":
            return {position // fields["factor"]}
    return {position}


def sizes(way: Way) -> list[int]:
    """From the first to the last position of the input, how much each position of the last layer sees; 0 left out."""

    @cache
    def seen(number: int, position: int) -> tuple[int, int] | None:
        if number == 0:
            return position, position
        found = [each for at in reads(way[number], position) if (each := seen(number - 1, at))]
        return (min(first for first, _ in found), max(last for _, last in found)) if found else None

    found = (seen(len(way) - 1, position) for position in LOOKED_AT)
    return [last - first + 1 for first, last in filter(None, found)]


def grown(seed: int, *, upwards: bool) -> Graph:
    """Down by 2, if asked for up by 2 as well, and sums of what happens to be equally long."""
    random, build = Random(seed), Draft(24)  # noqa: S311
    for _ in range(random.randint(4, 12)):
        last = len(build.layers) - 1
        source = random.choice((last, random.randint(0, last)))
        length = build.lengths[source]
        others = [index for index, other in enumerate(build.lengths) if other == length and index != source]
        kernel, stride = random.randint(1, 3), random.choice((1, 1, 2))
        match random.choice(("conv", "pool", *(("up", "transposed") if upwards else ()), *("add",) * 4)):
            case "conv" if length > 6:
                sides = random.choice(((0, 0), (0, kernel - 1), (1, 1)))
                build.grow("conv1d", source, filters=1, kernel=kernel, stride=stride, padding=(sides,))
            case "pool" if length > 6:
                build.grow("max_pool1d", source, kernel=2, stride=stride, padding=((0, 0),))
            case "up" if length < 50:
                build.grow("upsample", source, factor=2)
            case "transposed" if length < 50:
                build.grow("conv_transpose1d", source, filters=1, kernel=kernel, stride=2, padding=((0, 0),))
            case "add" if others:
                build.grow("add", source, random.choice(others))
    return build.graph()


def compared(seed: int, *, upwards: bool) -> tuple[bool, tuple[int, int], tuple[int, int]]:
    """Whether one way alone leads to the last layer; how much is seen at least and at most, as told and by all ways."""
    graph = grown(seed, upwards=upwards)
    last = len(graph.layers) - 1
    told, every = sight(graph, last)[0, 1], [sizes(way) for way in ways(graph, last)]
    seen = [size for found in every for size in found]
    return (
        len(every) == 1,
        (min(way.least for way in told), max(way.most for way in told)),
        (min(seen, default=0), max(seen, default=0)),
    )


def test_ways_against_all_ways() -> None:
    """No way is narrower or wider than there are any; and where there is one alone, it is that."""
    chains, merged, exact = 0, 0, 0
    for seed in range(600):
        is_chain, told, truly = compared(seed, upwards=True)
        assert truly[0] <= told[0] <= told[1] <= truly[1], seed
        assert not is_chain or told == truly, seed
        chains += is_chain
        merged += not is_chain
        exact += not is_chain and told == truly
    assert min(chains, merged) > 100
    assert exact > 0.95 * merged


def test_without_up_sampling_they_are_exact() -> None:
    """As a way that moves on as fast as another stays the narrower one, whatever comes."""
    merged = 0
    for seed in range(400):
        is_chain, told, truly = compared(seed, upwards=False)
        assert told == truly, seed
        merged += not is_chain
    assert merged > 100


def test_a_way_is_made_of_layers_that_read_each_other() -> None:
    """Of the brute force itself."""
    graph = grown(3, upwards=True)
    every = ways(graph, len(graph.layers) - 1)
    assert all(before.index in layer.inputs for way in every for before, layer in pairwise(way))

"""What blocks read from outside, against what each single position reads; and the exercise, by hand."""

from __future__ import annotations

import pytest

import archanalyzer
from archanalyzer.graph import Block, Graph
from archanalyzer.passes.fields.by_hand import Boundaries, ByHand, walked_by_hand
from archanalyzer.passes.fields.crossing import Crossings
from archanalyzer.passes.fields.positions import Positions, interval
from archanalyzer.passes.fields.walking import Region, along
from archanalyzer.passes.tensor_types import tensor_types
from archanalyzer.testing.readings import readings_by_position
from tests import graphs
from tests.docs.fences import ROOT
from tests.passes.fields.random_networks import network, text


def block(start: int, stop: int) -> Block:
    return Block("block", "block", start, stop, stop - 1, graphs.at(1))


def positions_in(region: Region, shape: tuple[int, ...]) -> set[tuple[int, ...]]:
    """The positions of a region that there are."""
    return {
        position
        for box in region
        for position in _product([each.within(0, extent) for each, extent in zip(box.sets, shape, strict=True)])
    }


def _product(sets: list[Positions]) -> list[tuple[int, ...]]:
    found: list[tuple[int, ...]] = [()]
    for each in sets:
        found = [(*before, position) for before in found for position in each.each()]
    return found


@pytest.mark.parametrize("seed", range(120))
def test_a_block_reads_from_outside_what_its_positions_read(seed: int) -> None:
    graph = network(seed, 1 + seed % 2)
    types, last = tensor_types(graph), len(graph.layers) - 1
    extents = types.outputs[last].spatial or types.outputs[last].shape
    way = walked_by_hand(graph, types, last, [extent // 2 for extent in extents])
    for start in range(1, last + 1):
        inside = block(start, last + 1)
        expected: dict[int, set[tuple[int, ...]]] = {}
        for index in range(start, last + 1):
            layer = graph.layers[index]
            region = way.real.regions.get(index, ()) if layer.inputs else ()
            for position in positions_in(region, types.outputs[index].shape):
                read = readings_by_position(layer.op, types.inputs(layer), position)
                for source, places in zip(layer.inputs, read, strict=True):
                    if source < start and places:
                        expected.setdefault(source, set()).update(places)
        found = Crossings(graph, types, way.real).into(inside)
        told = {source: positions_in(region, types.outputs[source].shape) for source, region in found.items()}
        assert {source: each for source, each in told.items() if each} == expected, text(graph)


def unet() -> tuple[Graph, ByHand]:
    graph = archanalyzer.load(ROOT / "specs" / "homework" / "unet.yaml").graph
    return graph, walked_by_hand(graph, tensor_types(graph), graph.index["classifier"], (256, 256))


def test_the_textbook_s_exercise() -> None:
    """Position 256 is 0 modulo 16: derived in the comments of the spec."""
    graph, way = unet()
    boundaries, found = Boundaries(way), {}
    for one in graph.blocks:
        if one.name.startswith("block"):
            boundary = boundaries.of(one)
            (read,) = boundary.reads.values()
            assert along(boundary.output.endless, 1) == along(boundary.output.real, 2)
            found[one.name] = along(boundary.output.real, 1).size, along(read.real, 1).size
    widths = [found[f"block{number}"] for number in range(9, 0, -1)]
    assert widths == [(1, 5), (3, 9), (5, 11), (6, 12), (6, 12), (24, 30), (60, 66), (132, 138), (276, 280)]


def test_what_is_read_over_a_skip_is_told_beside_the_deep_way() -> None:
    """The up-sampling of join_4 reads 127 to 129 for 254 to 258, its concatenation 254 to 258 of block1."""
    graph, way = unet()
    (join,) = (each for each in graph.blocks if each.name == "join_4")
    reads = Boundaries(way).of(join).reads
    told = {graph.layers[source].name: along(asked.real, 1) for source, asked in reads.items()}
    assert list(told.items()) == [("block8/relu_3", interval(127, 130)), ("block1/relu_2", interval(254, 259))]


def test_a_block_without_an_output_and_one_off_the_way() -> None:
    graph, way = unet()
    whole = graph.blocks[0]._replace(output=None)
    assert Boundaries(way).of(whole).output == ((), ())
    first = walked_by_hand(graph, way.types, graph.index["block1/conv2d"], (0, 0))
    assert Boundaries(first).of(graph.blocks[-1]).reads == {}


def test_unknown_readings_are_told() -> None:
    graph = graphs.with_mystery()
    with pytest.raises(LookupError, match=r"^it is not known what `mystery` \(mystery\) reads$"):
        walked_by_hand(graph, tensor_types(graph), 2, (0, 0))

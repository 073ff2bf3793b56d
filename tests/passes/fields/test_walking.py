"""Walks back from places: single steps against single positions, U-Nets and products of sets that are none by hand."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import archanalyzer
from archanalyzer.graph import Digit, Graph, Window
from archanalyzer.passes.fields import positions, walking
from archanalyzer.passes.fields.moving import TooMany
from archanalyzer.passes.fields.positions import NOWHERE, Positions, TooWide, interval, union
from archanalyzer.passes.fields.walking import (
    Box,
    Walk,
    at_place,
    merged,
    positions_of_digit,
    read_by,
    walk_back,
)
from archanalyzer.passes.tensor_types import TensorTypes, tensor_types
from archanalyzer.spec import read_spec
from tests import graphs

SPECS = Path(__file__).parents[3] / "specs"

# --- One step

SETS = st.sets(st.integers(-12, 12), max_size=9)
WINDOWS = st.builds(
    lambda stride, upsampling, offset, count, step: Window(0, stride, upsampling, offset, count, step),
    stride=st.integers(1, 4),
    upsampling=st.integers(1, 4),
    offset=st.integers(-6, 6),
    count=st.integers(1, 6),
    step=st.integers(1, 4),
)


def kept(some: set[int] | frozenset[int] | range) -> Positions:
    return union(interval(position, position + 1) for position in some)


@given(WINDOWS, st.one_of(SETS, st.tuples(st.integers(-9, 9), st.integers(0, 9)).map(lambda at: {*range(*at)})))
def test_what_outputs_read(window: Window, outputs: set[int]) -> None:
    taps = {o * window.stride + window.offset + k * window.step for o in outputs for k in range(window.count)}
    read = {tap // window.upsampling for tap in taps if tap % window.upsampling == 0}
    assert read_by(window, kept(outputs)) == kept(read)


@given(st.integers(1, 5), st.integers(1, 5), st.sets(st.integers(0, 60), max_size=30))
def test_what_outputs_read_by_turns(divisor: int, modulus: int, outputs: set[int]) -> None:
    read = {o // divisor % modulus for o in outputs}
    assert positions_of_digit(Digit(0, divisor, modulus), kept(outputs)) == kept(read)
    first = min(outputs, default=0)
    stretch = range(first, first + len(outputs))
    read = {o // divisor % modulus for o in stretch}
    assert positions_of_digit(Digit(0, divisor, modulus), kept(stretch)) == kept(read)


BOXES = st.lists(st.tuples(st.sets(st.integers(0, 4), min_size=1), st.sets(st.integers(0, 4), min_size=1)), max_size=6)


@given(BOXES)
def test_fewer_boxes_hold_the_same_positions(drawn: list[tuple[set[int], set[int]]]) -> None:
    boxes = [Box((kept(rows), kept(columns)), (True, True)) for rows, columns in drawn]
    found = merged(boxes)
    assert cells(found) == {(row, column) for rows, columns in drawn for row in rows for column in columns}
    assert len(found) <= len(boxes)


def cells(boxes: tuple[Box, ...]) -> set[tuple[int, int]]:
    return {(row, column) for box in boxes for row in box.sets[0].each() for column in box.sets[1].each()}


def test_padding_is_not_merged_away() -> None:
    """A box for an endless axis may say more of the layers below than one for the axis that there is."""
    real, endless = (Box((interval(0, 4), interval(0, 4)), (each, each)) for each in (True, False))
    assert set(merged([real, endless])) == {endless}
    assert set(merged([real, endless._replace(sets=(interval(0, 3), interval(0, 4)))])) == {
        real,
        endless._replace(sets=(interval(0, 3), interval(0, 4))),
    }


# --- Whole walks


def network(shape: list[int], layers: str) -> Graph:
    return archanalyzer.loads(f"archspec: 1\ninputs: {{x: {shape}}}\nlayers:\n{layers}").graph


def walk(graph: Graph, *place: int, endless: bool = False) -> Walk:
    types = tensor_types(graph)
    last = len(graph.layers) - 1
    return walk_back(graph, types, last, at_place(types.outputs[last].shape, place), endless=endless)


def places_seen(graph: Graph, *place: int) -> set[tuple[int, ...]]:
    """Of the first input, over all axes together."""
    boxes = walk(graph, *place).regions.get(0, ())
    return {(row, column) for box in boxes for row in box.sets[1].each() for column in box.sets[2].each()}


CROSS = """\
  - conv2d: {filters: 1, kernel: [1, 3], padding: same}
    name: row
  - conv2d: {filters: 1, kernel: [3, 1], padding: same}
    from: x
    name: column
  - add:
    from: [row, column]
"""


def test_a_row_beside_a_column_is_a_cross() -> None:
    """Axis by axis, both are three long; but the corners of the square around the cross are not seen."""
    graph = network([1, 5, 5], CROSS)
    assert places_seen(graph, 2, 2) == {(2, 1), (2, 2), (2, 3), (1, 2), (3, 2)}
    assert places_seen(graph, 0, 4) == {(0, 3), (0, 4), (1, 4)}


def test_two_dilated_convolutions_see_a_grid_with_holes() -> None:
    """Offsets −2, 0, 2 twice: −4, −2, 0, 2, 4 on each axis, 25 places of 81."""
    dilated = "  - conv2d: {filters: 1, kernel: 3, dilation: 2, padding: same}\n    repeat: 2\n"
    seen = places_seen(network([1, 20, 20], dilated), 9, 9)
    assert seen == {(row, column) for row in range(5, 14, 2) for column in range(5, 14, 2)}


def test_of_what_is_cut_off_nothing_is_seen_on_the_way() -> None:
    """One way is cropped to its first four positions: without a fifth, the last window of two sees one less."""
    graph = network(
        [1, 8],
        "  - crop: [[0, 4]]\n    name: left\n  - conv1d: {filters: 1, kernel: 2, padding: [[0, 1]]}\n    name: pair\n"
        "  - crop: [[4, 0]]\n    from: x\n    name: right\n  - add:\n    from: [pair, right]\n",
    )
    assert [[*walk(graph, o).along(0, 1).each()] for o in range(4)] == [[0, 1, 4], [1, 2, 5], [2, 3, 6], [3, 7]]
    assert [*walk(graph, 3, endless=True).along(0, 1).each()] == [3, 4, 7]


def test_channels_that_are_not_asked_for_lead_nowhere() -> None:
    """Features that are one convolution's see what it reads, and nothing through the other."""
    graph = network(
        [1, 6],
        "  - conv1d: {filters: 1, kernel: 3, padding: same}\n    name: wide\n  - conv1d: {filters: 1, kernel: 1}\n"
        "    from: x\n    name: narrow\n  - concat:\n    from: [wide, narrow]\n  - flatten\n",
    )
    index = graph.index
    wide, narrow = walk(graph, 2), walk(graph, 6 + 2)
    assert (wide.along(0, 1), narrow.along(0, 1)) == (interval(1, 4), interval(2, 3))
    assert index["narrow"] not in wide.regions
    assert wide.along(index["narrow"], 1) == NOWHERE
    assert narrow.along(index["narrow"], 1) == interval(2, 3)


def test_an_endless_walk_goes_on_behind_the_borders() -> None:
    graph = network([1, 6], "  - conv1d: {filters: 1, kernel: 3, padding: same}\n    repeat: 2\n")
    assert walk(graph, 0).along(0, 1) == interval(0, 3)
    assert walk(graph, 0, endless=True).along(0, 1) == interval(-2, 3)


def test_a_layer_that_reads_in_an_unknown_way_stops_the_walk() -> None:
    build = graphs.Builder()
    build.input("signal", 1, 8)
    build.add("mystery", name="odd_one")
    build.add("relu")
    with pytest.raises(LookupError, match=r"^it is not known what `odd_one` \(mystery\) reads$"):
        walk(build.graph(), 3)


def test_axes_taken_apart_are_looked_at_one_by_one_but_not_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Behind a reshape that leaves no axis as it was, 12 elements see one place each."""
    graph = network([2, 2, 3], "  - reshape: {shape: [3, 4]}\n  - global_avg_pool: {keep_axes: true}\n")
    monkeypatch.setattr(walking, "MOST_ENUMERATED", 12)
    assert places_seen(graph, 0) == {(row, column) for row in range(2) for column in range(3)}
    monkeypatch.setattr(walking, "MOST_ENUMERATED", 11)
    with pytest.raises(TooMany):
        walk(graph, 0)


def test_what_is_too_wide_stops_the_walk(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = network([1, 60], "  - conv1d: {filters: 1, kernel: 2, dilation: 40}\n")
    assert [*walk(graph, 7).along(0, 1).each()] == [7, 47]
    monkeypatch.setattr(positions, "MOST_BITS", 40)
    with pytest.raises(TooWide) as raised:
        walk(graph, 7)
    assert str(raised.value) == (
        "expected at most 40 positions from the first to the last of a set with gaps, found 41, from 7 to 47, of what "
        "is read of `x`; walk from an earlier layer, or ask for the field without a walk: `archanalyzer field SPEC "
        "LAYER`"
    )


def test_what_is_too_wide_between_two_ways_is_told_of_the_layer_that_both_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each way sees one position, 7 and 47."""
    layers = "  - crop: [[40, 0]]\n    name: late\n  - crop: [[0, 40]]\n    from: x\n  - add:\n    from: [late, crop]\n"
    graph = network([1, 60], layers)
    assert [*walk(graph, 7).along(0, 1).each()] == [7, 47]
    monkeypatch.setattr(positions, "MOST_BITS", 40)
    with pytest.raises(TooWide, match="found 41, from 7 to 47, of what is read of `x`; walk from an earlier layer"):
        walk(graph, 7)


# --- U-Nets


@cache
def unet(path: str) -> tuple[Graph, TensorTypes]:
    graph = read_spec(str(SPECS / path)).graph
    return graph, tensor_types(graph)


def seen_at(path: str, row: int, column: int) -> tuple[Positions, Positions]:
    graph, types = unet(path)
    last = len(graph.layers) - 1
    found = walk_back(graph, types, last, at_place(types.outputs[last].shape, (row, column)))
    assert all(len(region) == 1 for region in found.regions.values())
    return found.along(0, 1), found.along(0, 2)


# How many outputs a block is asked for, and how many inputs these read, from one output position of block9 to the
# image; the second column, for positions whose way goes past an odd input of block6.
BY_BLOCK = {
    "block9": ((1, 5), (1, 5)),
    "block8": ((3, 9), (3, 9)),
    "block7": ((5, 11), (5, 11)),
    "block6": ((6, 12), (6, 12)),
    "block5": ((6, 12), (7, 13)),
    "block4": ((24, 30), (26, 32)),
    "block3": ((60, 66), (64, 70)),
    "block2": ((132, 138), (140, 146)),
    "block1": ((276, 280), (292, 296)),
}


@pytest.mark.parametrize(("residue", "way"), [(r, 0 if r in {0, 1, 2, 3, 12, 13, 14, 15} else 1) for r in range(16)])
def test_walking_back_through_the_textbook_unet(residue: int, way: int) -> None:
    """By hand, as in ``specs/homework/unet.yaml``; the skips ask for nothing that the way through block5 does not."""
    graph, types = unet("homework/unet.yaml")
    last = len(graph.layers) - 1
    found = walk_back(graph, types, last, at_place(types.outputs[last].shape, (256 + residue, 256)))
    blocks = {block.name: block for block in graph.blocks}
    for name, ways in BY_BLOCK.items():
        block = blocks[name]
        assert block.output is not None
        (source,) = graph.layers[block.start].inputs
        assert found.along(block.output, 1) == interval(*deepest_way(256 + residue, name)), name
        assert (found.along(block.output, 1).size, found.along(source, 1).size) == ways[way], name
        assert (found.along(block.output, 2).size, found.along(source, 2).size) == ways[0], name


def deepest_way(position: int, name: str) -> tuple[int, int]:
    """From which output of a block up to which the position asks for, along the way that leaves out all skips."""
    first = last = position
    for number, convolutions in zip(range(9, 0, -1), (2, 3, 3, 3, 3, 3, 3, 3, 2), strict=True):
        if name == f"block{number}":
            break
        first, last = first - convolutions, last + convolutions
        if number > 5:  # below it is an up-sampling, else a pool
            first, last = first // 2, last // 2
        else:
            first, last = 2 * first, 2 * last + 1
    return first, last + 1


@pytest.mark.parametrize(
    ("row", "column", "sizes"),
    [(256, 256, (280, 280)), (256, 260, (280, 296)), (260, 271, (296, 280)), (267, 260, (296, 296))],
)
def test_fields_of_the_textbook_unet_need_not_be_square(row: int, column: int, sizes: tuple[int, int]) -> None:
    height, width = seen_at("homework/unet.yaml", row, column)
    assert (height.size, width.size) == sizes
    assert height.bits is width.bits is None


@pytest.mark.parametrize("first", [0, 16, 192, 372])
def test_fields_of_ronnebergers_unet(first: int) -> None:
    """188 at positions 0 to 3 modulo 16, 204 at the others, all of it inside the image, as nothing is padded."""
    for row in range(first, first + 16):
        column = 387 - row
        seen = seen_at("unet.yaml", row, column)
        assert [each.size for each in seen] == [188 if each % 16 < 4 else 204 for each in (row, column)]


def test_the_corners_of_ronnebergers_unet() -> None:
    """572 − 388 = 184 positions are lost, 92 a side; the ends of the image are all used."""
    assert seen_at("unet.yaml", 0, 387) == (interval(0, 188), interval(384, 572))

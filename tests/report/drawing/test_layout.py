"""Where a drawing's items and lines stand: nothing lies over anything else, whatever the network."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archanalyzer.report.drawing.layout import Extent, Item, Layout, Line, Point, Spacing, lay_out
from archanalyzer.report.drawing.ranks import TooManyToPlace

Pair = tuple[int, int]
SPACING = Spacing()


@st.composite
def networks(draw: st.DrawFn) -> tuple[list[Item], list[Pair], list[int | None]]:
    """Items of which each reads some before it, in blocks that stand side by side or in each other."""
    number = draw(st.integers(1, 14))
    arrows = [
        (source, target)
        for target in range(1, number)
        for source in draw(st.sets(st.integers(max(0, target - 6), target - 1), max_size=3))
    ]
    outer: list[int | None] = []
    frames: list[int | None] = []
    current: int | None = None
    for _ in range(number):
        step = draw(st.sampled_from(("stay", "open", "close")))
        if step == "open":
            outer.append(current)
            current = len(outer) - 1
        elif step == "close" and current is not None:
            current = outer[current]
        frames.append(current)
    sizes = st.sampled_from((28.0, 44.0, 100.0))
    return [Item(draw(sizes), draw(sizes), frame) for frame in frames], sorted(arrows), outer


def _overlap(one: Extent, other: Extent) -> bool:
    return all(first[0] < second[1] and second[0] < first[1] for first, second in zip(one, other, strict=True))


def _pieces(line: Line) -> Iterator[Extent]:
    """The straight pieces of a line, as rectangles without width."""
    for (along, across), (to_along, to_across) in pairwise(line.points):
        yield Extent((min(along, to_along), max(along, to_along)), (min(across, to_across), max(across, to_across)))


@given(networks())
@settings(max_examples=60, deadline=None)
def test_items_lie_apart_and_before_what_reads_them(
    network: tuple[list[Item], list[Pair], list[int | None]],
) -> None:
    items, arrows, outer = network
    layout = lay_out(items, arrows, outer)
    for item, extent in zip(items, layout.items, strict=True):
        assert extent.along[1] - extent.along[0] == pytest.approx(item.along)
        assert extent.across[1] - extent.across[0] == pytest.approx(item.across)
        assert extent.along[0] >= 0
        assert extent.across[0] >= -1e-6
        assert extent.along[1] <= layout.size[0] + 1e-6
        assert extent.across[1] <= layout.size[1] + 1e-6
    assert not any(_overlap(one, other) for one, other in combinations(layout.items, 2))
    assert all(layout.items[source].along[1] < layout.items[target].along[0] for source, target in arrows)


@given(networks())
@settings(max_examples=60, deadline=None)
def test_lines_join_what_arrows_say_and_run_through_no_item(
    network: tuple[list[Item], list[Pair], list[int | None]],
) -> None:
    items, arrows, outer = network
    layout = lay_out(items, arrows, outer)
    assert sorted((line.source, line.target) for line in layout.lines if line.ends) == sorted(set(arrows))
    for source, target in arrows:
        _follow(layout, source, target)
    for line in layout.lines:
        for piece in _pieces(line):
            assert not any(_overlap(piece, extent) for extent in layout.items)


def _follow(layout: Layout, source: int, target: int) -> None:
    """Walks back from an arrow's head, from piece to piece, to the item that it leaves."""
    here = next(line for line in layout.lines if line.ends and (line.source, line.target) == (source, target))
    start, stop = layout.items[target].across
    assert here.points[-1][0] == layout.items[target].along[0]
    assert start <= here.points[-1][1] <= stop
    while here.points[0][0] != pytest.approx(layout.items[source].along[1]):
        before = [
            line
            for line in layout.lines
            if line.source == source
            and not line.ends
            and _near(line.points[-1][1], here.points[0][1])
            and line.points[-1][0] <= here.points[0][0] + 1e-6
            and line is not here
        ]
        here = max(before, key=lambda line: line.points[-1][0])
    middle = sum(layout.items[source].across) / 2
    assert here.points[0][1] == pytest.approx(middle)


def _near(one: float, other: float) -> bool:
    return abs(one - other) < 1e-6


@given(networks())
@settings(max_examples=60, deadline=None)
def test_lines_from_different_items_never_lie_on_each_other(
    network: tuple[list[Item], list[Pair], list[int | None]],
) -> None:
    """They may cross, and those that arrive at one item may come close, but no piece hides another."""
    layout = lay_out(*network)
    pieces = [(line.source, piece) for line in layout.lines for piece in _pieces(line)]
    for (one_source, one), (other_source, other) in combinations(pieces, 2):
        if one_source != other_source:
            assert not _on_each_other(one, other)


def _on_each_other(one: Extent, other: Extent) -> bool:
    for first, second in ((one, other), (Extent(*one[::-1]), Extent(*other[::-1]))):
        flat = first.across[0] == first.across[1] and second.across[0] == second.across[1]
        beside = abs(first.across[0] - second.across[0]) < 1
        if flat and beside and min(first.along[1], second.along[1]) - max(first.along[0], second.along[0]) > 0.5:
            return True
    return False


@given(networks())
@settings(max_examples=60, deadline=None)
def test_frames_hold_their_items_and_no_others(
    network: tuple[list[Item], list[Pair], list[int | None]],
) -> None:
    items, arrows, outer = network
    layout = lay_out(items, arrows, outer)
    for frame, extent in enumerate(layout.frames):
        if extent is None:
            continue
        for item, place in zip(items, layout.items, strict=True):
            inside = frame in _around(item.frame, outer)
            assert inside == _overlap(place, extent)
            assert not inside or (extent.along[0] < place.along[0] and place.along[1] < extent.along[1])
        for other, around in enumerate(layout.frames):
            if around is not None and other in _around(outer[frame], outer):
                assert around.along[0] < extent.along[0]
                assert extent.across[1] < around.across[1]


def _around(frame: int | None, outer: Sequence[int | None]) -> set[int]:
    found = set()
    while frame is not None:
        found.add(frame)
        frame = outer[frame]
    return found


def _crossings(layout: Layout) -> int:
    """Where lines of two items cross: by geometry, not by their order in ranks."""
    pieces = [(line.source, piece) for line in layout.lines for piece in _pieces(line)]
    return sum(
        one_source != other_source
        and all(first[0] <= second[1] and second[0] <= first[1] for first, second in zip(one, other, strict=True))
        for (one_source, one), (other_source, other) in combinations(pieces, 2)
    )


def test_a_chain_is_straight() -> None:
    layout = lay_out([Item(10, 20 + at) for at in range(5)], [(at, at + 1) for at in range(4)])
    assert len({sum(extent.across) for extent in layout.items}) == 1
    assert all(len(line.points) == 2 for line in layout.lines)
    starts = [extent.along[0] for extent in layout.items]
    assert [after - before for before, after in pairwise(starts)] == [10 + SPACING.along] * 4


def test_nested_skips_do_not_cross_and_the_deep_path_is_straight() -> None:
    """A U: 0 1 2 3 4 5 6, and skips from 0 to 6, from 1 to 5, from 2 to 4."""
    arrows = [*((at, at + 1) for at in range(6)), (0, 6), (1, 5), (2, 4)]
    layout = lay_out([Item(20, 50)] * 7, sorted(arrows))
    assert {sum(extent.across) / 2 for extent in layout.items} == {25}
    assert _crossings(layout) == 0
    beside = {line.points[0][1] for line in layout.lines} - {25}
    assert len(beside) == 3  # each skip runs in a lane of its own
    assert sorted(beside) == [50 + SPACING.trunk + lane * SPACING.lane for lane in range(3)]


def test_readers_of_one_item_share_its_trunk() -> None:
    """0 is read by 1, and later by 3, 4 and 5: one line that branches."""
    arrows = [(0, 1), (1, 2), (2, 3), (3, 4), (4, 5), (0, 3), (0, 4), (0, 5)]
    layout = lay_out([Item(20, 50)] * 6, sorted(arrows))
    lanes = {across for line in layout.lines if line.source == 0 for _, across in line.points if across > 50}
    assert len(lanes) == 1


def test_the_longest_path_stands_first() -> None:
    """Of two branches, the longer goes straight on, the other beside it."""
    layout = lay_out([Item(20, 50)] * 5, [(0, 1), (0, 2), (1, 4), (2, 3), (3, 4)])
    middles = [sum(extent.across) / 2 for extent in layout.items]
    assert middles[0] == middles[2] == middles[3] == middles[4] < middles[1]


def test_what_reads_nothing_stands_right_before_its_reader() -> None:
    layout = lay_out([Item(20, 50)] * 5, [(0, 2), (2, 3), (1, 4), (3, 4)])
    assert layout.items[1].along == layout.items[3].along


def test_nothing_at_all() -> None:
    assert lay_out([], []) == Layout((), (), (), (0.0, 0))


def test_too_long_trunks_are_refused() -> None:
    """Each item of a long chain is read again by the last one: the trunks alone are half a million points."""
    number = 1000
    arrows = [(at, at + 1) for at in range(number)] + [(at, number) for at in range(number - 1)]
    with pytest.raises(TooManyToPlace):
        lay_out([Item(1, 1)] * (number + 1), sorted(arrows))


def test_a_point_is_along_then_across() -> None:
    first: Point = lay_out([Item(10, 20)] * 2, [(0, 1)]).lines[0].points[0]
    assert first == (10, 10)

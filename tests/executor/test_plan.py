"""Buffers laid out in memory: what lives at once lies apart, and what is left is used again."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archanalyzer.executor.plan import Buffer, BufferKind, lay_out

OUTPUT, EXTRA = BufferKind.OUTPUT, BufferKind.EXTRA


def buffer(first: int, last: int, elements: int, kind: BufferKind = OUTPUT) -> Buffer:
    return Buffer("output", 0, kind, (elements,), np.dtype(np.float32), first=first, last=last)


def overlaps(buffers: list[Buffer]) -> list[tuple[Buffer, Buffer]]:
    """Pairs of buffers that lie over each other while both live."""
    lasting = [each for each in buffers if each.is_lasting and each.bytes]
    return [
        (a, b)
        for a, b in combinations(lasting, 2)
        if a.first <= b.last and b.first <= a.last and a.offset < b.offset + b.bytes and b.offset < a.offset + a.bytes
    ]


def rooms(buffers: list[Buffer]) -> int:
    """The most that lives at one step, in whole cache lines."""
    lasting = [each for each in buffers if each.is_lasting]
    steps = range(max((each.last for each in lasting), default=-1) + 1)
    return max((sum(each.room for each in lasting if each.first <= step <= each.last) for step in steps), default=0)


LIFETIMES = st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12), st.integers(1, 200)), max_size=14)


@settings(deadline=None, derandomize=True, max_examples=300)
@given(LIFETIMES, st.booleans())
def test_what_lives_at_once_lies_apart(spans: list[tuple[int, int, int]], reuse: bool) -> None:
    buffers = [buffer(min(a, b), max(a, b), elements) for a, b, elements in spans]
    size = lay_out(buffers, reuse=reuse)
    assert overlaps(buffers) == []
    assert rooms(buffers) <= size
    assert all(each.offset % 64 == 0 and each.offset + each.bytes <= size for each in buffers)
    if not reuse:
        assert size == sum(each.room for each in buffers)


def test_what_is_left_is_used_again() -> None:
    """Each reads the one before it: two places do for a chain, and what is smaller goes into what was larger."""
    chain = [buffer(step, step + 1, 16 * elements) for step, elements in enumerate((4, 3, 2, 1))]
    assert lay_out(chain) == 64 * (4 + 3)
    assert [each.offset for each in chain] == [0, 256, 0, 128]


def test_the_smallest_gap_that_is_large_enough_is_taken() -> None:
    large, between, small, wall, new = (
        buffer(first, last, 16 * lines)
        for first, last, lines in ((0, 0, 3), (0, 9, 1), (0, 0, 2), (0, 9, 1), (1, 9, 2))
    )
    assert lay_out([large, between, small, wall, new]) == 64 * 7
    assert new.offset == small.offset


def test_gaps_that_touch_are_one() -> None:
    first, second, wall, new = buffer(0, 0, 16), buffer(0, 1, 16), buffer(0, 9, 16), buffer(2, 9, 32)
    assert lay_out([first, second, wall, new]) == 64 * 3
    assert new.offset == 0


def test_memory_at_the_end_is_made_longer() -> None:
    wall, last, new = buffer(0, 9, 16), buffer(0, 0, 16), buffer(1, 9, 48)
    assert lay_out([wall, last, new]) == 64 * 4
    assert new.offset == last.offset == 64


def test_extras_that_nothing_reads_later_have_no_place() -> None:
    passing, read_later = buffer(1, 1, 16, EXTRA), buffer(1, 2, 16, EXTRA)
    assert [passing.is_lasting, read_later.is_lasting] == [False, True]
    assert lay_out([passing]) == 0
    assert lay_out([read_later]) == 64


def test_a_buffer_is_as_long_as_its_numbers_and_has_room_for_whole_cache_lines() -> None:
    made = Buffer("mask", 0, EXTRA, (3, 5), np.dtype(bool))
    assert (made.bytes, made.room) == (15, 64)
    assert (made.first, made.last) == (-1, -1)
    for step in (4, 2, 3):
        made.live(step)
    assert (made.first, made.last) == (2, 4)


@pytest.mark.parametrize("elements", [16, 17, 32])
def test_room(elements: int) -> None:
    assert buffer(0, 0, elements).room == {16: 64, 17: 128, 32: 128}[elements]

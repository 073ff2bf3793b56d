"""What is told of a field: ``whole`` and ``aligned``, by hand."""

from __future__ import annotations

import pytest

from archanalyzer.passes.fields.told import Told
from archanalyzer.passes.receptive_field import ReceptiveFields
from tests.passes.fields.entries import facts_of, seen_by


def told_of(length: int, layers: str) -> Told:
    (told,) = facts_of(f"signal: [1, {length}]", layers).result(ReceptiveFields).told[-1] or ()
    return told


RESIZED = "  - max_pool1d: 2\n  - upsample: {size: 12, mode: linear, align_corners: true}\n    name: resized\n"
WAYS = {
    "pieces": "  - conv1d: {filters: 1, kernel: 3}\n    name: c\n  - concat: {axis: 1}\n    from: [signal, c]\n",
    "resized": f"{RESIZED}  - add:\n    from: [resized, signal]\n",
    "shifted": "  - conv1d: {filters: 1, kernel: 2, padding: [[1, 0]]}\n    name: c\n  - add:\n    from: [c, signal]\n",
    "three": f"{RESIZED}  - conv1d: {{filters: 1, kernel: 2, padding: [[1, 0]]}}\n    from: signal\n    name: c\n"
    "  - add:\n    from: [resized, c, signal]\n",
    "padded": "  - conv1d: {filters: 1, kernel: 3, padding: 1}\n    name: c\n  - add:\n    from: [c, signal]\n",
}


@pytest.mark.parametrize(
    ("ways", "aligned", "compared"),
    [
        ("pieces", True, True),  # no position reads both
        ("resized", True, False),  # output o looks at 5/11·o of 6, at no whole stride
        ("shifted", False, True),  # middles at −1/2 and 0
        ("three", False, True),  # the same two, and one that cannot be compared
        ("padded", True, True),
    ],
)
def test_ways_are_not_aligned_only_where_two_have_other_centres(ways: str, *, aligned: bool, compared: bool) -> None:
    told = told_of(12, WAYS[ways])
    assert (told.aligned, told.compared) == (aligned, compared)


def test_what_moves_is_not_whole_however_much_is_cut_off() -> None:
    """A kernel of 9 sees all of 5 positions from each of them, and of an endless input, 9 others from each."""
    layers = "  - conv1d: {filters: 1, kernel: 9, padding: 4}\n"
    assert seen_by(5, layers, *range(5)) == [[0, 1, 2, 3, 4]] * 5
    assert not told_of(5, layers).whole


WHOLE = "  - conv1d: {filters: 1, kernel: 6}\n  - upsample: {size: 3, mode: linear, align_corners: true}\n"
"""The one position of the convolution sees all of 6, and of three positions each reads that one."""


def test_positions_told_one_by_one_that_all_see_everything_are_whole() -> None:
    assert seen_by(6, WHOLE, 0, 1, 2) == [[0, 1, 2, 3, 4, 5]] * 3
    told = told_of(6, WHOLE)
    assert (told.whole, told.size, told.min_size, told.stride) == (True, 6, 6, None)


@pytest.mark.parametrize(
    ("length", "layers"),
    [
        (7, WHOLE.replace("kernel: 6", "kernel: 6, stride: 2")),  # position 6 is never read
        (6, f"{WHOLE}  - pad: 1\n"),  # the first and the last position see nothing
        (3, "  - adaptive_avg_pool1d: 2\n"),  # 0 and 1; 1 and 2
    ],
)
def test_positions_told_one_by_one_that_do_not_see_everything_are_not_whole(length: int, layers: str) -> None:
    assert not told_of(length, layers).whole

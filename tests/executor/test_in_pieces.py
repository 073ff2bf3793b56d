"""Pieces that fit into the memory that is left."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from archanalyzer.executor import in_pieces
from archanalyzer.executor.in_pieces import pieces, rows_at_once
from archanalyzer.executor.machine import limit_memory


@pytest.fixture(autouse=True)
def nothing_allowed() -> Iterator[None]:
    """No limit before a test, nor after it."""
    limit_memory(None)
    yield
    limit_memory(None)


@pytest.mark.parametrize("bytes_a_row", [0, 1, 2**24, 2**30])
def test_pieces_cover_all_rows_once(bytes_a_row: int) -> None:
    found = np.concatenate([np.arange(10)[piece] for piece in pieces(10, bytes_a_row, {})])
    assert found.tolist() == list(range(10))


def test_of_no_rows_there_is_no_piece() -> None:
    assert list(pieces(0, 8, {})) == []


def test_a_piece_is_what_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """100 bytes at once are 12 rows of 8. Of 60 allowed bytes, 20 others leave room for 5; a quarter of 12 is 3."""
    monkeypatch.setattr(in_pieces, "_BYTES_AT_ONCE", 100)
    assert rows_at_once(1000, 8, {}) == 12
    assert rows_at_once(7, 8, {}) == 7
    limit_memory(60)
    assert rows_at_once(1000, 8, {"others": 20}) == 3
    assert rows_at_once(1000, 8, {"others": 1000}) == 1

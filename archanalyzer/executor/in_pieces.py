"""What is computed in pieces, each of which fits into the memory that is left."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from archanalyzer.executor.errors import ExecutorError
from archanalyzer.executor.machine import require_memory

_BYTES_AT_ONCE = 2**25


def rows_at_once(rows: int, bytes_a_row: int, held: Mapping[str, int]) -> int:
    """How many of so many rows are worked on together: what 32 MiB take, fewer where less is left beside ``held``."""
    step = max(1, min(rows, _BYTES_AT_ONCE // max(1, bytes_a_row)))
    while step > 1 and not _has_room(step * bytes_a_row, held):
        step //= 2
    return step


def pieces(rows: int, bytes_a_row: int, held: Mapping[str, int]) -> Iterator[slice]:
    """So many rows in pieces, each as many as are worked on at once."""
    step = rows_at_once(rows, bytes_a_row, held)
    return (slice(start, min(start + step, rows)) for start in range(0, rows, step))


def _has_room(size: int, held: Mapping[str, int]) -> bool:
    try:
        require_memory(size, "the arrays", beside=held)
    except ExecutorError:
        return False
    return True

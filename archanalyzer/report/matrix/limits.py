"""How much of a matrix is written out: what takes ten seconds to write, nobody reads."""

from __future__ import annotations

from archanalyzer.executor.errors import ExecutorError

MOST_WRITTEN = 1_250_000
"""Entries that are not zero; of zeros, five times as many, and of entries in JSON, a fourth."""
_ZEROS_AN_ENTRY = 5


def require_short(entries: int, cells: int, what: str, *, besides: int = 0) -> None:
    """Refuses to write so many entries among so many cells; ``besides`` is what takes as long as so many more.

    Raises:
        ExecutorError: they are too many.
    """
    if entries + besides + cells // _ZEROS_AN_ENTRY > MOST_WRITTEN:
        raise ExecutorError(
            f"{what} would be too long, {max(entries, cells):,} entries: to have the numbers in a file, use `-o` with "
            "the ending .npz or .mtx"
        )

"""What the machine has."""

from __future__ import annotations

import os

from archanalyzer.executor.errors import ExecutorError

_allowed: list[int] = []


def limit_memory(size: int | None) -> int | None:
    """Allows so many bytes, None for those of the machine; returns what was allowed before."""
    before = _allowed[0] if _allowed else None
    _allowed[:] = [] if size is None else [size]
    return before


def require_memory(size: int, what: str) -> None:
    """Refuses what is larger than allowed before it is asked for: systems promise more than they have.

    Raises:
        ExecutorError: it is.
    """
    if _allowed and size > _allowed[0]:
        raise ExecutorError(f"{what} need {size:,} bytes, allowed are {_allowed[0]:,}: `--limit memory=N` allows more")
    there = _memory()
    if there is not None and not _allowed and size > there:
        raise ExecutorError(f"{what} need {size / 2**30:,.1f} GiB, the machine has {there / 2**30:,.1f} GiB")


def _memory() -> int | None:
    """Bytes of memory, None where the system does not tell."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return None

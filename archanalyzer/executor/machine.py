"""What the machine has."""

from __future__ import annotations

import os

from archanalyzer.executor.errors import ExecutorError


def require_memory(size: int, what: str) -> None:
    """Refuses what is larger than the machine's memory before it is asked for: systems promise more than they have.

    Raises:
        ExecutorError: it is.
    """
    there = _memory()
    if there is not None and size > there:
        raise ExecutorError(f"{what} need {size / 2**30:,.1f} GiB, the machine has {there / 2**30:,.1f} GiB")


def _memory() -> int | None:
    """Bytes of memory, None where the system does not tell."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return None

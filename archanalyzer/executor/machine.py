"""What the machine has, and how much of it a run may take."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from archanalyzer.executor.errors import ExecutorError

_allowed: list[int] = []
_NOTHING: Mapping[str, int] = MappingProxyType({})


def limit_memory(size: int | None) -> int | None:
    """Allows a run so many bytes in all, None for as many as the machine has; returns what was allowed before."""
    before = _allowed[0] if _allowed else None
    _allowed[:] = [] if size is None else [size]
    return before


def require_memory(size: int, what: str, *, beside: Mapping[str, int] = _NOTHING) -> None:
    """Refuses what is too large before it is asked for: systems promise more than they have.

    ``size`` is that of ``what``, in bytes; ``beside``, by what it is, is what the same run holds already. Their sum
    must neither exceed what is allowed nor what the machine has.

    Raises:
        ExecutorError: it does.
    """
    total = size + sum(beside.values())
    if _allowed and total > _allowed[0]:
        asked = f"{what} need {size:,} bytes{_shown(beside, total)}"
        raise ExecutorError(f"{asked}, allowed are {_allowed[0]:,}: `--limit memory=N` allows more")
    there = _memory()
    if there is not None and total > there:
        asked = f"{what} need {size / 2**30:,.1f} GiB"
        if size <= there:
            others = [each for each in beside if beside[each]]
            asked += f" beside {(total - size) / 2**30:,.1f} GiB of {_listed(others)}"
        raise ExecutorError(f"{asked}, the machine has {there / 2**30:,.1f} GiB")


def _shown(beside: Mapping[str, int], total: int) -> str:
    """`` beside 4,004 of the gradients: 8,012 in all``."""
    parts = [f"{size:,} of {what}" for what, size in beside.items() if size]
    return f" beside {_listed(parts)}: {total:,} in all" if parts else ""


def _listed(parts: Sequence[str]) -> str:
    *most, last = parts
    return f"{', '.join(most)} and {last}" if most else last


def _memory() -> int | None:
    """Bytes of memory, None where the system does not tell."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return None

"""What is asked of a report: which part of the facts, and what it is written on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class View(NamedTuple):
    """Which columns and rows to show.

    ``depth``: levels of blocks that are unfolded, None for all. ``sort``, ``top``: the layers alone, without blocks,
    ordered by a column, and only so many of them; ``top`` without ``sort`` takes those with the most MACs.
    """

    columns: Sequence[str] | None = None
    depth: int | None = None
    sort: str | None = None
    top: int | None = None


class Page(NamedTuple):
    """What is written on: how many columns wide, and whether it shows colours.

    ``fixed``: there is no more room, as on a terminal; else a table that was asked for may be wider where it must.
    """

    width: int = 80
    color: bool = False
    fixed: bool = True

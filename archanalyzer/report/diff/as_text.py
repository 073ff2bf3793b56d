"""What differs between two networks as text for a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from archanalyzer.passes.comparing.comparison import Comparison
from archanalyzer.report.diff.page import SAME, Look, head, overview, sections
from archanalyzer.report.parts import Notes, Pairs, Part, Title, as_text
from archanalyzer.report.view import Page


def render(comparison: Comparison, page: Page, *, every: bool) -> str:
    """The comparison; ``every``: nothing is cut short."""
    return as_text(_parts(comparison, page, every), page)


def _parts(comparison: Comparison, page: Page, every: bool) -> Iterator[Part]:
    yield head(comparison)
    if not comparison.differs:
        yield Notes([SAME])
        return
    yield Pairs(overview(comparison))
    for title, parts in sections(comparison, Look(every, page.width)):
        yield Title(title, is_section=True)
        yield from parts

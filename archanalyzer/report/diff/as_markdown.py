"""What differs between two networks as Markdown, for a comment on a pull request: totals on top, layers folded away."""

from __future__ import annotations

from collections.abc import Iterator

from archanalyzer.passes.comparing.comparison import Comparison
from archanalyzer.report.diff.page import SAME, Look, head, overview, sections
from archanalyzer.report.diff.words import in_one_line
from archanalyzer.report.parts import Notes, Pairs, as_markdown

_MOST_TOTALS = 3
"""Totals of the summary, where none of them is in the table of ``analyze``."""


def render(comparison: Comparison, *, every: bool) -> str:
    """The comparison; ``every``: nothing is cut short."""
    if not comparison.differs:
        return as_markdown([head(comparison), Notes([SAME])])
    return "\n".join((as_markdown([head(comparison), Pairs(_summary(comparison))]), *_folded(comparison, every)))


def _summary(comparison: Comparison) -> list[tuple[str, str]]:
    columns = comparison.new.facts.columns
    usual = [total for total in comparison.totals if total.name in columns and columns[total.name].shown]
    shown = usual or comparison.totals[:_MOST_TOTALS]
    totals = "; ".join(in_one_line(total) for total in shown) or "none moved"
    return [("totals", totals), *overview(comparison)]


def _folded(comparison: Comparison, every: bool) -> Iterator[str]:
    """The sections, each to be unfolded; titles are ours, so that they need no escaping."""
    for title, parts in sections(comparison, Look(every, width=None)):
        yield f"<details><summary>{title}</summary>\n\n{as_markdown(parts)}\n</details>\n"

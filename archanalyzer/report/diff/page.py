"""What differs between two networks as sections of a page: totals, layers, names, blocks, diagnostics."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import NamedTuple, TypeVar

from archanalyzer.diagnostics import Diagnostic
from archanalyzer.graph import Graph
from archanalyzer.passes.analysis import Kind
from archanalyzer.passes.comparing.comparison import (
    BlockChange,
    Comparison,
    FieldChange,
    LayerChange,
    Moved,
)
from archanalyzer.report.diff.pieces import piece_text
from archanalyzer.report.diff.running import pinned_pair, running_counts, training_pairs
from archanalyzer.report.diff.words import (
    ARROW,
    after,
    apart,
    before,
    difference,
    layers_text,
    names_text,
    percentage,
    value_text,
)
from archanalyzer.report.parts import Grid, Notes, Pairs, Part, Row, Title
from archanalyzer.report.text import escape, plural, shorten, width

MOST = 20
"""Changes of one sort that are told, unless all are asked for."""
SAME = "no difference"
_TITLES = ("before", "after", "difference", "%")
_BESIDE = 48
"""Columns of a page that are left to names, differences, percentages and gaps; before and after share the others."""
_NUMBERS = frozenset({Kind.COUNT, Kind.BYTES, Kind.REAL})
"""What is never cut."""
_NARROWEST = 12
_WIDEST = 30
"""Columns of names that a table keeps; longer ones are shortened before counts are rounded."""
_ROUNDED = "counts are rounded to fit: k, M, G, … stand for 10³, 10⁶, 10⁹, …; exact with --format json"

T = TypeVar("T")


class Section(NamedTuple):
    """A title and what stands below it."""

    title: str
    parts: tuple[Part, ...]


class Look(NamedTuple):
    """``every``: nothing is cut short; ``width``: columns of the page, None where it has no end."""

    every: bool = False
    width: int | None = 80

    def shown(self, text: str) -> str:
        """A text that is no number, as wide as its column may be."""
        return text if self.width is None else shorten(escape(text), max(_NARROWEST, (self.width - _BESIDE) // 2))

    def table(self, title: str, rows: Callable[[bool], list[Row]]) -> tuple[Part, ...]:
        """A table of what ``rows`` gives; where it is too wide, with rounded counts, for which it is asked again."""
        grid = Grid((title, *_TITLES), rows(False))
        if self.width is None or _width(grid) <= self.width:
            return (grid,)
        rounded = grid._replace(rows=rows(True))
        return (grid,) if rounded == grid else (rounded, Notes([_ROUNDED]))


def _width(grid: Grid) -> int:
    labels = [width("  " * row.indent + escape(row.cells[0])) for row in grid.rows]
    others = zip(*(row.cells[1:] for row in grid.rows), strict=True)
    return min(max(labels), _WIDEST) + sum(
        2 + max(map(width, (title, *cells))) for title, cells in zip(_TITLES, others, strict=True)
    )


def head(comparison: Comparison) -> Title:
    """The names of both sides, and where they are from."""
    names = comparison.old.graph.name, comparison.new.graph.name
    paths = comparison.old.spec.path, comparison.new.spec.path
    name = names[1] if names[0] == names[1] else ARROW.join(names)
    return Title(name, ARROW.join(paths))


def overview(comparison: Comparison) -> list[tuple[str, str]]:
    """How much is told below: of layers, and of what is pinned for running."""
    running = running_counts(comparison)
    return [("layers", counts(comparison)), *([("running", running)] if running else [])]


def counts(comparison: Comparison) -> str:
    """``1 changed, 2 added, 1 block renamed; facts of 14 others moved``."""
    told = [
        (len(comparison.changed), "changed"),
        (comparison.layers_added, "added"),
        (comparison.layers_removed, "removed"),
        (sum(not each.is_block for each in comparison.renamed), "renamed"),
        (len(comparison.reordered), "reordered"),
    ]
    parts = [f"{number:,} {word}" for number, word in told if number]
    blocks = sum(each.is_block for each in comparison.renamed)
    parts += [f"{plural(blocks, 'block')} renamed"] if blocks else []
    followed = f"facts of {plural(len(comparison.followed), 'other')} moved" if comparison.followed else ""
    return "; ".join(text for text in (", ".join(parts), followed) if text) or "none changed"


def sections(comparison: Comparison, look: Look) -> Iterator[Section]:
    """All that there is to tell."""
    if comparison.network:
        pairs = [(each.name, f"{_value(each.old)}{ARROW}{_value(each.new)}") for each in comparison.network]
        yield Section("network", (Pairs(pairs),))
    if comparison.totals:
        yield Section("totals", look.table("total", partial(_facts, comparison.totals, 0, look)))
    yield from _layers(comparison, look)
    yield from _names(comparison, look)
    touched = [block for block in comparison.blocks if block.is_own]
    others = [block for block in comparison.blocks if not block.is_own]
    yield from _blocks("blocks with changed layers", touched, look)
    yield from _following(comparison, others, look)
    yield from _running(comparison, look)
    yield from _diagnostics("diagnostics that appeared", comparison.come)
    yield from _diagnostics("diagnostics that went", comparison.gone)


def _running(comparison: Comparison, look: Look) -> Iterator[Section]:
    """How to train, and what is pinned."""
    if comparison.training:
        yield Section("training", (Pairs(training_pairs(comparison)),))
    shown, left = _capped(comparison.pinned, look)
    if shown:
        yield Section("pinned numbers", (Pairs(list(map(pinned_pair, shown))), *_more(left, "array", "arrays")))


def _layers(comparison: Comparison, look: Look) -> Iterator[Section]:
    old, new = comparison.old, comparison.new
    yield from _changes("changed layers", comparison.changed, (old.graph, new.graph), look)
    for title, analyzed, found in (
        ("removed layers", old, comparison.removed),
        ("added layers", new, comparison.added),
    ):
        shown, left = _capped(found, look)
        if shown:
            pairs = [(piece.name(analyzed.graph), piece_text(analyzed, piece)) for piece in shown]
            yield Section(title, (Pairs(pairs), *_more(left, "entry", "entries")))


def _changes(title: str, found: Sequence[LayerChange], graphs: tuple[Graph, Graph], look: Look) -> Iterator[Section]:
    shown, left = _capped(found, look)
    if shown:
        table = look.table(
            "layer", lambda rounded: [row for each in shown for row in _change(each, graphs, look, rounded)]
        )
        yield Section(title, (*table, *_more(left, "layer", "layers")))


def _change(change: LayerChange, graphs: tuple[Graph, Graph], look: Look, rounded: bool) -> list[Row]:
    types = [] if change.types is None else [FieldChange("type", *change.types)]
    reads = [] if change.reads is None else [FieldChange("reads", *map(names_text, change.reads))]
    fields = [_field(field, look) for field in (*types, *change.fields, *reads)]
    heading = _heading(graphs[0].layers[change.old].name, graphs[1].layers[change.new].name)
    return [heading, *fields, *_facts(change.facts, 1, look, rounded)]


def _heading(old: str, new: str) -> Row:
    return Row([new if old == new else f"{old}{ARROW}{new}", "", "", "", ""], is_heading=True)


def _field(field: FieldChange, look: Look) -> Row:
    values = (look.shown(_value(value)) for value in (field.old, field.new))
    return Row([field.name, *values, "", ""], indent=1)


def _value(value: object) -> str:
    return names_text(value) if isinstance(value, tuple) and _are_names(value) else value_text(value)


def _are_names(value: tuple[object, ...]) -> bool:
    return all(isinstance(each, str) for each in value)


def _facts(facts: Sequence[Moved], indent: int, look: Look, rounded: bool) -> list[Row]:
    return [_fact(each, indent, look, rounded=rounded) for fact in facts for each in apart(fact)]


def _fact(fact: Moved, indent: int, look: Look, *, rounded: bool) -> Row:
    values = before(fact, rounded=rounded), after(fact, rounded=rounded)
    shown = values if fact.kind in _NUMBERS else map(look.shown, values)
    return Row([fact.title, *shown, difference(fact, rounded=rounded), percentage(fact)], indent)


def _names(comparison: Comparison, look: Look) -> Iterator[Section]:
    """Names that changed: those that only count on in short."""
    named = [each for each in comparison.renamed if look.every or not each.renumbered]
    counted = [] if look.every else [each for each in comparison.renamed if each.renumbered]
    shown, left = _capped(named, look)
    rows = [
        Row([each.old, each.new, f"block of {layers_text(each.layers)}" if each.is_block else "layer"])
        for each in shown
    ]
    notes = [f"{left:,} more, with --all"] if left else []
    if counted:
        first, last = counted[0], counted[-1]
        example = f"{first.old}{ARROW}{first.new}"
        to = f" to {last.old}{ARROW}{last.new}" if last is not first else ""
        notes.append(f"{len(counted):,} with another number: {example}{to}{'' if len(counted) <= 2 else '; --all'}")
    if rows or notes:
        grid = (Grid(("before", "after", "what"), rows, frozenset({1, 2})),) if rows else ()
        yield Section("renamed", (*grid, Notes(notes)))
    yield from _regrouped(comparison, look)


def _regrouped(comparison: Comparison, look: Look) -> Iterator[Section]:
    """Blocks around layers that are on both sides, and layers that are computed at another place."""
    around = [
        (piece.name(analyzed.graph), f"{word} around {layers_text(piece.stop - piece.start)}")
        for word, analyzed, found in (
            ("taken away", comparison.old, comparison.ungrouped),
            ("put", comparison.new, comparison.grouped),
        )
        for piece in found
    ]
    if around:
        shown, left = _capped(around, look)
        yield Section("blocks regrouped", (Pairs(shown), *_more(left, "block", "blocks")))
    if comparison.reordered:
        names, left = _capped([new for _, new in comparison.reordered], look)
        more = f" and {left:,} more, with --all" if left else ""
        yield Section("computed in another order", (Notes([f"{', '.join(names)}{more}"]),))


def _blocks(title: str, found: Sequence[BlockChange], look: Look) -> Iterator[Section]:
    shown, left = _capped(found, look)

    def rows(rounded: bool) -> list[Row]:
        of_each = ([_heading(each.old.name, each.new.name), *_facts(each.facts, 1, look, rounded)] for each in shown)
        return [row for of_block in of_each for row in of_block]

    if shown:
        yield Section(title, (*look.table("block", rows), *_more(left, "block", "blocks")))


def _following(comparison: Comparison, blocks: Sequence[BlockChange], look: Look) -> Iterator[Section]:
    """What is as it was, while its facts moved: how many, or all."""
    graphs = comparison.old.graph, comparison.new.graph
    if look.every:
        yield from _changes("unchanged layers whose facts moved", comparison.followed, graphs, look)
        yield from _blocks("unchanged blocks whose facts moved", blocks, look)
        return
    if not comparison.followed and not blocks:
        return
    facts = [*(each.facts for each in comparison.followed), *(each.facts for each in blocks)]
    titles = ", ".join(dict.fromkeys(fact.title for moved in facts for fact in moved))
    number = layers_text(len(comparison.followed))
    beside = f" and {plural(len(blocks), 'block')}" if blocks else ""
    text = f"{number}{beside}: {titles}; listed with --all"
    yield Section("unchanged, but with facts that moved", (Notes([text]),))


def _diagnostics(title: str, found: Sequence[Diagnostic]) -> Iterator[Section]:
    if found:
        pairs = [(f"{each.severity.value}[{each.rule.code}]", _where(each)) for each in found]
        yield Section(title, (Pairs(pairs),))


def _where(diagnostic: Diagnostic) -> str:
    return f"{diagnostic.source}: {diagnostic.message}" if diagnostic.source else diagnostic.message


def _capped(found: Sequence[T], look: Look) -> tuple[Sequence[T], int]:
    """Those that are told, and how many are not."""
    return (found, 0) if look.every or len(found) <= MOST else (found[:MOST], len(found) - MOST)


def _more(left: int, one: str, many: str) -> tuple[Notes, ...]:
    return (Notes([f"{left:,} more {one if left == 1 else many}, with --all"]),) if left else ()

"""Forward and backward propagation as an SVG: the way forward above, the way back below it, from right to left.

A chain is broken into lines of a page's width; a network that branches is laid out in ranks from left to right. Of a
diagonal network, the chains of the units stand below each other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from archanalyzer.passes.drawing_flow import Flow, units
from archanalyzer.report.drawing.as_svg import MOST_BOXES
from archanalyzer.report.drawing.flow_cells import (
    ABOVE,
    APART,
    STYLE,
    Lead,
    cell_height,
    cell_width,
    draw_cell,
    draw_lead,
)
from archanalyzer.report.drawing.flow_words import Cell, cells, legend, shown_units
from archanalyzer.report.drawing.layout import Item, Line, Spacing, lay_out
from archanalyzer.report.drawing.ranks import TooManyToPlace
from archanalyzer.report.drawing.svg_parts import Place, document, text, text_width, way
from archanalyzer.report.text import escape

_WIDEST = 1180.0
"""Of a line of a chain."""
_MARGIN = 28.0
_HEADING = 62.0
_LINE = 16.0
_SPACING = Spacing(along=40, across=28, trunk=62, lane=106, track=22, port=9, reach=15)
_BETWEEN = 6.0
"""Half of what is between the way forward and the way back where both run beside each other."""


def render(flow: Flow, *, diagonal: bool = False) -> str:
    """The SVG; ``diagonal``: each unit as a chain of its own.

    Raises:
        NotDiagonal: it is to be, but the network does not fall into such chains.
        TooManyToPlace: there are more layers than can be laid out, or ways between them that are too long.
    """
    title = f"{escape(flow.graph.name)}: forward and back"
    if diagonal:
        content, size = _stacked(flow)
    elif flow.is_chain:
        content, size = _chain(cells(flow))
    else:
        content, size = _branching(cells(flow))
    notes = legend(flow, diagonal=diagonal)
    wide = max(size[0], *(text_width(each, 11) for each in notes), text_width(title, 19))
    whole = (wide + 2 * _MARGIN, size[1] + _HEADING + _MARGIN + _LINE * len(notes))
    below = size[1] + _HEADING + 10
    told = [text(note, (_MARGIN, below + _LINE * at), "aa-note") for at, note in enumerate(notes)]
    moved = f'<g transform="translate({_MARGIN:g} {_HEADING:g})">'
    return document(title, whole, STYLE, [text(title, (_MARGIN, 34), "aa-title"), moved, *content, "</g>", *told])


def _chain(row: Sequence[Cell], top: float = 0) -> tuple[list[str], Place]:
    """A chain in lines, the first ``top`` from above; how wide and high it is, from there."""
    lines: list[list[Cell]] = [[]]
    at = 0.0
    for cell in row:
        if lines[-1] and at + cell_width(cell) > _WIDEST:
            lines.append([])
            at = 0
        lines[-1].append(cell)
        at += cell_width(cell)
    content: list[str] = []
    wide, here = 0.0, top
    before: Cell | None = None
    for line in lines:
        forward = here + ABOVE
        x = 0.0
        for cell in line:
            if before is not None:
                goes_back = before.arrives and cell.passes
                content += draw_lead(Lead(x, forward, forward + APART), goes_back=goes_back)
            content += draw_cell(cell, (x, forward), repeated=before if cell is line[0] else None)
            x += cell_width(cell)
            before = cell
        wide = max(wide, x)
        here += max(map(cell_height, line))
    return content, (wide, here - top)


def _stacked(flow: Flow) -> tuple[list[str], Place]:
    """The chains of the units, below each other."""
    number = units(flow)
    shown = shown_units(number)
    content: list[str] = []
    wide, here = 0.0, 0.0
    for unit in shown:
        if unit - 1 not in {0, *shown}:
            content.append(text(f"⋮  {number - len(shown):,} units more", (12, here + 18), "aa-note"))
            here += 34
        chain, size = _chain(cells(flow, unit), here)
        content += chain
        wide, here = max(wide, size[0]), here + size[1]
    return content, (wide, here)


def _branching(row: Sequence[Cell]) -> tuple[list[str], Place]:
    """A network with branches."""
    if len(row) > MOST_BOXES:
        raise TooManyToPlace
    items = [Item(cell_width(cell), 2 * max(ABOVE + APART / 2, cell_height(cell) - ABOVE - APART / 2)) for cell in row]
    arrows = [(source, at) for at, cell in enumerate(row) for source in dict.fromkeys(cell.sources)]
    layout = lay_out(items, arrows, (), _SPACING)
    content: list[str] = []
    returning: dict[int, int] = {}
    for line in layout.lines:
        # Of a trunk, the pieces before the last lead back too, if any of those that read it passes something on.
        passes = [row[target].passes for source, target in arrows if source == line.source]
        goes_back = row[line.source].arrives and (row[line.target].passes if line.ends else any(passes))
        content += _ribbon(line, goes_back=goes_back)
        if line.ends:
            arrives, across = line.points[-1]
            lead = Lead(arrives, across - APART / 2, across + APART / 2)
            content += draw_lead(lead, goes_back=goes_back)
            returning[line.source] = returning.get(line.source, 0) + goes_back
    for at, (cell, extent) in enumerate(zip(row, layout.items, strict=True)):
        middle = sum(extent.across) / 2
        joins = returning.get(at, 0) > 1
        content += draw_cell(cell, (extent.along[0], middle - APART / 2), named=True, joins=joins)
    return content, layout.size


def _ribbon(line: Line, *, goes_back: bool) -> Iterator[str]:
    """Both ways along a line: above it forward, below it back, so that they do not cross at its corners."""
    points = line.points
    shift = 0.0
    if len(points) > 2:
        shift = _BETWEEN if points[-1][1] > points[0][1] else -_BETWEEN
    for offset, moved in ((-APART / 2, shift), (APART / 2, -shift)):
        if offset < 0 or goes_back:
            shown = [
                (along + (moved if 0 < at < len(points) - 1 else 0), across + offset)
                for at, (along, across) in enumerate(points)
            ]
            yield way(shown, "aa-line" if offset < 0 else "aa-back")

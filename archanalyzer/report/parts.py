"""Reports as text or Markdown: titles, lines, tables and notes, one below the other."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, TypeAlias

from archanalyzer.report.markup import in_markdown
from archanalyzer.report.text import escape, shorten, width
from archanalyzer.report.view import Page

_GAP = "  "
_NARROWEST = 12
"""Columns of text are not made narrower than this."""
_DEEPEST = 24
"""Columns of indentation, at most."""
_BOLD, _DIM = "1", "2"


class Title(NamedTuple):
    """A name, and beside it where it is from; all text of a spec is written as it stands there."""

    text: str
    beside: str = ""
    is_section: bool = False


class Pairs(NamedTuple):
    """What is known of something, by its name."""

    pairs: Sequence[tuple[str, str]]


class Row(NamedTuple):
    """The cells of a line of a table; the first one is indented. A heading stands above those further in."""

    cells: Sequence[str]
    indent: int = 0
    is_heading: bool = False


class Grid(NamedTuple):
    """A table. ``left``: the columns of text, beside the first one; numbers are on the right."""

    titles: Sequence[str]
    rows: Sequence[Row]
    left: frozenset[int] = frozenset()


class Notes(NamedTuple):
    """What a reader must know of what stands above; lines of their own."""

    lines: Sequence[str]


class Verbatim(NamedTuple):
    """Finished lines."""

    text: str


Part: TypeAlias = Title | Pairs | Grid | Notes | Verbatim


def as_text(parts: Iterable[Part], page: Page) -> str:
    """The parts with an empty line between them."""
    return "\n".join("".join(f"{line}\n" for line in _lines(part, page)) for part in parts if not _is_empty(part))


def _is_empty(part: Part) -> bool:
    return isinstance(part, Pairs | Notes | Verbatim) and not part[0]


def _lines(part: Part, page: Page) -> Iterator[str]:
    match part:
        case Title(text, beside):
            yield from _title(shorten(escape(text), page.width), escape(beside), page)
        case Pairs(pairs):
            wide = max(width(escape(name)) for name, _ in pairs)
            for name, text in pairs:
                yield from _beside(escape(name), escape(text), wide, page)
        case Grid():
            yield from _grid(part, page)
        case Notes(lines):
            for line in lines:
                yield from (_painted(piece, _DIM, page) for piece in _wrapped(escape(line), page.width))
        case Verbatim(text):
            yield from text.splitlines()


def _title(name: str, beside: str, page: Page) -> Iterator[str]:
    """A name and where it is from, below it where both do not fit into one line."""
    shown, dim = _painted(name, _BOLD, page), _painted(beside, _DIM, page)
    if width(name) + len(_GAP) + width(beside) <= page.width:
        yield f"{shown}{_GAP}{dim}" if beside else shown
    else:
        yield from (shown, dim)


def _beside(name: str, text: str, wide: int, page: Page) -> Iterator[str]:
    head = " " * (wide - width(name))
    for number, piece in enumerate(_wrapped(text, page.width - wide - len(_GAP)) or [""]):
        yield f"{_painted(name, _DIM, page) + head if number == 0 else ' ' * wide}{_GAP}{piece}".rstrip()


def _wrapped(text: str, most: int) -> list[str]:
    return textwrap.wrap(text, max(most, _NARROWEST), break_on_hyphens=False)


def _painted(text: str, code: str, page: Page) -> str:
    return f"\x1b[{code}m{text}\x1b[0m" if page.color and text else text


def _grid(grid: Grid, page: Page) -> Iterator[str]:
    labels = [" " * min(len(_GAP) * row.indent, _DEEPEST) + escape(row.cells[0]) for row in grid.rows]
    rows = [[label, *map(escape, row.cells[1:])] for label, row in zip(labels, grid.rows, strict=True)]
    columns = list(zip(grid.titles, *rows, strict=True))
    widths = [max(map(width, column)) for column in columns]
    excess = sum(widths) + len(_GAP) * (len(widths) - 1) - page.width
    for at in sorted({0, *grid.left}, key=lambda at: -widths[at]):
        taken = max(0, min(excess, widths[at] - _NARROWEST))
        widths[at], excess = widths[at] - taken, excess - taken
    yield _painted(_row(grid.titles, widths, grid.left), _BOLD, page)
    yield _painted("─" * (sum(widths) + len(_GAP) * (len(widths) - 1)), _DIM, page)
    for cells, row in zip(rows, grid.rows, strict=True):
        line = _row(cells, widths, grid.left)
        yield _painted(line, _BOLD, page) if row.is_heading else line


def _row(cells: Sequence[str], widths: Sequence[int], left: frozenset[int]) -> str:
    shown = []
    for at, (cell, wide) in enumerate(zip(cells, widths, strict=True)):
        text = shorten(cell, wide)
        space = " " * (wide - width(text))
        shown.append(text + space if at == 0 or at in left else space + text)
    return _GAP.join(shown).rstrip()


def as_markdown(parts: Iterable[Part]) -> str:
    """The parts as Markdown."""
    return "\n".join("".join(f"{line}\n" for line in _markdown(part)) for part in parts if not _is_empty(part))


def _markdown(part: Part) -> Iterator[str]:
    match part:
        case Title(text, beside, is_section):
            place = f" ({in_markdown(beside)})" if beside else ""
            yield f"{'####' if is_section else '###'} {in_markdown(text)}{place}"
        case Pairs(pairs):
            yield from (f"- {in_markdown(name)}: {in_markdown(text)}" for name, text in pairs)
        case Grid(titles, rows, left):
            yield _cells(map(in_markdown, titles))
            yield _cells([":--" if at == 0 or at in left else "--:" for at in range(len(titles))])
            for row in rows:
                yield _cells([_label(row), *map(in_markdown, row.cells[1:])])
        case Notes(lines):
            yield "\\\n".join(f"<sub>{in_markdown(line)}</sub>" for line in lines)
        case Verbatim(text):
            yield from ("```text", *text.splitlines(), "```")


def _label(row: Row) -> str:
    label = in_markdown(row.cells[0])
    return "&emsp;" * row.indent + (f"**{label}**" if row.is_heading else label)


def _cells(texts: Iterable[str]) -> str:
    return f"| {' | '.join(texts)} |"

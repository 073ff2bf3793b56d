"""What there is, listed and explained from its own declarations: what the lists of layer types and passes share.

The pages ``docs/layers.md`` and ``docs/facts.md`` are made of the same pieces.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Sequence

from archanalyzer.report.text import width

_LEAST = 20
"""Columns that a text has at least, on however narrow a page."""
# A full stop that ends a sentence, and not "et al. 2016".
_SENTENCE = re.compile(r"^.*?\.(?= [A-Z(]|$)")


def prose(text: str | None) -> str:
    """A docstring as Markdown: one level of indentation taken off, single backquotes."""
    first, *rest = (text or "").strip().replace("``", "`").splitlines() or [""]
    if all(line.startswith("    ") for line in rest if line.strip()):
        rest = [line.removeprefix("    ") for line in rest]
    return "\n".join((first, *rest))


def first_paragraph(text: str | None) -> str:
    """The first paragraph of a docstring, on one line."""
    return " ".join(prose(text).partition("\n\n")[0].split())


def first_sentence(text: str | None) -> str:
    """The first sentence of a docstring; all of the first paragraph where that is none."""
    paragraph = first_paragraph(text)
    sentence = _SENTENCE.match(paragraph)
    return sentence[0] if sentence else paragraph


def filled(text: str, columns: int, indent: str = "") -> str:
    """A text in lines of at most so many columns, each behind ``indent``."""
    room = max(columns, _LEAST + len(indent))
    return (
        textwrap.fill(
            text, room, initial_indent=indent, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
        )
        + "\n"
    )


def paragraphs(text: str | None, columns: int) -> str:
    """A docstring in paragraphs of so many columns; what is indented in it, as formulas are, stays as it is."""
    parts = (part for part in prose(text).split("\n\n") if part.strip())
    return "\n".join(
        f"{part.rstrip()}\n" if part.startswith("    ") else filled(" ".join(part.split()), columns) for part in parts
    )


def table(rows: Iterable[Sequence[str]], columns: int, indent: str = "  ") -> str:
    """Rows of cells, the last of which is a text that goes on below itself where it is too long."""
    listed = list(rows)
    widths = [max(map(width, cells)) for cells in zip(*(row[:-1] for row in listed), strict=True)]
    lines = []
    for row in listed:
        cells = (cell + " " * (most - width(cell)) for cell, most in zip(row, widths, strict=False))
        head = indent + "".join(f"{cell}  " for cell in cells)
        text = filled(row[-1], max(columns, width(head) + _LEAST), " " * width(head))
        lines.append(f"{head}{text.lstrip()}".rstrip() + "\n")
    return "".join(lines)

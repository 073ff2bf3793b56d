"""Any text as Markdown or LaTeX shows it: what would mean something there is escaped."""

from __future__ import annotations

import re

from archanalyzer.report.text import escape

# What means something in a cell; an underscore only at the edge of a word, so that names stay readable.
_IN_MARKDOWN = re.compile(r"[\\`*<>\[\]|~$&#@]|(?<![^\W_])_|_(?![^\W_])")
_IN_LATEX = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        **{character: f"\\{character}" for character in "&%$#_{}"},
        "<": r"\textless{}",
        ">": r"\textgreater{}",
        "×": r"$\times$",
        "·": r"$\cdot$",
        "−": r"$-$",
        "≥": r"$\geq$",
        "≤": r"$\leq$",
        "←": r"$\gets$",
        "→": r"$\to$",
        "⌊": r"$\lfloor$",
        "⌋": r"$\rfloor$",
        "⌈": r"$\lceil$",
        "⌉": r"$\rceil$",
        "–": "--",
        "…": r"\dots{}",
    }
)


def in_markdown(text: str) -> str:
    """The text as a line or a cell of Markdown."""
    return _IN_MARKDOWN.sub(r"\\\g<0>", escape(text))


def in_latex(text: str) -> str:
    """The text as LaTeX typesets it outside of formulas."""
    return escape(text).translate(_IN_LATEX)

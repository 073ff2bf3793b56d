r"""Explanations in LaTeX: equations in ``align*``, which needs ``\usepackage{amsmath}``, tables as ``tabular``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from archanalyzer.passes.analyzing import Analyzed
from archanalyzer.report.explanation.arithmetic import Signs
from archanalyzer.report.explanation.count import Equation, Explained, notes, sections
from archanalyzer.report.markup import in_latex
from archanalyzer.report.parts import Grid, Notes, Pairs, Part, Title
from archanalyzer.report.text import escape

_LONGEST = 90
"""Characters of LaTeX, numbers and signs, behind which a sum goes on in the next line."""
_TIMES = r" \times "


def _named(number: str, name: str) -> str:
    return f"\\underbrace{{{number}}}_{{\\text{{{in_latex(name)}}}}}" if name else number


LATEX = Signs(_TIMES, _TIMES, "{,}", _named)


def parts_as_latex(parts: Iterable[Part]) -> str:
    """A report as LaTeX: titles as paragraphs, each table as a ``tabular`` in the style of booktabs."""
    lines = ["% needs \\usepackage{booktabs}"]
    for part in parts:
        lines += ["", *_part(part)]
    return "".join(f"{line}\n" for line in lines)


def _part(part: Part) -> Iterator[str]:
    match part:
        case Title(text, beside):
            yield f"\\paragraph{{{in_latex(text)}}} {in_latex(beside)}".rstrip()
        case Pairs(pairs):
            yield r"\noindent"
            yield from (f"{in_latex(name)}: {in_latex(text)} \\\\" for name, text in pairs)
        case Notes(lines):
            yield r"\noindent"
            yield from (f"{in_latex(line)} \\\\" for line in lines)
        case Grid(titles, rows, left):
            align = ("l" if column == 0 or column in left else "r" for column in range(len(titles)))
            yield f"\\begin{{tabular}}{{{''.join(align)}}}"
            yield from (r"  \toprule", _row(titles), r"  \midrule")
            yield from (_row(row.cells) for row in rows)
            yield from (r"  \bottomrule", r"\end{tabular}")


def _row(cells: Iterable[str]) -> str:
    # An empty group, so that no cell that begins with a bracket is taken for an argument of the line before.
    return f"  {{}}{' & '.join(map(in_latex, cells))} \\\\"


def count_as_latex(analyzed: Analyzed, explained: Explained) -> str:
    """The equations of a count, one below the other."""
    parts = []
    for number, section in enumerate(sections(analyzed, explained, LATEX)):
        heading = section.title if number else f"{analyzed.graph.name}: {section.title}"
        total = [] if section.total is None else [section.total]
        parts.append("\n".join(_aligned(heading, [*section.equations, *total])) + "\n")
    said = "".join(f"% {escape(note)}\n" for note in notes(explained))
    return "\n".join([*parts, said] if said else parts)


def _aligned(heading: str, equations: Sequence[Equation]) -> Iterator[str]:
    yield f"\\noindent {in_latex(heading)}"
    if not equations:
        yield r"\[ 0 \]"
        return
    yield r"\begin{align*}"
    lines = [line for equation in equations for line in _lines(equation)]
    yield from (f"  {line}{_end(number, lines)}" for number, line in enumerate(lines, start=1))
    yield r"\end{align*}"


def _end(number: int, lines: Sequence[str]) -> str:
    return "" if number == len(lines) else r" \\"


def _lines(equation: Equation) -> Iterator[str]:
    name = f"\\text{{{in_latex(equation.name)}}}" if equation.name else ""
    *before, last = _broken(equation.text)
    first, *others = [*before, f"{last} = {LATEX.number(equation.value)}"]
    yield f"{name}&\\quad {first}"
    yield from (f"&\\qquad {{}} + {line}" for line in others)


def _broken(text: str) -> Iterator[str]:
    """A sum in lines that are short enough, broken before a plus."""
    line = ""
    for term in text.split(" + "):
        if line and len(line) + len(term) > _LONGEST:
            yield line
            line = term
        else:
            line = f"{line} + {term}" if line else term
    yield line

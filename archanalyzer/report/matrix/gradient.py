"""The matrix E that makes a layer's gradient by its weights of δ·oᵀ, and the sums that it stands for."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from typing import NamedTuple

from archanalyzer.executor.matrix_answer import MatrixAnswer
from archanalyzer.executor.weight_terms import Terms
from archanalyzer.report.matrix.entries import CONSTANT, Term, of_numbers
from archanalyzer.report.matrix.grid import MOST_ROWS, Room, grid
from archanalyzer.report.matrix.lists import entry_list, left_out
from archanalyzer.report.matrix.words import Names, Notation, Writer, place
from archanalyzer.report.text import width as width_of

_LEAST_WIDTH = 20


def gradient(
    answer: MatrixAnswer, terms: Terms, offset_terms: Terms, notation: Notation, width: int | None, *, lists: bool
) -> Iterator[str]:
    """E, in lines of this width, None for all of it, or as a list of entries, and the sums."""
    page = _Gradient(answer, terms, offset_terms, notation, width)
    yield from page.head()
    yield ""
    if lists:
        yield from entry_list(of_numbers(terms.parts), page.writer, "entry", is_whole=width is None)
    else:
        yield from page.matrix()
    yield ""
    yield from page.sums()


class Formulas(NamedTuple):
    """What the gradient is, what stands for what in it, the sums, and how many of them are left out, if any are."""

    rule: str
    meaning: str
    sums: tuple[str, ...]
    left_out: tuple[str, ...]


def formulas(
    answer: MatrixAnswer, terms: Terms, offset_terms: Terms, notation: Notation, width: int | None
) -> Formulas:
    """The same as formulas, without E itself; sums end with an ellipsis where they are longer than ``width``."""
    page = _Gradient(answer, terms, offset_terms, notation, width)
    rule, *meaning = page.head()
    sums = list(page.sums())
    return Formulas(
        rule,
        "; ".join(meaning),
        tuple(each for each in sums if "=" in each),
        tuple(each for each in sums if "=" not in each),
    )


class _Gradient:
    """The gradients by the weights and biases that a matrix and its offset are in terms of."""

    def __init__(
        self, answer: MatrixAnswer, terms: Terms, offset_terms: Terms, notation: Notation, width: int | None
    ) -> None:
        self.output = answer.output[1]
        shapes = [shape for _, shape in answer.inputs]
        self.input = shapes[0] if len(shapes) == 1 else (sum(map(prod, shapes)),)
        self.terms = terms
        self.notation = notation
        self.width = width
        self.names = Names(offset_terms.weights)
        self.writer = Writer(Names(()), notation)
        self.products = of_numbers(terms.parts)
        self.alone = of_numbers(offset_terms.parts)

    def head(self) -> Iterator[str]:
        """What E is."""
        signs, (rows, columns) = self.notation, self.terms.parts.shape
        letters = ", ".join(dict.fromkeys(self.names.letters[: len(self.terms.weights)]))
        product = f"{signs.delta}{signs.times}o{signs.transposed}"
        by = f"{signs.partial}l/{signs.partial}"
        added = f" + C{signs.times}{signs.delta}" if any(map(self.alone.of_row, range(rows))) else ""
        yield f"{by}{letters} = E{signs.times}vec({product}){added}"
        of_offset = ", C has the factors of the weights in c" if added else ""
        yield f"{signs.delta} = {by}vec(output), o = vec(input){of_offset}"
        yield f"E is {rows:,}×{columns:,}: a row for each weight, a column for each entry of {product}, row by row"

    def matrix(self) -> Iterator[str]:
        """E between brackets, the weights' names before its rows, the rows of δ·oᵀ set apart."""
        room = Room(None, None)
        heads = [self.names.of(number, self.notation) for number in range(self._shown(self.terms.parts.shape[0]))]
        wide = max(map(width_of, heads), default=0)
        if self.width is not None:
            room = Room(max(self.width - wide - 1, _LEAST_WIDTH))
        shapes = [weight.shape for weight in self.terms.weights]
        shown = grid(self.products, self.writer, shapes, [self.terms.shape], room)
        for head, line in zip(shown.heads, shown.lines, strict=True):
            text = "" if head is None else heads[head]
            yield f"{text}{' ' * (wide - width_of(text))} {line}"
        yield from left_out(shown.rows, shown.columns, self.terms.parts.shape)

    def _shown(self, rows: int) -> int:
        return rows if self.width is None else min(MOST_ROWS, rows)

    def sums(self) -> Iterator[str]:
        """What each gradient adds up: products of δ and o, and δ alone; those of the biases last."""
        weights, both = self.products.shape[0], self.alone.shape[0]
        for first, last in ((0, weights), (weights, both)):
            shown = self._shown(last - first)
            for number in range(first, first + shown):
                yield self._sum(number)
            if shown < last - first:
                yield f"{shown:,} of {last - first:,} sums; `--full` shows all"

    def _sum(self, number: int) -> str:
        partial = self.notation.partial
        text = f"{partial}l/{partial}{self.names.of(number, self.notation)} ="
        first = text
        for factor, product in self._summands(number):
            sign = " -" if factor < 0 else "" if text is first else " +"
            piece = f"{sign} {self._times(abs(factor))}{product}"
            if self.width is not None and width_of(text + piece) > self.width - len(" + …"):
                return f"{text} + …"
            text += piece
        return f"{text} 0" if text is first else text

    def _summands(self, number: int) -> Iterator[tuple[float, str]]:
        """Factors, and what they multiply; at most so many as a line has room for, where lines end."""
        if number < self.products.shape[0]:
            for key, (term,) in self.products.of_row(number, most=self.width).items():
                row, column = divmod(key, self.terms.shape[1])
                o = self.notation.subscripted("o", place(column, self.input))
                yield term.factor, f"{self._delta(row)}{self.notation.times}{o}"
        for row, (term,) in self.alone.of_row(number, most=self.width).items():
            yield term.factor, self._delta(row)

    def _delta(self, row: int) -> str:
        return self.notation.subscripted(self.notation.delta, place(row, self.output))

    def _times(self, factor: float) -> str:
        return "" if factor == 1 else f"{self.writer.entry([Term(factor, CONSTANT)])}{self.notation.times}"

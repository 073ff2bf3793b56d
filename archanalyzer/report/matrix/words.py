"""How an entry of a matrix is written: weights by letter and subscripts, numbers as fractions where they are such."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from math import prod
from typing import NamedTuple

import numpy as np

from archanalyzer.executor.weight_terms import has_kernel
from archanalyzer.graph import Role, Weight
from archanalyzer.report.matrix.entries import CONSTANT, Term

_LARGEST_DENOMINATOR = 100_000
_SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


class Brackets(NamedTuple):
    """What stands at a side of a matrix: of its first line, of those between, of its last, and of a single one."""

    top: str
    middle: str
    bottom: str
    only: str

    def of(self, line: int, lines: int) -> str:
        """That of one of so many lines."""
        if lines == 1:
            return self.only
        return self.top if line == 0 else self.bottom if line == lines - 1 else self.middle


class Notation(NamedTuple):
    """The signs: of a product, of a zero, of what is left out to the right and below, of lines between parts."""

    subscripted: Callable[[str, str], str]
    fraction: Callable[[Fraction], str]
    times: str
    zero: str
    right: str
    down: str
    bar: str
    dash: str
    cross: str
    left_bracket: Brackets
    right_bracket: Brackets
    delta: str
    partial: str
    transposed: str


def _latex_fraction(value: Fraction) -> str:
    sign = "-" if value < 0 else ""
    return str(value) if value.denominator == 1 else f"{sign}\\frac{{{abs(value.numerator)}}}{{{value.denominator}}}"


UNICODE = Notation(
    lambda letter, below: letter + below.translate(_SUBSCRIPTS),
    str,
    *("·", "·", "⋯", "⋮", "│", "─", "┼"),
    Brackets("⎡", "⎢", "⎣", "["),
    Brackets("⎤", "⎥", "⎦", "]"),
    *("δ", "∂", "ᵀ"),
)
ASCII = Notation(
    lambda letter, below: f"{letter}{below}",
    str,
    *("*", ".", "...", "...", "|", "-", "+"),
    Brackets("[", "[", "[", "["),
    Brackets("]", "]", "]", "]"),
    *("delta", "d", "^T"),
)
LATEX = Notation(
    lambda letter, below: f"{letter}_{{{below}}}" if below else letter,
    _latex_fraction,
    *(r"\,", r"\cdot", r"\cdots", r"\vdots", "|", "", ""),
    Brackets("", "", "", ""),
    Brackets("", "", "", ""),
    *(r"\delta", r"\partial ", "^T"),
)


def subscripts(index: Sequence[int], shape: Sequence[int]) -> str:
    """The place in an array, counted from 1, along those axes that are longer than 1; commas where one exceeds 9."""
    axes = [axis for axis, extent in enumerate(shape) if extent > 1]
    return ("," if any(shape[axis] > 9 for axis in axes) else "").join(str(index[axis] + 1) for axis in axes)


def place(number: int, shape: Sequence[int]) -> str:
    """The subscripts of the element of this number, in C order."""
    return subscripts([int(each) for each in np.unravel_index(number, tuple(shape))], shape)


class Names:
    """The letters and subscripts of the numbers of some arrays, counted through them in C order.

    The letter is h of an array with a kernel, b of a bias, w of another; the array's own name where several would have
    one letter.
    """

    def __init__(self, weights: Sequence[Weight]) -> None:
        self.weights = tuple(weights)
        letters = [_letter(weight) for weight in weights]
        pairs = zip(self.weights, letters, strict=True)
        self.letters = tuple(letter if letters.count(letter) == 1 else weight.name for weight, letter in pairs)

    def of(self, weight: int, notation: Notation) -> str:
        """The name of the weight of this number."""
        for array, letter in zip(self.weights, self.letters, strict=True):
            if weight < array.elements:
                return notation.subscripted(_letter_text(letter, notation), place(weight, array.shape))
            weight -= array.elements
        raise IndexError(weight)

    def place(self, weight: int) -> tuple[int, tuple[int, ...]]:
        """Which of the arrays the weight of this number is in, and where."""
        for number, array in enumerate(self.weights):
            if weight < array.elements:
                return number, tuple(int(each) for each in np.unravel_index(weight, array.shape))
            weight -= array.elements
        raise IndexError(weight)


def _letter(weight: Weight) -> str:
    if weight.role is Role.BIAS:
        return "b"
    return "h" if has_kernel(weight) else "w"


def _letter_text(letter: str, notation: Notation) -> str:
    return f"\\mathrm{{{letter.replace('_', chr(92) + '_')}}}" if notation is LATEX and len(letter) > 1 else letter


class Writer(NamedTuple):
    """Writes entries: the names of the weights, and the signs."""

    names: Names
    notation: Notation
    is_exact: bool = True
    """Whether a number is written as a fraction where one gives it, or as a decimal."""

    def entry(self, terms: Sequence[Term]) -> str:
        """A sum: ``1/2·h₁ + 1/2·h₂``."""
        texts = [self._term(term) for term in terms]
        text = texts[0] if texts else self.notation.zero
        for following in texts[1:]:
            text += f" - {following.removeprefix('-')}" if following.startswith("-") else f" + {following}"
        return text

    def _term(self, term: Term) -> str:
        if term.weight == CONSTANT:
            return self.number(term.factor)
        name = self.names.of(term.weight, self.notation)
        if abs(term.factor) == 1:
            return f"-{name}" if term.factor < 0 else name
        return f"{self.number(term.factor)}{self.notation.times}{name}"

    def number(self, value: float) -> str:
        """``1/4`` where that is the number, as near as a float comes to it; else six digits."""
        if self.is_exact and (fraction := as_fraction(value)) is not None:
            return self.notation.fraction(fraction)
        text = f"{value:.6g}"
        if self.notation is LATEX and "e" in text:
            digits, _, exponent = text.partition("e")
            return f"{digits} \\cdot 10^{{{int(exponent)}}}"
        return text


def as_fraction(value: float) -> Fraction | None:
    """The fraction of a small denominator that is this number once it is rounded to a float; None where none is."""
    if abs(value) >= 2**53:
        return None
    fraction = Fraction(value).limit_denominator(_LARGEST_DENOMINATOR)
    return fraction if float(fraction) == value else None


def level(position: int, shapes: Sequence[Sequence[int]]) -> int:
    """What begins at a position of vec of tensors of these shapes: 2 a channel or a tensor, 1 a line of it, 0 nothing.

    A channel of a single number, or a line of one, begins nothing.
    """
    if position == 0:
        return 0
    for shape in shapes:
        if position < prod(shape):
            break
        position -= prod(shape)
    channel = prod(shape[1:]) if len(shape) > 1 else prod(shape)
    if position == 0 or (channel > 1 and position % channel == 0):
        return 2
    return int(len(shape) > 2 and shape[-1] > 1 and position % shape[-1] == 0)

"""Sums of products as they are written: in a text, or in LaTeX. What is printed is right by itself.

A factor sits close to its neighbours inside a term, ``3×64``, and further apart where it was taken out of a sum,
``9 × (3×64 + 64×64)``. The kernel is written as one number, positions as they are along the axes. A last factor is how
many terms are alike: ``64×2``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from archanalyzer.graph import Factor
from archanalyzer.passes.explaining.derivation import Group, Product, Term, product_of


class Signs(NamedTuple):
    """How a text writes multiplication inside a term and in front of one, thousands, and a factor with its name."""

    close: str
    apart: str
    thousands: str
    named: Callable[[str, str], str]

    def number(self, value: int) -> str:
        return f"{value:,}".replace(",", self.thousands)


TEXT = Signs("×", " × ", ",", lambda number, name: f"{number} ({name})" if name else number)


def sum_of_groups(groups: Sequence[Group], signs: Signs = TEXT) -> str:
    """``9 × (3×64 + 64×64) + 64×2``; ``0`` for none."""
    return " + ".join(group_text(group, signs) for group in groups) or signs.number(0)


def group_text(group: Group, signs: Signs = TEXT) -> str:
    """``224×224 × 9 × (3×64 + 64×64)``: factors that are 1 are left out in front."""
    front = [signs.number(each.value) for each in group.often]
    if product_of(group.positions) != 1:
        front.append(signs.close.join(signs.number(each.value) for each in group.positions))
    if product_of(group.kernel) != 1:
        front.append(signs.number(product_of(group.kernel)))
    terms = [_term(term, signs) for term in group.terms]
    inside = " + ".join(terms)
    if not front:
        return inside
    return signs.apart.join([*front, f"({inside})" if len(terms) > 1 else inside])


def _term(term: Term, signs: Signs) -> str:
    numbers = [each.value for each in term.units]
    if term.times > 1 or not numbers:
        numbers.append(term.times)
    return signs.close.join(map(signs.number, numbers))


def named_product(product: Product, signs: Signs = TEXT) -> str:
    """``3 (kernel height) × 3 (kernel width) × 64 (filters)``; ``1`` where there is no factor."""
    named = [signs.named(signs.number(factor.value), factor.name) for factor in product.factors]
    return signs.apart.join(named) or signs.number(1)


def sum_of_values(values: Iterable[int], signs: Signs = TEXT) -> str:
    """``38,592 + 221,184``."""
    return " + ".join(map(signs.number, values)) or signs.number(0)


def legend(groups: Iterable[Group]) -> list[str]:
    """What the numbers of some groups stand for, in the order in which they are written: a line for each kind."""
    found: dict[str, None] = {}
    for group in groups:
        front = [each.name for each in (*group.often, *_unless_one(group.positions), *_unless_one(group.kernel))]
        for names in dict.fromkeys(tuple(each.name for each in term.units) for term in group.terms):
            units = " × ".join(names) or "1"
            stands_for = " × ".join([*front, f"({units})" if front and len(names) > 1 else units])
            if stands_for != group.what:
                found[f"{group.what}: {stands_for}"] = None
    return list(found)


def _unless_one(factors: Sequence[Factor]) -> Sequence[Factor]:
    return factors if product_of(factors) != 1 else ()

"""Counts written out, as text, Markdown or data: part by part, and all together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from archanalyzer.graph import Factor, shown_shape
from archanalyzer.passes.analyzing import Analyzed
from archanalyzer.passes.explaining.counts import CountExplained, LayerExplained, Line, Remarks, Shared
from archanalyzer.passes.explaining.derivation import Group, Product
from archanalyzer.passes.tensor_types import TensorTypes
from archanalyzer.report.explanation.arithmetic import (
    TEXT,
    Signs,
    group_text,
    legend,
    named_product,
    sum_of_groups,
    sum_of_values,
)
from archanalyzer.report.parts import Grid, Notes, Pairs, Part, Row, Title
from archanalyzer.report.text import shorten

Explained = CountExplained | LayerExplained
_WIDEST = 30
"""Columns of a name in a text, at most."""
_MOST_NAMED = 3


class Equation(NamedTuple):
    """What is counted, how it is written out, and what it comes to."""

    name: str
    text: str
    value: int


class Section(NamedTuple):
    """Some equations and their sum; its ``total`` is none where there is but one equation."""

    title: str
    equations: Sequence[Equation]
    total: Equation | None


def sections(analyzed: Analyzed, explained: Explained, signs: Signs = TEXT) -> Iterator[Section]:
    """The equations of an explanation: of its parts, and, where that says more, of all together."""
    parts = list(_parts(explained, signs))
    yield _section(_title(analyzed, explained), parts, signs)
    if isinstance(explained, LayerExplained):
        if explained.products:
            short = Equation("", sum_of_groups(explained.together, signs), explained.value)
            yield Section("in short", [short], None)
    elif len(parts) > 1:
        yield _section("all together", list(_kinds(explained.together, signs)), signs)


def _kinds(groups: Sequence[Group], signs: Signs) -> Iterator[Equation]:
    """The groups kind by kind, each kind named where it begins."""
    kinds: dict[str, list[Group]] = {}
    for group in groups:
        kinds.setdefault(group.what, []).append(group)
    for what, alike in kinds.items():
        for number, group in enumerate(alike):
            yield Equation("" if number else what, group_text(group, signs), group.value)


def _section(title: str, equations: Sequence[Equation], signs: Signs) -> Section:
    if len(equations) == 1:
        return Section(title, equations, None)
    values = [each.value for each in equations]
    return Section(title, equations, Equation("total", sum_of_values(values, signs), sum(values)))


def _parts(explained: Explained, signs: Signs) -> Iterator[Equation]:
    if isinstance(explained, CountExplained):
        yield from (Equation(name_of(each), sum_of_groups(each.groups, signs), each.value) for each in explained.lines)
        return
    for product in explained.products:
        array = product.array
        name = product.what if array is None else f"{array.name} {shown_shape(array.shape)}"
        yield Equation(name, named_product(product, signs), product.value)


def name_of(line: Line) -> str:
    """``block1``; of several alike, ``dense and dense_2``, ``dense to dense_3``."""
    return in_a_row(line.name, line.last, line.copies)


def in_a_row(first: str, last: str, number: int) -> str:
    """So many names in a row: ``block1/conv2d to conv2d_3``."""
    return first if number == 1 else f"{first} {'and' if number == 2 else 'to'} {last.rpartition('/')[2]}"


def _title(analyzed: Analyzed, explained: Explained) -> str:
    """``parameters``, and of what, where that is not the network."""
    facts = analyzed.facts
    what = facts.total(explained.what).title
    if isinstance(explained, CountExplained):
        return f"{what} of {explained.name}" if explained.name else what
    layer, types = facts.graph.layers[explained.layer], facts.result(TensorTypes)
    reads = " and ".join(map(str, types.inputs(layer)))
    through = f"{reads} → {types.outputs[layer.index]}" if reads else str(types.outputs[layer.index])
    return f"{what} of {layer.name} ({layer.op.name}), {through}"


# --- As text and Markdown


def as_parts(analyzed: Analyzed, explained: Explained, *, tables: bool) -> Iterator[Part]:
    """A page on an explanation; equations in ``tables``, as in Markdown, or else a line each."""
    yield Title(analyzed.graph.name, analyzed.spec.path)
    for section in sections(analyzed, explained):
        yield Title(section.title, is_section=True)
        if not section.equations:
            yield Notes([f"there are none: {_nothing(explained)}"])
        else:
            yield _table(section) if tables else _lines(section)
    yield Notes(list(notes(explained)))


def _nothing(explained: Explained) -> str:
    return "nothing of it is counted" if isinstance(explained, CountExplained) else "the layer has nothing of it"


def _lines(section: Section) -> Pairs:
    total = [] if section.total is None else [section.total]
    every = [*section.equations, *total]
    return Pairs([(shorten(each.name, _WIDEST), f"{each.text} = {TEXT.number(each.value)}") for each in every])


def _table(section: Section) -> Grid:
    rows = [Row([each.name, each.text, TEXT.number(each.value)]) for each in section.equations]
    if section.total is not None:
        rows.append(Row(["total", section.total.text, TEXT.number(section.total.value)], is_heading=True))
    return Grid(["of", "counted", "value"], rows, frozenset({1}))


def notes(explained: Explained) -> Iterator[str]:
    """What the numbers stand for, and what is to be known of them."""
    if isinstance(explained, CountExplained):
        yield from legend(explained.together)
        groups = [*(group for line in explained.lines for group in line.groups), *explained.together]
        if any(term.times > 1 for group in groups for term in group.terms):
            yield "a last factor counts terms that are alike: 64×2 is 64 + 64"
    yield from _remarks(explained.remarks)


def _remarks(remarks: Remarks) -> Iterator[str]:
    if remarks.shared:
        pairs = [f"{each.layer} uses those of {each.owner}" for each in remarks.shared]
        yield f"shared weights count once: {_some(pairs)}"
    if remarks.frozen:
        how = "counted all the same" if remarks.frozen_count else "not counted"
        yield f"frozen, {how}: {_some(remarks.frozen)}"
    if remarks.unknown:
        yield f"only a lower bound: it is not known what is computed by {_some(remarks.unknown)}"


def _some(names: Sequence[str]) -> str:
    rest = len(names) - _MOST_NAMED
    return ", ".join(names if rest <= 1 else [*names[:_MOST_NAMED], f"and {rest:,} more"])


# --- As data


def as_data(analyzed: Analyzed, explained: Explained) -> dict[str, Any]:
    """The explanation as plain data, in the form of the JSON contract."""
    common = {
        "explains": explained.what,
        "name": analyzed.graph.name,
        "spec": analyzed.spec.path,
        "value": explained.value,
        "at_least": bool(explained.remarks.unknown),
        "expression": sum_of_groups(explained.together),
        "sum": [_group_data(group) for group in explained.together],
    }
    if isinstance(explained, CountExplained):
        whose: Mapping[str, Any] = {"block": explained.name or None, "parts": [_line_data(x) for x in explained.lines]}
    else:
        name = analyzed.graph.layers[explained.layer].name
        whose = {"layer": name, "products": [_product_data(product) for product in explained.products]}
    return {**common, **whose, **_remarks_data(explained.remarks)}


def _line_data(line: Line) -> dict[str, Any]:
    return {
        "name": line.name,
        "last": line.last,
        "copies": line.copies,
        "value": line.value,
        "expression": sum_of_groups(line.groups),
        "sum": [_group_data(group) for group in line.groups],
    }


def _group_data(group: Group) -> dict[str, Any]:
    return {
        "what": group.what,
        "value": group.value,
        "expression": group_text(group),
        "factors": _factors((*group.often, *group.positions, *group.kernel)),
        "terms": [{"factors": _factors(term.units), "times": term.times} for term in group.terms],
    }


def _product_data(product: Product) -> dict[str, Any]:
    return {
        "what": product.what,
        "array": product.array and product.array.name,
        "shape": product.array and list(product.array.shape),
        "value": product.value,
        "factors": _factors(product.factors),
    }


def _factors(factors: Sequence[Factor]) -> list[dict[str, Any]]:
    return [{"name": factor.name, "value": factor.value} for factor in factors]


def _remarks_data(remarks: Remarks) -> dict[str, Any]:
    return {
        "shared": [_shared_data(each) for each in remarks.shared],
        "frozen": list(remarks.frozen),
        "frozen_count": remarks.frozen_count,
        "unknown": list(remarks.unknown),
    }


def _shared_data(shared: Shared) -> dict[str, str]:
    return {"layer": shared.layer, "owner": shared.owner}

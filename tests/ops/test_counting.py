"""What ``docs/counting.md`` works out by hand is what the layer types declare."""

from __future__ import annotations

import re
from collections.abc import Iterable
from math import prod
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml

from archanalyzer import ops
from archanalyzer.graph import Count, Example, Kept, TensorType
from archanalyzer.testing import Case
from archanalyzer.testing.cases import fields_of

PAGE = (Path(__file__).parents[2] / "docs" / "counting.md").read_text(encoding="utf-8")


class Row(NamedTuple):
    """A row of the table of worked examples."""

    layer: str
    reads: str
    macs: str
    operations: str
    by_input: str
    by_weights: str
    keeps: str


def table(heading: str) -> list[list[str]]:
    """The cells of the first table behind a line of the page, without its head."""
    lines = PAGE[PAGE.index(heading) :].splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("|"))
    rows: list[list[str]] = []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return rows


ROWS = [Row(*cells) for cells in table("## Worked by hand")]


def case_of_row(row: Row) -> Case:
    layer = row.layer.strip("`")
    op = ops.get(layer.partition(":")[0])
    fields = fields_of(op, Example(layer, ()))
    inputs = tuple(map(type_of, row.reads.split(", ")))
    made = op.model_validate(fields)
    return Case(made, inputs, made.output_type(inputs))


def type_of(text: str) -> TensorType:
    """``2×3``, or the output of a layer that reads one: ``max_pool1d: 2 of 2×7``."""
    layer, _, shape = text.rpartition(" of ")
    tensor = TensorType(tuple(map(int, shape.split("×"))))
    if not layer:
        return tensor
    [(name, value)] = yaml.safe_load(layer).items()
    op = ops.get(name)
    return op.model_validate({op.scalar_field: value}).output_type((tensor,))


def number(cell: str) -> int:
    """``2·3 + 4 = 10``, worked out; or a bare number."""
    calculation, _, result = cell.rpartition("=")
    if calculation:
        terms = re.sub(r"\s*−\s*", " + -1·", calculation).split("+")
        assert sum(prod(map(int, term.split("·"))) for term in terms) == int(result), cell
    return int(result)


def total(counts: Iterable[Count]) -> int:
    return sum(count.total for count in counts)


def kept(cell: str) -> Kept:
    """``inputs, 2·3 = 6 elements`` and the like."""
    match = re.fullmatch(
        r"nothing|(inputs)?( for weights)?(?:, )?(output)?(?:, )?(?:(\d[^,]*) (elements|bytes))?", cell
    )
    assert match, cell
    inputs, for_weights, output, amount, unit = match.groups()
    extra = number(amount) if amount else 0
    return Kept(
        inputs=bool(inputs),
        output=bool(output),
        inputs_for_weights_only=bool(for_weights),
        extra_elements=extra if unit == "elements" else 0,
        extra_bytes=extra if unit == "bytes" else 0,
    )


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.layer.strip("`"))
def test_worked_by_hand(row: Row) -> None:
    case = case_of_row(row)
    arithmetic = case.op.arithmetic(case.inputs, case.output)
    assert arithmetic is not None
    assert total(arithmetic.macs) == number(row.macs)
    assert total(arithmetic.operations) == number(row.operations)
    assert total(arithmetic.input_gradient_operations) == number(row.by_input)
    assert total(arithmetic.weight_gradient_operations) == number(row.by_weights)
    assert case.op.kept(case.inputs, case.output) == kept(row.keeps)


@pytest.mark.parametrize(
    "named",
    [
        [row.layer for row in ROWS],
        [cells[0] for cells in table("Per element of the output")],
        [cells[1] for cells in table("what a layer keeps")],
    ],
    ids=["worked", "operations", "kept"],
)
def test_every_layer_type_is_in_the_table(named: list[str]) -> None:
    words = set(re.findall(r"`(\w+)", " ".join(named)))
    assert set(ops.names()) - words == {"input"}, "an input computes and keeps nothing"
    assert words <= set(ops.names())

"""What is computed for an answer, and how much of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from archanalyzer.executor import layer_matrix
from archanalyzer.executor.affine_part import AffinePart
from archanalyzer.executor.errors import ExecutorError
from archanalyzer.executor.matrix_answer import Asked, answered
from archanalyzer.executor.matrix_work import Budget
from archanalyzer.executor.sparse import Sparse
from tests.executor.parts import array, part_of

SPEC = """
archspec: 1
name: net
inputs: {x: [1, 3]}
layers:
  - conv1d: {filters: 1, kernel: 2}
    name: conv
  - avg_pool1d: {kernel: 2, stride: 1}
    name: pool
  - conv1d: {filters: 1, kernel: 1}
    name: last
"""


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The parts of which the matrix was computed, once for each time."""
    names: list[str] = []

    def compute(part: AffinePart, budget: Budget) -> Sparse:
        names.append(part.name)
        return layer_matrix.matrix_of(part, budget)

    for module in ("matrix_answer", "weight_terms"):
        monkeypatch.setattr(f"archanalyzer.executor.{module}.matrix_of", compute)
    return names


@pytest.mark.parametrize(
    ("name", "asked", "times"),
    [
        ("conv", Asked(names=False), 1),
        ("conv", Asked(), 5),
        ("conv", Asked(names=False, gradient=True), 5),
        ("pool", Asked(), 1),  # it is the same whatever the weights
        (None, Asked(), 1),  # two layers have weights
    ],
)
def test_how_often_the_matrix_is_computed(name: str | None, asked: Asked, times: int, computed: list[str]) -> None:
    answered(part_of(SPEC, name), asked, "net", "net.yaml")
    assert len(computed) == times


def test_the_answer_has_numbers_and_terms() -> None:
    """By hand, h₁ and h₂ in each row, a column further on."""
    part = part_of(SPEC, "conv")
    (h1, h2), (bias,) = array(part, "weight").reshape(-1), array(part, "bias")
    found = answered(part, Asked(flips=True), "net", "net.yaml")
    assert found.matrix.dense().tolist() == [[h1, h2, 0], [0, h1, h2]]
    assert found.offset.tolist() == [bias, bias]
    assert found.terms is not None
    # Counted backwards, weight 0 is the second of the array, which stands a column further right.
    assert found.terms.parts.dense().reshape(2, 2, 3).tolist() == [[[0, 1, 0], [0, 0, 1]], [[1, 0, 0], [0, 1, 0]]]
    assert (found.name, found.kind, found.inputs, found.output) == (
        "conv",
        "conv1d",
        (("x", (1, 3)),),
        ("conv", (1, 2)),
    )
    assert (found.arrays, found.is_exact, found.no_terms) == (("conv.weight", "conv.bias"), False, None)


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        (Asked(gradient=True), "there is no E of `net`: several layers have weights: `conv`, `last`"),
        (Asked(flips=True), "the weights of `net` cannot be shown by name: several layers have weights"),
    ],
)
def test_what_has_no_terms_is_told(asked: Asked, why: str) -> None:
    with pytest.raises(ExecutorError, match=why):
        answered(part_of(SPEC), asked, "net", "net.yaml")
    found: Any = answered(part_of(SPEC), Asked(), "net", "net.yaml")
    assert (found.terms, found.shows_names) == (None, False)
    assert found.no_terms == "several layers have weights: `conv`, `last`"


def test_a_request_has_one_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    """Five matrices, of four entries 500 steps each; then the offset: two in which no weight is, four, two entries."""
    part = part_of(SPEC, "conv")
    steps = 5 * part.work.by_rows + 500 * 4 + 6 * part.work.a_column + 500 * 2
    monkeypatch.setattr("archanalyzer.executor.matrix_work.MOST_STEPS", steps)
    whole = answered(part, Asked(), "net", "net.yaml")
    assert whole.no_terms is None
    monkeypatch.setattr("archanalyzer.executor.matrix_work.MOST_STEPS", steps - 1)
    less = answered(part, Asked(), "net", "net.yaml")
    assert less.no_terms == "finding each of 3 weights and biases among 2 numbers of c would take too long"
    np.testing.assert_array_equal(less.matrix.dense(), whole.matrix.dense())
    monkeypatch.setattr("archanalyzer.executor.matrix_work.MOST_STEPS", part.work.by_rows - 1)
    with pytest.raises(ExecutorError, match="computing the matrix of `conv`, 2 rows and 3 columns, would take too"):
        answered(part, Asked(), "net", "net.yaml")

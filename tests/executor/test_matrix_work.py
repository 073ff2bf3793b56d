"""What a matrix takes, counted by hand from the definitions of the layers."""

from __future__ import annotations

import pytest

from archanalyzer.executor.errors import ExecutorError
from archanalyzer.executor.matrix_work import Budget, TakesTooLongError, Work, work_of
from archanalyzer.graph import Graph, Layer, Op, TensorType, Trait, Types
from archanalyzer.ops.input import Input
from archanalyzer.passes.tensor_types import tensor_types
from archanalyzer.testing import Case, case_named
from tests.executor.parts import NOWHERE, graph_of, part_of, types_of

SPEC = "archspec: 1\ninputs: {{x: {}}}\nlayers:\n  - {}\n"


def forward(case: Case) -> int:
    """The steps of a layer; 1000 of them for each position of a window, or for a layer as a whole."""
    return work_of(types_of(graph_of(case)), 1, 1).forward


@pytest.mark.parametrize(
    ("case", "steps"),
    [
        # 5 outputs; 16 products a step, two steps for each number that is gathered. Here 5·7 products.
        (case_named("dense", (7,), units=5), 1000 + 5 * 7 // 16 + 2 * 7),
        # 10 positions; at each, 3 numbers of each of 2 channels are gathered, whatever the number of filters, 4.
        (case_named("conv1d", (2, 12), filters=4, kernel=3), 3000 + 4 * 10 * 6 // 16 + 2 * 10 * 6),
        # Filter by filter: 10 positions, 3 numbers, 4 channels; in 2 groups, every group gathers its own channels.
        (case_named("conv1d", (4, 12), filters=4, kernel=3, groups=4), 3000 + 10 * 3 * 4 // 16 + 2 * 10 * 3 * 4),
        (case_named("conv1d", (4, 12), filters=4, kernel=3, groups=2), 3000 + 4 * 10 * 6 // 16 + 2 * 10 * 3 * 4),
        # No products: 9 positions of 2 × 2, in 3 channels.
        (case_named("avg_pool2d", (3, 4, 4), kernel=2, stride=1), 4000 + 2 * 9 * 4 * 3),
        # Of 5 positions, one output reads 0 to 2, the other 2 to 4: 6 numbers, in pieces, which take 4 times as long.
        (case_named("adaptive_avg_pool1d", (1, 5), size=2), 1000 + 2 * 4 * 6),
        # Each of 24 outputs reads one number, though three axes of the input are taken apart by one of the output.
        (case_named("flatten", (2, 3, 4)), 1000 + 2 * 24),
        (case_named("permute", (2, 3), axes=(1, 0)), 1000 + 2 * 6),
        (case_named("add", (5,), (5,)), 2 * (1000 + 2 * 5)),
        # Of the second input, only the type matters.
        (case_named("crop_like", (1, 4), (1, 2)), 1000 + 2 * 2),
    ],
    ids=str,
)
def test_the_steps_of_a_layer(case: Case, steps: int) -> None:
    assert forward(case) == steps


class Blank(Op):
    """Tells nothing of itself but its type."""

    name = "blank"

    def output_type(self, inputs: Types) -> TensorType:
        return TensorType((3, *inputs[0].shape))

    @property
    def traits(self) -> Trait:
        return Trait.AFFINE


def test_each_output_may_read_each_input_where_nothing_is_stated() -> None:
    x = Layer(0, "x", Input(shape=(5,)), (), NOWHERE)
    types = tensor_types(Graph("net", (x, Layer(1, "blank", Blank(), (0,), NOWHERE)), (1,)))
    assert work_of(types, 15, 5).forward == 2 * 15 * 5


def test_a_row_takes_both_ways_a_column_one() -> None:
    """For each, besides, 5 steps for each row and each column."""
    work = Work(forward=1000, rows=10, columns=4)
    assert work.by_rows == 10 * (2 * 1000 + 5 * 14)
    assert work.by_columns == 4 * (1000 + 5 * 14)
    assert work.at_least == work.by_columns
    wide = Work(forward=1000, rows=4, columns=5)
    assert wide.at_least == wide.by_rows, "though a column takes less"
    assert work.a_column == 1000 + 5 * 14


def test_a_budget_is_used_up() -> None:
    budget = Budget(10)
    budget.take(6, "this")
    assert (budget.has(4), budget.has(5)) == (True, False)
    with pytest.raises(TakesTooLongError, match="that would take too long: try a smaller input"):
        budget.take(5, "that")
    budget.take(4, "the rest")
    assert not budget.has(1)


@pytest.mark.parametrize(
    ("shape", "layer", "size"),
    [
        # 50,000 rows of 50,000 numbers are 2.5·10⁹.
        ("[50000]", "identity", "50,000 rows and 50,000 columns"),
        # 16,384 rows, for each of which 9·64·64·16² products are made twice: 3·10¹¹.
        (
            "[64, 16, 16]",
            "conv2d: {filters: 64, kernel: 3, padding: same}",
            "16,384 rows and 16,384 columns",
        ),
        # 20,001 rows, for each of which 20,001·20,000 numbers are added up: 8·10¹².
        ("[1, 40000]", "avg_pool1d: {kernel: 20000, stride: 1}", "20,001 rows and 40,000 columns"),
        # 9 million positions of one window.
        ("[1, 3000, 3000]", "avg_pool2d: 3000", "1 rows and 9,000,000 columns"),
    ],
)
def test_what_takes_too_long_is_told_before_anything_is_made(
    shape: str, layer: str, size: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr("archanalyzer.executor.affine_part.Network")
    with pytest.raises(ExecutorError, match=f"{size}, would take too long: try a smaller input"):
        part_of(SPEC.format(shape, layer))

"""Matrices between brackets: what is set apart, what is cut, what stands beside them."""

from __future__ import annotations

import numpy as np
import pytest

from archanalyzer.executor.errors import ExecutorError
from archanalyzer.executor.kernel import Array
from archanalyzer.executor.machine import limit_memory
from archanalyzer.executor.matrix_answer import MatrixAnswer
from archanalyzer.executor.sparse import stacked
from archanalyzer.report.matrix.as_text import render
from archanalyzer.report.matrix.entries import of_numbers
from archanalyzer.report.matrix.grid import Grid, Room, grid
from archanalyzer.report.matrix.words import UNICODE, Names, Writer

WRITER = Writer(Names(()), UNICODE)


def drawn(full: Array, rows: tuple[int, ...], columns: list[tuple[int, ...]], room: Room) -> Grid:
    matrix = stacked([full], (full.shape[0], full.shape[1]))
    return grid(of_numbers(matrix), WRITER, [rows], columns, room)


def test_channels_and_lines_are_set_apart() -> None:
    """Of two channels of 2 × 2: a rule between channels, a gap between lines of one."""
    found = drawn(np.eye(8), (2, 2, 2), [(2, 2, 2)], Room(None, None))
    assert found.lines == [
        "⎡ 1 ·   · · │ · ·   · · ⎤",
        "⎢ · 1   · · │ · ·   · · ⎥",
        "⎢           │           ⎥",
        "⎢ · ·   1 · │ · ·   · · ⎥",
        "⎢ · ·   · 1 │ · ·   · · ⎥",
        "⎢ ──────────┼────────── ⎥",
        "⎢ · ·   · · │ 1 ·   · · ⎥",
        "⎢ · ·   · · │ · 1   · · ⎥",
        "⎢           │           ⎥",
        "⎢ · ·   · · │ · ·   1 · ⎥",
        "⎣ · ·   · · │ · ·   · 1 ⎦",
    ]
    assert found.heads == [0, 1, None, 2, 3, None, 4, 5, None, 6, 7]


def test_inputs_are_set_apart() -> None:
    assert drawn(np.ones((1, 4)), (1,), [(2,), (2,)], Room(None, None)).lines == ["[ 1 1 │ 1 1 ]"]


@pytest.mark.parametrize(
    ("width", "lines", "columns"),
    [
        (14, ["⎡ 1 2 3 4 5 ⎤", "⎣ · · · · 6 ⎦"], 5),
        (13, ["⎡ 1 2 3 4 5 ⎤", "⎣ · · · · 6 ⎦"], 5),
        (12, ["⎡ 1 2 3 ⋯ ⎤", "⎣ · · · ⋯ ⎦"], 3),
        (8, ["⎡ 1 ⋯ ⎤", "⎣ · ⋯ ⎦"], 1),
        (1, ["⎡ 1 ⋯ ⎤", "⎣ · ⋯ ⎦"], 1),
    ],
)
def test_as_many_columns_as_fit_one_at_least(width: int, lines: list[str], columns: int) -> None:
    full = np.array([[1, 2, 3, 4, 5], [0, 0, 0, 0, 6.0]])
    found = drawn(full, (2,), [(5,)], Room(width))
    assert (found.lines, found.columns) == (lines, columns)
    assert width < 7 or max(map(len, found.lines)) <= width


def test_what_is_cut_off_does_not_widen_the_rest() -> None:
    full = np.array([[1, 2, 3, 100_000.0]])
    assert drawn(full, (1,), [(4,)], Room(14)).lines == ["[ 1 2 3 ⋯ ]"]


def test_rows_that_are_cut_off() -> None:
    found = drawn(np.eye(3), (3,), [(3,)], Room(None, 2))
    assert found.lines == ["⎡ 1 · · ⎤", "⎢ · 1 · ⎥", "⎣ ⋮ ⋮ ⋮ ⎦"]
    assert (found.rows, found.columns, found.heads) == (2, 3, [0, 1, None])


def test_all_of_what_is_too_large_is_refused() -> None:
    before = limit_memory(100 * 100 * 100)
    try:
        drawn(np.eye(100), (100,), [(100,)], Room(None, None))
        with pytest.raises(ExecutorError, match="the lines of the matrix need 1,020,100 bytes"):
            drawn(np.eye(101), (101,), [(101,)], Room(None, None))
    finally:
        limit_memory(before)


def test_a_long_list_is_cut() -> None:
    answer = MatrixAnswer(
        network="net",
        path="net.yaml",
        name="layer",
        kind="identity",
        inputs=(("x", (101,)),),
        output=("layer", (101,)),
        matrix=stacked([np.eye(101)], (101, 101)),
        offset=np.zeros(101),
        terms=None,
        offset_terms=None,
        arrays=(),
        is_exact=True,
        shows_names=False,
        gradient=False,
        no_terms="several layers have weights: `a`, `b`",
    )
    lines = render(answer, UNICODE, 80, lists=True).splitlines()
    assert lines[3:6] == ["in numbers, since several layers have weights: `a`, `b`", "", "row  column  entry"]
    assert lines[-2:] == ["100     100      1", "100 of 101 entries; `--full` shows all"]
    assert render(answer, UNICODE, None, lists=True).splitlines()[-1] == "101     101      1"

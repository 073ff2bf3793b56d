"""Texts that would be too long are refused."""

from __future__ import annotations

import numpy as np
import pytest

from archanalyzer.executor.errors import ExecutorError
from archanalyzer.executor.matrix_answer import MatrixAnswer
from archanalyzer.executor.sparse import Sparse
from archanalyzer.report.matrix import limits
from archanalyzer.report.matrix.as_json import render as as_json
from archanalyzer.report.matrix.as_markup import as_latex
from archanalyzer.report.matrix.as_text import render as as_text
from archanalyzer.report.matrix.words import UNICODE


def answer(size: int) -> MatrixAnswer:
    """An identity, in numbers."""
    here = np.arange(size)
    return MatrixAnswer(
        network="net",
        path="net.yaml",
        name="layer",
        kind="identity",
        inputs=(("x", (size,)),),
        output=("layer", (size,)),
        matrix=Sparse((size, size), here, here, np.ones(size)),
        offset=np.zeros(size),
        terms=None,
        offset_terms=None,
        arrays=(),
        is_exact=True,
        shows_names=False,
        gradient=False,
    )


def test_all_of_a_large_matrix_is_not_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """50 entries among 2,500, and five zeros are written as fast as one of them: 550."""
    monkeypatch.setattr(limits, "MOST_WRITTEN", 550)
    assert len(as_text(answer(50), UNICODE, None, lists=False).splitlines()) == 4 + 50
    as_latex(answer(50), is_whole=True)
    monkeypatch.setattr(limits, "MOST_WRITTEN", 549)
    with pytest.raises(ExecutorError, match=r"the text would be too long, 2,500 entries: .* the ending .npz or .mtx"):
        as_text(answer(50), UNICODE, None, lists=False)
    with pytest.raises(ExecutorError, match="the formula would be too long, 2,500 entries"):
        as_latex(answer(50), is_whole=True)
    as_text(answer(50), UNICODE, 80, lists=False)
    as_latex(answer(50), is_whole=False)


def test_a_long_list_is_not_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MOST_WRITTEN", 150)
    as_text(answer(150), UNICODE, None, lists=True)
    as_json(answer(150))
    as_text(answer(151), UNICODE, 80, lists=True)
    with pytest.raises(ExecutorError, match="the list would be too long, 151 entries"):
        as_text(answer(151), UNICODE, None, lists=True)
    with pytest.raises(ExecutorError, match="the document would be too long, 151 entries"):
        as_json(answer(151))


def test_names_take_four_times_as_long_in_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MOST_WRITTEN", 40)
    as_json(answer(10)._replace(shows_names=True))
    with pytest.raises(ExecutorError, match="the document would be too long, 11 entries"):
        as_json(answer(11)._replace(shows_names=True))

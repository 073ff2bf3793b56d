"""Matrices in files of numbers: what others read of them."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest

from archanalyzer.executor.kernel import Array
from archanalyzer.executor.matrix_files import ENDINGS, writer_of
from archanalyzer.executor.sparse import Sparse, stacked

FULL = np.array([[0, 0.1, 0], [0, 0, 0], [-2, 0, 1 / 3]])
MATRIX: Sparse = stacked([FULL], (3, 3))
OFFSET = np.array([1.0, 0.0, 2.5])


def written(name: str, offset: Array | None = None, *, is_sparse: bool = False) -> bytes:
    file = io.BytesIO()
    writer_of(name, MATRIX, offset, is_sparse=is_sparse)(file)
    return file.getvalue()


def read(name: str, **how: Any) -> Any:
    return np.load(io.BytesIO(written(name, **how)), allow_pickle=False)


def test_numpy_reads_it() -> None:
    np.testing.assert_array_equal(read("w.npy"), FULL)
    archive = read("w.npz", offset=OFFSET)
    assert archive.files == ["matrix", "offset"]
    np.testing.assert_array_equal(archive["matrix"], FULL)
    np.testing.assert_array_equal(archive["offset"], OFFSET)
    assert read("W.NPZ").files == ["matrix"]


def test_csr_by_the_names_of_scipy() -> None:
    """``scipy.sparse.save_npz``: format, shape, data, indices, indptr; row i is data[indptr[i]:indptr[i + 1]]."""
    archive = read("w.npz", is_sparse=True)
    assert archive["format"].item() == b"csr"
    assert archive["shape"].tolist() == [3, 3]
    assert archive["indptr"].tolist() == [0, 1, 1, 3]
    assert archive["indices"].tolist() == [1, 0, 2]
    assert archive["data"].tolist() == [0.1, -2, 1 / 3]


def test_matrix_market_counts_from_one_down_the_columns() -> None:
    assert written("w.mtx").decode() == (
        "%%MatrixMarket matrix coordinate real general\n3 3 3\n3 1 -2\n1 2 0.1\n3 3 0.3333333333333333\n"
    )


def test_csv_has_the_shortest_decimals_that_are_the_same_floats() -> None:
    text = written("w.csv").decode()
    assert text == "0,0.1,0\n0,0,0\n-2,0,0.3333333333333333\n"
    np.testing.assert_array_equal(np.loadtxt(io.StringIO(text), delimiter=","), FULL)


@pytest.mark.parametrize("ending", ENDINGS)
def test_files_are_the_same_each_time(ending: str) -> None:
    assert written(f"w{ending}", OFFSET) == written(f"w{ending}", OFFSET)

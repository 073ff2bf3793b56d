"""A matrix of numbers as a file: NumPy's ``.npy`` and ``.npz``, Matrix Market's ``.mtx``, and ``.csv``."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import PurePath
from typing import BinaryIO

import numpy as np

from archanalyzer.executor.kernel import Array
from archanalyzer.executor.sparse import Sparse
from archanalyzer.executor.weight_files import write_npz

ENDINGS = (".csv", ".mtx", ".npy", ".npz")


def writer_of(path: str, matrix: Sparse, offset: Array | None, *, is_sparse: bool) -> Callable[[BinaryIO], object]:
    """What writes the matrix in the format that the ending of ``path`` says, one of ``ENDINGS``.

    A ``.npz`` has the arrays ``matrix`` and, where there is one, ``offset``; if ``is_sparse``, ``matrix`` in the layout
    CSR as ``scipy.sparse.load_npz`` reads it. The other formats have the matrix alone; ``.mtx`` is always sparse.

    Raises:
        ExecutorError: a file of all entries is asked for, and they are too many.
    """
    match PurePath(path).suffix.lower():
        case ".csv":
            full = matrix.dense()
            return lambda file: _write_csv(file, full)
        case ".mtx":
            return lambda file: _write_matrix_market(file, matrix)
        case ".npy":
            full = matrix.dense()
            return lambda file: np.lib.format.write_array(file, full, allow_pickle=False)
    arrays = _csr(matrix) if is_sparse else {"matrix": matrix.dense()}
    if offset is not None:
        arrays["offset"] = offset
    return lambda file: write_npz(file, arrays, zipfile.ZIP_DEFLATED)  # mostly zeros


def _csr(matrix: Sparse) -> dict[str, Array]:
    """The layout CSR by the names that SciPy gives its parts in a file."""
    return {
        "format": np.array(b"csr"),
        "shape": np.array(matrix.shape, np.int64),
        "data": matrix.values,
        "indices": matrix.columns,
        "indptr": matrix.row_starts(),
    }


def _write_csv(file: BinaryIO, full: Array) -> None:
    """A line a row, the shortest decimals from which the same floats are read."""
    file.writelines((",".join(map(_shortest, row.tolist())) + "\n").encode() for row in full)


def _shortest(value: float) -> str:
    return str(int(value)) if value.is_integer() and abs(value) < 2**53 else repr(value)


def _write_matrix_market(file: BinaryIO, matrix: Sparse) -> None:
    """Coordinates from 1, column by column (Boisvert, Pozo & Remington 1996, The Matrix Market Exchange Formats)."""
    order = np.lexsort((matrix.rows, matrix.columns))
    file.write(b"%%MatrixMarket matrix coordinate real general\n")
    file.write(f"{matrix.shape[0]} {matrix.shape[1]} {len(order)}\n".encode())
    entries = zip(matrix.rows[order], matrix.columns[order], matrix.values[order], strict=True)
    file.writelines(f"{row + 1} {column + 1} {_shortest(float(value))}\n".encode() for row, column, value in entries)

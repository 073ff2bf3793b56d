"""Arrays in files: NumPy's own ``.npz`` and ``.npy``, and ``.safetensors``. Nothing is read or written with pickle."""

from __future__ import annotations

import importlib
import zipfile
import zlib
from collections.abc import Callable, Mapping
from os import PathLike
from pathlib import Path
from typing import BinaryIO, NamedTuple, TypeAlias

import numpy as np

from archanalyzer.diagnostics import did_you_mean
from archanalyzer.executor.arrays import is_within
from archanalyzer.executor.kernel import Array
from archanalyzer.files import require_writable, write_whole
from archanalyzer.graph import shown_shape

FilePath: TypeAlias = str | PathLike[str]
_MOST_LISTED = 5


class WeightFileError(Exception):
    """A file of weights cannot be written or read, or does not fit; ``path`` is the file's."""

    def __init__(self, path: FilePath, message: str) -> None:
        super().__init__(message)
        self.path = Path(path)


def save(path: FilePath, arrays: Mapping[str, Array]) -> None:
    """Writes arrays to a file, whole or not at all, in the format that the ending of ``path`` says.

    Raises:
        WeightFileError: the ending is unknown, or the system refuses.
    """
    form = require_saving(path)
    try:
        write_whole(Path(path), lambda file: form.write(file, arrays))
    except OSError as error:
        raise _not_written(path, error) from None


def require_saving(path: FilePath) -> _Format:
    """Tells before the work, not after it, that ``save`` could not write there; else the format that it would use.

    Raises:
        WeightFileError: as ``save``.
    """
    form = _format(path)
    try:
        require_writable(Path(path))
        if form.package:
            importlib.import_module(form.package)
    except OSError as error:
        raise _not_written(path, error) from None
    except ImportError:
        raise _library_missing(path) from None
    if Path(path).exists() and not Path(path).is_file():
        raise WeightFileError(path, f"cannot write `{path}`: it is no file")
    return form


def _not_written(path: FilePath, error: OSError) -> WeightFileError:
    return WeightFileError(path, f"cannot write `{path}`: {error.strerror or error}")


def load(path: FilePath) -> dict[str, Array]:
    """The arrays of a file, in the format that the ending of ``path`` says.

    Raises:
        WeightFileError: the ending is unknown, the system refuses, or the file is no such file, is damaged, or holds
            something else than arrays of real numbers.
    """
    return _read(path, _format(path).read)


def load_array(path: FilePath) -> Array:
    """The array of a ``.npy`` file.

    Raises:
        WeightFileError: as ``load``.
    """
    return _read(path, _read_npy)[""]


def _read(path: FilePath, reader: Callable[[Path], dict[str, Array]]) -> dict[str, Array]:
    if Path(path).is_fifo():
        raise WeightFileError(path, f"cannot read `{path}`: it is a pipe, and a file is needed")
    try:
        with Path(path).open("rb"):  # tells why not, where a file cannot be read
            arrays = reader(Path(path))
    except OSError as error:
        raise WeightFileError(path, f"cannot read `{path}`: {error.strerror or error}") from None
    except ImportError:
        raise _library_missing(path) from None
    except _Unreadable as error:
        raise WeightFileError(path, f"cannot read `{path}`: {error}") from None
    for name, array in arrays.items():
        if array.dtype.kind not in "fiu":
            where = f" in `{name}`" if name else ""
            message = f"cannot read `{path}`: expected arrays of real numbers, found {array.dtype}{where}"
            raise WeightFileError(path, message)
    return arrays


def assign(target: Mapping[str, Array], loaded: Mapping[str, Array], path: FilePath) -> None:
    """Copies arrays of a file into those of the same names; floats only, of whatever precision.

    Raises:
        WeightFileError: a name, a shape or a type does not fit. All that don't are told, and nothing is changed.
    """
    faults = [*_faults_of_names(target, loaded), *_faults_of_arrays(target, loaded)]
    if faults:
        raise WeightFileError(path, "\n  ".join((f"the arrays of `{path}` do not fit the network", *faults)))
    for name, array in target.items():
        np.copyto(array, loaded[name], casting="same_kind")


def _faults_of_names(target: Mapping[str, Array], loaded: Mapping[str, Array]) -> list[str]:
    missing = [name for name in target if name not in loaded]
    unexpected = [name for name in loaded if name not in target]
    return [
        *_listed("missing", missing, lambda name: f"`{name}`"),
        *_listed("unexpected", unexpected, lambda name: f"`{name}`{_meant(name, missing)}"),
    ]


def _faults_of_arrays(target: Mapping[str, Array], loaded: Mapping[str, Array]) -> list[str]:
    def shapes(name: str) -> str:
        return f"`{name}` expected {shown_shape(target[name].shape)}, found {shown_shape(loaded[name].shape)}"

    def type_of(name: str) -> str:
        return f"`{name}` is {loaded[name].dtype}"

    names = [name for name in target if name in loaded]
    large = [name for name in names if not is_within(loaded[name], target[name].dtype)]
    return [
        *_listed("of another shape", [name for name in names if loaded[name].shape != target[name].shape], shapes),
        *_listed("not of floats", [name for name in names if loaded[name].dtype.kind != "f"], type_of),
        *_listed("beyond what the network's numbers can be", large, type_of),
    ]


def _listed(what: str, names: list[str], describe: Callable[[str], str]) -> list[str]:
    """One line of a message: what some arrays are, and the first of them."""
    if not names:
        return []
    more = len(names) - _MOST_LISTED
    described = ", ".join(describe(name) for name in names[:_MOST_LISTED])
    return [f"{what}: {described} and {more:,} more" if more > 0 else f"{what}: {described}"]


def _meant(name: str, missing: list[str]) -> str:
    hint = did_you_mean(name, missing, "arrays")
    return f" ({hint})" if hint.startswith("did you mean") else ""


class _Unreadable(Exception):
    """What is wrong with the content of a file."""


class _Format(NamedTuple):
    write: Callable[[BinaryIO, Mapping[str, Array]], None]
    read: Callable[[Path], dict[str, Array]]
    package: str | None = None
    """What must be installed."""


def write_npz(file: BinaryIO, arrays: Mapping[str, Array], compression: int = zipfile.ZIP_STORED) -> None:
    """Writes arrays by name, ``compression`` one of those of ``zipfile``; the same each time."""
    # As `np.savez`, which would take some names for arguments of its own, and tells the time of writing.
    with zipfile.ZipFile(file, "w", compression) as archive:
        for name, array in arrays.items():
            with archive.open(zipfile.ZipInfo(f"{name}.npy"), "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.asarray(array, order="C"), allow_pickle=False)


def _read_npz(path: Path) -> dict[str, Array]:
    try:
        with zipfile.ZipFile(path) as archive:
            return dict(_read_member(archive, info) for info in archive.infolist())
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, RuntimeError, MemoryError) as error:
        raise _Unreadable(
            f"expected an archive of arrays (.npz), found something else or a part of one ({error})"
        ) from None


def _read_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> tuple[str, Array]:
    with archive.open(info) as member:
        array: Array = np.lib.format.read_array(member, allow_pickle=False)
    return info.filename.removesuffix(".npy"), array


def _read_npy(path: Path) -> dict[str, Array]:
    try:
        with path.open("rb") as file:
            return {"": np.lib.format.read_array(file, allow_pickle=False)}
    except (EOFError, ValueError, MemoryError) as error:
        raise _Unreadable(f"expected an array (.npy), found something else or a part of one ({error})") from None


def _write_safetensors(file: BinaryIO, arrays: Mapping[str, Array]) -> None:
    from safetensors.numpy import save as to_bytes

    file.write(to_bytes({name: np.asarray(array, order="C") for name, array in arrays.items()}))


def _read_safetensors(path: Path) -> dict[str, Array]:
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        arrays: dict[str, Array] = load_file(path)
    except SafetensorError as error:
        raise _Unreadable(f"expected a safetensors file, found something else or a part of one ({error})") from None
    except (AttributeError, KeyError, TypeError) as error:  # types that NumPy does not have, such as bfloat16
        raise _Unreadable(f"expected arrays of types that NumPy has, found another ({error})") from None
    return arrays


def _library_missing(path: FilePath) -> WeightFileError:
    needs = f"`{path}` needs the library `safetensors`; to install it: pip install 'archanalyzer[weights]'"
    return WeightFileError(path, needs)


_FORMATS = {
    ".npz": _Format(write_npz, _read_npz),
    ".safetensors": _Format(_write_safetensors, _read_safetensors, "safetensors"),
}


def _format(path: FilePath) -> _Format:
    ending = Path(path).suffix.lower()
    if ending not in _FORMATS:
        found = f"`{ending}`" if ending else "none"
        message = f"cannot tell the format of `{path}`: expected the ending `.npz` or `.safetensors`, found {found}"
        raise WeightFileError(path, message)
    return _FORMATS[ending]

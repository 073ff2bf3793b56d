"""Weights in files: what is written is read, an interrupted write changes nothing, and all that is wrong is told."""

from __future__ import annotations

import errno
import json
import os
import pickle
import re
import signal
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pytest
import safetensors.numpy

from archanalyzer.executor.weight_files import WeightFileError, assign, load, load_array, save

ENDINGS = (".npz", ".safetensors")
SMALL = {"a.weight": np.arange(6.0).reshape(2, 3), "a.bias": np.array([0.5, -1], np.float32)}


@pytest.fixture(params=ENDINGS)
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return tmp_path / f"weights{request.param}"


def fault(call: Callable[[], object], folder: Path) -> str:
    """What is said of a file; the folder's name is cut out."""
    with pytest.raises(WeightFileError) as caught:
        call()
    assert Path(caught.value.path).parent == folder
    return str(caught.value).replace(f"{folder}/", "")


def same(found: dict[str, Any], expected: dict[str, Any]) -> bool:
    return found.keys() == expected.keys() and all(
        (found[name].shape, found[name].dtype) == (array.shape, array.dtype) and (found[name] == array).all()
        for name, array in expected.items()
    )


# --- Writing and reading


def test_what_is_written_is_read(path: Path) -> None:
    arrays = {
        **SMALL,
        "block/b.weight": np.asfortranarray(np.arange(12, dtype=np.float32).reshape(3, 4)),
        "every other": np.arange(10.0)[::2],
        "a number": np.array(3.5),
        "nothing": np.empty((0, 3), np.float32),
        "whole": np.array([1, 2]),
        "file": np.ones(1),  # what `np.savez` takes for its first argument
        "größe": np.ones(2, np.float16),
    }
    save(path, arrays)
    assert same(load(path), arrays)
    assert list(path.parent.iterdir()) == [path]


def test_the_same_arrays_are_the_same_bytes(path: Path) -> None:
    save(path, SMALL)
    first = path.read_bytes()
    save(str(path), SMALL)
    assert path.read_bytes() == first


def test_others_can_read_what_is_written_and_write_what_is_read(tmp_path: Path) -> None:
    for ending in ENDINGS:
        save(tmp_path / f"ours{ending}", SMALL)
    with np.load(tmp_path / "ours.npz", allow_pickle=False) as found:
        assert same(dict(found), SMALL)
    assert same(safetensors.numpy.load_file(tmp_path / "ours.safetensors"), SMALL)
    np.savez_compressed(tmp_path / "theirs.npz", **SMALL)  # type: ignore[arg-type]
    safetensors.numpy.save_file(SMALL, tmp_path / "theirs.safetensors")
    for ending in ENDINGS:
        assert same(load(tmp_path / f"theirs{ending}"), SMALL)


def test_endings_in_capitals(tmp_path: Path) -> None:
    for name in ("w.NPZ", "w.SafeTensors"):
        save(tmp_path / name, SMALL)
        assert same(load(tmp_path / name), SMALL)


def test_a_single_array(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", SMALL["a.weight"])
    assert (load_array(tmp_path / "x.npy") == SMALL["a.weight"]).all()


# --- Interrupted writes


def no_room(_: int) -> NoReturn:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def interrupt(_: int) -> NoReturn:
    raise KeyboardInterrupt


def test_a_full_disk_leaves_the_old_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save(path, SMALL)
    monkeypatch.setattr("os.fsync", no_room)
    text = fault(lambda: save(path, {"b": np.ones(3)}), path.parent)
    assert text == f"cannot write `{path.name}`: No space left on device"
    assert same(load(path), SMALL)
    assert list(path.parent.iterdir()) == [path]


def test_an_interrupt_leaves_the_old_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save(path, SMALL)
    monkeypatch.setattr("os.fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        save(path, {"b": np.ones(3)})
    assert same(load(path), SMALL)
    assert list(path.parent.iterdir()) == [path]


def test_an_interrupt_between_two_arrays_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "weights.npz"
    save(path, SMALL)
    write = np.lib.format.write_array
    written: list[None] = []

    def write_one(*args: Any, **options: Any) -> None:
        if written:
            raise KeyboardInterrupt
        written.append(write(*args, **options))

    monkeypatch.setattr("numpy.lib.format.write_array", write_one)
    with pytest.raises(KeyboardInterrupt):
        save(path, {"b": np.ones(3), "c": np.ones(3)})
    assert written
    assert same(load(path), SMALL)
    assert list(tmp_path.iterdir()) == [path]


KILLED = """
import os, signal, sys
import numpy as np
from archanalyzer.executor.weight_files import save
os.fsync = lambda _: os.kill(os.getpid(), signal.SIGKILL)
save(sys.argv[1], {"b": np.ones(1_000_000)})
"""


def test_a_killed_process_leaves_the_old_file(path: Path) -> None:
    save(path, SMALL)
    done = subprocess.run([sys.executable, "-c", KILLED, path], check=False, capture_output=True)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert same(load(path), SMALL)


# --- Files that are none


@pytest.mark.parametrize(
    ("name", "found"), [("weights", "none"), ("weights.bin", "`.bin`"), ("weights.npz.gz", "`.gz`"), (".npz", "none")]
)
def test_endings_that_are_none(tmp_path: Path, name: str, found: str) -> None:
    expected = f"cannot tell the format of `{name}`: expected the ending `.npz` or `.safetensors`, found {found}"
    assert fault(lambda: save(tmp_path / name, SMALL), tmp_path) == expected
    assert fault(lambda: load(tmp_path / name), tmp_path) == expected
    assert list(tmp_path.iterdir()) == []


def test_what_the_system_refuses(path: Path) -> None:
    folder, name = path.parent, path.name
    assert fault(lambda: load(path), folder) == f"cannot read `{name}`: No such file or directory"
    path.mkdir()
    assert fault(lambda: load(path), folder) == f"cannot read `{name}`: Is a directory"
    assert fault(lambda: save(path, SMALL), folder) == f"cannot write `{name}`: Is a directory"
    inside = folder / "no" / name
    assert fault(lambda: save(inside, SMALL), inside.parent) == f"cannot write `{name}`: No such file or directory"


def test_a_file_without_permission(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> NoReturn:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    save(path, SMALL)
    monkeypatch.setattr(Path, "open", refuse)  # whoever runs the tests may have all permissions
    assert fault(lambda: load(path), path.parent) == f"cannot read `{path.name}`: Permission denied"
    assert fault(lambda: save(path, SMALL), path.parent) == f"cannot write `{path.name}`: Permission denied"


KINDS = {
    ".npz": "expected an archive of arrays (.npz), found something else or a part of one",
    ".safetensors": "expected a safetensors file, found something else or a part of one",
}


@pytest.mark.parametrize(
    ("ending", "content", "why"),
    [
        (".npz", b"", "File is not a zip file"),
        (".npz", b"layer,weight\n", "File is not a zip file"),
        (".npz", pickle.dumps({"a": 1}), "File is not a zip file"),
        (".safetensors", b"", "Error while deserializing header: header too small"),
        (".safetensors", b"layer,weight\n", "Error while deserializing header: header too large"),
    ],
)
def test_files_of_something_else(tmp_path: Path, ending: str, content: bytes, why: str) -> None:
    path = tmp_path / f"w{ending}"
    path.write_bytes(content)
    assert fault(lambda: load(path), tmp_path) == f"cannot read `w{ending}`: {KINDS[ending]} ({why})"


def test_every_truncated_file_is_refused(path: Path) -> None:
    save(path, SMALL)
    whole = path.read_bytes()
    for size in range(len(whole)):
        path.write_bytes(whole[:size])
        assert fault(lambda: load(path), path.parent).startswith(f"cannot read `{path.name}`: {KINDS[path.suffix]} (")


def test_no_damaged_byte_ends_in_anything_but_a_clear_error(path: Path) -> None:
    save(path, SMALL)
    whole = path.read_bytes()
    refused = 0
    for position in range(len(whole)):
        for value in (whole[position] ^ 1, whole[position] ^ 0x80, 0, 255):
            path.write_bytes(whole[:position] + bytes([value]) + whole[position + 1 :])
            try:
                load(path)
            except WeightFileError:
                refused += 1
    assert refused > len(whole)


def test_an_archive_of_something_else(tmp_path: Path) -> None:
    path = tmp_path / "w.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("notes.txt", "no array at all")
    text = fault(lambda: load(path), tmp_path)
    assert text.startswith(f"cannot read `w.npz`: {KINDS['.npz']} (the magic string is not correct")


class Evil:
    def __reduce__(self) -> Any:
        return os.abort, ()


def test_nothing_is_unpickled(tmp_path: Path) -> None:
    path = tmp_path / "w.npz"
    np.savez(path, a=np.array([Evil()], object))
    text = "Object arrays cannot be loaded when allow_pickle=False"
    assert fault(lambda: load(path), tmp_path) == f"cannot read `w.npz`: {KINDS['.npz']} ({text})"
    with pytest.raises(ValueError, match="Object arrays cannot be saved when allow_pickle=False"):
        save(path, {"a": np.array([Evil()], object)})


@pytest.mark.parametrize(
    ("array", "dtype"),
    [
        (np.array([1j]), "complex128"),
        (np.array([True]), "bool"),
        (np.array(["a"]), "<U1"),
        (np.array([(1, 2.0)], [("a", int), ("b", float)]), "[('a', '<i8'), ('b', '<f8')]"),
    ],
)
def test_arrays_of_something_else(tmp_path: Path, array: Any, dtype: str) -> None:
    np.savez(tmp_path / "w.npz", a=array)
    text = fault(lambda: load(tmp_path / "w.npz"), tmp_path)
    assert text == f"cannot read `w.npz`: expected arrays of real numbers, found {dtype} in `a`"


def test_a_type_that_numpy_does_not_have(tmp_path: Path) -> None:
    header = json.dumps({"a": {"dtype": "BF16", "shape": [1], "data_offsets": [0, 2]}}).encode()
    (tmp_path / "w.safetensors").write_bytes(len(header).to_bytes(8, "little") + header + bytes(2))
    text = fault(lambda: load(tmp_path / "w.safetensors"), tmp_path)
    assert text.startswith("cannot read `w.safetensors`: expected arrays of types that NumPy has, found another (")


def test_a_single_array_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "x.npy").write_bytes(b"no array")
    text = fault(lambda: load_array(tmp_path / "x.npy"), tmp_path)
    assert text.startswith("cannot read `x.npy`: expected an array (.npy), found something else or a part of one (")
    np.save(tmp_path / "x.npy", np.array([1j]))
    text = fault(lambda: load_array(tmp_path / "x.npy"), tmp_path)
    assert text == "cannot read `x.npy`: expected arrays of real numbers, found complex128"


def test_without_the_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "w.safetensors"
    save(path, SMALL)
    for module in ("safetensors", "safetensors.numpy"):
        monkeypatch.setitem(sys.modules, module, None)
    text = "`w.safetensors` needs the library `safetensors`; to install it: pip install 'archanalyzer[weights]'"
    assert fault(lambda: load(path), tmp_path) == text
    assert fault(lambda: save(path, {"b": np.ones(3)}), tmp_path) == text
    assert list(tmp_path.iterdir()) == [path]
    monkeypatch.undo()
    assert same(load(path), SMALL)


# --- Arrays that do not fit


def network(dtype: Any = np.float32) -> dict[str, Any]:
    return {"a.weight": np.zeros((2, 3), dtype), "a.bias": np.zeros(2, dtype)}


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, ">f4"])
@pytest.mark.parametrize("ours", [np.float32, np.float64])
def test_floats_are_copied_from_whatever_precision(dtype: Any, ours: Any) -> None:
    target = network(ours)
    arrays = list(target.values())
    assign(target, {"a.bias": np.array([0.1, 2], dtype), "a.weight": np.ones((2, 3), dtype)}, "w.npz")
    assert target["a.weight"].tolist() == [[1, 1, 1], [1, 1, 1]]
    assert target["a.bias"].tolist() == np.array([0.1, 2], dtype).astype(ours).tolist()
    assert all(array is before for array, before in zip(target.values(), arrays, strict=True))


@pytest.mark.parametrize(
    ("change", "lines"),
    [
        ({"a.bias": None}, ["missing: `a.bias`"]),
        ({"b": np.ones(1)}, ["unexpected: `b`"]),
        (
            {"a.bias": None, "a.bais": np.ones(2)},
            ["missing: `a.bias`", "unexpected: `a.bais` (did you mean `a.bias`?)"],
        ),
        (
            {"a.weight": np.ones((3, 2)), "a.bias": np.ones(())},
            ["of another shape: `a.weight` expected 2×3, found 3×2, `a.bias` expected 2, found a single number"],
        ),
        ({"a.bias": np.array([1, 2])}, ["not of floats: `a.bias` is int64"]),
        ({"a.bias": np.array([1e300, 0])}, ["beyond what the network's numbers can be: `a.bias` is float64"]),
        (
            {"a.weight": None, "a.bias": np.array([1, 2, 3]), "c": np.ones(1)},
            [
                "missing: `a.weight`",
                "unexpected: `c`",
                "of another shape: `a.bias` expected 2, found 3",
                "not of floats: `a.bias` is int64",
            ],
        ),
        ({f"x{i}": np.ones(1) for i in range(17)}, ["unexpected: `x0`, `x1`, `x2`, `x3`, `x4` and 12 more"]),
        ({f"x{i}": np.ones(1) for i in range(5)}, ["unexpected: `x0`, `x1`, `x2`, `x3`, `x4`"]),
    ],
)
def test_all_that_does_not_fit_is_told_and_nothing_is_changed(change: dict[str, Any], lines: list[str]) -> None:
    target = network()
    loaded = {"a.weight": np.ones((2, 3)), "a.bias": np.ones(2), **change}
    loaded = {name: array for name, array in loaded.items() if array is not None}
    with pytest.raises(WeightFileError, match=re.escape("\n  ".join(lines))) as caught:
        assign(target, loaded, "w.npz")
    assert str(caught.value) == "\n  ".join(("the arrays of `w.npz` do not fit the network", *lines))
    assert not any(array.any() for array in target.values())


def test_what_is_not_finite_is_copied() -> None:
    target = network()
    assign(target, {"a.weight": np.full((2, 3), np.inf), "a.bias": np.array([np.nan, -np.inf])}, "w.npz")
    assert np.isinf(target["a.weight"]).all()
    assert np.isnan(target["a.bias"][0])


def test_a_thousand_missing_arrays() -> None:
    target = {f"layer{i}.weight": np.zeros(1) for i in range(1005)}
    with pytest.raises(WeightFileError) as caught:
        assign(target, {}, "w.npz")
    assert str(caught.value).splitlines()[1].endswith("`layer4.weight` and 1,000 more")

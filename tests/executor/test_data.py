"""Inputs and targets: from the spec, from files, from the seed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import archanalyzer
from archanalyzer.executor import losses
from archanalyzer.executor.data import Data, gather
from archanalyzer.executor.errors import ExecutorError
from archanalyzer.executor.weight_files import WeightFileError

TWO = "archspec: 1\ninputs: {a: [2], b: [3]}\nlayers:\n  - {concat: , from: [a, b]}\n  - {dense: 4, name: out}\n"
ONE = "archspec: 1\ninputs: {x: [2]}\nlayers: [dense: 3]\n"


def gathered(text: str, loss: str = "half_squared_error", **how: Any) -> Data:
    spec = archanalyzer.loads(text)
    network = archanalyzer.compile(spec)
    network.loss = losses.get(loss)
    return gather(network, spec.running, **how)


def test_a_sample_without_a_batch_axis_gets_one() -> None:
    data = gathered(f"{ONE}data: {{inputs: {{x: [1, 2]}}, targets: {{dense: [1, 2, 3]}}}}\n")
    assert (data.inputs["x"].tolist(), data.targets["dense"].tolist()) == ([[1, 2]], [[1, 2, 3]])
    assert (data.is_batch, data.batch, data.origins) == (False, 1, ("inputs and targets from the spec",))


def test_a_batch() -> None:
    data = gathered(f"{ONE}data: {{inputs: {{x: [[1, 2], [3, 4]]}}}}\n")
    assert (data.is_batch, data.batch, data.targets["dense"].shape) == (True, 2, (2, 3))
    assert data.origins == ("inputs from the spec", "targets from seed 0")


def test_classes_as_targets() -> None:
    text = f"{ONE}training: {{loss: cross_entropy}}\n"
    text += "data: {inputs: {x: [[1, 2], [3, 4]]}, targets: {dense: [0, 2]}}\n"
    assert gathered(text, "cross_entropy").targets["dense"].tolist() == [0, 2]


def test_what_is_drawn_follows_from_the_seed_and_the_name() -> None:
    one, again = gathered(TWO, batch=4), gathered(TWO, batch=4)
    assert [array.shape for array in one.inputs.values()] == [(4, 2), (4, 3)]
    assert all((one.inputs[name] == again.inputs[name]).all() for name in "ab")
    alone = gathered(ONE.replace("x:", "a:"), batch=4)
    assert (alone.inputs["a"] == one.inputs["a"]).all()


@pytest.mark.parametrize(
    ("loss", "kind", "least", "most"),
    [("cross_entropy", "i", 0, 2), ("binary_cross_entropy", "i", 0, 1), ("mean_squared_error", "f", -9, 9)],
)
def test_drawn_targets_are_as_the_loss_takes_them(loss: str, kind: str, least: int, most: int) -> None:
    target = gathered(ONE, loss, batch=50).targets["dense"]
    assert target.dtype.kind == kind
    assert least <= target.min() < target.max() <= most
    losses.get(loss).checked(np.full((50, 3), 0.5), target)


def test_targets_are_not_drawn_where_not_asked_for() -> None:
    assert gathered(ONE, draw_targets=False).targets == {}
    pinned = f"{ONE}data: {{targets: {{dense: [1, 2, 3]}}}}\n"
    assert list(gathered(pinned, draw_targets=False).targets) == ["dense"]


def test_files_go_before_the_spec(tmp_path: Path) -> None:
    np.savez(tmp_path / "d.npz", a=np.ones((2, 2)), out=np.zeros((2, 4)))
    data = gathered(
        f"{TWO}data: {{inputs: {{a: [[5, 5], [6, 6]], b: [[7, 7, 7], [8, 8, 8]]}}}}\n", path=tmp_path / "d.npz"
    )
    assert data.inputs["a"].tolist() == [[1, 1], [1, 1]]
    assert data.inputs["b"].tolist() == [[7, 7, 7], [8, 8, 8]]
    assert data.origins == (f"inputs and targets from `{tmp_path / 'd.npz'}`", "inputs from the spec")


def test_a_file_of_one_array_is_the_input(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.arange(6).reshape(3, 2))
    assert gathered(ONE, path=tmp_path / "x.npy").inputs["x"].tolist() == [[0, 1], [2, 3], [4, 5]]


def faulty(folder: Path, name: str) -> Path:
    """A file of each kind that cannot be used."""
    path = folder / name
    made: dict[str, Any] = {
        "text.npz": lambda: path.write_text("not numbers"),
        "empty.npy": lambda: path.write_bytes(b""),
        "folder.npz": path.mkdir,
        "objects.npy": lambda: np.save(path, np.array([None, {}], dtype=object)),
        "names.npz": lambda: np.savez(path, b=np.ones((1, 3)), c=np.ones(3)),
        "letters.npz": lambda: np.savez(path, b=np.array(["x"])),
        "shape.npz": lambda: np.savez(path, b=np.ones((2, 4))),
        "batches.npz": lambda: np.savez(path, a=np.ones((2, 2)), b=np.ones((3, 3))),
        "one.npy": lambda: np.save(path, np.ones((1, 2))),
        "missing.npz": lambda: None,
        "data.csv": lambda: path.write_text("1,2"),
        "cut.npy": lambda: path.write_bytes(b"\x93NUMPY\x01\x00"),
    }
    made[name]()
    return path


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("text.npz", "cannot read `{}`: expected an archive of arrays (.npz), found something else or a part of one"),
        ("empty.npy", "cannot read `{}`: expected an array (.npy), found something else or a part of one"),
        ("folder.npz", "cannot read `{}`: Is a directory"),
        ("missing.npz", "cannot read `{}`: No such file or directory"),
        ("objects.npy", "cannot read `{}`: expected an array (.npy), found something else or a part of one"),
        ("cut.npy", "cannot read `{}`: expected an array (.npy), found something else or a part of one"),
        ("data.csv", "cannot tell the format of `{}`: expected the ending `.npz` or `.safetensors`, found `.csv`"),
        ("names.npz", "`{}`: there is no input or output `c`; names: `a`, `b`, `out`"),
        ("letters.npz", "cannot read `{}`: expected arrays of real numbers, found <U1 in `b`"),
        ("shape.npz", "`{}`: expected input `b` with shape 3, found 2×4"),
        ("batches.npz", "`{}`: expected 2 samples of input `b`, found 3"),
        ("one.npy", "`{}` is one array, the network has 2 inputs: use a .npz file"),
    ],
)
def test_files_that_cannot_be_used(name: str, message: str, tmp_path: Path) -> None:
    path = faulty(tmp_path, name)
    with pytest.raises((ExecutorError, WeightFileError)) as caught:
        gathered(ONE if path.suffix == ".npy" and name != "one.npy" else TWO, path=path)
    assert str(caught.value).startswith(message.format(path))


def test_a_batch_of_another_size_than_given() -> None:
    with pytest.raises(ExecutorError, match=r"^the spec: expected 3 samples of input `x`, found 2$"):
        gathered(f"{ONE}data: {{inputs: {{x: [[1, 2], [3, 4]]}}}}\n", batch=3)

"""``archanalyzer linearize``: what it prints, its files, and its exit codes."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from archanalyzer.cli import main
from archanalyzer.executor.weight_files import save
from archanalyzer.graph import Trait
from archanalyzer.ops.activation import Tanh
from tests.docs.fences import ROOT

NET = """\
archspec: 1
name: net
inputs: {x: [2], z: [3]}
outputs: [both, side]
layers:
  - dense: {units: 3, bias: false}
    from: x
    name: left
  - add:
    from: [left, z]
    name: both
  - leaky_relu: 0.5
    name: side
"""
BENT = "archspec: 1\nname: bent\ninputs: {x: [2]}\nlayers: [dense: 2, tanh]\n"


COMMAND = "linearize"


@pytest.fixture(autouse=True)
def folder(bare_folder: Path) -> Path:
    """A folder with some networks."""
    (bare_folder / "net.yaml").write_text(NET.replace("leaky_relu: 0.5\n", "leaky_relu: 0.5\n    from: both\n"))
    (bare_folder / "bent.yaml").write_text(BENT)
    shutil.copy(ROOT / "specs" / "toy.yaml", bare_folder)
    return bare_folder


def test_the_toy_by_the_contract(printed: Any) -> None:
    """By hand: A = Λ²·W²·Λ¹·W¹ with Λ¹ = Λ² = diag(1, 0), c = (2, 0), f(x) = (4, 0)."""
    document = json.loads(printed("toy.yaml", "--format", "json"))
    assert document["schema"] == 1
    assert (document["piecewise_linear"], document["homogeneous"]) == (True, False)
    assert document["why_not_homogeneous"] == "`dense` adds a bias"
    assert document["maps"] == [{"output": "relu_2", "input": "x", "A": [[1, -1], [0, 0]]}]
    assert document["constants"] == {"relu_2": [2, 0]}
    assert (document["inputs"], document["outputs"]) == ({"x": [1, -1]}, {"relu_2": [4, 0]})
    assert [(each["layer"], each["factors"][0]["symbol"]) for each in document["layers"]] == [
        ("dense", "W"),
        ("relu", "Λ"),
        ("dense_2", "W"),
        ("relu_2", "Λ"),
    ]
    assert document["layers"][3]["kink"] == {"elements": [1], "slopes": [0], "bends": False}
    assert [(each["what"], each["holds"], each["expected"]) for each in document["checks"]] == [
        ("f(x) = A·x + c", True, True),
        ("A = J(x)", True, True),
        ("f(x) = J(x)·x", False, False),
    ]


def test_several_inputs_and_outputs(printed: Any, folder: Path) -> None:
    """Both = W·x + z; side is half of that where it is below 0."""
    np.savez("d.npz", x=[1.0, 0], z=[0.0, 0, 0])
    save("w.npz", {"left.weight": np.array([[1.0, 2], [-3, 4], [5, 6]])})
    command = ("net.yaml", "--data", "d.npz", "--load", "w.npz")
    document = json.loads(printed(*command, "--format", "json"))
    maps = {(each["output"], each["input"]): each["A"] for each in document["maps"]}
    assert maps == {
        ("both", "x"): [[1, 2], [-3, 4], [5, 6]],
        ("both", "z"): [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
        ("side", "x"): [[1, 2], [-1.5, 2], [5, 6]],
        ("side", "z"): [[1, 0, 0], [0, 0.5, 0], [0, 0, 1]],
    }
    assert document["homogeneous"] is True
    symbols = [(factor["reads"], factor["symbol"]) for each in document["layers"] for factor in each["factors"]]
    assert symbols == [("x", "W"), ("left", "A"), ("z", "A"), ("both", "Λ")]
    text = printed(*command, "--save", "map.npz")
    assert "side = A·x + A·z + c\n" in text
    assert "  side  slope 1 at 2 elements, 0.5 at 1\n" in text
    assert "piecewise linear; homogeneous: the map holds at a·x for every a > 0\n" in text
    assert "3×3, the identity\n" in text
    with np.load(folder / "map.npz") as saved:
        assert sorted(saved) == ["A.both.x", "A.both.z", "A.side.x", "A.side.z", "c.both", "c.side"]
        assert saved["A.side.x"].tolist() == maps["side", "x"]
        assert saved["c.side"].tolist() == [0, 0, 0]


def test_a_sample_of_a_batch(printed: Any) -> None:
    np.save("x.npy", np.array([[1.0, 2], [3, 4]]))
    spec = Path("one.yaml")
    spec.write_text("archspec: 1\ninputs: {x: [2]}\nlayers: [relu]\n")
    assert "sample 0 of 2; inputs from `x.npy`; float64; seed 0\n" in printed("one.yaml", "--data", "x.npy")
    document = json.loads(printed("one.yaml", "--data", "x.npy", "--sample", "1", "--format", "json"))
    assert document["inputs"] == {"x": [3, 4]}
    none = "`--sample` counts from 0: there is none after 1, found 2\n…"
    printed("one.yaml", "--data", "x.npy", "--sample", "2", code=2, err=none)


def test_another_seed_is_another_map(printed: Any) -> None:
    command = ("net.yaml", "--format", "json")
    assert printed(*command) == printed(*command)
    assert printed(*command) != printed(*command, "--seed", "1")


def test_numbers_of_32_bits(printed: Any) -> None:
    document = json.loads(printed("toy.yaml", "--dtype", "float32", "--format", "json"))
    assert document["dtype"] == "float32"
    assert document["maps"][0]["A"] == [[1, -1], [0, 0]]
    assert document["layers"][3]["kink"]["elements"] == [1]


def test_a_network_that_is_not_piecewise_linear_is_an_answer(printed: Any, folder: Path) -> None:
    no = "it is not piecewise linear: `tanh` is not"
    assert printed("bent.yaml", "--save", "a.npz", code=1) == f"bent  bent.yaml\n{no}\n"
    assert not (folder / "a.npz").exists()
    document = json.loads(printed("bent.yaml", "--format", "json", code=1))
    assert document == {"schema": 1, "name": "bent", "path": "bent.yaml", "piecewise_linear": False, "message": no}


def test_checks_that_do_not_hold(printed: Any, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.setattr(Tanh, "also", Trait.LINEAR)
    out = printed("bent.yaml", "--save", "a.npz", code=1)
    assert ", more than rounding makes\n" in out
    assert not (folder / "a.npz").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("bent.yaml", "--save", "a.txt"), "a.txt"),
        (("bent.yaml", "--save", ""), "`--save` names no file"),
        (("toy.yaml", "--data", "nowhere.npz"), "cannot read `nowhere.npz`"),
        (("toy.yaml", "--load", "a.npz", "--save", "a.npz"), "name the same file"),
        (("toy.yaml", "--load", "a.npz", "--save", "./a.npz"), "name the same file"),
        (("toy.yaml", "-o", "toy.yaml"), "is the spec itself"),
        (("toy.yaml", "--input", "x=3"), "expected"),
        (("nowhere.yaml",), "nowhere.yaml"),
        (("toy.yaml", "--dtype", "int8"), "expected float32 or float64"),
    ],
)
def test_what_cannot_be_used(arguments: tuple[str, ...], message: str, printed: Any) -> None:
    assert printed(*arguments, code=2, err=f"{message}…") == ""


def test_infinity_is_told(printed: Any) -> None:
    np.savez("d.npz", x=[np.inf, 0])
    printed("toy.yaml", "--data", "d.npz", code=1, err="Error: infinity first appears in the data of `x`\n")


@pytest.mark.parametrize(
    ("layers", "inputs", "options", "message"),
    [
        ("[relu]", "[4200]", ("--format", "json"), "JSON of 17,661,000 numbers would take too long"),
        ("[max_pool2d: 2]", "[1, 200, 200]", (), "the maps by 40,000 input elements"),
        ("[dense: 1000]", "[1000]", ("--limit", "memory=16M"), "the maps by 1,000 input elements need"),
    ],
)
def test_too_much_is_refused(
    layers: str, inputs: str, options: tuple[str, ...], message: str, printed: Any, folder: Path
) -> None:
    (folder / "large.yaml").write_text(f"archspec: 1\ninputs: {{x: {inputs}}}\nlayers: {layers}\n")
    assert printed("large.yaml", *options, code=2, err=f"Error: {message}…") == ""


def test_a_small_limit_does_where_little_is_needed(printed: Any, folder: Path) -> None:
    """In smaller pieces, the same: 101 rows of 100 numbers, three times, and what is formed, are less than 400 kB."""
    (folder / "pool.yaml").write_text(
        "archspec: 1\nname: pool\ninputs: {x: [1, 100]}\nlayers: [conv1d: {filters: 1, kernel: 1}, max_pool1d: 2]\n"
    )
    assert printed("pool.yaml", "--limit", "memory=400k") == printed("pool.yaml")


def test_output_to_a_file(printed: Any, folder: Path) -> None:
    text = printed("toy.yaml")
    assert "\n1 sample; inputs from the spec; float64; seed 0\n" in text
    assert printed("toy.yaml", "-o", "out.txt") == ""
    assert (folder / "out.txt").read_text() == text


def test_matrices_that_would_have_one_name_are_not_saved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`A` of output `y` by input `a.x`, and of output `y.a` by input `x`."""
    monkeypatch.chdir(tmp_path)
    layers = "".join(f"  - add:\n    name: {name}\n    from: [x, a.x]\n" for name in ("y", "y.a"))
    text = f"archspec: 1\ninputs: {{x: [2], a.x: [2]}}\noutputs: [y, y.a]\nlayers:\n{layers}"
    Path("dots.yaml").write_text(text)
    assert main(["linearize", "dots.yaml", "--save", "map.npz"]) == 2
    assert "two matrices would be saved as `A.y.a.x`" in capsys.readouterr().err
    assert not Path("map.npz").exists()

"""``archanalyzer descent``: what it prints, its files, and its exit codes."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import archanalyzer
from archanalyzer.cli import main
from tests.docs.fences import ROOT
from tests.executor.test_descending import LINE

NET = """\
archspec: 1
name: net
inputs: {x: [2]}
layers: [dense: 3, tanh, dropout: 0.5, dense: 1]
training: {loss: mean_squared_error, optimizer: adam, rate: 0.1}
"""


COMMAND = "descent"


@pytest.fixture(autouse=True)
def folder(bare_folder: Path) -> Path:
    """A folder with a network, a parabola and the worked exercise."""
    (bare_folder / "net.yaml").write_text(NET)
    (bare_folder / "line.yaml").write_text(LINE)
    shutil.copy(ROOT / "specs" / "toy.yaml", bare_folder)
    return bare_folder


def test_ten_powers_of_ten(printed: Any) -> None:
    """With c = ½·w² and w = 1, the quotient is 1 − ½·γ."""
    document = json.loads(printed("line.yaml", "--format", "json"))
    assert (document["schema"], document["dtype"], document["value"]) == (1, "float64", 0.5)
    assert [each["rate"] for each in document["rates"]] == pytest.approx([10.0**-power for power in range(10)])
    for each in document["rates"]:
        assert each["quotient"] == pytest.approx(1 - each["rate"] / 2, abs=1e-6)
        assert (each["is_told"], each["descends"], each["failure"]) == (True, True, None)
    assert (document["largest_descending"], document["critical"]) == (1, None)


def test_other_rates(printed: Any) -> None:
    out = printed("line.yaml", "--from", "4", "--factor", "0.5", "--count", "3")
    assert [line.split()[0] for line in out.splitlines()[8:11]] == ["4", "2", "1"]
    assert out.endswith("\nlargest γ seen to descend: 1\n")


def test_the_critical_point_of_the_worked_exercise(printed: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "toy.yaml", "--steps", "1", "--save", "toy.npz"]) == 0
    capsys.readouterr()
    out = printed("toy.yaml", "--load", "toy.npz")
    assert "loss 0.5; all gradients are zero: there is no γ that descends\n" in out
    assert out.endswith("dead in relu_2: 2 of 2 units (0, 1); dead in relu: 2 of 2 units (0, 1)\n")
    document = json.loads(printed("toy.yaml", "--load", "toy.npz", "--format", "json"))
    assert (document["rates"], document["largest_descending"]) == ([], None)
    assert document["critical"]["cause"] == "blocked"


def test_numbers_out_of_hand(printed: Any, folder: Path) -> None:
    (rate, *_) = json.loads(printed("line.yaml", "--from", "1e200", "--count", "1", "--format", "json"))["rates"]
    assert (rate["value"], rate["change"], rate["quotient"]) == (None, None, None)
    assert rate["failure"] == "infinity first appears in the loss of `dense`"
    # With c = 50·w² and w = 1, ‖∇‖² is 10,000, and 1e308 times that no float.
    (folder / "steep.yaml").write_text(LINE.replace("x: [1]}, t", "x: [10]}, t"))
    (rate,) = json.loads(printed("steep.yaml", "--from", "1e308", "--count", "1", "--format", "json"))["rates"]
    assert (rate["predicted"], rate["change"], rate["quotient"]) == (None, None, None)
    assert "  -inf " in printed("steep.yaml", "--from", "1e308", "--count", "1")
    (folder / "line.yaml").write_text(LINE.replace("[[1]]", "[[1.0e+200]]"))
    assert printed("line.yaml", code=1, err="Error: infinity first appears in the loss of `dense`\n") == ""


def test_the_same_bytes_each_time_and_others_with_another_seed(printed: Any) -> None:
    command = ("net.yaml", "--batch", "8", "--format", "json")
    assert printed(*command) == printed(*command)
    values = [json.loads(printed(*command, "--seed", seed))["value"] for seed in ("0", "1")]
    assert values[0] != values[1]


def test_data_weights_loss_and_dtype(printed: Any) -> None:
    np.savez("d.npz", x=np.ones((2, 1)), dense=np.full((2, 1), 3))
    network = archanalyzer.compile("line.yaml")
    network.parameters["dense.weight"] = [[2]]
    network.save("w.npz")
    command = ("line.yaml", "--data", "d.npz", "--load", "w.npz", "--loss", "mean_squared_error")
    document = json.loads(printed(*command, "--dtype", "float32", "--format", "json"))
    assert (document["value"], document["squared_gradient_norm"]) == (1, 4)  # (2 − 3)², and (2·(2 − 3))²
    assert (document["dtype"], document["batch"], document["loss"]) == ("float32", 2, "mean_squared_error")


def test_output_to_a_file(printed: Any, folder: Path) -> None:
    text = printed("line.yaml", "--format", "json")
    assert printed("line.yaml", "--format", "json", "-o", "out.json") == ""
    assert (folder / "out.json").read_text() == text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["net.yaml", "--from", "0"], "expected the first rate as a number above 0, found 0"),
        (["net.yaml", "--from", "nan"], "expected the first rate as a number above 0, found nan"),
        (["net.yaml", "--factor", "2"], "expected the factor between rates as a number between 0 and 1, found 2"),
        (["net.yaml", "--count", "0"], "0 is not in the range x>=1"),
        (["net.yaml", "--count", "1001"], "expected 1 to 1,000 rates, found 1,001"),
        (["net.yaml", "--count", f"{10**20}"], "expected 1 to 1,000 rates, found 100,000,000,000,000,000,000"),
        (["net.yaml", "--count", "400"], "expected rates above 0, found 1 · 0.1^399, which is 0 as a float"),
        (["net.yaml", "--dtype", "float16"], "expected float32 or float64 to compute in, found `float16`"),
        (["net.yaml", "--load", "none.npz"], "cannot read `none.npz`: No such file or directory"),
        (["net.yaml", "--data", "none.npz"], "cannot read `none.npz`: No such file or directory"),
        (["net.yaml", "--data", ""], "`--data` names no file"),
        (["net.yaml", "-o", "net.yaml"], "`net.yaml` is the spec itself"),
        (["net.yaml", "--load", "w.npz", "-o", "w.npz"], "`--output` and `--load` name the same file, `w.npz`"),
        (["net.yaml", "-o", "nowhere/out.txt"], "cannot write `nowhere/out.txt`: No such file or directory"),
        (["net.yaml", "--input", "x=2000000000000"], "the parameters need"),
        (["net.yaml", "--batch", "10000000000000"], "the data of 10,000,000,000,000 samples need"),
        (["line.yaml", "--limit", "memory=39"], "other parameters to try need 16 bytes beside 8 of the parameters"),
        (["none.yaml"], "none.yaml: error[file-not-found]"),
    ],
)
def test_what_cannot_be_tried(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    before = Path("net.yaml").read_bytes()
    assert main(["descent", *arguments]) == 2
    out, err = capsys.readouterr()
    assert (out, message in err) == ("", True), err
    assert not re.search("internal error|Traceback", err)
    assert Path("net.yaml").read_bytes() == before

"""``archanalyzer run``: what it prints, its files, and its exit codes."""

from __future__ import annotations

import io
import json
import re
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from archanalyzer.cli import main
from archanalyzer.executor.network import Network
from tests.docs.fences import ROOT
from tests.executor.test_trace import STEP_1, STEP_2

NET = """\
archspec: 1
name: net
inputs: {x: [2]}
layers:
  - dense: 3
  - relu
  - dense: 1
training: {loss: mean_squared_error, optimizer: adam, rate: 0.1}
"""


COMMAND = "run"


@pytest.fixture(autouse=True)
def folder(bare_folder: Path) -> Path:
    """A folder with a network and the worked exercise."""
    (bare_folder / "net.yaml").write_text(NET)
    shutil.copy(ROOT / "specs" / "toy.yaml", bare_folder)
    return bare_folder


def test_the_worked_exercise_by_the_contract(printed: Any) -> None:
    document = json.loads(printed("toy.yaml", "--steps", "2", "--trace", "--format", "json"))
    assert document["schema"] == 1
    assert [step["loss"] for step in document["steps"]] == [4.5, 0.5]
    for step, expected in zip(document["steps"], (STEP_1, STEP_2), strict=True):
        assert {(each["layer"], each["symbol"]): each["value"] for each in step["arrays"]} == expected
    assert document["steps"][0]["standstill"] is None
    assert document["steps"][1]["standstill"] == {
        "cause": "blocked",
        "is_minimum": False,
        "dead_units": [{"layer": "relu_2", "units": [0, 1], "of": 2}, {"layer": "relu", "units": [0, 1], "of": 2}],
    }


def test_the_worked_exercise_says_where_it_gets_stuck(printed: Any) -> None:
    out = printed("toy.yaml", "--steps", "2")
    assert "step  loss  gradient norm\n" in out
    assert "training stands still at step 2: all gradients are zero, and the loss is 0.5\n" in out
    assert "a critical point that is not the least loss: no sample's error gets back to what learns\n" in out
    assert "dead in relu_2: 2 of 2 units (0, 1); dead in relu: 2 of 2 units (0, 1)\n" in out


def test_a_forward_step_alone(printed: Any) -> None:
    assert printed("toy.yaml").splitlines()[-2:] == ["loss 4.5", "relu_2  2  [4, 0]"]
    (step,) = json.loads(printed("toy.yaml", "--trace", "--format", "json"))["steps"]
    assert (step["number"], step["loss"]) == (0, 4.5)
    arrays = {(each["layer"], each["symbol"]): each["value"] for each in step["arrays"]}
    assert arrays == {place: value for place, value in STEP_1.items() if place[1] in "goy"}


def test_the_same_bytes_each_time_and_others_with_another_seed(printed: Any) -> None:
    command = ("net.yaml", "--batch", "8", "--steps", "20", "--format", "json")
    assert printed(*command) == printed(*command)
    losses = [json.loads(printed(*command, "--seed", seed))["steps"][0]["loss"] for seed in ("0", "1")]
    assert losses[0] != losses[1]


def test_training_makes_the_loss_small(printed: Any) -> None:
    steps = json.loads(printed("net.yaml", "--batch", "2", "--steps", "300", "--format", "json"))["steps"]
    assert steps[-1]["loss"] < steps[0]["loss"] / 100


@pytest.mark.parametrize("ending", ["npz", "safetensors"])
def test_weights_come_back(ending: str, printed: Any) -> None:
    after = json.loads(printed("net.yaml", "--steps", "3", "--format", "json", "--save", f"w.{ending}"))["outputs"]
    again = json.loads(printed("net.yaml", "--format", "json", "--load", f"w.{ending}", "--batch", "1"))["outputs"]
    assert np.ravel(after["dense_2"]).tolist() == np.ravel(again["dense_2"]).tolist()


def test_data_from_a_file(printed: Any) -> None:
    np.savez("d.npz", x=np.ones((2, 2)), dense_2=np.zeros((2, 1)))
    out = printed("net.yaml", "--data", "d.npz")
    assert "2 samples; inputs and targets from `d.npz`; loss mean_squared_error; float32;" in out
    assert "\nloss " in out


def test_the_plan_is_shown_and_nothing_run(printed: Any) -> None:
    assert "plan, forward: 4 steps, 4 buffers\n" in printed("net.yaml", "--plan")
    plan = json.loads(printed("net.yaml", "--plan", "--steps", "1", "--format", "json"))
    assert [step["phase"] for step in plan["steps"]] == ["feed", *["forward"] * 3, "loss", *["backward"] * 3]
    assert [step["algorithm"] for step in plan["steps"] if step["phase"] == "forward"] == ["matmul", "plain", "matmul"]


def test_two_optimizers_side_by_side(printed: Any) -> None:
    """With c = ½·w², w = 1, η = β = ½: w = ½, ¼ by gradient descent, ½, 0 with momentum."""
    text = (
        "archspec: 1\ninputs: {x: [1]}\nlayers: [dense: {units: 1, bias: false}]\nweights: {dense: {weight: [[1]]}}\n"
    )
    Path("w.yaml").write_text(f"{text}data: {{inputs: {{x: [1]}}, targets: {{dense: [0]}}}}\n")
    command = ("w.yaml", "--steps", "2", "--beside", "momentum", "--rate", "0.5", "--momentum", "0.5")
    assert printed(*command).endswith(
        "after 2 steps: loss 0.03125 and 0\nover all steps, parameters up to 0.5 differ by at most 0.25\n"
    )
    document = json.loads(printed(*command, "--format", "json"))
    assert (document["schema"], document["batch"], document["loss"]) == (1, 1, "half_squared_error")
    assert document["steps"] == [
        {"number": 1, "largest_difference": 0, "largest_parameter": 0.5},
        {"number": 2, "largest_difference": 0.25, "largest_parameter": 0.25},
    ]
    first, second = document["runs"]
    assert [run["settings"] for run in (first, second)] == [
        {"rate": 0.5, "weight_decay": 0},
        {"rate": 0.5, "weight_decay": 0, "momentum": 0.5},
    ]
    assert [[step["loss"] for step in run["steps"]] for run in (first, second)] == [[0.5, 0.125], [0.5, 0.125]]
    assert [(run["final_loss"], run["outputs"]) for run in (first, second)] == [
        (0.03125, {"dense": [0.25]}),
        (0, {"dense": [0]}),
    ]


def test_what_is_run_beside_begins_like_it_does_alone(printed: Any) -> None:
    """Each of two networks does what it does alone, drawn weights and data included."""
    command = ("net.yaml", "--steps", "4", "--batch", "3", "--seed", "5", "--trace", "--format", "json")
    both = json.loads(printed(*command, "--optimizer", "sgd", "--beside", "momentum", "--momentum", "0.5"))
    for run, name, more in zip(both["runs"], ("sgd", "momentum"), ((), ("--momentum", "0.5")), strict=True):
        alone = json.loads(printed(*command, "--optimizer", name, *more))
        assert {key: alone[key] for key in run} == run


def test_a_setting_goes_to_the_optimizer_that_has_it(printed: Any) -> None:
    command = ("net.yaml", "--steps", "1", "--optimizer", "momentum", "--momentum", "0.5", "--format", "json")
    document = json.loads(printed(*command, "--beside", "sgd"))
    assert [run["settings"].get("momentum") for run in document["runs"]] == [0.5, None]


def test_two_networks_may_need_more_memory_than_one(printed: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """In 900 bytes the worked exercise runs; that one beside it would come on top is told before it is made."""
    command = ("toy.yaml", "--steps", "2", "--limit", "memory=900")
    printed(*command)
    assert main(["run", *command, "--beside", "sgd"]) == 2
    assert " of the first network: " in capsys.readouterr().err


def test_numbers_out_of_hand_in_one_of_two(printed: Any, folder: Path) -> None:
    """Adam's steps are of length η, those of gradient descent of η·∇."""
    text = "archspec: 1\ninputs: {x: [1]}\nlayers: [dense: 1]\nweights: {dense: {weight: [[1]], bias: [0]}}\n"
    (folder / "line.yaml").write_text(f"{text}data: {{inputs: {{x: [1.0e+9]}}, targets: {{dense: [0]}}}}\n")
    command = (
        "line.yaml",
        "--steps",
        "99",
        "--beside",
        "sgd",
        "--optimizer",
        "adam",
        "--rate",
        "1",
        "--dtype",
        "float64",
    )
    # W is multiplied by −1e18 in each step, and c = ½·1e18·W²: W = 1, 1e18, …, 1e144, then 1e162, where c is infinite.
    message = "Error: sgd, step 10: infinity first appears in the loss of `dense`\n"
    document = json.loads(printed(*command, "--format", "json", code=1, err=message))
    assert [run["failure"] and run["failure"]["step"] for run in document["runs"]] == [None, 10]
    assert [len(run["steps"]) for run in document["runs"]] == [9, 9]


def test_output_to_a_file(printed: Any, folder: Path) -> None:
    text = printed("net.yaml", "--format", "json")
    assert printed("net.yaml", "--format", "json", "-o", "out.json") == ""
    assert (folder / "out.json").read_text() == text


def test_numbers_out_of_hand(printed: Any, folder: Path) -> None:
    text = "archspec: 1\ninputs: {x: [1]}\nlayers: [dense: 1]\nweights: {dense: {weight: [[1]], bias: [0]}}\n"
    (folder / "line.yaml").write_text(f"{text}data: {{inputs: {{x: [1]}}, targets: {{dense: [0]}}}}\n")
    command = ("line.yaml", "--steps", "9", "--rate", "1e200", "--dtype", "float64")
    # W = b = −1e200 after a step; then c = ½·(2e200)² is beyond all floats.
    message = "Error: step 2: infinity first appears in the loss of `dense`\n"
    assert "   1   0.5        1.41421\n" in printed(*command, code=1, err=message)
    document = json.loads(printed(*command, "--format", "json", code=1, err=message))
    assert document["failure"] == {"step": 2, "layer": "dense", "what": "the loss", "found": "infinity"}
    assert (len(document["steps"]), document["outputs"]) == (1, {})


def test_a_place_that_cannot_be_written_to_is_told_before_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: Any, **__: Any) -> None:
        raise AssertionError("it was run")

    monkeypatch.setattr("archanalyzer.executor.network.Network.forward", never)
    for arguments in (["--save", "nowhere/w.npz"], ["--save", "w.txt"], ["-o", "nowhere/out.txt"]):
        assert main(["run", "net.yaml", "--steps", "3", *arguments]) == 2


def test_an_interruption_shows_what_there_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    update = Network.update

    def interrupted(network: Network) -> None:
        if network.optimizer.steps == 3:
            raise KeyboardInterrupt
        update(network)

    monkeypatch.setattr(Network, "update", interrupted)
    assert main(["run", "net.yaml", "--steps", "9", "--save", "w.npz"]) == 130
    out, err = capsys.readouterr()
    assert out.endswith("\n\ninterrupted after 3 steps\n")
    assert err == "interrupted; the weights are not saved\n"
    assert not (folder / "w.npz").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["net.yaml", "--dtype", "float16"], "expected float32 or float64 to compute in, found `float16`"),
        (["net.yaml", "--load", "none.npz"], "cannot read `none.npz`: No such file or directory"),
        (["net.yaml", "--load", "w.bin"], "cannot tell the format of `w.bin`: expected the ending `.npz` or"),
        (["net.yaml", "--data", "none.npz"], "cannot read `none.npz`: No such file or directory"),
        (["net.yaml", "--steps", "1", "--momentum", "0.9"], "`adam` has no setting `momentum`"),
        (["net.yaml", "--steps", "1", "--rate", "-1"], "expected `rate` of `adam` as a number, 0 or more, found -1.0"),
        (["net.yaml", "--save", "net.yaml"], "`net.yaml` is the spec itself"),
        (["net.yaml", "-o", "net.yaml"], "`net.yaml` is the spec itself"),
        (["net.yaml", "--steps", "-1"], "-1 is not in the range x>=0"),
        (["net.yaml", "--optimizer", "adams"], "'adams' is not one of 'sgd'"),
        (["net.yaml", "--save", "nowhere/w.npz"], "cannot write `nowhere/w.npz`: No such file or directory"),
        (["net.yaml", "--input", "x=2000000000000"], "the parameters need 22,351.7 GiB, the machine has"),
        (["net.yaml", "--batch", f"{10**26}"], "the data of 100,000,000,000,000,000,000,000,000 samples need"),
        (["net.yaml", "--save", ""], "`--save` names no file"),
        (["net.yaml", "--save", "w.npz", "-o", "w.npz"], "`--output` and `--save` name the same file, `w.npz`"),
        (["net.yaml", "--data", "./w.npz", "--save", "w.npz"], "`--save` and `--data` name the same file, `w.npz`"),
        (["net.yaml", "--steps", "9", "-o", "nowhere/out.txt"], "cannot write `nowhere/out.txt`: No such file or"),
        (["net.yaml", "--steps", "1001", "--trace"], "`--trace` keeps every array of every step: at most 1,000"),
        (["net.yaml", "--beside", "sgd"], "`--beside` compares training steps: say how many with `--steps`"),
        (["net.yaml", "--steps", "1", "--beside", "sgd", "--save", "w.npz"], "`--save` is for one network, `--beside`"),
        (
            ["net.yaml", "--steps", "1", "--beside", "sgd", "--plan"],
            "`--plan` is for one network, `--beside` makes two",
        ),
        (["net.yaml", "--steps", "1", "--beside", "sgd", "--momentum", "0.9"], "`adam` has no setting `momentum`"),
        (["net.yaml", "--steps", "1", "--beside", "adams"], "'adams' is not one of 'sgd'"),
        (
            ["net.yaml", "--steps", "1", "--beside", "sgd", "--limit", "memory=500"],
            "the steps of a second network need",
        ),
        (["net.yaml", "--steps", "1", "--loss", "binary_cross_entropy"], "binary_cross_entropy of `dense_2`: expected"),
        (["net.yaml", "--plan", "--dtype", "float16"], "expected float32 or float64 to compute in, found `float16`"),
        (["net.yaml", "--batch", "10000000000000"], "the data of 10,000,000,000,000 samples need"),
        (["none.yaml"], "none.yaml: error[file-not-found]"),
    ],
)
def test_what_cannot_be_run(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    before = Path("net.yaml").read_bytes()
    assert main(["run", *arguments]) == 2
    out, err = capsys.readouterr()
    assert (out, message in err) == ("", True), err
    assert not re.search("internal error|Traceback", err)
    assert Path("net.yaml").read_bytes() == before


def test_a_spec_that_cannot_be_used(capsys: pytest.CaptureFixture[str]) -> None:
    Path("bad.yaml").write_text(NET.replace("relu", "rellu"))
    assert main(["run", "bad.yaml", "-o", "out.json"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "bad.yaml:6:5: error[unknown-layer-type]: there is no layer type or block `rellu`\n" in err
    assert err.endswith("`out.json` was not written\n")
    assert not Path("out.json").exists()


def test_weights_of_another_network(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "toy.yaml", "--save", "toy.npz"]) == 0
    capsys.readouterr()
    assert main(["run", "net.yaml", "--load", "toy.npz"]) == 2
    assert capsys.readouterr().err == (
        "Error: the arrays of `toy.npz` do not fit the network\n"
        "  of another shape: `dense.weight` expected 3×2, found 2×2, `dense.bias` expected 3, found 2, "
        "`dense_2.weight` expected 1×3, found 2×2, `dense_2.bias` expected 1, found 2\n"
    )


class Terminal(io.StringIO):
    """Standard error of somebody who is watching."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("patience", "is_shown"), [(-1, True), (1000, False)])
def test_a_long_run_shows_how_far_it_is(patience: float, is_shown: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr("archanalyzer.cli.run._PATIENCE", patience)
    monkeypatch.setattr(sys, "stderr", terminal)
    assert main(["run", "net.yaml", "--steps", "20"]) == 0
    assert ("training" in terminal.getvalue() and "100%" in terminal.getvalue()) is is_shown


def test_weights_are_not_saved_of_a_run_that_failed(folder: Path, printed: Any) -> None:
    (folder / "w.npz").write_bytes(b"old")
    text = "archspec: 1\ninputs: {x: [1]}\nlayers: [dense: 1]\ndata: {inputs: {x: [1]}, targets: {dense: [1.0e+5]}}\n"
    (folder / "line.yaml").write_text(text)
    command = ("line.yaml", "--steps", "3", "--rate", "1e300", "--dtype", "float64", "--save", "w.npz")
    printed(*command, code=1, err="Error: step 2: infinity first appears in the loss of `dense`\n")
    assert (folder / "w.npz").read_bytes() == b"old"


def test_the_spec_s_own_dtype_is_computed_in(printed: Any, folder: Path) -> None:
    (folder / "d.yaml").write_text(NET.replace("name: net", "dtype: float64"))
    assert "; float64; seed 0" in printed("d.yaml")
    (folder / "d.yaml").write_text(NET.replace("name: net", "dtype: int8"))
    assert "; float32; seed 0" in printed("d.yaml")

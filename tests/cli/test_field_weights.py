"""``archanalyzer field`` with ``--paths``, ``--effective`` and ``--draw``: what is counted, measured and drawn."""

from __future__ import annotations

import io
import json
import shutil
import sys
from math import log, sqrt
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from archanalyzer.cli import main
from archanalyzer.passes.fields.paths import DEFAULT_THRESHOLD
from tests.cli.field_networks import NET

pytestmark = pytest.mark.usefixtures("folder")


# --- Counted and computed


def test_paths(printed: Any) -> None:
    out = printed("net.yaml", "dense", "--at", "0", "--paths")
    # By hand: each of 60 features has 4·9 paths, of which those that meet padding are none. Along an axis of 12, taps
    # of all positions meet 12·3 − 2; of 10, 10·3 − 2. Two channels of a place make as many paths: 2·34·28.
    assert "in all       1,904\n" in out


def test_uniform_weights(printed: Any) -> None:
    """Three taps alike: 8/12 is the variance. A Gaussian is at 4.55 % of its peak √(−2·ln 0.0455) = 2.486 σ from it.

    Twice that is 4.06, the length and over one axis the number of positions as well; twice 2 σ is 3.266.
    """
    out = printed("line.yaml", "conv1d", "--effective", "uniform")
    assert "theoretical  3: 3 positions\neffective    3: 3 positions, 100.0 % of these\n" in out
    assert out.endswith(
        "deviation    0.8165\nformula      0.8165, for uniform weights far from any border\n"
        "Gaussian     4.06: 4.06 positions by the formula; ±2 deviations: 3.266\n"
    )
    effective = json.loads(printed("line.yaml", "conv1d", "--effective", "uniform", "--format", "json"))["effective"]
    assert effective["gaussian"] == {
        "extents": [pytest.approx(2 * sqrt(-2 * log(0.0455) * 8 / 12))],
        "positions": pytest.approx(2 * sqrt(-2 * log(0.0455) * 8 / 12)),
        "within_two_deviations": [pytest.approx(4 * sqrt(8 / 12))],
    }


@pytest.mark.parametrize(
    "arguments",
    [
        ("line.yaml", "conv1d", "--effective", "random"),  # magnitudes, whose squares are as the uniform weights
        ("line.yaml", "conv1d", "--effective", "uniform", "--threshold", "0"),  # a Gaussian has no end
        ("net.yaml", "dense", "--effective", "uniform"),  # no formula: it reads whole axes
        ("point.yaml", "conv1d", "--effective", "uniform"),  # no variance
        ("soft.yaml", "softmax", "--effective", "random"),  # a sum that never changes: there are no weights at all
    ],
)
def test_where_there_is_no_gaussian_to_compare_with(arguments: tuple[str, ...], printed: Any, folder: Path) -> None:
    (folder / "point.yaml").write_text(
        "archspec: 1\ninputs: {x: [1, 4]}\nlayers:\n  - conv1d: {filters: 1, kernel: 1}\n"
    )
    layers = "layers:\n  - conv1d: {filters: 3, kernel: 3}\n  - softmax\n"
    (folder / "soft.yaml").write_text(f"archspec: 1\ninputs: {{x: [1, 4]}}\n{layers}")
    assert "Gaussian" not in printed(*arguments)
    assert json.loads(printed(*arguments, "--format", "json"))["effective"]["gaussian"] is None


def test_a_gaussian_over_two_axes(printed: Any, folder: Path) -> None:
    """Variances of 8/12 and 24/12, from kernels of 3 and 5: √3 times as long the one way, π·2.486²·√(4/3) positions."""
    (folder / "oblong.yaml").write_text(
        "archspec: 1\ninputs: {x: [1, 9, 9]}\nlayers:\n  - conv2d: {filters: 1, kernel: [3, 5]}\n"
    )
    told = " ".join(printed("oblong.yaml", "conv2d", "--effective", "uniform").split())
    assert told.endswith("Gaussian 4.06×7.031: 22.42 positions by the formula; ±2 deviations: 3.266 × 5.657")


def test_given_weights(printed: Any) -> None:
    """Gradients are 1, −2 and 0: from 0.6 times the largest magnitude on, one is left."""
    command = ("line.yaml", "conv1d", "--effective", "given", "--threshold", "0.6", "--seeds", "1", "--format", "json")
    (found,) = json.loads(printed(*command, "--at", "1"))["effective"]["inputs"]
    assert (found["relative"], found["effective"]) == ([0, 0.5, 1, 0], {"extents": [1], "positions": 1})
    weights: dict[str, Any] = {"conv1d.weight": np.array([[[4.0, 1.0, 1.0]]])}
    np.savez("w.npz", **weights)
    (found,) = json.loads(printed(*command, "--at", "1", "--load", "w.npz"))["effective"]["inputs"]
    assert found["relative"] == [0, 1, 0.25, 0.25]


def test_random_weights_are_those_of_the_seeds(printed: Any) -> None:
    """Not the pinned ones, of which the last is 0; the same each time."""
    command = ("line.yaml", "conv1d", "--effective", "random", "--seeds", "3", "--samples", "2", "--format", "json")
    effective = json.loads(printed(*command))["effective"]
    assert effective["weights"] == "random; mean gradients of 6 samples"
    assert effective["inputs"][0]["relative"][3] > 0
    assert printed(*command) == printed(*command)


def test_pinned_inputs_are_used_with_given_weights(printed: Any, folder: Path) -> None:
    """A ReLU lets through what is above zero: positions 0 and 3, whose weights are 1 and 4."""
    text = "archspec: 1\ninputs: {x: [4]}\nlayers:\n  - relu\n  - dense: {units: 1, bias: false}\n"
    text += "weights: {dense: {weight: [[1, 2, 3, 4]]}}\ndata: {inputs: {x: [1, -1, -1, 1]}}\n"
    (folder / "flat.yaml").write_text(text)
    found = json.loads(printed("flat.yaml", "dense", "--effective", "given", "--format", "json"))["effective"]
    assert found["inputs"][0]["relative"] == [0.25, 0, 0, 1]


def test_the_default_threshold_is_that_of_the_paths(printed: Any) -> None:
    from archanalyzer.cli.field import command

    (option,) = (each for each in command.params if each.name == "threshold")
    assert option.default == DEFAULT_THRESHOLD
    found = json.loads(printed("net.yaml", "stage", "--effective", "uniform", "--format", "json"))
    assert found["effective"]["threshold"] == DEFAULT_THRESHOLD


def test_gradients_that_are_all_zero(printed: Any, folder: Path) -> None:
    """A softmax over channels: their sum never changes."""
    (folder / "soft.yaml").write_text("archspec: 1\ninputs: {x: [1, 4]}\nlayers: [softmax]\n")
    out = printed("soft.yaml", "softmax", "--effective", "random", "--seeds", "2")
    told = "effective field, weights random; mean gradients of 2 samples: all gradients are\nzero\n"
    assert out.endswith(told)


# --- Counting that takes long


def test_counts_of_more_digits_than_python_reads(printed: Any, folder: Path) -> None:
    """Two positions that a kernel of 3 both sees, 15,000 times: 2 to the power of 14,999 paths from each."""
    layers = "layers:\n  - conv1d: {filters: 1, kernel: 3, padding: 1, bias: false}\n    repeat: 15000\n    name: c\n"
    (folder / "deep.yaml").write_text(f"archspec: 1\ninputs: {{x: [1, 2]}}\n{layers}")
    (found,) = json.loads(printed("deep.yaml", "c_15000", "--paths", "--format", "json"))["paths"]
    assert int(found["total"], 16) == 2**15000
    assert [[int(each, 16) for each in profile] for profile in found["profiles"]] == [[2**14999] * 2]
    assert "in all       2.818e4515\n" in printed("deep.yaml", "c_15000", "--paths")  # 15000·log10(2) = 4515.44993…
    printed("deep.yaml", "c_15000", "--draw", "f.png")


def test_counting_that_is_hopeless_is_refused(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    layers = "layers:\n  - conv2d: {filters: 1, kernel: 3, padding: 1}\n    repeat: 2000\n    name: c\n"
    (folder / "deep.yaml").write_text(f"archspec: 1\ninputs: {{x: [1, 1000, 1000]}}\n{layers}")
    assert main(["field", "deep.yaml", "c_2000", "--paths"]) == 2
    out, err = capsys.readouterr()
    assert (out, err.startswith("Error: there are too many paths: counting them would take too long")) == ("", True)
    assert "numbers of up to 1,908 digits" in err  # 9^2000


class Terminal(io.StringIO):
    """Standard error of somebody who is watching."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("patience", [-1, 1000])
def test_counting_that_takes_long_shows_how_far_it_is(patience: float, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr("archanalyzer.cli.field_weighing._PATIENCE", patience)
    monkeypatch.setattr(sys, "stderr", terminal)
    assert main(["field", "net.yaml", "stage", "--paths"]) == 0
    assert ("counting" in terminal.getvalue() and "100%" in terminal.getvalue()) is (patience < 0)


@pytest.mark.parametrize(("patience", "is_shown"), [(-1, True), (1000, False)])
def test_measuring_that_takes_long_shows_how_far_it_is(
    patience: float, is_shown: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal = Terminal()
    monkeypatch.setattr("archanalyzer.cli.field_weighing._PATIENCE", patience)
    monkeypatch.setattr(sys, "stderr", terminal)
    assert main(["field", "line.yaml", "conv1d", "--effective", "random"]) == 0
    assert ("measuring" in terminal.getvalue() and "100%" in terminal.getvalue()) is is_shown


# --- Drawn


@pytest.mark.parametrize("name", ["f.png", "f.svg", "f.PNG"])
def test_a_drawing(name: str, printed: Any, folder: Path) -> None:
    text = printed("net.yaml", "max_pool2d", "--at", "0", "--draw", name)
    assert text == printed("net.yaml", "max_pool2d", "--at", "0")
    content = (folder / name).read_bytes()
    assert content.startswith(b"\x89PNG" if name[2:].lower() == "png" else b"<?xml")
    printed("net.yaml", "max_pool2d", "--at", "0", "--draw", name, "--log", "--effective", "uniform")
    assert (folder / name).read_bytes() != content


def test_a_drawing_over_the_spec_is_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copy("net.yaml", "net.svg")
    assert main(["field", "net.svg", "stage", "--draw", "net.svg"]) == 2
    assert "`net.svg` is the spec itself" in capsys.readouterr().err
    assert (folder / "net.svg").read_text() == NET


def test_without_matplotlib_it_is_told_before_the_work(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    monkeypatch.setattr("archanalyzer.cli.field.find_spec", lambda name: None)
    assert main(["field", "net.yaml", "stage", "--draw", "f.png"]) == 2
    assert capsys.readouterr() == ("", "Error: drawing needs matplotlib: pip install 'archanalyzer[draw]'\n")
    assert not (folder / "f.png").exists()


def test_a_place_that_sees_nothing(printed: Any, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "pad.yaml").write_text("archspec: 1\ninputs: {x: [1, 4]}\nlayers:\n  - pad: 3\n  - relu\n")
    assert "cut −, " not in printed("pad.yaml", "relu", "--at", "0")
    assert "sees of x  −3: 1; cut at the borders, nothing\n" in printed("pad.yaml", "--from", "relu", "--at", "0")
    assert printed("pad.yaml", "relu", "--at", "0", "--paths") == printed("pad.yaml", "relu", "--at", "0")
    assert main(["field", "pad.yaml", "relu", "--at", "0", "--draw", "f.png"]) == 2
    assert capsys.readouterr().err == "Error: there is nothing to draw: no input has any weight\n"

"""``archanalyzer field``: what it prints, its files, its exit codes, and what it refuses."""

from __future__ import annotations

import io
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from archanalyzer.cli import main
from archanalyzer.passes.fields.paths import DEFAULT_THRESHOLD
from tests.docs.fences import ROOT

NET = """\
archspec: 1
name: net
inputs: {image: [1, 12, 10]}
variables: {kernel: 3}
blocks:
  stage:
    layers:
      - conv2d: {filters: 2, kernel: =kernel, padding: same}
      - relu
layers:
  - stage
  - max_pool2d: 2
  - flatten
  - dense: {units: 3, bias: false}
"""
LINE = """\
archspec: 1
inputs: {x: [1, 4]}
layers:
  - conv1d: {filters: 1, kernel: 3, bias: false}
weights: {conv1d: {weight: [[[1, -2, 0]]]}}
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with some networks, and no settings from outside."""
    (tmp_path / "net.yaml").write_text(NET)
    (tmp_path / "line.yaml").write_text(LINE)
    (tmp_path / "bad.yaml").write_text(NET.replace("max_pool2d: 2", "max_pool2d: 20"))
    shutil.copy(ROOT / "specs" / "homework" / "unet.yaml", tmp_path)
    monkeypatch.chdir(tmp_path)
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "ARCHANALYZER_TRACEBACK"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def printed(capsys: pytest.CaptureFixture[str]) -> Any:
    """Runs the command; returns what it wrote to standard output, having checked that all went well."""

    def call(*arguments: str) -> str:
        assert main(["field", *arguments]) == 0
        out, err = capsys.readouterr()
        assert err == ""
        return str(out)

    return call


# --- What it tells


def test_all_layers(printed: Any) -> None:
    """A kernel of 3 sees 3 positions, 2 in a corner; a pool of 2 behind it 4."""
    lines = printed("net.yaml").splitlines()
    assert lines[0] == "net  net.yaml"
    assert lines[2:10] == [
        "layer        output  field  stride  padding  centre  cut",
        "────────────────────────────────────────────────────────",
        "image       1×12×10      1       1        0       0    1",
        "stage",
        "  conv2d    2×12×10      3       1        1       0  2–3",
        "  relu      2×12×10      3       1        1       0  2–3",
        "max_pool2d    2×6×5      4       2        1     1/2  3–4",
        "flatten          60      4       –        1     1/2  3–4",
    ]
    assert "stage       2×12×10      3       1        1       0  2–3" in printed("net.yaml", "--depth", "0")


def test_a_block_s_name_stands_for_its_output(printed: Any) -> None:
    assert printed("net.yaml", "stage") == printed("net.yaml", "stage/relu")


def test_options_reach_the_spec(printed: Any) -> None:
    options = ("--set", "kernel=5", "--input", "image=1x20x20", "--format", "json")
    document = json.loads(printed("net.yaml", "stage", "--at", "centre", *options))
    assert (document["schema"], document["at"]) == (1, [10, 10])
    assert [field["size"] for field in document["fields"]] == [5, 5]


def test_the_textbook_s_exercise(printed: Any) -> None:
    """The widths of blocks 9 to 1, as derived in the spec."""
    lines = printed("unet.yaml", "--from", "classifier", "--at", "centre", "--depth", "0").splitlines()
    widths = [line.split()[-1] for line in lines if line.startswith("block") and "→" in line.split()[-1]]
    assert widths == ["1→5", "3→9", "5→11", "6→12", "6→12", "24→30", "60→66", "132→138", "276→280"]


def test_the_centre_is_the_default_of_a_walk(printed: Any) -> None:
    walk = printed("net.yaml", "--from", "stage")
    assert (
        walk
        == printed("net.yaml", "--from", "stage", "--at", "6,5")
        == printed("net.yaml", "--from", "stage", "--at", "center")
    )
    assert "from           stage/relu (relu) at 6×5\n" in walk


def test_one_number_is_for_all_axes(printed: Any) -> None:
    assert printed("net.yaml", "stage", "--at", "2") == printed("net.yaml", "stage", "--at", " 2 , 2 ")
    assert "\nat 2×2   1–3, 3\n" in printed("net.yaml", "stage", "--at", "2")


def test_paths(printed: Any) -> None:
    out = printed("net.yaml", "dense", "--at", "0", "--paths")
    # By hand: each of 60 features has 4·9 paths, of which those that meet padding are none. Along an axis of 12, taps
    # of all positions meet 12·3 − 2; of 10, 10·3 − 2. Two channels of a place make as many paths: 2·34·28.
    assert "in all       1,904\n" in out


def test_uniform_weights(printed: Any) -> None:
    out = printed("line.yaml", "conv1d", "--effective", "uniform")
    assert "theoretical  3: 3 positions\neffective    3: 3 positions, 100.0 % of these\n" in out
    assert out.endswith(
        "deviation    0.8165\nformula      0.8165, for uniform weights far from any border\n"
    )  # √(8/12)


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


@pytest.mark.parametrize("name", ["f.png", "f.svg", "f.PNG"])
def test_a_drawing(name: str, printed: Any, folder: Path) -> None:
    text = printed("net.yaml", "max_pool2d", "--at", "0", "--draw", name)
    assert text == printed("net.yaml", "max_pool2d", "--at", "0")
    content = (folder / name).read_bytes()
    assert content.startswith(b"\x89PNG" if name[2:].lower() == "png" else b"<?xml")
    printed("net.yaml", "max_pool2d", "--at", "0", "--draw", name, "--log", "--effective", "uniform")
    assert (folder / name).read_bytes() != content


def test_output_to_a_file(printed: Any, folder: Path) -> None:
    text = printed("net.yaml", "stage")
    assert printed("net.yaml", "stage", "-o", "out.txt") == ""
    assert (folder / "out.txt").read_text() == text


@pytest.mark.parametrize("arguments", [(), ("stage",), ("--from", "stage", "--paths")])
def test_every_format(arguments: tuple[str, ...], printed: Any) -> None:
    assert json.loads(printed("net.yaml", *arguments, "--format", "json"))["name"] == "net"
    assert printed("net.yaml", *arguments, "--format", "markdown").startswith("### net (net.yaml)\n\n")


def test_every_layer_of_every_case_can_be_asked_about(printed: Any) -> None:
    """Documents can be read whatever the network is."""
    specs = sorted((ROOT / "tests" / "passes" / "cases").glob("*.yaml"))
    assert specs
    for path in specs:
        document = json.loads(printed(str(path), "--format", "json"))
        last = document["layers"][-1]["name"]
        assert printed(str(path), last, "--format", "json")
        assert printed(str(path), "--from", last)


# --- What it refuses


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["net.yaml", "stag"], "there is no layer or block `stag`; did you mean `stage`?"),
        (["net.yaml", ""], "there is no layer or block ``"),
        (
            ["net.yaml", "--from", "conv"],
            "there is no layer or block `conv`; layers: `image`, `stage/conv2d`, `stage/relu`, `max_",
        ),
        (["net.yaml", "stage", "--from", "stage"], "name one layer, as LAYER or with `--from`"),
        (["net.yaml", "--at", "3"], "`--at` needs a layer: name it as LAYER, or with `--from`"),
        (["net.yaml", "--paths"], "`--paths` needs a layer"),
        (["net.yaml", "--effective", "uniform"], "`--effective` needs a layer"),
        (["net.yaml", "--draw", "f.png"], "`--draw` needs a layer"),
        (
            ["net.yaml", "stage", "--at", "-1"],
            "expected a position of `stage/relu` within 12×10, counted from 0, found",
        ),
        (["net.yaml", "stage", "--at", "11"], "within 12×10, counted from 0, found 11×11"),
        (["net.yaml", "stage", "--at", "3,3,3"], "expected 2 numbers, one an axis, or one for all: `stage/relu` has"),
        (["net.yaml", "dense", "--at", "1,1"], "expected one number: `dense` has 3 positions, found `1,1`"),
        (["net.yaml", "dense", "--at", "3"], "expected a position of `dense` within 3, counted from 0, found 3"),
        (
            ["net.yaml", "stage", "--at", "middle"],
            "expected a position such as `12`, `12,40` or `centre`, found `middle`",
        ),
        (["net.yaml", "stage", "--at", ""], "expected a position such as `12`, `12,40` or `centre`, found ``"),
        (["net.yaml", "stage", "--at", "1.5"], "found `1.5`"),
        (["net.yaml", "stage", "--at", "٣"], "found `٣`"),
        (["net.yaml", "stage", "--at", "9" * 5000], "expected a position such as"),
        (["net.yaml", "stage", "--load", "w.npz"], "`--load` gives the weights for `--effective given`"),
        (["net.yaml", "stage", "--effective", "given"], "no weights are given: pin them in the spec, or name a file"),
        (["net.yaml", "stage", "--effective", "given", "--load", "none.npz"], "cannot read `none.npz`: No such file"),
        (["net.yaml", "stage", "--effective", "best"], "'best' is not one of 'uniform', 'random', 'given'"),
        (["net.yaml", "stage", "--effective", "uniform", "--threshold", "2"], "2.0 is not in the range 0<=x<=1"),
        (["net.yaml", "stage", "--effective", "uniform", "--threshold", "nan"], "expected a number, found nan"),
        (["net.yaml", "stage", "--effective", "random", "--seeds", "0"], "0 is not in the range x>=1"),
        (["net.yaml", "stage", "--threshold", "0.5"], "`--threshold` is that of an effective field"),
        (["net.yaml", "stage", "--paths", "--threshold", "0.5"], "`--threshold` is that of an effective field"),
        (["net.yaml", "stage", "--seeds", "3"], "`--seeds` says how to measure"),
        (["net.yaml", "stage", "--effective", "uniform", "--samples", "1"], "`--samples` says how to measure"),
        (
            ["net.yaml", "stage", "--effective", "random", "--dtype", "int8"],
            "it is measured in float32 or float64, not in `--dtype int8`",
        ),
        (["net.yaml", "stage", "--depth", "1"], "`--depth` folds blocks of the table of all layers, and of the walk"),
        (["net.yaml", "stage", "--log"], "`--log` is for shades that `--draw` draws"),
        (["net.yaml", "stage", "--draw", "f.pdf"], "cannot draw `f.pdf`: expected the ending `.svg` or `.png`"),
        (["net.yaml", "stage", "--draw", ""], "cannot draw ``: expected the ending `.svg` or `.png`"),
        (["net.yaml", "stage", "--draw", "no/f.png"], "cannot write `no/f.png`: No such file or directory"),
        (
            ["net.yaml", "stage", "--draw", "f.png", "-o", "./f.png"],
            "`--draw` and `--output` name the same file, `f.png`",
        ),
        (["net.yaml", "stage", "-o", "net.yaml"], "`net.yaml` is the spec itself"),
        (["net.yaml", "stage", "-o", "no/out.txt"], "cannot write `no/out.txt`: No such file or directory"),
        (["none.yaml", "stage"], "none.yaml: error[file-not-found]"),
    ],
)
def test_what_cannot_be_asked(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    before = sorted(folder.iterdir())
    assert main(["field", *arguments]) == 2
    out, err = capsys.readouterr()
    assert (out, message in err) == ("", True), err
    assert not re.search("internal error|Traceback", err)
    assert sorted(folder.iterdir()) == before


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


def test_a_spec_with_errors(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    """Of all layers, the sound ones are shown, as ``analyze`` does; nothing else is answered, and no file written."""
    assert main(["field", "bad.yaml"]) == 2
    out, err = capsys.readouterr()
    assert "\n  relu    2×12×10" in out
    assert "partial: shown and counted are only the layers that the errors leave sound\n" in out
    assert "error[kernel-larger-than-input]" in err
    assert main(["field", "bad.yaml", "stage", "--draw", "f.png"]) == 2
    out, err = capsys.readouterr()
    assert (out, "error[kernel-larger-than-input]" in err) == ("", True)
    assert main(["field", "bad.yaml", "-o", "out.txt"]) == 2
    assert capsys.readouterr().err.endswith("`out.txt` was not written\n")
    assert not {"f.png", "out.txt"} & {path.name for path in folder.iterdir()}


@pytest.mark.parametrize("text", [None, "", "inputs: {x: ["])
def test_of_what_cannot_be_read_the_error_alone_is_told(
    text: str | None, capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    if text is not None:
        (folder / "unusable.yaml").write_text(text)
    assert main(["field", "unusable.yaml"]) == 2
    out, err = capsys.readouterr()
    assert (out, err.startswith("unusable.yaml")) == ("", True)


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


@pytest.mark.parametrize("patience", [-1, 1000])
def test_counting_that_takes_long_shows_how_far_it_is(patience: float, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr("archanalyzer.cli.field_weighing._PATIENCE", patience)
    monkeypatch.setattr(sys, "stderr", terminal)
    assert main(["field", "net.yaml", "stage", "--paths"]) == 0
    assert ("counting" in terminal.getvalue() and "100%" in terminal.getvalue()) is (patience < 0)


def test_a_layer_that_sees_nothing_of_the_actual_input(printed: Any, folder: Path) -> None:
    """Of 8 positions, padded to 26, the last 8 are left: all behind the end."""
    layers = "layers:\n  - pad: 10\n  - crop: {amount: [[20, 0]]}\n    name: nothing\n"
    (folder / "blind.yaml").write_text(f"archspec: 1\ninputs: {{x: [1, 8]}}\n{layers}")
    assert "\ncut      everything: none of the 8 that there are is seen\n" in printed("blind.yaml", "nothing")


def test_inputs_without_spatial_axes(printed: Any, folder: Path) -> None:
    (folder / "flat.yaml").write_text("archspec: 1\ninputs: {x: [4]}\nlayers: [relu]\n")
    note = "the inputs have no spatial axes"
    assert note in printed("flat.yaml")
    assert note not in printed("net.yaml")


def test_several_inputs_have_rows_of_their_own(printed: Any, folder: Path) -> None:
    """What both inputs say alike is one row, as of a sum of two that are seen alike."""
    layers = "layers:\n  - conv1d: {filters: 1, kernel: 3, padding: 1}\n    from: a\n    name: c\n"
    layers += "  - add:\n    from: [c, b]\n  - add:\n    from: [a, b]\n    name: alike\noutputs: [add, alike]\n"
    (folder / "two.yaml").write_text(f"archspec: 1\ninputs: {{a: [1, 9], b: [1, 9]}}\n{layers}")
    lines = printed("two.yaml").splitlines()
    at = next(number for number, line in enumerate(lines) if line.startswith("add"))
    assert [line.split() for line in lines[at : at + 4]] == [
        ["add", "1×9"],
        ["of", "a", "3", "1", "1", "0", "2–3"],
        ["of", "b", "1", "1", "0", "0", "1"],
        ["alike", "1×9", "1", "1", "0", "0", "1"],
    ]


def test_a_place_that_sees_nothing(printed: Any, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "pad.yaml").write_text("archspec: 1\ninputs: {x: [1, 4]}\nlayers:\n  - pad: 3\n  - relu\n")
    assert "cut −, " not in printed("pad.yaml", "relu", "--at", "0")
    assert "sees of x  −3: 1; cut at the borders, nothing\n" in printed("pad.yaml", "--from", "relu", "--at", "0")
    assert printed("pad.yaml", "relu", "--at", "0", "--paths") == printed("pad.yaml", "relu", "--at", "0")
    assert main(["field", "pad.yaml", "relu", "--at", "0", "--draw", "f.png"]) == 2
    assert capsys.readouterr().err == "Error: there is nothing to draw: no input has any weight\n"


def test_gradients_that_are_all_zero(printed: Any, folder: Path) -> None:
    """A softmax over channels: their sum never changes."""
    (folder / "soft.yaml").write_text("archspec: 1\ninputs: {x: [1, 4]}\nlayers: [softmax]\n")
    out = printed("soft.yaml", "softmax", "--effective", "random", "--seeds", "2")
    told = "effective field, weights random; mean gradients of 2 samples: all gradients are\nzero\n"
    assert out.endswith(told)


def test_large_inputs(printed: Any, capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    large = ("--input", "image=1x30000x30000")
    assert "  relu      2×30000×30000      3       1        1       0  2–3\n" in printed("net.yaml", *large)
    assert "sees of image  14999–15001: 3×3\n" in printed("net.yaml", "--from", "stage", *large)
    assert "half of all" in printed("net.yaml", "stage", "--paths", *large)
    (folder / "wide.yaml").write_text("archspec: 1\ninputs: {image: [1, 30000, 30000]}\nlayers: [global_avg_pool]\n")
    assert main(["field", "wide.yaml", "global_avg_pool", "--paths"]) == 2
    assert capsys.readouterr().err == (
        "Error: expected at most 4,194,304 positions of a layer to count from, found 900,000,000 of `image`\n"
    )


def test_sets_that_are_too_wide(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    layers = "layers:\n  - conv1d: {filters: 1, kernel: 2, dilation: 40000000}\n"
    (folder / "wide.yaml").write_text(f"archspec: 1\ninputs: {{x: [1, 100000000]}}\n{layers}")
    assert main(["field", "wide.yaml", "--from", "conv1d"]) == 2
    out, err = capsys.readouterr()
    assert (out, err.startswith("Error: a set with gaps from "), "Traceback" in err) == ("", True, False)
    assert main(["field", "wide.yaml", "conv1d"]) == 0


class Terminal(io.StringIO):
    """Standard error of somebody who is watching."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("patience", "is_shown"), [(-1, True), (1000, False)])
def test_measuring_that_takes_long_shows_how_far_it_is(
    patience: float, is_shown: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal = Terminal()
    monkeypatch.setattr("archanalyzer.cli.field_weighing._PATIENCE", patience)
    monkeypatch.setattr(sys, "stderr", terminal)
    assert main(["field", "line.yaml", "conv1d", "--effective", "random"]) == 0
    assert ("measuring" in terminal.getvalue() and "100%" in terminal.getvalue()) is is_shown


# --- What it imports


@pytest.mark.parametrize(
    ("arguments", "unwanted"),
    [
        (["net.yaml"], {"numpy", "networkx", "matplotlib", "rich"}),
        (["net.yaml", "--format", "json"], {"numpy", "networkx", "matplotlib", "rich"}),
        (["net.yaml", "dense", "--at", "1"], {"numpy", "networkx", "matplotlib", "rich"}),
        (["net.yaml", "--from", "dense", "--format", "json"], {"numpy", "networkx", "matplotlib", "rich"}),
        (["net.yaml", "dense", "--paths", "--effective", "uniform"], {"networkx", "matplotlib", "rich"}),
        (["net.yaml", "stage", "--draw", "f.svg"], {"networkx", "rich", "matplotlib.pyplot"}),
    ],
)
def test_what_is_not_needed_is_not_imported(arguments: list[str], unwanted: set[str]) -> None:
    script = (
        "import sys; from archanalyzer.cli import main; code = main(['field', *sys.argv[1:]]); "
        "print('modules', *sys.modules, file=sys.stderr); sys.exit(code)"
    )
    command = [sys.executable, "-c", script, *arguments]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr
    assert set(done.stderr.split("modules ")[1].split()) & unwanted == set()

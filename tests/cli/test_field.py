"""``archanalyzer field``: what it prints, its files, its exit codes, and what it refuses."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from archanalyzer.cli import main
from tests.docs.fences import ROOT

pytestmark = pytest.mark.usefixtures("folder")


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
        (["net.yaml", "stage", "--at", "11"], "within 12×10, counted from 0, found 11×11; the last one is `11,9`"),
        (["net.yaml", "stage", "--at", "3,3,3"], "expected 2 numbers, one an axis, or one for all: `stage/relu` has"),
        (["net.yaml", "dense", "--at", "1,1"], "expected one number: `dense` has 3 positions, found `1,1`"),
        (["net.yaml", "dense", "--at", "3"], "expected a position of `dense` within 3, counted from 0, found 3"),
        (
            ["net.yaml", "stage", "--at", "middle"],
            "expected a position such as `12`, `12,40` or `centre`, found `middle`",
        ),
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
    told = (
        "Error: expected at most 4,194,304 positions from the first to the last of a set with gaps, found 40,000,001, "
        "from 30000000 to 70000000, of what is read of `x`; walk from an earlier layer, or ask for the field without a "
        "walk: `archanalyzer field SPEC LAYER`\n"
    )
    for asked in ((), ("--paths",), ("--effective", "uniform")):
        assert main(["field", "wide.yaml", "--from", "conv1d", *asked]) == 2
        assert capsys.readouterr() == ("", told)
    assert main(["field", "wide.yaml", "conv1d"]) == 0


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

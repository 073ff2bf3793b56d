"""``archanalyzer explain SPEC WHAT [LAYER]``: what it prints, what it refuses, and what a shell is offered."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from archanalyzer.cli import main
from archanalyzer.cli.explaining import WHAT
from tests.cli.test_completion import offered
from tests.docs.fences import ROOT
from tests.report.explanation.printed_arithmetic import value_of

NET = """\
archspec: 1
inputs: {image: [3, 8, 8]}
variables: {width: 4}
blocks:
  two:
    layers:
      - conv2d: {filters: =width, kernel: 3}
      - relu
layers:
  - two:
    name: stage
  - flatten
  - dense: 5
"""
VGG = str(ROOT / "specs" / "homework" / "vgg_parameters.yaml")


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "net.yaml").write_text(NET)
    (tmp_path / "bad.yaml").write_text(NET.replace("flatten", "max_pool2d: 20"))
    (tmp_path / "outputs.yaml").write_text(
        NET.replace("layers:\n  - two", "outputs: [flatten, dense]\nlayers:\n  - two")
    )
    monkeypatch.chdir(tmp_path)
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["explain", *arguments]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    return out


@pytest.mark.parametrize("what", WHAT)
@pytest.mark.parametrize("format_name", ["text", "markdown", "latex", "json"])
def test_everything_in_every_format(what: str, format_name: str, capsys: pytest.CaptureFixture[str]) -> None:
    for layer in ([], ["stage"], ["stage/conv2d"], ["dense"]):
        out = printed(capsys, "net.yaml", what, *layer, "--format", format_name)
        assert out.endswith("\n")
        if format_name == "json":
            document = json.loads(out)
            assert (document["schema"], document["explains"], document["name"]) == (1, what, "net")


def test_block_by_block(capsys: pytest.CaptureFixture[str]) -> None:
    """3·4 pairs of channels with 9 weights each and 4 biases; 4·6·6 = 144 features to 5 units."""
    assert printed(capsys, "net.yaml", "parameters").startswith(
        "net  net.yaml\n\nparameters\n\nstage  9 × 3×4 + 4 = 112\ndense  144×5 + 5 = 725\ntotal  112 + 725 = 837\n"
    )


def test_every_line_of_a_wide_page_is_right(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "1000")
    lines = [line for line in printed(capsys, VGG, "parameters").splitlines() if " = " in line]
    assert len(lines) == 12  # eight parts, two groups, and two totals
    for line in lines:
        left, _, right = line.removeprefix(line.split("  ")[0]).strip().rpartition(" = ")
        assert value_of(left) == value_of(right)
    assert sum(line.endswith(" = 140,629,696") for line in lines) == 2


def test_variables_and_shapes_from_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    """7 filters instead of 4; 5×5 positions of an image 7×7."""
    out = printed(capsys, "net.yaml", "macs", "stage", "--set", "width=7", "--input", "image=3x7x7")
    assert "5×5 × 9 × 3×7 = 4,725\n" in out


def test_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert printed(capsys, "net.yaml", "filters", "-o", "out.txt") == ""
    assert (tmp_path / "out.txt").read_text() == printed(capsys, "net.yaml", "filters")


def test_standard_input() -> None:
    command = [sys.executable, "-m", "archanalyzer", "explain", "-", "filters"]
    done = subprocess.run(command, input=NET, capture_output=True, text=True, check=True)
    assert "stage  4 = 4\n" in done.stdout


def test_the_receptive_field_is_that_of_the_output_unless_a_layer_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert "receptive field of dense (dense), 5\n" in printed(capsys, "net.yaml", "receptive_field")
    assert "receptive field of stage/relu (relu), 4×6×6\n" in printed(capsys, "net.yaml", "receptive_field", "stage")
    assert main(["explain", "outputs.yaml", "receptive_field"]) == 2
    assert "the network has 2 outputs (flatten, dense): name a layer" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["net.yaml"], "`net.yaml` is no rule; of a spec, say what to explain, such as `archanalyzer explain net.yaml"),
        (["missing.yaml"], "`missing.yaml` is no rule; of a spec, say what to explain"),
        (["net.yaml", "parametres"], "there is no explanation of `parametres`; did you mean `parameters`"),
        (["net.yaml", "parametres"], "; there is: parameters, trainable_parameters, weight_parameters, bias_param"),
        (["net.yaml", "nonsense"], "there is no explanation of `nonsense`; explanations: `parameters`, `trainable"),
        (["macs", "net.yaml"], "the spec comes first: archanalyzer explain net.yaml macs"),
        (["wrong-rank", "macs"], "`wrong-rank` is a rule, which is explained alone: archanalyzer explain wrong-rank"),
        (["net.yaml", "macs", "dens"], "there is no layer or block `dens`; did you mean `dense`"),
        (["net.yaml", "receptive_field", "dens"], "there is no layer or block `dens`; did you mean `dense`"),
        (["missing.yaml", "macs"], "error[file-not-found]"),
        (["bad.yaml", "macs"], "error[kernel-larger-than-input]"),
        (["net.yaml", "macs", "dense", "more"], "expected one rule, or SPEC WHAT [LAYER], found 4"),
        (["net.yaml", "macs", "-o", "net.yaml"], "`net.yaml` is the spec itself"),
        (["net.yaml", "macs", "--set", "depth=3"], "depth"),
        (["cycle", "--set", "depth=3"], "`--set`, `--input` and `--dtype` go with a spec"),
        (["cycle", "--format", "latex"], "a rule is explained as text or json"),
        (["net.yaml", "macs", "--list"], "`--list` lists all rules; it does not go with one"),
    ],
)
def test_what_is_refused(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert message in " ".join(err.split())


def test_completion() -> None:
    assert offered("archanalyzer explain net") == ["file,net"]
    assert offered("archanalyzer explain net.yaml para") == ["plain,parameters"]
    assert offered("archanalyzer explain net.yaml macs -") != []
    assert offered("archanalyzer explain net.yaml macs sta") == [""]


def test_neither_numpy_nor_networkx_is_imported() -> None:
    code = (
        "import sys; from archanalyzer.cli import main; main(['explain', 'net.yaml', 'macs']); "
        "main(['explain', 'net.yaml', 'receptive_field']); print({'numpy', 'networkx'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("set()\n")

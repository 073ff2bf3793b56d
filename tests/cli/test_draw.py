"""``archanalyzer draw``: what it writes, its files, its exit codes, and what it refuses; the pictures of its page."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from archanalyzer.cli import main
from tests.docs.fences import ROOT
from tests.report.drawing.parsers import dot, mermaid, svg, texts

pytestmark = pytest.mark.usefixtures("folder")

PAGE = (ROOT / "docs" / "draw.md").read_text()
PICTURES = re.findall(r"^\$ archanalyzer draw (.*) -o (\w+\.svg)$", PAGE, re.MULTILINE)


def drawn(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What the command writes to standard output, all having gone well."""
    assert main(["draw", *arguments]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    return out


# --- The page


@pytest.mark.parametrize(("arguments", "name"), PICTURES)
def test_the_pictures_of_the_page_are_what_the_command_writes(arguments: str, name: str, folder: Path) -> None:
    """`archanalyzer draw … -o docs/pictures/NAME` writes one anew."""
    shutil.copytree(ROOT / "specs", folder / "specs")
    assert main(["draw", *arguments.split(), "-o", name]) == 0
    assert (folder / name).read_text() == (ROOT / "docs" / "pictures" / name).read_text()


def test_every_picture_is_shown_and_every_one_shown_is_there() -> None:
    shown = re.findall(r"!\[.*\]\(pictures/(.*)\)", PAGE)
    assert (
        sorted(name for _, name in PICTURES)
        == sorted(shown)
        == sorted(path.name for path in (ROOT / "docs" / "pictures").iterdir())
    )
    assert len(shown) == 3


# --- What it writes


def test_svg_is_the_default(capsys: pytest.CaptureFixture[str]) -> None:
    lines = texts(svg(drawn(capsys, "net.yaml")))
    assert lines[0] == "net"
    assert {"image", "1×12×10", "conv2d", "kernel 3×3, padding same, filters 2", "max_pool2d", "2×6×5"} <= set(lines)


def test_options_reach_the_spec(capsys: pytest.CaptureFixture[str]) -> None:
    options = ("--set", "kernel=5", "--input", "image=1x20x20")
    lines = texts(svg(drawn(capsys, "net.yaml", *options)))
    assert {"1×20×20", "kernel 5×5, padding same, filters 2"} <= set(lines)


def test_depth_and_direction(capsys: pytest.CaptureFixture[str]) -> None:
    folded = mermaid(drawn(capsys, "net.yaml", "--depth", "0", "--format", "mermaid"))
    assert "stage\n2 layers\n2×12×10" in folded.nodes.values()
    assert folded.direction == "TB"
    assert mermaid(drawn(capsys, "net.yaml", "--direction", "right", "--format", "mermaid")).direction == "LR"
    wide = svg(drawn(capsys, "net.yaml", "--direction", "right"))
    assert float(wide.get("width", 0)) > float(wide.get("height", 0))


@pytest.mark.parametrize("backward", [(), ("--backward",)])
def test_the_ending_of_a_file_says_the_format(backward: tuple[str, ...], folder: Path) -> None:
    for ending, parse in (("svg", svg), ("mmd", mermaid), ("dot", dot), ("gv", dot), ("JSON", json.loads)):
        name = f"picture.{ending}"
        assert main(["draw", "net.yaml", *backward, "-o", name]) == 0
        assert parse((folder / name).read_text()) is not None
    assert main(["draw", "net.yaml", *backward, "--format", "dot", "-o", "picture.svg"]) == 0
    assert dot((folder / "picture.svg").read_text()).nodes


def test_standard_output_by_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert drawn(capsys, "net.yaml", "-o", "-") == drawn(capsys, "net.yaml")


def test_standard_input(capsys: pytest.CaptureFixture[str], folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (folder / "net.yaml").open() as file:
        monkeypatch.setattr(sys, "stdin", file)
        assert drawn(capsys, "-") == drawn(capsys, "net.yaml")


def test_backward(capsys: pytest.CaptureFixture[str]) -> None:
    graph = mermaid(drawn(capsys, str(ROOT / "specs" / "toy.yaml"), "--backward", "--format", "mermaid"))
    assert list(graph.groups.values()) == ["forward", "back"]
    assert "∂ℓ/∂W¹ = δ¹ · (o⁰)ᵀ\n∂ℓ/∂b¹ = δ¹" in graph.nodes.values()


def test_diagonal_weights_are_seen_asked_for_or_passed_over(capsys: pytest.CaptureFixture[str]) -> None:
    def units(*arguments: str) -> object:
        return json.loads(drawn(capsys, *arguments, "--backward", "--format", "json"))["units"]

    diagonal, toy = (str(ROOT / "specs" / name) for name in ("homework/diagonal.yaml", "toy.yaml"))
    assert units(diagonal) == units(diagonal, "--diagonal") == units(toy, "--diagonal") == 2
    assert units(diagonal, "--no-diagonal") is units(toy) is None


# --- What it refuses


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["net.yaml", "--diagonal"], "`--diagonal` is about what `--backward` draws"),
        (["net.yaml", "--backward", "--depth", "1"], "`--depth` does not go with `--backward`"),
        (["net.yaml", "--backward", "--direction", "down"], "`--direction` does not go with `--backward`"),
        (["net.yaml", "--depth", "-1"], "-1 is not in the range x>=0"),
        (["net.yaml", "--format", "png"], "'png' is not one of 'svg', 'mermaid', 'dot', 'json'"),
        (["net.yaml", "-o", "picture.png"], "cannot tell a format from `picture.png`: say `--format`, or end it in"),
        (["net.yaml", "-o", "picture"], "cannot tell a format from `picture`"),
        (["net.yaml", "-o", "no/picture.svg"], "cannot write `no/picture.svg`: No such file or directory"),
        (["net.yaml", "--format", "svg", "-o", "net.yaml"], "`net.yaml` is the spec itself"),
        (["none.yaml"], "none.yaml: error[file-not-found]"),
        (["net.yaml", "--set", "kernel=40", "--set", "kernel=41"], "`kernel` is given twice"),
        (
            ["net.yaml", "--backward", "--diagonal"],
            "there are no separate chains: expected flat layers that are equally wide, found `image`, 1×12×10",
        ),
    ],
)
def test_what_cannot_be_asked(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    before = sorted(folder.iterdir())
    assert main(["draw", *arguments]) == 2
    out, err = capsys.readouterr()
    assert (out, message in err) == ("", True), err
    assert not re.search("internal error|Traceback", err)
    assert sorted(folder.iterdir()) == before


def test_a_spec_with_errors_is_not_drawn(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    for arguments in (["bad.yaml"], ["bad.yaml", "--backward"], ["bad.yaml", "-o", "picture.svg"]):
        assert main(["draw", *arguments]) == 2
        out, err = capsys.readouterr()
        assert (out, "error[kernel-larger-than-input]" in err) == ("", True)
    assert not (folder / "picture.svg").exists()


def test_what_is_too_large_for_an_svg_is_text_all_the_same(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    layers = "layers:\n  - repeat: 3001\n    layers: [relu]\n"
    (folder / "long.yaml").write_text(f"archspec: 1\ninputs: {{x: [4]}}\n{layers}")
    assert main(["draw", "long.yaml"]) == 2
    assert capsys.readouterr() == (
        "",
        "Error: an SVG shows at most 3,000 boxes, found 3,002: fold blocks with `--depth`, or write Mermaid or dot\n",
    )
    assert len(mermaid(drawn(capsys, "long.yaml", "--format", "mermaid")).nodes) == 3002


def test_ways_that_are_too_long_are_told(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    """Each of 400 layers is read by the last one: 80,000 points of trunks."""
    names = [f"c{at}" for at in range(400)]
    layers = "".join(f"  - relu:\n    name: {name}\n" for name in names)
    text = f"archspec: 1\ninputs: {{x: [2]}}\nlayers:\n{layers}  - add:\n    from: [{', '.join(names)}]\n"
    (folder / "dense.yaml").write_text(text)
    for option, hint in (((), "fold blocks with `--depth`, or write"), (("--backward",), "write Mermaid or dot")):
        assert main(["draw", "dense.yaml", *option]) == 2
        out, err = capsys.readouterr()
        assert out == ""
        assert err.startswith("Error: too many")
        assert hint in err


# --- What it imports


@pytest.mark.parametrize(
    "arguments",
    [["net.yaml"], ["net.yaml", "--format", "mermaid"], ["net.yaml", "--backward"], ["net.yaml", "--format", "json"]],
)
def test_what_is_not_needed_is_not_imported(arguments: list[str]) -> None:
    script = (
        "import sys; from archanalyzer.cli import main; code = main(['draw', *sys.argv[1:]]); "
        "print('modules', *sys.modules, file=sys.stderr); sys.exit(code)"
    )
    command = [sys.executable, "-c", script, *arguments]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr
    assert set(done.stderr.split("modules ")[1].split()) & {"numpy", "networkx", "matplotlib", "rich"} == set()

"""``archanalyzer diff`` as it is used: exit codes, what goes where, what is refused."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from archanalyzer.cli import main

OLD = """\
archspec: 1
name: net
inputs: {image: [3, 8, 8]}
variables: {filters: 4}
layers:
  - conv2d: {filters: =filters, kernel: 3}
  - relu
"""
NEW = OLD.replace("kernel: 3", "kernel: 5")
BAD = OLD.replace("kernel: 3", "kernel: 9")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a spec of each kind, and no settings from outside."""
    for name, text in (("old", OLD), ("new", NEW), ("bad", BAD), ("warned", OLD + "blocks: {b: {layers: [relu]}}\n")):
        (tmp_path / f"{name}.yaml").write_text(text)
    monkeypatch.chdir(tmp_path)
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "ARCHANALYZER_TRACEBACK"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def test_equal_specs(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", "old.yaml", "old.yaml"]) == 0
    assert capsys.readouterr() == ("net  old.yaml → old.yaml\n\nno difference\n", "")


def test_other_specs(capsys: pytest.CaptureFixture[str]) -> None:
    """4 filters of 3·9 + 1 and of 3·25 + 1 parameters."""
    assert main(["diff", "old.yaml", "new.yaml"]) == 1
    out, err = capsys.readouterr()
    assert err == ""
    assert out.startswith("net  old.yaml → new.yaml\n\nlayers  1 changed; facts of 1 other moved\n")
    assert "\n  kernel " in out
    rows = [line.split() for line in out.splitlines()]
    assert ["parameters", "112", "304", "+192", "+171.4", "%"] in rows


def test_specs_that_differ_only_in_what_they_pin(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "pinned.yaml").write_text(f"{OLD}weights: {{conv2d: {{bias: 0.5}}}}\n")
    assert main(["diff", "old.yaml", "pinned.yaml"]) == 1
    assert capsys.readouterr().out.endswith("\npinned numbers\n\nconv2d.bias  added (0.5)\n")
    assert main(["diff", "pinned.yaml", "pinned.yaml"]) == 0


def test_all(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", "old.yaml", "new.yaml", "--all"]) == 1
    out = capsys.readouterr().out
    assert "unchanged layers whose facts moved" in out
    assert "--all" not in out


def test_the_formats(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", "old.yaml", "new.yaml", "--format", "json"]) == 1
    assert json.loads(capsys.readouterr().out)["changed"][0]["new"] == "conv2d"
    assert main(["diff", "old.yaml", "new.yaml", "--format", "markdown"]) == 1
    assert capsys.readouterr().out.startswith("### net (old.yaml → new.yaml)\n\n- totals: parameters 112 → 304 ")


def test_what_is_set_is_set_on_both_sides(capsys: pytest.CaptureFixture[str]) -> None:
    """8 instead of 4 filters, of 1 instead of 3 channels: 8·(9 + 1) and 8·(25 + 1) parameters, in 2 bytes each."""
    arguments = ["--set", "filters=8", "--input", "image=1x9x9", "--dtype", "float16", "--format", "json"]
    assert main(["diff", "old.yaml", "new.yaml", *arguments]) == 1
    totals = {each["fact"]: (each["old"], each["new"]) for each in json.loads(capsys.readouterr().out)["totals"]}
    assert totals["parameters"] == (80, 208)
    assert totals["parameter_bytes"] == (160, 416)


def test_a_file_is_written(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", "old.yaml", "new.yaml", "-o", "out.txt"]) == 1
    assert capsys.readouterr() == ("", "")
    assert (folder / "out.txt").read_text().startswith("net  old.yaml → new.yaml\n")


@pytest.mark.parametrize(("sides", "broken"), [(("bad", "new"), "OLD"), (("old", "bad"), "NEW")])
def test_a_side_that_is_broken_is_named(
    sides: tuple[str, str], broken: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["diff", *(f"{side}.yaml" for side in sides), "-o", "out.txt"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("bad.yaml:6:5: error[kernel-larger-than-input]: ")
    assert f"\n{broken}, `bad.yaml`, cannot be compared\n" in err
    assert err.count("cannot be compared") == 1
    assert not (folder / "out.txt").exists()


def test_a_file_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", "old.yaml", "none.yaml"]) == 2
    assert "none.yaml: error[file-not-found]: there is no such file" in capsys.readouterr().err


def test_a_warning_that_appeared(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", "old.yaml", "warned.yaml"]) == 1
    assert "\ndiagnostics that appeared\n\nwarning[unused-block]  warned.yaml:8:10: " in capsys.readouterr().out
    assert main(["diff", "warned.yaml", "old.yaml"]) == 1
    assert "\ndiagnostics that went\n\nwarning[unused-block]  warned.yaml:8:10: " in capsys.readouterr().out


def test_advice(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A pool of 2 over 6 positions drops none, over the 5 behind a kernel of 4 the last."""
    pooled = OLD.replace("relu", "max_pool2d: 2")
    (folder / "even.yaml").write_text(pooled)
    (folder / "odd.yaml").write_text(pooled.replace("kernel: 3", "kernel: 4"))
    assert main(["diff", "even.yaml", "odd.yaml", "--advice"]) == 1
    assert "advice[dropped-by-a-stride]  odd.yaml:7:5: " in capsys.readouterr().out
    assert main(["diff", "even.yaml", "odd.yaml"]) == 1
    assert "advice" not in capsys.readouterr().out


def test_standard_input(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(OLD.encode())))
    assert main(["diff", "-", "old.yaml"]) == 0
    assert capsys.readouterr().out.startswith("net  <stdin> → old.yaml\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["old.yaml"], "Missing argument 'NEW': name two specs, or one with `--revisions`"),
        (
            ["old.yaml", "new.yaml", "--revisions", "HEAD"],
            "`--revisions` compares revisions of one SPEC; two are named",
        ),
        (["-", "--revisions", "HEAD"], "standard input, `-`, has no revisions"),
        (["-", "-"], "standard input, `-`, can be read only once"),
        (["old.yaml", "new.yaml", "-o", "new.yaml"], "`new.yaml` is the spec itself"),
        (["old.yaml", "new.yaml", "--format", "xml"], "'xml' is not one of"),
    ],
)
def test_misuse(arguments: list[str], message: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", *arguments]) == 2
    assert message in capsys.readouterr().err
    assert (folder / "new.yaml").read_text() == NEW


@pytest.mark.parametrize("format_name", ["table", "json", "markdown"])
def test_what_is_not_needed_is_not_imported(format_name: str) -> None:
    code = (
        "import sys; from archanalyzer.cli import main; "
        f"main(['diff', 'old.yaml', 'new.yaml', '--format', '{format_name}']); "
        "print('modules', *sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert {"numpy", "networkx", "rich"}.isdisjoint(done.stderr.split("modules ")[1].split())


def test_thousands_of_layers(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A layer put into the middle of 2,000, each of which reads the one before it."""
    body = "  - conv2d: {filters: 4, kernel: 3, padding: same}\n  - relu\n" * 1_000
    head = OLD.partition("layers:")[0].replace("variables: {filters: 4}\n", "") + "layers:\n"
    middle = len(body) // 2
    (folder / "long.yaml").write_text(head + body)
    (folder / "longer.yaml").write_text(head + body[:middle] + "  - batch_norm\n" + body[middle:])
    assert main(["diff", "long.yaml", "longer.yaml", "--format", "json"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert [each["name"] for each in document["added"]] == ["batch_norm"]
    assert document["removed"] == document["changed"] == document["renamed"] == document["followed"] == []

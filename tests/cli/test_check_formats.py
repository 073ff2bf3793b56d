"""``archanalyzer check`` for machines, what comments silence, and the hook of pre-commit."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from archanalyzer.cli import main
from tests.docs.fences import ROOT

# 3·4·(3·3) + 4 = 112 parameters; 36 output positions · 108 weights = 3888 MACs.
GOOD = """\
archspec: 1
inputs: {image: [3, 8, 8]}
layers:
  - conv2d: {filters: 4, kernel: 3}
expect:
  totals:
    parameters: 112
    macs: 3888
"""
FAILING = GOOD.replace("112", "111")
BAD = GOOD.replace("kernel: 3", "kernel: 9")
SILENCED = FAILING.replace("111", "111 # archanalyzer: ignore[expectation-failed]")
FAILED = "`totals.parameters`: expected 111, found 112 (1 more)"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, text in (("good", GOOD), ("failing", FAILING), ("bad", BAD), ("silenced", SILENCED)):
        (tmp_path / f"{name}.yaml").write_text(text)
    monkeypatch.chdir(tmp_path)
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def test_annotations_of_github(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "good.yaml", str(folder / "failing.yaml"), "--format", "github"]) == 1
    expected = f"::error file=failing.yaml,line=7,col=17,title=expectation-failed::{FAILED}\n"
    assert capsys.readouterr() == (expected, "")
    assert main(["check", "bad.yaml", "--format", "github"]) == 2
    assert capsys.readouterr().out.startswith("::error file=bad.yaml,line=4,col=5,title=kernel-larger-than-input::")


def test_where_nothing_is_wrong_there_are_no_annotations(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "good.yaml", "--format", "github"]) == 0
    assert capsys.readouterr() == ("", "")


def test_sarif(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(folder), "--format", "sarif"]) == 2
    out, err = capsys.readouterr()
    (run,) = json.loads(out)["runs"]
    told = {
        (each["locations"][0]["physicalLocation"]["artifactLocation"]["uri"], each["ruleId"]) for each in run["results"]
    }
    assert told == {("failing.yaml", "expectation-failed"), ("bad.yaml", "kernel-larger-than-input")}
    assert err == ""


def test_a_file_that_is_not_there_is_told_to_machines_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "no.yaml", "--format", "github"]) == 2
    assert "title=file-not-found::there is no such file" in capsys.readouterr().out
    assert main(["check", "no.yaml", "--format", "sarif"]) == 2
    assert json.loads(capsys.readouterr().out)["runs"][0]["results"][0]["ruleId"] == "file-not-found"


def test_a_failure_that_is_silenced_is_no_failure_and_is_not_called_kept(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "silenced.yaml"]) == 0
    expected = "ok silenced.yaml: 1 expectation holds; 1 that fails is silenced\n1 spec: 1 ok\n"
    assert capsys.readouterr() == (expected, "")
    assert main(["check", "silenced.yaml", "--format", "json"]) == 0
    (spec,) = json.loads(capsys.readouterr().out)["specs"]
    assert (spec["outcome"], spec["expectations"], spec["unmet"], spec["silenced"]) == ("ok", 2, 0, 1)
    for format_name in ("github", "sarif"):
        assert main(["check", "silenced.yaml", "--format", format_name]) == 0
        assert FAILED not in capsys.readouterr().out


def test_a_failure_that_is_silenced_is_not_updated(folder: Path) -> None:
    assert main(["check", "silenced.yaml", "--update"]) == 0
    assert (folder / "silenced.yaml").read_text() == SILENCED


def test_a_comment_is_unused_where_what_it_silences_holds(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "silenced.yaml").write_text(SILENCED.replace("111", "112"))  # 20 characters, and 23 up to the rule
    assert main(["check", "silenced.yaml"]) == 0
    assert "7:44: warning[unused-ignore]: `ignore[expectation-failed]` silences nothing" in capsys.readouterr().err
    assert main(["analyze", "silenced.yaml"]) == 0
    assert capsys.readouterr().err == "", "where expectations are not held, nobody knows"


def test_of_a_spec_that_cannot_be_used_no_comment_is_called_unused(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "silenced.yaml").write_text(SILENCED.replace("kernel: 3", "kernel: 9"))
    assert main(["check", "silenced.yaml"]) == 2
    assert "unused-ignore" not in capsys.readouterr().err


def test_a_snapshot_is_silenced(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    comment = " # archanalyzer: ignore[snapshot-differs]"
    (folder / "good.yaml").write_text(f"{GOOD}  snapshot: good.snapshot.txt{comment}\n")
    assert main(["check", "good.yaml"]) == 0
    assert capsys.readouterr().out.startswith("ok good.yaml: 2 expectations hold; 1 that fails is silenced\n")
    (folder / "good.yaml").write_text(f"{GOOD}  snapshot: good.snapshot.txt\n")
    assert main(["check", "good.yaml", "--update"]) == 0
    (folder / "good.yaml").write_text(f"{GOOD}  snapshot: good.snapshot.txt{comment}\n")
    capsys.readouterr()
    assert main(["check", "good.yaml"]) == 0  # 30 characters stand before the comment, 23 in it before the rule
    assert "9:54: warning[unused-ignore]: `ignore[snapshot-differs]` silences nothing" in capsys.readouterr().err


def test_the_hook_of_pre_commit_runs(folder: Path) -> None:
    """As pre-commit does: its entry, with the changed files behind it; a code other than 0 stops the commit.

    It hands over all YAML, what is no spec included.
    """
    (folder / "workflow.yaml").write_text("on: push\njobs: {}\n")
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    assert (hook["id"], hook["language"], hook["types"]) == ("archanalyzer-check", "python", ["yaml"])
    program, *arguments = hook["entry"].split()
    script = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"][program]
    module, _, function = script.partition(":")
    call = [sys.executable, "-c", f"import sys, {module}; sys.exit({module}.{function}())", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    codes = {
        name: subprocess.run([*call, f"{name}.yaml"], env=environment, capture_output=True, check=False).returncode
        for name in ("good", "failing", "bad", "workflow")
    }
    assert codes == {"good": 0, "failing": 1, "bad": 2, "workflow": 0}

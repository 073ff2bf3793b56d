"""A plugin's project, made from nothing and installed by pip, is there without a change anywhere else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.plugins.plugin_files import DEPTH

PROJECT = """\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "depth-facts"
version = "1.0"

[project.entry-points."archanalyzer.plugins"]
depth = "depth_facts"
"""
SPEC = """\
archspec: 1
inputs: {x: [3]}
layers: [relu, relu]
expect:
  totals: {deepest: 2}
  layers: {relu: {depth: 1}}
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder into which pip has installed the project."""
    folder = tmp_path_factory.mktemp("installed")
    (folder / "project").mkdir()
    (folder / "project" / "pyproject.toml").write_text(PROJECT)
    (folder / "project" / "depth_facts.py").write_text(DEPTH)
    (folder / "net.yaml").write_text(SPEC)
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*pip, "--target", str(folder / "site"), str(folder / "project")], check=True)
    return folder


def run(site: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    environment: Mapping[str, str] = {**os.environ, "PYTHONPATH": str(site / "site"), **more}
    command = [sys.executable, "-m", "archanalyzer", *arguments]
    return subprocess.run(command, cwd=site, env=environment, capture_output=True, text=True, check=False)


def test_its_column_stands_in_the_table(site: Path) -> None:
    done = run(site, "analyze", "net.yaml")
    assert done.returncode == 0, done.stderr
    assert "field  depth" in done.stdout


def test_json_has_it(site: Path) -> None:
    (spec,) = json.loads(run(site, "analyze", "net.yaml", "--format", "json").stdout)["specs"]
    assert [layer["depth"] for layer in spec["layers"]] == [0, 1, 2]
    assert spec["totals"]["deepest"] == 2


def test_a_spec_can_expect_it(site: Path) -> None:
    assert run(site, "check", "net.yaml").returncode == 0


@pytest.mark.parametrize(("value", "left_out"), [("1", True), ("yes", True), ("0", False), ("", False)])
def test_it_can_be_left_out(site: Path, value: str, left_out: bool) -> None:
    done = run(site, "analyze", "net.yaml", ARCHANALYZER_NO_PLUGINS=value)
    assert ("depth" not in done.stdout) == left_out


def test_a_program_uses_it_when_it_says_so(site: Path) -> None:
    program = """
import archanalyzer
text = "archspec: 1\\ninputs: {x: [3]}\\nlayers: [relu, relu]\\n"
print("depth" in archanalyzer.analyze(archanalyzer.loads(text)).facts.columns)
print(archanalyzer.use_plugins(), archanalyzer.use_plugins())
print(archanalyzer.analyze(archanalyzer.loads(text)).facts.values("depth"))
"""
    environment = {**os.environ, "PYTHONPATH": str(site / "site")}
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, cwd=site, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["False", "('depth',) ('depth',)", "[0, 1, 2]"]


def test_one_at_fault_is_named_with_its_package(site: Path) -> None:
    module = site / "site" / "depth_facts.py"
    sound = module.read_text()
    module.write_text(f"1 / 0\n{sound}")
    try:
        done = run(site, "analyze", "net.yaml")
    finally:
        module.write_text(sound)
    assert done.returncode == 2
    assert "`depth` of depth-facts 1.0 cannot be imported: ZeroDivisionError" in done.stderr
    assert "parameters     0" in done.stdout

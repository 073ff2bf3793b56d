"""A folder to call commands in, and what they print there; files of commands other than ``field`` name theirs."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from archanalyzer.cli import main
from tests.cli.field_networks import LINE, NET
from tests.docs.fences import ROOT


@pytest.fixture
def bare_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, empty, and no settings from outside."""
    monkeypatch.chdir(tmp_path)
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "ARCHANALYZER_TRACEBACK"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def folder(bare_folder: Path) -> Path:
    """A folder with some networks."""
    (bare_folder / "net.yaml").write_text(NET)
    (bare_folder / "line.yaml").write_text(LINE)
    (bare_folder / "bad.yaml").write_text(NET.replace("max_pool2d: 2", "max_pool2d: 20"))
    shutil.copy(ROOT / "specs" / "homework" / "unet.yaml", bare_folder)
    return bare_folder


@pytest.fixture
def printed(request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]) -> Any:
    """Runs the command that the file of the test names as ``COMMAND``, else ``field``.

    It returns what the command wrote to standard output, having checked the exit code, and what it wrote to standard
    error: all of it, or where ``err`` ends with an ellipsis, a part.
    """
    command = getattr(request.module, "COMMAND", "field")

    def call(*arguments: str, code: int = 0, err: str = "") -> str:
        assert main([command, *arguments]) == code
        out, found = capsys.readouterr()
        assert err[:-1] in found if err.endswith("…") else found == err
        return str(out)

    return call

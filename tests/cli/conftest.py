"""A folder with networks, and what ``archanalyzer field`` prints there; files of other commands have their own."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from archanalyzer.cli import main
from tests.cli.field_networks import LINE, NET
from tests.docs.fences import ROOT


@pytest.fixture
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

"""The outputs that pages show: what their commands print, and what their dialogues with Python answer."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.docs.fences import ROOT, Fence, fences

_SHELL = 'archanalyzer() { "$PYTHON" -m archanalyzer "$@"; }\n'
_DROPPED = ("NO_COLOR", "FORCE_COLOR", "ARCHANALYZER_TRACEBACK")


def with_outputs(text: str, page: str) -> str:
    """The text of a page, with the output of each of its commands as it is today."""
    found = fences(text, page)
    with tempfile.TemporaryDirectory() as folder:
        prepare(Path(folder), found)
        for fence in reversed([fence for fence in found if fence.info == "console"]):
            text = text[: fence.start] + "".join(_dialogue(fence, Path(folder))) + text[fence.end :]
    return text


def prepare(folder: Path, found: list[Fence]) -> None:
    """Puts into a folder what commands of a page may name: its named blocks, ``specs`` and ``plugins``."""
    for shared in ("specs", "plugins"):
        (folder / shared).symlink_to(ROOT / shared)
    for fence in found:
        if fence.file_name is not None:
            (folder / fence.file_name).write_text(fence.text)


def _dialogue(fence: Fence, folder: Path) -> Iterator[str]:
    for line in fence.text.splitlines(keepends=True):
        if line.startswith("$ "):
            yield line + _output(line.removeprefix("$ "), folder)


def _output(command: str, folder: Path) -> str:
    environment = {name: value for name, value in os.environ.items() if name not in _DROPPED}
    environment |= {"PYTHON": sys.executable, "COLUMNS": "80", "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"}
    run = subprocess.run(
        ["bash", "-c", _SHELL + command],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return run.stdout

"""A page as a notebook: its prose as it stands, its commands and its Python as cells to run."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.docs.fences import Fence, fences

_START = """\
# The cells name files as the page does: from a folder with the specs in it.
import os
import tempfile
from pathlib import Path

root = next(each for each in (Path.cwd(), *Path.cwd().parents) if (each / "specs" / "homework").is_dir())
os.chdir(tempfile.mkdtemp())
os.symlink(root / "specs", "specs")
%load_ext archanalyzer.notebook"""
_PICTURE = re.compile(r"^!\[.*\]\(.*\)\n+", re.MULTILINE)
_INTO_A_FILE = re.compile(r" -o \S+")


def notebook_of(text: str, page: str) -> str:
    """The notebook of a page, as JSON, without outputs."""
    cells = [_code(_START), *_cells(text, page)]
    numbered = [{"id": f"cell-{number}", **cell} for number, cell in enumerate(cells)]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    document = {"cells": numbered, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def _cells(text: str, page: str) -> Iterator[dict[str, Any]]:
    done = 0
    for fence in fences(text, page):
        codes = list(_codes(fence))
        if codes:
            start = text.rindex("```", 0, fence.start)
            if fence.comment:
                start = text.rindex("<!--", 0, start)
            yield from _prose(text[done:start])
            yield from map(_code, codes)
            done = fence.end + len("```\n")
    yield from _prose(text[done:])


def _codes(fence: Fence) -> Iterator[str]:
    """What is to be run of a block: a cell for each command, one for a dialogue, one that writes a named file."""
    if fence.info == "console":
        yield from map(as_cell, commands(fence))
    elif fence.info == "pycon":
        lines = [line for line in fence.text.splitlines() if line.startswith((">>> ", "... "))]
        yield "\n".join(line[4:] for line in lines)
    elif fence.file_name is not None:
        yield f"%%writefile {fence.file_name}\n{fence.text.rstrip()}"


def commands(fence: Fence) -> list[str]:
    """The commands of a block."""
    return [line.removeprefix("$ ") for line in fence.text.splitlines() if line.startswith("$ ")]


def as_cell(command: str) -> str:
    """A command as a notebook runs it: by the magic, so that it shows itself, unless it needs a shell."""
    if re.search(r"[|<>&;$]", command) or not command.startswith("archanalyzer "):
        return f"!{command}"
    return f"%{_INTO_A_FILE.sub('', command) if command.startswith('archanalyzer draw ') else command}"


def _prose(text: str) -> Iterator[dict[str, Any]]:
    text = _PICTURE.sub("", text).strip()
    if text:
        yield {"cell_type": "markdown", "metadata": {}, "source": text.splitlines(keepends=True)}


def _code(text: str) -> dict[str, Any]:
    lines = text.splitlines(keepends=True)
    return {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [], "source": lines}


def path_of(page: Path) -> Path:
    """Where the notebook of a page stands."""
    return page.with_suffix(".ipynb")

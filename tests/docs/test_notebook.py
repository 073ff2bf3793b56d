"""The chapter as a notebook: it is the page's, it runs, and what its cells show is what the page shows."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from tests.docs.fences import ROOT, fences
from tests.docs.notebook import as_cell, commands, notebook_of, path_of

PAGE = ROOT / "docs" / "homework.md"
TEXT = PAGE.read_text(encoding="utf-8")


def test_it_is_the_notebook_of_the_page() -> None:
    assert path_of(PAGE).read_text(encoding="utf-8") == notebook_of(TEXT, "docs/homework.md"), "run `make docs`"


@pytest.fixture(scope="module")
def run() -> Any:
    """The notebook, run from its own folder."""
    notebook = nbformat.reads(path_of(PAGE).read_text(encoding="utf-8"), as_version=4)  # type: ignore[no-untyped-call]
    nbformat.validate(notebook)
    client = NotebookClient(
        notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": ROOT / "docs"}}
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", str(Path(sys.executable).parent), prepend=":")
        patch.setenv("COLUMNS", "80")
        patch.setenv("PYTHONUTF8", "1")
        client.execute()
    return notebook


def shown(cell: Any) -> str:
    """What a cell shows as text: streams, and answers as they print."""
    texts = [each.text if each.output_type == "stream" else each.data["text/plain"] for each in cell.outputs]
    return "".join(texts).replace("\r\n", "\n").rstrip()  # a shell of a notebook has a terminal's line ends


def test_every_command_shows_what_the_page_shows(run: Any) -> None:
    cells = iter(
        [cell for cell in run.cells if cell.cell_type == "code" and cell.source.startswith(("%arch", "!arch"))]
    )
    found = 0
    for fence in (each for each in fences(TEXT, "docs/homework.md") if each.info == "console"):
        outputs = re.split(r"^\$ .*\n", fence.text, flags=re.MULTILINE)[1:]
        for command, output in zip(commands(fence), outputs, strict=True):
            cell = next(cells)
            assert cell.source == as_cell(command)
            if not command.startswith("archanalyzer draw "):
                assert shown(cell) == output.rstrip(), command
            found += 1
    assert next(cells, None) is None
    assert found > 15


def test_pictures_show_themselves(run: Any) -> None:
    drawn = [cell for cell in run.cells if cell.cell_type == "code" and cell.source.startswith("%archanalyzer draw ")]
    assert len(drawn) == 2
    assert not any("![" in cell.source for cell in run.cells)
    for cell in drawn:
        (output,) = cell.outputs
        assert output.data["image/svg+xml"].lstrip().startswith("<svg")


def test_explanations_are_offered_as_mathematics(run: Any) -> None:
    explained = [cell for cell in run.cells if "explain specs/homework/vgg_parameters.yaml" in cell.source]
    (output,) = explained[0].outputs
    assert {"text/plain", "text/markdown", "text/latex"} <= set(output.data)

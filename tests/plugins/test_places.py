"""Where a plugin's error is told to be: at the last line of its own on the way there, not at a library's."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from archanalyzer.cli import main
from tests.plugins.plugin_files import DEPTH, SHOUT, failing

MARK = "  # here"
Told = Callable[..., str]


@pytest.fixture
def told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Told:
    """What a command tells of a plugin with this text."""

    def told(text: str, *command: str, entry: str = "relu") -> str:
        path = tmp_path / "mine.py"
        path.write_text(text)
        spec = tmp_path / "net.yaml"
        spec.write_text(f"archspec: 1\ninputs: {{x: [3]}}\nlayers:\n  - {entry}\n")
        main([*(command or ("analyze",)), str(spec), "--plugin", str(path)])
        return capsys.readouterr().err

    return told


def marked(text: str) -> int:
    """The number of the marked line."""
    (number,) = (number for number, line in enumerate(text.splitlines(), 1) if line.endswith(MARK))
    return number


IMPORTED = "from enum import Enum\nimport json\nimport numpy\nfrom archanalyzer.graph import TensorType\n"


@pytest.mark.parametrize(
    ("line", "raised"),
    [
        ("json.loads('x')", "JSONDecodeError"),
        ("Enum('E', 'a')(7)", "ValueError: 7 is not a valid E"),
        ("numpy.stack([])", "ValueError: need at least one array"),
        ("graph.layers[1].op.output_type(())", "IndexError"),
        ("[graph][1]", "IndexError"),
        ("compile('x = (', '<string>', 'exec')", "SyntaxError"),
        ("sorted([1], key=lambda _: 1 / 0)", "ZeroDivisionError"),
    ],
)
def test_of_a_pass(told: Told, tmp_path: Path, line: str, raised: str) -> None:
    text = IMPORTED + failing(f"{line}{MARK}")
    err = told(text)
    assert f"{tmp_path / 'mine.py'}:{marked(text)}:1: error[plugin-failed]: pass `depth` of plugin `depth`" in err
    assert f"raised {raised}" in err


@pytest.mark.parametrize("line", ["json.loads('x')", "Enum('E', 'a')(7)", "TensorType()", "Plugin()"])
def test_of_an_import(told: Told, tmp_path: Path, line: str) -> None:
    text = f"{IMPORTED}{DEPTH}{line}{MARK}\n"
    assert f"{tmp_path / 'mine.py'}:{marked(text)}:1: error[plugin-not-imported]" in told(text)


def test_of_a_format(told: Told, tmp_path: Path) -> None:
    text = IMPORTED + SHOUT.replace("    return ", f"    json.loads('x'){MARK}\n    return ")
    assert f"{tmp_path / 'mine.py'}:{marked(text)}:1: " in told(text, "analyze", "--format", "shout")


def test_of_none_of_its_own_lines_there_is_no_place(told: Told) -> None:
    """The function that it names is the library's own."""
    err = told(IMPORTED + DEPTH.replace("Depth.deepest", "json.loads"))
    assert re.search("^error.plugin-failed.: pass `depth` of plugin `depth` raised TypeError", err, re.MULTILINE)


def test_of_another_file_that_it_calls_its_own_line_is_told(
    told: Told, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "beside_mine.py").write_text("def fail():\n    return 1 / 0\n")
    monkeypatch.syspath_prepend(tmp_path)
    text = failing(f"__import__('beside_mine').fail(){MARK}")
    try:
        err = told(text)
    finally:
        sys.modules.pop("beside_mine", None)
    assert f"{tmp_path / 'mine.py'}:{marked(text)}:1: error[plugin-failed]" in err
    assert "beside_mine.py" not in err


@pytest.mark.parametrize("module", ["installed_mine", "installed_pack.mine"])
@pytest.mark.parametrize("importing", [True, False])
def test_of_an_installed_one_it_is_no_library(
    module: str,
    importing: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr("sysconfig.get_paths", lambda: {"purelib": str(tmp_path)})
    path = tmp_path / f"{module.replace('.', '/')}.py"
    path.parent.mkdir(exist_ok=True)
    text = f"import json\n{DEPTH}json.loads('x'){MARK}\n" if importing else IMPORTED + failing(f"json.loads('x'){MARK}")
    path.write_text(text)
    if "." in module:
        (path.parent / "__init__.py").write_text("")
    spec = tmp_path / "net.yaml"
    spec.write_text("archspec: 1\ninputs: {x: [3]}\nlayers: [relu]\n")
    try:
        main(["analyze", str(spec), "--plugin", module])
    finally:
        for name in [each for each in sys.modules if each.startswith("installed_")]:
            del sys.modules[name]
    assert f"{path}:{marked(text)}:1: error[plugin-" in capsys.readouterr().err


# --- Layer types

TWICE = """
import json
from archanalyzer.plugins import Example, Op, Plugin, TensorType


class Twice(Op):
    \"\"\"Twice its input.\"\"\"

    name = "twice"
    examples = (Example("twice", (TensorType((2,)),)),)

    def output_type(self, inputs):
        {condition}json.loads('x')  # here
        return inputs[0]


plugin = Plugin("twice", api=1, ops=[Twice])
"""


def test_of_a_layer_type_the_layer_is_told_and_beside_it_the_line(told: Told, tmp_path: Path) -> None:
    text = TWICE.format(condition="if inputs[0].shape == (3,): ")
    err = told(text, entry="twice")
    assert f"{tmp_path / 'net.yaml'}:4:5: error[plugin-failed]: `twice` (twice): layer type `twice` of plugin" in err
    assert f"hint: look at {tmp_path / 'mine.py'}:{marked(text)}\n" in err


def test_of_an_example_the_line_is_told(told: Told, tmp_path: Path) -> None:
    text = TWICE.format(condition="")
    err = told(text)
    assert f"{tmp_path / 'mine.py'}:{marked(text)}:1: error[not-a-plugin]: `{tmp_path / 'mine.py'}`: layer type" in err

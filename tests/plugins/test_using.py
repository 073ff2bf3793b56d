"""Plugins in a program: in use from a call on. Each in a process of its own, since that is for good."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.docs.fences import ROOT
from tests.plugins.plugin_files import DEPTH, SHOUT

TEXT = "archspec: 1\ninputs: {x: [3]}\nlayers:\n  - dense: 2\n"


def printed(program: str, folder: Path) -> list[str]:
    """The lines that a program prints, which finds ``depth.py`` and ``shout.py`` in its folder."""
    (folder / "depth.py").write_text(DEPTH)
    (folder / "shout.py").write_text(SHOUT)
    (folder / "net.yaml").write_text(TEXT)
    command = [sys.executable, "-c", program]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout.splitlines()


def test_named_ones_are_in_use_once(tmp_path: Path) -> None:
    program = """
import archanalyzer
from pathlib import Path
print(archanalyzer.use_plugins("./depth.py"))
print(archanalyzer.use_plugins(Path("depth.py"), "shout.py"))
print(archanalyzer.analyze("net.yaml").facts.values("depth"))
"""
    assert printed(program, tmp_path) == ["('depth',)", "('depth', 'shouting')", "[0, 1]"]


def test_one_at_fault_is_raised_and_the_others_are_in_use(tmp_path: Path) -> None:
    program = """
import archanalyzer
from archanalyzer.plugins import Plugin, PluginsRefused, use_plugins
try:
    use_plugins("no.py", "depth.py", Plugin("p", api=99))
except PluginsRefused as error:
    print([each.rule.code for each in error.diagnostics])
print(use_plugins("depth.py"), archanalyzer.analyze("net.yaml").facts.total("deepest").amount.value)
"""
    assert printed(program, tmp_path) == ["['plugin-not-found', 'plugin-version']", "('depth',) 1"]


def test_a_command_in_the_same_program_finds_them_in_use(tmp_path: Path) -> None:
    program = """
import archanalyzer
from archanalyzer.cli import main
archanalyzer.use_plugins("depth.py")
print(main(["analyze", "net.yaml", "--plugin", "./depth.py"]))
print(archanalyzer.analyze("net.yaml").facts.values("depth"))
"""
    lines = printed(program, tmp_path)
    assert "field  depth" in next(line for line in lines if line.startswith("layer"))
    assert lines[-2:] == ["0", "[0, 1]"]


def test_to_analyze_with_a_layer_type_of_a_plugin_imports_no_numpy(tmp_path: Path) -> None:
    (tmp_path / "blurred.yaml").write_text("archspec: 1\ninputs: {image: [2, 5, 6]}\nlayers:\n  - blur_pool2d\n")
    program = f"""
import sys
from archanalyzer.cli import main
print(main(["analyze", "blurred.yaml", "--format", "csv", "--plugin", {str(ROOT / "plugins")!r}]))
print(sorted({{"numpy", "networkx", "archanalyzer.executor.kernel"}} & set(sys.modules)))
"""
    assert printed(program, tmp_path)[-2:] == ["0", "[]"]

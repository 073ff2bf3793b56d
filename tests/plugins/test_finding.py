"""Plugins in files, folders, modules and projects, and what is told where there is none."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from archanalyzer.diagnostics import Diagnostic
from archanalyzer.plugins import Plugin
from archanalyzer.plugins.finding import GROUP, Found, named
from tests.plugins.plugin_files import DEPTH, SHOUT


@pytest.fixture(autouse=True)
def _forgotten() -> Iterator[None]:
    """What a test imports, no other test finds imported."""
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        if name.startswith(("archanalyzer_plugin_", "some_company", "far_away")):
            del sys.modules[name]


def one(name: Path | str) -> Found | Diagnostic:
    (found,) = named(str(name))
    return found


def names(name: Path | str) -> list[str]:
    found = list(named(str(name)))
    assert all(isinstance(each, Found) for each in found), found
    return [each.value.name for each in found if isinstance(each, Found)]


def told(name: Path | str) -> tuple[str, str, str | None]:
    """The rule, the message and the hint."""
    found = one(name)
    assert isinstance(found, Diagnostic), found
    return found.rule.code, found.message, found.hint


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


# --- Found


def test_a_file(tmp_path: Path) -> None:
    assert names(write(tmp_path / "depth.py", DEPTH)) == ["depth"]


def test_a_file_is_imported_once_and_again_gives_the_same(tmp_path: Path) -> None:
    path = write(tmp_path / "depth.py", DEPTH)
    first, second = one(path), one(path)
    assert isinstance(first, Found)
    assert isinstance(second, Found)
    assert first.value is second.value


def test_files_of_one_name_in_two_folders_are_two_modules(tmp_path: Path) -> None:
    assert names(write(tmp_path / "a" / "mine.py", DEPTH)) == ["depth"]
    assert names(write(tmp_path / "b" / "mine.py", SHOUT)) == ["shouting"]


def test_the_files_of_a_folder_but_not_those_that_begin_with_a_line(tmp_path: Path) -> None:
    write(tmp_path / "depth.py", DEPTH)
    write(tmp_path / "shout.py", SHOUT)
    write(tmp_path / "_helper.py", "raise RuntimeError")
    assert names(tmp_path) == ["depth", "shouting"]


def test_a_folder_that_is_a_package(tmp_path: Path) -> None:
    write(tmp_path / "pack" / "__init__.py", "from .inner import plugin as plugin\n")
    write(tmp_path / "pack" / "inner.py", DEPTH)
    assert names(tmp_path / "pack") == ["depth"]


def test_a_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "some_company" / "facts.py", DEPTH)
    monkeypatch.syspath_prepend(tmp_path)
    assert names("some_company.facts") == ["depth"]


def test_those_that_a_project_names_from_its_own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "lib" / "far_away.py", SHOUT)
    monkeypatch.syspath_prepend(tmp_path / "lib")
    write(tmp_path / "project" / "plugins" / "depth.py", DEPTH)
    table = '[tool.archanalyzer]\nplugins = ["plugins/depth.py", "far_away"]\n'
    assert names(write(tmp_path / "project" / "pyproject.toml", table)) == ["depth", "shouting"]


# --- Not found


def test_no_file() -> None:
    assert told("no/such.py") == ("plugin-not-found", "there is no file `no/such.py`", None)


def test_no_module() -> None:
    rule, message, _ = told("no_such.module")
    assert rule == "plugin-not-found"
    assert message == "there is no module `no_such.module`, of which the plugin `no_such.module` is"


def test_neither_path_nor_module() -> None:
    assert told("a b")[:2] == ("plugin-not-found", "there is no file or folder `a b`")


def test_an_empty_folder(tmp_path: Path) -> None:
    assert told(tmp_path)[0] == "plugin-not-found"


def test_a_module_that_imports_what_is_not_there(tmp_path: Path) -> None:
    path = write(tmp_path / "needy.py", "\nimport no_such_thing\n")
    found = one(path)
    assert isinstance(found, Diagnostic)
    assert found.rule.code == "plugin-not-imported"
    assert found.message.endswith("ModuleNotFoundError: No module named 'no_such_thing'")
    assert str(found.source) == f"{path}:2:1"


@pytest.mark.parametrize(
    ("text", "what", "line"),
    [
        ("x = 1\ny = x / 0\n", "ZeroDivisionError: division by zero", 2),
        ("raise SystemExit(3)\n", "SystemExit: 3", 1),
        ("def f(:\n", "SyntaxError: invalid syntax (broken.py, line 1)", 1),
        ("assert False\n", "AssertionError", 1),
    ],
)
def test_one_that_raises_names_its_line(tmp_path: Path, text: str, what: str, line: int) -> None:
    path = write(tmp_path / "broken.py", text)
    found = one(path)
    assert isinstance(found, Diagnostic)
    assert found.rule.code == "plugin-not-imported"
    assert found.message == f"`{path}` cannot be imported: {what}"
    assert found.source is not None
    assert (found.source.file.name, found.source.line) == (str(path), line)


def test_a_module_without_a_plugin(tmp_path: Path) -> None:
    path = write(tmp_path / "plain.py", "x = 1\n")
    assert told(path) == (
        "not-a-plugin",
        f"`{path}`: there is no `plugin` in it",
        "a plugin's module has one: `plugin = Plugin(...)`",
    )


@pytest.mark.parametrize("text", ["", "[tool.archanalyzer]\n", "[tool.archanalyzer]\nplugins = 3\n", "[[[", "tool = 1"])
def test_a_project_that_names_none(tmp_path: Path, text: str) -> None:
    assert told(write(tmp_path / "pyproject.toml", text))[0] == "not-a-plugin"


def test_a_project_that_is_not_there(tmp_path: Path) -> None:
    assert told(tmp_path / "pyproject.toml")[0] == "plugin-not-found"


# --- Never by standing somewhere


@pytest.mark.parametrize("command", [["-m", "archanalyzer"], [str(Path(sys.executable).with_name("archanalyzer"))]])
def test_what_lies_in_the_current_folder_is_not_run(tmp_path: Path, command: list[str]) -> None:
    write(tmp_path / "evil.py", "print('EVIL')\n" + DEPTH)
    write(tmp_path / "conftest.py", "print('EVIL')\n")
    write(tmp_path / "pyproject.toml", '[tool.archanalyzer]\nplugins = ["evil.py"]\n')
    write(tmp_path / "evil.egg-info" / "PKG-INFO", "Metadata-Version: 2.1\nName: evil\nVersion: 1\n")
    write(tmp_path / "evil.egg-info" / "entry_points.txt", f"[{GROUP}]\nevil = evil\n")
    spec = write(tmp_path / "net.yaml", "archspec: 1\ninputs: {x: [3]}\nlayers:\n  - relu\n")
    arguments = [sys.executable, *command] if command[0] == "-m" else command
    run = subprocess.run([*arguments, "analyze", spec.name], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "EVIL" not in run.stdout + run.stderr
    assert "depth" not in run.stdout


# --- No code


@pytest.mark.parametrize("ending", ["yaml", "yml", "json"])
@pytest.mark.parametrize("exists", [True, False])
def test_a_spec_is_no_plugin(tmp_path: Path, ending: str, exists: bool) -> None:
    path = tmp_path / f"n.{ending}"
    if exists:
        path.write_text("archspec: 1\n")
    rule, message, hint = told(path)
    assert (rule, message) == ("not-a-plugin", f"`{path}` is named as a plugin, and is no Python code")
    assert hint == (
        "expected a FILE.py, a ./folder, a module's name, or a pyproject.toml; a spec stands without `--plugin`"
    )
    assert told(path.name)[0] == "not-a-plugin"  # without a separator, too, where it could be a module


def test_a_file_with_another_ending(tmp_path: Path) -> None:
    path = write(tmp_path / "depth.txt", DEPTH)
    assert told(path)[:2] == ("not-a-plugin", f"`{path}` is named as a plugin, and its name does not end in .py")


def test_a_project_that_names_itself(tmp_path: Path) -> None:
    path = write(tmp_path / "pyproject.toml", '[tool.archanalyzer]\nplugins = ["./pyproject.toml"]\n')
    rule, message, hint = told(path)
    assert rule == "not-a-plugin"
    assert message.endswith("pyproject.toml` names itself: `pyproject.toml` → `pyproject.toml`")
    assert hint == "leave it out of its `plugins`"


def test_projects_that_name_each_other(tmp_path: Path) -> None:
    first = write(tmp_path / "a.toml", '[tool.archanalyzer]\nplugins = ["b.toml"]\n')
    write(tmp_path / "b.toml", '[tool.archanalyzer]\nplugins = ["a.toml"]\n')
    assert told(first)[1].endswith("a.toml` names itself: `a.toml` → `b.toml` → `a.toml`")


def test_a_project_that_two_others_name_is_no_circle(tmp_path: Path) -> None:
    write(tmp_path / "depth.py", DEPTH)
    write(tmp_path / "shared.toml", '[tool.archanalyzer]\nplugins = ["depth.py"]\n')
    twice = write(tmp_path / "twice.toml", '[tool.archanalyzer]\nplugins = ["shared.toml", "shared.toml"]\n')
    assert names(twice) == ["depth", "depth"]


@pytest.mark.parametrize("name", ["\ud800", "\ud800.py", "\udcff.toml", "./\udcff", "a\0b.py", "a\0b.toml"])
def test_names_that_no_file_can_have(name: str) -> None:
    assert one(name).rule.code in {"plugin-not-found", "not-a-plugin"}  # type: ignore[union-attr]


def test_what_it_raises_may_hold_what_cannot_be_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path / "odd.py", "raise ValueError('\\ud800')\n")
    assert told(path)[1] == f"`{path}` cannot be imported: ValueError: \\ud800"


def test_what_it_prints_when_it_is_imported_goes_to_standard_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path / "some_company_loud.py", "print('LOUD')\n" + DEPTH)
    monkeypatch.syspath_prepend(tmp_path)
    for name in (path, "some_company_loud"):
        assert isinstance(one(name), Found)
        assert capsys.readouterr() == ("", "LOUD\n")


def test_a_plugin_is_a_value() -> None:
    assert Plugin("p", api=1) == Plugin("p", api=1)

"""What the commands that run a network have in common: their options, and what is told when running goes wrong."""

from __future__ import annotations

from pathlib import Path

import click
import numpy as np
import pytest

from archanalyzer.cli import commands, main

NET = """\
archspec: 1
name: net
inputs: {x: [1, 3]}
layers:
  - conv1d: {filters: 1, kernel: 3, padding: same}
"""
RED = "\x1b[31mred\x1b[0m.weight"
"""The name of an array, which would turn a terminal red."""
LOADING = {
    "run": ("net.yaml",),
    "linearize": ("net.yaml",),
    "descent": ("net.yaml",),
    "matrix": ("net.yaml", "conv1d"),
    "field": ("net.yaml", "conv1d", "--effective", "given"),
}
"""The commands with ``--load``, and what else they need."""
TAKING_DATA = ("run", "linearize", "descent")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder with a network, and files with an array of that name, one of numbers and one of text."""
    (tmp_path / "net.yaml").write_text(NET)
    monkeypatch.chdir(tmp_path)
    np.savez("red.npz", **{RED: np.zeros((1, 1, 3))})  # type: ignore[arg-type] # no argument has that name
    np.savez("text.npz", **{RED: np.array("text")})  # type: ignore[arg-type]


def having(option: str) -> set[str]:
    """The commands with this option."""
    context = click.Context(commands)
    found = ((name, commands.get_command(context, name)) for name in commands.list_commands(context))
    return {name for name, each in found if each is not None and any(option in one.opts for one in each.params)}


def test_these_are_all_commands_that_read_arrays() -> None:
    assert having("--load") == set(LOADING)
    assert having("--data") == set(TAKING_DATA)


@pytest.mark.parametrize(
    ("name", "option"), [*((name, "--load") for name in LOADING), *((name, "--data") for name in TAKING_DATA)]
)
def test_names_in_files_do_not_reach_the_terminal(name: str, option: str, capsys: pytest.CaptureFixture[str]) -> None:
    for file in ("red.npz", "text.npz"):
        assert main([name, *LOADING[name], option, file]) == 2
        out, err = capsys.readouterr()
        assert out == ""
        assert "\x1b" not in err
        assert file == "red.npz" or r"cannot read `text.npz`: expected arrays of real numbers" in err
        assert (name, file) == ("matrix", "red.npz") or r"`\x1b[31mred\x1b[0m" in err, "matrix reads what it needs"


def test_lines_of_what_is_told_stay_lines(capsys: pytest.CaptureFixture[str]) -> None:
    main(["run", "net.yaml", "--load", "red.npz"])
    assert [line.strip() for line in capsys.readouterr().err.splitlines()] == [
        "Error: the arrays of `red.npz` do not fit the network",
        "missing: `conv1d.weight`, `conv1d.bias`",
        r"unexpected: `\x1b[31mred\x1b[0m.weight`",
    ]


@pytest.mark.parametrize("name", LOADING)
def test_what_cannot_be_written_is_told_before_the_work(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Before the weights are read, which are not there."""
    assert main([name, *LOADING[name], "--load", "no.npz", "-o", "no/report.txt"]) == 2
    assert capsys.readouterr().err == "Error: cannot write `no/report.txt`: No such file or directory\n"


@pytest.mark.parametrize("name", [name for name in LOADING if name != "field"])
def test_weights_are_not_overwritten_by_a_report(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([name, *LOADING[name], "--load", "red.npz", "-o", "red.npz"]) == 2
    assert capsys.readouterr().err.splitlines()[-1] == "Error: `--output` and `--load` name the same file, `red.npz`"
    assert np.load("red.npz").files == [RED]

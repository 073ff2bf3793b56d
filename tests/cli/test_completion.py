"""Shell completion, asked as a shell asks: by environment variables, before any command runs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest

from archanalyzer import ops
from archanalyzer.cli import COMPLETING, commands, main
from archanalyzer.cli.completion import SHELLS, with_files

COMMANDS = commands.list_commands(click.Context(commands))


def offered(line: str, shell: str = "bash") -> list[str]:
    """What a shell is told at the end of a line: kind and value, as bash and fish get them on a line each."""
    words = line.split(" ")
    asked = {COMPLETING: f"{shell}_complete", "COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1)}
    if shell == "fish":
        asked["COMP_CWORD"] = words[-1]
    done = subprocess.run(
        [sys.executable, "-m", "archanalyzer"],
        env={**os.environ, **asked},
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    assert done.stderr == ""
    return done.stdout.splitlines()


def test_commands() -> None:
    assert offered("archanalyzer ") == [f"plain,{name}" for name in COMMANDS]
    assert offered("archanalyzer comp") == ["plain,completion"]


def test_options_and_their_values() -> None:
    assert "plain,--columns" in offered("archanalyzer analyze --c")
    assert offered("archanalyzer check --form") == ["plain,--format"]
    assert offered("archanalyzer ops --format j") == ["plain,json"]
    assert offered("archanalyzer run toy.yaml --optimizer nes") == ["plain,nesterov"]


@pytest.mark.parametrize(
    "line",
    [
        "analyze sp",
        "analyze one.yaml sp",
        "analyze one.yaml -o sp",
        "check sp",
        "field sp",
        "run sp",
        "run toy.yaml --data sp",
        "diff sp",
        "diff old.yaml sp",
        "schema -o sp",
        "ops --plugin sp",
    ],
)
def test_files_are_left_to_the_shell(line: str) -> None:
    assert offered(f"archanalyzer {line}") == ["file,sp"]


def test_names_of_layer_types_and_passes() -> None:
    named = [name for name in ops.names() if name.startswith("conv")]
    assert offered("archanalyzer ops conv") == [f"plain,{name}" for name in named]
    assert offered("archanalyzer passes mem") == ["plain,memory"]
    assert offered("archanalyzer completion f") == ["plain,fish"]
    assert offered("archanalyzer explain wrong-ra") == ["plain,wrong-rank"]
    assert offered("archanalyzer analyze --format ma") == ["plain,markdown"]


def test_zsh_and_fish_show_what_a_name_is() -> None:
    assert offered("archanalyzer ops conv2", "zsh") == ["plain", "conv2d", "Convolution over height and width."]
    assert offered("archanalyzer ops conv2", "fish") == ["plain,conv2d\tConvolution over height and width."]


@pytest.mark.parametrize("shell", SHELLS)
def test_the_script_asks_by_the_variable(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert f"{COMPLETING}={shell}_complete" in out


def test_bash_completes_by_the_script(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The function that the script defines, called as bash calls it."""
    bash = shutil.which("bash")
    assert bash, "the tests of pages need bash, too"
    assert main(["completion", "bash"]) == 0
    (tmp_path / "archanalyzer").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m archanalyzer "$@"\n')
    (tmp_path / "archanalyzer").chmod(0o755)
    line = "COMP_WORDS=(archanalyzer ops dens); COMP_CWORD=2"
    asking = f'{line}; _archanalyzer_completion archanalyzer; echo "${{COMPREPLY[@]}}"'
    done = subprocess.run(
        [bash, "-c", f"{capsys.readouterr().out}\n{asking}"],
        env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"},
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    assert done.stdout == "dense\n"


def test_an_unknown_shell(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", "csh"]) == 2
    assert "'bash', 'zsh', 'fish'" in capsys.readouterr().err


def test_only_files_are_completed_as_files() -> None:
    @click.command()
    @click.argument("specs", nargs=-1, metavar="SPEC...")
    @click.argument("new", metavar="[NEW]")
    @click.argument("layer", metavar="LAYER")
    @click.option("--format", type=click.Choice(["FILE"]), metavar="FILE")
    def command() -> None:
        """Nothing."""

    kinds = [type(parameter.type) for parameter in with_files(command).params]
    assert kinds == [click.Path, click.Path, type(click.STRING), click.Choice]

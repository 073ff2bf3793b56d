"""Specs as git keeps them: the text of a file in a revision."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import click

from archanalyzer.cli.limiting import chosen_limits
from archanalyzer.diagnostics import SpecError
from archanalyzer.spec.text import decoded, require_size

_OF_FILE = re.compile(r"((?:[^:{]|\{[^}]*\})+):(.+)", re.DOTALL)
"""A colon within braces belongs to the revision: ``HEAD^{/fix: bug}:net.yaml``."""
_RANGE = re.compile(r"(.+?)(?:\.\.(.+))?", re.DOTALL)
_CONTROL = re.compile("[\x00-\x1f\x7f]")


class Revision(NamedTuple):
    """A file as it is in a revision of the repository that it lies in; paths go from the current folder."""

    revision: str
    path: str

    def __str__(self) -> str:
        """As git itself takes it; the name of the file is what stands behind the last slash."""
        return f"{self.revision}:{self.path if '/' in self.path else f'./{self.path}'}"

    def text(self) -> str:
        """What stands in the file.

        Raises:
            click.ClickException: there is no git, no repository, no such revision, or no such file of text in it.
        """
        folder, rest = _nearest_folder(self.path)
        try:
            _git(folder, "rev-parse", "--git-dir")
        except _Refused as refused:
            raise click.ClickException(f"`{self}`: `{folder}` is in no git repository: {refused}") from None
        try:
            _git(folder, "rev-parse", "--verify", "--quiet", f"{self.revision}^{{tree}}")
        except _Refused:
            raise click.ClickException(f"`{self}`: there is no revision `{self.revision}`") from None
        data = self._content(folder, f"{self.revision}:./{rest}")
        with _told(self):
            return decoded(data, str(self), chosen_limits())

    def _content(self, folder: Path, name: str) -> bytes:
        """The bytes of the file. Its size is asked for first: nobody knows what lies in a repository."""
        try:
            kind = _git(folder, "cat-file", "-t", name).strip()
            size = int(_git(folder, "cat-file", "-s", name))
        except _Refused:
            message = f"`{self}`: there is no file `{self.path}` in revision `{self.revision}`"
            raise click.ClickException(message) from None
        if kind != b"blob":
            raise click.ClickException(f"`{self}`: expected a file, found a folder")
        with _told(self):
            require_size(size, str(self), chosen_limits())
        try:
            return _git(folder, "cat-file", "blob", name)  # as `git show` does it, without its filters and colours
        except _Refused as refused:
            raise click.ClickException(f"`{self}`: git cannot read it: {refused}") from None


def named(text: str) -> Revision | str:
    """What an argument names: a file that is there, or ``REV:path``; else the path of a file that there isn't.

    Raises:
        click.UsageError: the revision begins with a dash, or is none.
    """
    found = _OF_FILE.fullmatch(text)
    if found is None or _is_there(text):
        return text
    return Revision(_checked(found[1]), found[2])


def two_of(revisions: str, path: str) -> tuple[Revision, Revision | str]:
    """Two states of a file: those in two revisions, ``REV1..REV2``, or in one and in the working tree, ``REV1``.

    Raises:
        click.UsageError: a revision begins with a dash, or the text is no such range.
    """
    found = _RANGE.fullmatch(revisions)
    if found is None or ".." in found[1] or ".." in (found[2] or "") or (found[2] or "").startswith("."):
        raise click.UsageError(f"expected `--revisions` as REV1 or REV1..REV2, found `{revisions}`")
    old = Revision(_checked(found[1]), path)
    return old, path if found[2] is None else Revision(_checked(found[2]), path)


def _checked(revision: str) -> str:
    """A revision that git takes for nothing else."""
    if revision.startswith("-"):
        raise click.UsageError(f"a revision does not begin with a dash: `{revision}`")
    if ".." in revision or _CONTROL.search(revision):
        raise click.UsageError(f"expected one revision, found `{revision}`")
    return revision


def _is_there(path: str) -> bool:
    try:
        return Path(path).exists()
    except (OSError, ValueError):
        return False


def _nearest_folder(path: str) -> tuple[Path, str]:
    """The innermost folder on the way to a file that is there today, and the rest of the way."""
    try:
        folder = Path(path).parent
        while not folder.is_dir():
            folder = folder.parent
        return folder, Path(path).relative_to(folder).as_posix()
    except (OSError, ValueError):
        raise click.ClickException(f"`{path}`: there is no such file") from None


_LONGEST = 60
"""Seconds that git may take."""


class _Refused(Exception):
    """What git said."""


def _git(folder: Path, *arguments: str) -> bytes:
    """What git answers, run as a program of its own, without a shell.

    Raises:
        click.ClickException: there is no git.
        _Refused: it fails.
    """
    variables = dict(os.environ)
    if "GIT_WORK_TREE" not in variables:
        variables.pop("GIT_DIR", None)  # as hooks set it; the folder would be taken for the top of the repository
    # A repository that somebody sent may be made to fetch what it lacks, by a program of its choice: so nothing is
    # fetched, and a bare repository inside of another is none.
    variables |= {"GIT_ALLOW_PROTOCOL": "", "GIT_NO_LAZY_FETCH": "1", "GIT_TERMINAL_PROMPT": "0"}
    command = ["git", "-c", "safe.bareRepository=explicit", *arguments]
    try:
        run = subprocess.run(  # noqa: S603
            command, cwd=folder, env=variables, capture_output=True, check=False, timeout=_LONGEST
        )
    except subprocess.TimeoutExpired:
        raise _Refused(f"git has not answered within {_LONGEST} seconds") from None
    except FileNotFoundError:
        raise click.ClickException("git is not installed, or not on the PATH: revisions are read with it") from None
    except (OSError, ValueError) as error:
        raise _Refused(str(error)) from None
    if run.returncode:
        lines = run.stderr.decode(errors="replace").strip().splitlines()
        raise _Refused(lines[0] if lines else f"git ended with exit code {run.returncode}")
    return run.stdout


@contextmanager
def _told(revision: Revision) -> Iterator[None]:
    """What is wrong with a text, told of the revision that it is from."""
    try:
        yield
    except SpecError as error:
        wrong = error.diagnostics[0]
        hint = f" ({wrong.hint})" if wrong.hint else ""
        raise click.ClickException(f"`{revision}`: {wrong.message}{hint}") from None

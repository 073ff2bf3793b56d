"""Specs in git: repositories made here, with commits whose content is known."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from archanalyzer.cli import main
from archanalyzer.cli.revisions import Revision, named, two_of

FIRST = "archspec: 1\ninputs: {image: [3, 8, 8]}\nlayers:\n  - conv2d: {filters: 4, kernel: 3}\n"
SECOND = FIRST.replace("4", "8")
THIRD = FIRST.replace("4", "16")


def git(folder: Path, *arguments: str) -> None:
    """Git with nothing of this machine's settings."""
    who = {f"GIT_{role}_{what}": "nobody" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    settings = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    subprocess.run(
        ["git", *arguments], cwd=folder, env={**os.environ, **who, **settings}, check=True, capture_output=True
    )


@pytest.fixture(autouse=True)
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two commits, the first one tagged, of ``net.yaml`` and ``specs/net.yaml``; a third state in the working tree."""
    folder = tmp_path / "repository"
    (folder / "specs").mkdir(parents=True)
    git(folder, "init", "--quiet", "--initial-branch", "main")
    for text, message in ((FIRST, "first"), (SECOND, "fix: second")):
        for path in ("net.yaml", "specs/net.yaml"):
            (folder / path).write_text(text)
        git(folder, "add", "--all")
        git(folder, "commit", "--quiet", "--message", message)
    git(folder, "tag", "v1", "HEAD~1")
    (folder / "net.yaml").write_text(THIRD)
    monkeypatch.chdir(folder)
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    return folder


def filters(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[str, str]:
    """What `diff` says of the one field that differs."""
    assert main(["diff", *arguments]) == 1
    (line,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("  filters ")][:1]
    _, old, new = line.split()[:3]
    return old, new


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("HEAD~1:net.yaml", "HEAD:net.yaml"), ("4", "8")),
        (("HEAD:net.yaml", "net.yaml"), ("8", "16")),
        (("net.yaml", "v1:net.yaml"), ("16", "4")),
        (("--revisions", "v1..HEAD", "net.yaml"), ("4", "8")),
        (("--revisions", "HEAD..v1", "specs/net.yaml"), ("8", "4")),
        (("--revisions", "v1", "net.yaml"), ("4", "16")),
        (("--revisions", "main", "net.yaml"), ("8", "16")),
        (("HEAD^{/fix: second}:net.yaml", "net.yaml"), ("8", "16")),
        (("v1:specs/../net.yaml", "net.yaml"), ("4", "16")),
    ],
)
def test_revisions(arguments: tuple[str, ...], expected: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert filters(capsys, *arguments) == expected


def test_paths_go_from_the_current_folder(
    repository: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (repository / "specs" / "net.yaml").write_text(THIRD)
    monkeypatch.chdir(repository / "specs")
    assert filters(capsys, "--revisions", "v1", "net.yaml") == ("4", "16")
    assert filters(capsys, "v1:../net.yaml", "../net.yaml") == ("4", "16")
    monkeypatch.chdir(repository.parent)
    assert filters(capsys, "--revisions", "HEAD", "repository/net.yaml") == ("8", "16")
    assert filters(capsys, f"HEAD:{repository}/net.yaml", f"{repository}/net.yaml") == ("8", "16")


def test_a_folder_that_is_gone(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (repository / "specs" / "net.yaml").unlink()
    (repository / "specs").rmdir()
    assert filters(capsys, "v1:specs/net.yaml", "HEAD:specs/net.yaml") == ("4", "8")


def test_in_a_hook(repository: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Git tells a hook where its repository is; that is not in the folder of the spec."""
    (repository / "specs" / "net.yaml").write_text(THIRD)
    git(repository, "commit", "--quiet", "--message", "third", "specs/net.yaml")
    monkeypatch.setenv("GIT_DIR", str(repository / ".git"))
    assert filters(capsys, "v1:specs/net.yaml", "HEAD:specs/net.yaml") == ("4", "16")


def test_nothing_differs(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", "HEAD:net.yaml", "HEAD:specs/net.yaml"]) == 0
    assert capsys.readouterr().out == "net  HEAD:./net.yaml → HEAD:specs/net.yaml\n\nno difference\n"


def test_a_file_whose_name_looks_like_a_revision(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (repository / "v1:net.yaml").write_text(THIRD)
    assert main(["diff", "v1:net.yaml", "net.yaml"]) == 0
    assert capsys.readouterr().out == "v1:net → net  v1:net.yaml → net.yaml\n\nno difference\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("v9:net.yaml", "net.yaml"), "`v9:./net.yaml`: there is no revision `v9`"),
        (("--revisions", "v1..v9", "net.yaml"), "`v9:./net.yaml`: there is no revision `v9`"),
        (("v1:none.yaml", "net.yaml"), "`v1:./none.yaml`: there is no file `none.yaml` in revision `v1`"),
        (("v1:specs", "net.yaml"), "`v1:./specs`: expected a file, found a folder"),
        (("v1:../other.yaml", "net.yaml"), "is in no git repository"),
        (("--output=x:net.yaml", "net.yaml"), "Missing argument"),
        (("--revisions", "--output=x", "net.yaml"), "a revision does not begin with a dash: `--output=x`"),
        (("--revisions", "v1..--output=x", "net.yaml"), "a revision does not begin with a dash: `--output=x`"),
        (("--", "--output=x:net.yaml", "net.yaml"), "a revision does not begin with a dash: `--output=x`"),
        (("--revisions", "v1...HEAD", "net.yaml"), "expected `--revisions` as REV1 or REV1..REV2, found `v1...HEAD`"),
        (("--revisions", "v1..", "net.yaml"), "expected `--revisions` as REV1 or REV1..REV2, found `v1..`"),
        (("--revisions", "..v1", "net.yaml"), "expected `--revisions` as REV1 or REV1..REV2, found `..v1`"),
        (("--revisions", "", "net.yaml"), "expected `--revisions` as REV1 or REV1..REV2, found ``"),
        (("v1..HEAD:net.yaml", "net.yaml"), "expected one revision, found `v1..HEAD`"),
    ],
)
def test_what_is_refused(
    arguments: tuple[str, ...], message: str, repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["diff", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert message in err
    assert sorted(path.name for path in repository.iterdir()) == [".git", "net.yaml", "specs"]


def test_a_shell_reads_nothing(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", "v1;touch hacked:net.yaml", "net.yaml"]) == 2
    assert main(["diff", "$(touch hacked):net.yaml", "v1:$(touch hacked)"]) == 2
    assert not (repository / "hacked").exists()
    assert "there is no revision `v1;touch hacked`" in capsys.readouterr().err


def test_a_broken_side_names_its_revision(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (repository / "net.yaml").write_text(FIRST.replace("kernel: 3", "kernel: 9"))
    git(repository, "commit", "--quiet", "--all", "--message", "broken")
    (repository / "net.yaml").write_text("- no spec\n")
    assert main(["diff", "--revisions", "HEAD~1..HEAD", "net.yaml"]) == 2
    err = capsys.readouterr().err
    assert err.startswith("HEAD:./net.yaml:4:5: error[kernel-larger-than-input]: ")
    assert err.endswith("\nNEW, `HEAD:./net.yaml`, cannot be compared\n")
    assert main(["diff", "--revisions", "HEAD", "net.yaml"]) == 2
    err = capsys.readouterr().err
    assert "\nOLD, `HEAD:./net.yaml`, cannot be compared\nNEW, `net.yaml`, cannot be compared\n" in err


def test_what_is_no_text_is_refused(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (repository / "net.yaml").write_bytes(b"archspec: \xff\n")
    git(repository, "commit", "--quiet", "--all", "--message", "binary")
    assert main(["diff", "HEAD:net.yaml", "v1:net.yaml"]) == 2
    assert "`HEAD:./net.yaml`: expected UTF-8, found the byte 0xFF" in capsys.readouterr().err


def test_a_mark_at_the_start_is_no_text(repository: Path) -> None:
    (repository / "net.yaml").write_bytes(b"\xef\xbb\xbf" + FIRST.encode())
    git(repository, "commit", "--quiet", "--all", "--message", "marked")
    assert Revision("HEAD", "net.yaml").text() == FIRST


def test_limits_hold_for_revisions(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", "v1:net.yaml", "net.yaml", "--limit", "file_bytes=10"]) == 2
    err = capsys.readouterr().err
    assert "`v1:./net.yaml`: expected at most 10 bytes, found more (`--limit file_bytes=N` allows more" in err
    assert main(["diff", "v1:net.yaml", "v1:net.yaml", "--limit", "nodes=3"]) == 2
    assert "expected at most 3 values" in capsys.readouterr().err


def test_a_repository_that_lacks_a_file_fetches_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A repository can name the program that git fetches missing content with: whoever sent it would choose it."""
    git = ["git", "-C", str(tmp_path / "sent"), "-c", "user.name=x", "-c", "user.email=x@example.org"]
    subprocess.run(["git", "init", "-q", str(tmp_path / "sent")], check=True)
    (tmp_path / "sent" / "net.yaml").write_text(FIRST)
    subprocess.run([*git, "add", "net.yaml"], check=True)
    subprocess.run([*git, "commit", "-q", "-m", "first"], check=True)
    for blob in (tmp_path / "sent" / ".git" / "objects").rglob("*"):
        if blob.is_file() and _is_blob(tmp_path / "sent", blob):
            blob.unlink()
    with (tmp_path / "sent" / ".git" / "config").open("a") as config:
        config.write(
            "[core]\n\trepositoryformatversion = 1\n[extensions]\n\tpartialClone = origin\n"
            f'[remote "origin"]\n\turl = {tmp_path}\n\tpromisor = true\n\tuploadpack = touch {tmp_path}/ran;\n'
        )
    monkeypatch.chdir(tmp_path / "sent")
    assert main(["diff", "HEAD:net.yaml", "net.yaml"]) == 2
    assert not (tmp_path / "ran").exists()


def _is_blob(repository: Path, file: Path) -> bool:
    name = file.parent.name + file.name
    kind = subprocess.run(
        ["git", "-C", str(repository), "cat-file", "-t", name], capture_output=True, text=True, check=False
    )
    return kind.stdout.strip() == "blob"


def test_without_git(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main(["diff", "v1:net.yaml", "net.yaml"]) == 2
    assert "git is not installed, or not on the PATH" in capsys.readouterr().err
    assert main(["diff", "net.yaml", "net.yaml"]) == 0


def test_outside_of_a_repository(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.yaml").write_text(FIRST)
    assert main(["diff", "--revisions", "HEAD", "net.yaml"]) == 2
    assert "`HEAD:./net.yaml`: `.` is in no git repository: fatal: not a git repository" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("none.yaml", "none.yaml"),
        ("v1:net.yaml", Revision("v1", "net.yaml")),
        ("a:b:c", Revision("a", "b:c")),
        ("HEAD^{/a: b}:net.yaml", Revision("HEAD^{/a: b}", "net.yaml")),
        (":net.yaml", ":net.yaml"),
        ("v1:", "v1:"),
    ],
)
def test_arguments(text: str, expected: object) -> None:
    assert named(text) == expected


def test_ranges() -> None:
    old, new = Revision("a", "net.yaml"), Revision("b/c", "net.yaml")
    assert two_of("a..b/c", "net.yaml") == (old, new)
    assert two_of("a", "net.yaml") == (old, "net.yaml")

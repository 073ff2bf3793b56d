"""Which files ``archanalyzer check`` takes for specs, and which of them ``--update`` writes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from archanalyzer.cli import main
from archanalyzer.files import write_whole

NET = "archspec: 1\ninputs: {x: [4]}\nlayers:\n  - dense: 2\n"  # 4·2 + 2 = 10 parameters
WRONG = f"{NET}expect: {{totals: {{parameters: 9}}}}\n"
RIGHT = WRONG.replace("9", "10")
SNAP = f"{WRONG[:-2]}, snapshot: deep/er/net.snapshot.txt}}\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder `specs`, in the current one."""
    (tmp_path / "specs").mkdir()
    monkeypatch.chdir(tmp_path)
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "ARCHANALYZER_TRACEBACK"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def write(**texts: str) -> None:
    for name, text in texts.items():
        (Path("specs") / f"{name}.yaml").write_text(text)


def unwritable(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Files of that name cannot be written, as where there is no permission, which does not hold for everyone."""

    def refuse(path: str | Path, content: Any) -> None:
        if Path(path).name == name:
            raise PermissionError(13, "Permission denied")
        write_whole(path, content)

    monkeypatch.setattr("archanalyzer.cli.updating.write_whole", refuse)


# --- Other YAML


def test_other_yaml_is_passed_over_if_asked(capsys: pytest.CaptureFixture[str]) -> None:
    write(net=RIGHT, other="on: push\n", inner="a: {archspec: 1}\n", empty="", misspelt=f"x{RIGHT}")
    assert main(["check", "specs"]) == 2
    capsys.readouterr()
    assert main(["check", "specs", "--only-specs"]) == 0
    assert capsys.readouterr() == ("ok specs/net.yaml: 1 expectation holds\n1 spec: 1 ok\n", "")


def test_files_that_are_named_are_passed_over_too(capsys: pytest.CaptureFixture[str]) -> None:
    """The hook of pre-commit names every file that is to be committed."""
    write(net=WRONG, other="on: push\n")
    assert main(["check", "specs/other.yaml", "specs/net.yaml", "--only-specs"]) == 1
    assert capsys.readouterr().out.endswith("\n1 spec: 1 failed\n")
    assert main(["check", "specs/other.yaml", "--only-specs"]) == 0
    assert capsys.readouterr() == ("no specs\n", "")
    assert main(["check", "specs/other.yaml", "--only-specs", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["specs"] == []


@pytest.mark.parametrize("text", ["\ufeffarchspec: [", "{archspec: ", '# x\r\n"archspec" : 2\r\n', "'archspec': 1"])
def test_what_says_that_it_is_a_spec_is_held_to_it(text: str) -> None:
    write(net=text)
    assert main(["check", "specs", "--only-specs"]) == 2


def test_what_is_no_file_is_told_as_always(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "specs/no.yaml", "--only-specs"]) == 2
    assert "file-not-found" in capsys.readouterr().err
    (folder / "specs" / "gone.yaml").symlink_to("nowhere.yaml")
    assert main(["check", "specs", "--only-specs"]) == 2


def test_a_spec_that_is_too_large_is_no_other_yaml(capsys: pytest.CaptureFixture[str]) -> None:
    write(net=RIGHT, other=f"{'x: y # ' + 'x' * 1000}\n")
    assert main(["check", "specs", "--only-specs", "--limit", "file_bytes=50"]) == 2
    assert capsys.readouterr().out == "error specs/net.yaml: could not be used\n1 spec: 1 not usable\n"


# --- Links


def test_an_update_of_a_folder_writes_nothing_outside(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(net=WRONG)
    (folder / "outside.yaml").write_text(WRONG)
    (folder / "specs" / "link.yaml").symlink_to(folder / "outside.yaml")
    assert main(["check", "specs", "--update"]) == 1
    out = capsys.readouterr().out
    assert (folder / "outside.yaml").read_text() == WRONG
    assert (folder / "specs" / "link.yaml").is_symlink()
    assert (folder / "specs" / "net.yaml").read_text() == RIGHT
    assert "failed specs/link.yaml: 1 of 1 expectation fails\n" in out
    assert "failure[not-updated]: `specs/link.yaml` stays as it is: it is a link to a file elsewhere" in out
    assert "updated specs/net.yaml: 1 of 1 expectation is rewritten\n" in out


def test_a_dry_run_shows_no_change_of_a_file_outside(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "outside.yaml").write_text(WRONG)
    (folder / "specs" / "link.yaml").symlink_to(folder / "outside.yaml")
    assert main(["check", "specs", "--update", "--dry-run"]) == 1
    out = capsys.readouterr().out
    assert "not-updated" in out
    assert "+++" not in out


@pytest.mark.parametrize(
    "named", [["specs/link.yaml"], ["specs", "outside.yaml"], ["specs", "specs/link.yaml"], [".", "specs"]]
)
def test_a_link_to_what_is_named_is_followed(named: list[str], folder: Path) -> None:
    (folder / "outside.yaml").write_text(WRONG)
    (folder / "specs" / "link.yaml").symlink_to(folder / "outside.yaml")
    assert main(["check", *named, "--update"]) == 0
    assert (folder / "outside.yaml").read_text() == RIGHT
    assert (folder / "specs" / "link.yaml").is_symlink()


def test_the_folder_itself_may_be_a_link(folder: Path) -> None:
    write(net=WRONG)
    (folder / "linked").symlink_to(folder / "specs")
    assert main(["check", "linked", "--update"]) == 0
    assert (folder / "specs" / "net.yaml").read_text() == RIGHT


def test_of_a_link_outside_that_holds_nothing_is_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "outside.yaml").write_text(RIGHT)
    (folder / "specs" / "link.yaml").symlink_to(folder / "outside.yaml")
    assert main(["check", "specs", "--update"]) == 0
    assert capsys.readouterr() == ("ok specs/link.yaml: 1 expectation holds\n1 spec: 1 ok\n", "")


# --- What cannot be written


def test_the_folder_of_a_snapshot_is_made(folder: Path) -> None:
    write(net=SNAP)
    assert main(["check", "specs", "--update"]) == 0
    assert (folder / "specs" / "net.yaml").read_text() == SNAP.replace("9", "10")
    assert "total parameters: 10\n" in (folder / "specs" / "deep" / "er" / "net.snapshot.txt").read_text()


def test_a_snapshot_that_cannot_be_written_ends_nothing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file stands where its folder would be; so its spec stays as it is, and others are updated."""
    write(a=SNAP, b=WRONG, c="archspec: [", d=RIGHT)
    (folder / "specs" / "deep").write_text("in the way")
    assert main(["check", "specs", "--update"]) == 2
    out = capsys.readouterr().out
    assert "unwritten specs/a.yaml: could not be updated\n" in out
    assert "failure[not-updated]: cannot write `" in out
    assert out.endswith("4 specs: 1 ok, 1 updated, 1 not written, 1 not usable\n")
    assert (folder / "specs" / "a.yaml").read_text() == SNAP
    assert (folder / "specs" / "b.yaml").read_text() == RIGHT


def test_a_spec_that_cannot_be_written_ends_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write(a=SNAP, b=WRONG)
    unwritable(monkeypatch, "a.yaml")
    assert main(["check", "specs", "--update", "--format", "json"]) == 2
    out, err = capsys.readouterr()
    assert err == ""
    first, second = json.loads(out)["specs"]
    assert (first["outcome"], second["outcome"]) == ("unwritten", "updated")
    assert first["diagnostics"][-1]["message"] == "cannot write `specs/a.yaml`: Permission denied"
    assert (folder / "specs" / "deep" / "er" / "net.snapshot.txt").exists(), "the snapshot is written first"
    monkeypatch.undo()
    monkeypatch.chdir(folder)
    assert main(["check", "specs", "--update"]) == 0
    assert (folder / "specs" / "a.yaml").read_text() == SNAP.replace("9", "10")


def test_what_is_refused_is_told_to_other_machines(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write(net=WRONG)
    unwritable(monkeypatch, "net.yaml")
    assert main(["check", "specs", "--update", "--format", "github"]) == 2
    assert "title=not-updated::cannot write `specs/net.yaml`: Permission denied\n" in capsys.readouterr().out


def test_what_is_rewritten_is_read_by_the_limits_that_are_chosen(folder: Path) -> None:
    deep = f"{WRONG}variables: {{a: {'[' * 70}1{']' * 70}}}\n"  # 64 levels are allowed unless more are
    write(net=deep)
    assert main(["check", "specs", "--update", "--limit", "nesting=100"]) == 0
    assert (folder / "specs" / "net.yaml").read_text() == deep.replace("9", "10")


def test_of_two_specs_with_one_snapshot_the_second_is_left_alone(capsys: pytest.CaptureFixture[str]) -> None:
    named = "expect: {snapshot: net.snapshot.txt}\n"
    write(a=f"{NET}{named}", b=f"{NET.replace('dense: 2', 'dense: 3')}{named}", c=RIGHT)
    assert main(["check", "specs", "--update"]) == 1
    out, _ = capsys.readouterr()
    assert "not-updated]: `specs/b.yaml` stays as it is: `specs/a.yaml` names the same snapshot\n" in out
    assert main(["check", "specs/a.yaml", "specs/c.yaml"]) == 0

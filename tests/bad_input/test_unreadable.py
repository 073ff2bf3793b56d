"""Files that cannot be read: told with exit code 2, and nothing is shown or written."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bad_input.running import HEAD, rules, run

UNREADABLE: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "empty-file"),
    "only comments": (b"# nothing\n# yet\n", "empty-file"),
    "an empty document": (b"---\n...\n", "empty-file"),
    "invalid UTF-8": (b"name: \xe9\n", "not-utf8"),
    "UTF-16": (HEAD.encode("utf-16"), "not-utf8"),
    "a NUL": (HEAD.encode() + b"a: \0\n", "control-character"),
    "binary": (bytes(range(256)) * 10, "not-utf8"),
    "a list": (b"- relu\n", "wrong-kind"),
    "a number": (b"42\n", "wrong-kind"),
    "no YAML": (b"a: [1, 2\n", "yaml-syntax"),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_of_what_cannot_be_read_nothing_is_shown_and_nothing_written(name: str, tmp_path: Path) -> None:
    content, rule = UNREADABLE[name]
    (tmp_path / "spec.yaml").write_bytes(content)
    (tmp_path / "out.json").write_text("untouched")
    done = run("analyze", "spec.yaml", cwd=tmp_path)
    assert rules(done) == [rule]
    assert done.stdout == b""
    assert done.stderr.startswith(b"spec.yaml:")
    done = run("analyze", "spec.yaml", "--format", "json", "-o", "out.json", cwd=tmp_path)
    assert rules(done) == [rule]
    assert done.stdout == b""
    assert (tmp_path / "out.json").read_text() == "untouched"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.json", "spec.yaml"]


@pytest.mark.parametrize(
    ("path", "rule"), [("missing.yaml", "file-not-found"), (".", "not-a-file"), ("no/spec.yaml", "file-not-found")]
)
def test_paths_without_a_file(path: str, rule: str, tmp_path: Path) -> None:
    assert rules(run("analyze", path, cwd=tmp_path)) == [rule]


def test_nothing_on_standard_input() -> None:
    assert rules(run("analyze", "-")) == ["empty-file"]
    assert rules(run("check", "-")) == ["empty-file"]


@pytest.mark.parametrize("line_break", ["\n", "\r\n", "\r", "\x85", "\u2028"])
def test_lines_are_counted_whatever_ends_them(line_break: str) -> None:
    text = (HEAD + "layers:\n  - relu\n  - rleu\n").replace("\n", line_break)
    done = run("analyze", "-", stdin=text.encode())
    assert rules(done) == ["unknown-layer-type"]
    assert done.stderr.startswith(b"<stdin>:5:5: ")


def test_a_byte_order_mark_moves_no_column() -> None:
    done = run("analyze", "-", stdin=b"\xef\xbb\xbfarchspec: 2\n" + HEAD.encode()[12:] + b"layers: [relu]\n")
    assert rules(done) == ["unknown-version"]
    assert done.stderr.startswith(b"<stdin>:1:11: ")

"""Reading files: what is refused, and in which words."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archanalyzer.diagnostics import SpecError
from archanalyzer.spec.limits import DEFAULT_LIMITS, Limits
from archanalyzer.spec.text import decoded, read, says_it_is_a_spec, source_from_string


def refusal(path: Path | str, limits: Limits = DEFAULT_LIMITS) -> str:
    """What is said of the file, without the folder that it is in."""
    with pytest.raises(SpecError) as caught:
        read(str(path), limits)
    folder = str(Path(path).parent) + os.sep
    return str(caught.value).replace(folder, "")


def file_of(folder: Path, content: bytes) -> Path:
    path = folder / "net.yaml"
    path.write_bytes(content)
    return path


def test_a_text_is_read_under_the_name_of_its_path(tmp_path: Path) -> None:
    path = file_of(tmp_path, "name: Ü\n".encode())
    file = read(str(path), DEFAULT_LIMITS)
    assert (file.name, file.text) == (str(path), "name: Ü\n")


def test_a_byte_order_mark_is_dropped(tmp_path: Path) -> None:
    path = file_of(tmp_path, b"\xef\xbb\xbfname: x\n")
    assert read(str(path), DEFAULT_LIMITS).text == "name: x\n"


def test_a_missing_file_brings_up_similar_names(tmp_path: Path) -> None:
    file_of(tmp_path, b"")
    expected = "nett.yaml:1:1: error[file-not-found]: there is no such file (did you mean `net.yaml`?)"
    assert refusal(tmp_path / "nett.yaml") == expected
    assert refusal(tmp_path / "quite-different") == (
        "quite-different:1:1: error[file-not-found]: there is no such file"
    )
    missing = tmp_path / "absent" / "net.yaml"
    assert f"there is no folder `{missing.parent}`" in refusal(missing)


@pytest.mark.parametrize("path", ["a\0b", "\0", "x" * 5000])
def test_impossible_paths_are_refused_as_any_other(path: str) -> None:
    with pytest.raises(SpecError):
        read(path, DEFAULT_LIMITS)


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    assert refusal(tmp_path).endswith(":1:1: error[not-a-file]: expected a file, found a folder")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes on this system")
def test_a_pipe_is_refused_rather_than_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert refusal(tmp_path / "pipe") == (
        "pipe:1:1: error[not-a-file]: expected a file, found a pipe or a device "
        "(pass its content on standard input, with `-` as the path)"
    )


def test_a_file_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = file_of(tmp_path, b"")

    def deny(*args: object) -> None:
        raise PermissionError

    monkeypatch.setattr(Path, "open", deny)
    assert refusal(path) == "net.yaml:1:1: error[file-not-readable]: there is no permission to read this file"


def test_the_largest_file_is_read_and_a_larger_one_refused(tmp_path: Path) -> None:
    path = file_of(tmp_path, b"12345")
    assert read(str(path), Limits(file_bytes=5)).text == "12345"
    assert refusal(path, Limits(file_bytes=4)) == (
        "net.yaml:1:1: error[file-too-large]: expected at most 4 bytes, found more "
        "(`--limit file_bytes=N` allows more, if the spec is meant so)"
    )


class Stdin:
    """Standard input that holds some bytes."""

    def __init__(self, content: bytes) -> None:
        self.buffer = io.BytesIO(content)


def test_standard_input_is_read_under_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", Stdin("name: Ü".encode()))
    file = read("-", DEFAULT_LIMITS)
    assert (file.name, file.text) == ("<stdin>", "name: Ü")


def test_no_more_of_standard_input_is_read_than_is_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    stdin = Stdin(b"x" * 100)
    monkeypatch.setattr(sys, "stdin", stdin)
    assert refusal("-", Limits(file_bytes=4)).startswith("<stdin>:1:1: error[file-too-large]")
    assert stdin.buffer.tell() == 5


@pytest.mark.parametrize("stdin", [None, io.StringIO("text")])
def test_standard_input_that_holds_no_bytes(stdin: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", stdin)
    assert refusal("-") == "<stdin>:1:1: error[file-not-readable]: standard input cannot be read"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"a: 1\n\xc3\xa4: \xe9\n", "net.yaml:2:4: error[not-utf8]: expected UTF-8, found the byte 0xE9"),
        (b"\xef\xbb\xbfab\xff", "net.yaml:1:3: error[not-utf8]: expected UTF-8, found the byte 0xFF"),
        ("a".encode("utf-16"), "net.yaml:1:1: error[not-utf8]: expected UTF-8, found UTF-16"),
        ("a".encode("utf-32"), "net.yaml:1:1: error[not-utf8]: expected UTF-8, found UTF-32"),
    ],
)
def test_other_encodings_are_told_where_they_begin(tmp_path: Path, content: bytes, expected: str) -> None:
    assert refusal(file_of(tmp_path, content)) == f"{expected} (save the file as UTF-8)"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\0", "x:1:2: error[control-character]: expected text, found the control character U+0000 "),
        (
            "a: 1\r\n\u2028 \x1b[31m",
            "x:3:2: error[control-character]: expected text, found the control character U+001B ",
        ),
        ("\ufeff", "x:1:1: error[control-character]: expected text, found the control character U+FEFF "),
        ("\ud800", "x:1:1: error[control-character]: expected text, found the control character U+D800 "),
    ],
)
def test_control_characters_are_refused(text: str, expected: str) -> None:
    with pytest.raises(SpecError) as caught:
        source_from_string(text, "x")
    hint = "(is this a text file?)" if "\0" in text else "(remove it)"
    assert str(caught.value) == expected + hint


def test_bytes_from_elsewhere_are_decoded_as_those_of_a_file() -> None:
    assert decoded(b"\xef\xbb\xbfname: \xc3\x9c", "HEAD:net.yaml", DEFAULT_LIMITS) == "name: Ü"
    with pytest.raises(SpecError, match=r"^HEAD:net.yaml:1:2: error\[not-utf8\]: expected UTF-8, found the byte 0xFF"):
        decoded(b"a\xff", "HEAD:net.yaml", DEFAULT_LIMITS)
    with pytest.raises(SpecError, match="expected at most 3 bytes, found more"):
        decoded(b"abcd", "HEAD:net.yaml", Limits(file_bytes=3))


@pytest.mark.parametrize(
    ("content", "says_so"),
    [
        (b"archspec: 1\n", True),
        (b"\xef\xbb\xbfarchspec: 1\n", True),
        (b"# archspec: 2\r\n\r\n'archspec' : 1\r\n", True),
        (b'{"archspec": 1}', True),
        (b"archspec: \xff", True),
        (b"name: x\narchspec:\n", True),
        (b"archspecs: 1\n", False),
        (b"xarchspec: 1\n", False),
        (b"# archspec: 1\n", False),
        (b"a:\n  archspec: 1\n", False),
        (b"- archspec: 1\n", False),
        (b"x: archspec\n", False),
        (b"", False),
        (b"# " + b"x" * 100 + b"\narchspec: 1\n", False),  # beyond what is read
    ],
)
def test_a_file_says_that_it_is_a_spec(content: bytes, says_so: bool, tmp_path: Path) -> None:
    assert says_it_is_a_spec(str(file_of(tmp_path, content)), Limits(file_bytes=60)) is says_so


def test_what_is_no_file_says_nothing(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "no.yaml"):
        with pytest.raises(OSError, match=tmp_path.name):
            says_it_is_a_spec(str(path), DEFAULT_LIMITS)


@given(st.binary(max_size=200))
def test_bytes_are_read_or_refused(content: bytes) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdin", Stdin(content))
        try:
            text = read("-", Limits(file_bytes=100)).text
        except SpecError as error:
            assert str(error).startswith("<stdin>:")  # noqa: PT017 (most bytes are refused, some are not)
        else:
            assert text.encode() == content.removeprefix(b"\xef\xbb\xbf")

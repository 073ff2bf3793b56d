"""Files written whole or not at all."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path
from typing import BinaryIO

import pytest

from archanalyzer.files import write_whole


def halfway(file: BinaryIO) -> None:
    """Writes a part, and fails."""
    file.write(b"new")
    file.flush()
    raise KeyboardInterrupt


@pytest.mark.parametrize("old", [b"old", None])
def test_bytes_and_writers(tmp_path: Path, old: bytes | None) -> None:
    path = tmp_path / "file"
    if old is not None:
        path.write_bytes(old)
    write_whole(path, b"new")
    assert path.read_bytes() == b"new"
    write_whole(str(path), lambda file: file.write(b"newer"))
    assert path.read_bytes() == b"newer"
    assert list(tmp_path.iterdir()) == [path]


def test_permissions_stay(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.touch()
    path.chmod(0o604)
    write_whole(path, b"new")
    assert stat.S_IMODE(path.stat().st_mode) == 0o604


def test_a_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("folder/file")
    for content in (b"first", b"second"):
        write_whole(tmp_path / "link", content)
        assert (tmp_path / "link").is_symlink()
        assert (tmp_path / "folder" / "file").read_bytes() == content


def test_a_device_is_written_to_and_stays() -> None:
    write_whole(os.devnull, b"new")
    assert Path(os.devnull).is_char_device()


def test_a_pipe_is_written_to_and_stays(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    reading = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        write_whole(path, lambda file: file.write(b"new"))
        assert os.read(reading, 10) == b"new"
    finally:
        os.close(reading)
    assert path.is_fifo()


@pytest.mark.parametrize("old", [b"old", None])
def test_an_interrupted_write_leaves_the_old_file_and_nothing_else(tmp_path: Path, old: bytes | None) -> None:
    path = tmp_path / "file"
    if old is not None:
        path.write_bytes(old)
    with pytest.raises(KeyboardInterrupt):
        write_whole(path, halfway)
    assert {each.name: each.read_bytes() for each in tmp_path.iterdir()} == ({"file": old} if old is not None else {})


def test_a_killed_process_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    kill = "lambda file: (file.write(b'new'), file.flush(), os.kill(os.getpid(), signal.SIGKILL))"
    code = f"import os, signal; from archanalyzer.files import write_whole; write_whole({str(path)!r}, {kill})"
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert path.read_bytes() == b"old"


@pytest.mark.parametrize(("name", "error"), [("none/file", FileNotFoundError), (".", IsADirectoryError)])
def test_what_the_system_refuses(tmp_path: Path, name: str, error: type[OSError]) -> None:
    with pytest.raises(error):
        write_whole(tmp_path / name, b"new")
    assert list(tmp_path.iterdir()) == []

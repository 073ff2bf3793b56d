"""Files written whole or not at all."""

from __future__ import annotations

import errno
import os
import secrets
import stat
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, TypeAlias

Content: TypeAlias = bytes | Callable[[BinaryIO], object]
"""What to write: the bytes, or a function that writes them to an open file."""


def write_whole(path: str | Path, content: Content) -> None:
    """Puts ``content`` into a file, whole or not at all; a file that was there keeps its permissions and its links.

    Raises:
        OSError: the system refuses. What ``content`` raises is passed on; the old file stays then, too.
    """
    target = Path(os.path.realpath(path))
    if target.exists() and not target.is_file():  # a device or a pipe is written to, never replaced
        with target.open("wb") as file:
            _write(content, file)
    else:
        _replace(target, content)


def require_writable(path: str | Path) -> None:
    """Tells before the work, not after it, that ``write_whole`` could not write there.

    Raises:
        OSError: it could not.
    """
    target = Path(os.path.realpath(path))
    if target.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    beside = target if target.exists() and not target.is_file() else target.parent
    if not beside.exists():
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
    if not os.access(beside, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))


def _replace(target: Path, content: Content) -> None:
    # In the same folder, so that the renaming stays within one file system, where it is one step.
    temporary = target.with_name(f".{target.name[:100]}.{secrets.token_hex(8)}.tmp")
    try:
        with temporary.open("xb") as file:
            _write(content, file)
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            temporary.chmod(stat.S_IMODE(target.stat().st_mode))
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _write(content: Content, file: BinaryIO) -> None:
    if callable(content):
        content(file)
    else:
        file.write(content)

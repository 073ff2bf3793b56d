"""From a path to a text: what cannot be read is refused here, before anyone looks at what it says."""

from __future__ import annotations

import codecs
import re
import stat
import sys
from pathlib import Path
from typing import NoReturn

from archanalyzer.diagnostics import Diagnostic, Rule, Source, SourceFile, SpecError, did_you_mean
from archanalyzer.diagnostics.rules.text import (
    CONTROL_CHARACTER,
    FILE_NOT_FOUND,
    FILE_NOT_READABLE,
    FILE_TOO_LARGE,
    NOT_A_FILE,
    NOT_UTF8,
)
from archanalyzer.spec.limits import Limits, raised_by

STDIN = "<stdin>"
"""What standard input is called, in messages and reports."""
STRING = "<string>"
"""What a text without a name is called."""

# UTF-32 comes first: its little-endian mark begins with that of UTF-16.
_OTHER_ENCODINGS = (
    (codecs.BOM_UTF32_LE, "UTF-32"),
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)
# What YAML does not allow in a text (YAML 1.2.2, section 5.1), and the byte order mark.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufeff\ufffe\uffff]")
# `archspec` as a key of the outermost map, in block or in flow style.
_VERSION_KEY = re.compile(rb"^(?:\xef\xbb\xbf)?(?:\{\s*)?[\"']?archspec[\"']?\s*:", re.MULTILINE)


def read(path: str, limits: Limits) -> SourceFile:
    """The text of the file at ``path``, or of standard input where that is ``-``.

    Raises:
        SpecError: there is no such file, it cannot be read, is too large, not UTF-8, or holds control characters.
    """
    if not path:
        raise SpecError([Diagnostic(FILE_NOT_FOUND, "expected the path of a file, found an empty one")])
    name = STDIN if path == "-" else path
    data = _bytes_of_stdin(limits) if path == "-" else bytes_of_file(path, limits)
    return source_from_string(decoded(data, name, limits), name)


def decoded(data: bytes, name: str, limits: Limits) -> str:
    """The text that some bytes are, without a byte order mark in front; ``name`` is what they are called in messages.

    Raises:
        SpecError: they are too many, or not UTF-8.
    """
    require_size(len(data), name, limits)
    for mark, encoding in _OTHER_ENCODINGS:
        if data.startswith(mark):
            _refuse(NOT_UTF8, f"expected UTF-8, found {encoding}", _start_of(name), "save the file as UTF-8")
    data = data.removeprefix(codecs.BOM_UTF8)
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        file = SourceFile(name, data.decode(errors="replace"))
        source = file.at(len(data[: error.start].decode()))
        found = f"expected UTF-8, found the byte 0x{data[error.start]:02X}"
        _refuse(NOT_UTF8, found, source, "save the file as UTF-8")


def require_size(size: int, name: str, limits: Limits) -> None:
    """Refuses a text of more bytes than a spec may have.

    Raises:
        SpecError: it has more.
    """
    if size > limits.file_bytes:
        message = f"expected at most {limits.file_bytes:,} bytes, found more"
        _refuse(FILE_TOO_LARGE, message, _start_of(name), raised_by("file_bytes"))


def says_it_is_a_spec(path: str, limits: Limits) -> bool:
    """Whether ``archspec`` is a key of the outermost map of a file, as far as limits allow to read it.

    The text is searched, not parsed: so it is said of files of which nothing else can be read.

    Raises:
        OSError, ValueError: it cannot be read.
    """
    if not Path(path).is_file():  # to open a pipe would be to wait for who writes to it
        raise FileNotFoundError(path)
    with Path(path).open("rb") as file:
        return _VERSION_KEY.search(file.read(limits.file_bytes)) is not None


def source_from_string(text: str, name: str = STRING) -> SourceFile:
    """``text`` as a file of that name.

    Raises:
        SpecError: it holds characters that YAML does not allow.
    """
    file = SourceFile(name, text)
    forbidden = _FORBIDDEN.search(text)
    if forbidden:
        end = forbidden.start()
        character = ord(text[end])
        hint = "is this a text file?" if character == 0 else "remove it"
        message = f"expected text, found the control character U+{character:04X}"
        _refuse(CONTROL_CHARACTER, message, file.at(end), hint)
    return file


def bytes_of_file(path: str, limits: Limits) -> bytes:
    """The file's bytes, at most one more than the limit.

    Whatever is no regular file is refused before it is opened: opening a pipe waits until someone writes to it.

    Raises:
        SpecError: there is no such file, it cannot be read, or it is too large.
    """
    start = _start_of(path)
    try:
        status = Path(path).stat()
        if stat.S_ISDIR(status.st_mode):
            _refuse(NOT_A_FILE, "expected a file, found a folder", start)
        if not stat.S_ISREG(status.st_mode):
            hint = "pass its content on standard input, with `-` as the path"
            _refuse(NOT_A_FILE, "expected a file, found a pipe or a device", start, hint)
        require_size(status.st_size, path, limits)
        with Path(path).open("rb") as file:
            return file.read(limits.file_bytes + 1)  # it may have grown meanwhile
    except (FileNotFoundError, NotADirectoryError):
        _refuse(FILE_NOT_FOUND, "there is no such file", start, _similar(path))
    except PermissionError:
        _refuse(FILE_NOT_READABLE, "there is no permission to read this file", start)
    except OSError as error:
        _refuse(FILE_NOT_READABLE, f"this file cannot be read: {error.strerror}", start)
    except ValueError:  # a path with a NUL in it
        _refuse(FILE_NOT_FOUND, "there is no such file", start)


def _bytes_of_stdin(limits: Limits) -> bytes:
    try:
        return sys.stdin.buffer.read(limits.file_bytes + 1)
    except (AttributeError, OSError, ValueError):  # there is none, it cannot be read, it is closed
        _refuse(FILE_NOT_READABLE, "standard input cannot be read", _start_of(STDIN))


def _similar(path: str) -> str | None:
    """A hint with the names in the same folder that are like the missing one."""
    try:
        names = sorted(entry.name for entry in Path(path).parent.iterdir() if entry.is_file())
    except (OSError, ValueError):
        return f"there is no folder `{Path(path).parent}`"
    hint = did_you_mean(Path(path).name, names, "files")
    return hint if hint.startswith("did you mean") else None


def _start_of(name: str) -> Source:
    return Source(SourceFile(name, ""), 1, 1, 1)


def _refuse(rule: Rule, message: str, source: Source, hint: str | None = None) -> NoReturn:
    raise SpecError([Diagnostic(rule, message, source, hint)]) from None

"""Where output goes: to a terminal, a pipe or a file; nothing else writes."""

from __future__ import annotations

import os
import shutil
import sys
from contextlib import suppress
from typing import TextIO

import click

from archanalyzer.files import write_whole
from archanalyzer.report import Page
from archanalyzer.report.text import encodable

_DEFAULT_WIDTH = 80
_CLOSED_PIPE = 141
"""The exit code of a program that SIGPIPE ended, as a shell tells it."""


class NotWritten(click.ClickException):
    """A file could not be written."""

    exit_code = 2


def page(stream: TextIO | None) -> Page:
    """What a stream shows: a terminal as it is; else 80 columns or more, unless ``COLUMNS`` says otherwise."""
    if stream is not None and stream.isatty():
        return Page(shutil.get_terminal_size().columns, wants_color(stream))
    columns = os.environ.get("COLUMNS", "")
    if columns.isdecimal() and int(columns):
        return Page(int(columns), wants_color(stream))
    return Page(_DEFAULT_WIDTH, wants_color(stream), fixed=False)


def wants_color(stream: TextIO | None) -> bool:
    """``NO_COLOR`` means no, then ``FORCE_COLOR`` means yes; else a terminal that can has colours."""
    if os.environ.get("NO_COLOR"):
        return False
    if forced := os.environ.get("FORCE_COLOR"):
        return forced != "0"
    return stream is not None and stream.isatty() and os.environ.get("TERM") != "dumb"


def emit(text: str, *, err: bool = False, exact: bool = False) -> None:
    """Writes a text to standard output or standard error; ``exact`` as UTF-8, else as the stream can carry it.

    Raises:
        click.exceptions.Exit: whoever read the output has stopped reading, which is no error.
        NotWritten: the system refuses.
    """
    stream: TextIO | None = sys.stderr if err else sys.stdout
    if not text or (stream is None and err):
        return
    if stream is None:
        raise NotWritten("cannot write the output: standard output is closed")
    try:
        if exact and hasattr(stream, "buffer"):
            stream.flush()
            stream.buffer.write(text.encode())
        else:
            stream.write(encodable(text, stream.encoding or "utf-8"))
        stream.flush()
    except OSError as error:
        with suppress(OSError, ValueError):  # Python flushes once more at its end, and would complain
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        if isinstance(error, BrokenPipeError):
            raise click.exceptions.Exit(_CLOSED_PIPE) from None
        raise NotWritten(f"cannot write the output: {error.strerror}") from None


def is_file(output: str | None) -> bool:
    """Whether an output named on the command line is a file: ``-`` and none at all are standard output."""
    return output is not None and output != "-"


def deliver(text: str, output: str | None, *, exact: bool) -> None:
    """Writes a text to a file, or where none is named, as ``emit`` does.

    Raises:
        NotWritten: the system refuses.
    """
    if output is not None and is_file(output):
        write_file(output, text)
    else:
        emit(text, exact=exact)


def write_file(path: str, text: str) -> None:
    """Puts a text into a file, whole or not at all; a file that was there keeps its permissions and its links.

    Raises:
        NotWritten: the system refuses.
    """
    try:
        write_whole(path, text.encode())
    except OSError as error:
        raise NotWritten(f"cannot write `{path}`: {error.strerror or error}") from None

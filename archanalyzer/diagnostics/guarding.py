"""What comes from a plugin is called so that its faults are told, and everything else still answers."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from archanalyzer.diagnostics.diagnostic import Diagnostic
from archanalyzer.diagnostics.rules.plugins import PLUGIN_FAILED
from archanalyzer.diagnostics.source import Source, SourceFile

T = TypeVar("T")
P = ParamSpec("P")

_LONGEST_TEXT = 300


class PluginError(Exception):
    """Something of a plugin raised, or answered with something else than it said."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.message)
        self.diagnostic = diagnostic


def guarded(what: str, call: Callable[[], T]) -> T:
    """What ``call`` returns; ``what`` says in words what of which plugin it is. What it prints goes to standard error.

    Raises:
        PluginError: it raised.
    """
    try:
        with printing_aside():
            return call()
    except PluginError:
        raise
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise PluginError(Diagnostic(PLUGIN_FAILED, f"{what} raised {raised(error)}", place_of(error))) from error


def printing_aside() -> redirect_stdout[Any]:
    """A block in which what is printed goes to standard error: standard output may be JSON, which others read."""
    return redirect_stdout(sys.stderr)


def hushed(call: Callable[P, T]) -> Callable[P, T]:
    """The same function, but what it prints goes to standard error."""

    @wraps(call)
    def aside(*arguments: P.args, **named: P.kwargs) -> T:
        with printing_aside():
            return call(*arguments, **named)

    return aside


def answered(what: str, expected: str, found: Any) -> PluginError:
    """That something answered with what it should not."""
    return PluginError(Diagnostic(PLUGIN_FAILED, f"{what}: expected {expected}, found {shown(found)}"))


def is_text(value: Any) -> bool:
    """Whether it is a text that every output can carry: one with a lone surrogate cannot be encoded."""
    return type(value) is str and _carried(value) == value


def shown(value: Any) -> str:
    """A value of a plugin in a message; to show it may fail, too."""
    try:
        text = " ".join(_carried(repr(value)).split())
    except Exception:
        text = "a number too long to be shown" if isinstance(value, int) else "something that cannot be shown"
    return f"{text if len(text) <= 80 else f'{text[:79]}…'} ({type(value).__name__})"


def raised(error: BaseException) -> str:
    """What was raised, on one line."""
    try:
        text = " ".join(_carried(str(error)).split())[:_LONGEST_TEXT]
    except Exception:
        text = ""
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _carried(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def place_of(error: BaseException) -> Source | None:
    """The line of code that raised something; of code that Python could not read, the line where it stopped."""
    import traceback  # not needed where nothing is at fault

    if isinstance(error, SyntaxError) and error.filename and error.lineno:
        return code_place(error.filename, error.lineno, error.offset or 1)
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if not frame.filename.startswith("<")]
    return code_place(frames[-1].filename, frames[-1].lineno or 1) if frames else None


def code_place(file: str, line: int = 1, column: int = 1) -> Source:
    """A place in a file of Python code, which is named from the current folder, if it lies below."""
    import linecache
    from pathlib import Path

    text = "".join(linecache.getlines(file))
    path = Path(file)
    try:
        shown = path.relative_to(Path.cwd())
    except (OSError, ValueError):  # it lies elsewhere, or there is no current folder any more
        shown = path
    return Source(SourceFile(str(shown), text), line, max(column, 1), max(column, 1) + 1)

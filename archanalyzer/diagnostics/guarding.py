"""What comes from a plugin is called so that its faults are told, and everything else still answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from archanalyzer.diagnostics.diagnostic import Diagnostic
from archanalyzer.diagnostics.rules.plugins import PLUGIN_FAILED
from archanalyzer.diagnostics.source import Source, SourceFile

T = TypeVar("T")

_LONGEST_TEXT = 300


class PluginError(Exception):
    """Something of a plugin raised, or answered with something else than it said."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.message)
        self.diagnostic = diagnostic


def guarded(what: str, call: Callable[[], T]) -> T:
    """What ``call`` returns; ``what`` says in words what of which plugin it is.

    Raises:
        PluginError: it raised.
    """
    try:
        return call()
    except PluginError:
        raise
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise PluginError(Diagnostic(PLUGIN_FAILED, f"{what} raised {raised(error)}", place_of(error))) from error


def answered(what: str, expected: str, found: Any) -> PluginError:
    """That something answered with what it should not."""
    return PluginError(Diagnostic(PLUGIN_FAILED, f"{what}: expected {expected}, found {shown(found)}"))


def shown(value: Any) -> str:
    """A value of a plugin in a message; to show it may fail, too."""
    try:
        text = " ".join(repr(value).split())
    except Exception:
        text = "something that cannot be shown"
    return f"{text if len(text) <= 80 else f'{text[:79]}…'} ({type(value).__name__})"


def raised(error: BaseException) -> str:
    """What was raised, on one line."""
    try:
        text = " ".join(str(error).split())[:_LONGEST_TEXT]
    except Exception:
        text = ""
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


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

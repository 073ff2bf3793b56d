"""What comes from a plugin is called so that its faults are told, and everything else still answers."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Collection
from contextlib import redirect_stdout
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from archanalyzer.diagnostics.diagnostic import Diagnostic
from archanalyzer.diagnostics.rules.plugins import PLUGIN_FAILED
from archanalyzer.diagnostics.source import Source, SourceFile

T = TypeVar("T")
P = ParamSpec("P")

_LONGEST_TEXT = 300
_OURS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120 - as code objects name files
_code: set[str] = set()
"""The files, and whole folders, of the code of plugins."""


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


def remember_code(file: str, *, whole_folder: bool) -> None:
    """Remembers a file as a plugin's own; with ``whole_folder``, all that lies in and below its folder, as a package's.

    Its lines are those that are told of an error, and not those of a library that it calls.
    """
    _code.add(os.path.dirname(file) if whole_folder else file)  # noqa: PTH120 - as code objects name files


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
    """The last line of a plugin's own code on the way to an error, or, of code that is none, where Python stopped.

    Where no file on the way is known as a plugin's, the last line that is neither ours nor an installed library's.
    """
    from traceback import walk_tb  # not needed where nothing is at fault

    if isinstance(error, SyntaxError) and error.lineno and error.filename and not error.filename.startswith("<"):
        return code_place(error.filename, error.lineno, error.offset or 1)
    lines = [(frame.f_code.co_filename, line) for frame, line in walk_tb(error.__traceback__)]
    lines = [(file, line) for file, line in lines if not file.startswith("<") and not _lies_in(file, {_OURS})]
    own = [each for each in lines if _lies_in(each[0], _code)]
    if not own:
        libraries = _library_folders()
        own = [each for each in lines if not _lies_in(each[0], libraries)]
    return code_place(*own[-1]) if own else None


def place_of_function(function: Any) -> Source | None:
    """The line where a function of Python begins."""
    code = getattr(function, "__code__", None)
    return None if code is None else code_place(code.co_filename, code.co_firstlineno)


def _lies_in(file: str, places: Collection[str]) -> bool:
    """Whether a file is one of ``places``, or lies below one."""
    return any(file == each or file.startswith(each + os.sep) for each in places)


def _library_folders() -> set[str]:
    """Where the standard library lies, and the packages that are installed."""
    from sysconfig import get_paths

    return {folder for name, folder in get_paths().items() if name in {"stdlib", "platstdlib", "purelib", "platlib"}}


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

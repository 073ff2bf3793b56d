"""The pytest plugin: every expectation of a spec is a test of its own.

It does nothing unless asked, by ``--archanalyzer`` or by ``archanalyzer_specs`` in pytest's configuration; until then
it imports nothing of the package either, for pytest loads it in every project of an environment. A spec is read and
analyzed once, when its tests are collected. Its tests are called as ``expect:`` has them,
``specs/vgg16.yaml::block5.receptive_field``; of a spec that expects nothing, or that cannot be used, there is one,
``sound``. Where an installed plugin of archanalyzer itself is at fault, one more, ``plugins``, fails.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Iterator, Sequence
from os import path
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from _pytest._code.code import TerminalRepr, TracebackStyle
from _pytest._io import TerminalWriter

if TYPE_CHECKING:
    from archanalyzer.diagnostics import Diagnostic
    from archanalyzer.passes.expectations import Judged
    from archanalyzer.plugins.finding import Found

_OPTION = "archanalyzer"
_INI = "archanalyzer_specs"
_SOUND = "sound"
_PLUGINS = "plugins"
_INSTALLED: pytest.StashKey[list[Found | Diagnostic]] = pytest.StashKey()
"""What was found of installed plugins of archanalyzer, which is looked for once."""
# `archspec` as a key of the outermost map, in block or in flow style.
_IS_SPEC = re.compile(rb"^(?:\xef\xbb\xbf)?(?:\{\s*)?[\"']?archspec[\"']?\s*:", re.MULTILINE)
_LARGEST = 32 * 2**20


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds the two ways of asking for it."""
    group = parser.getgroup("archanalyzer")
    group.addoption(
        "--archanalyzer",
        dest=_OPTION,
        action="store_true",
        help="hold what specs of networks expect: those of all *.yaml and *.yml files that have `archspec:`",
    )
    text = "specs of networks to hold: `true` for all files that have `archspec:`, or patterns such as specs/**/*.yaml"
    parser.addini(_INI, text, type="args", default=[])


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> SpecFile | None:
    """The file as a spec, where it is one and specs are asked for."""
    if file_path.suffix not in {".yaml", ".yml"} or not _is_asked_for(file_path, parent.config):
        return None
    return SpecFile.from_parent(parent, path=file_path)


def _is_asked_for(file_path: Path, config: pytest.Config) -> bool:
    """Whether a file is one to hold; what a pattern names is meant to be a spec, well written or not."""
    words: list[str] = [word for word in config.getini(_INI) if word.lower() != "false"]
    patterns = [word for word in words if word.lower() != "true"]
    if (config.getoption(_OPTION) or len(patterns) < len(words)) and _is_spec(file_path):
        return True
    return bool(patterns) and _fits(file_path, patterns, config.rootpath)


def _is_spec(file_path: Path) -> bool:
    try:
        return file_path.stat().st_size <= _LARGEST and _IS_SPEC.search(file_path.read_bytes()) is not None
    except OSError:
        return False


def _fits(file_path: Path, patterns: Iterable[str], root: Path) -> bool:
    from archanalyzer.graph import name_pattern

    name = Path(path.relpath(file_path, root)).as_posix()
    return any(name_pattern(pattern.removeprefix("./")).match(name) for pattern in patterns)


class SpecFile(pytest.File):
    """A spec; it is judged when it is collected, and its items tell what came of that."""

    def collect(self) -> Iterator[SpecItem]:
        """An item for each expectation, or one for the whole."""
        for part in _with_plugins(self.path, self.config):
            yield SpecItem.from_parent(self, name=part.name, part=part)


class SpecItem(pytest.Item):
    """An expectation, or that the spec is sound."""

    def __init__(self, *, part: _Part, **rest: Any) -> None:
        super().__init__(**rest)
        self.part = part

    def runtest(self) -> None:
        """Fails where something is wrong; where a comment silences that, it is a failure that is expected."""
        if self.part.unmet:
            raise SpecFailed
        if self.part.silenced is not None:
            pytest.xfail(f"silenced by a comment: {self.part.silenced.message}")

    def repr_failure(
        self, excinfo: pytest.ExceptionInfo[BaseException], style: TracebackStyle | None = None
    ) -> str | TerminalRepr:
        """What is wrong, with the line that it is about; there is no code to trace back to."""
        if isinstance(excinfo.value, SpecFailed):
            return _Told(self.path, self.part)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Where it stands; pytest counts lines from 0.

        The title begins with the file: of one that is the end of the node id, pytest would write dots as ``::``.
        """
        return self.path, self.part.line - 1, f"{self.path.name}: {self.name}"


class SpecFailed(Exception):
    """An expectation is not met, or the spec cannot be used; the item knows what is wrong."""


class _Crash(NamedTuple):
    """What pytest shows in one line of a failure."""

    path: str
    lineno: int
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.lineno}: {self.message}"


class _Told(TerminalRepr):
    """Diagnostics as pytest asks for them: whole, and the first of them in one line."""

    def __init__(self, file_path: Path, part: _Part) -> None:
        from archanalyzer.report.diagnostics import as_text
        from archanalyzer.report.text import escape
        from archanalyzer.report.view import Page

        page = Page(shutil.get_terminal_size().columns)
        self._text = as_text(part.unmet, page) + "".join(f"  {escape(line)}\n" for line in part.difference)
        message = escape(part.unmet[0].message).removeprefix(f"`{part.name}`: ")
        self.reprcrash = _Crash(str(file_path), part.line, message)

    def toterminal(self, tw: TerminalWriter) -> None:
        tw.write(self._text)


class _Part(NamedTuple):
    """What is to be an item: its name, its line, what is wrong with it, and the lines in which a snapshot differs.

    ``silenced`` is what would be wrong with it if no comment in the spec silenced that.
    """

    name: str
    line: int
    unmet: Sequence[Diagnostic] = ()
    difference: Sequence[str] = ()
    silenced: Diagnostic | None = None


def _with_plugins(file_path: Path, config: pytest.Config) -> list[_Part]:
    """What came of a spec, with the plugins that are installed; they are known for so long and no longer."""
    from archanalyzer.plugins.admitting import Admitted
    from archanalyzer.plugins.finding import installed

    found = config.stash.get(_INSTALLED, None)
    if found is None:
        found = config.stash[_INSTALLED] = list(installed())
    admitted = Admitted()
    try:
        admitted.admit(found)
        at_fault = [_Part(_PLUGINS, 1, tuple(admitted.diagnostics))] if admitted.diagnostics else []
        return [*at_fault, *_judged(file_path)]
    finally:
        admitted.dismiss()


def _judged(file_path: Path) -> list[_Part]:
    """What came of a spec, expectation by expectation; of one that cannot be used, its errors as a whole."""
    from archanalyzer.cli.reading import read_and_analyze
    from archanalyzer.cli.snapshots import compare
    from archanalyzer.diagnostics import Severity
    from archanalyzer.graph import Topic
    from archanalyzer.passes.expectations import hold

    analyzed = read_and_analyze(path.relpath(file_path))
    held = hold(analyzed)
    errors = [each for each in held.found if each.severity is Severity.ERROR]
    expectations = analyzed.spec.expectations
    if errors or not expectations:
        places = [each.source.line for each in errors if each.source]
        return [_Part(_SOUND, min(places, default=1), errors)]
    parts = _parts(held.judged)
    for each in expectations:
        if each.topic is Topic.SNAPSHOT:
            snapshot = compare(analyzed, held)
            unmet = [snapshot.diagnostic] if snapshot.diagnostic else []
            parts.append(_Part(each.label, each.source.line, unmet, snapshot.difference, snapshot.silenced))
    return parts


def _parts(judged: Iterable[Judged]) -> list[_Part]:
    """A part for each expectation. That there is no such layer is told of the first that names it; it is so of all."""
    parts = []
    missing: dict[str, Diagnostic] = {}
    for one in judged:
        expectation, diagnostic = one.expectation, one.diagnostic
        subject, place = expectation.subject, expectation.subject_source
        if diagnostic is not None and subject is not None and place is not None and diagnostic.source == place:
            missing[subject] = diagnostic
        unmet = diagnostic or missing.get(subject or "")
        found = [unmet] if unmet else []
        parts.append(_Part(expectation.label, expectation.source.line, found, silenced=one.silenced))
    return parts

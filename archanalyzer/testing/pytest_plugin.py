"""The pytest plugin: every expectation of a spec is a test of its own.

It does nothing unless asked, by ``--archanalyzer`` or by ``archanalyzer_specs`` in pytest's configuration; until then
it imports nothing of the package either, for pytest loads it in every project of an environment. A spec is read and
analyzed once, when its tests are collected. Its tests are called as ``expect:`` has them,
``specs/vgg16.yaml::block5.receptive_field``; of a spec that expects nothing, or that cannot be used, there is one,
``sound``. Where a plugin of archanalyzer itself is at fault, one more, ``plugins``, fails.
"""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Iterable, Iterator, Sequence
from os import path
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from _pytest._code.code import TerminalRepr, TracebackStyle
from _pytest._io import TerminalWriter

if TYPE_CHECKING:
    from archanalyzer.checking.checked import Checked
    from archanalyzer.diagnostics import Diagnostic
    from archanalyzer.passes.expectations import Judged
    from archanalyzer.plugins.finding import Found
    from archanalyzer.spec.limits import Limits

_OPTION = "archanalyzer"
_INI = "archanalyzer_specs"
_PLUGIN_OPTION, _PLUGIN_INI = "archanalyzer_plugin", "archanalyzer_plugins"
_LIMIT_OPTION, _LIMIT_INI = "archanalyzer_limit", "archanalyzer_limits"
_SOUND = "sound"
_PLUGINS = "plugins"
_FOUND: pytest.StashKey[list[Found | Diagnostic]] = pytest.StashKey()
"""The plugins of archanalyzer that are installed or named, which are looked for once."""
_LIMITS: pytest.StashKey[Limits] = pytest.StashKey()
_MATCHED: pytest.StashKey[set[str]] = pytest.StashKey()
"""The patterns that some file has matched."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds the two ways of asking for it, and what is to be used then."""
    group = parser.getgroup("archanalyzer")
    group.addoption(
        "--archanalyzer",
        dest=_OPTION,
        action="store_true",
        help="hold what specs of networks expect: those of all *.yaml and *.yml files that have `archspec:`",
    )
    text = "specs of networks to hold: `true` for all files that have `archspec:`, or patterns such as specs/**/*.yaml"
    parser.addini(_INI, text, type="args", default=[])
    for option, ini, metavar, text in (
        (_PLUGIN_OPTION, _PLUGIN_INI, "PLUGIN", "a plugin of archanalyzer to use for specs, as its own --plugin"),
        (_LIMIT_OPTION, _LIMIT_INI, "NAME=N", "allow a spec more, or less, as archanalyzer's own --limit"),
    ):
        group.addoption(f"--{option.replace('_', '-')}", dest=option, action="append", metavar=metavar, help=text)
        parser.addini(ini, f"{text}; several are separated by blanks", type="args", default=[])


def pytest_configure(config: pytest.Config) -> None:
    """Reads the limits before anything is collected, where some are given.

    Raises:
        pytest.UsageError: one of them is none.
    """
    given = [*config.getini(_LIMIT_INI), *(config.getoption(_LIMIT_OPTION) or ())]
    if not given:
        return
    from archanalyzer.spec.limits import DEFAULT_LIMITS, read_limit

    limits = DEFAULT_LIMITS
    try:
        for text in given:
            limits = limits.changed(*read_limit(text))
    except ValueError as error:
        raise pytest.UsageError(f"archanalyzer: {error}") from None
    config.stash[_LIMITS] = limits


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> SpecFile | None:
    """The file as a spec, where it is one and specs are asked for."""
    if file_path.suffix not in {".yaml", ".yml"} or not _is_asked_for(file_path, parent.config):
        return None
    return SpecFile.from_parent(parent, path=file_path)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Warns of patterns that match nothing, unless pytest was only given a part of what there is.

    Raises:
        pytest.UsageError: warnings are to be errors.
    """
    config = session.config
    patterns = _patterns(config)
    if not patterns or not _looks_at_everything(config):
        return
    for pattern in patterns:
        if pattern not in config.stash.get(_MATCHED, set()):
            text = f"{_INI}: no *.yaml or *.yml file matches `{pattern}`"
            try:
                warnings.warn_explicit(pytest.PytestConfigWarning(text), None, str(config.inipath), 1)
            except pytest.PytestConfigWarning as warning:
                raise pytest.UsageError(str(warning)) from None


def _looks_at_everything(config: pytest.Config) -> bool:
    """Whether pytest chose the folders itself, and not because it was started below the root folder."""
    source = config.args_source
    from_here = source is pytest.Config.ArgsSource.INVOCATION_DIR and config.invocation_params.dir == config.rootpath
    return from_here or source is pytest.Config.ArgsSource.TESTPATHS


def _is_asked_for(file_path: Path, config: pytest.Config) -> bool:
    """Whether a file is one to hold; what a pattern names is meant to be a spec, well written or not."""
    matched = set(_matching(file_path, _patterns(config), config.rootpath))
    config.stash.setdefault(_MATCHED, set()).update(matched)
    if matched:
        return True
    words: list[str] = config.getini(_INI)
    return (config.getoption(_OPTION) or any(word.lower() == "true" for word in words)) and _is_spec(file_path, config)


def _patterns(config: pytest.Config) -> list[str]:
    return [word for word in config.getini(_INI) if word.lower() not in {"true", "false"}]


def _is_spec(file_path: Path, config: pytest.Config) -> bool:
    from archanalyzer.spec.text import says_it_is_a_spec

    try:
        return says_it_is_a_spec(str(file_path), _limits(config))
    except (OSError, ValueError):
        return False


def _matching(file_path: Path, patterns: Sequence[str], root: Path) -> Iterator[str]:
    if patterns:
        from archanalyzer.graph import name_pattern

        name = Path(path.relpath(file_path, root)).as_posix()
        yield from (each for each in patterns if name_pattern(each.removeprefix("./")).match(name))


def _limits(config: pytest.Config) -> Limits:
    from archanalyzer.spec.limits import DEFAULT_LIMITS

    return config.stash.get(_LIMITS, DEFAULT_LIMITS)


def _found_plugins(config: pytest.Config) -> list[Found | Diagnostic]:
    """The plugins that are installed, those of the configuration, by paths from its folder, and of the command line."""
    if _FOUND not in config.stash:
        from archanalyzer.plugins.finding import installed, named

        names = [_from_root(name, config.rootpath) for name in config.getini(_PLUGIN_INI)]
        names += config.getoption(_PLUGIN_OPTION) or ()
        config.stash[_FOUND] = [*installed(), *(each for name in names for each in named(name))]
    return config.stash[_FOUND]


def _from_root(name: str, root: Path) -> str:
    """The name of a plugin with a path, if it is one, from the root folder; modules are called as they are."""
    is_path = "/" in name or "\\" in name or name.endswith((".py", ".toml"))
    return path.join(root, name) if is_path else name  # noqa: PTH118 - keeps `./`


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
    """What came of a spec, with the plugins that there are; they are known for so long and no longer."""
    from archanalyzer.checking.checked import check
    from archanalyzer.plugins.admitting import Admitted

    admitted = Admitted()
    try:
        admitted.admit(_found_plugins(config))
        checked = check(path.relpath(file_path), limits=_limits(config))
        faults = (*admitted.diagnostics, *checked.analyzed.faults)
        return [*([_Part(_PLUGINS, 1, faults)] if faults else []), *_judged(checked)]
    finally:
        admitted.dismiss()


def _judged(checked: Checked) -> list[_Part]:
    """What came of a spec, expectation by expectation; of one that cannot be used, its errors as a whole."""
    from archanalyzer.graph import Topic

    errors, expectations = checked.errors, checked.analyzed.spec.expectations
    if errors or not expectations:
        places = [each.source.line for each in errors if each.source]
        return [_Part(_SOUND, min(places, default=1), errors)]
    parts = _parts(checked.held.judged)
    snapshot = checked.snapshot
    for each in expectations:
        if each.topic is Topic.SNAPSHOT:
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

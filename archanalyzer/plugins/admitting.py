"""Plugins are looked through, and their parts made known where the built-in ones are: whole, or not at all."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from traceback import walk_tb
from typing import Any

from archanalyzer import ops, passes, report
from archanalyzer.diagnostics import Diagnostic, Rule, rules
from archanalyzer.diagnostics.guarding import PluginError, guarded, place_of, raised, shown
from archanalyzer.diagnostics.rules.plugins import (
    NOT_A_PLUGIN,
    PLUGIN_CLASH,
    PLUGIN_FAILED,
    PLUGIN_NEED,
    PLUGIN_VERSION,
)
from archanalyzer.graph import Op
from archanalyzer.passes.advice import advisory
from archanalyzer.passes.analysis import Analysis, Column, Kind, PassClash, PassError, Passes, Rollup, Total
from archanalyzer.plugins.finding import Found
from archanalyzer.plugins.plugin import API, Plugin

TAKEN = frozenset(
    "name op type inputs input outputs output share repeat from layers blocks block start stop at_least".split()  # noqa: SIM905
)
"""Names with a meaning of their own in specs or reports."""

SUMMED = (Kind.COUNT, Kind.BYTES, Kind.REAL)
"""The kinds of columns that may sum up over blocks."""
_NAME = re.compile(r"[a-z][a-z0-9]*([_-][a-z0-9]+)*")
_KINDS_OF_PARTS: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "passes": ("functions made passes by `@analysis`", lambda each: isinstance(each, Analysis)),
    "ops": ("subclasses of `Op` with a `name`", lambda each: isinstance(each, type) and issubclass(each, Op)),
    "rules": ("rules made with `Rule`", lambda each: isinstance(each, Rule)),
}


class _Refused(Exception):
    def __init__(self, rule: Rule, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.rule = rule
        self.message = message
        self.hint = hint


class Admitted:
    """The plugins that have been admitted, and what was told of those that were not.

    A plugin is admitted once, however often it is named. ``dismiss`` takes all of them away again.
    """

    def __init__(self) -> None:
        self.plugins: dict[str, Plugin] = {}
        self.diagnostics: list[Diagnostic] = []
        self._origins: dict[str, Found] = {}
        self._undo = ExitStack()

    def admit(self, found: Iterable[Found | Diagnostic]) -> None:
        """Admits plugins; one may need what another brings, in whatever order they are found."""
        waiting: list[tuple[Found, Plugin]] = []
        for each in found:
            if isinstance(each, Diagnostic):
                self.diagnostics.append(each)
                continue
            try:
                waiting.append((each, self._looked_through(each)))
            except _Refused as refused:
                self._tell(each, refused)
        left = len(waiting) + 1
        while 0 < len(waiting) < left:
            left = len(waiting)
            refusals = [(each, self._refusal(*each)) for each in waiting]
            waiting = [each for each, refusal in refusals if refusal is not None]
        for (origin, _), refusal in refusals if waiting else ():
            if refusal is not None:
                self._tell(origin, refusal)

    def _refusal(self, found: Found, plugin: Plugin) -> _Refused | None:
        try:
            self._make_known(found, plugin)
        except _Refused as refused:
            return refused
        return None

    def dismiss(self) -> None:
        """Takes away all that was admitted."""
        self._undo.close()
        self.plugins.clear()
        self._origins.clear()
        self.diagnostics.clear()

    def _tell(self, origin: Found, refused: _Refused) -> None:
        self.diagnostics.append(Diagnostic(refused.rule, f"{origin.origin}: {refused.message}", hint=refused.hint))

    def _looked_through(self, found: Found) -> Plugin:
        """What was found, as a plugin all of whose parts are what they should be."""
        plugin = found.value
        if not isinstance(plugin, Plugin):
            raise _Refused(NOT_A_PLUGIN, f"expected a `Plugin`, found {shown(plugin)}")
        name: Any = plugin.name
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise _Refused(NOT_A_PLUGIN, f"expected a name in small letters, found {shown(name)}")
        if plugin.api != API:
            what = f"it was written for version {shown(plugin.api)} of the interface; this is version {API}"
            raise _Refused(PLUGIN_VERSION, what, "install another version of the plugin, or of archanalyzer")
        try:
            return guarded(f"plugin `{plugin.name}`", lambda: _with_sound_parts(plugin))
        except PluginError as fault:
            if isinstance(fault.__cause__, _Refused):
                raise fault.__cause__ from None
            raise _Refused(NOT_A_PLUGIN, fault.diagnostic.message) from None

    def _make_known(self, found: Found, plugin: Plugin) -> None:
        """Makes the parts of a plugin known; where one clashes, none."""
        if plugin.name in self.plugins:
            first = self._origins[plugin.name]
            if first.value is found.value:
                return
            raise _Refused(PLUGIN_CLASH, f"there is a plugin `{plugin.name}` already, {first.origin}")
        with ExitStack() as undo:
            for rule in plugin.rules:
                _add(partial(rules.add, rule), partial(rules.take_away, rule.code), undo)
            for op in plugin.ops:
                _add(partial(ops.add, op, plugin.kernels.get(op.name)), partial(ops.take_away, op.name), undo)
                op.plugin = plugin.name
            for name, render in plugin.formats.items():
                _add(partial(report.add_format, name, render), partial(report.take_format_away, name), undo)
            _add_passes(plugin, undo)
            self._undo.push(undo.pop_all())
        _remember_files(plugin)
        self.plugins[plugin.name] = plugin
        self._origins[plugin.name] = found


def _with_sound_parts(plugin: Plugin) -> Plugin:
    parts: dict[str, tuple[Any, ...]] = {}
    for field, (expected, fits) in _KINDS_OF_PARTS.items():
        given = getattr(plugin, field)
        wrong = [each for each in given if not fits(each)] if isinstance(given, list | tuple) else [given]
        if wrong:
            raise _Refused(NOT_A_PLUGIN, f"`{field}`: expected a list of {expected}, found {shown(wrong[0])}")
        parts[field] = tuple(given)
    for field in ("kernels", "formats"):
        given = getattr(plugin, field)
        if not isinstance(given, Mapping) or not all(isinstance(name, str) for name in given):
            raise _Refused(NOT_A_PLUGIN, f"`{field}`: expected a dict with names as keys, found {shown(given)}")
        wrong = [each for each in given.values() if not callable(each)]
        if wrong:
            raise _Refused(NOT_A_PLUGIN, f"`{field}`: expected functions or classes, found {shown(wrong[0])}")
    declared = {op.name for op in parts["ops"] if _require_name("layer type", getattr(op, "name", None))}
    if strangers := sorted(set(plugin.kernels) - declared):
        raise _Refused(NOT_A_PLUGIN, f"`kernels`: there is no layer type `{strangers[0]}` in `ops`")
    sound = plugin._replace(passes=tuple(map(_sound_pass, parts["passes"])), ops=parts["ops"], rules=parts["rules"])
    for name in (*plugin.formats, *(rule.code for rule in parts["rules"])):
        _require_name("format or rule", name)
    return sound


def _sound_pass(one: Analysis[Any]) -> Analysis[Any]:
    """A pass whose annotations can be read, and whose columns and totals are what they should be."""
    parts: list[Any] = [*one.columns, *one.totals]
    wrong = [each for each in parts if not isinstance(each, Column | Total)]
    if wrong:
        raise _Refused(NOT_A_PLUGIN, f"pass `{one.name}`: expected `Column`s and `Total`s, found {shown(wrong[0])}")
    for each in one.columns:
        if each.rollup is Rollup.SUM and each.kind not in SUMMED:
            kinds = ", ".join(kind.name for kind in SUMMED)
            message = f"column `{each.name}` of kind {each.kind.name} cannot be summed up over blocks"
            raise _Refused(NOT_A_PLUGIN, message, f"give it Rollup.OUTPUT or Rollup.NONE; summed up are {kinds}")
    for name in (one.name, *(each.name for each in one.columns), *(each.name for each in one.totals)):
        _require_name("pass, column or total", name)
    try:
        annotated: list[Any] = [*one.needs, one.produces]
    except (NameError, KeyError, TypeError, AttributeError) as error:
        reason = "`return`" if isinstance(error, KeyError) else str(error)
        hint = "its arguments and its result each need a type, imported where the module is run"
        raise _Refused(NOT_A_PLUGIN, f"pass `{one.name}`: its annotations cannot be read: {reason}", hint) from None
    if not all(isinstance(each, type) for each in annotated):
        raise _Refused(NOT_A_PLUGIN, f"pass `{one.name}`: expected classes as annotations, found {shown(annotated)}")
    return one


def _require_name(what: str, name: Any) -> bool:
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise _Refused(NOT_A_PLUGIN, f"expected the name of a {what} in small letters, found {shown(name)}")
    if name in TAKEN:
        raise _Refused(PLUGIN_CLASH, f"`{name}` cannot be the name of a {what}: it has a meaning of its own")
    return True


# --- Making known


def _add(add: Callable[[], object], take_away: Callable[[], object], undo: ExitStack) -> None:
    try:
        add()
    except ValueError as error:
        raise _Refused(PLUGIN_CLASH, str(error)) from None
    undo.callback(take_away)


def _add_passes(plugin: Plugin, undo: ExitStack) -> None:
    of_plugin = tuple(replace(one, plugin=plugin.name) for one in plugin.passes)
    try:
        Passes((*passes.asked(), *advisory(), *of_plugin))
        passes.add(of_plugin)
    except PassClash as error:
        raise _Refused(PLUGIN_CLASH, str(error)) from None
    except PassError as error:
        raise _Refused(PLUGIN_NEED, str(error)) from None
    undo.callback(passes.take_away, of_plugin)


_files: dict[str, str] = {}
"""The files of Python code of plugins that have been admitted, with their names."""


def _remember_files(plugin: Plugin) -> None:
    parts = (*(one.run for one in plugin.passes), *plugin.ops, *plugin.kernels.values(), *plugin.formats.values())
    modules = (sys.modules.get(getattr(part, "__module__", "")) for part in parts)
    _files.update({module.__file__: plugin.name for module in modules if module and module.__file__})


def fault_of_plugin(error: BaseException) -> Diagnostic | None:
    """What is to be told of an error that a plugin's code raised, or something that it called; None of others."""
    if isinstance(error, PluginError):
        return error.diagnostic
    frames = walk_tb(error.__traceback__)
    names = [_files[frame.f_code.co_filename] for frame, _ in frames if frame.f_code.co_filename in _files]
    if not names:
        return None
    return Diagnostic(PLUGIN_FAILED, f"plugin `{names[-1]}` raised {raised(error)}", place_of(error))


@contextmanager
def admitted(*plugins: Plugin) -> Iterator[Admitted]:
    """Plugins that are known as long as the block lasts: for tests, and for programs."""
    some = Admitted()
    some.admit(Found(f"`{getattr(plugin, 'name', plugin)}`", plugin) for plugin in plugins)
    try:
        yield some
    finally:
        some.dismiss()

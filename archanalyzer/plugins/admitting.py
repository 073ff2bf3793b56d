"""Plugins are looked through, and their parts made known where the built-in ones are: whole, or not at all."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from traceback import walk_tb
from types import FunctionType
from typing import Any

from archanalyzer import ops, passes, report
from archanalyzer.diagnostics import Diagnostic, rules
from archanalyzer.diagnostics.guarding import PluginError, guarded, hushed, place_of, raised, remember_code, shown
from archanalyzer.diagnostics.rules.plugins import (
    NOT_A_PLUGIN,
    PLUGIN_CLASH,
    PLUGIN_FAILED,
    PLUGIN_NEED,
    PLUGIN_VERSION,
)
from archanalyzer.executor import kernels
from archanalyzer.graph import Op
from archanalyzer.passes.advice import advisory
from archanalyzer.passes.analysis import PassClash, PassError, Passes
from archanalyzer.plugins.finding import Found
from archanalyzer.plugins.plugin import API, Plugin
from archanalyzer.plugins.refusing import Refused, is_name
from archanalyzer.plugins.sound_ops import METHODS
from archanalyzer.plugins.sound_parts import with_sound_parts

_in_use: dict[str, Found] = {}
"""Every plugin whose parts are known now, whoever had it admitted, by name."""


class PluginsRefused(Exception):
    """Some plugins could not be admitted; ``diagnostics`` says which and why."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics = tuple(diagnostics)
        super().__init__("\n".join(each.message for each in self.diagnostics))


class Admitted:
    """The plugins that have been admitted, and what was told of those that were not.

    A plugin is admitted once, however often it is named, and by whom. ``dismiss`` takes all of them away again.
    """

    def __init__(self) -> None:
        self.plugins: dict[str, Plugin] = {}
        self.diagnostics: list[Diagnostic] = []
        self._undo = ExitStack()

    def admit(self, found: Iterable[Found | Diagnostic]) -> None:
        """Admits plugins; one may need what another brings, in whatever order they are found."""
        waiting: list[tuple[Found, Plugin]] = []
        for each in found:
            if isinstance(each, Diagnostic):
                self.diagnostics.append(each)
                continue
            try:
                waiting.append((each, looked_through(each)))
            except Refused as refused:
                self._tell(each, refused)
        left = len(waiting) + 1
        while 0 < len(waiting) < left:
            left = len(waiting)
            refusals = [(each, self._refusal(*each)) for each in waiting]
            waiting = [each for each, refusal in refusals if refusal is not None]
        for (origin, _), refusal in refusals if waiting else ():
            if refusal is not None:
                self._tell(origin, refusal)

    def _refusal(self, found: Found, plugin: Plugin) -> Refused | None:
        try:
            self._make_known(found, plugin)
        except Refused as refused:
            return refused
        return None

    def dismiss(self) -> None:
        """Takes away all that was admitted."""
        self._undo.close()
        self.plugins.clear()
        self.diagnostics.clear()

    def _tell(self, origin: Found, refused: Refused) -> None:
        message = f"{origin.origin}: {refused.message}"
        self.diagnostics.append(Diagnostic(refused.rule, message, refused.source, refused.hint))

    def _make_known(self, found: Found, plugin: Plugin) -> None:
        """Makes the parts of a plugin known; where one clashes, none."""
        first = _in_use.get(plugin.name)
        if first is not None:
            if first.value is found.value:
                self.plugins[plugin.name] = plugin
                return
            raise Refused(PLUGIN_CLASH, f"there is a plugin `{plugin.name}` already, {first.origin}")
        with ExitStack() as undo:
            for rule in plugin.rules:
                _add(partial(rules.add, rule), partial(rules.take_away, rule.code), undo)
            for op in plugin.ops:
                _add(partial(ops.add, op), partial(ops.take_away, op.name), undo)
                undo.callback(_marked(op, plugin.name))
            for name, kernel in plugin.kernels.items():
                kernels.add(name, kernel)
                undo.callback(kernels.take_away, name)
            for name, render in plugin.formats.items():
                add_format = partial(report.add_format, name, render, plugin.name)
                _add(add_format, partial(report.take_format_away, name), undo)
            _add_passes(plugin, undo)
            _in_use[plugin.name] = found
            undo.callback(_in_use.pop, plugin.name)
            self._undo.push(undo.pop_all())
        _remember_files(plugin)
        self.plugins[plugin.name] = plugin


def looked_through(found: Found) -> Plugin:
    """What was found, as a plugin all of whose parts are what they should be.

    Raises:
        Refused: it is none.
    """
    plugin = found.value
    if not isinstance(plugin, Plugin):
        raise Refused(NOT_A_PLUGIN, f"expected a `Plugin`, found {shown(plugin)}")
    if not is_name(plugin.name):
        raise Refused(NOT_A_PLUGIN, f"expected a name in small letters, found {shown(plugin.name)}")
    if type(plugin.api) is not int or plugin.api != API:
        what = f"it was written for version {shown(plugin.api)} of the interface; this is version {API}"
        raise Refused(PLUGIN_VERSION, what, "install another version of the plugin, or of archanalyzer")
    try:
        return guarded(f"plugin `{plugin.name}`", lambda: with_sound_parts(plugin))
    except PluginError as fault:
        if isinstance(fault.__cause__, Refused):
            raise fault.__cause__ from None
        raise Refused(NOT_A_PLUGIN, fault.diagnostic.message, source=fault.diagnostic.source) from None


# --- Making known


def _marked(op: type[Op], plugin: str) -> Callable[[], None]:
    """Says on a layer type whose it is, and keeps what it prints off standard output; what is returned undoes that."""
    before = {name: vars(op)[name] for name in ("plugin", *METHODS, "traits") if name in vars(op)}
    changed: dict[str, Any] = {"plugin": plugin}
    for name in (*METHODS, "traits"):
        own = inspect.getattr_static(op, name)
        if own is vars(Op)[name]:
            continue
        if isinstance(own, FunctionType):
            changed[name] = hushed(own)
        elif isinstance(own, property) and own.fget is not None:
            changed[name] = property(hushed(own.fget))

    def undone() -> None:
        for name in changed:
            if name in before:
                setattr(op, name, before[name])
            else:
                delattr(op, name)

    for name, value in changed.items():
        setattr(op, name, value)
    return undone


def _add(add: Callable[[], object], take_away: Callable[[], object], undo: ExitStack) -> None:
    try:
        add()
    except ValueError as error:
        raise Refused(PLUGIN_CLASH, str(error)) from None
    undo.callback(take_away)


def _add_passes(plugin: Plugin, undo: ExitStack) -> None:
    of_plugin = tuple(replace(one, plugin=plugin.name) for one in plugin.passes)
    try:
        Passes((*passes.asked(), *advisory(), *of_plugin))
        passes.add(of_plugin)
    except PassClash as error:
        raise Refused(PLUGIN_CLASH, str(error)) from None
    except PassError as error:
        raise Refused(PLUGIN_NEED, str(error)) from None
    undo.callback(passes.take_away, of_plugin)


_files: dict[str, str] = {}
"""The files of Python code of plugins that have been admitted, with their names."""


def _remember_files(plugin: Plugin) -> None:
    parts = (*(one.run for one in plugin.passes), *plugin.ops, *plugin.kernels.values(), *plugin.formats.values())
    modules = (sys.modules.get(getattr(part, "__module__", "")) for part in parts)
    for module in modules:
        if module and module.__file__:
            _files[module.__file__] = plugin.name
            remember_code(module.__file__, whole_folder=bool(module.__package__))


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
    """Plugins that are known as long as the block lasts: for tests, and for programs.

    Raises:
        PluginsRefused: one is at fault, or clashes with something that there is; then none is known.
    """
    some = Admitted()
    some.admit(Found(f"`{getattr(plugin, 'name', plugin)}`", plugin) for plugin in plugins)
    try:
        if some.diagnostics:
            raise PluginsRefused(some.diagnostics)
        yield some
    finally:
        some.dismiss()

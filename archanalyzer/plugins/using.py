"""Plugins in a program: in use from a call on, as they are for a command."""

from __future__ import annotations

from os import PathLike, fspath

from archanalyzer.plugins.admitting import Admitted, PluginsRefused
from archanalyzer.plugins.finding import Found, installed, named
from archanalyzer.plugins.plugin import Plugin

_used = Admitted()


def use_plugins(*plugins: Plugin | str | PathLike[str]) -> tuple[str, ...]:
    """Uses plugins until the program ends: these, or without any, those that are installed. Returns their names.

    A text names one as ``--plugin`` does. One that is in use already stays so.

    Raises:
        PluginsRefused: some cannot be used; the others are in use nevertheless.
    """
    found = [] if plugins else list(installed())
    for each in plugins:
        found.extend([Found(f"`{each.name}`", each)] if isinstance(each, Plugin) else named(fspath(each)))
    _used.diagnostics.clear()
    _used.admit(found)
    if _used.diagnostics:
        raise PluginsRefused(_used.diagnostics)
    return tuple(_used.plugins)

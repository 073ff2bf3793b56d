"""Facts as text: the only place that formats.

Each format is a module with a function ``render(analyzed, view, page)``, imported when it is asked for: JSON needs no
Rich.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from typing import Protocol, cast

from archanalyzer.diagnostics.guarding import answered, guarded, is_text
from archanalyzer.passes.analyzing import Analyzed
from archanalyzer.report.view import Page, View

__all__ = ["FORMATS", "Page", "Render", "View", "add_format", "formats", "render", "take_format_away"]

_MODULES = {
    "table": "table",
    "json": "json_format",
    "markdown": "markdown_format",
    "csv": "csv_format",
    "latex": "latex_format",
}
FORMATS = tuple(_MODULES)
Render = Callable[[Sequence[Analyzed], View, Page], str]
"""How a format writes some analyzed networks, ending with a line break."""
_added: dict[str, tuple[Render, str]] = {}
"""Formats that were added, each with the name of its plugin."""


class _Format(Protocol):
    def render(self, analyzed: Sequence[Analyzed], view: View, page: Page) -> str: ...


def formats() -> tuple[str, ...]:
    """The names of all formats."""
    return (*FORMATS, *_added)


def add_format(name: str, render: Render, plugin: str) -> None:
    """Makes a format known that does not come with the package, but with a plugin of that name.

    Raises:
        ValueError: there is one of that name.
    """
    if name in formats():
        raise ValueError(f"there is a format `{name}` already")
    _added[name] = render, plugin


def take_format_away(name: str) -> None:
    """Forgets a format that was added."""
    del _added[name]


def render(format_name: str, analyzed: Sequence[Analyzed], view: View | None = None, page: Page | None = None) -> str:
    """Some analyzed networks in a format, ending with a line break.

    Raises:
        KeyError: there is no such format.
        SheetError: the view names a column that there isn't.
        PluginError: the format comes from a plugin, and is at fault.
    """
    view, page = view or View(), page or Page()
    if format_name in _added:
        return _by_plugin(format_name, analyzed, view, page)
    module = cast("_Format", importlib.import_module(f"{__name__}.{_MODULES[format_name]}"))
    return module.render(analyzed, view, page)


def _by_plugin(format_name: str, analyzed: Sequence[Analyzed], view: View, page: Page) -> str:
    render, plugin = _added[format_name]
    what = f"format `{format_name}` of plugin `{plugin}`"
    text = guarded(what, lambda: render(analyzed, view, page))
    if not is_text(text):
        raise answered(what, "a text that UTF-8 can carry", text)
    return text

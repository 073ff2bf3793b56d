"""Facts as text: the only place that formats.

Each format is a module with a function ``render(analyzed, view, page)``, imported when it is asked for: JSON needs no
Rich.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import Protocol, cast

from archanalyzer.passes.analyzing import Analyzed
from archanalyzer.report.view import Page, View

__all__ = ["FORMATS", "Page", "View", "render"]

_MODULES = {
    "table": "table",
    "json": "json_format",
    "markdown": "markdown_format",
    "csv": "csv_format",
    "latex": "latex_format",
}
FORMATS = tuple(_MODULES)


class _Format(Protocol):
    def render(self, analyzed: Sequence[Analyzed], view: View, page: Page) -> str: ...


def render(format_name: str, analyzed: Sequence[Analyzed], view: View | None = None, page: Page | None = None) -> str:
    """Some analyzed networks in a format, ending with a line break.

    Raises:
        KeyError: there is no such format.
        SheetError: the view names a column that there isn't.
    """
    module = cast("_Format", importlib.import_module(f"{__name__}.{_MODULES[format_name]}"))
    return module.render(analyzed, view or View(), page or Page())

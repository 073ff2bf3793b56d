"""Reading and analyzing a spec that is named on the command line, and telling what is wrong with it."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import TypedDict

from archanalyzer.cli.limiting import chosen_limits
from archanalyzer.cli.plugging import plugin_is_at_fault
from archanalyzer.diagnostics import SpecError
from archanalyzer.graph import Graph, Spec
from archanalyzer.passes.analysis import Passes
from archanalyzer.passes.analyzing import Analyzed, analyze
from archanalyzer.spec import Limits, parse_spec, read_spec
from archanalyzer.spec.text import STDIN


class _Overrides(TypedDict):
    settings: Mapping[str, str]
    input_shapes: Mapping[str, str]
    dtype: str | None
    limits: Limits


def read_and_analyze(
    path: str,
    *,
    text: str | None = None,
    settings: Mapping[str, str] | None = None,
    input_shapes: Mapping[str, str] | None = None,
    dtype: str | None = None,
    passes: Passes | None = None,
) -> Analyzed:
    """The facts of the spec at ``path``; of one that cannot be read at all, those of no layer.

    ``text``: what stands there, if it has been read already. ``passes``: those to ask; by default the standard ones.
    """
    try:
        overrides: _Overrides = {
            "settings": settings or {},
            "input_shapes": input_shapes or {},
            "dtype": dtype,
            "limits": chosen_limits(),
        }
        spec = read_spec(path, **overrides) if text is None else parse_spec(text, name=path, **overrides)
    except SpecError as error:
        name = STDIN if path == "-" else path
        nothing = Graph(PurePath(name).stem.strip("<>"), layers=(), outputs=())
        spec = Spec(name, nothing, diagnostics=error.diagnostics)
    analyzed = analyze(spec, passes)
    if analyzed.faults:
        plugin_is_at_fault()
    return analyzed


def tell(analyzed: Sequence[Analyzed], output: str | None = None) -> bool:
    """Tells on standard error what is wrong; whether any spec cannot be used, so that ``output`` was not written."""
    from archanalyzer.cli.output import emit, is_file, page
    from archanalyzer.report.diagnostics import as_text

    found = [diagnostic for one in analyzed for diagnostic in one.diagnostics]
    emit(as_text(found, page(sys.stderr)), err=True)
    unusable = any(one.partial for one in analyzed)
    if unusable and is_file(output):
        emit(f"`{output}` was not written\n", err=True)
    return unusable

"""Reading and analyzing a spec that is named on the command line, and telling what is wrong with it."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence

from archanalyzer.checking import reading
from archanalyzer.cli.limiting import chosen_limits
from archanalyzer.cli.plugging import plugin_is_at_fault
from archanalyzer.passes.analysis import Passes
from archanalyzer.passes.analyzing import Analyzed


def read_and_analyze(
    path: str,
    *,
    text: str | None = None,
    settings: Mapping[str, str] | None = None,
    input_shapes: Mapping[str, str] | None = None,
    dtype: str | None = None,
    passes: Passes | None = None,
) -> Analyzed:
    """As ``archanalyzer.checking.reading`` does it, by the limits of the command that is running."""
    analyzed = reading.read_and_analyze(
        path,
        text=text,
        passes=passes,
        settings=settings or {},
        input_shapes=input_shapes or {},
        dtype=dtype,
        limits=chosen_limits(),
    )
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

"""Reading and analyzing a spec that is named on the command line."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath

from archanalyzer.diagnostics import SpecError
from archanalyzer.graph import Graph, Spec
from archanalyzer.passes.analyzing import Analyzed, analyze
from archanalyzer.spec import read_spec


def read_and_analyze(
    path: str,
    *,
    settings: Mapping[str, str] | None = None,
    input_shapes: Mapping[str, str] | None = None,
    dtype: str | None = None,
) -> Analyzed:
    """The facts of the spec at ``path``; of one that cannot be read at all, those of no layer."""
    try:
        spec = read_spec(path, settings=settings or {}, input_shapes=input_shapes or {}, dtype=dtype)
    except SpecError as error:
        nothing = Graph(PurePath(path).stem, layers=(), outputs=())
        spec = Spec(path, nothing, diagnostics=error.diagnostics)
    return analyze(spec)

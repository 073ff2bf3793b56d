"""Reading and analyzing a spec, of which something can be told whatever is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath
from typing import TypedDict, Unpack

from archanalyzer.diagnostics import SpecError
from archanalyzer.graph import Graph, Spec
from archanalyzer.passes.analysis import Passes
from archanalyzer.passes.analyzing import Analyzed, analyze
from archanalyzer.spec import Limits, parse_spec, read_spec
from archanalyzer.spec.text import STDIN


class Reading(TypedDict, total=False):
    """How to read a spec: what overrides it, as ``read_spec`` has it, and how much it may ask for."""

    settings: Mapping[str, str]
    input_shapes: Mapping[str, str]
    dtype: str | None
    limits: Limits


def read_and_analyze(
    path: str, *, text: str | None = None, passes: Passes | None = None, **reading: Unpack[Reading]
) -> Analyzed:
    """The facts of the spec at ``path``; of one that cannot be read at all, those of no layer.

    ``text``: what stands there, if it has been read already. ``passes``: those to ask; by default the standard ones.
    """
    try:
        spec = read_spec(path, **reading) if text is None else parse_spec(text, name=path, **reading)
    except SpecError as error:
        name = STDIN if path == "-" else path
        nothing = Graph(PurePath(name).stem.strip("<>"), layers=(), outputs=())
        spec = Spec(name, nothing, diagnostics=error.diagnostics)
    return analyze(spec, passes)

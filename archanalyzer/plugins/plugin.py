"""What a plugin says of itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from archanalyzer.diagnostics import Rule
    from archanalyzer.executor.kernels import Given
    from archanalyzer.graph import Op
    from archanalyzer.passes.analysis import Analysis
    from archanalyzer.report import Render

API = 1
"""The version of the interface: of ``Plugin`` and what its parts are made of. It changes where plugins would break."""


@dataclass(frozen=True)
class Plugin:
    """What a plugin adds. Its module has one, called ``plugin``.

    ``api``: the version of the interface that it was written for, a plain number, not ``API``. ``kernels``: by the name
    of a layer type, the kernel that computes it, or a function without arguments that gives it, so that NumPy is
    imported only where something is computed. ``rules``: those of the diagnostics of its passes and layer types.
    ``formats``: by name, how ``analyze --format`` writes some analyzed networks.
    """

    name: str
    api: int
    _: KW_ONLY
    passes: Sequence[Analysis[Any]] = ()
    ops: Sequence[type[Op]] = ()
    kernels: Mapping[str, Given] = field(default_factory=dict)
    rules: Sequence[Rule] = ()
    formats: Mapping[str, Render] = field(default_factory=dict)

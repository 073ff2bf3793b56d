"""Describe a neural network in YAML; ask anything that can be known of it without training, exactly.

    >>> import archanalyzer
    >>> analyzed = archanalyzer.analyze("specs/vgg16.yaml")
    >>> analyzed.facts.total("parameters").amount.value
    138357544

The names below are imported when they are first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from archanalyzer.api import analyze, check, compile, load, loads  # noqa: A004 - what it is called everywhere
    from archanalyzer.diagnostics import Diagnostic, SpecError
    from archanalyzer.executor.network import Network
    from archanalyzer.graph import Graph, Layer, Op, Spec, TensorType
    from archanalyzer.passes.analysis import Column, Kind, Rollup, Total, analysis
    from archanalyzer.passes.facts import Facts
    from archanalyzer.passes.tensor_types import TensorTypes
    from archanalyzer.plugins import Plugin, use_plugins
    from archanalyzer.report.verdicts import Outcome, Verdict

_MODULES = {
    "analyze": "archanalyzer.api",
    "check": "archanalyzer.api",
    "compile": "archanalyzer.api",
    "load": "archanalyzer.api",
    "loads": "archanalyzer.api",
    "Diagnostic": "archanalyzer.diagnostics",
    "SpecError": "archanalyzer.diagnostics",
    "Network": "archanalyzer.executor.network",
    "Graph": "archanalyzer.graph",
    "Layer": "archanalyzer.graph",
    "Op": "archanalyzer.graph",
    "Spec": "archanalyzer.graph",
    "TensorType": "archanalyzer.graph",
    "Column": "archanalyzer.passes.analysis",
    "Kind": "archanalyzer.passes.analysis",
    "Rollup": "archanalyzer.passes.analysis",
    "Total": "archanalyzer.passes.analysis",
    "analysis": "archanalyzer.passes.analysis",
    "Facts": "archanalyzer.passes.facts",
    "TensorTypes": "archanalyzer.passes.tensor_types",
    "Plugin": "archanalyzer.plugins",
    "Outcome": "archanalyzer.report.verdicts",
    "Verdict": "archanalyzer.report.verdicts",
    "use_plugins": "archanalyzer.plugins",
}

__all__ = [
    "Column",
    "Diagnostic",
    "Facts",
    "Graph",
    "Kind",
    "Layer",
    "Network",
    "Op",
    "Outcome",
    "Plugin",
    "Rollup",
    "Spec",
    "SpecError",
    "TensorType",
    "TensorTypes",
    "Total",
    "Verdict",
    "analysis",
    "analyze",
    "check",
    "compile",
    "load",
    "loads",
    "use_plugins",
]


def __dir__() -> list[str]:
    return __all__


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_MODULES[name]), name)

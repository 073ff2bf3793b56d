"""What others add: passes, layer types with their kernels, rules, formats; and all that one needs to write them.

A plugin is a ``Plugin``: a value that says what it adds. Nothing is found by standing in a folder, and no spec can name
one: plugins are those that are installed with an entry point in the group ``archanalyzer.plugins``, and those named on
the command line. ``finding`` finds and imports them, ``admitting`` looks them through and makes their parts known where
the built-in ones are. A plugin at fault is told in a diagnostic and left out; nothing else changes.

The names in ``__all__`` are version 1 of the interface (``API``): what a plugin imports from here stays as it is as
long as that number does. They are imported when they are first used; those of kernels need NumPy.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from archanalyzer.diagnostics import Diagnostic, Note, Rule, Severity, Source
    from archanalyzer.diagnostics.rules.layers import (
        CHANNELS_NOT_DIVISIBLE,
        KERNEL_LARGER_THAN_INPUT,
        SHAPES_DIFFER,
        WRONG_RANK,
    )
    from archanalyzer.executor.kernel import ABSENT, Array, Backward, Extra, Forward, Kernel, Scratch
    from archanalyzer.graph import (
        Arithmetic,
        Arity,
        Block,
        Count,
        Digit,
        Example,
        Factor,
        Graph,
        IrregularWindow,
        Kept,
        Layer,
        Misfit,
        NoPosition,
        Op,
        Reading,
        Readings,
        Rearranged,
        Regular,
        Role,
        TensorType,
        Trait,
        Types,
        View,
        Weight,
        WholeAxis,
        Window,
        WrongField,
        aligned_axes,
        count,
        whole_axes,
    )
    from archanalyzer.passes.analysis import Analysis, Column, Kind, Rollup, Total, analysis
    from archanalyzer.passes.analyzing import Analyzed
    from archanalyzer.passes.arithmetic import LayerArithmetic
    from archanalyzer.passes.facts import Amount, Facts, TotalFact
    from archanalyzer.passes.memory import Memory
    from archanalyzer.passes.parameters import Parameters
    from archanalyzer.passes.receptive_field import ReceptiveFields
    from archanalyzer.passes.tensor_types import TensorTypes
    from archanalyzer.plugins.admitting import PluginsRefused, admitted
    from archanalyzer.plugins.plugin import API, Plugin
    from archanalyzer.plugins.using import use_plugins
    from archanalyzer.report import Page, Render
    from archanalyzer.report import View as ReportView

_NAMES = {
    "plugins.plugin": "API Plugin",
    "plugins.admitting": "PluginsRefused admitted",
    "plugins.using": "use_plugins",
    "diagnostics": "Diagnostic Note Rule Severity Source",
    "diagnostics.rules.layers": "CHANNELS_NOT_DIVISIBLE KERNEL_LARGER_THAN_INPUT SHAPES_DIFFER WRONG_RANK",
    "graph": "Arithmetic Arity Block Count Digit Example Factor Graph IrregularWindow Kept Layer Misfit NoPosition Op "
    "Reading Readings Rearranged Regular Role TensorType Trait Types View Weight WholeAxis Window WrongField "
    "aligned_axes count whole_axes",
    "passes.analysis": "Analysis Column Kind Rollup Total analysis",
    "passes.analyzing": "Analyzed",
    "passes.arithmetic": "LayerArithmetic",
    "passes.facts": "Amount Facts TotalFact",
    "passes.memory": "Memory",
    "passes.parameters": "Parameters",
    "passes.receptive_field": "ReceptiveFields",
    "passes.tensor_types": "TensorTypes",
    "executor.kernel": "ABSENT Array Backward Extra Forward Kernel Scratch",
    "report": "Page Render",
}
_MODULES = {name: f"archanalyzer.{module}" for module, names in _NAMES.items() for name in names.split()}

__all__ = [
    "ABSENT",
    "API",
    "CHANNELS_NOT_DIVISIBLE",
    "KERNEL_LARGER_THAN_INPUT",
    "SHAPES_DIFFER",
    "WRONG_RANK",
    "Amount",
    "Analysis",
    "Analyzed",
    "Arithmetic",
    "Arity",
    "Array",
    "Backward",
    "Block",
    "Column",
    "Count",
    "Diagnostic",
    "Digit",
    "Example",
    "Extra",
    "Factor",
    "Facts",
    "Forward",
    "Graph",
    "IrregularWindow",
    "Kept",
    "Kernel",
    "Kind",
    "Layer",
    "LayerArithmetic",
    "Memory",
    "Misfit",
    "NoPosition",
    "Note",
    "Op",
    "Page",
    "Parameters",
    "Plugin",
    "PluginsRefused",
    "Reading",
    "Readings",
    "Rearranged",
    "ReceptiveFields",
    "Regular",
    "Render",
    "ReportView",
    "Role",
    "Rollup",
    "Rule",
    "Scratch",
    "Severity",
    "Source",
    "TensorType",
    "TensorTypes",
    "Total",
    "TotalFact",
    "Trait",
    "Types",
    "View",
    "Weight",
    "WholeAxis",
    "Window",
    "WrongField",
    "admitted",
    "aligned_axes",
    "analysis",
    "count",
    "use_plugins",
    "whole_axes",
]


def __dir__() -> list[str]:
    return __all__


def __getattr__(name: str) -> Any:
    if name == "ReportView":  # a format's view of facts; `View` is where a layer's output lies
        return importlib.import_module("archanalyzer.report").View
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_MODULES[name]), name)

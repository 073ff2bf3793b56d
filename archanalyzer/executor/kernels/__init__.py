"""How the layer types compute; the files mirror those of ``archanalyzer/ops``, name by name."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from functools import cache
from typing import Any

from archanalyzer import ops
from archanalyzer.diagnostics.guarding import answered, guarded
from archanalyzer.executor.kernel import Kernel

NOT_EXECUTABLE: Mapping[str, str] = {"input": "it computes nothing: its output is what comes from outside"}
"""Layer types without a kernel, and why."""


def get(name: str) -> type[Kernel[Any]]:
    """The kernel of a layer type.

    Raises:
        KeyError: there is none.
        PluginError: it comes from a plugin, and is none.
    """
    return _of_plugin(name) if name in ops.added() else _built_in(name)


def _of_plugin(name: str) -> type[Kernel[Any]]:
    given = ops.given_kernel(name)
    if given is None:
        raise KeyError(name)
    found = guarded(f"kernel of `{name}`", given) if callable(given) and not isinstance(given, type) else given
    if not isinstance(found, type) or not issubclass(found, Kernel):
        raise answered(f"kernel of `{name}`", "a subclass of `Kernel`", found)
    return found


@cache
def _built_in(name: str) -> type[Kernel[Any]]:
    if name in NOT_EXECUTABLE:
        raise KeyError(name)
    module = importlib.import_module(f"{__name__}.{ops.family(name)}")
    kernels: Mapping[str, type[Kernel[Any]]] = module.KERNELS
    return kernels[name]

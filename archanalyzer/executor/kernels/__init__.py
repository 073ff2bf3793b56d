"""How the layer types compute; the files mirror those of ``archanalyzer/ops``, name by name."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from functools import cache
from typing import Any

from archanalyzer import ops
from archanalyzer.executor.kernel import Kernel

NOT_EXECUTABLE: Mapping[str, str] = {"input": "it computes nothing: its output is what comes from outside"}
"""Layer types without a kernel, and why."""


@cache
def get(name: str) -> type[Kernel[Any]]:
    """The kernel of a layer type.

    Raises:
        KeyError: there is none.
    """
    if name in NOT_EXECUTABLE:
        raise KeyError(name)
    module = importlib.import_module(f"{__name__}.{ops.family(name)}")
    kernels: Mapping[str, type[Kernel[Any]]] = module.KERNELS
    return kernels[name]

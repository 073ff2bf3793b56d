"""The layer types. The registry knows names and modules; a family's file is imported when a spec names it."""

from __future__ import annotations

import importlib
from functools import cache

from archanalyzer.graph import Op

_FAMILIES: dict[str, str] = {
    "convolution": "conv1d conv2d conv3d",
    "input": "input",
}
_MODULES = {name: module for module, names in _FAMILIES.items() for name in names.split()}


def names() -> tuple[str, ...]:
    """Every layer type; all but ``input``, which stands for an entry of ``inputs:``, can be named in ``layers:``."""
    return tuple(_MODULES)


@cache
def get(name: str) -> type[Op]:
    """The declaration of a layer type.

    Raises:
        KeyError: there is none of that name.
    """
    module = importlib.import_module(f"{__name__}.{_MODULES[name]}")
    declared: tuple[type[Op], ...] = module.OPS
    return next(op for op in declared if op.name == name)

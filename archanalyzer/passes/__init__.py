"""What can be asked of a network: one question a module.

A pass is a function that names what it needs by type; see ``archanalyzer.passes.analysis``. The built-in ones register
in the tuple below, in the order in which reports show them, and in no other way than anyone else's would.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

from archanalyzer.passes.analysis import Analysis, Passes


def built_in() -> tuple[Analysis[Any], ...]:
    """The passes that come with the package."""
    from archanalyzer.passes.arithmetic import arithmetic
    from archanalyzer.passes.fields_kept import fields_kept
    from archanalyzer.passes.filters import filters
    from archanalyzer.passes.function_class import function_class
    from archanalyzer.passes.memory import memory
    from archanalyzer.passes.parameters import parameters
    from archanalyzer.passes.receptive_field import receptive_fields
    from archanalyzer.passes.tensor_types import tensor_types
    from archanalyzer.passes.training import backward, training

    return (
        tensor_types,
        parameters,
        filters,
        arithmetic,
        backward,
        training,
        memory,
        fields_kept,
        receptive_fields,
        function_class,
    )


_added: list[Analysis[Any]] = []


def add(passes: Iterable[Analysis[Any]]) -> None:
    """Adds passes to those that are asked, behind the built-in ones.

    Raises:
        PassError: they do not fit together with those that there are.
    """
    passes = tuple(passes)
    Passes((*asked(), *passes))
    _added.extend(passes)


def take_away(passes: Iterable[Analysis[Any]]) -> None:
    """Takes away passes that were added."""
    for one in passes:
        _added.remove(one)


def asked() -> tuple[Analysis[Any], ...]:
    """The built-in passes, and those that were added."""
    return (*built_in(), *_added)


def standard_passes() -> Passes:
    """The passes that are asked, put together."""
    return together(asked())


@cache
def together(passes: tuple[Analysis[Any], ...]) -> Passes:
    """Some passes, put together once.

    Raises:
        PassError: they do not fit together.
    """
    return Passes(passes)

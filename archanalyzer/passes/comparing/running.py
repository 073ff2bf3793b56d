"""In what two specs differ that pin numbers for running: arrays of weights, data, and how to train."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeAlias

from archanalyzer.graph import Graph, Pinned, Running
from archanalyzer.passes.comparing.comparison import FieldChange, PinnedChange
from archanalyzer.passes.pinned import shape_of
from archanalyzer.recipe import (
    DEFAULT_INITIALIZER,
    DEFAULT_LOSS,
    DEFAULT_OPTIMIZER,
    INITIALIZERS,
    OPTIMIZERS,
    SETTINGS,
)

_Address: TypeAlias = tuple[str, str, str | None]
"""The section, the layer's name, and the name of the array, None for data."""


def training_changes(old: Running, new: Running) -> Iterator[FieldChange]:
    """How to train, where that is not the same; what a spec leaves out is what it is by default.

    A setting is told where a side gives it; its value is None on a side whose optimizer has none of its name.
    """
    sides = old, new
    values: dict[str, tuple[Any, Any]] = {
        "loss": (old.loss or DEFAULT_LOSS, new.loss or DEFAULT_LOSS),
        "optimizer": (_optimizer(old), _optimizer(new)),
        "initializer": (_initializer(old.initializer), _initializer(new.initializer)),
    }
    for name in SETTINGS:
        if any(name in side.settings for side in sides):
            values[name] = _setting(old, name), _setting(new, name)
    for name, (one, other) in values.items():
        if one != other:
            yield FieldChange(name, one, other)


def _optimizer(running: Running) -> str:
    return running.optimizer or DEFAULT_OPTIMIZER


def _initializer(value: str | float | None) -> str | float:
    """What draws weights, or the number that fills them; one initializer may have two names."""
    chosen = DEFAULT_INITIALIZER if value is None else value
    return INITIALIZERS[chosen] if isinstance(chosen, str) else chosen


def _setting(running: Running, name: str) -> float | None:
    if SETTINGS[name] not in OPTIMIZERS[_optimizer(running)].settings:
        return None
    return running.settings.get(name, SETTINGS[name].default)


def pinned_changes(
    old: tuple[Graph, Running], new: tuple[Graph, Running], partner: Mapping[int, int]
) -> Iterator[PinnedChange]:
    """The arrays that are pinned on one side only, or to other numbers; ``partner``: old layer → new layer."""
    names = _new_names(old[0], new[0], partner)
    before, left = dict(_pinned(old[1])), dict(_pinned(new[1]))
    for (section, layer, array), value in before.items():
        now = names.get(layer)
        other = None if now is None else left.pop((section, now, array), None)
        if now is None or other is None:
            yield PinnedChange(section, layer, None, array, value, None)
        elif _plain(value) != _plain(other):
            differing = _differing(section, value, other)
            if differing is None or differing[0]:  # else the same numbers are only written in another way
                yield PinnedChange(section, layer, now, array, value, other, differing)
    for (section, layer, array), value in left.items():
        yield PinnedChange(section, None, layer, array, None, value)


def _new_names(old: Graph, new: Graph, partner: Mapping[int, int]) -> dict[str, str]:
    return {old.layers[one].name: new.layers[other].name for one, other in partner.items()}


def _pinned(running: Running) -> Iterator[tuple[_Address, Any]]:
    for layer, arrays in running.weights.items():
        for array, pinned in arrays.items():
            yield ("weights", layer, array), pinned.value
    data: Iterable[tuple[str, Mapping[str, Pinned]]] = (("inputs", running.inputs), ("targets", running.targets))
    for section, by_layer in data:
        for layer, pinned in by_layer.items():
            yield (section, layer, None), pinned.value


def _plain(value: Any) -> Any:
    return INITIALIZERS[value] if isinstance(value, str) else value


def _differing(section: str, old: Any, new: Any) -> tuple[int, int] | None:
    """How many numbers are others, and of how many; None where they do not stand beside each other.

    One number alone fills an array of weights.
    """
    if isinstance(old, str) or isinstance(new, str):
        return None
    one, other = list(_flat(old)), list(_flat(new))
    if section == "weights" and not (isinstance(old, list) and isinstance(new, list)):
        longest = max(len(one), len(other))
        one, other = (each if isinstance(side, list) else each * longest for side, each in ((old, one), (new, other)))
    elif shape_of(old) != shape_of(new):
        return None
    return sum(a != b for a, b in zip(one, other, strict=True)), len(one)


def _flat(value: Any) -> Iterator[Any]:
    if isinstance(value, list):
        for item in value:
            yield from _flat(item)
    else:
        yield value

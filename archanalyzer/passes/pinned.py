"""Do the numbers that a spec pins fit its layers?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from archanalyzer.diagnostics import Diagnostic, did_you_mean
from archanalyzer.diagnostics.rules.language import PINNED_SHAPE
from archanalyzer.graph import Pinned, Running
from archanalyzer.passes.facts import Facts
from archanalyzer.passes.parameters import Parameters
from archanalyzer.passes.tensor_types import TensorTypes


def misfits(facts: Facts, running: Running) -> tuple[Diagnostic, ...]:
    """Pinned weights, inputs and targets whose shape is not the one that their layer needs."""
    outputs, used = facts.result(TensorTypes).outputs, facts.result(Parameters).used
    index = facts.graph.index
    found: list[Diagnostic] = []
    for layer, arrays in running.weights.items():
        if layer in index:
            shapes = {weight.name: weight.shape for weight in used[index[layer]]}
            found.extend(_misfits(arrays, shapes, f"an array of `{layer}`"))
    for section, what in ((running.inputs, "an input"), (running.targets, "an output")):
        shapes = {name: outputs[index[name]].shape for name in section if name in index}
        known = {name: pinned for name, pinned in section.items() if name in index}
        found.extend(_misfits(known, shapes, what))
    return tuple(found)


def _misfits(arrays: Mapping[str, Pinned], shapes: Mapping[str, tuple[int, ...]], what: str) -> Iterator[Diagnostic]:
    for name, pinned in arrays.items():
        if name not in shapes:
            hint = did_you_mean(name, tuple(shapes), "arrays")
            yield Diagnostic(PINNED_SHAPE, f"`{name}` is not {what}", pinned.source, hint)
        elif shape_of(pinned.value) != shapes[name]:
            message = f"expected `{name}` with shape {_shown(shapes[name])}, found {_shown(shape_of(pinned.value))}"
            yield Diagnostic(PINNED_SHAPE, message, pinned.source)


def shape_of(value: Any) -> tuple[int, ...]:
    """The shape of a nested list whose lists are of equal lengths."""
    shape: list[int] = []
    while isinstance(value, list):
        shape.append(len(value))
        value = value[0] if value else None
    return tuple(shape)


def _shown(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape)) or "a single number"

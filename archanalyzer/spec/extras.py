"""The sections beside the network: the numbers pinned for running it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from typing import Any, TypeVar

from archanalyzer.diagnostics.rules.language import INVALID_FIELD, UNKNOWN_FIELD, UNKNOWN_LAYER
from archanalyzer.graph import Graph, Pinned, Running
from archanalyzer.recipe import DEFAULT_OPTIMIZER, INITIALIZERS, LOSSES, OPTIMIZERS, SETTINGS, Setting
from archanalyzer.spec.document import Document, read_keys
from archanalyzer.spec.evaluation import Evaluator, ReportedError, found_value, listed
from archanalyzer.spec.hints import kind_hint
from archanalyzer.spec.nodes import Entry, MappingNode, Node, ScalarNode
from archanalyzer.spec.references import part_of
from archanalyzer.spec.scalars import shown

T = TypeVar("T")

DATA_KEYS = ("inputs", "targets")
TRAINING_KEYS = ("loss", "optimizer", "initializer", *SETTINGS)


def read_running(document: Document, graph: Graph, opaque: Collection[str], ev: Evaluator) -> Running:
    """The sections ``weights:``, ``data:`` and ``training:``; layers that they name must be there."""
    names = document.variables

    def pinned(entry: Entry) -> Pinned:
        return _array(entry, ev.data(entry.value, names), ev)

    def pinned_weight(entry: Entry) -> Pinned:
        value = ev.data(entry.value, names)
        return _drawn(entry, value, ev) if isinstance(value, str) else _array(entry, value, ev)

    weights = ev.mapping(document.sections.get("weights"), "`weights`")
    data = ev.mapping(document.sections.get("data"), "`data`")
    keys = read_keys(data, DATA_KEYS, "`data`", ev) if data else {}
    training = ev.mapping(document.sections.get("training"), "`training`")
    steps = read_keys(training, TRAINING_KEYS, "`training`", ev) if training else {}
    if training:
        _check_settings(training, steps, ev)
    layers = graph.index
    ends = [{graph.layers[index].name: index for index in indices} for indices in (graph.inputs, graph.outputs)]
    return Running(
        weights={
            name: _each(ev.mapping(entry.value, f"the weights of `{name}`"), pinned_weight)
            for name, entry in (_named(weights, layers, "layer", opaque, ev) if weights else ())
        },
        inputs=_pinned_by_name(keys.get("inputs"), ends[0], "input", pinned, ev),
        targets=_pinned_by_name(keys.get("targets"), ends[1], "output", pinned, ev),
        loss=_choice(steps.get("loss"), "`loss`", LOSSES, ev),
        optimizer=_choice(steps.get("optimizer"), "`optimizer`", OPTIMIZERS, ev),
        settings=_settings(steps, names, ev),
        initializer=_initializer(steps.get("initializer"), names, ev),
    )


def _array(entry: Entry, value: Any, ev: Evaluator) -> Pinned:
    if _is_array(value):
        return Pinned(value, entry.value.source, entry.key.source)
    message = f"expected {shown(entry.key.text)} as numbers in lists of equal lengths"
    if isinstance(entry.value, ScalarNode):
        message += f", found {found_value(entry.value, value)}"
    raise ev.report(INVALID_FIELD, message, entry.value)


def _drawn(entry: Entry, initializer: str, ev: Evaluator) -> Pinned:
    if initializer in INITIALIZERS:
        return Pinned(initializer, entry.value.source, entry.key.source)
    message = f"expected {shown(entry.key.text)} as numbers or as an initializer, found {shown(initializer)}"
    hint = ev.similar(initializer, INITIALIZERS, "initializers")
    raise ev.report(INVALID_FIELD, message, entry.value, hint=hint)


def _named(
    mapping: MappingNode, known: Collection[str], what: str, opaque: Collection[str], ev: Evaluator
) -> list[tuple[str, Entry]]:
    """The entries of a map whose keys are names that must be known; the others are reported."""
    found = []
    for name, entry in mapping.entries.items():
        if name in known:
            found.append((name, entry))
        elif part_of(name, opaque) is None:
            hint = ev.similar(name, known, f"{what}s")
            owner, _, own = name.rpartition(".")
            if what == "layer" and own and owner in known:
                hint = f"an array stands inside its layer: {shown(f'{owner}: {{{own}: …}}')}"
            ev.report(UNKNOWN_LAYER, f"there is no {what} {shown(name)}", entry.key, hint=hint)
    return found


def _each(mapping: MappingNode | None, read: Callable[[Entry], T]) -> dict[str, T]:
    return _read_all(list(mapping.entries.items()) if mapping else [], read)


def _read_all(entries: list[tuple[str, Entry]], read: Callable[[Entry], T]) -> dict[str, T]:
    values: dict[str, T] = {}
    for name, entry in entries:
        try:
            values[name] = read(entry)
        except ReportedError:
            continue
    return values


def _pinned_by_name(
    node: Node | None, known: Collection[str], what: str, read: Callable[[Entry], Pinned], ev: Evaluator
) -> Mapping[str, Pinned]:
    mapping = ev.mapping(node, f"the {what}s' data")
    return _read_all(_named(mapping, known, what, (), ev), read) if mapping else {}


def _choice(node: Node | None, what: str, known: Collection[str], ev: Evaluator) -> str | None:
    text = ev.text(node, what)
    if text is not None and text not in known and node is not None:
        message = f"{what} cannot be {shown(text)}"
        ev.report(INVALID_FIELD, message, node, hint=ev.similar(text, known, "choices"))
        return None
    return text


def _check_settings(training: MappingNode, steps: Mapping[str, Node], ev: Evaluator) -> None:
    """Reports settings that the chosen optimizer does not have; where that is wrong itself, none."""
    node = steps.get("optimizer")
    name = DEFAULT_OPTIMIZER if node is None else node.text if isinstance(node, ScalarNode) else ""
    if name not in OPTIMIZERS:
        return
    for setting in SETTINGS.values():
        if setting.name in steps and setting not in OPTIMIZERS[name].settings:
            subject = f"`{name}`" if node is not None else f"`{name}`, the optimizer where none is given,"
            having = [each.name for each in OPTIMIZERS.values() if setting in each.settings]
            key, hint = training.entries[setting.name].key, f"optimizers that have it: {listed(having)}"
            ev.report(UNKNOWN_FIELD, f"{subject} has no field `{setting.name}`", key, hint=hint)


def _settings(steps: Mapping[str, Node], names: Mapping[str, Any], ev: Evaluator) -> dict[str, float]:
    values = {}
    for name, setting in SETTINGS.items():
        if name in steps:
            with suppress(ReportedError):
                values[name] = _setting(steps[name], setting, names, ev)
    return values


def _setting(node: Node, setting: Setting, names: Mapping[str, Any], ev: Evaluator) -> float:
    value = ev.value(node, names)
    if isinstance(value, int | float) and setting.admits(value):
        return float(value)
    message = f"expected `{setting.name}` as {setting.expected}, found {found_value(node, value)}"
    raise ev.report(
        INVALID_FIELD, message, node, hint=kind_hint(node, value, int, float, accepts=setting.admits, names=names)
    )


def _initializer(node: Node | None, names: Mapping[str, Any], ev: Evaluator) -> str | float | None:
    if node is None:
        return None
    try:
        value = ev.value(node, names)
    except ReportedError:
        return None
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if isinstance(value, str):
        if value in INITIALIZERS:
            return value
        message, hint = f"`initializer` cannot be {shown(value)}", ev.similar(value, INITIALIZERS, "choices")
        ev.report(INVALID_FIELD, message, node, hint=hint)
        return None
    ev.report(INVALID_FIELD, f"expected `initializer` as a name or a number, found {found_value(node, value)}", node)
    return None


def _is_array(value: Any) -> bool:
    """Whether a value is a number, or a list of arrays of one shape."""
    return _array_shape(value) is not None


def _array_shape(value: Any) -> tuple[int, ...] | None:
    if isinstance(value, list):
        shapes = {_array_shape(item) for item in value}
        inner = shapes.pop() if len(shapes) == 1 else None
        return None if inner is None else (len(value), *inner)
    return () if isinstance(value, int | float) and not isinstance(value, bool) else None

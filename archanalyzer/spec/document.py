"""The sections of a spec: what stands at the top level of the file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from types import MappingProxyType
from typing import NamedTuple, TypeGuard

from archanalyzer import ops
from archanalyzer.diagnostics import Source, SourceFile
from archanalyzer.diagnostics.rules.language import (
    DUPLICATE_NAME,
    EMPTY_BLOCK,
    HIDES_LAYER_TYPE,
    INVALID_FIELD,
    MISSING_KEY,
    RECURSIVE_BLOCK,
    UNKNOWN_KEY,
    UNKNOWN_OVERRIDE,
    UNKNOWN_VERSION,
    UNUSED_BLOCK,
    WRONG_KIND,
)
from archanalyzer.diagnostics.rules.layers import TOO_MANY_AXES
from archanalyzer.graph import DTYPE_BYTES, MOST_AXES
from archanalyzer.spec.circles import circles
from archanalyzer.spec.composing import compose
from archanalyzer.spec.elsewhere import KEYS
from archanalyzer.spec.entries import LayerEntry, Types, parse_entries, parse_name, parse_names, parse_variable
from archanalyzer.spec.evaluation import (
    Evaluator,
    Names,
    ReportedError,
    chain,
    found_value,
    is_nothing,
    meant,
)
from archanalyzer.spec.hints import kind_hint
from archanalyzer.spec.nodes import MappingNode, Node, ScalarNode, SequenceNode
from archanalyzer.spec.scalars import Value, ValueProblem, scalar_value, shown
from archanalyzer.spec.text import source_from_string
from archanalyzer.spec.written import names_read, types_used

SECTIONS = (
    "archspec",
    "name",
    "description",
    "variables",
    "dtype",
    "inputs",
    "outputs",
    "blocks",
    "layers",
    "weights",
    "data",
    "training",
    "expect",
)
REQUIRED = {
    "archspec": "begin the spec with `archspec: 1`",
    "inputs": "for example `inputs: {image: [3, 224, 224]}`",
    "layers": "it lists the layers, each behind a `- ` of its own",
}
BLOCK_KEYS = ("description", "arguments", "inputs", "layers")
_EXTENT = re.compile("(?:^|(?<=[x×,]))[^x×,]*")
DTYPES = tuple(DTYPE_BYTES)


class Overrides(NamedTuple):
    """What the command line says over the spec: ``--set``, ``--input`` and ``--dtype``, as typed."""

    settings: Mapping[str, str] = MappingProxyType({})
    input_shapes: Mapping[str, str] = MappingProxyType({})
    dtype: str | None = None


class BlockDefinition(NamedTuple):
    """A layer type that the user defines: where its inputs are named; an argument without a default has None."""

    name: ScalarNode
    inputs: Mapping[str, ScalarNode]
    arguments: Mapping[str, Node | None]
    entries: tuple[LayerEntry, ...]

    @property
    def unread(self) -> list[str]:
        """The inputs that no layer names; of a single one, the first layer need not name it."""
        if len(self.inputs) == 1:
            return []
        read = names_read(self.entries)
        return [name for name in self.inputs if name not in read]


class InputDefinition(NamedTuple):
    """One network input, and its shape, None where that is wrong."""

    name: ScalarNode
    shape: tuple[int, ...] | None


class Document(NamedTuple):
    """A spec, section by section; ``sections`` keeps the nodes of those that are read later."""

    name: str
    description: str
    dtype: str
    variables: Names
    inputs: tuple[InputDefinition, ...]
    outputs: tuple[ScalarNode, ...]
    blocks: Mapping[str, BlockDefinition]
    entries: tuple[LayerEntry, ...]
    sections: Mapping[str, Node]


def read_document(root: Node, stem: str, overrides: Overrides, ev: Evaluator) -> Document:
    """The sections of the spec whose text composed to ``root``; ``stem`` is its name where it gives none.

    Raises:
        ReportedError: it is no map.
    """
    mapping = ev.mapping(root, "a spec")
    if mapping is None:
        raise ReportedError("the spec is not a map")
    sections = read_keys(mapping, SECTIONS, "a spec", ev)
    misspelt = {meant(key, SECTIONS) for key in mapping.entries if key not in SECTIONS}
    for key, hint in REQUIRED.items():
        if key not in sections and key not in misspelt:
            ev.report(MISSING_KEY, f"a spec needs `{key}:`", mapping, hint=hint)
    _check_version(sections.get("archspec"), ev)
    variables = _variables(sections.get("variables"), overrides, ev)
    blocks, entries = _layers(sections, ev)
    return Document(
        name=_on_one_line(ev.text(sections.get("name"), "`name`")) or stem,
        description=_on_one_line(ev.text(sections.get("description"), "`description`")),
        dtype=_dtype(sections.get("dtype"), overrides, ev),
        variables=variables,
        inputs=_inputs(sections.get("inputs"), variables, overrides, ev),
        outputs=parse_names(sections.get("outputs"), "`outputs`", ev),
        blocks=blocks,
        entries=entries,
        sections=sections,
    )


def _on_one_line(text: str | None) -> str:
    return " ".join((text or "").split())


def read_keys(mapping: MappingNode, known: tuple[str, ...], what: str, ev: Evaluator) -> dict[str, Node]:
    """The values of a map by key; keys other than ``known`` are reported, those left empty are left out."""
    for key, entry in mapping.entries.items():
        if key not in known:
            called = KEYS.get(key)
            hint = f"it is called `{called}` here" if called in known else ev.similar(key, known, "keys")
            ev.report(UNKNOWN_KEY, f"{shown(key)} is no key of {what}", entry.key, hint=hint)
    entries = mapping.entries.items()
    return {key: entry.value for key, entry in entries if key in known and not is_nothing(entry.value)}


def _check_version(node: Node | None, ev: Evaluator) -> None:
    if node is None or (isinstance(node, ScalarNode) and node.plain and node.text == "1"):
        return
    found = shown(node.written) if isinstance(node, ScalarNode) else node.kind
    hint = None
    with suppress(ValueProblem):
        value = scalar_value(node, ev.limits) if isinstance(node, ScalarNode) else None
        hint = kind_hint(node, value, int, accepts=lambda version: version == 1)
    ev.report(UNKNOWN_VERSION, f"expected `archspec: 1`, found {found}", node, hint=hint)


def _dtype(node: Node | None, overrides: Overrides, ev: Evaluator) -> str:
    if overrides.dtype is not None:
        node = _override_node(overrides.dtype, "--dtype", ev)
    dtype = ev.text(node, "`dtype`") or DTYPES[0]
    if dtype not in DTYPES and node is not None:
        message = f"expected a dtype, found {shown(dtype)}"
        ev.report(INVALID_FIELD, message, node, hint=ev.similar(dtype, DTYPES, "dtypes"))
        return DTYPES[0]
    return dtype


def _override_node(text: str, name: str, ev: Evaluator) -> Node | None:
    """A value from the command line, read by the same rules as one in the file."""
    file = source_from_string(text, name)
    node = compose(file, ev.limits, ev.problems)
    if node is None or not is_nothing(node):
        return node
    ev.problems.add(UNKNOWN_OVERRIDE, "expected a value, found nothing", Source(file, 1, 1, 1))
    return None


def _variables(node: Node | None, overrides: Overrides, ev: Evaluator) -> Names:
    """The variables in their order; each may use those above it, and each may be set from outside."""
    mapping = ev.mapping(node, "`variables`")
    given = {key: entry.value for key, entry in mapping.entries.items()} if mapping else {}
    for entry in mapping.entries.values() if mapping else ():
        parse_variable(entry.key, ev)
    _refuse_unknown(overrides.settings, tuple(given), "--set", "variables", ev)
    chosen: dict[str, Node | None] = {**given}
    for name in overrides.settings.keys() & given.keys():
        chosen[name] = _override_node(overrides.settings[name], f"--set {name}", ev)
    values = Names(later=chosen)
    for name, value in chosen.items():
        with suppress(ReportedError):
            values.read(name, partial(_variable, value, values, ev))
    return values


def _variable(node: Node | None, names: Names, ev: Evaluator) -> Value:
    if node is None:
        raise ReportedError("variable")
    return ev.value(node, names)


def _refuse_unknown(given: Mapping[str, str], known: tuple[str, ...], option: str, what: str, ev: Evaluator) -> None:
    for name in given:
        if name not in known:
            source = Source(SourceFile(option, f"{name}={given[name]}"), 1, 1, 1 + len(name))
            message = f"the spec has no {shown(name)} in `{what}:`"
            ev.problems.add(UNKNOWN_OVERRIDE, message, source, hint=ev.similar(name, known, what))


def _inputs(
    node: Node | None, variables: Mapping[str, Value], overrides: Overrides, ev: Evaluator
) -> tuple[InputDefinition, ...]:
    mapping = ev.mapping(node, "`inputs`")
    if mapping is None:
        return ()
    if mapping.size == 1:  # what is left of one with wrong keys is no less empty, but that has been told
        ev.report(MISSING_KEY, "`inputs:` has no input in it", mapping, hint=REQUIRED["inputs"])
    _refuse_unknown(overrides.input_shapes, tuple(mapping.entries), "--input", "inputs", ev)
    inputs: list[InputDefinition] = []
    for key, entry in mapping.entries.items():
        parse_name(entry.key, ev, reserved=frozenset({"previous"}))
        shape: Node | None = entry.value
        if key in overrides.input_shapes:
            shape = _override_shape(overrides.input_shapes[key], f"--input {key}")
        sizes = None
        with suppress(ReportedError):
            sizes = None if shape is None else _shape(key, shape, variables, ev)
        inputs.append(InputDefinition(entry.key, sizes))
    return tuple(inputs)


def _override_shape(text: str, name: str) -> SequenceNode:
    """A shape from the command line, ``3x256x256``, as a list of its extents."""
    file = source_from_string(text, name)
    shape = SequenceNode(file, 1, 1, 0, len(text), flow=True)
    for piece in _EXTENT.finditer(text):
        extent = piece.group().strip()
        start = piece.start() + piece.group().find(extent)
        shape.items.append(ScalarNode(file, 1, start + 1, start, start + len(extent), extent, plain=True))
    return shape


def _shape(name: str, node: Node, variables: Mapping[str, Value], ev: Evaluator) -> tuple[int, ...]:
    if isinstance(node, MappingNode):
        hint = "the shape stands directly behind the name, for example `image: [3, 224, 224]`"
        raise ev.report(WRONG_KIND, f"expected the shape of {shown(name)} as a list, found a map", node, hint=hint)
    value = ev.value(node, variables)
    sizes = value if isinstance(value, tuple) else (value,)
    if len(sizes) > MOST_AXES:
        message = f"expected at most {MOST_AXES} axes for {shown(name)}, found {len(sizes):,}"
        raise ev.report(TOO_MANY_AXES, message, node)
    written = node.items if isinstance(node, SequenceNode) else [node] * len(sizes)
    if not sizes:
        raise _no_shape(name, node, "an empty list", None, ev)

    def size(at: int) -> int:
        value, place = sizes[at], written[at]
        if _is_extent(value):
            return value
        hint = kind_hint(place, value, int, accepts=_is_extent, names=variables)
        raise _no_shape(name, place, found_value(place, value), hint, ev)

    return tuple(ev.all(range(len(sizes)), size))


def _is_extent(value: Value) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _no_shape(name: str, node: Node, found: str, hint: str | None, ev: Evaluator) -> ReportedError:
    message = f"expected the shape of {shown(name)} as a list of whole numbers from 1, found {found}"
    hint = hint or "channels first, without the batch axis, for example `[3, 224, 224]`"
    return ev.report(INVALID_FIELD, message, node, hint=hint)


def _layers(sections: Mapping[str, Node], ev: Evaluator) -> tuple[dict[str, BlockDefinition], tuple[LayerEntry, ...]]:
    """The blocks and the top level's entries; uses of blocks that would never end are reported."""
    mapping = ev.mapping(sections.get("blocks"), "`blocks`")
    blocks = mapping.entries if mapping else {}
    built_in = tuple(name for name in ops.names() if name != "input")
    types = Types(blocks, built_in)
    definitions: dict[str, BlockDefinition] = {}
    for name, entry in blocks.items():
        if name in built_in:
            ev.report(HIDES_LAYER_TYPE, f"`{name}` is a layer type already", entry.key, hint="choose another name")
        parse_name(entry.key, ev)
        definition = _block(entry.key, entry.value, types, ev)
        if definition is not None:
            definitions[name] = definition
    listed = ev.sequence(sections.get("layers"), "`layers`")
    entries = parse_entries(listed, types, ev) if listed else ()
    if listed is not None and not listed.items:
        ev.report(EMPTY_BLOCK, "`layers:` has no layer in it", listed)
    _check_uses(definitions, entries, ev)
    return definitions, entries


def _block(name: ScalarNode, node: Node, types: Types, ev: Evaluator) -> BlockDefinition | None:
    mapping = ev.mapping(node, f"the block {shown(name.text)}")
    keys = read_keys(mapping, BLOCK_KEYS, "a block", ev) if mapping else {}
    if mapping is None and not is_nothing(node):
        return None
    listed = ev.sequence(keys.get("layers"), "`layers`")
    if listed is None or not listed.items:
        if "layers" not in keys or listed is not None:
            ev.report(EMPTY_BLOCK, f"the block {shown(name.text)} has no `layers:`", name)
        return None
    arguments = ev.mapping(keys.get("arguments"), "`arguments`")
    given = arguments.entries.items() if arguments else ()
    for entry in arguments.entries.values() if arguments else ():
        parse_variable(entry.key, ev)
    return BlockDefinition(
        name=name,
        inputs=_block_inputs(keys.get("inputs"), ev) or {"input": name},
        arguments={key: None if is_nothing(entry.value) else entry.value for key, entry in given},
        entries=parse_entries(listed, types, ev),
    )


def _block_inputs(node: Node | None, ev: Evaluator) -> dict[str, ScalarNode]:
    names: dict[str, ScalarNode] = {}
    for each in parse_names(node, "`inputs`", ev):
        if each.text in names:
            ev.report(DUPLICATE_NAME, f"{shown(each.text)} is the name of another input already", each)
        parse_name(each, ev, reserved=frozenset({"previous"}))
        names.setdefault(each.text, each)
    return names


def _check_uses(blocks: dict[str, BlockDefinition], entries: tuple[LayerEntry, ...], ev: Evaluator) -> None:
    """Reports blocks that nothing uses, and those that use themselves by whatever way, which are then left out."""
    uses = {
        name: [use for use in dict.fromkeys(types_used(block.entries)) if use in blocks]
        for name, block in blocks.items()
    }
    used = set(types_used(entries)).union(*uses.values())
    for name, block in blocks.items():
        if name not in used:
            ev.report(UNUSED_BLOCK, f"nothing uses the block `{name}`", block.name)
    for circle in list(circles(uses)):
        ev.report(RECURSIVE_BLOCK, f"a block uses itself: {chain(circle)}", blocks[circle[0]].name)
        del blocks[circle[0]]

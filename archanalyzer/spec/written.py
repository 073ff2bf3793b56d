"""What stands in entries as they are written: types, names, expressions."""

from __future__ import annotations

from archanalyzer.spec.entries import LayerEntry
from archanalyzer.spec.nodes import MappingNode, Node, ScalarNode, SequenceNode


def types_used(entries: tuple[LayerEntry, ...]) -> list[str]:
    """The layer types and blocks that some entries name, those inside groups included."""
    found: list[str] = []
    for entry in entries:
        found.extend(types_used(entry.body) if entry.type is None else [entry.type.text])
    return found


def names_read(entries: tuple[LayerEntry, ...]) -> set[str]:
    """The names that stand in a `from:` of some entries, those inside groups included."""
    found: set[str] = set()
    for entry in entries:
        found.update(name.text for name in entry.reads if name is not None)
        found.update(names_read(entry.body))
    return found


def names_given(entry: LayerEntry) -> list[str]:
    """The names that an entry has, or, where it is a group without one, those that stand in it."""
    if entry.name is not None:
        return [entry.name.text]
    return [entry.type.text] if entry.type is not None else [name for each in entry.body for name in names_given(each)]


def is_constant(node: Node | None) -> bool:
    """Whether a layer's fields are the same wherever it is expanded, because no expression stands in them."""
    if isinstance(node, ScalarNode):
        return not node.text.startswith("=")
    if isinstance(node, MappingNode):
        return all(is_constant(entry.value) for entry in node.entries.values())
    return not isinstance(node, SequenceNode) or all(is_constant(item) for item in node.items)

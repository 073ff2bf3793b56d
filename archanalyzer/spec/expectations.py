"""The section ``expect:``: what must hold of a network, of what is found in it, and of its report as a whole."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from functools import partial
from pathlib import PurePosixPath
from typing import Any, NamedTuple

from archanalyzer.diagnostics import Source
from archanalyzer.diagnostics.rules.expectations import IMPOSSIBLE_EXPECTATION
from archanalyzer.graph import Claim, Expectation, PartPath, Topic, is_pattern, name_pattern
from archanalyzer.graph.patterns import COMPILING
from archanalyzer.spec.document import Document, read_keys
from archanalyzer.spec.evaluation import Evaluator, ReportedError, found_value, is_nothing
from archanalyzer.spec.nodes import MappingNode, Node, ScalarNode, SequenceNode
from archanalyzer.spec.references import part_of
from archanalyzer.spec.scalars import shown

CLAIM_KEYS = (_VALUE, _PRINTED, _ORIGIN, _NOTE) = ("value", "printed", "source", "note")
"""Of an entry that has a figure as printed elsewhere beside the right one."""
_CLAIM_EXAMPLE = "{value: 112, printed: 108, source: page 7}"
EXPECT_KEYS = ("totals", "layers", "diagnostics", "snapshot")
SNAPSHOT_ENDING = ".snapshot.txt"
"""How the name of a snapshot ends: ``check --update`` writes such files, and no spec may have it write others."""

_MOST_NAMES_COMPARED = 2_000_000
"""How many names are compared with patterns; what is beyond that, the pass refuses."""


def read_expectations(
    document: Document, known: Collection[str], opaque: Collection[str], ev: Evaluator
) -> tuple[Expectation, ...]:
    """The entries of ``expect:``, totals first; ``known`` are the full names of all layers and blocks.

    Nothing is known of what stands below the names in ``opaque``.
    """
    mapping = ev.mapping(document.sections.get("expect"), "`expect`")
    if mapping is None:
        return ()
    keys = read_keys(mapping, EXPECT_KEYS, "`expect`", ev)
    read = partial(_facts, document=document, ev=ev)
    totals = ev.mapping(keys.get("totals"), "`totals`")
    found = [fact.expectation(None) for fact in read(totals)]
    layers = ev.mapping(keys.get("layers"), "`layers`")
    missing = _Missing(known, opaque, ev)
    for subject, entry in layers.entries.values() if layers else ():
        name = subject.text
        facts = read(ev.mapping(entry, f"the facts of {shown(name)}"))
        facts = facts or [_Fact(None, None, subject.source)]
        hint = missing.hint(name)
        found.extend(fact.expectation(name, subject_source=subject.source, missing=hint) for fact in facts)
    told = read(ev.mapping(keys.get("diagnostics"), "`diagnostics`"))
    found.extend(fact.expectation(None, topic=Topic.DIAGNOSTICS) for fact in told)
    found.extend(_snapshot(keys.get("snapshot"), ev))
    return tuple(found)


class _Fact(NamedTuple):
    name: str | None
    value: Any
    source: Source
    name_source: Source | None = None
    place: Callable[[PartPath], Source] | None = None
    claim: Claim | None = None

    def expectation(self, subject: str | None, **more: Any) -> Expectation:
        within: PartPath = (_VALUE,) if self.claim else ()
        fact = (self.name, self.value, self.source, self.name_source)
        return Expectation(subject, *fact, place=self.place, claim=self.claim, within=within, **more)


def _facts(mapping: MappingNode | None, document: Document, ev: Evaluator) -> list[_Fact]:
    found = []
    for name, entry in mapping.entries.items() if mapping else ():
        with suppress(ReportedError):
            node, claim = _with_claim(entry.value, document, ev)
            value = ev.data(node, document.variables)
            found.append(_Fact(name, value, node.source, entry.key.source, partial(place_of, node), claim))
    return found


def _with_claim(node: Node, document: Document, ev: Evaluator) -> tuple[Node, Claim | None]:
    """The node of what is expected, and what is printed elsewhere, where that stands beside it.

    Raises:
        ReportedError: not all is there that goes with a printed figure, or more.
    """
    if not isinstance(node, MappingNode) or _PRINTED not in node.entries:
        return node, None
    entries = read_keys(node, CLAIM_KEYS, "a printed figure", ev)
    for key in (_VALUE, _PRINTED, _ORIGIN):
        if key not in entries:
            found = ", ".join(f"`{each}`" for each in entries) or "nothing"
            message = f"expected `{key}` with a printed figure, found {found}"
            raise ev.report(IMPOSSIBLE_EXPECTATION, message, node, hint=f"for example `{_CLAIM_EXAMPLE}`")
    printed = ev.data(entries[_PRINTED], document.variables)
    origin, note = ((ev.text(entries.get(key), f"`{key}`") or "").strip() for key in (_ORIGIN, _NOTE))
    if not origin and isinstance(entries[_ORIGIN], ScalarNode):
        ev.report(
            IMPOSSIBLE_EXPECTATION, f"expected where it is printed as `{_ORIGIN}`, found nothing", entries[_ORIGIN]
        )
    return entries[_VALUE], Claim(printed, origin, note, entries[_PRINTED].source)


def place_of(node: Node, path: PartPath) -> Source:
    """Where a part of a value stands; of a part of what an expression makes, that is the expression's place."""
    for step in path:
        if isinstance(node, MappingNode) and isinstance(step, str) and step in node.entries:
            node = node.entries[step].value
        elif isinstance(node, SequenceNode) and isinstance(step, int) and step < len(node.items):
            node = node.items[step]
        else:
            break
    return node.source


class _Missing:
    """Which of the names that are expected something of there are not."""

    def __init__(self, known: Collection[str], opaque: Collection[str], ev: Evaluator) -> None:
        self._known, self._opaque, self._ev = known, opaque, ev
        self._compared = 0

    def hint(self, name: str) -> str | None:
        """None where there is, or may be, such a layer or block; else a hint, which may be empty."""
        if is_pattern(name):
            return None if self._opaque or self._fits(name) else ""
        if name in self._known or part_of(name, self._opaque) is not None:
            return None
        return self._ev.similar(name, self._known, "layers") or ""

    def _fits(self, pattern: str) -> bool:
        self._compared += COMPILING + len(self._known)
        if self._compared > _MOST_NAMES_COMPARED:
            return True
        matches = name_pattern(pattern.removesuffix("/")).match
        return any(map(matches, self._known))


def _snapshot(node: Node | None, ev: Evaluator) -> Iterator[Expectation]:
    if node is None or is_nothing(node):
        return
    if isinstance(node, ScalarNode) and is_snapshot_name(node.text):
        yield Expectation(None, None, node.text, node.source, topic=Topic.SNAPSHOT)
        return
    found = found_value(node, node.text) if isinstance(node, ScalarNode) else node.kind
    message = f"`snapshot`: expected the name of a file beside the spec that ends in `{SNAPSHOT_ENDING}`, found {found}"
    hint = f"for example `net{SNAPSHOT_ENDING}`; a folder below the spec's may stand before it, `..` may not"
    ev.report(IMPOSSIBLE_EXPECTATION, message, node, hint=hint)


def is_snapshot_name(text: str) -> bool:
    """Whether a text names a snapshot in the spec's folder or below it, hidden folders excluded, on any system."""
    if not text.endswith(SNAPSHOT_ENDING) or not text.isprintable() or any(c in text for c in '\\:*?"<>|'):
        return False
    parts = text.split("/")
    return not PurePosixPath(text).is_absolute() and all(part and not part.startswith(".") for part in parts)

"""Names that mean no layer above: what is wrong with them can only be told once all names are known."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from archanalyzer.diagnostics import Note
from archanalyzer.diagnostics.rules.language import CYCLE, FORWARD_REFERENCE, UNKNOWN_LAYER
from archanalyzer.graph import Layer
from archanalyzer.spec.evaluation import Evaluator, chain
from archanalyzer.spec.naming import Frame
from archanalyzer.spec.nodes import ScalarNode
from archanalyzer.spec.scalars import shown

READS, SHARES = "reads", "shares the weights of"
"""What a layer does with one that it names."""

_MOST_VISITED = 200_000


class Unresolved(NamedTuple):
    """A reference to no layer above, where it is written, the index of the layer that was to read it, and how."""

    name: ScalarNode
    frame: Frame
    reader: int
    does: str


def part_of(name: str, opaque: Collection[str]) -> str | None:
    """The one of ``opaque`` that a full name is, or stands below: nothing is known of what is in it.

    Every name stands below the empty one, the top level.
    """
    while name and name not in opaque:
        name = name.rpartition("/")[0]
    return name if name in opaque else None


def report_unresolved(
    unresolved: Sequence[Unresolved],
    layers: Sequence[Layer],
    outputs: Mapping[str, int],
    opaque: Collection[str],
    ev: Evaluator,
) -> None:
    """Tells misspelt names from layers further down, and those from circles; each reference is told once."""
    forward: list[tuple[Unresolved, int]] = []
    for each in {id(each.name): each for each in reversed(unresolved)}.values():
        full = each.frame.full_name(each.name.text)
        around = full if full in outputs else part_of(full, opaque)
        if around is None:
            _report_unknown(each, outputs, ev)
        elif outputs.get(around, -1) >= each.reader:  # what stands above and is opaque has been told
            forward.append((each, outputs[around]))
    circles = _Circles(layers, forward)
    for each, target in reversed(forward):
        _report_forward(each, target, layers, circles, ev)


def _report_unknown(each: Unresolved, outputs: Mapping[str, int], ev: Evaluator) -> None:
    written, trail = each.name.text, each.frame.scope.trail
    hint: str | None
    if written == "previous":
        hint = "there is no single layer above the first one; name what it reads"
    elif trail is not None and written in outputs:
        hint = f"a block sees nothing outside itself: give it {shown(written)} as one of its `inputs:`"
    elif "/" in written:
        hint = ev.similar(written, outputs, "names")
    else:
        known = each.frame.known_names() if ev.problems.gives_hints else ()
        hint = ev.similar(written, known, "names to be seen here")
    ev.report(UNKNOWN_LAYER, f"there is no layer {shown(written)} here", each.name, hint=hint, trail=trail)


def _report_forward(each: Unresolved, target: int, layers: Sequence[Layer], circles: _Circles, ev: Evaluator) -> None:
    reader, read, trail = layers[each.reader], layers[target], each.frame.scope.trail
    if target == each.reader:
        ev.report(CYCLE, f"{shown(reader.name)} {each.does} itself", each.name, trail=trail)
        return
    circle = circles.through(each.reader, target) if each.does == READS else None
    if circle:
        names = [layers[index].name for index in circle]
        ev.report(CYCLE, f"layers read each other in a circle: {chain(names)}", each.name, trail=trail)
    if circle is not None:
        return
    hint = f"move {shown(each.name.text)} above {shown(reader.name)}"
    if each.does != READS:
        hint = "let the first of the two have the weights, and the other share them"
    ev.problems.add(
        FORWARD_REFERENCE,
        f"{shown(reader.name)} {each.does} {shown(each.name.text)}, which stands further down",
        each.name.source,
        hint=hint,
        trail=trail,
        notes=(Note(f"{shown(read.name)} stands here", read.source),),
    )


class _Circles:
    """The circles that layers would stand in, were the references to layers further down followed."""

    def __init__(self, layers: Sequence[Layer], forward: Sequence[tuple[Unresolved, int]]) -> None:
        self._readers: dict[int, list[int]] = {}
        self._told: set[frozenset[int]] = set()
        self._visited = 0
        for layer in layers if forward else ():
            for source in layer.inputs:
                self._readers.setdefault(source, []).append(layer.index)
        for each, target in forward:
            if each.does == READS:
                self._readers.setdefault(target, []).append(each.reader)

    def through(self, reader: int, target: int) -> list[int] | None:
        """The shortest circle in which ``reader`` reads ``target``, from and to the former; empty where it was told.

        None where there is none, or where too many have been looked for: that takes its time.
        """
        before = {reader: reader}
        left = deque(before)
        while left and target not in before and self._visited < _MOST_VISITED:
            self._visited += 1
            here = left.popleft()
            for each in self._readers.get(here, ()):
                if each not in before:
                    before[each] = here
                    left.append(each)
        if target not in before:
            return None
        circle = [target]
        while circle[-1] != reader:
            circle.append(before[circle[-1]])
        if frozenset(circle) in self._told:
            return []
        self._told.add(frozenset(circle))
        return [*reversed(circle), reader]

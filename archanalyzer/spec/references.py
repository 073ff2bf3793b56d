"""Names that mean no layer above: what is wrong with them can only be told once all names are known."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Collection, Mapping, Sequence
from itertools import islice
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
_LONGEST_NAME = 10_000
_MOST_LOOKED_THROUGH = 2_000
_UPWARDS = re.compile(r"^(?:\.{0,2}/)+")
"""A way out of a block as a path of files would have it, which there is none of."""


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
    end = len(name) if len(name) < _LONGEST_NAME else 0
    while end > 0 and name[:end] not in opaque:
        end = name.rfind("/", 0, end)
    found = name[: max(end, 0)]
    return found if found in opaque else None


def report_unresolved(
    unresolved: Sequence[Unresolved],
    layers: Sequence[Layer],
    outputs: Mapping[str, int],
    opaque: Collection[str],
    left_out: Collection[str],
    ev: Evaluator,
) -> None:
    """Tells misspelt names from layers further down, and those from circles; each reference is told once."""
    below: dict[int, list[_Below]] = {}
    edges: list[tuple[int, int]] = []
    unknown: dict[int, Unresolved] = {}
    for each in unresolved:
        full = each.frame.full_name(each.name.text)
        around = full if full in outputs else part_of(full, opaque)
        if around is None:
            unknown.setdefault(id(each.name), each)
            continue
        target = outputs.get(around, -1)
        if each.does == READS:
            edges.append((target, each.reader))
        if target >= each.reader:  # what stands above and is opaque has been told
            below.setdefault(id(each.name), []).append(_Below(each, target))
    for each in unknown.values():
        _report_unknown(each, outputs, left_out, ev)
    circles = _Circles(layers, edges)
    for uses in below.values():
        _report_below(uses, layers, circles, ev)


class _Below(NamedTuple):
    """A reference to something further down, which is known, or is part of something known."""

    reference: Unresolved
    target: int


def as_list(written: str) -> str | None:
    """A hint for one who wrote several names as one text."""
    names = [name.strip() for name in written.strip("()").split(",")]
    if len(names) == 1 or not all(names):
        return None
    listed = ", ".join(names)
    return f"a list is written in brackets: {shown(f'[{listed}]')}"


def _report_unknown(each: Unresolved, outputs: Mapping[str, int], left_out: Collection[str], ev: Evaluator) -> None:
    written, trail = each.name.text, each.frame.scope.trail
    hint: str | None
    if written == "previous":
        hint = "there is no single layer above the first one; name what it reads"
    elif trail is not None and _UPWARDS.sub("", written) in outputs:
        outside = shown(_UPWARDS.sub("", written))
        hint = f"a block sees nothing outside itself: give it {outside} as one of its `inputs:`"
    elif "/" in written:
        hint = ev.similar(written, outputs, "names")
    elif each.frame.full_name(written) in left_out:
        hint = "repeated 0 times, it is left out; `previous` stands for the layer above, whichever that is"
    elif listed := as_list(written):
        hint = listed
    else:
        known = _above(each, outputs) if ev.problems.gives_hints else ()
        hint = ev.similar(written, known, "names to be seen here")
    ev.report(UNKNOWN_LAYER, f"there is no layer {shown(written)} here", each.name, hint=hint, trail=trail)


def _above(each: Unresolved, outputs: Mapping[str, int]) -> list[str]:
    """The names that could be read, or shared, where a reference stands; paths only of layers of the very name."""
    frame, inputs = each.frame, each.frame.scope.inputs
    names = frame.known_names()
    seen = [name for name in names if name in inputs or outputs.get(frame.full_name(name), -1) < each.reader]
    prefix, ending = frame.scope.prefix, f"/{each.name.text}"
    inside = (name for name in islice(outputs, _MOST_LOOKED_THROUGH) if name.endswith(ending))
    return [*seen, *(name[len(prefix) :] for name in islice(inside, 2) if name.startswith(prefix))]


def _report_below(uses: Sequence[_Below], layers: Sequence[Layer], circles: _Circles, ev: Evaluator) -> None:
    """Reports one reference, which repeats and blocks may have put into several places; a circle in any is one."""
    for each, target in uses:
        trail = each.frame.scope.trail
        if target == each.reader:
            ev.report(CYCLE, f"{shown(layers[target].name)} {each.does} itself", each.name, trail=trail)
            return
        circle = circles.through(each.reader, target) if each.does == READS else None
        if circle is not None:
            message = f"layers read each other in a circle: {chain([layers[index].name for index in circle])}"
            if circle:
                ev.report(CYCLE, message, each.name, trail=trail)
            return
    each, target = uses[0]
    reader, read = layers[each.reader], layers[target]
    hint = f"move {shown(each.name.text)} above {shown(reader.name)}"
    if each.does != READS:
        hint = "let the first of the two have the weights, and the other share them"
    ev.problems.add(
        FORWARD_REFERENCE,
        f"{shown(reader.name)} {each.does} {shown(each.name.text)}, which stands further down",
        each.name.source,
        hint=hint,
        trail=each.frame.scope.trail,
        notes=(Note(f"{shown(read.name)} stands here", read.source),),
    )


class _Circles:
    """The circles that layers would stand in, were the references to layers further down followed."""

    def __init__(self, layers: Sequence[Layer], edges: Sequence[tuple[int, int]]) -> None:
        self._readers: dict[int, list[int]] = {}
        self._told: set[frozenset[int]] = set()
        self._visited = 0
        for layer in layers if edges else ():
            for source in layer.inputs:
                self._readers.setdefault(source, []).append(layer.index)
        for source, reader in edges:
            self._readers.setdefault(source, []).append(reader)

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

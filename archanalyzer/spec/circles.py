"""What needs itself by whatever way: blocks that use each other, values that no order would do for."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping

from archanalyzer.spec.expressions import compile_expression
from archanalyzer.spec.limits import DEFAULT_LIMITS
from archanalyzer.spec.nodes import Node, ScalarNode, SequenceNode
from archanalyzer.spec.scalars import ValueProblem

_MOST_VISITED = 100


def circle_of(start: str, needed: str, values: Mapping[str, Node | None]) -> list[str]:
    """The names from ``start``, which needs ``needed``, back to it, by what the values are made of; empty where none.

    The shortest such way; one that is very long is not found.
    """
    before = {needed: start}
    left = deque([needed])
    while left and start not in before and len(before) < _MOST_VISITED and start != needed:
        name = left.popleft()
        for each in _names_in(values.get(name)):
            if each in values and each not in before:
                before[each] = name
                left.append(each)
    if start not in before:
        return []
    circle = [start]
    while len(circle) == 1 or circle[-1] != start:
        circle.append(before[circle[-1]])
    return circle[::-1]


def _names_in(node: Node | None) -> list[str]:
    """The names that the expressions in a value ask for."""
    if isinstance(node, SequenceNode):
        return [name for item in node.items[:_MOST_VISITED] for name in _names_in(item)]
    if not isinstance(node, ScalarNode) or not node.text.startswith("="):
        return []
    try:
        return sorted(compile_expression(node.text, DEFAULT_LIMITS).names)
    except ValueProblem:
        return []


def circles(uses: Mapping[str, list[str]]) -> Iterator[list[str]]:
    """Names of blocks each of which uses the next, the last one being the first again; one for each that begins one.

    A search in depth: what leads back to a block on the way there closes a circle.
    """
    done: set[str] = set()
    for start in uses:
        way: dict[str, Iterator[str]] = {} if start in done else {start: iter(uses[start])}
        closed: set[str] = set()
        while way:
            last = next(reversed(way))
            use = next(way[last], None)
            if use is None:
                done.add(last)
                del way[last]
            elif use in way and use not in closed:
                closed.add(use)
                names = list(way)
                yield [*names[names.index(use) :], use]
            elif use not in way and use not in done:
                way[use] = iter(uses[use])

"""Values of nodes: scalars by the language's rules, lists, and `=` expressions with the names in scope."""

from __future__ import annotations

import re
from collections import ChainMap
from collections.abc import Callable, Collection, Iterator, Mapping, MutableMapping, Sequence
from functools import cached_property
from itertools import islice
from types import MappingProxyType
from typing import Any, NamedTuple

from archanalyzer.diagnostics import BlockUse, Problems, Rule
from archanalyzer.diagnostics.rules.expressions import EXPRESSION_NAME
from archanalyzer.diagnostics.rules.language import WRONG_KIND
from archanalyzer.spec.circles import circle_of
from archanalyzer.spec.expressions import Expressions
from archanalyzer.spec.limits import Limits
from archanalyzer.spec.nodes import MappingNode, Node, ScalarNode, SequenceNode
from archanalyzer.spec.scalars import NULLS, Value, ValueProblem, scalar_value, shown

_DASH = re.compile(r"-\w")
_WORD = re.compile(r"[^\W\d]\w*")


class ReportedError(Exception):
    """Something is wrong and already stands among the problems; whoever can do without the value goes on."""


_NOTHING: Mapping[str, Node | None] = MappingProxyType({})


class Names(ChainMap[str, Value]):
    """What expressions see.

    A name whose own value is wrong is among ``wrong``: who uses it is not told again. Those of ``later`` that have no
    value yet stand there with what it will be made of. Those of ``outside`` cannot be seen, which is a common mistake.
    """

    def __init__(
        self,
        *maps: MutableMapping[str, Value],
        later: Mapping[str, Node | None] = _NOTHING,
        outside: Collection[str] = (),
    ) -> None:
        super().__init__(*maps)
        self._outside = outside
        self.wrong: dict[str, None] = {}
        self._later = later
        self._reading = ""
        self._counts = self._may_be_any = False

    def counting(self, counter: str | None, turn: int) -> Names:
        """These names and a counter; all counters are in one map, so that those further out are found as fast.

        One whose name is wrong, None, may be meant by any name that is not there.
        """
        if counter is None:
            names = Names({}, self)
            names._may_be_any = True
            return names
        counters = self.maps[0] if self._counts else {}
        names = Names({**counters, counter: turn}, *(self.maps[1:] if self._counts else (self,)))
        names._counts = True
        return names

    def __missing__(self, name: str) -> Value:
        if name in self.wrong or self._may_be_any or name in self._parts_of_wrong_names:
            raise ReportedError(name)
        if name in self._later:
            circle = circle_of(self._reading, name, self._later)
            hint = "a value sees those above it; move what it needs up"
            if circle:
                hint = f"no order will do, for each needs the next: {chain(circle)}"
            raise ValueProblem(EXPRESSION_NAME, f"{shown(name)} has no value yet", hint)
        if name in self._outside:
            hint = f"a block sees its own arguments and the variables: pass {shown(name)} on as an argument"
            raise ValueProblem(EXPRESSION_NAME, f"there is no {shown(name)} here", hint)
        raise KeyError(name)

    @cached_property
    def _parts_of_wrong_names(self) -> frozenset[str]:
        """What expressions take for names in names that cannot be used, of which it has been told: in `kernel-size`."""
        wrong = (name for name in self._later if not name.isidentifier())
        return frozenset(part for name in wrong for part in _WORD.findall(name))

    def __iter__(self) -> Iterator[str]:
        return iter({**dict.fromkeys(super().__iter__()), **self.wrong})

    def read(self, name: str, value: Callable[[], Value]) -> None:
        """Takes up a value.

        Raises:
            ReportedError: there is none, of which ``value`` told.
        """
        self._reading = name
        try:
            self[name] = value()
        except ReportedError:
            self.wrong[name] = None
            raise


class Evaluator(NamedTuple):
    """Reads values, and puts what is wrong with them among ``problems``."""

    problems: Problems
    limits: Limits
    expressions: Expressions

    @classmethod
    def of(cls, problems: Problems, limits: Limits) -> Evaluator:
        return cls(problems, limits, Expressions(limits))

    def value(self, node: Node, names: Mapping[str, Value], trail: BlockUse | None = None) -> Value:
        """The value of a scalar, an expression or a list.

        Raises:
            ReportedError: it has none; what is wrong with any part of it is reported.
        """
        if isinstance(node, ScalarNode):
            return self._scalar(node, names, trail)
        if isinstance(node, SequenceNode):
            return tuple(self.all(node.items, lambda item: self.value(item, names, trail)))
        raise self.report(WRONG_KIND, f"expected a value or a list, found {node.kind}", node, trail=trail)

    def data(self, node: Node, names: Mapping[str, Value]) -> Any:
        """As ``value``, with lists as lists, and with maps, as dicts.

        Raises:
            ReportedError: as ``value``.
        """
        if isinstance(node, MappingNode):
            pairs = self.all(node.entries.values(), lambda entry: (entry.key.text, self.data(entry.value, names)))
            return dict(pairs)
        if isinstance(node, SequenceNode):
            return self.all(node.items, lambda item: self.data(item, names))
        return self.value(node, names)

    def all(self, items: Any, read: Any) -> list[Any]:
        """``read`` of every item, going on where one is wrong, so that all that is wrong is reported.

        Raises:
            ReportedError: after the last item, if any of them raised it.
        """
        values, failure = [], None
        for item in items:
            try:
                values.append(read(item))
            except ReportedError as error:
                failure = error
        if failure is not None:
            raise failure
        return values

    def _scalar(self, node: ScalarNode, names: Mapping[str, Value], trail: BlockUse | None) -> Value:
        try:
            if node.text.startswith("="):
                if self.expressions.budget.is_spent:
                    raise ReportedError(node.text)
                return self.expressions.evaluate(node.text, names)
            return scalar_value(node, self.limits)
        except ValueProblem as problem:
            raise self.report(problem.rule, problem.message, node, hint=problem.hint, trail=trail) from None

    def report(
        self, rule: Rule, message: str, node: Node, *, hint: str | None = None, trail: BlockUse | None = None
    ) -> ReportedError:
        """Puts a problem at ``node`` on record, and returns what to raise where nothing can be done without it."""
        self.problems.add(rule, message, node.source, hint=hint, trail=trail)
        return ReportedError(message)

    def similar(self, name: str, known: Collection[str], what: str) -> str | None:
        """A hint for a misspelt name: the known ones that are like it."""
        first, colon, _ = name.partition(":")
        if colon and first in known:
            return space_hint(first)
        return self.problems.similar(name, known, what)

    def mapping(self, node: Node | None, what: str) -> MappingNode | None:
        """``node`` as a map; None where it is absent or nothing, and, reported, where it is anything else."""
        if node is None or isinstance(node, MappingNode) or is_nothing(node):
            return node if isinstance(node, MappingNode) else None
        self.report(WRONG_KIND, f"expected {what} as a map, found {node.kind}", node)
        return None

    def sequence(self, node: Node | None, what: str) -> SequenceNode | None:
        """``node`` as a list; None where it is absent or nothing, and, reported, where it is anything else."""
        if node is None or isinstance(node, SequenceNode) or is_nothing(node):
            return node if isinstance(node, SequenceNode) else None
        text = node.text if isinstance(node, ScalarNode) and node.plain else ""
        hint = f"a dash needs a space behind it: `- {shown(text[1:], 30)[1:-1]}`" if _DASH.match(text) else None
        self.report(WRONG_KIND, f"expected {what} as a list, found {node.kind}", node, hint=hint)
        return None

    def text(self, node: Node | None, what: str) -> str | None:
        """``node`` as text, numbers and words alike as they are written; None where absent or, reported, no scalar."""
        if node is None or isinstance(node, ScalarNode):
            return node.text if isinstance(node, ScalarNode) else None
        self.report(WRONG_KIND, f"expected {what} as text, found {node.kind}", node)
        return None


def is_nothing(node: Node) -> bool:
    """Whether a value is left empty, or ``null``."""
    return isinstance(node, ScalarNode) and node.plain and node.text in NULLS


def meant(name: str, known: Collection[str]) -> str | None:
    """The known name that a wrong one most likely stands for."""
    from difflib import get_close_matches  # only ever needed once something is wrong

    near = get_close_matches(name.lower()[:80], known, n=1)
    return near[0] if near else None


def space_hint(name: str) -> str:
    """A hint for one who wrote ``units:3``, which is a text to YAML."""
    return f"YAML needs a space behind the colon: `{name}: …`"


def chain(names: Sequence[str]) -> str:
    """Names as a way from one to the next; the middle of a long one is left out."""
    shown_names = [shown(name) for name in names]
    if len(names) > 12:
        shown_names[6:-5] = [f"… {len(names) - 11:,} more …"]
    return " → ".join(shown_names)


def listed(names: Collection[str]) -> str:
    """Names as a list, shortened where they are many."""
    return ", ".join(shown(name) for name in islice(names, 12)) + (", …" if len(names) > 12 else "")


def shown_value(value: Value) -> str:
    """A value as messages show what was found."""
    if value is None:
        return "nothing"
    if not isinstance(value, tuple):
        return shown(_as_yaml(value), 40)
    written = _as_yaml(value) if len(value) <= 20 else ""
    return "an empty list" if not value else f"`{written}`" if 0 < len(written) <= 40 else f"a list of {len(value):,}"


def _as_yaml(value: Value) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(map(_as_yaml, value))}]"
    if isinstance(value, bool):
        return "true" if value else "false"
    return "null" if value is None else str(value)


def found_value(node: Node, value: Value) -> str:
    """What was found at a node: the value as it is written, or, of an expression, as it comes out."""
    if not isinstance(node, ScalarNode) or value is None or isinstance(value, tuple):
        return shown_value(value)
    if not node.text.startswith("="):
        return shown(node.written, 40)
    return f"text {shown(value, 40)}" if isinstance(value, str) else shown_value(value)

"""What a spec says beside its graph: what is expected of it, and the numbers pinned for running it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum
from types import MappingProxyType
from typing import Any, NamedTuple, TypeAlias

from archanalyzer.diagnostics import Diagnostic, Source
from archanalyzer.diagnostics.ignoring import Ignore
from archanalyzer.graph.graph import Graph

PartPath: TypeAlias = tuple[str | int, ...]
"""The way from a value to a part of it: keys of maps and indices of lists."""


class Topic(Enum):
    """What an expectation is about: a fact, what is found by a rule, or the whole report in a file."""

    FACT = "fact"
    DIAGNOSTICS = "diagnostics"
    SNAPSHOT = "snapshot"


class Claim(NamedTuple):
    """A figure as it is printed elsewhere, beside the right one: what, where, and what there is to say of it."""

    printed: Any
    origin: str
    note: str
    source: Source


class Expectation(NamedTuple):
    """One entry of ``expect:``: ``fact`` of the layer or block ``subject`` is ``value``; no subject means a total.

    ``subject`` may be a pattern, which means every layer that it fits. No fact means that all that is expected is that
    there is such a layer or block; ``missing`` is a hint where the text has none of that name. ``value`` is a plain
    number, text or nested list. ``source`` is where it stands, ``fact_source`` and ``subject_source`` are where the
    names do; ``place`` gives that of any part of the value.

    Where a ``claim`` stands beside the value, ``within`` is the way to the value from the entry that holds both.

    Of other topics there is no subject. Of diagnostics, ``fact`` is the code of a rule; of a snapshot, ``value`` is the
    name of a file beside the spec.
    """

    subject: str | None
    fact: str | None
    value: Any
    source: Source
    fact_source: Source | None = None
    subject_source: Source | None = None
    missing: str | None = None
    topic: Topic = Topic.FACT
    place: Callable[[PartPath], Source] | None = None
    claim: Claim | None = None
    within: PartPath = ()

    def at(self, path: PartPath) -> Source:
        """Where a part of the value stands; the value itself where that is not known."""
        return self.place(path) if self.place else self.source

    @property
    def label(self) -> str:
        """What messages call it: ``totals.parameters``, ``stage1/conv2d.macs``, ``diagnostics.gridding``."""
        about = self.topic.value if self.topic is not Topic.FACT else self.subject or "totals"
        return about if self.fact is None else f"{about}.{self.fact}"


class Pinned(NamedTuple):
    """One pinned value, where it stands, and where its name does.

    It is a number or a nested list of numbers, for a weight also the name of an initializer.
    """

    value: Any
    source: Source
    name_source: Source | None = None


class Running(NamedTuple):
    """What a spec pins for running it.

    ``weights``: layer → array name → value; a number alone fills the array. ``inputs``: network input → value;
    ``targets``: network output → value; where these have a batch axis, all have, of the same length. ``loss``,
    ``optimizer``: names; ``settings``: the optimizer's, by name. ``initializer``: a name, or the number to fill with.
    None or empty where the spec says nothing.
    """

    weights: Mapping[str, Mapping[str, Pinned]] = MappingProxyType({})
    inputs: Mapping[str, Pinned] = MappingProxyType({})
    targets: Mapping[str, Pinned] = MappingProxyType({})
    loss: str | None = None
    optimizer: str | None = None
    settings: Mapping[str, float] = MappingProxyType({})
    initializer: str | float | None = None

    @property
    def rate(self) -> float | None:
        """The learning rate."""
        return self.settings.get("rate")


class Spec(NamedTuple):
    """A spec as read. Where ``diagnostics`` has an error, ``graph`` holds the layers that were sound, if any.

    ``network_is_sound``: no error is in what describes the network, but at most in what is expected or pinned.
    ``ignores``: what its comments silence; ``diagnostics`` still has it.
    """

    path: str
    graph: Graph
    expectations: tuple[Expectation, ...] = ()
    running: Running = Running()
    diagnostics: tuple[Diagnostic, ...] = ()
    network_is_sound: bool = True
    ignores: tuple[Ignore, ...] = ()

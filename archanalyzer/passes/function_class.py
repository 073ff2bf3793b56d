"""What kind of function is the network: positively homogeneous, piecewise linear, and why not?

A function f is positively homogeneous where f(a·x) = a·f(x) for every a > 0, and piecewise linear where it is
continuous, and affine on each of finitely many pieces. Both are functions of the network's inputs, at inference, the
weights held fixed, whatever they are. Compositions keep both: the network up to a layer has them where that layer and
all those on its way from the inputs have. So a no names a layer that does not; that others make up for it, as a crop
does that takes away what a padding has added, is not looked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from archanalyzer.graph import Graph, Op, Role, TensorType, Trait, Types
from archanalyzer.passes.analysis import Column, Kind, Rollup, Total, analysis
from archanalyzer.passes.tensor_types import TensorTypes

_LONGEST = 120
"""Characters of a layer's name in a reason."""


class Lacking(NamedTuple):
    """The first layer on the way that lacks a property, and how it does; ``known``: whether it certainly does."""

    layer: int
    how: str
    known: bool


class Property(NamedTuple):
    """Whether layers have a property: each alone, and the network up to each; None where one has it."""

    graph: Graph
    alone: tuple[Lacking | None, ...]
    up_to: tuple[Lacking | None, ...]

    @property
    def network(self) -> Lacking | None:
        """Why the network lacks it as a whole: as the first of its outputs that does."""
        return _first([self.up_to[output] for output in self.graph.outputs])

    def why(self, lacking: Lacking | None) -> str:
        """The reason in words, "`dense` adds a bias"; empty where there is none.

        Of a very long name, only the end is told: each layer behind the one at fault has the reason.
        """
        if lacking is None:
            return ""
        name = self.graph.layers[lacking.layer].name
        return f"`{name if len(name) <= _LONGEST else '...' + name[-_LONGEST + 3 :]}` {lacking.how}"


class FunctionClass(NamedTuple):
    """Which layers are homogeneous and which piecewise linear, and how far the network is."""

    homogeneous: Property
    piecewise_linear: Property


def holds(lacking: Lacking | None) -> bool | None:
    """True where nothing is lacking, None where that is not known."""
    return True if lacking is None else False if lacking.known else None


def _all(lacking: Sequence[Lacking | None]) -> list[bool | None]:
    return [holds(each) for each in lacking]


def _first(lacking: Sequence[Lacking | None]) -> Lacking | None:
    """Of several, the one first met; one that is known before those that may be none."""
    there = [each for each in lacking if each is not None]
    return min(there, key=lambda each: (not each.known, each.layer), default=None)


def _columns(name: str, what: str, means: str) -> list[Column]:
    return [
        Column(
            name,
            what,
            f"Whether the network up to the layer is {means}, by what it is composed of.",
            lambda result: _all(getattr(result, name).up_to),
            Kind.DATA,
            Rollup.OUTPUT,
        ),
        Column(
            f"why_not_{name}",
            f"why not {what}",
            f"The first layer on the way that is not {what}, and how it is not; empty where there is none.",
            lambda result: [getattr(result, name).why(each) for each in getattr(result, name).up_to],
            Kind.DATA,
            Rollup.OUTPUT,
        ),
        Column(
            f"layer_{name}",
            f"layer {what}",
            f"Whether the layer alone is {what}.",
            lambda result: _all(getattr(result, name).alone),
            Kind.DATA,
            Rollup.NONE,
        ),
    ]


def _totals(name: str, what: str, means: str) -> list[Total]:
    return [
        Total(
            name,
            what,
            f"Whether the network is {means}, by what it is composed of.",
            lambda result: holds(getattr(result, name).network) if result.homogeneous.graph.outputs else None,
            Kind.DATA,
        ),
        Total(
            f"why_not_{name}",
            f"why not {what}",
            f"The first layer that is not {what}, and how it is not; empty where there is none.",
            lambda result: getattr(result, name).why(getattr(result, name).network),
            Kind.DATA,
        ),
    ]


_HOMOGENEOUS = ("homogeneous", "homogeneous", "positively homogeneous, f(a·x) = a·f(x) for every a > 0")
_PIECEWISE = (
    "piecewise_linear",
    "piecewise linear",
    "piecewise linear: continuous, and affine on each of some pieces",
)


@analysis(
    "function_class",
    columns=[*_columns(*_HOMOGENEOUS), *_columns(*_PIECEWISE)],
    totals=[*_totals(*_HOMOGENEOUS), *_totals(*_PIECEWISE)],
)
def function_class(graph: Graph, types: TensorTypes) -> FunctionClass:
    """What each layer declares of itself, composed along the ways on which numbers come in."""
    sources = types.sources()
    declared = types.map(_declared)
    homogeneous = [how for how, _ in declared]
    piecewise_linear = [how for _, how in declared]
    return FunctionClass(
        _composed(graph, sources, homogeneous),
        _composed(graph, sources, piecewise_linear),
    )


def _composed(graph: Graph, sources: Sequence[Sequence[int]], declared: Sequence[tuple[str, bool] | None]) -> Property:
    alone = tuple(None if how is None else Lacking(index, *how) for index, how in enumerate(declared))
    up_to: list[Lacking | None] = []
    for own, reads in zip(alone, sources, strict=True):
        up_to.append(_first([own, *(up_to[source] for source in reads)]))
    return Property(graph, alone, tuple(up_to))


_Hows = tuple[tuple[str, bool] | None, tuple[str, bool] | None]


def _declared(op: Op, inputs: Types, output: TensorType) -> _Hows:  # noqa: ARG001
    """How a layer is not homogeneous and not piecewise linear, and whether that is known; None where it is."""
    traits = op.traits
    known = op.plugin is None  # tests hold that our own layer types lack what they do not claim
    missing = ("is not", True) if known else ("does not say", False)
    homogeneous = None if Trait.HOMOGENEOUS in traits else missing
    if homogeneous and Trait.AFFINE in traits and known:  # A·x + c with a c
        has_bias = any(weight.role is Role.BIAS for weight in op.weights(inputs))
        homogeneous = (f"adds a {'bias' if has_bias else 'constant'}", True)
    return homogeneous, None if Trait.PIECEWISE_LINEAR in traits else missing

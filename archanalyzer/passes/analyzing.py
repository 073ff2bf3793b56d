"""From a spec to its facts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from archanalyzer.diagnostics import Diagnostic, Severity, has_errors
from archanalyzer.diagnostics.ignoring import told
from archanalyzer.graph import Graph, Spec
from archanalyzer.passes import standard_passes
from archanalyzer.passes.analysis import Passes
from archanalyzer.passes.facts import Facts
from archanalyzer.passes.pinned import misfits
from archanalyzer.passes.tensor_types import propagate_types


class Analyzed(NamedTuple):
    """A spec with its facts, and everything that was found wrong, in reading and in analyzing it.

    Where something is wrong, ``facts`` are those of the layers that it leaves sound, and ``partial`` says so. What the
    spec's comments silence is not among ``diagnostics``. ``network_is_sound``: what is wrong, if anything, is only what
    is expected of the network or pinned for it, or with a plugin's pass; the latter are the ``faults``, in spite of
    which all else is known.
    """

    spec: Spec
    facts: Facts
    diagnostics: tuple[Diagnostic, ...]
    network_is_sound: bool = True
    faults: tuple[Diagnostic, ...] = ()

    @property
    def partial(self) -> bool:
        return bool(self.errors_among(self.diagnostics))

    def errors_among(self, found: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
        """The errors for which a spec cannot be used: all but those that are a plugin's faults."""
        return tuple(each for each in found if each.severity is Severity.ERROR and each not in self.faults)

    @property
    def graph(self) -> Graph:
        return self.facts.graph


def analyze(spec: Spec, passes: Passes | None = None) -> Analyzed:
    """The facts of a spec; where layers do not fit, those of the layers up to there."""
    typing = propagate_types(spec.graph)
    if typing.diagnostics and spec.network_is_sound:
        from archanalyzer.passes.fitting import with_fitting_sizes  # a network that fits has no use for it

        typing = typing._replace(diagnostics=with_fitting_sizes(spec.graph, typing))
    graph = spec.graph if len(typing.known) == len(spec.graph.layers) else spec.graph.part(typing.known)
    facts = Facts(graph, passes or standard_passes())
    of_network = (*typing.diagnostics, *facts.diagnostics())
    faults = facts.faults()
    found = (*spec.diagnostics, *of_network, *faults, *misfits(facts, spec.running))
    if spec.ignores:
        looked_for = {Severity.WARNING, Severity.ADVICE} if _advise(facts.passes) else {Severity.WARNING}
        found = told(found, spec.ignores, lambda rule: rule.severity in looked_for)
    return Analyzed(spec, facts, found, spec.network_is_sound and not has_errors(of_network), faults)


def _advise(passes: Passes) -> bool:
    """Whether all passes that give advice are among these."""
    from archanalyzer.passes.advice import advisory

    return set(advisory()) <= set(passes.all)

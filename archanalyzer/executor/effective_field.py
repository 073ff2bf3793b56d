"""Effective receptive fields, measured: how large the gradients of a place of a layer are at each place of the input.

After Luo, Li, Urtasun & Zemel 2016, "Understanding the Effective Receptive Field in Deep Convolutional Neural
Networks", section 3.1: a gradient of 1 at one place of the output, 0 elsewhere, goes back through the network, and what
arrives at the input is averaged over 20 runs with different seeds. Gradients of both signs would cancel in a mean, so
their magnitudes are averaged here. Their squares are as well: where weights are drawn independently with mean 0, a
gradient has mean 0, and its variance is, in a chain of linear layers, proportional to the weights of the field for
uniform weights (section 2.2).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal, NamedTuple
from zlib import crc32

import numpy as np
from numpy.typing import ArrayLike

from archanalyzer.diagnostics import did_you_mean
from archanalyzer.executor.data import gather, pin
from archanalyzer.executor.errors import ExecutorError
from archanalyzer.executor.kernel import Array
from archanalyzer.executor.lowering import dtype_for
from archanalyzer.executor.network import Network
from archanalyzer.graph import Graph, Running, Spec
from archanalyzer.recipe import DEFAULT_INITIALIZER


class Sampling(NamedTuple):
    """What is drawn, and how often: ``samples`` inputs for each of ``seeds``, from which weights follow as well.

    ``upstream``: the gradients by the channels of the place, 1 each, or drawn from the normal distribution. Those of 1
    tell nothing of a layer whose channels add up to the same always, such as a softmax over channels.
    """

    seeds: tuple[int, ...] = tuple(range(20))
    samples: int = 1
    upstream: Literal["ones", "normal"] = "ones"


class Gradients(NamedTuple):
    """At each place of an input, what gradients are on average over all samples; its channels are added up.

    ``magnitude`` is that of their absolute values, ``square`` of their squares. Of a flat input, a place is a feature.
    """

    magnitude: Array
    square: Array

    @property
    def relative(self) -> Array:
        """The magnitudes, divided by the largest of them."""
        return self.magnitude / (self.magnitude.max(initial=0) or 1)


class Measured(NamedTuple):
    """The gradients of a place of a layer by the network inputs before it, by their index, over so many samples."""

    layer: int
    place: tuple[int, ...]
    samples: int
    by_input: dict[int, Gradients]


def measured(
    source: Network | Spec | Graph,
    layer: int,
    place: tuple[int, ...],
    *,
    weights: Mapping[str, ArrayLike] | None = None,
    inputs: Mapping[str, ArrayLike] | None = None,
    sampling: Sampling | None = None,
) -> Measured:
    """Measures the effective receptive field of a place: a position along each spatial axis, or a feature.

    The network runs as in inference. A network's own weights stay; of a spec, those that it pins do, and of any of
    them, ``weights``, arrays by name (``conv2d.weight``). The others are drawn for every seed by the spec's
    initializer, or the usual one. ``inputs``, (batch, *shape) by name, are the samples for every seed; where none are
    given, they are drawn from the normal distribution.

    Raises:
        ExecutorError: the layer has no such place, or weights or inputs do not fit.
        NonFiniteError: NaN or infinity came up.
        SpecError: the layers do not fit each other.
    """
    sampling = sampling or Sampling()
    part = _Part(source if isinstance(source, Graph) else source.graph, layer)
    dtype = source.dtype.name if isinstance(source, Network) else dtype_for(part.graph)
    network = Network(part.graph, dtype=dtype, input_gradients=True)
    _require_place(network, place)
    given = None if inputs is None else {name: each for name, each in inputs.items() if name not in part.other_inputs}
    runs: list[_Run] = []
    for seed in sampling.seeds:
        network.seed = seed
        part.set_weights(network, source, weights or {}, again=bool(runs))
        runs.append(_run(network, place, _drawn(network, sampling) if given is None else given, sampling))
    if not runs:
        raise ExecutorError("expected seeds to draw from, found none")
    samples = sum(run.samples for run in runs)
    means = {name: _mean([run.by_input[name] for run in runs], samples) for name in part.input_names}
    return Measured(layer, place, samples, {part.whole.index[name]: each for name, each in means.items()})


def _drawn(network: Network, sampling: Sampling) -> Mapping[str, ArrayLike]:
    return gather(network, Running(), batch=sampling.samples, draw_targets=False).inputs


class _Run(NamedTuple):
    """The gradients of one seed's samples, added up."""

    samples: int
    by_input: dict[str, Gradients]


def _run(network: Network, place: tuple[int, ...], inputs: Mapping[str, ArrayLike], sampling: Sampling) -> _Run:
    (y,) = network.forward(inputs).values()
    dy = np.zeros_like(y)
    at: tuple[Any, ...] = (..., *place)
    there = dy[at]  # of every sample, and, where the output isn't flat, of every channel
    random = np.random.default_rng([network.seed, crc32(b"upstream")])
    there[...] = 1 if sampling.upstream == "ones" else random.standard_normal(there.shape)
    gradients = network.backward(dy).items()
    sums = {name: Gradients(_sum(np.abs(each)), _sum(np.square(each, dtype=np.float64))) for name, each in gradients}
    return _Run(len(y), sums)


def _sum(gradients: Array) -> Array:
    """Over the samples, and over the channels where there are other axes behind them; in double precision."""
    return gradients.sum(axis=(0, 1) if gradients.ndim > 2 else 0, dtype=np.float64)


def _mean(runs: list[Gradients], samples: int) -> Gradients:
    magnitude, square = (np.sum(each, axis=0) / samples for each in zip(*runs, strict=True))
    return Gradients(magnitude, square)


def _require_place(network: Network, place: tuple[int, ...]) -> None:
    (output,) = network.graph.outputs
    shape = network.types.outputs[output].shape
    extents = shape[1:] or shape
    if len(place) != len(extents) or not all(0 <= at < extent for at, extent in zip(place, extents, strict=True)):
        name = network.graph.layers[output].name
        raise ExecutorError(f"expected a place of `{name}`, within {extents}, found {place}")


class _Part:
    """The layers that one layer depends on, with it as the only output.

    All are frozen, since no gradients by weights are wanted. Where they share weights with a layer that is not among
    them, the first of them has these for its own.
    """

    def __init__(self, whole: Graph, layer: int) -> None:
        needed = {layer}
        for each in reversed(whole.layers[: layer + 1]):
            if each.index in needed:
                needed.update(each.inputs)
        kept = sorted(needed)
        self.whole = whole
        self.owners: dict[int, int] = {}
        """By the layer that has the weights in the whole network, the layer that has them here."""
        for new, old in enumerate(kept):
            owner = self._owner(old)
            if owner == old or owner not in needed:
                self.owners.setdefault(owner, new)
        owners = [self.owners[self._owner(old)] for old in kept]
        layers = tuple(
            replace(each, frozen=True, shares=None if owner == each.index else owner)
            for each, owner in zip(whole.part(kept).layers, owners, strict=True)
        )
        self.graph = replace(whole.part(kept), layers=layers, outputs=(len(kept) - 1,))
        self.input_names = [layers[index].name for index in self.graph.inputs]
        self.other_inputs = {whole.layers[index].name for index in whole.inputs}.difference(self.input_names)

    def _owner(self, index: int) -> int:
        shares = self.whole.layers[index].shares
        return index if shares is None else shares

    def set_weights(
        self, network: Network, source: Network | Spec | Graph, weights: Mapping[str, ArrayLike], *, again: bool
    ) -> None:
        """Draws the weights from the network's seed, and sets those that are given."""
        if isinstance(source, Network):
            if again:
                return  # nothing was drawn
            weights = {**source.parameters, **weights}
        running = source.running if isinstance(source, Spec) else Running()
        network.initialize(DEFAULT_INITIALIZER if running.initializer is None else running.initializer)
        pin(network, {name: each for layer, each in running.weights.items() if (name := self._name(layer))})
        for name, array in weights.items():
            layer, _, own = name.rpartition(".")
            if here := self._name(layer):
                if f"{here}.{own}" not in network.parameters:
                    raise ExecutorError(f"there is no array `{name}`")
                network.parameters[f"{here}.{own}"] = array

    def _name(self, layer: str) -> str | None:
        """The layer here that has the weights of a layer of the whole network; None where none has."""
        if layer not in self.whole.index:
            raise ExecutorError(
                f"there is no layer `{layer}`; {did_you_mean(layer, tuple(self.whole.index), 'layers')}"
            )
        owner = self.owners.get(self._owner(self.whole.index[layer]))
        return None if owner is None else self.graph.layers[owner].name

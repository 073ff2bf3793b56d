"""Paths and uniform weights as arrays, and the same again by walking every single path."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import cache
from itertools import product
from math import prod
from typing import Any

import numpy as np

import archanalyzer
from archanalyzer.graph import Graph, IrregularWindow, Reading, TensorType, WholeAxis, Window
from archanalyzer.passes.fields.paths import count_paths, uniform_weights
from archanalyzer.passes.fields.reading_back import Array
from archanalyzer.passes.tensor_types import tensor_types
from archanalyzer.testing.readings import readings_by_position

Place = tuple[int, ...]
End = tuple[int, Place]
"""A network input, by its index, and one of its places."""


def spec(layers: str, inputs: str = "x: [1, 5]") -> Graph:
    return archanalyzer.loads(f"archspec: 1\ninputs: {{{inputs}}}\nlayers:\n{layers}").graph


def places_of(tensor: TensorType) -> list[Place]:
    """All places, the last axis running fastest; of a flat tensor, its features."""
    return list(product(*map(range, tensor.spatial or tensor.shape)))


def paths(graph: Graph, place: Place) -> Array:
    """The paths from a place of the last layer to all places of the only input."""
    types = tensor_types(graph)
    found = count_paths(graph, types, len(graph.layers) - 1, place).by_input
    return found[0].over(types.outputs[0].spatial or types.outputs[0].shape)


def shares(graph: Graph, place: Place) -> Array:
    """The uniform weights of all places of the only input, for a place of the last layer."""
    types = tensor_types(graph)
    found = uniform_weights(graph, types, len(graph.layers) - 1, place).by_input
    return found[0].over(types.outputs[0].spatial or types.outputs[0].shape)


def by_end(by_input: dict[int, Any]) -> dict[End, Any]:
    """The numbers of all places that have one."""
    return {
        (index, tuple(first + each for first, each in zip(box.start, at, strict=True))): number
        for index, box in by_input.items()
        for at, number in np.ndenumerate(box.numbers)
        if number
    }


def chain(kernel: int, layers: int) -> Graph:
    """So many convolutions over one axis, at the end of which one position is left."""
    length = layers * (kernel - 1) + 1
    return spec(f"  - conv1d: {{filters: 1, kernel: {kernel}}}\n    repeat: {layers}\n", f"x: [1, {length}]")


class Enumeration:
    """The paths of a network one at a time, and its means, from what each single position reads."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.types = tensor_types(graph)
        self.reads = cache(self._reads)
        self.shares = cache(self._shares)

    def _reads(self, layer: int, place: Place) -> list[tuple[int, list[set[Place]], list[Fraction]]]:
        """For each input of a layer: the places that each channel of a place reads, and what each of these weighs."""
        one, output = self.graph.layers[layer], self.types.outputs[layer]
        inputs = self.types.inputs(one)
        channels = [(*first, *place) for first in product(*([range(output.channels)] if output.spatial else []))]
        by_channel = [readings_by_position(one.op, inputs, each) for each in channels]
        stated = one.op.readings(inputs, output)
        assert stated is not None
        found = []
        for slot, (source, tensor) in enumerate(zip(one.inputs, inputs, strict=True)):
            first = 1 if tensor.spatial else 0
            places = [{at[first:] for at in each[slot]} for each in by_channel]
            along = list(zip(stated[slot], tensor.shape, strict=True))[first:]
            taps = [prod(number_of_taps(*each, channel) for each in along) for channel in channels]
            found.append((source, places, [Fraction(1, max(each, 1) * len(channels)) for each in taps]))
        return found

    def ends(self, layer: int, place: Place) -> Iterator[End]:
        """Where each path from a place ends."""
        if not self.graph.layers[layer].inputs:
            yield layer, place
            return
        for source, by_channel, _ in self.reads(layer, place):
            for read in set[Place]().union(*by_channel):
                yield from self.ends(source, read)

    def _shares(self, layer: int, place: Place) -> dict[End, Fraction]:
        """What each end weighs where a place is the mean of its channels, and these of what they read."""
        if not self.graph.layers[layer].inputs:
            return {(layer, place): Fraction(1)}
        found: dict[End, Fraction] = {}
        for source, by_channel, weights in self.reads(layer, place):
            for places, weight in zip(by_channel, weights, strict=True):
                for end, share in (each for read in places for each in self.shares(source, read).items()):
                    found[end] = found.get(end, Fraction(0)) + weight * share
        return found


def number_of_taps(reading: Reading, length: int, output: Place) -> int:
    """How many positions an output position reads of an axis without ends."""
    match reading:
        case Window():
            starts = [
                output[reading.axis] * reading.stride + reading.offset + k * reading.step for k in range(reading.count)
            ]
            return sum(start % reading.upsampling == 0 for start in starts)
        case IrregularWindow():
            return len(reading.reads(output[reading.axis]))
        case WholeAxis():
            return length
    return 1

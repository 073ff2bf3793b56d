"""The fields of thousands of random networks against the gradients that the executor computes: sets, not hulls.

With positive weights, no biases and sums in place of maxima, an output place's gradient is not zero exactly at the
input places that it sees (``brute_force``). Every layer of every network is compared, every output place, two ways:
walked back by itself, over all axes together; and as the pass tells of it, axis by axis.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pytest

from archanalyzer.graph import Graph
from archanalyzer.passes import standard_passes
from archanalyzer.passes.facts import Facts
from archanalyzer.passes.fields.field import Along, Field
from archanalyzer.passes.fields.positions import Positions, interval, union
from archanalyzer.passes.fields.walking import Region, at_place, walk_back
from archanalyzer.passes.receptive_field import ReceptiveFields
from tests.passes.fields.brute_force import Reach, places, reached
from tests.passes.fields.random_networks import network, text

NETWORKS = {1: 1000, 2: 1000, 3: 200}
"""By the number of axes of the inputs, how many networks are compared."""
IN_ONE_TEST = 50


def batches() -> Iterator[tuple[int, int]]:
    for axes, number in NETWORKS.items():
        for first in range(0, number, IN_ONE_TEST):
            yield axes, first


@pytest.mark.parametrize(("axes", "first"), tuple(batches()))
def test_fields_are_where_gradients_are_not_zero(axes: int, first: int) -> None:
    compared = 0
    for seed in range(first, first + IN_ONE_TEST):
        compared += compare(network(seed, axes))
    assert compared > IN_ONE_TEST  # layers: the input is one of them


def compare(graph: Graph) -> int:
    """The number of a network's layers, all of whose places have been compared."""
    fields = Facts(graph, standard_passes()).result(ReceptiveFields)
    for layer in graph.layers:
        if any(fields.types.outputs[source].spatial for source in graph.inputs):
            reach = reached(graph, layer.index)
            told = f"{layer.name} of seed's network:\n{text(graph)}"
            compare_walks(graph, fields, layer.index, reach, told)
            compare_pass(fields, layer.index, reach, told)
    return len(graph.layers)


def compare_walks(graph: Graph, fields: ReceptiveFields, layer: int, reach: dict[int, Reach], told: str) -> None:
    """Every place, walked back, over all axes together."""
    shape = fields.types.outputs[layer].shape
    for place in np.ndindex(*places(fields.types.outputs[layer])):
        walk = walk_back(graph, fields.types, layer, at_place(shape, place))
        for source, seen in reach.items():
            found = as_array(walk.regions.get(source, ()), seen.shape[len(place) :])
            assert (found == seen[place]).all(), f"place {place} of {told}"


def as_array(region: Region, shape: tuple[int, ...]) -> npt.NDArray[np.bool_]:
    """The places of a region, all channels together."""
    array = np.zeros(shape, dtype=np.bool_)
    for box in region:
        array[np.ix_(*(list(each.each()) for each in box.sets[1:]))] = True
    return array


def compare_pass(fields: ReceptiveFields, layer: int, reach: dict[int, Reach], told: str) -> None:
    """What the pass says along each axis, at every position of the layer."""
    output = fields.types.outputs[layer]
    of_layer = fields.places[layer]
    assert of_layer is not None
    told_of = dict.fromkeys(reach, Positions(0, 0))
    for field in of_layer:
        if field.input not in reach:
            continue
        told_of[field.input] = union((told_of[field.input], field.channels))
        for along in field.axes:
            rank = len(places(output))
            axes = tuple(rank + each for each in range(reach[field.input].ndim - rank) if each != along.axis - 1)
            seen = some(reach[field.input], axes)  # of shape (*output places, positions along the axis)
            compare_axis(field, along, seen, output.shape, told)
    for source, channels in told_of.items():  # features of which nothing is told see nothing
        if len(output.shape) == 1:
            silent = interval(0, output.shape[0]).without(channels)
            assert not reach[source][list(silent.each())].any(), told
        elif not channels.size:
            assert not reach[source].any(), told


def compare_axis(field: Field, along: Along, seen: Reach, shape: tuple[int, ...], told: str) -> None:
    line, told = along.field, f"axis {along.axis} of {told}"
    assert line.exact, told
    if along.scattered:
        flat = list(field.channels.each()) if len(shape) == 1 else slice(None)
        for number, expected in enumerate(seen.reshape(-1, seen.shape[-1])[flat]):
            assert line.real(number) == positions(expected), told
        return
    if len(shape) == 1:
        for feature in field.channels.each():
            assert line.real(feature if along.along == 0 else 0) == positions(seen[feature]), told
        return
    if along.along is None or along.along == 0:  # which channel sees what, gradients summed over channels do not tell
        everything = line.together() if along.along == 0 else line.real(0)
        assert everything == positions(some(seen.reshape(-1, seen.shape[-1]), (0,))), told
        if along.along is None and not field.patchy:
            assert (seen == seen.reshape(-1, seen.shape[-1])[0]).all(), told
        return
    others = tuple(axis for axis in range(len(shape) - 1) if axis != along.along - 1)
    for position, expected in enumerate(some(seen, others)):
        assert line.real(position) == positions(expected), (told, position)


def some(seen: Reach, axes: tuple[int, ...]) -> Reach:
    """Whether any of those along some axes is seen."""
    return np.asarray(seen.any(axis=axes))


def positions(seen: npt.NDArray[np.bool_]) -> Positions:
    return union(interval(int(position), int(position) + 1) for position in np.flatnonzero(seen))

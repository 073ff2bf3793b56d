"""Channels that become places, and places that become channels: what is told against walks of single positions."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count, islice

import pytest

from archanalyzer.graph import Graph
from archanalyzer.passes.fields.field import Field
from archanalyzer.passes.receptive_field import ReceptiveFields
from tests.passes.fields import random_networks
from tests.passes.fields.random_networks import network, text
from tests.passes.fields.single_positions import Seen, fields_of, kept, walked
from tests.passes.fields.test_limits import compare

NETWORKS = 150
FOUND: dict[int, dict[int, tuple[int, ...]]] = {
    1: {12: (633447205,)},
    2: {9: (52639249, 245017569, 321964639), 12: (325607955, 2698084, 766649605, 734021756, 317567240, 490588562)},
}
"""By the number of axes, and by how many kinds of layers are drawn, seeds at which something else was told once."""


def rearranging(axes: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[Graph]:
    """Networks with layers that bring channels and places into another order."""
    for drawn, seeds in FOUND[axes].items():
        monkeypatch.setattr(random_networks, "MOST_DRAWN", drawn)
        yield from (network(seed, axes) for seed in seeds)
    some = (network(seed, axes) for seed in count())
    reorders = (graph for graph in some if any(layer.op.name in ("reshape", "permute") for layer in graph.layers))
    yield from islice(reorders, NETWORKS)


@pytest.mark.parametrize("axes", [1, 2])
def test_what_is_told_holds_of_every_position(axes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for graph in rearranging(axes, monkeypatch):
        fields = fields_of(graph)
        seen = walked(fields)
        assert compare(fields, seen) == 0, text(graph)  # no bounds
        for layer in graph.layers:
            assert all_alike(fields, layer.index, seen[layer.index]), f"{layer.name} of\n{text(graph)}"


def all_alike(fields: ReceptiveFields, layer: int, seen: Seen) -> bool:
    """Whether of each field that is told of all positions alike, each position sees that, of its own channel alone."""
    flat = len(fields.types.outputs[layer].shape) == 1
    return all(_alike(field, seen) for field in fields.by_layer[layer] or () if flat or not field.mixed)


def _alike(field: Field, seen: Seen) -> bool:
    for along in field.axes:
        if along.along is None and not along.scattered and not field.patchy:
            found = {
                kept(each[along.axis] for index, each in reach if index == field.input)
                for at, reach in seen.items()
                if field.channels.has(at[0])
            }
            if found != {along.field.real(0)}:
                return False
    return True

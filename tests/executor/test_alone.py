"""A layer alone computes what it computes within its network."""

from __future__ import annotations

import numpy as np
import pytest

from archanalyzer.executor.alone import alone
from archanalyzer.executor.errors import ExecutorError
from archanalyzer.executor.machine import limit_memory
from archanalyzer.executor.network import Network
from archanalyzer.spec import parse_spec

NET = """
archspec: 1
inputs: {image: [2, 6, 6]}
layers:
  - conv2d: {filters: 3, kernel: 3, padding: same}
    name: one
  - max_pool2d: 2
    name: pool
  - conv2d: {filters: 2, kernel: 1}
    name: narrow
  - conv2d: {filters: 3, kernel: 1}
    name: wide
  - max_unpool2d:
    name: up
    from: [wide, pool]
  - conv2d: {filters: 2, kernel: 1}
    name: again
    share: narrow
  - add:
    name: sum
    from: [again, image]
"""


@pytest.fixture
def network() -> Network:
    network = Network(parse_spec(NET).graph, dtype="float64")
    network.forward(np.random.default_rng(0).normal(size=(3, 2, 6, 6)), keep=True, gradients=False)
    return network


@pytest.mark.parametrize("name", ["one", "pool", "narrow", "again", "sum"])
def test_it_computes_as_within_the_network(network: Network, name: str) -> None:
    layer = network.graph.layers[network.graph.index[name]]
    inputs = {f"input_{slot + 1}": network.bound.output(source) for slot, source in enumerate(layer.inputs)}
    outputs = alone(network, layer.index).forward(inputs)
    np.testing.assert_array_equal(outputs["layer"], network.bound.output(layer.index))


@pytest.mark.parametrize(("name", "why"), [("up", "positions that another layer has kept"), ("image", "is an input")])
def test_what_cannot_be_alone_is_told(network: Network, name: str, why: str) -> None:
    with pytest.raises(ExecutorError, match=f"`{name}` .* {why}"):
        alone(network, network.graph.index[name])


def test_what_the_whole_network_holds_counts(network: Network) -> None:
    """Of `one`, 3·2·3·3 weights and 3 biases in double precision are there once more, and no gradients by them."""
    held = sum(network.held.values())
    limit_memory(held + 8 * (54 + 3))
    try:
        made = alone(network, 1)
        assert sum(made.held.values()) == held + 8 * (54 + 3)
        limit_memory(held + 8 * (54 + 3) - 1)
        with pytest.raises(ExecutorError, match=f"^the arrays of `one`, once more, need 456 bytes beside {held:,}"):
            alone(network, 1)
    finally:
        limit_memory(None)

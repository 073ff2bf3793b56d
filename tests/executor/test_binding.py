"""Plans with their memory: using it again changes no bit, and gradients of whole networks are those of differences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from archanalyzer.executor.errors import NonFiniteError
from archanalyzer.executor.kernel import Array
from archanalyzer.executor.network import Network
from archanalyzer.testing.differences import slope
from tests.executor.networks import drawn_for, network_of, networks

run = settings(deadline=None, derandomize=True, database=None)


def run_once(network: Network, batch: int, **how: Any) -> list[tuple[str, bytes]]:
    """The bytes of all that comes of a forward and, where it is to follow, a backward step."""
    inputs = drawn_for(network, network.graph.inputs, batch)
    try:
        found = dict(network.forward(inputs, **how))
        if how.get("gradients", True):
            by_inputs = network.backward(drawn_for(network, network.graph.outputs, batch, seed=1))
            found |= {f"∂{name}": array for name, array in (*by_inputs.items(), *network.gradients.items())}
    except NonFiniteError:
        assume(False)
    found |= network.parameters
    return [(name, array.tobytes()) for name, array in found.items()]


@settings(run, max_examples=120)
@given(networks(), st.sampled_from((1, 3)), st.booleans(), st.sampled_from(("float32", "float64")))
def test_memory_that_is_used_again_changes_no_bit(text: str, batch: int, training: bool, dtype: str) -> None:
    """Nor does it matter whether gradients follow, what the memory held before, or how large the batch was then."""

    def fresh() -> Network:
        return network_of(text, dtype=dtype, input_gradients=True)

    expected = run_once(fresh(), batch, training=training, keep=True)
    assert run_once(fresh(), batch, training=training) == expected
    alone = run_once(fresh(), batch, training=training, gradients=False)
    assert alone == [pair for pair in expected if not pair[0].startswith("∂")]

    used = fresh()
    for other in (batch + 1, batch):
        run_once(used, other, training=False)
    assert run_once(used, batch, training=training) == expected


@settings(run, max_examples=120)
@given(networks(), st.booleans())
def test_gradients_of_whole_networks(text: str, training: bool) -> None:
    """By all that learns and all inputs at once, along a direction, with dropout the same each time."""
    network = network_of(text, input_gradients=True)
    random = np.random.default_rng(0)
    inputs, learned = drawn_for(network, network.graph.inputs, 2), network.parameters.trainable.flat
    start, fixed, drawn_so_far = (
        learned.copy(),
        network.parameters.fixed.flat.copy(),
        network.random.bit_generator.state,
    )
    ways = {name: random.standard_normal(x.shape) for name, x in inputs.items()}
    way = random.standard_normal(learned.shape)

    def forward(t: float) -> Mapping[str, Array]:
        learned[:] = start + t * way
        network.parameters.fixed.flat[:] = fixed
        network.random.bit_generator.state = drawn_so_far
        outputs: dict[str, Array] = network.forward(
            {name: x + t * ways[name] for name, x in inputs.items()}, training=training
        )
        return outputs

    try:
        change = slope(lambda t: np.concatenate([output.ravel() for output in forward(t).values()]))
        dy = np.where(change.exists, random.standard_normal(change.values.shape), 0)
        outputs = forward(0)
        ends = np.cumsum([output.size for output in outputs.values()])[:-1]
        pieces = zip(outputs.items(), np.split(dy, ends), strict=True)
        by_inputs = network.backward({name: piece.reshape(output.shape) for (name, output), piece in pieces})
    except NonFiniteError:
        assume(False)
    assume(change.exists.mean() > 0.5)
    found = network.gradients.flat @ way + sum((by_inputs[name] * ways[name]).sum() for name in by_inputs)
    norm = np.sqrt(sum(np.square(each).sum() for each in (network.gradients.flat, *by_inputs.values())))
    assert abs(found - dy @ change.values) <= 1e-6 * max(norm, 1e-3)

"""Exercise 6.3: the gradient by a layer's bias is its error, ∂l/∂b = δ; of a batch, the sum of the samples' errors."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

import archanalyzer
from archanalyzer.executor.data import Data, gather
from archanalyzer.executor.network import Network
from archanalyzer.executor.trace import backward_arrays
from archanalyzer.graph import Running

_H = 1e-5


@st.composite
def networks(draw: st.DrawFn) -> str:
    """Chains of dense layers and functions without kinks, now and then with a way past some of them."""
    lines = []
    for number in range(draw(st.integers(1, 4))):
        lines.append(f"  - {{dense: {draw(st.integers(1, 4))}, name: d{number}}}\n")
        functions = st.sampled_from(("tanh", "sigmoid", "softplus", "softmax"))
        lines += [f"  - {function}\n" for function in draw(st.lists(functions, max_size=2))]
    if draw(st.booleans()):
        lines.append(f"  - {{concat: , from: [previous, d{draw(st.integers(0, number))}]}}\n")
    return f"archspec: 1\ninputs: {{x: [3]}}\nlayers:\n{''.join(lines)}  - {{dense: 2, name: last}}\n"


def loss_at(network: Network, data: Data) -> float:
    """By a forward step alone."""
    (output,) = network.forward(data.inputs).values()
    (target,) = data.targets.values()
    return float(np.square(output - target).sum() / 2 / data.batch)


@given(networks(), st.integers(1, 3), st.integers(0, 100))
@settings(derandomize=True, deadline=None, max_examples=60)
def test_the_gradient_by_a_bias_is_the_error(text: str, batch: int, seed: int) -> None:
    """The traced δ against central differences of the loss by each element of each bias."""
    spec = archanalyzer.loads(text)
    network = archanalyzer.compile(spec, dtype="float64", seed=seed)
    data = gather(network, Running(), batch=batch)
    network.loss_gradients(data.inputs, data.targets, keep=True)
    errors = {each.layer: each.value for each in backward_arrays(network) if each.symbol == "δ"}
    biases = [name for name in network.parameters if name.endswith(".bias")]
    assert {f"{layer}.bias" for layer in errors} == set(biases)
    for name in biases:
        error = errors[name.removesuffix(".bias")]
        bias = network.parameters[name]
        for unit in range(bias.size):
            there = []
            for h in (_H, -_H):
                moved = bias.copy()
                moved[unit] += h
                before, network.parameters[name] = bias.copy(), moved
                there.append(loss_at(network, data))
                network.parameters[name] = before
            difference = (there[0] - there[1]) / (2 * _H)
            np.testing.assert_allclose(error[:, unit].sum(), difference, rtol=1e-6, atol=1e-8)

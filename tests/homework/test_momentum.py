"""Exercise 6.2, the two forms of momentum: the same iterates for all t, on networks; and the η that is missing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import archanalyzer
from archanalyzer.cli import main
from archanalyzer.executor.data import gather
from archanalyzer.executor.kernel import Array
from archanalyzer.executor.training import Training, set_up
from archanalyzer.graph import Running
from tests.docs.fences import ROOT


def written_out(
    gradients: list[Array], start: Array, rate: float, beta: float, *, last_without_rate: int = 0
) -> list[Array]:
    """Θ[1], and by Θ[t+1] = Θ[t] − η Σ_{s=1}^{t} β^(t−s) g[s] all further ones, each sum added up anew.

    The last steps, as many as ``last_without_rate``, are made with the bare sum.
    """
    iterates = [start]
    for t in range(1, len(gradients) + 1):
        total = sum(beta ** (t - s) * gradients[s - 1] for s in range(1, t + 1))
        is_bare = t > len(gradients) - last_without_rate
        iterates.append(iterates[-1] - (1 if is_bare else rate) * total)
    return iterates


def trained(text: str, optimizer: str, steps: int, rate: float, beta: float) -> tuple[list[Array], list[Array]]:
    """The iterates, the first one included, and the gradients, of a network that learns."""
    spec = archanalyzer.loads(text)
    network = archanalyzer.compile(spec, dtype="float64")
    set_up(network, spec.running, Running(optimizer=optimizer, settings={"rate": rate, "momentum": beta}))
    training = Training(network, gather(network, spec.running, batch=3))
    theta = network.parameters.trainable
    iterates, gradients = [theta.flat.copy()], []
    for _ in training.steps(steps):
        iterates.append(theta.flat.copy())
        gradients.append(network.gradients.flat.copy())
    return iterates, gradients


@st.composite
def networks(draw: st.DrawFn) -> str:
    """Networks without kinks, at which a last digit could decide."""
    widths = draw(st.lists(st.integers(1, 4), min_size=1, max_size=3))
    functions = draw(st.lists(st.sampled_from(("tanh", "sigmoid", "silu")), min_size=len(widths), max_size=len(widths)))
    layers = [f"dense: {width}, {function}" for width, function in zip(widths, functions, strict=True)]
    listed = ", ".join(part for layer in layers for part in layer.split(", "))
    return f"archspec: 1\ninputs: {{x: [2]}}\nlayers: [{listed}, dense: 1]\n"


LEARNING = (networks(), st.integers(3, 12), st.floats(0.01, 0.3), st.floats(0, 0.95))


@given(*LEARNING)
@settings(derandomize=True, deadline=None, max_examples=60)
def test_the_iterates_agree_for_all_t(text: str, steps: int, rate: float, beta: float) -> None:
    velocity, gradients = trained(text, "momentum", steps, rate, beta)
    unrolled, _ = trained(text, "momentum_unrolled", steps, rate, beta)
    expected = written_out(gradients, velocity[0], rate, beta)
    assert len(velocity) == len(unrolled) == len(expected) == steps + 1
    for one, other, by_sums in zip(velocity, unrolled, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(one, by_sums, rtol=1e-9, atol=1e-9)


@given(*LEARNING)
@settings(derandomize=True, deadline=None, max_examples=60)
def test_without_the_rate_they_do_not_agree(text: str, steps: int, rate: float, beta: float) -> None:
    """The sums in the last two steps of the printed derivation lack η: the steps would be 1/η times as long."""
    iterates, gradients = trained(text, "momentum", steps, rate, beta)
    *_, before_last, last = written_out(gradients, iterates[0], rate, beta, last_without_rate=2)
    moved = [np.abs(iterates[-2] - iterates[-3]).max(), np.abs(iterates[-1] - iterates[-2]).max()]
    assume(min(moved) > 1e-6)
    assert not np.allclose(before_last, iterates[-2], rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(before_last - iterates[-3], (iterates[-2] - iterates[-3]) / rate, rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(last - before_last, (iterates[-1] - iterates[-2]) / rate, rtol=1e-6, atol=1e-8)


def test_with_a_rate_of_one_the_slip_does_not_show() -> None:
    text = "archspec: 1\ninputs: {x: [2]}\nlayers: [dense: 2, tanh, dense: 1]\n"
    iterates, gradients = trained(text, "momentum", 4, 1, 0.5)
    np.testing.assert_allclose(written_out(gradients, iterates[0], 1, 0.5, last_without_rate=2), iterates, atol=1e-12)


SPEC = str(ROOT / "specs" / "homework" / "descent.yaml")
COMMAND = ("--optimizer", "momentum", "--beside", "momentum_unrolled", "--steps", "6", "--momentum", "0.5")


def test_the_trace_of_both_side_by_side(capsys: pytest.CaptureFixture[str]) -> None:
    """V[t] in the trace is Θ[t+1] − Θ[t], and −η times the sum S[t] of the traced gradients, in each form."""
    assert main(["run", SPEC, *COMMAND, "--trace", "--format", "json", "--dtype", "float64"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert [run["optimizer"] for run in document["runs"]] == ["momentum", "momentum_unrolled"]
    for layer, own in (("dense", "W"), ("dense", "b"), ("dense_2", "W"), ("dense_2", "b")):
        for run, kept, factor in zip(document["runs"], ("V", "S"), (1, -0.01), strict=True):
            of_it = [_arrays(step, layer) for step in run["steps"]]
            start = _arrays({"arrays": run["start"]}, layer)[own]
            expected = written_out([each[f"∇{own}"] for each in of_it], start, 0.01, 0.5)
            for t, each in enumerate(of_it):
                np.testing.assert_allclose(each[own], expected[t + 1], atol=1e-12)
                np.testing.assert_allclose(factor * each[f"{kept}({own})"], expected[t + 1] - expected[t], atol=1e-12)
    assert max(step["largest_difference"] for step in document["steps"]) < 1e-12


def _arrays(step: Mapping[str, Any], layer: str) -> dict[str, Array]:
    return {each["symbol"]: np.array(each["value"]) for each in step["arrays"] if each["layer"] == layer}

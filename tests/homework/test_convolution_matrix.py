"""Exercise 6.7: a convolution as a matrix, and where the hand-written solution slips.

Layer l − 1 has d(l−1) outputs o_j, layer l has d(l) sums g_i, and g_i = Σ_j h_{i−j} o_j, h_1 to h_p being all that is
not zero. So g = W·o, where W has h_{i−j} at (i, j).
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archanalyzer.executor.affine_part import AffinePart
from archanalyzer.executor.kernel import Array
from archanalyzer.executor.layer_matrix import matrix_of, offset_of
from archanalyzer.executor.network import Network
from archanalyzer.executor.optimizers import Sgd
from archanalyzer.executor.weight_terms import Terms, terms_of
from archanalyzer.graph import Graph
from archanalyzer.report.matrix.entries import of_terms
from archanalyzer.report.matrix.words import UNICODE, Names, Writer
from archanalyzer.spec import read_spec
from tests.docs.fences import ROOT
from tests.executor.parts import array, part_of

SIZES = st.tuples(st.integers(1, 7), st.integers(1, 12), st.integers(1, 4))
"""The numbers d(l−1) and d(l), and p."""


@cache
def graph(inputs: int, outputs: int, p: int) -> Graph:
    given_sizes = {"inputs": str(inputs), "outputs": str(outputs), "p": str(p)}
    spec = read_spec(str(ROOT / "specs" / "homework" / "convolution.yaml"), settings=given_sizes)
    assert not spec.diagnostics
    return spec.graph


def exercise(inputs: int, outputs: int, p: int) -> tuple[AffinePart, Array, Terms]:
    """The layer, its h_1 to h_p, and its matrix in terms of them."""
    part = part_of(graph(inputs, outputs, p))
    return part, array(part, "weight").reshape(-1)[::-1], terms_of(part).flipped()


def written_out(h: Array, outputs: int, inputs: int) -> Array:
    """W by the definition, in loops; i and j count from 1."""
    w = np.zeros((outputs, inputs))
    for i in range(1, outputs + 1):
        for j in range(1, inputs + 1):
            if 1 <= i - j <= len(h):
                w[i - 1, j - 1] = h[i - j - 1]
    return w


@settings(max_examples=60, deadline=None)
@given(SIZES)
def test_the_matrix_is_that_of_the_sum(sizes: tuple[int, int, int]) -> None:
    inputs, outputs, _ = sizes
    part, h, _ = exercise(*sizes)
    # Slip: the matrix is d(l) × d(l−1), printed as d(l) × d(l+1), and the sum runs to d(l−1).
    assert part.shape == (outputs, inputs)
    found = matrix_of(part).dense()
    np.testing.assert_array_equal(found, written_out(h, outputs, inputs))
    assert not np.diagonal(found).any()
    assert not offset_of(part).any()


@settings(max_examples=60, deadline=None)
@given(SIZES)
def test_its_entries_by_name(sizes: tuple[int, int, int]) -> None:
    inputs, outputs, p = sizes
    _, _, terms = exercise(*sizes)
    writer = Writer(Names(terms.weights), UNICODE)
    found = {(row + 1, column + 1): writer.entry(entry) for row, column, entry in of_terms(terms).all()}
    h = ["h"] if p == 1 else ["h₁", "h₂", "h₃", "h₄"]
    places = [(i, j) for i in range(1, outputs + 1) for j in range(1, inputs + 1)]
    assert found == {(i, j): h[i - j - 1] for i, j in places if 1 <= i - j <= p}


@settings(max_examples=40, deadline=None)
@given(SIZES)
def test_the_rows_of_e_are_unit_vectors(sizes: tuple[int, int, int]) -> None:
    """Slip: the last row of E goes on e_{p+1}, e_{p+2}, printed as e_{p+1} twice.

    ∂l/∂h_k = Σ δ_i o_j over the places where h_k stands, i − j = k. With the columns of δ·oᵀ one behind the other, as
    the exercise has them, the part of row k for o_j has its 1 at i = j + k: row k is e_{k+1}, e_{k+2}, …, vectors of
    d(l) numbers, and zeros where there is no place j + k.
    """
    inputs, outputs, p = sizes
    _, _, terms = exercise(*sizes)
    e = terms.parts.dense().reshape(p, outputs, inputs)
    unit = np.eye(outputs + inputs + p, outputs)  # beyond the last, no place is left
    for k in range(1, p + 1):
        blocks = [e[k - 1, :, j - 1].tolist() for j in range(1, inputs + 1)]
        assert blocks == [unit[k + j - 1].tolist() for j in range(1, inputs + 1)]


def test_the_last_row_of_e_as_printed_is_another() -> None:
    """The row of h₃ from 4 inputs to 6 outputs, o₁ to o₄ a line each: right and, by hand, as it is printed."""
    _, _, terms = exercise(4, 6, 3)
    last = terms.parts.dense().reshape(3, 6, 4)[-1].T  # the columns of δ·oᵀ one behind the other
    right = [
        [0, 0, 0, 1, 0, 0],  # h₃ takes o₁ to g₄: e₄
        [0, 0, 0, 0, 1, 0],  # e₅
        [0, 0, 0, 0, 0, 1],  # e₆
        [0, 0, 0, 0, 0, 0],  # there is no g₇
    ]
    printed = [[0, 0, 0, 1, 0, 0], [0, 0, 0, 1, 0, 0]]  # e_{p+1}, which is e₄, twice
    assert last.tolist() == right
    assert last[:1].tolist() == printed[:1]
    assert (last[1] - printed[1]).tolist() == [0, 0, 0, -1, 1, 0]


@pytest.mark.parametrize("sizes", [(5, 7, 3), (6, 4, 2)], ids=["tall", "wide"])
def test_the_step_is_minus_the_rate_times_the_gradient(sizes: tuple[int, int, int]) -> None:
    """Slip: Δh lacks its sign and step size: it is −η·E·vec(δ·oᵀ), printed without −η.

    The loss is ‖y − g‖²/2, so that δ = g − y; the step is that of the executor's training.
    """
    inputs, outputs, p = sizes
    _, h, terms = exercise(*sizes)
    network = Network(graph(*sizes), dtype="float64")
    network.parameters["conv1d.weight"] = h[::-1].reshape(1, 1, p)
    network.loss, network.optimizer = "half_squared_error", Sgd(rate=0.25)
    random = np.random.default_rng(0)
    o, y = random.standard_normal(inputs), random.standard_normal(outputs)
    network.step(o.reshape(1, 1, inputs), y.reshape(1, 1, outputs))
    step = network.parameters["conv1d.weight"].reshape(-1)[::-1] - h
    delta = written_out(h, outputs, inputs) @ o - y
    gradient = terms.parts.times(np.outer(delta, o).reshape(-1))
    np.testing.assert_allclose(step, -0.25 * gradient, rtol=1e-12)
    # The sums by hand, of δ_i o_j with i − j = k.
    by_hand = [
        sum(delta[j + k - 1] * o[j - 1] for j in range(1, inputs + 1) if j + k <= outputs) for k in range(1, p + 1)
    ]
    np.testing.assert_allclose(gradient, by_hand, rtol=1e-12)


def test_the_step_as_printed_climbs() -> None:
    """By hand, h₁ = 2 and o = (1, 3): g = (0, 2, 6), and with y = (0, 1, 2), δ = (0, 1, 4) and l = (1² + 4²)/2 = 8.5.

    The gradient is δ₂·o₁ + δ₃·o₂ = 13. At the rate 0.05 the step is −0.65, which takes g to (0, 1.35, 4.05) and l to
    (0.35² + 2.05²)/2 = 2.1625. The step as printed is 13, to g = (0, 15, 45) and l = (14² + 43²)/2 = 1022.5.
    """
    network = Network(graph(2, 3, 1), dtype="float64")
    network.loss, network.optimizer = "half_squared_error", Sgd(rate=0.05)
    o, y = np.array([[[1.0, 3.0]]]), np.array([[[0.0, 1.0, 2.0]]])

    def loss_at(h: float) -> float:
        network.parameters["conv1d.weight"] = np.full((1, 1, 1), h)
        return network.step(o, y)

    assert loss_at(2) == 8.5
    assert network.parameters["conv1d.weight"].item() == pytest.approx(2 - 0.65)
    assert loss_at(2 - 0.65) == pytest.approx(2.1625)
    assert loss_at(2 + 13) == 1022.5

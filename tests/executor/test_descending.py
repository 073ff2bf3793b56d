"""The loss along the negative gradient: by hand, against the same network written out, and what stays as it was."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import archanalyzer
from archanalyzer.executor.data import gather
from archanalyzer.executor.descending import Descent, descend, falling
from archanalyzer.executor.errors import ExecutorError, NonFiniteError
from archanalyzer.executor.training import Cause, DeadUnits, Standstill, set_up
from archanalyzer.graph import Running
from tests.docs.fences import ROOT
from tests.executor.networks import networks

LINE = """\
archspec: 1
inputs: {x: [1]}
layers: [dense: {units: 1, bias: false}]
weights: {dense: {weight: [[1]]}}
data: {inputs: {x: [1]}, targets: {dense: [0]}}
"""


def descended(
    text: str, rates: tuple[float, ...] = (1.0,), *, dtype: str = "float64", batch: int | None = None, loss: str = ""
) -> Descent:
    spec = archanalyzer.loads(text)
    network = archanalyzer.compile(spec, dtype=dtype)
    set_up(network, spec.running, Running(loss=loss or None))
    return descend(network, gather(network, spec.running, batch=batch), rates)


def test_a_parabola_by_hand() -> None:
    """With c = ½·w² and w = 1, ∇ = 1; c(1 − γ) − c(1) = −γ + ½·γ², by −γ that is 1 − ½·γ."""
    found = descended(LINE, (4, 2, 1, 0.5))
    assert (found.loss, found.squared_norm, found.critical) == (0.5, 1, None)
    assert [(each.rate, each.predicted, each.loss, each.change, each.quotient) for each in found.trials] == [
        (4, -4, 4.5, 4, -1),
        (2, -2, 0.5, 0, 0),
        (1, -1, 0, -0.5, 0.5),
        (0.5, -0.5, 0.125, -0.375, 0.75),
    ]
    assert [each.descends for each in found.trials] == [False, False, True, True]
    assert all(each.is_told for each in found.trials)
    assert found.largest == 1


def test_the_batch_of_three_against_the_network_written_out() -> None:
    """The gradient as the comment in the spec derives it by hand, and the loss at Θ − γ∇ by matrix products."""
    rates = falling(1, 0.1, 6)
    spec = (ROOT / "specs" / "homework" / "descent.yaml").read_text()
    found = descended(spec, rates)
    assert (found.loss, found.squared_norm) == (9, 188)
    x, y = np.array([[1, 0], [0, 1], [1, -2]]), np.array([[2], [-2], [2]])
    w1, b1, w2, b2 = np.array([[1, 1], [1, -1]]), np.array([0, 2]), np.array([[1, -1]]), np.array([1])
    dw1, db1, dw2, db2 = np.array([[-1, 1], [3, -5]]), np.array([0, 2]), np.array([[0, -12]]), np.array([-2])
    for each in found.trials:
        r = each.rate
        o = np.maximum(x @ (w1 - r * dw1).T + b1 - r * db1, 0)
        loss = np.square(o @ (w2 - r * dw2).T + b2 - r * db2 - y).sum() / 6
        assert each.predicted == pytest.approx(-188 * r)
        assert each.loss == pytest.approx(loss)
        assert each.change == pytest.approx(loss - 9)
        assert each.descends is bool(loss < 9)


@st.composite
def smooth(draw: st.DrawFn) -> str:
    """A network without kinks, which draws masks and moves statistics."""
    layers: list[str] = []
    for _ in range(draw(st.integers(1, 3))):
        layers.append(f"dense: {draw(st.integers(1, 4))}")
        layers += draw(st.lists(st.sampled_from(("tanh", "sigmoid", "dropout: 0.5", "batch_norm: {epsilon: 1}"))))
    return f"archspec: 1\ninputs: {{x: [3]}}\nlayers: [{', '.join(layers)}, dense: 2]\n"


@given(smooth(), st.integers(1, 4))
@settings(derandomize=True, deadline=None, max_examples=60)
def test_the_prediction_is_that_of_first_order(text: str, batch: int) -> None:
    """The quotient minus 1 is of first order in γ: tiny for a tiny γ, and half for half of it.

    Other masks at another γ would change the loss by far more than γ does.
    """
    found = descended(text, (2e-4, 1e-4, 1e-6), batch=batch)
    first, half, tiny = (each.quotient for each in found.trials)
    assert first is not None
    assert half is not None
    assert tiny == pytest.approx(1, abs=1e-3)
    assert half - 1 == pytest.approx((first - 1) / 2, rel=0.05, abs=1e-5)


NOISY = """\
archspec: 1
inputs: {x: [3]}
layers: [dense: 4, batch_norm: {momentum: 0.5}, dropout: 0.5, dense: 2]
"""


def test_all_is_as_it_was() -> None:
    network = archanalyzer.compile(archanalyzer.loads(NOISY), dtype="float64")
    data = gather(network, Running(), batch=5)
    before = {name: array.tolist() for name, array in network.parameters.items()}
    drawn = network.random.bit_generator.state
    rates = (1.0, 1e200, 1e-3)
    found = descend(network, data, rates)
    assert [each.failure is None for each in found.trials] == [True, False, True]
    assert {name: array.tolist() for name, array in network.parameters.items()} == before
    assert network.random.bit_generator.state == drawn
    assert [each.loss for each in descend(network, data, rates).trials] == [each.loss for each in found.trials]


@given(networks(), st.integers(1, 3))
@settings(derandomize=True, deadline=None, max_examples=40)
def test_of_any_network_all_is_as_it_was(text: str, batch: int) -> None:
    """Whatever the network shares, freezes, draws or has as outputs; and at the next time, the same comes of it."""
    network = archanalyzer.compile(archanalyzer.loads(text), dtype="float64")
    data = gather(network, Running(), batch=batch)
    before = {name: array.copy() for name, array in network.parameters.items()}
    drawn = network.random.bit_generator.state
    first, again = (descend(network, data, (1.0, 1e-3, 1e-300)) for _ in range(2))
    for name, array in network.parameters.items():
        np.testing.assert_array_equal(array, before[name])
    assert network.random.bit_generator.state == drawn
    assert (first.loss, first.squared_norm, first.critical) == (again.loss, again.squared_norm, again.critical)
    assert [each.loss for each in first.trials] == [each.loss for each in again.trials]
    assert [each.change for each in first.trials[2:]] == [0] * (0 if first.critical else 1)


def test_a_rate_too_small_to_change_anything() -> None:
    """The loss at γ is computed just as the loss at Θ: where no parameter changes, neither does it, to the last bit."""
    found = descended(NOISY, (1e-300,), batch=5)
    (trial,) = found.trials
    assert (trial.loss, trial.change, trial.is_told, trial.descends) == (found.loss, 0, False, False)


def test_a_change_within_rounding_is_not_told() -> None:
    """In float32, 1 − 1e-9 is 1; c = ½ is rounded to 6e-8, and a change of 1e-6 is fewer than 100 of them."""
    found = descended(LINE, (0.5, 1e-6, 1e-9), dtype="float32")
    assert [(each.is_told, each.descends) for each in found.trials] == [(True, True), (False, False), (False, False)]
    assert found.largest == 0.5
    assert descended(LINE, (1e-9,), dtype="float32").largest is None


def test_numbers_out_of_hand_are_told_at_their_rate() -> None:
    # c = ½·(1 − γ)², beyond all floats for γ = 1e200; 1e308 · (−10) is beyond them itself.
    found = descended(LINE, (1e200, 1e100))
    far, near = found.trials
    assert (far.loss, far.change, far.quotient, far.descends) == (None, None, None, False)
    assert str(far.failure) == "infinity first appears in the loss of `dense`"
    assert near.loss == pytest.approx(0.5e200)
    (trial,) = descended(LINE.replace("x: [1]}, t", "x: [10]}, t"), (1e308,)).trials
    assert str(trial.failure) == "infinity first appears in `weight` of `dense`"


def test_outputs_that_the_loss_does_not_take() -> None:
    """From o = ½ with target 1, ∂c/∂o = −2: γ = 1 leads to 2½, which is no probability."""
    text = LINE.replace("[[1]]", "[[0.5]]").replace("[0]}", "[1]}")
    out, within = descended(text, (1, 0.125), loss="binary_cross_entropy").trials
    assert str(out.failure) == "binary_cross_entropy of `dense`: expected outputs from 0 to 1, found 2.5 in sample 0"
    assert out.loss is None
    assert within.loss == pytest.approx(-np.log(0.75))


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        (LINE.replace("[[1]]", "[[0]]"), Cause.REACHED),  # o = y
        (
            LINE.replace("bias: false}", "bias: false}, frozen: true")
            .replace("[dense", "[{dense")
            .replace("true]", "true}]"),
            Cause.NOTHING_LEARNS,
        ),
        (LINE.replace("x: [1]}, targets: {dense: [0]}", "x: [0]}, targets: {dense: [1]}"), Cause.CANCELLED),  # ∇ = δ·0
    ],
)
def test_a_critical_point(text: str, cause: Cause) -> None:
    found = descended(text)
    assert (found.trials, found.largest, found.squared_norm) == ((), None, 0)
    assert found.critical == Standstill(cause, dead=())


def test_the_critical_point_of_the_worked_exercise() -> None:
    """After one step, W¹ = [[−2, 2], [0, 1]], W² = [[−8, −1], [0, 1]], b = [−2, 0]: all units are off."""
    text = (ROOT / "specs" / "toy.yaml").read_text()
    text = text.replace("weight: [[1, -1], [0, 1]], bias: [1, 0]", "weight: [[-2, 2], [0, 1]], bias: [-2, 0]", 1)
    text = text.replace("weight: [[1, -1], [0, 1]], bias: [1, 0]", "weight: [[-8, -1], [0, 1]], bias: [-2, 0]", 1)
    found = descended(text, falling(1, 0.5, 4))
    assert (found.loss, found.trials) == (0.5, ())
    assert found.critical == Standstill(Cause.BLOCKED, (DeadUnits("relu_2", (0, 1), 2), DeadUnits("relu", (0, 1), 2)))


def test_to_find_a_critical_point_changes_nothing() -> None:
    text = NOISY.replace("dense: 2]", "dense: 2, relu]")
    text += "weights: {dense_2: {weight: 0, bias: -1}}\n"
    spec = archanalyzer.loads(text)
    network = archanalyzer.compile(spec, dtype="float64")
    data = gather(network, spec.running, batch=3)
    before = {name: array.tolist() for name, array in network.parameters.items()}
    drawn = network.random.bit_generator.state
    assert descend(network, data, (1.0,)).critical is not None
    assert {name: array.tolist() for name, array in network.parameters.items()} == before
    assert network.random.bit_generator.state == drawn


def test_several_outputs_add_up() -> None:
    """With c = ½·(w − 0)² + ½·(2·w − 0)² = 2.5·w², ∇ = 5, and at w − γ·5 for γ = 0.1, 2.5·¼."""
    text = (
        "archspec: 1\ninputs: {x: [1]}\nlayers:\n  - {dense: {units: 1, bias: false}, name: a}\n"
        "  - {dense: {units: 1, bias: false}, name: b, frozen: true}\noutputs: [a, b]\n"
        "weights: {a: {weight: [[1]]}, b: {weight: [[2]]}}\ndata: {inputs: {x: [1]}, targets: {a: [0], b: [0]}}\n"
    )
    found = descended(text, (0.1,))
    assert (found.loss, found.squared_norm) == (2.5, 25)
    assert found.trials[0].loss == pytest.approx(0.625)


def test_what_does_not_go() -> None:
    with pytest.raises(NonFiniteError, match=r"^infinity first appears in the loss of `dense`$"):
        descended(LINE.replace("[[1]]", "[[1.0e+200]]"))
    # ∇ = w·x² = 1e200, whose square is beyond all floats.
    with pytest.raises(
        ExecutorError, match=r"^expected a gradient whose square is a float, found elements up to 1e\+200$"
    ):
        descended(LINE.replace("x: [1]}, t", "x: [1.0e+100]}, t"))


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        ({"first": 1, "factor": 0.5, "count": 4}, (1, 0.5, 0.25, 0.125)),
        ({"first": 3, "factor": 0.1, "count": 1}, (3,)),
    ],
)
def test_falling_rates(numbers: Mapping[str, Any], expected: tuple[float, ...]) -> None:
    assert falling(**numbers) == expected


@pytest.mark.parametrize(
    ("numbers", "message"),
    [
        ((0, 0.5, 3), "expected the first rate as a number above 0, found 0"),
        ((-1, 0.5, 3), "expected the first rate as a number above 0, found -1"),
        ((float("nan"), 0.5, 3), "expected the first rate as a number above 0, found nan"),
        ((float("inf"), 0.5, 3), "expected the first rate as a number above 0, found inf"),
        ((1, 1, 3), "expected the factor between rates as a number between 0 and 1, found 1"),
        ((1, 0, 3), "expected the factor between rates as a number between 0 and 1, found 0"),
        ((1, float("nan"), 3), "expected the factor between rates as a number between 0 and 1, found nan"),
        ((1, 0.5, 0), "expected 1 to 1,000 rates, found 0"),
        ((1, 0.5, 1001), "expected 1 to 1,000 rates, found 1,001"),
        ((1, 0.1, 400), "expected rates above 0, found 1 · 0.1^399, which is 0 as a float"),
    ],
)
def test_rates_that_do_not_fall(numbers: tuple[float, float, int], message: str) -> None:
    with pytest.raises(ExecutorError) as caught:
        falling(*numbers)
    assert str(caught.value) == message

"""Exercise 6.1: for which activations y(x)/x = y′(x). Derived with fractions, held against ours; and the slip in it.

The solution divides by y: y′/y = 1/x, so ln y = ln x + const. That covers y > 0 alone, and x > 0. But (y/x)′ = 0 says
the same for every sign of x and y, and for y = 0: y is a·x from 0 on, and −b·x below, with any a and b.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from statistics import NormalDist
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archanalyzer import loads, ops
from archanalyzer.cli import main
from archanalyzer.executor.kernel import Array
from archanalyzer.executor.linearizing import linearize
from archanalyzer.graph import Trait
from archanalyzer.ops.activation import Activation
from archanalyzer.passes import standard_passes
from archanalyzer.passes.facts import Facts
from archanalyzer.testing.calling import input_gradients
from archanalyzer.testing.cases import Case, cases_for
from archanalyzer.testing.points import draw_point
from tests.executor.networks import net

ACTIVATIONS = sorted(name for name in ops.names() if issubclass(ops.get(name), Activation))
assert ACTIVATIONS

numbers = st.fractions(-10, 10, max_denominator=20)
SIDES = pytest.mark.parametrize("side", [1, -1])


# --- The solution, with fractions


def followed(start: Fraction, y: Fraction, end: Fraction, steps: int = 7) -> Fraction:
    """Where y′ = y/x leads from (start, y), by Runge and Kutta's method, exact for a line."""
    x, h = start, (end - start) / steps
    for _ in range(steps):
        first = y / x
        second = (y + h / 2 * first) / (x + h / 2)
        third = (y + h / 2 * second) / (x + h / 2)
        fourth = (y + h * third) / (x + h)
        x, y = x + h, y + h / 6 * (first + 2 * second + 2 * third + fourth)
    return y


@SIDES
@given(value=numbers, far=st.fractions(Fraction(1, 20), 20, max_denominator=20))
def test_on_each_side_of_zero_it_is_a_line_through_zero(side: int, value: Fraction, far: Fraction) -> None:
    """From y(±1), of whatever sign, to any x on the same side; the sides have nothing to do with each other."""
    assert followed(Fraction(side), value, side * far) == value * far


@given(a=numbers, b=numbers, x=numbers.filter(bool))
def test_two_such_lines_are_a_solution(a: Fraction, b: Fraction, x: Fraction) -> None:
    """y/x and y′, the quotient of a difference on one side of 0, are a above and −b below: (y′·x − y)/x² = 0."""

    def y(at: Fraction) -> Fraction:
        return a * at if at >= 0 else -b * at

    slope = (y(x + x / 3) - y(x)) / (x / 3)
    assert (slope * x - y(x)) / x**2 == 0
    assert y(x) / x == slope == (a if x > 0 else -b)


# --- The slip: what is divided by, and of what the logarithm is taken


@given(a=numbers, x=numbers.filter(bool))
def test_a_logarithm_covers_what_is_above_zero(a: Fraction, x: Fraction) -> None:
    """By y = a·x it holds for all a and x; ln y − ln x is there, and is ln a, where both are above 0, nowhere else."""
    y = a * x
    assert y / x == a
    if x > 0 and y > 0:
        assert math.log(y) - math.log(x) == pytest.approx(math.log(a), abs=1e-12)
    else:
        with pytest.raises(ValueError, match="math domain error"):
            math.log(y) - math.log(x)


@pytest.mark.parametrize(
    ("text", "sign"),
    [("relu", 0), ("leaky_relu: 0.1", -1), ("leaky_relu: -0.1", 1), ("identity", -1)],
)
def test_solutions_have_every_sign_below_zero(text: str, sign: int) -> None:
    """What the solution's own examples do on the left is not covered by its proof: y is 0 or negative there."""
    y, slope = at(text, -2.0)
    assert np.sign(y) == sign
    assert slope * -2 == y


# --- Ours


def at(text: str, x: float) -> tuple[float, float]:
    """The value of an activation and its slope, as a network of it alone computes them."""
    network = net(f"  - {text}\n", "x: [1]")
    (y,) = network.forward({"x": np.array([[x]])}).values()
    (gradient,) = network.backward(np.ones((1, 1))).values()
    return float(y[0, 0]), float(gradient[0, 0])


def is_homogeneous(text: str) -> Any:
    graph = loads(f"archspec: 1\ninputs: {{x: [1]}}\nlayers:\n  - {text}\n").graph
    return Facts(graph, standard_passes()).total("homogeneous").amount.value


SOLUTIONS: dict[str, dict[str, tuple[Fraction, Fraction]]] = {
    # by type, the slopes above and below 0, by how it is written
    "identity": {"identity": (Fraction(1), Fraction(1))},
    "relu": {"relu": (Fraction(1), Fraction(0))},
    "leaky_relu": {
        "leaky_relu: 0.25": (Fraction(1), Fraction(1, 4)),
        "leaky_relu: -0.5": (Fraction(1), Fraction(-1, 2)),
        "leaky_relu: 3": (Fraction(1), Fraction(3)),
    },
    "prelu": {"prelu": (Fraction(1), Fraction(1, 4))},  # as it begins
}


@pytest.mark.parametrize("text", [text for texts in SOLUTIONS.values() for text in texts])
def test_a_solution_of_ours(text: str) -> None:
    slopes = next(texts[text] for texts in SOLUTIONS.values() if text in texts)
    for x in (-8, -1, Fraction(-1, 8), Fraction(1, 8), 1, 8):
        above, below = slopes
        expected = above if x > 0 else below
        assert at(text, float(x)) == (float(expected * x), float(expected))
    assert is_homogeneous(text) is True


NORMAL = NormalDist()
SELU_SCALE, SELU_ALPHA = 1.0507009873554805, 1.6732632423543772
"""λ and α of Klambauer et al. 2017, "Self-Normalizing Neural Networks", equation 2 and below it."""


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


COUNTEREXAMPLES: dict[str, tuple[float, Callable[[float], tuple[float, float]]]] = {
    # by type, an x, and y and y′ there by the formula
    "elu": (-1, lambda x: (math.exp(x) - 1, math.exp(x))),
    "selu": (-1, lambda x: (SELU_SCALE * SELU_ALPHA * (math.exp(x) - 1), SELU_SCALE * SELU_ALPHA * math.exp(x))),
    "gelu": (1, lambda x: (x * NORMAL.cdf(x), NORMAL.cdf(x) + x * NORMAL.pdf(x))),
    "hardsigmoid": (1, lambda x: ((x + 3) / 6, 1 / 6)),
    "hardswish": (1, lambda x: (x * (x + 3) / 6, (2 * x + 3) / 6)),
    "relu6": (8, lambda _: (6, 0)),
    "sigmoid": (1, lambda x: (sigmoid(x), sigmoid(x) * (1 - sigmoid(x)))),
    "silu": (1, lambda x: (x * sigmoid(x), sigmoid(x) + x * sigmoid(x) * (1 - sigmoid(x)))),
    "softplus": (1, lambda x: (math.log(1 + math.exp(x)), sigmoid(x))),
    "tanh": (1, lambda x: (math.tanh(x), 1 - math.tanh(x) ** 2)),
}


@pytest.mark.parametrize("name", COUNTEREXAMPLES)
def test_a_counterexample_of_ours(name: str) -> None:
    x, formula = COUNTEREXAMPLES[name]
    y, slope = formula(x)
    assert abs(y / x - slope) > 0.1
    assert at(name, x) == pytest.approx((y, slope), rel=1e-9)
    assert is_homogeneous(name) is False


def test_every_activation_is_one_or_the_other() -> None:
    assert sorted([*SOLUTIONS, *COUNTEREXAMPLES]) == ACTIVATIONS


ELEMENTWISE = [
    case
    for name in ops.names()
    if name != "input"
    for case in cases_for(ops.get(name))
    if Trait.ELEMENTWISE in case.op.traits and len(case.inputs) == 1
]


@pytest.mark.parametrize("case", ELEMENTWISE, ids=str)
def test_what_works_element_by_element_is_two_slopes_where_it_is_its_slope_times_x(case: Case) -> None:
    """All examples of activations, and a batch norm and others besides, at weights at random."""
    samples = np.array([-8.0, -5, -2, -1, -0.1, 0.1, 1, 2, 5, 8])
    shape = (len(samples), *case.inputs[0].shape)
    x = np.broadcast_to(samples.reshape(-1, *(1,) * (len(shape) - 1)), shape)
    forward = draw_point(case, len(samples), np.random.default_rng(0)).with_inputs(x).forward(case)
    (slope,) = input_gradients(case, forward, np.ones(shape))
    y = forward.output
    a, b = y[samples == 1], y[samples == -1]
    is_its_slope_times_x = np.allclose(y, slope * x, atol=1e-12)
    has_two_slopes = np.allclose(y, np.where(x >= 0, a * x, -b * x), atol=1e-12)
    assert is_its_slope_times_x == has_two_slopes == (Trait.HOMOGENEOUS in case.op.traits)


# --- Whole networks


def applied(weights: list[list[int]], x: list[Fraction]) -> list[Fraction]:
    """A matrix times a vector."""
    return [sum((w * each for w, each in zip(row, x, strict=True)), Fraction(0)) for row in weights]


@pytest.mark.parametrize("x", [(1, -1), (-3, 2), (2, 5), (-1, -4)])
def test_a_network_of_solutions_is_its_slope_times_its_input(
    x: tuple[int, int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """W²·σ(W¹·x), and its slope A, whose columns are exact quotients of a difference that changes no sign."""
    first, second = [[1, 2], [-1, 1], [0, -1]], [[1, 0, 2], [0, 1, -1]]

    def f(*at: Fraction) -> list[Fraction]:
        return applied(second, [g if g > 0 else g / 2 for g in applied(first, list(at))])

    point, step = [Fraction(each) for each in x], Fraction(1, 1000)
    assert all(applied(first, point))
    here = f(*point)
    after = f(point[0] + step, point[1]), f(point[0], point[1] + step)
    matrix = [[(column[row] - here[row]) / step for column in after] for row in range(2)]
    assert [row[0] * point[0] + row[1] * point[1] for row in matrix] == here

    spec = tmp_path / "net.yaml"
    spec.write_text(
        "archspec: 1\ninputs: {x: [2]}\n"
        "layers: [dense: {units: 3, bias: false}, leaky_relu: 0.5, dense: {units: 2, bias: false}]\n"
        f"weights: {{dense: {{weight: {first}}}, dense_2: {{weight: {second}}}}}\ndata: {{inputs: {{x: {list(x)}}}}}\n"
    )
    assert main(["linearize", str(spec), "--format", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["homogeneous"] is True
    assert document["maps"] == [{"output": "dense_2", "input": "x", "A": matrix}]
    assert document["outputs"] == {"dense_2": here}
    assert document["constants"] == {"dense_2": [0, 0]}
    assert [(each["difference"], each["expected"]) for each in document["checks"]] == [(0, True)] * 3


@pytest.mark.parametrize(("name", "x", "difference"), [("relu6", 8.0, 6), ("hardsigmoid", 1.0, 1 / 2)])
def test_of_a_network_that_is_none_the_difference_is_told(name: str, x: float, difference: float) -> None:
    """It is y − y′·x: 6 − 0·8, and 4/6 − 1/6."""
    point: Array = np.array([[x]])
    (*_, check) = linearize(net(f"  - {name}\n", "x: [1]"), {"x": point}).checks
    assert check.difference == pytest.approx(difference)
    assert (check.holds, check.expected) == (False, False)

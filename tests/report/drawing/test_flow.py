"""The symbols of forward and backward propagation: those of the exercise, and true, number by number."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import archanalyzer
from archanalyzer.executor.data import gather
from archanalyzer.executor.trace import backward_arrays, forward_arrays
from archanalyzer.executor.training import set_up
from archanalyzer.passes.analyzing import analyze
from archanalyzer.passes.drawing_flow import Flow, NotDiagonal, is_pinned_diagonal, signal_flow, units
from archanalyzer.report.drawing.flow_words import Cell, cells, legend, shown_units
from tests.docs.fences import ROOT

TOY = (ROOT / "specs" / "toy.yaml").read_text()
DIAGONAL = (ROOT / "specs" / "homework" / "diagonal.yaml").read_text()
HEAD = "archspec: 1\ninputs: {x: [2]}\nlayers:\n"
RAISED = {number: str(number).translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")) for number in range(30)}
LOWERED = {number: str(number).translate(str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")) for number in range(30)}


def flow_of(text: str) -> Flow:
    analyzed = analyze(archanalyzer.loads(text))
    assert not analyzed.diagnostics
    return signal_flow(analyzed.facts, analyzed.spec.running)


def by_layer(text: str) -> dict[str, Cell]:
    """The cells of a network by the names of their layers, that of the loss under none."""
    return {cell.layer: cell for cell in cells(flow_of(text))}


def symbols(cell: Cell) -> list[str]:
    """What stands on the way forward, from left to right, signals included."""
    return [*(operator.forward for operator in cell.operators), cell.signal]


def symbols_back(cell: Cell) -> list[str]:
    """What stands on the way back, from right to left."""
    return [cell.error, *(each.back for each in reversed(cell.operators) if each.back and cell.passes)]


# --- As in the exercise


def test_the_exercise() -> None:
    """Exercise 6.3: o⁰ → W¹ → + b¹ → g¹ → σ → o¹ → …, and back from ε² = ∂ℓ/∂o² to δ¹."""
    row = cells(flow_of(TOY))
    forward = [symbol for cell in row for symbol in symbols(cell) if symbol]
    assert forward == ["o⁰", "W¹", "+", "g¹", "σ", "o¹", "W²", "+", "g²", "σ", "o²", "ℓ"]
    back = [symbol for cell in reversed(row) for symbol in symbols_back(cell) if symbol]
    assert back == ["o² − y", "ε²", "Λ²", "δ²", "(W²)ᵀ", "ε¹", "Λ¹", "δ¹"]
    assert [operator.above for cell in row for operator in cell.operators if operator.above] == ["b¹", "b²", "y"]
    assert [operator.tie for cell in row for operator in cell.operators if operator.tie] == ["σ′(g¹)", "σ′(g²)"]
    gradients = [cell.gradients for cell in row if cell.gradients]
    assert gradients == [("∂ℓ/∂W¹ = δ¹ · (o⁰)ᵀ", "∂ℓ/∂b¹ = δ¹"), ("∂ℓ/∂W² = δ² · (o¹)ᵀ", "∂ℓ/∂b² = δ²")]


def test_the_exercise_with_diagonal_weights() -> None:
    row = cells(flow_of(DIAGONAL), 2)
    forward = [symbol for cell in row for symbol in symbols(cell) if symbol]
    assert forward == ["o₂⁰", "w₂₂¹", "+", "g₂¹", "σ", "o₂¹", "w₂₂²", "+", "g₂²", "σ", "o₂²", "ℓ"]
    back = [symbol for cell in reversed(row) for symbol in symbols_back(cell) if symbol]
    assert back == ["o₂² − y₂", "ε₂²", "λ₂²", "δ₂²", "w₂₂²", "ε₂¹", "λ₂¹", "δ₂¹"]
    assert row[1].gradients == ("∂ℓ/∂w₂₂¹ = δ₂¹ · o₂⁰", "∂ℓ/∂b₂¹ = δ₂¹")


def test_numbers_of_two_digits() -> None:
    row = cells(flow_of(HEAD + "  - repeat: 12\n    layers: [dense: 2, tanh]\n"))
    assert symbols(row[23])[:3] == ["W¹²", "+", "g¹²"]
    assert cells(flow_of(HEAD.replace("[2]", "[12]") + "  - dense: 12\n"), 12)[1].signal == "g₁₂¹ = o₁₂¹"


# --- And true


class Numbers:
    """What each symbol is, from the executor: arrays of the only sample, the trace of a training step."""

    def __init__(self, text: str, unit: int | None = None) -> None:
        spec = archanalyzer.loads(text)
        network = archanalyzer.compile(spec, dtype="float64", seed=3)
        set_up(network, spec.running)
        data = gather(network, spec.running, draw_targets=True)
        network.loss_gradients(data.inputs, data.targets, keep=True)
        self.at = None if unit is None else unit - 1
        self.of: dict[str, Any] = {}
        weighted = [layer.name for layer in network.graph.layers if network.has_weights(layer)]
        indices = [network.graph.index[name] for name in weighted]
        for traced in (*forward_arrays(network), *backward_arrays(network)):
            at = network.graph.index[traced.layer]
            number = sum(index <= at for index in indices)  # how many layers with weights there are up to it
            self._put(traced.symbol, number, traced.value[0])
            if traced.symbol == "g":
                self._put("o", number, traced.value[0])  # unless an activation follows
        for name, array in network.parameters.items():
            layer, _, own = name.rpartition(".")
            self._put({"weight": "W", "bias": "b"}[own], weighted.index(layer) + 1, array)
        (target,) = data.targets.values()
        self._put("y", None, target[0])
        self.gradients = {}
        for name, array in network.gradients.items():
            layer, _, own = name.rpartition(".")
            symbol = self._symbol({"weight": "W", "bias": "b"}[own], weighted.index(layer) + 1)
            self.gradients[symbol] = (
                array if self.at is None else np.diag(array)[self.at] if array.ndim > 1 else array[self.at]
            )

    def _symbol(self, letter: str, number: int | None) -> str:
        raised = "" if number is None else RAISED[number]
        if self.at is None:
            return f"{letter}{raised}"
        unit = LOWERED[self.at + 1]
        return f"w{unit}{unit}{raised}" if letter == "W" else f"{'λ' if letter == 'Λ' else letter}{unit}{raised}"

    def _put(self, letter: str, number: int | None, array: Any) -> None:
        if self.at is None:
            self.of[self._symbol(letter, number)] = np.diag(array) if letter == "Λ" else array
        else:
            self.of[self._symbol(letter, number)] = np.diag(array)[self.at] if array.ndim > 1 else array[self.at]

    def value(self, text: str) -> Any:
        """What a formula of a cell comes to: a symbol, ``(W)ᵀ``, ``a − b`` or ``a · (b)ᵀ``."""
        if found := re.fullmatch(r"(\S+) − (\S+)", text):
            return self.value(found[1]) - self.value(found[2])
        if found := re.fullmatch(r"(\S+) · \((\S+)\)ᵀ", text):
            return np.outer(self.value(found[1]), self.value(found[2]))
        if found := re.fullmatch(r"(\S+) · (\S+)", text):
            return self.value(found[1]) * self.value(found[2])
        if found := re.fullmatch(r"\((\S+)\)ᵀ", text):
            return self.value(found[1]).T
        return self.of[text.partition(" = ")[0]]


RANDOM = f"""{HEAD}  - dense: 3
  - tanh
  - dense: {{units: 4, bias: false}}
  - sigmoid
  - dense: 2
training: {{loss: half_squared_error, optimizer: sgd, rate: 1}}
"""


@pytest.mark.parametrize(("text", "unit"), [(TOY, None), (RANDOM, None), (DIAGONAL, 1), (DIAGONAL, 2)])
def test_the_way_forward_and_the_way_back_come_to_what_the_executor_computes(text: str, unit: int | None) -> None:
    """From the input, W, + b and σ give every signal; from the loss, Λ and Wᵀ give every error, and the gradients."""
    numbers = Numbers(text, unit)
    row = cells(flow_of(text), unit)
    value = numbers.value(row[0].signal)
    for cell in row[1:-1]:
        for operator in cell.operators:
            if operator.forward == "σ":
                value = numbers.value(cell.signal)  # what the function makes of it, only the executor knows
            elif operator.forward == "+":
                value = value + numbers.value(operator.above)
            else:
                value = np.dot(numbers.value(operator.forward), value)
        np.testing.assert_allclose(value, numbers.value(cell.signal), rtol=1e-12)
    (loss,) = row[-1].operators
    error = numbers.value(loss.back or "")
    for cell in reversed(row[1:-1]):
        np.testing.assert_allclose(error, numbers.value(cell.error), rtol=1e-12)
        for gradient in cell.gradients:
            symbol, formula = re.fullmatch(r"∂ℓ/∂(\S+) = (.*)", gradient).groups()  # type: ignore[union-attr]
            np.testing.assert_allclose(numbers.value(formula), numbers.gradients[symbol], rtol=1e-12)
        for operator in reversed(cell.operators):
            if operator.back and cell.passes:
                error = np.dot(numbers.value(operator.back), error)
    assert all(cell.passes for cell in row[2:])
    assert not row[1].passes


# --- Other networks


def test_layers_between_have_no_symbols_and_o_is_what_the_next_weights_read() -> None:
    layers = "[conv1d: {filters: 2, kernel: 3}, relu, max_pool1d: 2, flatten, dense: 3]"
    text = f"archspec: 1\ninputs: {{x: [1, 8]}}\nlayers: {layers}\n"
    found = by_layer(text)
    assert symbols(found["conv1d"]) == ["W¹", "+", "g¹"]
    assert symbols(found["relu"]) == ["σ", ""]
    assert symbols(found["max_pool1d"]) == ["max_pool1d", ""]
    assert symbols(found["flatten"]) == ["flatten", "o¹"]
    assert symbols_back(found["flatten"]) == ["ε¹", "(∂f)ᵀ"]
    assert symbols_back(found["relu"]) == ["", "Λ¹"]
    # Of a convolution, g = W·o with W made of the kernel h, and b is one number a channel.
    assert found["conv1d"].gradients == ("∂ℓ/∂h¹ = E · vec(δ¹ · (o⁰)ᵀ)", "∂ℓ/∂b¹ = Σ δ¹")
    assert found["dense"].signal == "g² = o²"
    assert found[""].operators[0].back == "∂ℓ/∂o²"
    assert any(line.startswith("(∂f)ᵀ: ") for line in legend(flow_of(text)))


def test_without_a_known_loss_the_error_is_only_named() -> None:
    text = f"{HEAD}  - dense: 2\ntraining: {{loss: cross_entropy}}\n"
    operator = by_layer(text)[""].operators[0]
    assert (operator.back, operator.name) == ("∂ℓ/∂o¹", "cross_entropy")


def test_what_is_frozen_has_no_gradients_and_stops_the_way_back() -> None:
    found = by_layer(f"{HEAD}  - dense: 2\n    frozen: true\n  - relu\n  - dense: 2\n  - dense: 2\n    frozen: true\n")
    assert (found["dense"].arrives, found["dense"].gradients) == (False, ())
    assert (found["relu"].arrives, found["relu"].error) == (False, "")
    assert (found["dense_2"].arrives, found["dense_2"].passes) == (True, False)
    assert (found["dense_3"].gradients, found["dense_3"].passes) == ((), True)


def test_shared_weights_have_the_number_of_their_owner() -> None:
    found = by_layer(f"{HEAD}  - dense: 2\n  - relu\n  - dense: 2\n    share: dense\n")
    assert symbols(found["dense_2"]) == ["W¹", "+", "g² = o²"]
    assert found["dense_2"].gradients == ("∂ℓ/∂W¹ += δ² · (o¹)ᵀ", "∂ℓ/∂b¹ += δ²")


def test_merges_are_named_after_their_layers() -> None:
    found = by_layer(
        f"{HEAD}  - dense: 2\n    name: a\n  - relu\n  - add:\n    from: [relu, a]\n  - tanh\n  - dense: 2\n"
    )
    assert found["a"].signal == "g¹ = o¹"  # read by two, so that no run goes on from it
    assert symbols(found["relu"]) == ["σ", "o(relu)"]
    assert symbols_back(found["relu"]) == ["ε(relu)", "Λ(relu)"]
    assert symbols(found["add"]) == ["add", ""]
    assert symbols(found["tanh"]) == ["σ", "o(tanh)"]
    assert found["dense"].gradients[0] == "∂ℓ/∂W² = δ² · (o(tanh))ᵀ"
    assert found["relu"].sources == (1,)
    assert found["add"].sources == (2, 1)


def test_several_inputs_and_outputs_have_names() -> None:
    found = by_layer((ROOT / "tests" / "passes" / "cases" / "two_inputs_two_outputs.yaml").read_text())
    signals = {cell.signal for cell in found.values() if not cell.operators}
    assert signals == {"o(left)", "o(right)"}


def test_what_norms_a_batch_is_no_matrix() -> None:
    cell = by_layer(f"{HEAD}  - dense: 2\n  - batch_norm\n  - relu\n")["batch_norm"]
    assert symbols(cell) == ["f²", "g²"]
    assert symbols_back(cell) == ["δ²", "(∂f²)ᵀ"]
    assert cell.gradients == ("∂ℓ/∂(parameters of batch_norm)",)


def test_a_learned_slope_belongs_to_its_activation() -> None:
    cell = by_layer(f"{HEAD}  - dense: 2\n  - prelu\n")["prelu"]
    assert symbols_back(cell) == ["ε¹", "Λ¹"]
    assert cell.gradients == ("∂ℓ/∂(parameters of prelu)",)


def test_a_layer_of_which_only_the_shape_is_read_sends_nothing_back() -> None:
    text = "archspec: 1\ninputs: {x: [1, 8]}\nlayers:\n  - conv1d: {filters: 1, kernel: 3}\n    name: small\n"
    text += "  - crop_like:\n    from: [x, small]\n  - conv1d: {filters: 1, kernel: 1}\n"
    found = by_layer(text)
    assert found["crop_like"].sources == (0,)
    assert found["small"].arrives is False


def test_what_comes_in_is_x_until_it_is_what_weights_read() -> None:
    text = "archspec: 1\ninputs: {image: [1, 2]}\nlayers: [flatten, dense: 2]\n"
    found = by_layer(text)
    assert (found["image"].signal, found["flatten"].signal) == ("x", "o⁰")
    assert any(line.startswith("x: ") for line in legend(flow_of(text)))


# --- Diagonal networks


def test_what_is_pinned_as_a_diagonal_is_one() -> None:
    spec = archanalyzer.loads(DIAGONAL)
    assert is_pinned_diagonal(flow_of(DIAGONAL), spec.running)
    assert units(flow_of(DIAGONAL)) == 2


@pytest.mark.parametrize(
    "text",
    [TOY, DIAGONAL.replace("[1, 0], [0, 3]", "[1, 0], [2, 3]"), re.sub("  dense_2: .*\n", "", DIAGONAL)],
    ids=["toy", "a number beside the diagonal", "a layer without pinned weights"],
)
def test_what_is_not_pinned_so_is_none(text: str) -> None:
    assert not is_pinned_diagonal(flow_of(text), archanalyzer.loads(text).running)


@pytest.mark.parametrize(
    ("layers", "reason"),
    [
        ("  - dense: 3\n", "expected flat layers that are equally wide, found `dense`, 3 behind 2"),
        ("  - softmax\n", "expected layers that work element by element beside the dense ones, found `softmax`"),
        ("  - batch_norm\n", "expected dense layers, found `batch_norm`, whose weights are no matrix"),
        ("  - relu\n  - add:\n    from: [relu, x]\n", "expected a chain, in which each layer reads the one before it"),
    ],
)
def test_what_falls_into_no_chains(layers: str, reason: str) -> None:
    with pytest.raises(NotDiagonal, match=re.escape(reason)):
        units(flow_of(HEAD + layers))


@pytest.mark.parametrize(("number", "shown"), [(1, [1]), (6, [1, 2, 3, 4, 5, 6]), (7, [1, 2, 7]), (4096, [1, 2, 4096])])
def test_of_many_units_three_are_shown(number: int, shown: list[int]) -> None:
    assert shown_units(number) == shown


def test_every_layer_of_every_case_has_its_place() -> None:
    """Whatever the network, each layer is a cell that reads cells before it, and each output has a loss."""
    specs: Mapping[str, str] = {
        path.name: path.read_text() for path in sorted(Path(ROOT / "tests" / "passes" / "cases").glob("*.yaml"))
    }
    assert len(specs) > 10
    for text in specs.values():
        flow = flow_of(text)
        row = cells(flow)
        assert [cell.layer for cell in row] == [layer.name for layer in flow.graph.layers] + [""] * len(flow.outputs)
        assert all(source < at for at, cell in enumerate(row) for source in cell.sources)
        numbered = [cell.signal for cell in row if cell.signal.startswith("g")]
        assert len(numbered) == len(set(numbered))

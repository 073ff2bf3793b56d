"""Training: when it stands still, and why; what a spec and a command line decide."""

from __future__ import annotations

import numpy as np
import pytest

import archanalyzer
from archanalyzer.executor.data import gather
from archanalyzer.executor.errors import ExecutorError, NonFiniteError
from archanalyzer.executor.training import Cause, DeadUnits, Standstill, Training, _norm, set_up
from archanalyzer.graph import Running
from tests.docs.fences import ROOT


def training_of(text: str, chosen: Running = Running()) -> Training:  # noqa: B008
    spec = archanalyzer.loads(text)
    network = archanalyzer.compile(spec, dtype="float64")
    set_up(network, spec.running, chosen)
    return Training(network, gather(network, spec.running))


LINE = "archspec: 1\ninputs: {x: [1]}\nlayers: [dense: 1]\n"


def test_dead_units_stop_the_worked_exercise() -> None:
    training = training_of((ROOT / "specs" / "toy.yaml").read_text())
    first, second, third = training.steps(3)
    assert first.standstill is None
    both = (DeadUnits("relu_2", (0, 1), 2), DeadUnits("relu", (0, 1), 2))
    assert second.standstill == third.standstill == Standstill(Cause.BLOCKED, dead=both)


def test_a_unit_is_dead_only_where_all_positions_of_all_samples_are() -> None:
    # The second channel is −1 everywhere; the first is on at one position of one sample, which does not matter here,
    # since the loss wants nothing of it: ε = 0 there.
    text = (
        "archspec: 1\ninputs: {x: [1, 2]}\nlayers: [conv1d: {filters: 2, kernel: 1}, relu]\n"
        "weights: {conv1d: {weight: [[[1]], [[0]]], bias: [0, -1]}}\n"
        "data: {inputs: {x: [[[-1, -2]], [[-1, 3]]]}, targets: {relu: [[[0, 0], [1, 0]], [[0, 3], [0, 0]]]}}\n"
    )
    (report,) = training_of(text).steps(1)
    assert report.loss == 0.25  # half of ½·1²
    assert report.standstill == Standstill(Cause.BLOCKED, dead=(DeadUnits("relu", (1,), 2),))


def test_gradients_that_cancel_out_are_no_plateau() -> None:
    """Of a line through (1, 0) and (1, 2), both errors are 1, of opposite signs: the minimum, where c = ½."""
    text = f"{LINE}weights: {{dense: {{weight: [[1]], bias: [0]}}}}\n"
    text += "data: {inputs: {x: [[1], [1]]}, targets: {dense: [[0], [2]]}}\n"
    (report,) = training_of(text).steps(1)
    assert (report.loss, report.gradient_norm) == (0.5, 0)
    assert report.standstill == Standstill(Cause.CANCELLED, dead=())


@pytest.mark.parametrize(
    ("optimizer", "settings"), [("momentum", {"rate": 1.0}), ("sgd", {"rate": 1.0, "weight_decay": 0.1})]
)
def test_what_moves_on_without_gradients_does_not_stand_still(optimizer: str, settings: dict[str, float]) -> None:
    """Of x = 1 and x = −1, both with target 1, the loss ½·((w − 1)² + (w + 1)²)/2 is least at w = 0, where it is ½."""
    text = "archspec: 1\ninputs: {x: [1]}\nlayers: [dense: {units: 1, bias: false}]\n"
    text += "weights: {dense: {weight: [[1]]}}\ndata: {inputs: {x: [[1], [-1]]}, targets: {dense: [[1], [1]]}}\n"
    training = training_of(text, Running(optimizer=optimizer, settings=settings))
    if optimizer == "sgd":
        training.network.parameters["dense.weight"] = [[0]]
        (report,) = training.steps(1)
        assert report.standstill == Standstill(Cause.CANCELLED, dead=())  # Θ = 0: what decays is nothing
        return
    first, second = training.steps(2)
    assert (first.gradient_norm, second.gradient_norm, second.standstill) == (1, 0, None)
    assert training.network.parameters["dense.weight"].item() == pytest.approx(-0.9)


def test_where_nothing_learns() -> None:
    text = "archspec: 1\ninputs: {x: [1]}\nlayers: [{dense: 1, frozen: true}]\ndata: {inputs: {x: [1]}}\n"
    (report,) = training_of(text).steps(1)
    assert report.standstill == Standstill(Cause.NOTHING_LEARNS, dead=())


def test_a_loss_of_zero_is_no_standstill() -> None:
    text = f"{LINE}weights: {{dense: {{weight: [[1]], bias: [0]}}}}\n"
    text += "data: {inputs: {x: [2]}, targets: {dense: [2]}}\n"
    (report,) = training_of(text).steps(1)
    assert (report.loss, report.standstill) == (0, None)


def test_to_find_a_standstill_changes_nothing() -> None:
    """With dropout and batch norm, a step that is looked at again would draw again and move statistics twice."""
    text = (
        "archspec: 1\ninputs: {x: [2]}\nlayers: [dropout: 0.5, batch_norm: {momentum: 0.5}, dense: 1, relu]\n"
        "weights: {dense: {weight: [[0, 0]], bias: [-1]}}\n"
        "data: {inputs: {x: [[1, 2], [3, 5]]}, targets: {relu: [[1], [1]]}}\n"
    )
    stopped, watched = training_of(text), training_of(text)
    for report in stopped.steps(3):
        assert report.standstill is not None
    for _ in range(3):
        watched.network.loss_gradients(watched.data.inputs, watched.data.targets)
    for name in ("batch_norm.running_mean", "batch_norm.running_var"):
        assert stopped.network.parameters[name].tolist() == watched.network.parameters[name].tolist()
    assert stopped.network.random.random() == watched.network.random.random()


def test_what_is_chosen_goes_before_what_the_spec_says() -> None:
    text = f"{LINE}training: {{loss: mean_squared_error, optimizer: momentum, rate: 0.5, momentum: 0.8}}\n"
    kept = training_of(text)
    assert (kept.network.loss.name, kept.network.optimizer.settings()) == (
        "mean_squared_error",
        {"rate": 0.5, "weight_decay": 0, "momentum": 0.8},
    )
    chosen = training_of(text, Running(loss="half_squared_error", optimizer="sgd", settings={"weight_decay": 0.1}))
    assert (chosen.network.loss.name, chosen.network.optimizer.settings()) == (
        "half_squared_error",
        {"rate": 0.5, "weight_decay": 0.1},
    )


def test_a_setting_that_the_optimizer_does_not_have() -> None:
    with pytest.raises(ExecutorError, match=r"^`sgd` has no setting `momentum`; "):
        training_of(LINE, Running(optimizer="sgd", settings={"momentum": 0.5}))


def test_numbers_out_of_hand_are_told_with_their_step() -> None:
    text = f"{LINE}weights: {{dense: {{weight: [[1]], bias: [0]}}}}\n"
    text += "data: {inputs: {x: [1]}, targets: {dense: [0]}}\n"
    training = training_of(text, Running(settings={"rate": 1e200}))
    # W = b = −1e200 after a step; then c = ½·(2e200)² is beyond all floats.
    run = training.run(training.steps(5))
    assert [report.loss for report in run.steps] == [0.5]
    assert str(run.failure) == "step 2: infinity first appears in the loss of `dense`"
    with pytest.raises(NonFiniteError):
        list(training.steps(1))


def test_a_norm_beyond_float32_s_squares() -> None:
    """The square of 2e30 is beyond float32, the norm, √2 · 2e30, is not."""
    assert _norm(np.full(2, 2e30, np.float32)) == pytest.approx(2**0.5 * 2e30)


def test_a_loss_that_is_out_of_hand_after_the_last_step() -> None:
    text = f"{LINE}weights: {{dense: {{weight: [[1]], bias: [0]}}}}\n"
    text += "data: {inputs: {x: [1]}, targets: {dense: [0]}}\n"
    training = training_of(text, Running(settings={"rate": 1e200}))
    run = training.run(training.steps(1))
    assert (len(run.steps), str(run.failure)) == (1, "infinity first appears in the loss of `dense`")

"""Two optimizers side by side: how far apart they come, by hand; what both draw; and where one of them ends."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import archanalyzer
from archanalyzer.executor.data import gather
from archanalyzer.executor.side_by_side import Pair, SideBySide
from archanalyzer.executor.training import Training, set_up
from archanalyzer.graph import Running

LINE = """\
archspec: 1
inputs: {x: [1]}
layers: [dense: {units: 1, bias: false}]
weights: {dense: {weight: [[1]]}}
data: {inputs: {x: [1]}, targets: {dense: [0]}}
"""


def pair_of(text: str, first: str, second: str, *, batch: int | None = None, **settings: float) -> Pair:
    """Two trainings, each with the settings that its optimizer has."""
    spec = archanalyzer.loads(text)
    trainings = []
    for name in (first, second):
        network = archanalyzer.compile(spec, dtype="float64")
        own = {each: value for each, value in settings.items() if name != "sgd" or each == "rate"}
        set_up(network, spec.running, Running(optimizer=name, settings=own))
        trainings.append(Training(network, gather(network, spec.running, batch=batch)))
    return Pair(*trainings)


def run(pair: Pair, steps: int, *, trace: bool = False) -> SideBySide:
    return pair.run(pair.steps(steps, trace=trace), trace=trace)


def test_by_hand() -> None:
    """With c = ½·w², w = 1 and η = ½, gradient descent halves w: ½, ¼, ⅛. With β = ½, momentum goes by
    V = −½, then −¼ − ¼, then −¼ − 0: w = ½, 0, −¼.
    """
    both = run(pair_of(LINE, "sgd", "momentum", rate=0.5, momentum=0.5), 3)
    assert [(step.first.loss, step.second.loss) for step in both.steps] == [
        (0.5, 0.5),
        (0.125, 0.125),
        (0.03125, 0),
    ]
    assert [step.difference for step in both.steps] == [0, 0.25, 0.375]
    assert [step.largest for step in both.steps] == [0.5, 0.25, 0.25]
    assert (both.first.loss, both.second.loss) == (0.5 / 64, 0.5 / 16)
    assert [run.outputs["dense"].item() for run in (both.first, both.second)] == [0.125, -0.25]


def test_each_goes_as_it_would_alone() -> None:
    """Batch norm and dropout as well: what is drawn in the one does not move what is drawn in the other."""
    text = "archspec: 1\ninputs: {x: [3]}\nlayers: [dense: 4, batch_norm, dropout: 0.5, tanh, dense: 2]\n"
    both = run(pair_of(text, "adam", "momentum", batch=4, rate=0.1), 5, trace=True)
    for which, name in enumerate(("adam", "momentum")):
        alone = pair_of(text, name, name, batch=4, rate=0.1).first
        expected = alone.run(alone.steps(5, trace=True), trace=True)
        found = (both.first, both.second)[which]
        assert [step.loss for step in found.steps] == [step.loss for step in expected.steps]
        assert found.loss == expected.loss
        for one, other in zip(found.steps, expected.steps, strict=True):
            for array, wanted in zip(one.arrays, other.arrays, strict=True):
                assert array[:2] == wanted[:2]
                np.testing.assert_array_equal(array.value, wanted.value)
        assert [array.value.tolist() for array in found.start] == [array.value.tolist() for array in expected.start]


def test_the_forms_of_momentum_agree_where_masks_are_drawn() -> None:
    text = "archspec: 1\ninputs: {x: [3]}\nlayers: [dense: 4, batch_norm, dropout: 0.5, tanh, dense: 2]\n"
    both = run(pair_of(text, "momentum", "momentum_unrolled", batch=4, rate=0.1), 8)
    assert max(step.difference for step in both.steps) < 1e-12
    assert both.steps[0].first.loss != pytest.approx(both.steps[-1].first.loss)


@pytest.mark.parametrize("failing", [0, 1])
def test_where_one_gets_out_of_hand_both_end(failing: int) -> None:
    """At rate 1e80, w is of size 1e80 after a step, and 1e160 after two, where c = ½·w² is beyond all floats."""
    names = ("sgd", "momentum") if failing else ("momentum", "sgd")
    pair = pair_of(LINE, *names, rate=1e-3)
    (pair.first, pair.second)[failing].network.optimizer.rate = 1e80
    both = run(pair, 9)
    runs = (both.first, both.second)
    assert [len(each.steps) for each in runs] == [2, 2] == [len(both.steps)] * 2
    assert str(runs[failing].failure) == "step 3: infinity first appears in the loss of `dense`"
    assert runs[1 - failing].failure is None
    assert [each.outputs for each in runs] == [{}, {}]


def test_an_interruption_keeps_the_steps_of_both(monkeypatch: pytest.MonkeyPatch) -> None:
    pair = pair_of(LINE, "sgd", "momentum", rate=0.5)
    update = pair.second.network.update

    def interrupted(*_: Any) -> None:
        if pair.second.done == 3:
            raise KeyboardInterrupt
        update()

    monkeypatch.setattr(pair.second.network, "update", interrupted)
    both = run(pair, 9)
    assert [each.is_interrupted for each in (both.first, both.second)] == [True, True]
    assert [len(each.steps) for each in (both.first, both.second)] == [2, 2]


def test_where_nothing_learns_nothing_is_apart() -> None:
    text = "archspec: 1\ninputs: {x: [1]}\nlayers: [{dense: 1, frozen: true}]\n"
    both = run(pair_of(text, "sgd", "momentum", rate=0.5), 2)
    assert [(step.difference, step.largest) for step in both.steps] == [(0, 0), (0, 0)]

"""How much memory a run may take: the sum of what it holds, and never more than the machine has."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import pytest

from archanalyzer.executor import machine
from archanalyzer.executor.data import gather
from archanalyzer.executor.errors import ExecutorError
from archanalyzer.executor.machine import limit_memory, require_memory
from archanalyzer.executor.network import Network
from archanalyzer.graph import Graph, Running
from archanalyzer.spec import parse_spec

LEARNING = 4 * (64 * 64 + 64)
"""Bytes of the parameters of a dense layer from 64 to 64 features in float32; as many as their gradients take."""
DATA = 8 * 10 * (64 + 64)
"""Bytes of ten inputs and targets, drawn in float64."""
ENDS = 4 * 10 * 64
"""Bytes of ten inputs or outputs in float32; 4·64 is a whole number of cache lines."""


@pytest.fixture(autouse=True)
def nothing_allowed() -> Iterator[None]:
    """No limit before a test, nor after it."""
    limit_memory(None)
    yield
    limit_memory(None)


def dense() -> Graph:
    return parse_spec("archspec: 1\ninputs: {x: [64]}\nlayers:\n  - dense: 64\n").graph


def run(*, optimizer: bool = False) -> None:
    """A batch of ten, forward and backward, and with an optimizer, one step of SGD."""
    network = Network(dense())
    data = gather(network, Running(), batch=10)
    network.loss_gradients(data.inputs, data.targets)
    if optimizer:
        network.update()


HELD = 2 * LEARNING + DATA
"""With the gradients, once there are any."""
# The plan holds x, y and ∂c/∂y; beside it are x in float32, y as it is handed out, and ∂c/∂y as the loss gives it.
STEP = HELD + 3 * ENDS + 3 * ENDS


@pytest.mark.parametrize(
    ("allowed", "what", "needed"),
    [
        (LEARNING - 1, "the parameters", LEARNING),
        (LEARNING + DATA - 1, "the data of 10 samples", LEARNING + DATA),
        (STEP - 1, "the arrays of 10 samples", STEP),
    ],
)
def test_what_is_asked_for_last_is_named_with_the_sum(allowed: int, what: str, needed: int) -> None:
    limit_memory(allowed)
    message = f"^{what} need .*{needed:,}( bytes| in all), allowed are {allowed:,}: `--limit memory=N` allows more$"
    with pytest.raises(ExecutorError, match=message):
        run()


def test_a_sum_that_is_allowed() -> None:
    limit_memory(STEP)
    run()


def test_the_vectors_of_an_optimizer_count() -> None:
    """SGD keeps the last update, a vector like the parameters; the copies at the ends are gone by then."""
    sgd = HELD + 3 * ENDS + LEARNING
    limit_memory(max(sgd, STEP))
    run(optimizer=True)
    limit_memory(sgd - 1)
    assert sgd > STEP
    with pytest.raises(ExecutorError, match=f"^the vectors of `sgd` need {LEARNING:,} bytes .*: {sgd:,} in all"):
        run(optimizer=True)


def test_all_that_stands_beside_is_listed() -> None:
    limit_memory(10)
    beside = {"the parameters": 4, "nothing": 0, "their gradients": 1000, "the data": 3}
    message = (
        "the arrays need 5 bytes beside 4 of the parameters, 1,000 of their gradients and 3 of the data: 1,012 in all, "
        "allowed are 10: `--limit memory=N` allows more"
    )
    with pytest.raises(ExecutorError, match=f"^{re.escape(message)}$"):
        require_memory(5, "the arrays", beside=beside)
    with pytest.raises(ExecutorError, match=r"^the arrays need 11 bytes, allowed are 10: "):
        require_memory(11, "the arrays")
    require_memory(10, "the arrays")


@pytest.mark.parametrize("allowed", [None, 2**60])
def test_no_limit_allows_more_than_the_machine_has(allowed: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "_memory", lambda: 8 * 2**30)
    limit_memory(allowed)
    require_memory(8 * 2**30, "the arrays")
    with pytest.raises(ExecutorError, match=r"^the arrays need 9.0 GiB, the machine has 8.0 GiB$"):
        require_memory(9 * 2**30, "the arrays")
    message = r"^the arrays need 5.0 GiB beside 4.0 GiB of the parameters, the machine has 8.0 GiB$"
    with pytest.raises(ExecutorError, match=message):
        require_memory(5 * 2**30, "the arrays", beside={"the parameters": 4 * 2**30, "the data": 0})


def test_a_machine_that_does_not_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "_memory", lambda: None)
    require_memory(2**80, "the arrays")
    limit_memory(5)
    with pytest.raises(ExecutorError, match=r"allowed are 5: "):
        require_memory(6, "the arrays")


def test_memory_that_is_let_go_does_not_count() -> None:
    """A batch of ten after one of ten again, and a smaller one: what was bound before is gone."""
    limit_memory(2 * LEARNING + 6 * ENDS)
    network = Network(dense())
    for batch in (10, 10, 4, 9, 10):
        network.forward(np.ones((batch, 64)))

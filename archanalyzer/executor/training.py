"""Training steps on one batch, and whether they get anywhere."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from archanalyzer.diagnostics import did_you_mean
from archanalyzer.executor import optimizers
from archanalyzer.executor.data import Data, pin
from archanalyzer.executor.errors import ExecutorError, NonFiniteError
from archanalyzer.executor.kernel import Array
from archanalyzer.executor.network import Network
from archanalyzer.executor.trace import (
    Traced,
    backward_arrays,
    derivative,
    forward_arrays,
    is_activation,
    parameter_arrays,
    update_arrays,
)
from archanalyzer.graph import Running
from archanalyzer.recipe import DEFAULT_INITIALIZER, DEFAULT_LOSS, DEFAULT_OPTIMIZER, OPTIMIZERS


class DeadUnits(NamedTuple):
    """The units of an activation through which no gradient flows: Λ is 0 there, at all positions of all samples."""

    layer: str
    units: tuple[int, ...]
    of: int


class Cause(Enum):
    """Why all gradients are zero."""

    NOTHING_LEARNS = "nothing learns"
    """All is frozen, or has no parameters."""
    BLOCKED = "blocked"
    """Every error is zero at all layers that learn, though the loss would have the outputs changed: a plateau."""
    REACHED = "reached"
    """The gradients by the outputs are zero: the loss would have none of them changed."""
    CANCELLED = "cancelled"
    """Errors arrive, but what they are multiplied with is zero, or the products add up to zero."""


class Standstill(NamedTuple):
    """Why all gradients are zero, and through which units no gradient flows."""

    cause: Cause
    dead: tuple[DeadUnits, ...]


class StepReport(NamedTuple):
    """One training step: its loss, before the update, the norm of the gradient, and where asked for, all arrays.

    There is a ``standstill`` where all gradients are zero and the loss is not, and nothing else moves the parameters.
    """

    number: int
    loss: float
    gradient_norm: float
    arrays: tuple[Traced, ...] = ()
    standstill: Standstill | None = None


class Run(NamedTuple):
    """What came of running a network: its steps, and the outputs and the loss, where there are targets, after them.

    Where all arrays are asked for (``is_traced``), ``start`` are the parameters before the first step; ``arrays``,
    without any step, what each layer puts out. After a ``failure`` or an interruption there are no outputs.
    """

    training: Training
    is_traced: bool
    start: tuple[Traced, ...]
    steps: tuple[StepReport, ...]
    outputs: Mapping[str, Array] = MappingProxyType({})
    loss: float | None = None
    arrays: tuple[Traced, ...] = ()
    failure: NonFiniteError | None = None
    is_interrupted: bool = False


class Training:
    """A network that learns from one batch."""

    def __init__(self, network: Network, data: Data) -> None:
        self.network = network
        self.data = data
        self.done = 0
        self._stood: Standstill | None = None

    def steps(self, count: int, *, trace: bool = False) -> Iterator[StepReport]:
        """Makes ``count`` steps, one whenever the next report is asked for. Raises as ``Network.step``."""
        for _ in range(count):
            try:
                report = self._step(trace=trace)
            except NonFiniteError as error:
                raise error.in_step(self.done) from None
            yield report

    def start(self) -> tuple[Traced, ...]:
        """The parameters as they are before a step."""
        return tuple(parameter_arrays(self.network))

    def run(self, reports: Iterable[StepReport], *, trace: bool = False) -> Run:
        """Makes the steps that ``reports`` are of, and a forward step after them, at inference.

        Where NaN or infinity comes up, the run ends with the steps before it.
        """
        start = self.start() if trace else ()
        steps: list[StepReport] = []
        try:
            steps.extend(reports)  # which keeps those before a failure
            outputs = self.network.forward(self.data.inputs, gradients=False, keep=trace)
            loss = self._loss_of(outputs)
        except NonFiniteError as error:
            return Run(self, trace, start, tuple(steps), failure=error)
        except KeyboardInterrupt:
            return Run(self, trace, start, tuple(steps), is_interrupted=True)
        arrays = (*forward_arrays(self.network), *self._targets()) if trace and not steps else ()
        return Run(self, trace, start, tuple(steps), outputs, loss, arrays)

    def _loss_of(self, outputs: Mapping[str, Array]) -> float | None:
        targets, loss_of = self.data.targets, self.network.loss_of
        if not targets:
            return None
        loss = sum(loss_of(name, outputs[name], target) for name, target in targets.items())
        if not np.isfinite(loss):
            raise NonFiniteError(next(iter(targets)), "the loss", "NaN" if np.isnan(loss) else "infinity")
        return loss

    def _step(self, *, trace: bool) -> StepReport:
        network, data = self.network, self.data
        self.done += 1
        drawn_so_far = network.random.bit_generator.state
        loss = network.loss_gradients(data.inputs, data.targets, keep=trace)
        norm = _norm(network.gradients.flat)
        is_critical = loss != 0 and not network.gradients.flat.any()
        arrays = [*forward_arrays(network), *self._targets(), *backward_arrays(network)] if trace else []
        # Where the step before stood still, this one is the same.
        standstill = (self._stood or find_standstill(network, data, drawn_so_far)) if is_critical else None
        network.update()
        if trace:
            arrays += update_arrays(network)
        moves = bool(network.optimizer.delta.any())  # what momentum or weight decay moves on does not stand still
        self._stood = None if moves else standstill
        return StepReport(self.done, loss, norm, tuple(arrays), self._stood)

    def _targets(self) -> Iterator[Traced]:
        return (Traced(name, "y", target) for name, target in self.data.targets.items())


def find_standstill(network: Network, data: Data, drawn_so_far: Mapping[str, Any]) -> Standstill:
    """Why all gradients are zero: computes the step once more, for its arrays, and leaves all as it was.

    ``drawn_so_far`` is the state of ``network.random`` before the step.
    """
    fixed = network.parameters.fixed.flat.copy()
    network.random.bit_generator.state = drawn_so_far
    network.loss_gradients(data.inputs, data.targets, keep=True)
    network.parameters.fixed.flat[...] = fixed
    errors = [step.call.dy for step in network.bound.backward if step.call.dw]
    if not network.parameters.trainable:
        cause = Cause.NOTHING_LEARNS
    elif not any(gradient.any() for gradient in network.output_gradients.values()):
        cause = Cause.REACHED
    elif not any(error.any() for error in errors):
        cause = Cause.BLOCKED
    else:
        cause = Cause.CANCELLED
    return Standstill(cause, tuple(dead_units(network)))


def _norm(vector: Array) -> float:
    """The length of a vector, scaled where its squares are beyond its numbers."""
    with np.errstate(over="ignore"):
        norm = float(np.linalg.norm(vector))
    if np.isfinite(norm):
        return norm
    largest = float(np.abs(vector).max())
    return largest * float(np.linalg.norm(vector / largest))


def dead_units(network: Network) -> Iterator[DeadUnits]:
    """The dead units of each activation, after a backward step that was kept."""
    for step in network.bound.backward:
        layer = network.graph.layers[step.layer]
        if is_activation(layer):
            slopes = derivative(step)
            lives = np.any(slopes, axis=(0, *range(2, slopes.ndim)))
            if not np.all(lives):
                yield DeadUnits(layer.name, tuple(np.flatnonzero(lives == 0).tolist()), slopes.shape[1])


def set_up(network: Network, running: Running, chosen: Running | None = None) -> None:
    """Sets the weights, the loss and the optimizer of ``network``: as ``chosen``, else as ``running`` says.

    Raises:
        ExecutorError: there is no such loss, optimizer, initializer or setting, or it is out of its bounds.
    """
    chosen = chosen or Running()
    drawn_by = (chosen.initializer, running.initializer, DEFAULT_INITIALIZER)
    initializer = next(each for each in drawn_by if each is not None)
    if initializer != DEFAULT_INITIALIZER:  # which it was made with
        network.initialize(initializer)
    pin(network, running.weights)
    network.loss = chosen.loss or running.loss or DEFAULT_LOSS
    kind = optimizers.get(chosen.optimizer or running.optimizer or DEFAULT_OPTIMIZER)
    has = [setting.name for setting in OPTIMIZERS[kind.name].settings]
    for name in chosen.settings:
        if name not in has:
            raise ExecutorError(f"`{kind.name}` has no setting `{name}`; {did_you_mean(name, has, 'settings')}")
    pinned = {name: value for name, value in running.settings.items() if name in has}
    network.optimizer = kind(**{**pinned, **chosen.settings})

"""Two optimizers side by side: two networks that begin alike, on the same batch, and how far apart they come."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np

from archanalyzer.executor.errors import NonFiniteError
from archanalyzer.executor.training import Run, StepReport, Training


class StepOfBoth(NamedTuple):
    """One step of each, and the iterates after it: their largest difference, and their largest element by magnitude."""

    first: StepReport
    second: StepReport
    difference: float
    largest: float


class SideBySide(NamedTuple):
    """Both runs, of as many steps, and the steps with the differences; a ``failure`` is that of the run that has it."""

    first: Run
    second: Run
    steps: tuple[StepOfBoth, ...]


class Pair:
    """Two trainings of networks with the same parameters, on the same data."""

    def __init__(self, first: Training, second: Training) -> None:
        self.first = first
        self.second = second
        self._in_turn = first

    def steps(self, count: int, *, trace: bool = False) -> Iterator[StepOfBoth]:
        """Makes ``count`` steps of each, one whenever the next is asked for. Raises as ``Training.steps``."""
        first, second = self.first.steps(count, trace=trace), self.second.steps(count, trace=trace)
        for _ in range(count):
            self._in_turn = self.first
            one = next(first)
            self.second.network.beside["the first network"] = sum(self.first.network.held.values())
            self._in_turn = self.second
            other = next(second)
            yield StepOfBoth(one, other, *self._apart())

    def run(self, steps: Iterable[StepOfBoth], *, trace: bool = False) -> SideBySide:
        """Makes the steps, and a forward step after them, at inference.

        Where NaN or infinity comes up in one of them, both end with the steps before it.
        """
        starts = [each.start() if trace else () for each in (self.first, self.second)]
        done: list[StepOfBoth] = []
        failed, failure, is_interrupted = None, None, False
        try:
            done.extend(steps)  # which keeps those before a failure
        except NonFiniteError as error:
            failed, failure = self._in_turn, error
        except KeyboardInterrupt:
            is_interrupted = True
        runs = []
        for training, start, reports in zip((self.first, self.second), starts, _each(done), strict=True):
            if failure or is_interrupted:
                of_it = failure if training is failed else None
                run = Run(training, trace, start, reports, failure=of_it, is_interrupted=is_interrupted)
            else:
                run = training.run(reports, trace=trace)._replace(start=start)
            runs.append(run)
        return SideBySide(runs[0], runs[1], tuple(done))

    def _apart(self) -> tuple[float, float]:
        one, other = (each.network.parameters.trainable.flat for each in (self.first, self.second))
        largest = max(float(np.abs(each).max(initial=0)) for each in (one, other))
        with np.errstate(over="ignore"):
            return float(np.abs(one - other).max(initial=0)), largest


def _each(steps: Iterable[StepOfBoth]) -> tuple[tuple[StepReport, ...], tuple[StepReport, ...]]:
    steps = tuple(steps)
    return tuple(step.first for step in steps), tuple(step.second for step in steps)

"""What there is to train with: the names of losses, optimizers and initializers, and what each takes.

``archanalyzer/spec`` reads them, ``archanalyzer/passes/pinned.py`` checks targets by them, and
``archanalyzer/executor`` computes them.
"""

from __future__ import annotations

from math import inf
from typing import NamedTuple


class Loss(NamedTuple):
    """A loss, by name. Its target has the output's shape.

    ``takes_classes``: instead of a distribution over the channels, the target may be the number of the right one at
    each position, from 0: of shape ``spatial``, for a flat output a single number.
    """

    name: str
    takes_classes: bool = False


class Setting(NamedTuple):
    """A number that an optimizer takes, from ``least`` to below ``below``; with ``above``, ``least`` is excluded."""

    name: str
    default: float
    least: float = 0
    below: float = inf
    above: bool = False

    def admits(self, value: object) -> bool:
        """Whether a value is a number within the bounds."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        return self.least <= value < self.below and not (self.above and value == self.least)

    @property
    def expected(self) -> str:
        """What it takes, in the words of messages."""
        if self.above:
            return f"a number above {self.least:g}"
        if self.below == inf:
            return f"a number, {self.least:g} or more"
        return f"a number from {self.least:g} to below {self.below:g}"


class Optimizer(NamedTuple):
    """An optimizer, by name, with its settings."""

    name: str
    settings: tuple[Setting, ...]


RATE = Setting("rate", 1e-3)
WEIGHT_DECAY = Setting("weight_decay", 0)
MOMENTUM = Setting("momentum", 0.9, below=1)
BETA1 = Setting("beta1", 0.9, below=1)
BETA2 = Setting("beta2", 0.999, below=1)
EPSILON = Setting("epsilon", 1e-8, above=True)

LOSSES = {
    loss.name: loss
    for loss in (
        Loss("half_squared_error"),
        Loss("mean_squared_error"),
        Loss("cross_entropy", takes_classes=True),
        Loss("binary_cross_entropy"),
        Loss("binary_cross_entropy_with_logits"),
    )
}
OPTIMIZERS = {
    optimizer.name: optimizer
    for optimizer in (
        Optimizer("sgd", (RATE, WEIGHT_DECAY)),
        Optimizer("momentum", (RATE, WEIGHT_DECAY, MOMENTUM)),
        Optimizer("momentum_unrolled", (RATE, WEIGHT_DECAY, MOMENTUM)),
        Optimizer("nesterov", (RATE, WEIGHT_DECAY, MOMENTUM)),
        Optimizer("adam", (RATE, WEIGHT_DECAY, BETA1, BETA2, EPSILON)),
    )
}
SETTINGS = {setting.name: setting for optimizer in OPTIMIZERS.values() for setting in optimizer.settings}
"""The settings of all optimizers."""

INITIALIZERS = {
    "he": "he_normal",
    "he_normal": "he_normal",
    "he_uniform": "he_uniform",
    "glorot": "glorot_uniform",
    "glorot_normal": "glorot_normal",
    "glorot_uniform": "glorot_uniform",
}
"""The names of initializers, each with the one that it stands for. Beside them, a number fills with itself."""

DEFAULT_LOSS = "half_squared_error"
DEFAULT_OPTIMIZER = "sgd"
DEFAULT_INITIALIZER = "he_normal"

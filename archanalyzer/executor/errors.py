"""What can go wrong in running a network."""

from __future__ import annotations


class ExecutorError(ValueError):
    """A network cannot be run with what it was given; the text says what was expected and what was found."""


class NonFiniteError(ArithmeticError):
    """NaN or infinity came up, first in ``what`` of the layer ``layer``, in training in step ``step``."""

    def __init__(self, layer: str, what: str, found: str, step: int | None = None) -> None:
        when = "" if step is None else f"step {step:,}: "
        super().__init__(f"{when}{found} first appears in {what} of `{layer}`")
        self.layer = layer
        self.what = what
        self.found = found
        self.step = step

    def in_step(self, step: int) -> NonFiniteError:
        """The same, said to have happened in a step of training."""
        return NonFiniteError(self.layer, self.what, self.found, step)

"""What can go wrong in running a network."""

from __future__ import annotations


class ExecutorError(ValueError):
    """A network cannot be run with what it was given; the text says what was expected and what was found."""


class NonFiniteError(ArithmeticError):
    """NaN or infinity came up: ``what`` of the layer ``layer`` is where it first did."""

    def __init__(self, layer: str, what: str, found: str) -> None:
        super().__init__(f"{found} first appears in {what} of `{layer}`")
        self.layer = layer
        self.what = what
        self.found = found

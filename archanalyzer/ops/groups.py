"""Channels split into groups, each of which is treated for itself."""

from archanalyzer.diagnostics.rules.layers import CHANNELS_NOT_DIVISIBLE
from archanalyzer.graph import IrregularWindow, Misfit, Reading, WholeAxis


def require_divisible(number: int, groups: int, of: str) -> None:
    """Raises Misfit where ``number`` of something does not divide into ``groups``."""
    if number % groups:
        raise Misfit(
            CHANNELS_NOT_DIVISIBLE,
            f"{number} {of} do not divide into {groups} groups",
            hint=f"groups must divide {number}",
        )


def channels_of_group(channels: int, filters: int, groups: int) -> Reading:
    """The input channels that an output channel reads: all of them, or those of its group."""
    if groups == 1:
        return WholeAxis()
    inputs, outputs = channels // groups, filters // groups
    return IrregularWindow(0, lambda o: range(o // outputs * inputs, (o // outputs + 1) * inputs))

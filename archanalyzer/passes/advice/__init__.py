"""What follows from a network's receptive fields for who designs it: passes that give advice.

They are asked beside the standard ones, where fields are looked at; whoever only counts does not pay for them.
"""

from __future__ import annotations

from typing import Any

from archanalyzer.passes import asked, together
from archanalyzer.passes.analysis import Analysis, Passes


def advisory() -> tuple[Analysis[Any], ...]:
    """The passes that give advice, in the order in which it is told."""
    from archanalyzer.passes.advice.alignment import alignment
    from archanalyzer.passes.advice.evenness import evenness
    from archanalyzer.passes.advice.productivity import productivity
    from archanalyzer.passes.advice.reach import reach
    from archanalyzer.passes.advice.sizes import fitting_sizes
    from archanalyzer.passes.advice.windows import windows

    return (windows, productivity, fitting_sizes, reach, evenness, alignment)


def advising_passes() -> Passes:
    """The passes that are asked and those that give advice, put together."""
    return together((*asked(), *advisory()))

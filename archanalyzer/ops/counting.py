"""Counts of operations done once for each element of a tensor, as ``docs/counting.md`` lays down."""

from collections.abc import Mapping

from archanalyzer.graph import Count, Factor, TensorType

Tally = Mapping[str, int]
"""How many operations of which kind: ``{"comparisons": 1, "multiplications": 2}``."""


def all_factors(tensor: TensorType, of: str) -> tuple[Factor, ...]:
    """The extents of all axes of a tensor as factors of a count: output channels 64, output height 224, …"""
    return tuple(Factor(f"{of} {name}", extent) for name, extent in zip(tensor.axis_names, tensor.shape, strict=True))


def for_each(tensor: TensorType, of: str, tally: Tally) -> tuple[Count, ...]:
    """The counts of what is done for each element of ``tensor``; kinds of which there are none are left out."""
    return times(tally, all_factors(tensor, of), "element")


def times(tally: Tally, factors: tuple[Factor, ...], what: str) -> tuple[Count, ...]:
    """The counts of a tally that happens as often as the product of ``factors``, once for each ``what``."""
    return tuple(
        Count(kind, (*((Factor(f"{kind} for each {what}", number),) if number > 1 else ()), *factors))
        for kind, number in tally.items()
        if number
    )

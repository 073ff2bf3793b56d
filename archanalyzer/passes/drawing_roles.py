"""What a layer is in a drawing, by what its op declares."""

from __future__ import annotations

from archanalyzer.graph import Op, Trait


def is_activation(op: Op) -> bool:
    """Whether a layer works element by element and bends: whether the diagonal of its Jacobian, Λ, says something."""
    return Trait.ELEMENTWISE in op.traits and Trait.AFFINE not in op.traits

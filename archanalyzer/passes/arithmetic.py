"""How much does a forward step compute?

The rule is written down in ``docs/counting.md``: a MAC is a multiply–accumulate of a convolution, a dense layer or a
matrix product, bias excluded; FLOPs are two for every MAC and one for every other operation. Batch 1.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from archanalyzer.graph import Arithmetic, Count
from archanalyzer.passes.analysis import Column, analysis
from archanalyzer.passes.tensor_types import TensorTypes


class LayerArithmetic(NamedTuple):
    """The arithmetic of every layer as its op declares it, None where it declares none."""

    by_layer: tuple[Arithmetic | None, ...]

    def macs(self) -> list[int | None]:
        return [None if each is None else total(each.macs) for each in self.by_layer]

    def flops(self) -> list[int | None]:
        return [None if each is None else 2 * total(each.macs) + total(each.operations) for each in self.by_layer]


def total(counts: Iterable[Count]) -> int:
    """The sum of some counts."""
    return sum(count.total for count in counts)


@analysis(
    "arithmetic",
    columns=[
        Column(
            "macs",
            "MACs",
            "Multiply–accumulates of a forward step: convolutions, dense layers, matrix products; bias excluded.",
            LayerArithmetic.macs,
            shown=True,
        ),
        Column(
            "flops",
            "FLOPs",
            "Floating-point operations of a forward step: two a MAC, one for every other operation.",
            LayerArithmetic.flops,
        ),
    ],
)
def arithmetic(types: TensorTypes) -> LayerArithmetic:
    """What every layer computes in a forward step at inference, on one sample."""
    return LayerArithmetic(types.map(lambda op, inputs, output: op.arithmetic(inputs, output)))

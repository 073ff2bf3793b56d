"""How much energy does one inference take, if every number is fetched from memory once? An estimate for 45 nm.

Horowitz 2014, "Computing's energy problem (and what we can do about it)", ISSCC, figure 1.1.9: picojoules at 45 nm and
0.9 V. A 32-bit float takes 0.9 to add and 3.7 to multiply, a 16-bit one 0.4 and 1.1; 64 bits from DRAM take 1,300 to
2,600, of which the lower end is taken.
"""

from __future__ import annotations

from typing import NamedTuple

from archanalyzer.plugins import (
    Column,
    Graph,
    Kind,
    LayerArithmetic,
    Memory,
    Plugin,
    Rollup,
    TensorTypes,
    View,
    analysis,
)

ADD = {"float32": 0.9, "float16": 0.4}
MULTIPLY = {"float32": 3.7, "float16": 1.1}
DRAM_PER_BYTE = 1300 / 8


class Energy(NamedTuple):
    """Picojoules of every layer: to compute, None where that is not known, and to move its numbers."""

    compute: tuple[float | None, ...]
    memory: tuple[float, ...]

    def computing(self) -> list[float | None]:
        return list(self.compute)

    def moving(self) -> list[float]:
        return list(self.memory)

    def both(self) -> list[float | None]:
        return [None if c is None else c + m for c, m in zip(self.compute, self.memory, strict=True)]


@analysis(
    "energy",
    columns=[
        Column("energy_compute", "compute pJ", "Picojoules for arithmetic.", Energy.computing, Kind.REAL),
        Column("energy_memory", "memory pJ", "Picojoules to move numbers.", Energy.moving, Kind.REAL, Rollup.SUM),
        Column("energy", "energy pJ", "Picojoules in all.", Energy.both, Kind.REAL, shown=True),
    ],
)
def energy(graph: Graph, types: TensorTypes, arithmetic: LayerArithmetic, memory: Memory) -> Energy:
    """A MAC is one multiplication and one addition, any other operation an addition.

    Every layer fetches its inputs and weights from DRAM and writes its output there; one whose output is its input in
    another shape moves nothing. Of number formats for which there
    is no figure, the energy of arithmetic is not known.
    """
    add, multiply = ADD.get(graph.dtype), MULTIPLY.get(graph.dtype)
    compute: list[float | None] = []
    moved: list[float] = []
    for layer, each, sources in zip(graph.layers, arithmetic.by_layer, types.sources(), strict=True):
        if each is None or add is None or multiply is None:
            compute.append(None)
        else:
            macs, operations = (sum(one.total for one in counts) for counts in (each.macs, each.operations))
            compute.append(macs * (multiply + add) + operations * add)
        read = sum(memory.output_bytes[source] for source in sources) + memory.parameter_bytes[layer.index]
        moves = layer.inputs and layer.op.view is View.NEVER
        moved.append((read + memory.output_bytes[layer.index]) * DRAM_PER_BYTE if moves else 0.0)
    return Energy(tuple(compute), tuple(moved))


plugin = Plugin("energy", api=1, passes=(energy,))

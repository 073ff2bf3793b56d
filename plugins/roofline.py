"""Which layers does a device compute as fast as it can, and which wait for memory? The roofline model.

Williams, Waterman & Patterson 2009, "Roofline: an insightful visual performance model for multicore architectures". A
layer moves at least what it reads and writes, once: its inputs, weights and output. Its arithmetic intensity is its
operations per byte of that; a device reaches min(peak, intensity × bandwidth) operations a second.

For another device, write a file beside this one:

    from plugins.roofline import Device, plugin_for

    plugin = plugin_for(Device("mine", flops_per_second=4e12, bytes_per_second=100e9))
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from archanalyzer.plugins import (
    Column,
    Kind,
    LayerArithmetic,
    Memory,
    Plugin,
    Rollup,
    TensorTypes,
    Total,
    View,
    analysis,
)


class Device(NamedTuple):
    """What a device can do: operations a second, one MAC being two, and bytes a second to and from its memory."""

    name: str
    flops_per_second: float
    bytes_per_second: float


A100 = Device("A100", flops_per_second=19.5e12, bytes_per_second=1.555e12)
"""NVIDIA A100 40 GB (SXM), float32 without tensor cores, by its data sheet of 2021."""


class Roofline(NamedTuple):
    """Operations and bytes of every layer, of one sample; None where the operations are not known."""

    device: Device
    flops: Sequence[int | None]
    moved: Sequence[int]

    def intensity(self) -> list[float | None]:
        return [None if f is None or not m else f / m for f, m in zip(self.flops, self.moved, strict=True)]

    def bound(self) -> list[str | None]:
        return [None if each is None else "compute" if each >= self.ridge() else "memory" for each in self.intensity()]

    def microseconds(self) -> list[float | None]:
        return [None if f is None else self._time(f, m) * 1e6 for f, m in zip(self.flops, self.moved, strict=True)]

    def _time(self, flops: int, moved: int) -> float:
        return max(flops / self.device.flops_per_second, moved / self.device.bytes_per_second)

    def ridge(self) -> float:
        return self.device.flops_per_second / self.device.bytes_per_second


def plugin_for(device: Device) -> Plugin:
    """The plugin for a device."""

    @analysis(
        "roofline",
        columns=[
            Column(
                "intensity", "FLOP/B", "Operations per byte moved.", Roofline.intensity, Kind.REAL, Rollup.NONE, True
            ),
            Column(
                "bound",
                "bound",
                f"What {device.name} waits for: compute or memory.",
                Roofline.bound,
                Kind.DATA,
                Rollup.NONE,
            ),
            Column("roofline_us", "µs", f"Least time on {device.name}.", Roofline.microseconds, Kind.REAL, shown=True),
        ],
        totals=[Total("ridge", "ridge", f"Intensity from which {device.name} computes.", Roofline.ridge, Kind.REAL)],
    )
    def roofline(types: TensorTypes, arithmetic: LayerArithmetic, memory: Memory) -> Roofline:
        """Every layer by itself, as if nothing stayed on the chip from one to the next.

        Inputs of the network, and layers whose output is their input in another shape, move nothing.
        """
        moved = []
        for layer, sources in zip(types.graph.layers, types.sources(), strict=True):
            read = sum(memory.output_bytes[source] for source in sources) + memory.parameter_bytes[layer.index]
            moves = layer.inputs and layer.op.view is View.NEVER
            moved.append(read + memory.output_bytes[layer.index] if moves else 0)
        return Roofline(device, arithmetic.flops(), moved)

    return Plugin("roofline", api=1, passes=(roofline,))


plugin = plugin_for(A100)

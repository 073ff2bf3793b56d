"""How large is a network with few bits a weight, and how many bit operations does it take?

Bit operations as in Yao et al. 2021, "HAWQ-V3: dyadic neural network quantization", section 3: of a layer, bits of a
weight × bits of an activation × MACs. Weights that multiply are stored with few bits, biases and buffers with 32.

For other widths, write a file beside this one:

    from plugins.quantized import plugin_for

    plugin = plugin_for(weight_bits=4, activation_bits=8)
"""

from __future__ import annotations

from typing import NamedTuple

from archanalyzer.plugins import Column, Kind, LayerArithmetic, Memory, Parameters, Plugin, Role, Total, analysis

BITS_OF_OTHERS = 32


class Quantized(NamedTuple):
    """Bits stored for every layer, shared ones where they are first used, and its bit operations."""

    bits: tuple[int, ...]
    bit_operations: tuple[int | None, ...]
    bytes_before: int

    def stored(self) -> list[int]:
        return list(self.bits)

    def operations(self) -> list[int | None]:
        return list(self.bit_operations)

    def bytes(self) -> int:
        return -(-sum(self.bits) // 8)

    def times_smaller(self) -> float:
        return self.bytes_before / max(self.bytes(), 1)


def plugin_for(*, weight_bits: int, activation_bits: int) -> Plugin:
    """The plugin for these widths.

    Raises:
        ValueError: a width is no whole number from 1.
    """
    if min(weight_bits, activation_bits) < 1:
        raise ValueError(f"expected widths from 1, found {weight_bits} and {activation_bits}")

    @analysis(
        "quantized",
        columns=[
            Column("quantized_bits", "bits", f"Bits stored, weights with {weight_bits}.", Quantized.stored),
            Column(
                "bit_operations", "BOPs", f"Bit operations, W{weight_bits} A{activation_bits}.", Quantized.operations
            ),
        ],
        totals=[
            Total("quantized_bytes", "quantized", "Bytes stored.", Quantized.bytes, Kind.BYTES),
            Total(
                "times_smaller", "times smaller", "Bytes before per byte stored.", Quantized.times_smaller, Kind.REAL
            ),
        ],
    )
    def quantized(parameters: Parameters, arithmetic: LayerArithmetic, memory: Memory) -> Quantized:
        """Size and bit operations of the network with weights and activations of few bits."""
        few, many = parameters.elements(Role.WEIGHT), parameters.elements(Role.BIAS, Role.BUFFER)
        bits = tuple(w * weight_bits + o * BITS_OF_OTHERS for w, o in zip(few, many, strict=True))
        operations = tuple(None if m is None else m * weight_bits * activation_bits for m in arithmetic.macs())
        return Quantized(bits, operations, sum(memory.parameter_bytes) + memory.buffer_bytes)

    return Plugin("quantized", api=1, passes=(quantized,))


plugin = plugin_for(weight_bits=8, activation_bits=8)

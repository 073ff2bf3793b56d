"""What the counts of each layer are products of, fact by fact: as its op declares it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from archanalyzer.graph import Arithmetic, Count, Factor, Role
from archanalyzer.passes.arithmetic import LayerArithmetic
from archanalyzer.passes.explaining.derivation import Product, of_count, of_output, of_weight
from archanalyzer.passes.facts import Facts
from archanalyzer.passes.parameters import Parameters
from archanalyzer.passes.tensor_types import TensorTypes
from archanalyzer.passes.training import Backward

Products: TypeAlias = Sequence[Sequence[Product] | None]
"""For every layer the products that add up to its count; None where it is not known."""

_ROLES = {Role.WEIGHT: "weights", Role.BIAS: "biases", Role.BUFFER: "buffers"}
_A_MAC = Factor("operations of a MAC", 2)


def _of_weights(facts: Facts, *roles: Role, frozen: bool = True) -> Products:
    """The arrays of these roles; without those of ``frozen`` layers where training is asked about."""
    found = facts.result(Parameters)
    return [
        [
            of_weight(each, _ROLES[each.role], output)
            for each in owned
            if each.role in roles and (frozen or not is_frozen)
        ]
        for owned, output, is_frozen in zip(
            found.owned, found.types.outputs, (layer.frozen for layer in facts.graph.layers), strict=True
        )
    ]


def _of_filters(facts: Facts) -> Products:
    owned = facts.result(Parameters).owned
    return [
        [Product("filters", (Factor("filters", each.filters),)) for each in weights if each.filters]
        for weights in owned
    ]


def _of_activations(facts: Facts) -> Products:
    return [[of_output(output)] for output in facts.result(TensorTypes).outputs]


def _of_arithmetic(facts: Facts, products: Callable[[Arithmetic, int], Sequence[Product]]) -> Products:
    """What follows from the arithmetic of each layer, given with the layer's index."""
    by_layer = facts.result(LayerArithmetic).by_layer
    return [None if each is None else products(each, index) for index, each in enumerate(by_layer)]


def _macs(facts: Facts) -> Products:
    return _of_arithmetic(facts, lambda declared, _: _times(declared.macs))


def _flops(facts: Facts) -> Products:
    return _of_arithmetic(facts, lambda declared, _: _times(declared.macs, _A_MAC) + _times(declared.operations))


def _input_gradient(facts: Facts) -> Products:
    visited = facts.result(Backward)
    return _of_arithmetic(facts, lambda declared, index: _steps(declared, "inputs that ask", visited.by_input[index]))


def _weight_gradient(facts: Facts) -> Products:
    visited = facts.result(Backward)
    return _of_arithmetic(facts, lambda declared, index: _steps(declared, "", int(visited.by_weight[index])))


def _training_macs(facts: Facts) -> Products:
    visited = facts.result(Backward)
    return _of_arithmetic(facts, lambda declared, index: _times(declared.macs, *_passes(visited, index)))


def _training_flops(facts: Facts) -> Products:
    visited = facts.result(Backward)

    def products(declared: Arithmetic, index: int) -> list[Product]:
        found = _times(declared.macs, _A_MAC, *_passes(visited, index)) + _times(declared.operations)
        if visited.by_input[index]:
            found += _times(declared.input_gradient_operations)
        if visited.by_weight[index]:
            found += _times(declared.weight_gradient_operations)
        return found

    return _of_arithmetic(facts, products)


def _passes(visited: Backward, index: int) -> tuple[Factor, ...]:
    """How often a product of the forward step turns up in a training step: once forward, and for each gradient."""
    number = 1 + visited.by_input[index] + visited.by_weight[index]
    return (Factor("forward and gradients", number),) if number > 1 else ()


def _steps(declared: Arithmetic, name: str, number: int) -> list[Product]:
    """The products of the forward step again, for so many gradients; nothing for none."""
    if not number:
        return []
    return _times(declared.macs, *([Factor(name, number)] if number > 1 else []))


def _times(counts: Sequence[Count], *often: Factor) -> list[Product]:
    return [of_count(count, *often) for count in counts]


EXPLAINED: Mapping[str, Callable[[Facts], Products]] = {
    "parameters": lambda facts: _of_weights(facts, Role.WEIGHT, Role.BIAS),
    "trainable_parameters": lambda facts: _of_weights(facts, Role.WEIGHT, Role.BIAS, frozen=False),
    "weight_parameters": lambda facts: _of_weights(facts, Role.WEIGHT),
    "bias_parameters": lambda facts: _of_weights(facts, Role.BIAS),
    "buffers": lambda facts: _of_weights(facts, Role.BUFFER),
    "filters": _of_filters,
    "macs": _macs,
    "flops": _flops,
    "input_gradient_macs": _input_gradient,
    "weight_gradient_macs": _weight_gradient,
    "training_macs": _training_macs,
    "training_flops": _training_flops,
    "activations": _of_activations,
}
"""The facts that are explained as sums of products, by name, each with what the layers contribute."""

WITHOUT_FROZEN = "trainable_parameters"
"""The one that leaves out what is frozen."""
OF_WEIGHTS = frozenset({"parameters", WITHOUT_FROZEN, "weight_parameters", "bias_parameters", "buffers", "filters"})
"""Those that count arrays, a shared one where it is first used."""

"""The affine map of a network around an input as JSON, by the contract of the documentation: every number of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from archanalyzer.executor.errors import ExecutorError
from archanalyzer.executor.kernel import Array
from archanalyzer.executor.linearizing import LayerMap, Linearized
from archanalyzer.executor.machine import require_memory
from archanalyzer.executor.map_costs import MapCosts
from archanalyzer.executor.network import Network
from archanalyzer.report.json_text import document

_MOST_NUMBERS = 2**24
"""That are written: about half a minute."""
_BYTES_A_NUMBER = 200
"""As a number of Python's, and as text, several times over; measured."""


def require_room(network: Network) -> None:
    """Refuses, before anything is composed, the map of a network that could not be written.

    Raises:
        ExecutorError: it is too large.
    """
    inputs, outputs = (
        sum(network.types.outputs[index].elements for index in ends)
        for ends in (network.graph.inputs, network.graph.outputs)
    )
    ends = inputs + (inputs + 2) * outputs  # x; A, c and f(x)
    _require(ends + MapCosts(network).told, network.held)


def _require(numbers: int, held: dict[str, int]) -> None:
    if numbers > _MOST_NUMBERS:
        raise ExecutorError(
            f"JSON of {numbers:,} numbers would take too long, at most {_MOST_NUMBERS:,} are written: `--save` writes "
            "A and c to a file of arrays, and the text sums large ones up"
        )
    require_memory(_BYTES_A_NUMBER * numbers, f"the {numbers:,} numbers as JSON", beside=held)


def render(found: Linearized, conditions: dict[str, Any], name: str, path: str) -> str:
    """One document; a layer's matrix that was not formed is null. ``conditions`` say under what it was computed.

    Raises:
        ExecutorError: it is too large.
    """
    arrays = list(_arrays(found))
    _require(sum(array.size for array in arrays), {"the arrays": sum(array.nbytes for array in arrays)})
    entry: dict[str, Any] = {
        "name": name,
        "path": path,
        **conditions,
        "piecewise_linear": True,
        "homogeneous": not found.why_not_homogeneous,
        "why_not_homogeneous": found.why_not_homogeneous,
        "inputs": {name: _plain(x) for name, x in found.inputs.items()},
        "outputs": {name: _plain(y) for name, y in found.outputs.items()},
        "layers": [_layer(layer) for layer in found.layers],
        "maps": [
            {"output": output, "input": given, "A": _plain(matrix)}
            for (output, given), matrix in found.matrices.items()
        ],
        "constants": {name: _plain(constant) for name, constant in found.constants.items()},
        "checks": [check._asdict() for check in found.checks],
    }
    return document(entry)


def render_no(message: str, name: str, path: str, *, known: bool) -> str:
    """That the network is no such map, or not known to be one, and why."""
    entry = {"name": name, "path": path, "piecewise_linear": False if known else None, "message": message}
    return document(entry)


def _arrays(found: Linearized) -> Iterator[Array]:
    """All that is written."""
    for named in (found.inputs, found.outputs, found.constants, found.matrices):
        yield from named.values()
    for layer in found.layers:
        yield layer.constant
        yield from (factor.value for factor in layer.factors if factor.value is not None)


def _layer(layer: LayerMap) -> dict[str, Any]:
    kink = layer.kink
    return {
        "layer": layer.layer,
        "factors": [
            {
                "reads": factor.reads,
                "symbol": factor.symbol,
                "shape": list(factor.shape),
                "value": None if factor.value is None else _plain(factor.value),
            }
            for factor in layer.factors
        ],
        "constant": _plain(layer.constant),
        "kink": kink and {"elements": list(kink.units), "slopes": kink.slopes, "bends": kink.bends},
    }


def _plain(array: Array) -> Any:
    return (array + 0.0).tolist()  # -0 + 0 is 0

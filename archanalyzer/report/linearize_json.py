"""The affine map of a network around an input as JSON, by the contract of the documentation: every number of it."""

from __future__ import annotations

from typing import Any

from archanalyzer.executor.kernel import Array
from archanalyzer.executor.linearizing import LayerMap, Linearized
from archanalyzer.report.json_text import document


def render(found: Linearized, conditions: dict[str, Any], name: str, path: str) -> str:
    """One document; a layer's matrix that was not formed is null. ``conditions`` say under what it was computed."""
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

"""What a plugin's passes and layer types answer with, looked through: plain data, of the kind that was said."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from math import isfinite
from typing import Any

from archanalyzer.diagnostics import Diagnostic, Rule
from archanalyzer.diagnostics.guarding import PluginError, answered, guarded, shown
from archanalyzer.diagnostics.rules.plugins import PLUGIN_FAILED
from archanalyzer.graph import Arithmetic, Kept, Misfit, Op, Reading, TensorType, Trait, Types, Weight
from archanalyzer.passes.analysis import Kind


def require_values(what: str, values: Any, number: int, kind: Kind) -> Sequence[Any]:
    """The values of a column of so many layers.

    Raises:
        PluginError: they are not as many, or not of that kind.
    """
    if not isinstance(values, list | tuple) or len(values) != number:
        found = f"{len(values)} values" if isinstance(values, list | tuple) else shown(values)
        message = f"{what}: expected a list of {number} values, one a layer, found {found}"
        raise PluginError(Diagnostic(PLUGIN_FAILED, message))
    for value in values:
        require_value(what, value, kind)
    return values


def require_diagnostics(what: str, found: Any) -> Sequence[Diagnostic]:
    """What a pass finds wrong.

    Raises:
        PluginError: it is no list of diagnostics.
    """
    if not isinstance(found, list | tuple) or not all(isinstance(each, Diagnostic) for each in found):
        raise answered(f"{what}, diagnostics", "a tuple of `Diagnostic`", found)
    return found


def require_value(what: str, value: Any, kind: Kind) -> None:
    """Checks one value of a kind; None means that it is not known.

    Raises:
        PluginError: it is of another.
    """
    expected, fits = _KINDS[kind]
    if value is not None and not fits(value):
        raise answered(what, f"{expected}, as a value of kind {kind.name}", value)


def _is_number(value: Any) -> bool:
    """A plain number, as JSON can carry it; NumPy's are others."""
    return type(value) in (int, float) and isfinite(value)


def _is_fraction(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return all(each is None or (not isinstance(each, list | tuple) and _is_fraction(each)) for each in value)
    if type(value) is not str:
        return _is_number(value)
    try:
        Fraction(value)
    except (ValueError, ZeroDivisionError):
        return False
    return True


def _is_plain(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return all(map(_is_plain, value))
    if isinstance(value, Mapping):
        return all(type(name) is str and _is_plain(each) for name, each in value.items())
    return value is None or type(value) in (bool, str) or _is_number(value)


def _is_shape(value: Any) -> bool:
    return isinstance(value, list | tuple) and all(type(extent) is int for extent in value)


_FIELD_KEYS = frozenset(("input", "axis", "size", "min_size", "stride", "offset", "whole"))


def _is_field(value: Any) -> bool:
    entries = isinstance(value, list | tuple) and all(isinstance(each, Mapping) for each in value)
    return entries and all(each.keys() >= _FIELD_KEYS for each in value) and _is_plain(value)


_KINDS: dict[Kind, tuple[str, Callable[[Any], bool]]] = {
    Kind.COUNT: ("a finite int or float", _is_number),
    Kind.BYTES: ("an int", lambda value: type(value) is int),
    Kind.SHAPE: ("a list of ints", _is_shape),
    Kind.FIELD: (f"a list of maps with {', '.join(sorted(_FIELD_KEYS))}", _is_field),
    Kind.FRACTION: ('a number, a text such as "1/2", or a list of them', _is_fraction),
    Kind.REAL: ("a finite int or float", _is_number),
    Kind.DATA: ("plain data: None, bool, int, float, str, list, or dict with texts as keys", _is_plain),
}


# --- What layer types declare


def output_type(op: Op, inputs: Types) -> TensorType:
    """The type of the output of a plugin's layer type, all of whose answers are looked through.

    So that a wrong one makes this layer unsound, and nothing else.

    Raises:
        Misfit: the inputs do not fit; or the layer type is at fault.
    """
    try:
        return guarded(f"layer type `{op.name}` of plugin `{op.plugin}`", lambda: _looked_through(op, inputs))
    except PluginError as fault:
        if isinstance(fault.__cause__, Misfit) and isinstance(fault.__cause__.rule, Rule):
            raise fault.__cause__ from None
        raise Misfit(PLUGIN_FAILED, fault.diagnostic.message) from fault


def _looked_through(op: Op, inputs: Types) -> TensorType:
    what = f"layer type `{op.name}` of plugin `{op.plugin}`"
    output: Any = op.output_type(inputs)
    if not isinstance(output, TensorType) or not all(type(each) is int and each > 0 for each in output.shape):
        raise answered(f"{what}, output_type", "a `TensorType` of whole numbers from 1", output)
    weights: Any = op.weights(inputs)
    arithmetic: Any = op.arithmetic(inputs, output)
    if not isinstance(weights, tuple) or not all(isinstance(each, Weight) for each in weights):
        raise answered(f"{what}, weights", "a tuple of `Weight`", weights)
    if not isinstance(arithmetic, Arithmetic | None):
        raise answered(f"{what}, arithmetic", "an `Arithmetic`, or None", arithmetic)
    kept, readings = op.kept(inputs, output), op.readings(inputs, output)
    if not isinstance(kept, Kept | None):
        raise answered(f"{what}, kept", "a `Kept`, or None", kept)
    if readings is not None and not _are_readings(readings, inputs):
        raise answered(f"{what}, readings", "one reading for every axis of every input, or None", readings)
    if not isinstance(op.traits, Trait):
        raise answered(f"{what}, traits", "a `Trait`", op.traits)
    return output


def _are_readings(readings: Any, inputs: Types) -> bool:
    if not isinstance(readings, tuple) or len(readings) != len(inputs):
        return False
    for by_axis, tensor in zip(readings, inputs, strict=True):
        if not isinstance(by_axis, tuple) or len(by_axis) != len(tensor.shape):
            return False
        if not all(isinstance(each, Reading) for each in by_axis):
            return False
    return True

"""What a plugin's passes and layer types answer with, looked through: plain data, of the kind that was said."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from math import isfinite
from sys import float_info
from typing import Any

from archanalyzer.diagnostics import BlockUse, Diagnostic, Note, Rule, Source
from archanalyzer.diagnostics.guarding import PluginError, answered, guarded, is_text, shown
from archanalyzer.diagnostics.rules import all_rules
from archanalyzer.diagnostics.rules.plugins import PLUGIN_FAILED
from archanalyzer.graph import (
    Arithmetic,
    Count,
    Digit,
    Factor,
    IrregularWindow,
    Kept,
    Misfit,
    Op,
    Reading,
    Rearranged,
    Role,
    TensorType,
    Trait,
    Types,
    Weight,
    Window,
)
from archanalyzer.passes.analysis import Kind

_TOO_LONG = 10**4000
"""No number of a plugin may be as large: Python writes ints of up to 4,300 digits, and sums are longer than addends."""


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
        PluginError: it is no list of diagnostics, or one of them is not what a diagnostic is.
    """
    what = f"{what}, diagnostics"
    if not isinstance(found, list | tuple) or not all(isinstance(each, Diagnostic) for each in found):
        raise answered(what, "a tuple of `Diagnostic`", found)
    for each in found:
        for name, (expected, fits) in _DIAGNOSTIC.items():
            if not fits(getattr(each, name)):
                raise answered(f"{what}, `{name}`", expected, getattr(each, name))
        if not _is_known(each.rule):
            raise answered(f"{what}, `rule`", _RULES, each.rule)
    return found


def require_value(what: str, value: Any, kind: Kind) -> None:
    """Checks one value of a kind; None means that it is not known.

    Raises:
        PluginError: it is of another.
    """
    expected, fits = _KINDS[kind]
    if value is not None and not fits(value):
        raise answered(what, f"{expected}, as a value of kind {kind.name}", value)


def is_count(value: Any) -> bool:
    """Whether it is a whole number from 0 that can be written: Python writes ints of up to 4,300 digits."""
    return type(value) is int and 0 <= value < _TOO_LONG


def are_extents(value: Any) -> bool:
    """Whether it is a tuple of whole numbers from 1."""
    return isinstance(value, tuple) and all(is_count(each) and each > 0 for each in value)


def _is_number(value: Any) -> bool:
    """A plain number, as JSON can carry it; NumPy's are others."""
    return isfinite(value) if type(value) is float else type(value) is int and abs(value) < _TOO_LONG


def _is_real(value: Any) -> bool:
    """A plain number that a float can be."""
    return _is_number(value) and abs(value) <= float_info.max


def _is_fraction(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return all(each is None or (not isinstance(each, list | tuple) and _is_fraction(each)) for each in value)
    if type(value) is not str:
        return _is_real(value)
    try:
        Fraction(value)
    except (ValueError, ZeroDivisionError):
        return False
    return True


def _is_plain(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return all(map(_is_plain, value))
    if isinstance(value, Mapping):
        return all(is_text(name) and _is_plain(each) for name, each in value.items())
    return value is None or type(value) is bool or is_text(value) or _is_number(value)


def _is_shape(value: Any) -> bool:
    return isinstance(value, list | tuple) and all(map(is_count, value))


_FIELD_KEYS = frozenset(("input", "axis", "size", "min_size", "stride", "offset", "whole"))


def _is_field(value: Any) -> bool:
    entries = isinstance(value, list | tuple) and all(isinstance(each, Mapping) for each in value)
    return entries and all(each.keys() >= _FIELD_KEYS for each in value) and _is_plain(value)


_KINDS: dict[Kind, tuple[str, Callable[[Any], bool]]] = {
    Kind.COUNT: ("a whole number from 0", is_count),
    Kind.BYTES: ("a whole number from 0", is_count),
    Kind.SHAPE: ("a list of whole numbers from 0", _is_shape),
    Kind.FIELD: (f"a list of maps with {', '.join(sorted(_FIELD_KEYS))}", _is_field),
    Kind.FRACTION: ('a number, a text such as "1/2", or a list of them', _is_fraction),
    Kind.REAL: ("a finite int or float", _is_real),
    Kind.DATA: ("plain data: None, bool, int, float, str, list, or dict with texts as keys", _is_plain),
}


_RULES = "one of the plugin's `rules`, or of the built-in ones"


def _is_known(rule: Any) -> bool:
    return isinstance(rule, Rule) and all_rules().get(rule.code) == rule


def _are_notes(value: Any) -> bool:
    return isinstance(value, tuple) and all(
        isinstance(each, Note) and is_text(each.text) and isinstance(each.source, Source) for each in value
    )


_DIAGNOSTIC: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "message": ("a text", is_text),
    "source": ("a `Source`, or None", lambda value: isinstance(value, Source | None)),
    "hint": ("a text, or None", lambda value: value is None or is_text(value)),
    "trail": ("a `BlockUse`, or None", lambda value: isinstance(value, BlockUse | None)),
    "notes": ("a tuple of `Note`", _are_notes),
}


# --- What layer types declare


def output_type(op: Op, inputs: Types) -> TensorType:
    """The type of the output of a plugin's layer type, all of whose answers are looked through.

    So that a wrong one makes this layer unsound, and nothing else.

    Raises:
        Misfit: the inputs do not fit; or the layer type is at fault.
    """
    what = f"layer type `{op.name}` of plugin `{op.plugin}`"
    try:
        return looked_through(what, op, inputs)
    except PluginError as fault:
        place = fault.diagnostic.source
        hint = f"look at {place.file.name}:{place.line}" if place else None
        raise Misfit(PLUGIN_FAILED, fault.diagnostic.message, hint) from fault
    except Misfit as misfit:
        if _is_known(misfit.rule):
            raise
        unknown = answered(f"{what}, the rule of a `Misfit`", _RULES, misfit.rule)
        raise Misfit(PLUGIN_FAILED, unknown.diagnostic.message) from misfit


def looked_through(what: str, op: Op, inputs: Types) -> TensorType:
    """The type of the output, all that the layer type answers being looked through; ``what`` names it in messages.

    Raises:
        Misfit: the inputs do not fit.
        PluginError: an answer is not what it should be.
    """
    try:
        return guarded(what, lambda: _looked_through(what, op, inputs))
    except PluginError as fault:
        misfit = fault.__cause__
        if isinstance(misfit, Misfit) and is_text(misfit.message) and (misfit.hint is None or is_text(misfit.hint)):
            raise misfit from None
        raise


def _looked_through(what: str, op: Op, inputs: Types) -> TensorType:
    output: Any = op.output_type(inputs)
    if not isinstance(output, TensorType) or not are_extents(output.shape):
        raise answered(f"{what}, output_type", "a `TensorType` of whole numbers from 1", output)
    _require_weights(what, op.weights(inputs))
    _require_arithmetic(what, op.arithmetic(inputs, output))
    kept, readings = op.kept(inputs, output), op.readings(inputs, output)
    if kept is not None and not _is_kept(kept):
        raise answered(f"{what}, kept", "a `Kept` of True, False and whole numbers from 0, or None", kept)
    if readings is not None and not _are_readings(readings, inputs, len(output.shape)):
        raise answered(f"{what}, readings", "one reading for every axis of every input, or None", readings)
    if not isinstance(op.traits, Trait):
        raise answered(f"{what}, traits", "a `Trait`", op.traits)
    return output


def _require_weights(what: str, weights: Any) -> None:
    if not isinstance(weights, tuple) or not all(isinstance(each, Weight) for each in weights):
        raise answered(f"{what}, weights", "a tuple of `Weight`", weights)
    each: Any
    for each in weights:
        one = f"{what}, weight {shown(each.name)}"
        if not is_text(each.name) or not each.name:
            raise answered(f"{what}, weights", "names that are texts", each.name)
        if not are_extents(each.shape) or not is_count(each.elements):
            raise answered(one, "a shape of whole numbers from 1", each.shape)
        if each.fan_shape is not None and not are_extents(each.fan_shape):
            raise answered(f"{one}, fan_shape", "a shape of whole numbers from 1, or None", each.fan_shape)
        if not isinstance(each.role, Role) or not is_count(each.filters):
            raise answered(one, "a `Role`, and as filters a whole number from 0", (each.role, each.filters))
        if each.initial is not None and not _is_real(each.initial):
            raise answered(f"{one}, initial", "a finite number, or None", each.initial)
    names = [each.name for each in weights]
    if len(set(names)) < len(names):
        raise answered(f"{what}, weights", "a name of its own for each", names)


def _require_arithmetic(what: str, arithmetic: Any) -> None:
    if arithmetic is None:
        return
    if not isinstance(arithmetic, Arithmetic):
        raise answered(f"{what}, arithmetic", "an `Arithmetic`, or None", arithmetic)
    counts: Any
    for field, counts in zip(arithmetic._fields, arithmetic, strict=True):
        if not isinstance(counts, tuple) or not all(isinstance(each, Count) for each in counts):
            raise answered(f"{what}, arithmetic, {field}", "a tuple of `Count`", counts)
        for each in counts:
            if not is_text(each.what) or not _are_factors(each.factors) or not is_count(each.total):
                expected = "named factors that are whole numbers from 0"
                raise answered(f"{what}, arithmetic, {field}", expected, each)


def _are_factors(factors: Any) -> bool:
    return isinstance(factors, tuple) and all(
        isinstance(each, Factor) and is_text(each.name) and is_count(each.value) for each in factors
    )


def _is_kept(kept: Any) -> bool:
    if not isinstance(kept, Kept):
        return False
    flags = (kept.inputs, kept.output, kept.inputs_for_weights_only)
    return all(type(each) is bool for each in flags) and is_count(kept.extra_elements) and is_count(kept.extra_bytes)


def _are_readings(readings: Any, inputs: Types, rank: int) -> bool:
    if not isinstance(readings, tuple) or len(readings) != len(inputs):
        return False
    for by_axis, tensor in zip(readings, inputs, strict=True):
        if not isinstance(by_axis, tuple) or len(by_axis) != len(tensor.shape):
            return False
        if not all(isinstance(each, Reading) and _is_reading(each, rank) for each in by_axis):
            return False
    return True


def _is_reading(reading: Reading, rank: int) -> bool:
    """Whether its numbers are whole, and its axes those of an output of so many; what they say is not asked here."""
    match reading:
        case Window(axis=axis, upsampling=upsampling):
            others = (reading.stride, upsampling, reading.offset, reading.count, reading.step)
            return _is_axis(axis, rank) and all(type(each) is int for each in others) and upsampling > 0
        case Digit(axis=axis, divisor=divisor, modulus=modulus):
            return _is_axis(axis, rank) and are_extents((divisor, modulus))
        case IrregularWindow(axis=axis, reads=reads):
            return _is_axis(axis, rank) and callable(reads)
        case Rearranged(reads=reads, axes=axes):
            in_output = axes is None or all(_is_axis(each, rank) for each in axes)
            return in_output and (reads is None or callable(reads))
    return True


def _is_axis(axis: Any, rank: int) -> bool:
    return type(axis) is int and 0 <= axis < rank

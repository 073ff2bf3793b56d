"""What is expected beside what is found: where they differ, and what would have to stand there instead.

A value of any kind is compared part by part down to its leaves: numbers, texts, truth values. A leaf may be a bound.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any, NamedTuple, TypeAlias

from archanalyzer.graph import PartPath
from archanalyzer.graph.quantities import number_of, taken_apart
from archanalyzer.passes.analysis import Kind
from archanalyzer.passes.expecting.bounds import (
    ANY,
    KEYS,
    Between,
    Bound,
    Repair,
    bound_of_map,
    bound_of_text,
    is_bound_map,
    is_bound_text,
)
from archanalyzer.passes.expecting.faults import impossible, require_known
from archanalyzer.passes.facts import Amount

FIELD_PARTS = ("size", "min_size", "stride", "offset", "whole")
ALL = "all"
"""The size of a field that is the whole input at every position."""

UNKNOWN = "what is found is not known"


class Change(NamedTuple):
    """What to write at ``path`` in a value: ``value``, or, of a bound that is a text, its number ``number``, from 0."""

    path: PartPath
    value: Any
    number: int | None = None


class Stuck(NamedTuple):
    """A difference that no change of the text mends, and why."""

    reason: str


Difference: TypeAlias = Change | Stuck


def differences(expected: Any, found: Amount, kind: Kind) -> Iterator[Difference]:
    """Where a value is not what is expected; nothing where it is.

    Raises:
        Fault: no value could be.
    """
    if found.value is None:
        yield Stuck(UNKNOWN)
    elif kind is Kind.FIELD:
        yield from _field(expected, found.value, ())
    elif found.at_least:
        number = number_of(found.value)
        yield from _leaf(expected, [None if number is None else Between(number, None)], ())
    else:
        yield from _nested(expected, found.value, (), as_numbers=kind is not Kind.DATA)


def bound_of(expected: Any, path: PartPath = ()) -> Bound | None:
    """The bound that a value is meant to be; None for any other value, ``_`` included.

    Raises:
        Fault: it is meant as one, and is none, or nothing could keep it.
    """
    if isinstance(expected, str) and expected != ANY and is_bound_text(expected):
        return bound_of_text(expected, path)
    return bound_of_map(expected, path) if isinstance(expected, Mapping) and is_bound_map(expected) else None


def changed(value: Any, changes: Sequence[Change]) -> Any:
    """A value with some changes made in it."""
    for change in changes:
        value = _changed(value, change.path, change)
    return value


def _changed(value: Any, path: PartPath, change: Change) -> Any:
    if not path:
        apart = taken_apart(value) if change.number is not None else None
        return (
            change.value if apart is None or change.number is None else apart.with_number(change.number, change.value)
        )
    first, rest = path[0], path[1:]
    if isinstance(value, Mapping):
        return {key: _changed(each, rest, change) if key == first else each for key, each in value.items()}
    return [_changed(each, rest, change) if index == first else each for index, each in enumerate(value)]


# --- Parts of any value


def _nested(expected: Any, found: Any, path: PartPath, *, as_numbers: bool) -> Iterator[Difference]:
    """Compares maps and lists part by part; ``as_numbers``: texts such as ``1/2`` are numbers."""
    if isinstance(found, Mapping):
        if not isinstance(expected, Mapping) or set(expected) != set(found):
            yield Change(path, dict(found))
        else:
            for key in expected:
                yield from _nested(expected[key], found[key], (*path, key), as_numbers=as_numbers)
    elif isinstance(found, list | tuple):
        bound = bound_of(expected, path)
        if bound is not None:
            yield from _within(bound, list(map(number_of, found)), path)
        elif not isinstance(expected, list | tuple) or len(expected) != len(found):
            yield from () if expected == ANY else (Change(path, list(found)),)
        else:
            for index, pair in enumerate(zip(expected, found, strict=True)):
                yield from _nested(*pair, (*path, index), as_numbers=as_numbers)
    else:
        yield from _leaf(expected, [found], path, as_numbers=as_numbers)


def _leaf(expected: Any, found: Sequence[Any], path: PartPath, *, as_numbers: bool = True) -> Iterator[Difference]:
    """Compares one value with each of some that are found; of these, None is not known."""
    if isinstance(expected, str) and expected == ANY:
        return
    numbers = [each if isinstance(each, Between) else _as_number(each, as_numbers=as_numbers) for each in found]
    if as_numbers or any(number is not None for number in numbers):
        bound = bound_of(expected, path)
        if bound is not None:
            yield from _within(bound, numbers, path)
            return
    number = _as_number(expected, as_numbers=as_numbers)
    for each, found_number in zip(found, numbers, strict=True):
        kept = number == found_number if number is not None and found_number is not None else _same(expected, each)
        if not kept:
            yield _replacing(found, path)
            return


def _as_number(value: Any, *, as_numbers: bool) -> Fraction | None:
    """The number that a value is; of data, a text is none unless it has a unit."""
    return None if isinstance(value, str) and not as_numbers and not has_unit(value) else number_of(value)


def _same(expected: Any, found: Any) -> bool:
    """Equality in which a truth value is no number."""
    return isinstance(expected, bool) == isinstance(found, bool) and bool(expected == found)


def _replacing(found: Sequence[Any], path: PartPath, *, as_list: bool = False) -> Difference:
    """What is found in the place of one value: one, or, where there are several different ones, a list."""
    if any(each is None or isinstance(each, Between) for each in found):
        return Stuck(UNKNOWN)
    alike = all(_same(found[0], each) for each in found) if found else False
    return Change(path, found[0] if alike and not as_list else list(found))


def _within(bound: Bound, found: Sequence[Any], path: PartPath) -> Iterator[Difference]:
    numbers = [each for each in found if isinstance(each, Fraction)]
    parts = [each for each in found if isinstance(each, Between)]
    if len(numbers) + len(parts) < len(found) or not found or not all(map(bound.holds_all, parts)):
        yield Stuck(UNKNOWN)
    elif numbers and not bound.holds(*numbers):
        repairs = bound.repaired(numbers)
        if repairs is None:
            yield Stuck("what is found differs from axis to axis, and one tolerance has one middle")
        yield from (_repairing(repair, path) for repair in repairs or ())


def _repairing(repair: Repair, path: PartPath) -> Change:
    if isinstance(repair.part, str):
        return Change((*path, repair.part), repair.value)
    return Change(path, repair.value, repair.part)


# --- Receptive fields


def _field(expected: Any, entries: Sequence[Mapping[str, Any]], path: PartPath) -> Iterator[Difference]:
    """A field's sizes, or a map of parts, of bounds, or of inputs."""
    if isinstance(expected, Mapping):
        inputs = {entry["input"] for entry in entries}
        if not inputs.intersection(expected) and is_bound_map(expected):
            yield from _axes(expected, entries, "size", path)
            return
        for name, value in expected.items():
            yield from _part(name, value, entries, path)
    elif expected == ALL:
        if not entries or not all(entry["whole"] for entry in entries):
            yield _sizes(entries, path)
    else:
        yield from _axes(expected, entries, "size", path)


def _part(name: str, expected: Any, entries: Sequence[Mapping[str, Any]], path: PartPath) -> Iterator[Difference]:
    of_input = [entry for entry in entries if entry["input"] == name]
    if of_input:
        yield from _field(expected, of_input, (*path, name))
        return
    message = f"`{name}` is neither a part of a receptive field nor an input that it sees"
    require_known(name, FIELD_PARTS, message, "parts", path=(*path, name))
    yield from _axes(expected, entries, name, (*path, name))


def _axes(expected: Any, entries: Sequence[Mapping[str, Any]], part: str, path: PartPath) -> Iterator[Difference]:
    """One value for all axes, or a list with one an axis."""
    found = [_of_axis(entry, part) for entry in entries]
    if isinstance(expected, list | tuple):
        if len(expected) != len(found):
            yield _replacing(found, path, as_list=True)
            return
        for index, (each, value) in enumerate(zip(expected, found, strict=True)):
            yield from _leaf(each, [value], (*path, index))
    elif found:
        yield from _leaf(expected, found, path)
    elif expected != ANY:
        yield Change(path, [])


def _of_axis(entry: Mapping[str, Any], part: str) -> Any:
    """What is known of an axis; of an upper bound, that the size is no larger."""
    if entry.get("exact", True):
        return entry[part]
    return Between(None, Fraction(entry["size"])) if part == "size" else None


def _sizes(entries: Sequence[Mapping[str, Any]], path: PartPath) -> Difference:
    return _replacing([_of_axis(entry, "size") for entry in entries], path)


# --- What can be


_POSSIBLE = {
    Kind.COUNT: "a number or a bound",
    Kind.BYTES: "a number or a bound",
    Kind.REAL: "a number or a bound",
    Kind.SHAPE: "a list of numbers",
    Kind.FRACTION: "a number, a fraction such as `1/2`, a bound, or a list of them",
    Kind.FIELD: "a number, a bound, a list of them, `all`, or a map",
}


def require_possible(expected: Any, kind: Kind, shown: str) -> None:
    """Refuses what a fact of this kind can never be; ``shown`` is how a message calls it.

    Raises:
        Fault: it can't.
    """
    if kind is Kind.DATA or (isinstance(expected, str) and expected == ANY):
        return
    if kind is Kind.FIELD and isinstance(expected, Mapping):
        _require_bounds(expected, ())
        return
    is_list = isinstance(expected, list | tuple)
    leaves = list(enumerate(expected)) if isinstance(expected, list | tuple) else [((), expected)]
    possible = is_list if kind is Kind.SHAPE else not (is_list and kind in (Kind.COUNT, Kind.BYTES, Kind.REAL))
    for index, leaf in leaves:
        possible = possible and _is_possible(leaf, kind, (index,) if isinstance(index, int) else ())
    if not possible and not (kind is Kind.FIELD and expected == ALL):
        raise impossible(f"expected {_POSSIBLE[kind]}, found {shown}", (), _hint(expected, kind))


def _is_possible(leaf: Any, kind: Kind, path: PartPath) -> bool:
    if leaf is None:
        return kind is Kind.FRACTION and bool(path)
    if (isinstance(leaf, str) and leaf == ANY) or bound_of(leaf, path) is not None:
        return True
    if isinstance(leaf, str) and kind is not Kind.FRACTION:
        return has_unit(leaf)
    return number_of(leaf) is not None


def has_unit(text: str) -> bool:
    """Whether a text is a number with a unit; without one, it would not be text unless it stands in quotes."""
    return number_of(text) is not None and text[-1:].isalpha()


def _require_bounds(expected: Mapping[str, Any], path: PartPath) -> None:
    """Refuses bounds in the parts of a field that nothing keeps; what may be an input's, of any name, is held later."""
    for name, value in expected.items():
        if name in KEYS:
            continue
        leaves = enumerate(value) if isinstance(value, list | tuple) else [(None, value)]
        for index, leaf in leaves:
            bound_of(leaf, (*path, name) if index is None else (*path, name, index))


def _hint(expected: Any, kind: Kind) -> str | None:
    if kind is Kind.SHAPE and bound_of(expected) is not None:
        return 'a bound stands in the place of a number in the list; `_` there is any number: `[512, ">= 7", _]`'
    if isinstance(expected, str) and number_of(expected) is not None:
        return f"in quotes it is text; write `{expected}`"
    return None

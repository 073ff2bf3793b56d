"""What was found of a receptive field, as a message tells it: axis by axis, with what each misses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from archanalyzer.passes.expecting.bounds import is_bound_map
from archanalyzer.passes.expecting.differing import beside, differences_of, shown, update_remark

_Entries: TypeAlias = Sequence[Mapping[str, Any]]


def field_text(entries: _Entries, expected: Any) -> str:
    """Of a field, the parts that were asked for, and by how much each axis misses what is expected of it.

    Axes are named unless all are alike.
    """
    if not entries:
        return "no axis of any input"
    several = len({entry["input"] for entry in entries}) > 1
    return "; ".join(_parts(entries, expected, several))


def _parts(entries: _Entries, expected: Any, several: bool) -> Iterator[str]:
    inputs = {entry["input"] for entry in entries}
    if not isinstance(expected, Mapping) or (not inputs.intersection(expected) and is_bound_map(expected)):
        yield _part(entries, "size", expected, several)
        return
    for name, value in expected.items():
        if name in inputs:
            yield from _parts([entry for entry in entries if entry["input"] == name], value, several)
        else:
            yield f"{name} {_part(entries, name, value, several)}"


def _part(entries: _Entries, part: str, expected: Any, several: bool) -> str:
    """One part of every axis: ``5 (2 more)``, ``height 5 (2 more), width 3``."""
    texts = [_size(entry) if part == "size" else _known(entry, part) for entry in entries]
    one_each = beside(expected, len(entries))
    differences, remark = [""] * len(entries), _remark(entries) if part == "size" else ""
    if one_each is not None and all(entry.get("exact", True) for entry in entries):
        found = [entry[part] for entry in entries]
        differences, remark = differences_of(one_each, found), remark + update_remark(one_each, found)
    told = [f"{text}{apart}" for text, apart in zip(texts, differences, strict=True)]
    if len(set(texts)) > 1 or isinstance(expected, list | tuple) or several:
        axes = (f"{entry['input']} {entry['axis']}" if several else entry["axis"] for entry in entries)
        told = [f"{axis} {text}" for axis, text in zip(axes, told, strict=True)]
    else:
        told = told[:1]
    return f"{', '.join(told)}{remark}"


def _size(entry: Mapping[str, Any]) -> str:
    if not entry.get("exact", True):
        return f"at most {shown(entry['size'])}"
    if entry["min_size"] != entry["size"]:
        return f"{shown(entry['min_size'])} to {shown(entry['size'])}"
    return shown(entry["size"])


def _known(entry: Mapping[str, Any], part: str) -> str:
    """Another part than the size; of an upper bound, nothing else is known."""
    return shown(entry[part]) if entry.get("exact", True) else "not known"


def _remark(entries: _Entries) -> str:
    if not all(entry.get("exact", True) for entry in entries):
        return "; more is not known"
    return ", by position" if any(entry["min_size"] != entry["size"] for entry in entries) else ""

"""Where positions are too many to be told apart: what is told is a bound then, and is called one."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import pytest

from archanalyzer.passes import receptive_field
from archanalyzer.passes.fields import looking, positions, recounting, walking
from archanalyzer.passes.fields.field import Along, Field
from archanalyzer.passes.fields.moving import TooMany
from archanalyzer.passes.fields.positions import Positions, interval
from archanalyzer.passes.fields.told import Told
from archanalyzer.passes.receptive_field import ReceptiveFields
from archanalyzer.passes.tensor_types import TensorTypes
from tests.passes.fields.entries import Entry, entries_of, entry_of, some
from tests.passes.fields.random_networks import network, text
from tests.passes.fields.single_positions import Seen, alike_positions, fields_of, kept, walked

# --- At the limits that there are


def told_at_most(entry: Entry, length: int) -> bool:
    """Whether it is said that no more is known than the length of the axis."""
    bounds = some(entry, "size", "min_size", "number", "min_number") == (length, 0, length, 0)
    return bounds and entry["exact"] is False and entry["whole"] is False


def test_gaps_too_wide_to_be_kept() -> None:
    """Two positions 5,000,000 apart, and two side by side: that is four, of which all that is told is the length."""
    layers = "  - conv1d: {filters: 1, kernel: 2, dilation: 5000000}\n  - conv1d: {filters: 1, kernel: 2}\n"
    assert told_at_most(entry_of(9_000_000, layers), 9_000_000)
    assert told_at_most(entry_of(9_000_000, f"{layers}  - global_avg_pool\n"), 9_000_000)
    near = entry_of(9_000_000, layers.replace("5000000", "4000000"))
    assert some(near, "size", "min_size", "number") == (4_000_002, 4_000_002, 4)
    assert "exact" not in near


UNLIKE = (
    "  - conv1d: {filters: 1, kernel: 1, stride: 2}\n    name: fast\n"
    "  - conv1d: {filters: 1, kernel: 200001}\n    from: signal\n    name: slow\n  - add:\n    from: [fast, slow]\n"
)


def test_two_paces_along_very_many_positions() -> None:
    """200,000 positions that see something else each; behind a global pool it is looked up, and is exact again."""
    assert told_at_most(entry_of(400_000, UNLIKE), 400_000)
    pooled = entry_of(400_000, f"{UNLIKE}  - global_avg_pool\n")
    assert some(pooled, "size", "min_size", "number", "offset") == (400_000, 400_000, 400_000, 0)
    assert "exact" not in pooled


def test_ends_too_long_to_be_listed_are_looked_up() -> None:
    """Behind a window this wide, 1,000,000 positions at each end see something else than the others do."""
    wide = "  - conv1d: {filters: 1, kernel: 2000001, padding: 1000000}\n"
    assert some(entry_of(5_000_000, wide), "size", "min_size", "offset") == (2_000_001, 2_000_001, -1_000_000)
    pooled = entry_of(5_000_000, f"{wide}  - global_avg_pool\n")
    assert some(pooled, "size", "min_size", "offset", "whole") == (5_000_000, 5_000_000, 0, True)
    cropped = entry_of(5_000_000, f"{wide}  - crop: [[0, 4000000]]\n  - global_avg_pool\n")
    # Position 999,999 sees up to 1,999,999.
    assert some(cropped, "size", "min_size", "offset", "whole") == (2_000_000, 2_000_000, 0, False)


def test_places_too_many_to_walk_back_from() -> None:
    """Every other row is zeros; reshaped, each place takes a walk, of which there would be 33,670."""
    layers = (
        "  - conv_transpose2d: {filters: 1, kernel: [1, 3], stride: [2, 1], padding: [0, 1]}\n"
        "  - reshape: {shape: [1, 130, 259]}\n"
    )
    assert all(told_at_most(entry, 130) for entry in entries_of("x: [1, 130, 130]", layers))


# --- At small ones, against walks of single positions


class Limit(NamedTuple):
    module: object
    name: str
    value: int


POSITIONS = Limit(receptive_field, "MOST_POSITIONS", 40)
VISITS = Limit(recounting, "MOST_VISITS", 60)
LIMITS: dict[str, tuple[tuple[Limit, ...], bool]] = {
    "positions": ((POSITIONS,), False),  # walks from single positions make up for it
    "positions and visits": ((POSITIONS, VISITS), True),
    "visits": ((VISITS,), True),
    "bits": ((Limit(positions, "MOST_BITS", 6),), True),
    "enumerated": ((Limit(walking, "MOST_ENUMERATED", 6),), True),
    "looked at": ((Limit(looking, "MOST_LOOKED_AT", 3),), False),  # where it isn't seen at once, walks are taken
}
"""Limits, and whether bounds are told then: else, all is exact all the same."""
NETWORKS = 120


@cache
def unlimited(axes: int) -> list[tuple[ReceptiveFields, list[Seen]]]:
    """Networks with their fields and with what every single position sees, found without limits."""
    fields = [fields_of(network(seed, axes)) for seed in range(8000, 8000 + NETWORKS)]
    return [(each, walked(each)) for each in fields]


@pytest.mark.parametrize("limit", LIMITS)
@pytest.mark.parametrize("axes", [1, 2])
def test_what_is_told_then_is_a_bound(limit: str, axes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    full = unlimited(axes)
    limits, bounds_are_told = LIMITS[limit]
    with monkeypatch.context() as patched:
        for each in limits:
            patched.setattr(*each)
        limited = [fields_of(known.graph) for known, _ in full]
    bounds = sum(compare(fields, seen) for fields, (_, seen) in zip(limited, full, strict=True))
    assert (bounds > 0) == bounds_are_told


def compare(limited: ReceptiveFields, seen: list[Seen]) -> int:
    """Compares every field with what single positions see; the number of bounds that are told."""
    graph = limited.graph
    bounds = 0
    for layer in graph.layers:
        for field in limited.by_layer[layer.index] or ():
            for along in field.axes:
                compare_axis(field, along, alike_positions(field, along, seen[layer.index]), text(graph))
        for told in limited.told[layer.index] or ():
            compare_told(told, limited.types, seen[layer.index], text(graph))
            bounds += not told.exact
    return bounds


def compare_axis(field: Field, along: Along, found: dict[tuple[int, ...], Positions], shown: str) -> None:
    line = along.field
    if not line.exact:
        assert all(line.at(0).contains(seen) for seen in found.values()), shown
        return
    for number, alike in enumerate(sorted(found)):
        try:
            seen = line.real(number if along.scattered or not alike else alike[0])
        except TooMany:
            assert line.cut is None
            return
        assert seen == found[alike], shown


def compare_told(told: Told, types: TensorTypes, seen: Seen, shown: str) -> None:
    """What is told is told of all places, whatever it is; bounds are of the input that there is."""
    real = places_seen(seen, told)
    assert not told.whole or set(real) == {interval(0, types.outputs[told.input].shape[told.axis])}, shown
    if not told.exact:
        assert told.size >= max(each.size for each in real), shown
        assert told.number >= max(each.number for each in real), shown
        assert (told.min_size, told.min_number, told.stride, told.whole) == (0, 0, None, False), shown


def places_seen(seen: Seen, told: Told) -> list[Positions]:
    """What every place sees of an axis that there is, all its channels together."""
    found: dict[tuple[int, ...], set[int]] = {}
    for at, reach in seen.items():
        found.setdefault(at[1:] or at, set()).update(each[told.axis] for index, each in reach if index == told.input)
    return [kept(each) for each in found.values()]

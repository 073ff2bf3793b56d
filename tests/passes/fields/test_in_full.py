"""A layer's field in full: by hand, and against the field itself, asked position by position."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import product

import pytest

from archanalyzer.graph import Graph
from archanalyzer.passes import standard_passes
from archanalyzer.passes.facts import Facts
from archanalyzer.passes.fields.in_full import AxisInFull, CutSizes, cut_of_all, in_full
from archanalyzer.passes.fields.moving import Budget, Periodic
from archanalyzer.passes.fields.positions import Positions, interval
from archanalyzer.passes.receptive_field import ReceptiveFields
from tests.passes.fields.enumeration import spec
from tests.passes.fields.random_networks import network, text

PADDED = "  - conv1d: {filters: 1, kernel: 3, padding: 1}\n"


def axes_of(graph: Graph, layer: int = -1) -> list[AxisInFull]:
    fields = Facts(graph, standard_passes()).result(ReceptiveFields)
    places = fields.places[layer]
    assert places is not None
    return [axis for part in in_full(places, fields.types.outputs[layer].shape) for axis in part]


def only_axis(layers: str, inputs: str = "x: [1, 12]") -> AxisInFull:
    (axis,) = axes_of(spec(layers, inputs))
    return axis


# --- By hand


def test_the_periods_of_an_up_sampling() -> None:
    """Position o of the last sees ⌊(o − 1) / 2⌋ to ⌊(o + 1) / 2⌋: from −1 to 0, or, of an odd one, from 0 to 1."""
    axis = only_axis("  - upsample: 2\n" + PADDED)
    told = axis.told()
    assert (told.period, axis.modulus, told.stride) == (2, 2, Fraction(1, 2))
    assert axis.rows() == ((interval(0, 1), interval(-1, 1)), (interval(1, 2), interval(0, 2)))
    # Middles −1/2 and 1/2; less half the position, −1/2 and 0.
    assert (told.centre, axis.mean_centre) == (Fraction(-1, 2), Fraction(-1, 4))
    # The first sees −1 and 0, the last, 23, sees 11 and 12.
    assert axis.cut() == CutSizes(2, 1, 2, 1, most_at=1, least_at=0, less=(interval(0, 1), interval(23, 24)))


def test_what_the_borders_cut_off_a_chain() -> None:
    """Position o sees o − 2 to o + 2 of 0 to 11."""
    axis = only_axis(PADDED * 2)
    assert axis.rows() == ((interval(0, 1), interval(-2, 3)),)
    assert axis.cut() == CutSizes(5, 3, 5, 3, most_at=2, least_at=0, less=(interval(0, 2), interval(10, 12)))
    assert axis.at((1,)) == (interval(-1, 4), interval(0, 4))


def test_gaps_are_left_out_of_the_number() -> None:
    """Taps two apart: position o sees o − 2, o and o + 2, the first two of them only the latter two."""
    axis = only_axis("  - conv1d: {filters: 1, kernel: 3, dilation: 2, padding: 2}\n")
    assert axis.cut() == CutSizes(5, 3, 3, 2, most_at=2, least_at=0, less=(interval(0, 2), interval(10, 12)))


def test_features_in_which_the_same_recurs() -> None:
    """Two channels of three positions, one after the other: 0, 1, 2, 0, 1, 2."""
    axis = only_axis("  - conv1d: {filters: 2, kernel: 3, padding: 1}\n  - flatten\n", "x: [1, 3]")
    assert [tuple(row.positions.each()) for row in axis.rows()] == [(0,), (1,), (2,)]
    assert (axis.modulus, axis.told().period) == (3, None)
    cut = axis.cut()
    assert cut is not None
    assert cut.less == (interval(0, 1), interval(2, 4), interval(5, 6))


def test_some_features_of_a_flat_layer() -> None:
    layers = "  - {flatten: , from: a, name: fa}\n  - {flatten: , from: b, name: fb}\n  - concat:\n    from: [fa, fb]\n"
    first, second = axes_of(spec(layers, "a: [1, 2], b: [2, 2]"))
    assert (first.listed, second.listed) == (interval(0, 2), interval(2, 6))
    assert [tuple(row.positions.each()) for row in second.rows()] == [(2, 4), (3, 5)]
    assert (second.told().min_size, second.modulus) == (1, None)
    assert first.at((1,)) == (interval(1, 2), interval(1, 2))
    assert second.at((1,)) == (Positions(0, 0), Positions(0, 0))


def test_channels_that_differ() -> None:
    axis = only_axis("  - conv1d: {filters: 1, kernel: 3, padding: 1}\n  - reshape: {shape: [6, 1]}\n", "x: [1, 6]")
    assert axis.by_channel
    assert axis.at((0,)) == (interval(-1, 7), interval(0, 6))


def test_what_takes_too_long_is_not_known() -> None:
    axis = only_axis(PADDED * 40, "x: [1, 100]")  # 40 positions at either end see less
    assert axis.cut(Budget(50)) is None
    assert axis.cut(Budget(200)) is not None


def test_of_many_positions_only_those_at_the_ends_are_looked_at() -> None:
    axis = only_axis(PADDED * 3, "x: [1, 100000000]")
    cut = axis.cut()
    assert cut is not None
    assert (cut.size, cut.min_size, cut.less) == (7, 4, (interval(0, 3), interval(10**8 - 3, 10**8)))


# --- Position by position


@pytest.mark.parametrize(("axes", "seeds"), [(1, range(400)), (2, range(300))])
def test_rows_and_cuts_are_what_each_position_says(axes: int, seeds: range) -> None:
    compared = 0
    for seed in seeds:
        graph = network(seed, axes)
        for layer in range(len(graph.layers)):
            for axis in axes_of(graph, layer):
                compare(axis, f"{graph.layers[layer].name} of\n{text(graph)}")
                compared += 1
    assert compared > 3 * len(seeds)


def compare(axis: AxisInFull, told: str) -> None:
    field = axis.along.field
    if not field.exact:
        return
    positions = list(range(field.positions) if axis.listed is None else axis.listed.each())
    by_row = dict(seen_by_row(axis))
    assert by_row == {position: field.at(position) for position in positions}, told
    cut = axis.cut()
    assert cut is not None, told
    real = {position: field.real(position) for position in positions}
    sizes, numbers = [each.size for each in real.values()], [each.number for each in real.values()]
    assert (cut.size, cut.min_size) == (max(sizes), min(sizes)), told
    assert (cut.number, cut.min_number) == (max(numbers), min(numbers)), told
    assert (cut.most_at, cut.least_at) == (positions[sizes.index(max(sizes))], positions[sizes.index(min(sizes))]), told
    assert [position for run in cut.less for position in run.each()] == [
        position for position in positions if real[position] != field.at(position)
    ], told
    assert cut_of_all([axis], Budget(1 << 16)) == cut


def seen_by_row(axis: AxisInFull) -> Iterator[tuple[int, Positions]]:
    """Every position with what the rows say of it, those of a period repeated as often as there are positions."""
    moving, modulus = axis.along.field.endless, axis.modulus
    for row in axis.rows():
        for position in row.positions.each():
            if modulus is None:
                yield position, row.seen
                continue
            assert isinstance(moving, Periodic)
            for turn, later in enumerate(range(position, axis.along.field.positions, modulus)):
                yield later, row.seen.moved(turn * moving.advance)


@pytest.mark.parametrize("seed", range(0, 300, 10))
def test_a_place_sees_along_an_axis_what_its_field_says(seed: int) -> None:
    """Of places, the last axis running fastest."""
    graph = network(seed, 2)
    fields = Facts(graph, standard_passes()).result(ReceptiveFields)
    for layer, output in enumerate(fields.types.outputs):
        extents = output.spatial or output.shape
        for axis in axes_of(graph, layer):
            if not axis.along.field.exact or axis.by_channel or axis.listed is not None:
                continue
            for number, place in enumerate(product(*map(range, extents))):
                moves_along = axis.along.along
                position = number if axis.along.scattered else 0
                if moves_along is not None:
                    position = place[moves_along - len(output.shape)]
                assert axis.at(place)[0] == axis.along.field.at(position)

"""Receptive fields as JSON, by the contract of docs/fields.md.

Positions are whole numbers, an interval goes from ``start`` up to, not including, ``stop``; lists of positions are
lists of their first and last in each run without a gap. Fractions are whole numbers or ``"p/q"``; null is not known, or
not there. Numbers of paths beyond 13,000 bits, some 3,900 digits, are texts in hexadecimal: Python reads no number of
more than 4,300 digits unless it is told to.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

from archanalyzer.graph import Graph
from archanalyzer.passes.fields.by_hand import Asked, Boundaries, ByHand
from archanalyzer.passes.fields.crossing import products
from archanalyzer.passes.fields.in_full import AxisInFull, CutSizes, in_full
from archanalyzer.passes.fields.moving import TooMany
from archanalyzer.passes.fields.positions import Positions, TooWide
from archanalyzer.passes.fields.told import Told, plain
from archanalyzer.passes.fields.walking import Region, along
from archanalyzer.passes.receptive_field import ReceptiveFields
from archanalyzer.report.field.overview import entries

if TYPE_CHECKING:
    from archanalyzer.passes.fields.paths import Gaussian, Size
    from archanalyzer.report.field.weights import Counted, Effective  # which import NumPy

_MOST_RUNS = 10_000
"""Runs without a gap that are listed; of more, null stands for the list."""
_MOST_BITS = 13_000
"""Of a number: what has more is written as a text."""


def _runs(positions: Positions) -> list[list[int]] | None:
    return _listed(list(islice(positions.runs(), _MOST_RUNS + 1)))


def _listed(runs: Sequence[Positions]) -> list[list[int]] | None:
    return [[run.start, run.stop - 1] for run in runs] if len(runs) <= _MOST_RUNS else None


def _interval(positions: Positions) -> dict[str, Any]:
    """Some positions; their runs only where there are gaps."""
    found: dict[str, Any] = {
        "start": positions.start if positions.size else None,
        "stop": positions.stop if positions.size else None,
        "size": positions.size,
        "number": positions.number,
    }
    return found if positions.bits is None else {**found, "runs": _runs(positions)}


# --- The fields of layers


def layers(fields: ReceptiveFields) -> list[dict[str, Any]]:
    """All layers, as in the table: what is told of each axis; null where it is not known."""
    return [
        {
            "name": layer.name,
            "op": layer.op.name,
            "output_shape": list(output.shape),
            "fields": None
            if found is None
            else [{**_told(each.told, fields), "cut": _cut(each.cut)} for each in found],
        }
        for layer, output, found in zip(fields.graph.layers, fields.types.outputs, entries(fields), strict=True)
    ]


def _told(one: Told, fields: ReceptiveFields) -> dict[str, Any]:
    return {
        "input": fields.graph.layers[one.input].name,
        "axis": fields.types.outputs[one.input].axis_names[one.axis],
        "size": one.size,
        "min_size": one.min_size,
        "number": one.number,
        "min_number": one.min_number,
        "stride": plain(one.stride),
        "padding": None if one.offset is None else -one.offset,
        "centre": plain(one.centre),
        "period": one.period,
        "whole": one.whole,
        "aligned": one.aligned,
        "exact": one.exact,
    }


def _cut(cut: CutSizes | None) -> dict[str, Any] | None:
    if cut is None:
        return None
    return {**cut._asdict(), "less": _listed(cut.less)}


def layer(fields: ReceptiveFields, index: int, place: Sequence[int] | None) -> list[dict[str, Any]] | None:
    """The field of one layer, for every axis of every input, each of its positions told; None where not known."""
    places, shape = fields.places[index], fields.types.outputs[index].shape
    if places is None:
        return None
    return [_axis(axis, fields, place) for part in in_full(places, shape) for axis in part]


def _axis(axis: AxisInFull, fields: ReceptiveFields, place: Sequence[int] | None) -> dict[str, Any]:
    one = axis.told()
    found = _told(one, fields)
    if axis.listed is not None:
        found["features"] = _runs(axis.listed)
    if axis.by_channel:
        found["by_channel"] = True
    found |= {
        "mean_centre": plain(axis.mean_centre),
        "modulus": axis.modulus,
        "residues": _residues(axis) if one.exact else None,
        "cut": _cut(axis.cut()),
    }
    if place is not None and one.exact:
        found["at"] = _at(axis, place)
    return found


def _residues(axis: AxisInFull) -> list[dict[str, Any]] | None:
    try:
        return [{"positions": _runs(row.positions), **_interval(row.seen)} for row in axis.rows()]
    except TooMany:
        return None


def _at(axis: AxisInFull, place: Sequence[int]) -> dict[str, Any] | None:
    try:
        endless, actual = axis.at(place)
    except (TooMany, TooWide):
        return None
    return {"endless": _interval(endless), "actual": _interval(actual)}


# --- The walk


def walk(way: ByHand) -> dict[str, Any]:
    """The layers on the way, the last first, and the boundaries of the blocks that it leads through."""
    layers, boundaries, on_the_way = way.graph.layers, Boundaries(way), way.layers
    return {
        "walk": [
            {
                "layer": layers[index].name,
                "op": layers[index].op.name,
                "output_shape": list(way.types.outputs[index].shape),
                **_asked(way.asked(index), way, index),
            }
            for index in on_the_way
        ],
        "blocks": list(_blocks(way, boundaries)),
    }


def _blocks(way: ByHand, boundaries: Boundaries) -> Iterator[dict[str, Any]]:
    on_the_way = frozenset(way.layers)
    for block in sorted(way.graph.blocks, key=lambda block: (-block.stop, block.start)):
        if on_the_way.isdisjoint(range(block.start, block.stop)):
            continue
        boundary = boundaries.of(block)
        yield {
            "block": block.name,
            "output": None if block.output is None else _asked(boundary.output, way, block.output),
            "reads": [
                {"layer": way.graph.layers[source].name, **_asked(asked, way, source)}
                for source, asked in boundary.reads.items()
            ],
        }


def _asked(asked: Asked, way: ByHand, index: int) -> dict[str, Any]:
    return {"endless": _region(asked.endless, way, index), "actual": _region(asked.real, way, index)}


def _region(region: Region, way: ByHand, index: int) -> dict[str, Any] | None:
    """Positions along each axis; ``boxes`` is the number of products of which they are a union."""
    if not region:
        return None
    names = way.types.outputs[index].axis_names
    axes = [{"axis": name, **_interval(along(region, axis))} for axis, name in enumerate(names)]
    return {"axes": axes, "boxes": len(products(region))}


# --- Weights


def paths(found: Sequence[Counted], graph: Graph) -> list[dict[str, Any]]:
    """The numbers of paths, exact, input by input."""
    return [
        {
            "input": graph.layers[one.input].name,
            "total": _exact(one.total),
            "positions": one.positions,
            "most": {"paths": _exact(one.most), "at": list(one.most_at)},
            "fewest": {"paths": _exact(one.fewest), "at": list(one.fewest_at)},
            "half": one.half,
            "start": list(one.counts.start),
            "profiles": [[_exact(int(each)) for each in profile] for profile in one.profiles],
        }
        for one in found
    ]


def _exact(count: int) -> int | str:
    """A number of paths; of too many digits for a number, ``"0x1f…"``, no less exact."""
    return count if count.bit_length() <= _MOST_BITS else hex(count)


def effective(found: Effective, graph: Graph) -> dict[str, Any]:
    """The effective field, input by input, with the weights themselves, divided by the largest."""
    return {
        "weights": found.origin,
        "threshold": found.threshold,
        "variances": None if found.variances is None else [plain(each) for each in found.variances],
        "gaussian": None if found.gaussian is None else _gaussian(found.gaussian),
        "inputs": [
            {
                "input": graph.layers[index].name,
                "theoretical": _size(found.theoretical[index]),
                "effective": _size(found.size(index)),
                "share": found.share(index),
                "deviations": list(found.deviations(index)),
                "start": list(places.start),
                "relative": (places.numbers / places.numbers.max()).tolist(),
            }
            for index, places in found.weights.items()
        ],
    }


def _gaussian(gaussian: Gaussian) -> dict[str, Any]:
    return {
        "extents": list(gaussian.extents),
        "positions": gaussian.places,
        "within_two_deviations": list(gaussian.within_two),
    }


def _size(size: Size) -> dict[str, Any]:
    return {"extents": list(size.extents), "positions": size.places}

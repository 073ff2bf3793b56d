"""A receptive field worked out: by the rule of textbooks where it holds, else counted back from positions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod
from typing import NamedTuple

from archanalyzer.passes.explaining.textbook import Step, steps_by_rule
from archanalyzer.passes.explaining.walked import Walked, counted_back
from archanalyzer.passes.fields.in_full import AxisInFull, in_full
from archanalyzer.passes.fields.moving import TooMany
from archanalyzer.passes.fields.positions import Positions, interval
from archanalyzer.passes.fields.told import Told
from archanalyzer.passes.fields.walking import at_place, walk_back
from archanalyzer.passes.receptive_field import ReceptiveFields


class Class(NamedTuple):
    """The positions of a layer that see so many positions; repeated with the period ``modulus``, if that isn't None."""

    size: int
    positions: tuple[Positions, ...]
    modulus: int | None


class Back(NamedTuple):
    """A way counted back from some ``start``: a number of ``what``; None where what is seen moves along no axis.

    ``told``: so many positions as the pass tells of it, None where that isn't told. It is less where something of what
    is walked to is not there: along another axis nothing but padding is read, or axes are taken apart.
    """

    start: int | None
    walked: Walked
    told: int | None


class AxisExplained(NamedTuple):
    """How the field along some ``axes`` of an input, of which the same is told, comes about.

    ``told``: the field as the pass tells it. ``steps``: by the rule; None where it does not hold. Then there are ways
    ``back``, from one that sees the least and from one that sees the most; ``classes`` says which see what. ``what``
    they are: positions along an axis of the layer, places numbered, the last axis running fastest, or channels.
    ``lengths``: of each layer among the steps that reads everything, what it sees of the input that there is.
    """

    input: int
    axes: tuple[int, ...]
    told: Told
    steps: tuple[Step, ...] | None
    what: str = "position"
    back: tuple[Back, ...] = ()
    classes: tuple[Class, ...] = ()
    lengths: tuple[tuple[int, int], ...] = ()


class FieldExplained(NamedTuple):
    """The receptive field of the layer of this index, for every input that it sees; None where it is not known."""

    layer: int
    axes: tuple[AxisExplained, ...] | None


def field_explained(fields: ReceptiveFields, layer: int) -> FieldExplained:
    """How the receptive field of a layer comes about.

    Raises:
        TooMany, TooWide, LookupError: as ``walk_back``.
    """
    told, places = fields.told[layer], fields.places[layer]
    if told is None or places is None:
        return FieldExplained(layer, None)
    axes = [axis for part in in_full(places, fields.types.outputs[layer].shape) for axis in part]
    parts: dict[tuple[int, int], list[AxisInFull]] = {}
    for axis in axes:
        parts.setdefault((axis.field.input, axis.along.axis), []).append(axis)
    explained = [_axis(fields, layer, each, parts[each.input, each.axis]) for each in told]
    return FieldExplained(layer, tuple(_alike(explained)))


def _alike(explained: Sequence[AxisExplained]) -> Iterator[AxisExplained]:
    """Those together that differ in nothing but their axis."""
    together: dict[AxisExplained, AxisExplained] = {}
    for each in explained:
        key = each._replace(axes=(), told=each.told._replace(axis=0))
        known = together.get(key)
        together[key] = each if known is None else known._replace(axes=known.axes + each.axes)
    yield from together.values()


def _axis(fields: ReceptiveFields, layer: int, told: Told, parts: Sequence[AxisInFull]) -> AxisExplained:
    """Of an axis as ``parts`` of the layer see it; mostly there is one."""
    steps = steps_by_rule(fields.graph, fields.types, layer, told.input, told.axis)
    found = AxisExplained(told.input, (told.axis,), told, None)
    if steps is not None and _is_of_all(steps, told):
        whole = [step.layer for step in steps if step.everything]
        return found._replace(steps=steps, lengths=tuple((index, _size(fields, index, told)) for index in whole))
    if told.whole:
        return found
    first, classes = parts[0], _classes(parts)
    starts: list[tuple[AxisInFull, int | None, int | None]] = [(first, None, None)]
    if classes:
        starts = [(part, _start(some, part), some.size) for some, part in _ends(classes)]
    return found._replace(
        what="place" if first.along.scattered else "channel" if first.by_channel else "position",
        back=tuple(Back(start, _walked(fields, layer, part, start, size), size) for part, start, size in starts),
        classes=_merged(classes) if len({some.size for some, _ in classes}) > 1 else (),
    )


def _is_of_all(steps: Sequence[Step], told: Told) -> bool:
    """Whether all places see what the steps come to.

    The rule looks along one axis. Where positions along another decide which way a place sees on, as behind a
    concatenation along that axis, or whether it sees anything, some places see less.
    """
    size = steps[-1].seen.size if steps else 1
    return any(step.everything for step in steps) or told.min_size == told.size == size


def _size(fields: ReceptiveFields, layer: int, like: Told) -> int:
    """What a layer sees along the same axis of the same input."""
    return next(each.size for each in fields.told[layer] or () if (each.input, each.axis) == (like.input, like.axis))


def _classes(parts: Sequence[AxisInFull]) -> list[tuple[Class, AxisInFull]]:
    """Which positions of which part see how many, the least first; none where they are too many to be told apart."""
    sizes: dict[tuple[int, int], list[Positions]] = {}
    try:
        for number, part in enumerate(parts):
            for positions, seen in part.rows():
                sizes.setdefault((seen.size, number), []).append(part.field.channels if _is_fixed(part) else positions)
    except TooMany:
        return []
    found = (
        (Class(size, tuple(sizes[size, number]), parts[number].modulus), parts[number])
        for size, number in sorted(sizes)
    )
    return list(found)


def _merged(classes: Sequence[tuple[Class, AxisInFull]]) -> tuple[Class, ...]:
    """The classes of all parts, one for each size and period."""
    together: dict[tuple[int, int | None], tuple[Positions, ...]] = {}
    for some, _ in classes:
        key = some.size, some.modulus
        together[key] = together.get(key, ()) + some.positions
    return tuple(Class(size, positions, modulus) for (size, modulus), positions in together.items())


def _ends(classes: Sequence[tuple[Class, AxisInFull]]) -> list[tuple[Class, AxisInFull]]:
    """One that sees the least and one that sees the most, if that differs."""
    least, most = classes[0], classes[-1]
    return [least] if least[0].size == most[0].size else [least, most]


def _is_fixed(axis: AxisInFull) -> bool:
    """Whether all positions, or of a flat layer all features that the field is of, see the same."""
    return axis.along.along is None and not axis.along.scattered


def _start(some: Class, axis: AxisInFull) -> int | None:
    """The position of a class that is nearest to the centre of all; None where all see the same."""
    if _is_fixed(axis) and len(axis.shape) > 1:
        return None
    extent = axis.shape[0] if len(axis.shape) == 1 else axis.along.field.positions
    centre, period = extent // 2, some.modulus or extent
    first = centre - centre % period
    runs = [
        run.moved(first + period * turn)
        for positions in some.positions
        for run in positions.runs()
        for turn in ((-1, 0, 1) if some.modulus else (0,))
    ]
    nearest = (max(run.start, min(centre, run.stop - 1)) for run in runs)
    return min((at for at in nearest if 0 <= at < extent), key=lambda at: (abs(at - centre), -at))


def _walked(fields: ReceptiveFields, layer: int, axis: AxisInFull, start: int | None, size: int | None) -> Walked:
    """Counted back from a position along the layer's own axis, along others from the centre.

    A place may see less where along another axis it reads nothing but padding; then from an end of the others, if so
    many are seen from there.
    """
    found = None
    for part in (1, 2), (0, 1), (1, 1):
        walked = _walked_from(fields, layer, axis, start, part)
        if size is None or walked.seen.size == size:
            return walked
        found = found or walked
    assert found is not None  # noqa: S101 - there are three
    return found


def _walked_from(
    fields: ReceptiveFields, layer: int, axis: AxisInFull, start: int | None, part: tuple[int, int]
) -> Walked:
    """The same, along other axes from some ``part`` of the way from the first position to the last."""
    graph, types, shape = fields.graph, fields.types, axis.shape
    first = 1 if len(shape) > 1 else 0
    place = [min(extent * part[0] // part[1], extent - 1) for extent in shape[first:]]
    if start is not None and axis.along.scattered:
        place = list(_place(start, shape[first:]))
    elif start is not None and not axis.by_channel:
        place[(axis.along.along or 0) - first] = start
    sets = at_place(shape, place)
    if start is not None and axis.by_channel:
        sets = (interval(start, start + 1), *sets[1:])
    walk = walk_back(graph, types, layer, sets, endless=True)
    return counted_back(graph, types, walk, axis.field.input, axis.along.axis)


def _place(number: int, extents: Sequence[int]) -> Iterator[int]:
    """The place of a number, the last axis running fastest."""
    for axis in range(len(extents)):
        inside = prod(extents[axis + 1 :])
        yield number // inside % extents[axis]

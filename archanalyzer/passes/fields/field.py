"""The receptive field of a layer in one input of the network, axis by axis, and how it follows from what is read.

Axis by axis is exact as long as every way that leads to a place sees something: what is seen over all axes is a union
of products, one a way, and what it comes to along one axis is the union of the ways' sets along it. Only where a way
sees nothing, because it reads padding along another axis, say, does it not count. Here it is followed when that may
matter; a field is then ``doubtful``, and its positions are to be walked back one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import product
from math import prod
from typing import NamedTuple, TypeAlias

from archanalyzer.graph import (
    Digit,
    IrregularWindow,
    Reading,
    Readings,
    Rearranged,
    WholeAxis,
    Window,
    aligned_axes,
)
from archanalyzer.passes.fields.axis_field import (
    MOST_LOOKED_AT,
    AxisField,
    Cut,
    at_most,
    bound,
    constant,
    join,
    own_positions,
    through_digit,
    through_whole_axis,
    through_window,
)
from archanalyzer.passes.fields.moving import Budget, Listed, TooMany, listed
from archanalyzer.passes.fields.positions import NOWHERE, Positions, TooWide, hull_of, interval, union
from archanalyzer.passes.fields.walking import read_by


class Along(NamedTuple):
    """What is seen along ``axis`` of the input, as a function of the position along the layer's own axis ``along``.

    Positions that lie alike along that axis are taken together. ``along`` None: all positions see the same; or, where
    ``scattered``, each place sees something else, in an order of no one axis: the places are then numbered, the last
    axis running fastest.
    """

    axis: int
    along: int | None
    field: AxisField
    scattered: bool = False


class Field(NamedTuple):
    """What ``channels`` of a layer see of the input of index ``input``, for each of its spatial axes.

    Most layers have one field an input, of all channels; behind a concatenation, each part has its own until something
    reads them together. Of a flat layer, the channels are its features.

    ``patchy``: some places may see nothing of it, or less. ``uneven``: it is seen on several ways, of which one may see
    nothing at some places where another sees something; ``uneven_endless``: on an endless input too. ``mixed``:
    channels may differ otherwise than these parts say. ``doubtful``: something may have been counted that isn't seen.
    """

    input: int
    channels: Positions
    axes: tuple[Along, ...]
    patchy: bool = False
    uneven: bool = False
    uneven_endless: bool = False
    mixed: bool = False
    doubtful: bool = False


Fields: TypeAlias = tuple[Field, ...]
"""All that a layer sees: a field for every input of the network and every part of its channels."""


def own_places(index: int, shape: tuple[int, ...]) -> Fields:
    """An input of the network: every place sees itself."""
    fields = {extent: own_positions(extent) for extent in shape[1:]}
    axes = tuple(Along(axis, axis, fields[extent]) for axis, extent in enumerate(shape[1:], start=1))
    return (Field(index, interval(0, shape[0]), axes),)


class Composer:
    """Composes fields, each step along an axis once: the axes of an image are mostly alike, and so are many layers."""

    def __init__(self, budget: Budget) -> None:
        self.budget = budget
        self._through: dict[tuple[object, ...], tuple[AxisField, AxisField]] = {}
        self._joined: dict[tuple[int, int], tuple[AxisField, AxisField, AxisField]] = {}
        self._unions: dict[tuple[int, int], tuple[Field, Field, Field]] = {}
        self._reads: dict[tuple[object, ...], Reads] = {}
        self._together: dict[int, tuple[Fields, Fields]] = {}

    def read(self, fields: Fields, readings: Readings, source: tuple[int, ...], output: tuple[int, ...]) -> Fields:
        """``fields``, of an output of shape ``source``, as those of the layer, of shape ``output``, that reads it."""
        if readings is aligned_axes(len(output)) and source == output:
            return fields
        if source[1:] == output[1:] and readings[1:] == aligned_axes(len(output))[1:]:
            moved = _moved_channels(fields, readings[0], source[0], output[0])
            if moved is not None:
                return moved
        apart = (readings[0], Window | IrregularWindow | Digit)
        kept = isinstance(*apart) and readings[0].axis == 0  # type: ignore[union-attr]
        if not kept:
            separate = not isinstance(readings[0], WholeAxis) and any(
                field.channels != interval(0, source[0]) for field in fields
            )
            fields = self.of_places(fields)
            fields = (
                tuple(field._replace(patchy=True, uneven=True, doubtful=True) for field in fields)
                if separate
                else fields
            )
        read = (self._read(field, readings, source, output) for field in fields)
        return self.merge([(field,) for field in read if field.channels.size])  # groups may have read of several parts

    def of_places(self, fields: Fields) -> Fields:
        """The fields of places with all of their channels: one an input."""
        if len(fields) == 1 or len({field.input for field in fields}) == len(fields):
            return fields
        if id(fields) not in self._together:
            joined: dict[int, Field] = {}
            for field in fields:
                joined[field.input] = self.union(joined[field.input], field) if field.input in joined else field
            self._together[id(fields)] = fields, tuple(joined.values())
        return self._together[id(fields)][1]

    def merge(self, parts: Sequence[Fields]) -> Fields:
        """All that is seen on several ways, by parts of the channels that do not overlap."""
        if len(parts) == 1:
            return parts[0]
        by_input: dict[int, list[Field]] = {}
        beyond: dict[int, int] = {}
        for field in (field for fields in parts for field in fields):
            known = by_input.setdefault(field.input, [])
            if field.channels.start >= beyond.get(field.input, 0):  # parts that come in order, as they mostly do
                known.append(field)
            else:
                self._add(known, field)
            beyond[field.input] = max(beyond.get(field.input, 0), field.channels.stop)
        return tuple(field for fields in by_input.values() for field in fields)

    def _add(self, fields: list[Field], added: Field) -> None:
        """Adds a field to those of the same input, which are split where it has channels in common with them."""
        left = added.channels
        for number, field in enumerate(tuple(fields)):
            shared = field.channels.common(left)
            if not shared.size:
                continue
            both = self.union(field, added)._replace(channels=shared)
            rest = field.channels.without(shared)
            fields[number] = both
            if rest.size:
                fields.append(field._replace(channels=rest))
            left = left.without(shared)
        if left.size:
            fields.append(added._replace(channels=left))

    def _read(self, field: Field, readings: Readings, source: tuple[int, ...], output: tuple[int, ...]) -> Field:
        channels = _channels(readings[0], field.channels, source[0], output[0])
        reads = [self._how(*each) for each in _windows(readings, source, output)]
        if not all(each.some for each in reads):
            return _nothing(field, channels)
        axes = tuple(self._read_along(along, readings, output) for along in field.axes)
        blind = field.patchy or not all(each.by_all for each in reads)
        if blind and not field.uneven and any(along.field.sees_nothing for along in axes):
            return _nothing(field, channels)
        everything = all(each.everything for each in reads)
        uncertain = field.uneven or (field.patchy and not _told_along_all(field.axes, len(source)))
        doubtful = field.doubtful or (uncertain and not everything) or any(not along.field.exact for along in axes)
        from_everywhere = not doubtful and _reads_all_places(readings) and all(along.field.at(0).size for along in axes)
        patchy = blind and not from_everywhere and not _all_see(axes, len(output), uneven=field.uneven)
        if any(isinstance(each, Digit | Rearranged) for each in readings):  # axes become one: see what of one it was
            doubtful |= blind or field.mixed
        mixed = len(output) > 1 and (_mixes(readings) or (field.mixed and not isinstance(readings[0], WholeAxis)))
        doubtful |= field.mixed and not mixed and not isinstance(readings[0], WholeAxis)
        return field._replace(channels=channels, axes=axes, patchy=patchy, mixed=mixed, doubtful=doubtful)

    def union(self, one: Field, other: Field) -> Field:
        """What is seen on either of two ways, by the channels of both."""
        key = id(one), id(other)
        if key not in self._unions:
            self._unions[key] = one, other, self._union(one, other)
        return self._unions[key][2]

    def _union(self, one: Field, other: Field) -> Field:
        channels = one.channels if one.channels == other.channels else _around(one.channels, other.channels)
        if one[2:] == other[2:]:
            return one._replace(channels=channels)
        axes = tuple(map(self._union_along, one.axes, other.axes))
        patchy = one.patchy or other.patchy
        doubtful = one.doubtful or other.doubtful or any(not along.field.exact for along in axes)
        doubtful |= any(each.patchy and any(along.along is None for along in each.axes) for each in (one, other))
        uneven = patchy or one.uneven or other.uneven
        endless = one.uneven_endless or other.uneven_endless or any(map(_has_gaps, (one, other)))
        return Field(one.input, channels, axes, patchy, uneven, uneven and endless, one.mixed or other.mixed, doubtful)

    # --- Along one axis

    def _read_along(self, seen: Along, readings: Readings, output: tuple[int, ...]) -> Along:
        field = seen.field
        if seen.scattered or not field.exact:
            if all(isinstance(each, WholeAxis) for each in readings):
                return Along(seen.axis, None, through_whole_axis(field))
            return Along(seen.axis, None, bound(field))
        if seen.along is None:
            return seen
        reading = readings[seen.along]
        match reading:
            case Window() | IrregularWindow() | Digit():
                return Along(seen.axis, reading.axis, self._through_once(field, reading, output[reading.axis]))
            case Rearranged():
                return _taken_apart(seen, reading, output, self.budget)
        return Along(seen.axis, None, through_whole_axis(field))

    def _through_once(self, field: AxisField, reading: Window | IrregularWindow | Digit, outputs: int) -> AxisField:
        key = id(field), *_without_axis(reading), outputs
        if key not in self._through:
            if isinstance(reading, Digit):
                read = through_digit(field, reading, outputs, self.budget)
            else:
                read = through_window(field, reading, outputs, self.budget)
            self._through[key] = field, read  # the field is kept so that no other has its id
        return self._through[key][1]

    def _union_along(self, one: Along, other: Along) -> Along:
        for each, beside in ((one, other), (other, one)):
            if _covers(each) or beside.field.endless.sets == (NOWHERE,):
                return each
        if one.scattered or other.scattered or (None not in (one.along, other.along) and one.along != other.along):
            hulls = hull_of((bound(one.field).at(0), bound(other.field).at(0)))
            return Along(one.axis, None, at_most(hulls, one.field.length))
        along = other.along if one.along is None else one.along
        positions = max(one.field.positions, other.field.positions)
        return Along(one.axis, along, self._join_once(*(_of(each, positions) for each in (one, other))))

    def _join_once(self, one: AxisField, other: AxisField) -> AxisField:
        if one is other:
            return one
        key = id(one), id(other)
        if key not in self._joined:
            self._joined[key] = one, other, join(one, other, self.budget)
        return self._joined[key][2]

    # --- What is read at all

    def _how(self, reading: Window | IrregularWindow, extent: int, outputs: int) -> Reads:
        key = *_without_axis(reading), extent, outputs
        if key not in self._reads:
            self._reads[key] = _reads(reading, extent, outputs)
        return self._reads[key]


def _around(one: Positions, other: Positions) -> Positions:
    """The channels of two parts; where that is too wide a set, those between as well, which see nothing more."""
    try:
        return union((one, other))
    except TooWide as wide:
        return wide.hull


def _windows(
    readings: Readings, source: tuple[int, ...], output: tuple[int, ...]
) -> Iterator[tuple[Window | IrregularWindow, int, int]]:
    """The windows over places, with the extents of what is read and of what reads."""
    for reading, extent in zip(readings[1:], source[1:], strict=True):
        if isinstance(reading, Window | IrregularWindow):
            yield reading, extent, output[reading.axis]


def _moved_channels(fields: Fields, reading: Reading, extent: int, outputs: int) -> Fields | None:
    """The fields where places stay as they are, and channels as well or behind others; None where they don't."""
    if reading == Window(0) and extent == outputs:
        return fields
    if not isinstance(reading, IrregularWindow) or reading.axis != 0 or reading.only is None:
        return None
    if any(along.along == 0 for field in fields for along in field.axes):  # channels see different things
        return None
    start = reading.only.start
    return tuple(field._replace(channels=field.channels.moved(start)) for field in fields) if start else fields


def _channels(reading: Reading, channels: Positions, extent: int, outputs: int) -> Positions:
    """The output's channels that read some of these channels; all, where the axis is not one of channels any more."""
    if isinstance(reading, IrregularWindow) and reading.axis == 0:
        if reading.only is not None:
            return channels.moved(reading.only.start)
        if channels == interval(0, extent):
            return interval(0, outputs)
        reads = (o for o in range(outputs) if any(channels.has(each) for each in reading.reads(o)))
        return union(interval(o, o + 1) for o in reads)
    if channels != interval(0, extent):
        if isinstance(reading, Window) and reading.axis == 0 and reading.stride == reading.upsampling == 1:
            back = channels.moved(-reading.offset - (reading.count - 1) * reading.step)
            return back.repeated(reading.step, reading.count).within(0, outputs)
        if isinstance(reading, Digit) and reading.axis == 0:
            spread = Positions(0, reading.divisor)
            turns = outputs // (reading.divisor * reading.modulus)
            runs = (
                spread.moved(run.start * reading.divisor).repeated(reading.divisor, run.size) for run in channels.runs()
            )
            return union(runs).repeated(reading.divisor * reading.modulus, turns)
    return interval(0, outputs)


def _mixes(readings: Readings) -> bool:
    """Whether it takes channels too to say which place is read."""
    return any(isinstance(each, Rearranged) and (each.axes is None or 0 in each.axes) for each in readings)


def _without_axis(reading: Window | IrregularWindow | Digit) -> tuple[object, ...]:
    match reading:
        case Window():
            return reading.stride, reading.upsampling, reading.offset, reading.count, reading.step
        case IrregularWindow():
            return reading.reads, reading.regular
        case Digit():
            return "digit", reading.divisor, reading.modulus


class Reads(NamedTuple):
    """Whether every output reads some position of an axis, whether any may, whether every position is read.

    Where it is too much to look, the first and the last are denied, the second isn't.
    """

    by_all: bool
    some: bool
    everything: bool


def _reads(reading: Window | IrregularWindow, extent: int, outputs: int) -> Reads:
    if isinstance(reading, IrregularWindow) and reading.regular is not None:
        return Reads(by_all=True, some=True, everything=True)
    looked_at = outputs if isinstance(reading, Window) else min(outputs, MOST_LOOKED_AT)
    try:
        read = read_by(reading, interval(0, looked_at)).within(0, extent)
    except TooWide:
        return Reads(by_all=False, some=True, everything=False)
    some = read.size > 0 or outputs > looked_at
    return Reads(_all_read(reading, extent, outputs), some, read == interval(0, extent))


def _all_read(reading: Window | IrregularWindow, extent: int, outputs: int) -> bool:
    """Whether it is certain that every output reads some position."""
    if isinstance(reading, IrregularWindow):
        return reading.only is None or len(reading.only) == outputs
    known = _reading_outputs(reading, outputs, extent)
    if known is not None:
        return len(known) == outputs
    if outputs > MOST_LOOKED_AT:
        return False
    return all(any(0 <= each < extent for each in reading.reads(o)) for o in range(outputs))


def _reading_outputs(window: Window, outputs: int, length: int) -> range | None:
    """The outputs that read some position of an axis, where they follow each other; None where they may not."""
    if window.step > 1 or window.count < window.upsampling:
        return None
    start = max(0, -((window.offset + window.count - 1) // window.stride))
    stop = ((length - 1) * window.upsampling - window.offset) // window.stride + 1
    return range(start, max(start, min(stop, outputs)))


def _nothing(field: Field, channels: Positions) -> Field:
    """A field of the same input that no place sees anything of."""
    axes = tuple(Along(along.axis, None, constant(NOWHERE, along.field.length)) for along in field.axes)
    return Field(field.input, channels, axes, patchy=True)


def _reads_all_places(readings: Readings) -> bool:
    """Whether every output reads all places; of a flat input, all features."""
    return all(isinstance(each, WholeAxis) for each in readings[1:] or readings)


def _told_along_all(axes: tuple[Along, ...], rank: int) -> bool:
    """Whether positions are told apart along each spatial axis of an output: not along one that was channels."""
    along = {each.along for each in axes}
    return None not in along and along.issuperset(range(1, rank))


def _all_see(axes: tuple[Along, ...], rank: int, *, uneven: bool) -> bool:
    """Whether it is certain that every place sees something, in an output with so many axes."""
    if uneven or not _told_along_all(axes, rank) or any(not along.field.exact for along in axes):
        return False
    return not any(along.field.some_blind() for along in axes)


def _has_gaps(field: Field) -> bool:
    """Whether some place may see nothing even on an endless input."""
    return field.patchy and any(
        isinstance(along.field.endless, Listed) or NOWHERE in along.field.endless.sets for along in field.axes
    )


def _covers(seen: Along) -> bool:
    """Whether every position sees the whole axis."""
    return seen.along is None and not seen.scattered and seen.field.at(0) == interval(0, seen.field.length)


def _of(seen: Along, positions: int) -> AxisField:
    """The field for so many positions: a constant one is for any number."""
    return seen.field if seen.along is not None else seen.field._replace(positions=positions)


def _taken_apart(seen: Along, reading: Rearranged, output: tuple[int, ...], budget: Budget) -> Along:
    """What is seen where it takes several axes of the output to say which position is read.

    Channels are taken together. If one axis is left, positions along it can be told apart; else only places can.
    """
    axes = tuple(range(len(output))) if reading.axes is None else reading.axes
    left = tuple(axis for axis in axes if axis > 0 or len(output) == 1)
    try:
        budget.take(prod(output[axis] for axis in axes))
        if reading.reads is None or not seen.field.exact:
            return Along(seen.axis, None, bound(seen.field))
        places = range(1, len(output)) if len(left) > 1 else left
        endless, real = (
            [union(sets) for sets in _by_place(look, reading.reads, axes, tuple(places), output)]
            for look in (seen.field.at, seen.field.real)
        )
    except (TooMany, TooWide):
        return Along(seen.axis, None, bound(seen.field))
    field = listed_field(endless, real, seen.field)
    return Along(seen.axis, left[0] if len(left) == 1 else None, field, scattered=len(left) != 1)


def _by_place(
    look: Callable[[int], Positions],
    reads: Callable[[tuple[int, ...]], int],
    axes: tuple[int, ...],
    places: tuple[int, ...],
    output: tuple[int, ...],
) -> list[list[Positions]]:
    """For every place along some axes of the output, what is seen by each of the positions there."""
    others = [axis for axis in axes if axis not in places]
    found = []
    for place in product(*(range(output[axis]) for axis in places)):
        at = dict(zip(places, place, strict=True))
        every = product(*(range(output[axis]) for axis in others))
        inside = ({**at, **dict(zip(others, each, strict=True))} for each in every)
        found.append([look(reads(tuple(each.get(axis, 0) for axis in range(len(output))))) for each in inside])
    return found


def listed_field(endless: list[Positions], real: list[Positions], like: AxisField) -> AxisField:
    """The field of positions of which each is told."""
    seen = hull_of(real)
    moving = listed(len(endless), range(len(endless)), endless.__getitem__)
    as_cut = all(one.within(seen.start, seen.stop) == other for one, other in zip(endless, real, strict=True))
    cut = Cut(seen.start, seen.stop, () if as_cut else tuple(real))
    return AxisField(like.length, len(endless), moving, cut, like.aligned)


def covers(field: Field, along: Along) -> bool:
    """Whether every position sees the axis from end to end."""
    return _covers(along) and along.field.exact and not field.patchy

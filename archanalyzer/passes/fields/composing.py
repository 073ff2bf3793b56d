"""How the receptive fields of a layer follow from those of what it reads."""

from __future__ import annotations

from collections.abc import Sequence

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
    AxisField,
    at_most,
    bound,
    join,
    through_digit,
    through_whole_axis,
    through_window,
)
from archanalyzer.passes.fields.field import (
    Along,
    Field,
    Fields,
    all_see,
    for_positions,
    has_gaps,
    is_whole,
    nothing,
    told_along_all,
)
from archanalyzer.passes.fields.looking import (
    Reads,
    channels_of,
    mixes_channels,
    reads_all_places,
    reads_of,
    windows_over,
    without_axis,
)
from archanalyzer.passes.fields.moving import Budget
from archanalyzer.passes.fields.positions import NOWHERE, Positions, TooWide, hull_of, interval, union
from archanalyzer.passes.fields.taken_apart import taken_apart


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
        if not _keeps_channels(readings[0]):
            whole = interval(0, source[0])
            apart = not isinstance(readings[0], WholeAxis) and any(field.channels != whole for field in fields)
            fields = self.of_places(fields)
            if apart:  # channels that see different things become places
                fields = tuple(field._replace(patchy=True, uneven=True, doubtful=True) for field in fields)
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
        try:
            channels = channels_of(readings[0], field.channels, source[0], output[0])
        except TooWide:  # of parts with gaps between them
            channels, field = interval(0, output[0]), field._replace(patchy=True, uneven=True, doubtful=True)
        reads = [self._how(*each) for each in windows_over(readings, source, output)]
        apart = field.mixed and not isinstance(readings[0], WholeAxis)
        if apart and not _keeps_channels(readings[0]):  # channels become places: only places can be told apart
            axes = tuple(Along(along.axis, None, bound(along.field)) for along in field.axes)
        else:
            axes = tuple(self._read_along(along, readings, output) for along in field.axes)
        blind = field.patchy or not all(each.by_all for each in reads)
        none_read = not all(each.some for each in reads)
        if none_read or (blind and not field.uneven and any(along.field.sees_nothing for along in axes)):
            return nothing(field, axes, channels)
        doubtful = _is_doubtful(field, axes, readings, everything=all(each.everything for each in reads))
        doubtful |= not all(each.certain for each in reads)
        seen_by_all = (
            not doubtful and reads_all_places(readings) and not any(along.field.some_blind() for along in axes)
        )
        patchy = blind and not seen_by_all and not all_see(axes, len(output), uneven=field.uneven)
        doubtful |= patchy and any(along.along is None for along in axes)  # places see all there is, or nothing
        renumbered = any(isinstance(each, Digit | Rearranged) for each in readings)
        doubtful |= renumbered and (blind or field.mixed)  # axes become one: it matters what is seen of each place
        unlike = patchy or any(along.scattered or not along.field.exact for along in field.axes)
        mixed = len(output) > 1 and (apart or mixes_channels(readings) or (unlike and _makes_channels(readings)))
        doubtful |= apart and not (mixed and _keeps_channels(readings[0]))
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
        endless = one.uneven_endless or other.uneven_endless or any(map(has_gaps, (one, other)))
        mixed = one.mixed or other.mixed or any(map(_unlike, one.axes, other.axes))
        return Field(one.input, channels, axes, patchy, uneven, uneven and endless, mixed, doubtful)

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
                return taken_apart(seen, reading, output, self.budget)
        return Along(seen.axis, None, through_whole_axis(field))

    def _through_once(self, field: AxisField, reading: Window | IrregularWindow | Digit, outputs: int) -> AxisField:
        key = id(field), *without_axis(reading), outputs
        if key not in self._through:
            if isinstance(reading, Digit):
                read = through_digit(field, reading, outputs, self.budget)
            else:
                read = through_window(field, reading, outputs, self.budget)
            self._through[key] = field, read  # the field is kept so that no other has its id
        return self._through[key][1]

    def _union_along(self, one: Along, other: Along) -> Along:
        for each, beside in ((one, other), (other, one)):
            if is_whole(each) or beside.field.endless.sets == (NOWHERE,):
                return each
        if one.scattered or other.scattered or (None not in (one.along, other.along) and one.along != other.along):
            hulls = hull_of((bound(one.field).at(0), bound(other.field).at(0)))
            return Along(one.axis, None, at_most(hulls, one.field.length))
        along = other.along if one.along is None else one.along
        positions = max(one.field.positions, other.field.positions)
        return Along(one.axis, along, self._join_once(*(for_positions(each, positions) for each in (one, other))))

    def _join_once(self, one: AxisField, other: AxisField) -> AxisField:
        if one is other:
            return one
        key = id(one), id(other)
        if key not in self._joined:
            self._joined[key] = one, other, join(one, other, self.budget)
        return self._joined[key][2]

    # --- What is read at all

    def _how(self, reading: Window | IrregularWindow, extent: int, outputs: int) -> Reads:
        key = *without_axis(reading), extent, outputs
        if key not in self._reads:
            self._reads[key] = reads_of(reading, extent, outputs)
        return self._reads[key]


def _unlike(one: Along, other: Along) -> bool:
    """Whether on one of two ways it is the channels that see different things."""
    return (one.along == 0) != (other.along == 0)


def _keeps_channels(reading: Reading) -> bool:
    """Whether what reads an axis of channels so has channels that read channels one by one, or in groups."""
    return isinstance(reading, Window | IrregularWindow | Digit) and reading.axis == 0


def _makes_channels(readings: Readings) -> bool:
    """Whether places become channels, so that these differ as the places did."""
    places = readings[1:] or readings
    return any(isinstance(each, Window | IrregularWindow | Digit) and each.axis == 0 for each in places)


def _is_doubtful(field: Field, axes: Sequence[Along], readings: Readings, *, everything: bool) -> bool:
    """Whether something may be counted that isn't seen, where not everything is read of what is not seen evenly."""
    uneven = field.uneven or (field.patchy and not told_along_all(field.axes, len(readings)))
    return field.doubtful or (uneven and not everything) or any(not along.field.exact for along in axes)


def _around(one: Positions, other: Positions) -> Positions:
    """The channels of two parts; where that is too wide a set, those between as well, which see nothing more."""
    try:
        return union((one, other))
    except TooWide as wide:
        return wide.hull


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

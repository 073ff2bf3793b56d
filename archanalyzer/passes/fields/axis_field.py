"""The receptive fields of a layer's positions along one axis: on an endless input, and of the input that there is.

Composition of windows generalizes Araujo, Norris & Sim 2019, "Computing Receptive Fields of Convolutional Neural
Networks" (Distill), equations 1 and 2, which is the case of a chain whose fields have neither gaps nor a period.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from archanalyzer.graph import Digit, IrregularWindow, Window
from archanalyzer.passes.fields.centres import centred_alike
from archanalyzer.passes.fields.moving import (
    OWN_POSITION,
    Budget,
    Moving,
    Periodic,
    TooMany,
    clipped,
    everywhere,
    joined,
    listed,
    read_through,
)
from archanalyzer.passes.fields.positions import NOWHERE, Positions, TooWide, hull_of, interval, union

MOST_LOOKED_AT = 1 << 12
"""Positions looked at one by one to see whether any of them sees nothing."""


class Cut(NamedTuple):
    """What positions see of the input that there is.

    It is what they see on an endless one, from ``start`` up to ``stop``, but for the positions at the two ends, of
    which ``first`` and ``last`` tell. Those differ which see through a position that a layer between does not have.
    """

    start: int
    stop: int
    first: tuple[Positions, ...] = ()
    last: tuple[Positions, ...] = ()


class AxisField(NamedTuple):
    """What each of a layer's ``positions`` along an axis sees of an input's axis of this ``length``.

    ``endless`` tells of an input without ends, where padding cuts nothing off; ``cut`` of the one that there is, None
    where that is not known. ``aligned``: all ways on which a position sees have, on average over a period, the same
    centre; False only where two have been shown to differ, None where they could not be compared. ``exact`` False: all
    that is known is that nothing else is seen than what ``endless`` says, and ``in_all``, unless that is None: what all
    positions of the layer see between them.
    """

    length: int
    positions: int
    endless: Moving
    cut: Cut | None
    aligned: bool | None = True
    exact: bool = True
    in_all: Positions | None = None

    def at(self, position: int) -> Positions:
        """What one position sees on an endless input."""
        return self.endless.at(position)

    def sets(self) -> Sequence[Positions]:
        """What the positions that there are see on an endless input; some of it may stand there several times."""
        if len(self.endless.sets) == 1:
            return self.endless.sets
        runs = zip(self.endless.firsts, self.endless.sets, strict=True)
        return [seen for first, seen in runs if first < self.positions]

    def real(self, position: int) -> Positions:
        """What one position sees of the input that there is.

        Raises:
            TooMany: it is not known.
        """
        if self.cut is None:
            raise TooMany
        if position < len(self.cut.first):
            return self.cut.first[position]
        if position >= self.positions - len(self.cut.last):
            return self.cut.last[position - self.positions]
        return self.endless.at(position).within(self.cut.start, self.cut.stop)

    def inner(self) -> range:
        """The positions that see what they do on an endless input, as far as there is an input."""
        first, last = (len(self.cut.first), len(self.cut.last)) if self.cut else (0, 0)
        return range(first, self.positions - last)

    def real_over(self, stretch: range) -> Positions:
        """What ascending, evenly spaced positions see of the input that there is; those outside the axis see nothing.

        Raises:
            TooMany: it is not known.
            TooWide: it has gaps and is too wide.
        """
        return RealReader(self).over(stretch)

    def together(self) -> Positions:
        """What all positions see between them of the input that there is.

        Raises:
            TooMany: it is not known.
            TooWide: it has gaps and is too wide.
        """
        return self.real_over(range(self.positions))

    def some_blind(self) -> bool:
        """Whether some position may see nothing of the input that there is."""
        try:
            return self.positions > MOST_LOOKED_AT or any(not self.real(o).size for o in range(self.positions))
        except TooMany:
            return True

    @property
    def is_whole(self) -> bool:
        """Whether every position sees the axis from end to end, without gaps and whatever its place.

        That is so where nothing moves. A field that moves sees other positions of an endless input from each place, be
        it so wide that of the actual one all is seen from everywhere.
        """
        moving, whole = self.endless, interval(0, self.length)
        moves = isinstance(moving, Periodic) and moving.advance != 0
        return self.exact and not moves and moving.sets == (whole,) and self.cut == Cut(0, self.length)

    @property
    def sees_nothing(self) -> bool:
        """Whether it is certain that no position sees anything of the input that there is."""
        try:
            return not self.together().size
        except (TooMany, TooWide):
            return False


class RealReader:
    """What stretches of a field's positions see of the input that there is, asked for many stretches that overlap.

    At the ends, where each position sees something of its own, the union of 2ⁿ neighbours is made of two of 2ⁿ⁻¹, and
    any stretch of two such that overlap: unions may count a position twice.
    """

    def __init__(self, field: AxisField, budget: Budget | None = None) -> None:
        self._field = field
        self._keep = budget.keep if budget else lambda seen: seen
        self._inner = field.inner()
        self._doubled: dict[tuple[int, int, int], Positions] = {}

    def over(self, stretch: range) -> Positions:
        """What ascending, evenly spaced positions see between them; those outside the axis see nothing.

        Raises:
            TooMany: it is not known.
            TooWide: it has gaps and is too wide.
        """
        field, inner = self._field, self._inner
        if field.cut is None:
            raise TooMany
        between = clipped(stretch, inner.start, inner.stop)
        seen = field.endless.over(between).within(field.cut.start, field.cut.stop) if between else NOWHERE
        if not (field.cut.first or field.cut.last):
            return seen
        ends = clipped(stretch, 0, inner.start), clipped(stretch, inner.stop, field.positions)
        return union((seen, *map(self._end, ends)))

    def _end(self, stretch: range) -> Positions:
        if len(stretch) <= 1:
            return self._field.real(stretch.start) if stretch else NOWHERE
        level = len(stretch).bit_length() - 1
        last = stretch[-(1 << level)]
        return union((self._of(stretch.start, stretch.step, level), self._of(last, stretch.step, level)))

    def _of(self, start: int, step: int, level: int) -> Positions:
        """What 2^level positions see, each ``step`` behind the other."""
        if level == 0:
            return self._field.real(start)
        key = start, step, level
        if key not in self._doubled:
            half = step << (level - 1)
            parts = (self._of(start, step, level - 1), self._of(start + half, step, level - 1))
            self._doubled[key] = self._keep(union(parts))
        return self._doubled[key]


def own_positions(length: int) -> AxisField:
    """Every position of an input's axis sees itself."""
    return AxisField(length, length, OWN_POSITION, Cut(0, length))


def constant(seen: Positions, length: int) -> AxisField:
    """Every position sees the same of an axis of this length."""
    return AxisField(length, 1, everywhere(seen), Cut(seen.start, seen.stop))


def at_most(seen: Positions, length: int, in_all: Positions | None = None) -> AxisField:
    """No position sees anything outside of an interval; what of it, isn't known, nor whether ways are aligned."""
    return AxisField(length, 1, everywhere(seen.hull), None, aligned=None, exact=False, in_all=in_all)


def bound(field: AxisField) -> AxisField:
    """The most that can be said where positions cannot be told apart."""
    if not field.exact:
        return field
    try:
        seen = field.together().hull
    except (TooMany, TooWide):
        seen = interval(0, field.length)
    return at_most(seen, field.length)._replace(aligned=field.aligned)


def through_whole_axis(field: AxisField) -> AxisField:
    """The field of what reads every position: all that they see between them."""
    if not field.exact:
        return field if field.in_all is None else constant(field.in_all, field.length)
    try:
        return constant(field.together(), field.length)
    except (TooMany, TooWide):
        return bound(field)


def through_window(field: AxisField, window: Window | IrregularWindow, outputs: int, budget: Budget) -> AxisField:
    """The field of what reads through a window."""
    if not field.exact:
        return field
    if window == Window(window.axis) and outputs == field.positions:
        return field
    try:
        endless = read_through(field.endless, window, outputs, budget)
        return field._replace(positions=outputs, endless=endless, cut=_cut(field, window, endless, outputs, budget))
    except (TooMany, TooWide):
        return bound(field)


def _cut(
    field: AxisField, window: Window | IrregularWindow, endless: Moving, outputs: int, budget: Budget
) -> Cut | None:
    """What is seen of the input that there is: as on an endless one, but for outputs that read beside what there is."""
    if field.cut is None:
        return None
    clear = _reading_only(field.inner(), window, outputs)
    try:
        budget.take(outputs - len(clear))
        reader = RealReader(field, budget)
        first = tuple(budget.keep(reader.over(window.reads(o))) for o in range(clear.start))
        last = tuple(budget.keep(reader.over(window.reads(o))) for o in range(clear.stop, outputs))
    except TooMany:
        return None
    between = endless.hull_over(clear).within(field.cut.start, field.cut.stop) if clear else NOWHERE
    seen = hull_of((between, *first, *last))
    return _trimmed(Cut(seen.start, seen.stop, first, last), endless, outputs)


def _reading_only(inner: range, window: Window | IrregularWindow, outputs: int) -> range:
    """A stretch of outputs that read nothing outside of ``inner``, as far as is easily said."""
    if isinstance(window, IrregularWindow):
        regular = window.regular
        if regular is None:
            alone = len(inner) and all(_inside(window.reads(o), inner) for o in range(outputs))
            return range(outputs if alone else 0)
        clear = _reading_only(inner, regular.window, outputs)
        return _stretch(max(clear.start, regular.outputs.start), min(clear.stop, regular.outputs.stop), outputs)
    start = -((window.offset - inner.start * window.upsampling) // window.stride)
    beyond = inner.stop * window.upsampling - window.offset - (window.count - 1) * window.step
    return _stretch(start, (beyond - 1) // window.stride + 1, outputs)


def _inside(reads: range, inner: range) -> bool:
    return not reads or (reads[0] in inner and reads[-1] in inner)


def _stretch(start: int, stop: int, outputs: int) -> range:
    start = min(max(start, 0), outputs)
    return range(start, max(start, min(stop, outputs)))


def _trimmed(cut: Cut, endless: Moving, positions: int) -> Cut:
    """Without those ends that see what the rest of the cut says of them."""
    begin, end = len(cut.first), 0
    while begin and cut.first[begin - 1] == endless.at(begin - 1).within(cut.start, cut.stop):
        begin -= 1
    start = positions - len(cut.last)
    while end < len(cut.last) and cut.last[end] == endless.at(start + end).within(cut.start, cut.stop):
        end += 1
    return cut._replace(first=cut.first[:begin], last=cut.last[end:])


def through_digit(field: AxisField, digit: Digit, outputs: int, budget: Budget) -> AxisField:
    """The field of what reads a position each, in turns: of the same size, without moving on from turn to turn."""
    window = digit.window(outputs)
    if window is not None or not field.exact:
        return field if window is None else through_window(field, window, outputs, budget)
    try:
        changes = [start * digit.divisor for start in _all_runs(field, budget)]
        runs = listed(0, changes, lambda o: field.at(o // digit.divisor))
        endless = Periodic(digit.divisor * digit.modulus, 0, runs.firsts, runs.sets)
        cut = field.cut
        if cut is not None and (cut.first or cut.last):
            budget.take(outputs)
            real = tuple(field.real(o // digit.divisor % digit.modulus) for o in range(outputs))
            cut = _trimmed(cut._replace(first=real, last=()), endless, outputs)
        return field._replace(positions=outputs, endless=endless, cut=cut)
    except TooMany:
        return bound(field)


def _all_runs(field: AxisField, budget: Budget) -> Iterable[int]:
    """Where the runs of all positions begin, taken from the budget before there is a list of them."""
    if isinstance(field.endless, Periodic) and field.endless.period == 1:
        budget.take(field.positions)
        return range(field.positions)
    starts = (0, *field.endless.starts(0, field.positions - 1))
    budget.take(len(starts))
    return starts


def join(one: AxisField, other: AxisField, budget: Budget) -> AxisField:
    """The field of what is seen on either of two ways, by the same number of positions."""
    if one is other or one == other:
        return one
    if not (one.exact and other.exact):
        return _bound_on_both(one, other)
    try:
        endless = joined(one.endless, other.endless, one.positions, budget)
        cut = _joined_cut(one, other, endless, budget)
    except (TooMany, TooWide):
        return _bound_on_both(one, other)
    shown = (one.aligned, other.aligned, centred_alike(one.endless, other.endless))
    aligned = False if False in shown else None if None in shown else True
    return one._replace(endless=endless, cut=cut, aligned=aligned)


def _bound_on_both(one: AxisField, other: AxisField) -> AxisField:
    hull = hull_of((bound(one).at(0), bound(other).at(0)))
    aligned = False if False in (one.aligned, other.aligned) else None
    return at_most(hull, one.length)._replace(aligned=aligned)


def _joined_cut(one: AxisField, other: AxisField, endless: Moving, budget: Budget) -> Cut | None:
    if one.cut is None or other.cut is None:
        return None
    if one.cut == other.cut and not (one.cut.first or one.cut.last):
        return one.cut
    try:
        budget.take(one.positions)
        real = tuple(budget.keep(union((one.real(o), other.real(o)))) for o in range(one.positions))
    except TooMany:
        return None
    seen = hull_of(real)
    return _from_both_ends(Cut(seen.start, seen.stop, real), endless, one.positions)


def _from_both_ends(cut: Cut, endless: Moving, positions: int) -> Cut:
    """A cut that tells of all positions, told by the ends alone where the middle is as the rest of it says."""
    differing = [o for o, seen in enumerate(cut.first) if seen != endless.at(o).within(cut.start, cut.stop)]
    before = [o for o in differing if o < positions // 2]
    behind = [o for o in differing if o >= positions // 2]
    first = cut.first[: before[-1] + 1] if before else ()
    last = cut.first[behind[0] :] if behind else ()
    return cut._replace(first=first, last=last)

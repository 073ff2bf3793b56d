"""What is told of a layer's receptive field in an input: sizes, stride, offset, for one axis."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from archanalyzer.passes.fields.field import Along, Field, covers, features
from archanalyzer.passes.fields.moving import MOST_RUNS, Listed
from archanalyzer.passes.fields.positions import NOWHERE, Positions


class Told(NamedTuple):
    """The field along ``axis`` of the input of index ``input``, of all places that a layer has.

    ``size`` and ``min_size``: the most and the least positions from the first to the last that a place sees; ``number``
    and ``min_number``: the most and the least positions that it sees, gaps left out. ``stride``: input positions per
    output position, None where there is no one stride. ``offset``: the first position that output position 0 sees.
    ``whole``: every place sees the axis from end to end, whatever its place, as behind a global pool. A field that
    moves is not whole, be it so wide that of the actual input each place sees all: ``cut`` of ``AxisInFull`` tells
    that. ``aligned`` False: two of the ways on which a place sees have been shown to differ in stride or centre.
    ``compared``: there is no way that could not be compared; only then does ``aligned`` True say that all agree.
    ``exact`` False: the sizes are only upper bounds. ``centre``: the middle of what output position 0 sees. ``period``:
    so many output positions on, the same is seen, moved on; None where that isn't so, or nothing moves.
    """

    input: int
    axis: int
    size: int
    min_size: int
    number: int
    min_number: int
    stride: Fraction | None
    offset: int | None
    whole: bool
    aligned: bool
    compared: bool
    exact: bool
    centre: Fraction | None
    period: int | None


def told(fields: Sequence[Field], shape: Sequence[int]) -> Iterator[Told]:
    """What is told of the fields that a layer with an output of this shape has in one input, for each of its axes.

    There are several fields where features that lie side by side in a flat output see different things.
    """
    last: Told | None = None
    before: Sequence[Along] = ()
    for axes in zip(*(field.axes for field in fields), strict=True):
        if last is None or not all(map(_alike, axes, before)):
            last, before = _told(fields, axes, shape), axes
        yield last if last.axis == axes[0].axis else last._replace(axis=axes[0].axis)


def _alike(one: Along, other: Along) -> bool:
    """Whether the same is told along two axes, as is mostly so of an image's."""
    return one.field is other.field and one.scattered == other.scattered and _number(one) == _number(other)


def _number(along: Along) -> int | None:
    """The axis of the layer, spatial ones taken for the same."""
    return along.along and 1


def _told(fields: Sequence[Field], axes: Sequence[Along], shape: Sequence[int]) -> Told:
    parts = list(zip(fields, axes, strict=True))
    seen = [each for field, along in parts for each in _sets(field, along, shape)]
    if len(shape) == 1 and sum(field.channels.number for field in fields) < shape[0]:
        seen.append(NOWHERE)
    first = next((along for field, along in parts if len(shape) > 1 or field.channels.has(0)), None)
    exact = all(along.field.exact for along in axes)
    sizes, numbers = [each.size for each in seen], [each.number for each in seen]
    return Told(
        fields[0].input,
        axes[0].axis,
        max(sizes),
        min(sizes) if exact else 0,
        max(numbers),
        min(numbers) if exact else 0,
        stride(axes[0]) if len(axes) == 1 else None,
        offset(first) if first else None,
        all(_is_whole(field, along) for field, along in parts) and NOWHERE not in seen,
        all(along.field.aligned is not False for along in axes),
        all(along.field.aligned is not None for along in axes),
        exact,
        centre(first) if first else None,
        period(axes[0]) if len(axes) == 1 else None,
    )


def _is_whole(field: Field, along: Along) -> bool:
    """Whether every place sees the axis from end to end; also where positions are told one by one that all do."""
    return covers(field, along) or (not field.patchy and along.field.is_whole)


def _sets(field: Field, along: Along, shape: Sequence[int]) -> Sequence[Positions]:
    """What the places that a field is told of see on an endless input; some of them may stand there several times."""
    some = features(field, along, shape)
    if some is not None and some.number <= MOST_RUNS:
        return [along.field.at(feature) for feature in some.each()]
    return along.field.sets()


def stride(along: Along) -> Fraction | None:
    """Input positions per output position; None where there is no one stride."""
    moving = along.field.endless
    if along.along is None or isinstance(moving, Listed) or not moving.advance:
        return None
    return _ratio(moving.advance, moving.period)


_ratio = lru_cache(maxsize=1000)(Fraction)
"""Strides and centres are few numbers, and a fraction takes as long to make as all else that is told of an axis."""


def plain(value: Fraction | None) -> int | str | None:
    """A fraction as plain data: a whole number, or "p/q"."""
    if value is None:
        return None
    return value.numerator if value.denominator == 1 else str(value)


def offset(along: Along) -> int | None:
    """The first input position that output position 0 sees; negative where it lies in the padding."""
    seen = along.field.at(0)
    return seen.start if along.field.exact and not along.scattered and seen.size else None


def centre(along: Along) -> Fraction | None:
    """The middle between the first and the last input position that output position 0 sees."""
    if offset(along) is None:
        return None
    seen = along.field.at(0)
    return _ratio(seen.start + seen.stop - 1, 2)


def period(along: Along) -> int | None:
    """The output positions from one to the next that sees the same, moved on; None where there are none."""
    moving = along.field.endless
    if along.along is None or not along.field.exact or isinstance(moving, Listed) or not moving.advance:
        return None
    return moving.period

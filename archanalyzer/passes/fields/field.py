"""The receptive field of a layer in one input of the network, axis by axis.

Axis by axis is exact as long as every way that leads to a place sees something: what is seen over all axes is a union
of products, one a way, and what it comes to along one axis is the union of the ways' sets along it. Only where a way
sees nothing, because it reads padding along another axis, say, does it not count. That is followed here as far as it
may matter; a field is then ``doubtful``, and its positions are to be walked back one by one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

from archanalyzer.passes.fields.axis_field import AxisField, Cut, own_positions
from archanalyzer.passes.fields.moving import Listed, listed
from archanalyzer.passes.fields.positions import NOWHERE, Positions, hull_of, interval


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


def listed_field(endless: list[Positions], real: list[Positions], like: AxisField) -> AxisField:
    """The field of positions of which each is told."""
    seen = hull_of(real)
    moving = listed(len(endless), range(len(endless)), endless.__getitem__)
    as_cut = all(one.within(seen.start, seen.stop) == other for one, other in zip(endless, real, strict=True))
    cut = Cut(seen.start, seen.stop, () if as_cut else tuple(real))
    return AxisField(like.length, len(endless), moving, cut, like.aligned)


def nothing(field: Field, axes: tuple[Along, ...], channels: Positions) -> Field:
    """A field of the same input that no place sees anything of; on an endless input, places see ``axes``."""
    blind = tuple(along._replace(field=along.field._replace(cut=Cut(0, 0))) for along in axes)
    return Field(field.input, channels, blind, patchy=True, doubtful=any(not along.field.exact for along in axes))


def features(field: Field, along: Along, shape: Sequence[int]) -> Positions | None:
    """The features of a flat output that a field is told of, one by one; None where it is not of some of them."""
    some = along.along == 0 and len(shape) == 1 and field.channels != interval(0, shape[0])
    return field.channels if some else None


def covers(field: Field, along: Along) -> bool:
    """Whether every position sees the axis from end to end."""
    return is_whole(along) and along.field.exact and not field.patchy


def is_whole(seen: Along) -> bool:
    """Whether every position sees the whole axis."""
    return seen.along is None and not seen.scattered and seen.field.at(0) == interval(0, seen.field.length)


def told_along_all(axes: tuple[Along, ...], rank: int) -> bool:
    """Whether positions are told apart along each spatial axis of an output: not along one that was channels."""
    along = {each.along for each in axes}
    return None not in along and along.issuperset(range(1, rank))


def all_see(axes: tuple[Along, ...], rank: int, *, uneven: bool) -> bool:
    """Whether it is certain that every place sees something, in an output with so many axes."""
    if uneven or not told_along_all(axes, rank) or any(not along.field.exact for along in axes):
        return False
    return not any(along.field.some_blind() for along in axes)


def has_gaps(field: Field) -> bool:
    """Whether some place may see nothing even on an endless input."""
    return field.patchy and any(
        isinstance(along.field.endless, Listed) or NOWHERE in along.field.endless.sets for along in field.axes
    )


def for_positions(seen: Along, positions: int) -> AxisField:
    """The field for so many positions: a constant one is for any number."""
    return seen.field if seen.along is not None else seen.field._replace(positions=positions)

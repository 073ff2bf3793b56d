"""On which ways does a layer see the inputs? The narrowest and the widest, along each axis of each input.

What is seen on one way from an input to a layer is told along one axis of the input, as on an input without ends. A way
that sees all of the axis wherever one stands, as through a global pool, is none beside one that moves: the gates of
squeeze-and-excitation, say, give a layer no place to look at. After Richter et al.'s toolbox (rfa_toolbox), which
leaves such ways out for the same reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import gcd
from typing import NamedTuple, TypeAlias

from archanalyzer.graph import (
    Digit,
    IrregularWindow,
    NoPosition,
    Readings,
    WholeAxis,
    Window,
    aligned_axes,
)
from archanalyzer.passes.advice.windows import Windows, is_shift
from archanalyzer.passes.fields.looking import without_axis
from archanalyzer.passes.fields.moving import (
    OWN_POSITION,
    Budget,
    Listed,
    Moving,
    TooMany,
    everywhere,
    read_through,
)
from archanalyzer.passes.fields.positions import TooWide, interval
from archanalyzer.passes.receptive_field import MOST_POSITIONS, ReceptiveFields
from archanalyzer.passes.tensor_types import TensorTypes

MOST_PACES = 4
"""Paces at which ways move on from one position to the next that are told apart, at most."""


class Way(NamedTuple):
    """What is seen on one way: ``moving`` with the position along the layer's axis ``along``, None if by all the same.

    ``least`` and ``most``: positions from the first to the last that a place sees, of all places that see any.
    ``pace``: so many positions of the input for so many of the layer, as a fraction in lowest terms; None where that is
    not always the same. ``lost``: where positions lie is not followed any further, as behind flattening.
    """

    along: int | None
    moving: Moving
    least: int = 0
    most: int = 0
    pace: tuple[int, int] | None = None
    lost: bool = False


CONSTANT = Way(None, everywhere(interval(0, 1)))
"""On a way through a global pool or a dense layer; how much is seen is then of no matter."""
LOST = CONSTANT._replace(lost=True)

Ways: TypeAlias = tuple[Way, ...]
"""Of each pace, the narrowest and the widest way; one that is lost stands for all."""
InputAxis: TypeAlias = tuple[int, int]
"""An input of the network, by its index, and an axis of it."""
Sight: TypeAlias = dict[InputAxis, Ways]
"""All that a layer sees."""


def sights(types: TensorTypes, windows: Windows, fields: ReceptiveFields, layers: int) -> list[Sight | None]:
    """What the first so many layers see, on which ways; None where that is not known.

    Of several ways that move on at the same pace, the narrowest stays so from layer to layer, and so does the widest.
    That holds but for a way on which places see more and less by turns, behind an up-sampling: of such ways, the one is
    kept of which some place sees the least, and the one of which some place sees the most. Of more than ``MOST_PACES``
    paces, those are kept on which the least is seen, and those on which the most is.
    """
    reader = _Reader(Budget(MOST_POSITIONS))
    found: list[Sight | None] = []
    for layer in types.graph.layers[:layers]:
        shape = types.outputs[layer.index].shape
        read = [
            (found[source], reading, types.outputs[source].shape)
            for source, reading in zip(layer.inputs, windows.readings[layer.index] or (), strict=False)
            if not any(isinstance(each, NoPosition) for each in reading)
        ]
        if not layer.inputs:
            found.append({(layer.index, axis): (_way(axis, OWN_POSITION),) for axis in range(1, len(shape))})
        elif fields.by_layer[layer.index] is None:
            found.append(None)
        else:
            found.append(reader.read(read, shape))
    return found


class _Reader:
    """Follows ways through layers, each step once: the axes of an image are mostly alike, and so are many layers."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._through: dict[tuple[object, ...], tuple[Moving, Way]] = {}

    def read(
        self, read: Sequence[tuple[Sight | None, Readings, tuple[int, ...]]], output: tuple[int, ...]
    ) -> Sight | None:
        """What a layer with such an output sees through all that it reads: what that sees, how, and its shape."""
        if len(read) == 1 and read[0][1] == aligned_axes(len(output)) and read[0][2] == output:
            return read[0][0]
        arriving: dict[InputAxis, list[Way]] = {}
        for sight, readings, _ in read:
            if sight is None:
                return None
            for axis, ways in sight.items():
                arriving.setdefault(axis, []).extend(self._onwards(way, readings, output) for way in ways)
        return {axis: _kept(ways) for axis, ways in arriving.items()}

    def _onwards(self, way: Way, readings: Readings, output: tuple[int, ...]) -> Way:
        if way.along is None:
            return CONSTANT if all(isinstance(each, WholeAxis) for each in readings) else way
        reading = readings[way.along]
        match reading:
            case Window() | IrregularWindow():
                if isinstance(reading, Window) and is_shift(reading) and reading.offset == 0:
                    return way if reading.axis == way.along else way._replace(along=reading.axis)
                return self._once(way, reading, output[reading.axis])
            case WholeAxis():
                return CONSTANT
            case Digit() if reading.divisor == 1 and reading.modulus == output[reading.axis]:
                return way._replace(along=reading.axis)
        return LOST

    def _once(self, way: Way, reading: Window | IrregularWindow, outputs: int) -> Way:
        key = id(way.moving), reading.axis, *without_axis(reading), outputs
        if key not in self._through:
            self._through[key] = way.moving, self._along(way.moving, reading, outputs)  # kept: no other has its id
        return self._through[key][1]

    def _along(self, moving: Moving, reading: Window | IrregularWindow, outputs: int) -> Way:
        try:
            return _way(reading.axis, read_through(moving, reading, outputs, self._budget))
        except (TooMany, TooWide):
            return LOST


def _way(axis: int, moving: Moving) -> Way:
    sizes = [each.size for each in moving.sets if each.size]
    pace = None
    if not isinstance(moving, Listed):
        common = gcd(moving.advance, moving.period)
        pace = moving.advance // common, moving.period // common
    return Way(axis, moving, min(sizes, default=0), max(sizes, default=0), pace)


def _kept(ways: list[Way]) -> Ways:
    """Of all ways that arrive, those that are told apart; one that sees nothing is none."""
    if len(ways) == 1 or any(way.lost for way in ways):
        return (next((way for way in ways if way.lost), ways[0]),)
    moving = [way for way in ways if way.along is not None and way.most] or ways[:1]
    by_pace: dict[tuple[int | None, tuple[int, int] | None], list[Way]] = {}
    for way in moving:
        by_pace.setdefault((way.along, way.pace), []).append(way)
    narrow = sorted((min(those, key=_least) for those in by_pace.values()), key=_least)[:MOST_PACES]
    wide = sorted((max(those, key=_most) for those in by_pace.values()), key=_most)[-MOST_PACES:]
    return tuple({id(way): way for way in (*narrow, *wide)}.values())


def _least(way: Way) -> int:
    return way.least


def _most(way: Way) -> int:
    return way.most

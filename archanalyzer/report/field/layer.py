"""The receptive field of one layer in full: which of its positions see what of each axis of each input."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from archanalyzer.diagnostics import enumerated
from archanalyzer.graph import shown_shape
from archanalyzer.passes.fields.in_full import AxisInFull, CutSizes, in_full
from archanalyzer.passes.fields.moving import TooMany
from archanalyzer.passes.fields.positions import Positions, TooWide
from archanalyzer.passes.fields.told import Told
from archanalyzer.passes.receptive_field import ReceptiveFields
from archanalyzer.report.field.words import (
    interval_text,
    least_most,
    number,
    place_text,
    positions_text,
    runs_text,
    size_text,
)
from archanalyzer.report.parts import Grid, Notes, Pairs, Part, Row, Title

_MOST_ROWS = 20
"""Rows that are shown of one axis; JSON has all."""


def layer_in_full(fields: ReceptiveFields, layer: int, place: Sequence[int] | None = None) -> list[Part]:
    """What is known of the field of a layer, and of that of ``place``, where one is given."""
    graph, output = fields.graph, fields.types.outputs[layer]
    one, places = graph.layers[layer], fields.places[layer]
    parts: list[Part] = [Pairs([("layer", f"{one.name} ({one.op.name})"), ("output", shown_shape(output.shape))])]
    if places is None:
        return [*parts, Notes([f"it is not known what `{one.name}` sees"])]
    axes = in_full(places, output.shape)
    if not any(axes):
        what = "of the inputs that it sees, none has spatial axes" if places else "it sees nothing of any input"
        return [*parts, Notes([what])]
    for part in axes:
        for alike in _alike(part):
            parts += _Section(fields, layer, alike, place).parts()
    return parts


def _alike(axes: Sequence[AxisInFull]) -> Iterator[list[AxisInFull]]:
    """The axes of an input, those together of which the same is to be told."""
    together: dict[object, list[AxisInFull]] = {}
    for axis in axes:
        own = axis.along.along in (None, axis.along.axis)
        key = axis.along.field, axis.along.scattered, None if own else axis.along.axis
        together.setdefault(key, []).append(axis)
    yield from together.values()


class _Section:
    """What is told of some axes of an input that are seen alike."""

    def __init__(
        self, fields: ReceptiveFields, layer: int, alike: Sequence[AxisInFull], place: Sequence[int] | None
    ) -> None:
        self._fields = fields
        self._shape = fields.types.outputs[layer].shape
        self._alike = alike
        self._axis = alike[0]
        self._place = place
        self._told = self._axis.told()

    def parts(self) -> Iterator[Part]:
        yield Title(self._title(), is_section=True)
        yield Pairs(list(self._pairs()))
        if self._told.exact and not self._told.whole:
            yield from self._table()

    @property
    def _what(self) -> str:
        """What the layer's positions along the axis are called."""
        if self._axis.along.scattered:
            return "place"
        if self._axis.by_channel:
            return "channel"
        return "feature" if len(self._shape) == 1 else "position"

    def _title(self) -> str:
        source = self._fields.types.outputs[self._axis.field.input]
        names = enumerated([source.axis_names[axis.along.axis] for axis in self._alike])
        title = f"{self._fields.graph.layers[self._axis.field.input].name}, {names}"
        some = self._axis.listed
        return title if some is None else f"{title}, seen by features {positions_text(some)}"

    def _pairs(self) -> Iterator[tuple[str, str]]:
        one, length = self._told, self._axis.along.field.length
        yield "field", self._size()
        if not one.whole and one.exact:
            yield "stride", number(one.stride or None)
            if one.offset is not None:
                yield "padding", number(-one.offset)
                yield "centre", self._centre()
            if one.period is not None:
                yield "period", self._period(one.period)
            yield "aligned", _aligned_text(one)
            yield "cut", _cut_text(self._axis.cut(), length, self._what)
        if self._place is not None:
            yield f"at {place_text(self._place)}", self._at(self._place)
        if self._axis.field.patchy and one.exact:
            yield "but", "some places may see less, or nothing, of this input"

    def _size(self) -> str:
        one, length = self._told, self._axis.along.field.length
        if one.whole:
            return f"all {length}, from every {self._what}"
        if not one.exact:
            return f"at most {one.size}, {interval_text(self._axis.along.field.at(0))}; positions are not told apart"
        gaps = (one.number, one.min_number) != (one.size, one.min_size)
        seen = f", of which {least_most(one.min_number, one.number)} are seen" if gaps else ""
        return f"{least_most(one.min_size, one.size)} position{'s' if one.size != 1 else ''}{seen}"

    def _centre(self) -> str:
        one, mean = self._told, self._axis.mean_centre
        if one.period == 1 and mean is not None:
            return f"{_linear(one.stride or 0, mean)} for {self._what} o"
        average = (
            f"; {_linear(one.stride or 0, mean)} for {self._what} o, on average over a period"
            if mean is not None
            else ""
        )
        return f"{number(one.centre)} for {self._what} 0{average}"

    def _period(self, period: int) -> str:
        moving = self._axis.along.field.endless
        advance = moving.at(period).start - moving.at(0).start
        return f"{period}: {self._what} o + {period} sees what o does, {advance} further on"

    def _at(self, place: Sequence[int]) -> str:
        """What a place sees along the axes."""
        texts = []
        names = self._fields.types.outputs[self._axis.field.input].axis_names
        for axis in self._alike:
            try:
                endless, real = axis.at(place)
            except (TooMany, TooWide):
                return "not known"
            text = f"{positions_text(endless)}, {size_text(endless)}"
            texts.append(text if real == endless else f"{text}, cut {positions_text(real)}, {size_text(real)}")
        if len(set(texts)) == 1:
            return texts[0]
        return "; ".join(f"{names[axis.along.axis]} {text}" for axis, text in zip(self._alike, texts, strict=True))

    def _table(self) -> Iterator[Part]:
        try:
            rows = self._axis.rows()
        except TooMany:
            yield Notes([f"there are too many {self._what}s to be told one by one"])
            return
        modulus = self._axis.modulus
        repeats = f"s modulo {modulus}" if modulus not in (None, 1) else ("" if modulus == 1 else "s")
        yield Grid([f"{self._what}{repeats}", "sees", "size"], [_row(*row) for row in islice(rows, _MOST_ROWS)])
        notes = ["places are numbered, the last axis running fastest"] if self._axis.along.scattered else []
        if len(rows) > _MOST_ROWS:
            notes.append(f"{len(rows) - _MOST_ROWS:,} more rows; `--format json` has them all")
        yield Notes(notes)


def _row(positions: Positions, seen: Positions) -> Row:
    return Row([positions_text(positions), positions_text(seen), size_text(seen)])


def _linear(slope: object, offset: object) -> str:
    """``16·o + 15/2``."""
    times = "o" if slope == 1 else f"{slope}·o"
    text = number(offset)  # type: ignore[arg-type]
    if offset == 0:
        return times
    return f"{times} − {text[1:]}" if text.startswith("−") else f"{times} + {text}"


def _aligned_text(told: Told) -> str:
    if not told.aligned:
        return "no: not all ways have the same centre; the union of them is told"
    return "yes" if told.compared else "not known: on some way, fields have no one stride, and so no centre to compare"


def _cut_text(cut: CutSizes | None, length: int, what: str) -> str:
    if cut is None:
        return "not known"
    if not cut.size:
        return f"everything: none of the {length} that there are is seen"
    if not cut.less:
        return f"nothing: all that is seen lies within the {length} that there are"
    sizes = least_most(cut.min_size, cut.size)
    ends = f"the least at {what} {cut.least_at}, the most at {cut.most_at}; " if cut.min_size != cut.size else ""
    gaps = (cut.min_number, cut.number) != (cut.min_size, cut.size)
    seen = f", of which {least_most(cut.min_number, cut.number)} are seen" if gaps else ""
    is_one = len(cut.less) == cut.less[0].size == 1
    which = f"{what} {runs_text(cut.less)} sees" if is_one else f"{what}s {runs_text(cut.less)} see"
    return f"{sizes} of {length}{seen}; {ends}{which} less than of an endless input"

"""A network as an SVG: boxes in ranks, frames around blocks, lines between them; light, and dark on a dark page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from archanalyzer.report.drawing.as_texts import LOOKS
from archanalyzer.report.drawing.boxes import Box, Drawing, Frame, Look
from archanalyzer.report.drawing.layout import Extent, Item, Layout, Point, Spacing, lay_out
from archanalyzer.report.drawing.svg_parts import (
    Place,
    arrow,
    begun,
    clean,
    document,
    fitted,
    rectangle,
    text,
    text_width,
    way,
)

MOST_BOXES = 3_000
"""More than anybody reads; layout takes seconds for as many."""
_NAME, _SMALL, _TITLE = 12.5, 10.5, 17.0
"""Sizes of letters, as ``STYLE`` has them."""
_WIDEST, _NARROWEST = 280.0, 132.0
_INSET = 12.0
_BOLDER = 1.2
"""How much wider letters of a name are for being bold."""
_MARGIN = 24.0
_CAPTION = 18.0
_HEIGHTS = {False: 28.0, True: 44.0}
"""Of a box, without and with a second line."""
_ARRIVING = 20.0
"""Between lines that arrive at the side of a box."""

_ON_DARK = {
    Look.INPUT: "#2a3138",
    Look.BLOCK: "#372a42",
    Look.WEIGHTS: "#1c3448",
    Look.ACTIVATION: "#44351a",
    Look.MERGE: "#173b31",
    Look.SAMPLING: "#462a20",
    Look.OTHER: "#30302d",
}
"""The insides of boxes on a dark page."""
STYLE = (
    ".aa-page{fill:#ffffff}",
    ".aa-title{font-size:17px;font-weight:600;fill:#1b1f24}",
    ".aa-about,.aa-shape,.aa-detail{font-size:10.5px;fill:#57606a}",
    ".aa-name{font-size:12.5px;font-weight:600;fill:#1b1f24}",
    ".aa-frame{fill:#6b7885;fill-opacity:.07;stroke:#6b7885;stroke-opacity:.45;stroke-dasharray:4 3}",
    ".aa-caption{font-size:10.5px;font-weight:600;fill:#57606a}",
    ".aa-line{fill:none;stroke:#6b7885;stroke-width:1.5}",
    ".aa-head{fill:#6b7885}",
    *(f".aa-{look.value}{{fill:{inside};stroke:{border}}}" for look, (inside, border) in LOOKS.items()),
    ".aa-output{stroke-width:2.5}",
    "@media (prefers-color-scheme:dark){",
    ".aa-page{fill:#15191e}",
    ".aa-title,.aa-name{fill:#e8ebee}",
    ".aa-about,.aa-shape,.aa-detail,.aa-caption{fill:#a7b1bb}",
    ".aa-line{stroke:#8c98a4}",
    ".aa-head{fill:#8c98a4}",
    *(f".aa-{look.value}{{fill:{dark}}}" for look, dark in _ON_DARK.items()),
    "}",
)


def render(drawing: Drawing, *, to_the_right: bool = False) -> str:
    """The SVG; the same text each time.

    Raises:
        TooManyToPlace: there are more boxes than can be laid out, or ways between them that are too long.
    """
    return _Picture(drawing, to_the_right=to_the_right).text()


class _Rectangle(NamedTuple):
    x: float
    y: float
    width: float
    height: float


class _Picture:
    def __init__(self, drawing: Drawing, *, to_the_right: bool) -> None:
        self.drawing, self.to_the_right = drawing, to_the_right
        self.wide = min(max((_wanted(box) for box in drawing.boxes), default=0), _WIDEST)
        self.wide = max(self.wide, _NARROWEST)
        reads = Counter(target for _, target in drawing.arrows)
        items = [self._item(box, reads[at]) for at, box in enumerate(drawing.boxes)]
        captions = {"low": 8 + _CAPTION} if to_the_right else {"front": 8 + _CAPTION}
        spacing = Spacing(**captions)
        self.layout: Layout = lay_out(items, drawing.arrows, [frame.outer for frame in drawing.frames], spacing)

    def _item(self, box: Box, reads: int) -> Item:
        height = _HEIGHTS[bool(box.below)]
        if self.to_the_right:
            height = max(height, _ARRIVING * reads)
        along, across = (self.wide, height) if self.to_the_right else (height, self.wide)
        return Item(along, across, box.frame)

    def text(self) -> str:
        along, across = self.layout.size
        heading = 64.0 if self.drawing.about else 48.0
        width, height = (along, across) if self.to_the_right else (across, along)
        least = text_width(self.drawing.title, _TITLE) * _BOLDER
        self.left, self.top = _MARGIN, heading
        size = (max(width, least) + 2 * _MARGIN, height + heading + _MARGIN)
        if size[0] > width + 2 * _MARGIN:
            self.left += (least - width) / 2
        return document(self.drawing.title, size, STYLE, self._content(size[0]))

    def _content(self, width: float) -> Iterator[str]:
        yield text(self.drawing.title, (_MARGIN, 32), "aa-title")
        if self.drawing.about:
            yield text(begun(self.drawing.about, _SMALL, width - 2 * _MARGIN), (_MARGIN, 49), "aa-about")
        for frame, extent in zip(self.drawing.frames, self.layout.frames, strict=True):
            if extent is not None:
                yield from self._frame(frame, self._rectangle(extent))
        for line in self.layout.lines:
            points = list(map(self._place, line.points))
            yield arrow(points, "aa-line", "aa-head") if line.ends else way(points, "aa-line")
        for box, extent in zip(self.drawing.boxes, self.layout.items, strict=True):
            yield from self._box(box, self._rectangle(extent))

    def _place(self, point: Point) -> Place:
        along, across = point
        x, y = (along, across) if self.to_the_right else (across, along)
        return x + self.left, y + self.top

    def _rectangle(self, extent: Extent) -> _Rectangle:
        (x, y), (right, bottom) = (self._place((extent.along[end], extent.across[end])) for end in (0, 1))
        return _Rectangle(x, y, right - x, bottom - y)

    def _frame(self, frame: Frame, at: _Rectangle) -> Iterator[str]:
        yield rectangle(*at, "aa-frame", 9)
        caption = fitted(frame.caption, _SMALL, at.width - 16)
        yield text(caption, (at.x + 9, at.y + 16), "aa-caption")

    def _box(self, box: Box, at: _Rectangle) -> Iterator[str]:
        yield f"<g><title>{clean(_hint(box))}</title>"
        emphasis = " aa-output" if box.is_output else ""
        yield rectangle(*at, f"aa-{box.look.value}{emphasis}")
        line = at.y + (18 if box.below else at.height / 2 + 4.5)
        inside = at.width - 2 * _INSET
        room = inside - text_width(box.shape, _SMALL) - 12
        label = self._label(box)
        yield text(fitted(label, _NAME * _BOLDER, room), (at.x + _INSET, line), "aa-name")
        yield text(box.shape, (at.x + at.width - _INSET, line), "aa-shape", "end")
        if box.below:
            yield text(begun(box.below, _SMALL, inside), (at.x + _INSET, at.y + 34.5), "aa-detail")
        yield "</g>"

    def _label(self, box: Box) -> str:
        """The name within the innermost frame, if that is drawn."""
        frame = box.frame
        return box.label if frame is None or self.layout.frames[frame] is not None else box.name


def _wanted(box: Box) -> float:
    """How wide a box would have to be."""
    first = text_width(box.label, _NAME) * _BOLDER + 12 + text_width(box.shape, _SMALL)
    return max(first, text_width(box.below, _SMALL)) + 2 * _INSET


def _hint(box: Box) -> str:
    """What is shown where a pointer rests on a box: all of it, however long."""
    return f"{box.name}\n{box.type}{': ' if box.detail else ''}{box.detail}\n{box.shape}"

"""A receptive field drawn over the plane of its input, shaded by weights; needs matplotlib.

The whole input is drawn to scale, with its border, and the part of the field that lies in padding beyond it. Where the
field is much smaller than the input, it is drawn a second time, larger; of an effective field, what reaches its
threshold. Over one axis, weights are a profile; over three, a projection along each; over more, a profile along each.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Sequence
from io import BytesIO
from itertools import combinations
from typing import Any, NamedTuple, TypeAlias

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.colors import LogNorm, Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

from archanalyzer.passes.fields.reading_back import Array
from archanalyzer.report.field.pictures import Picture
from archanalyzer.report.text import escape

FORMATS = ("png", "svg")
_SHADES = "YlGnBu"
"""From light to dark, told apart by the colour-blind, and in print."""
_BORDER, _FIELD, _LEVEL, _PADDING = "#000000", "#d55e00", "#cc79a7", "#9a9a9a"
_WIDE = 5.2
"""Inches of a panel."""
_FEW_MAGNITUDES = 1000
_MOST_PANELS = 3
"""Side by side."""
_MUCH_SMALLER = 0.35
"""Of the input's side: a field smaller than that is drawn a second time."""
_AS_IT_STANDS: dict[str, Any] = {"parse_math": False}
"""For a text with names, which may have dollar signs."""
_DOTS = 150
"""An inch, in a PNG."""
_SETTINGS: dict[Any, Any] = {
    "axes.spines.bottom": False,  # the border that counts is the input's
    "axes.spines.left": False,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "font.family": ["DejaVu Sans"],
    "font.size": 10,
    "hatch.linewidth": 0.6,
    "svg.hashsalt": "archanalyzer",  # names in the file that are the same each time
}


def draw(pictures: Sequence[Picture], title: str, subtitle: str, file_format: str, *, log: bool = False) -> bytes:
    """The content of a PNG or SVG file; the same bytes each time."""
    with mpl.rc_context(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a font without some letter of a name
        mpl.rcdefaults()
        mpl.rcParams.update(_SETTINGS)
        panels = [list(_panels(picture)) for picture in pictures]
        lines = list(_packed(panels))
        figure = Figure(figsize=_size(lines), layout="constrained")
        figure.suptitle(escape(title), fontsize=13, fontweight="bold", **_AS_IT_STANDS)
        rows = figure.subfigures(len(lines), squeeze=False, height_ratios=list(map(_height_of_all, lines)))[:, 0]
        rows[0].suptitle(escape(subtitle), fontsize=10, **_AS_IT_STANDS)
        for row, line in zip(rows, lines, strict=True):
            parts = row.subfigures(1, len(line), squeeze=False, width_ratios=list(map(len, line)))[0]
            for part, of_input in zip(parts, line, strict=True):
                _draw_row(part, of_input, log=log)
        return _written(figure, file_format)


def _written(figure: Figure, file_format: str) -> bytes:
    """Without a date, and without the names of programs and their versions."""
    file = BytesIO()
    metadata = {"Date": None, "Creator": None} if file_format == "svg" else {"Software": None}
    figure.savefig(file, format=file_format, dpi=_DOTS, metadata=metadata)
    return file.getvalue()


class _Panel(NamedTuple):
    """What is drawn into one pair of axes: one or two of an input's axes, the whole input or only around the field."""

    picture: Picture
    shown: tuple[int, ...]
    is_close: bool = False

    @property
    def numbers(self) -> Array:
        """The weights added up along the axes that are not shown, as numbers that can be drawn."""
        numbers = self.picture.weights.numbers
        others = tuple(axis for axis in range(numbers.ndim) if axis not in self.shown)
        sums = _drawable(numbers.sum(axis=others))
        return sums / sums.max() if others and self.picture.level is not None else sums

    @property
    def what(self) -> str:
        """What the numbers are."""
        return self.picture.what if len(self.shown) == len(self.picture.extent) else self.picture.sums

    @property
    def ratio(self) -> float:
        """Height by width."""
        if len(self.shown) == 1:
            return 0.5
        (top, bottom), (left, right) = map(self.limits, self.shown)
        return (bottom - top) / (right - left)

    def ends(self, axis: int) -> tuple[int, int]:
        """The first position that is drawn, and the one behind the last: as far as input and field reach.

        Of a panel that is close, the field alone, or what reaches the threshold, with a quarter more at either side.
        """
        start, stop = self.picture.field[axis]
        if not self.is_close:
            return min(start, 0), max(stop, self.picture.extent[axis])
        if self.picture.level is None:
            return start, stop
        first, last = self.picture.above[axis]
        more = 1 + (last - first) // 4
        return max(first - more, start), min(last + more, stop)

    def limits(self, axis: int) -> tuple[float, float]:
        """From where to where an axis is drawn, with a margin."""
        start, stop = self.ends(axis)
        margin = 0.02 * (stop - start)
        return start - 0.5 - margin, stop - 0.5 + margin


def _drawable(numbers: Array) -> Array:
    """Counts as doubles; where they are beyond those, relative to the largest."""
    if numbers.dtype != object:
        return numbers.astype(float)
    largest = max(numbers.ravel())
    scale = largest if largest > 10**300 else 1
    return np.reshape([each / scale for each in numbers.ravel()], numbers.shape).astype(float)


def _panels(picture: Picture) -> Iterator[_Panel]:
    axes = range(len(picture.extent))
    shown = list(combinations(axes, 2)) if len(axes) in {2, 3} else [(axis,) for axis in axes]
    yield from (_Panel(picture, each) for each in shown)
    shares = [(stop - start) / extent for (start, stop), extent in zip(picture.above, picture.extent, strict=True)]
    if len(axes) < 3 and max(shares) < _MUCH_SMALLER:
        yield _Panel(picture, shown[0], is_close=True)


_Line: TypeAlias = list[list[_Panel]]
"""Inputs side by side."""


def _packed(panels: Iterable[list[_Panel]]) -> Iterator[_Line]:
    """The panels of the inputs, in order; inputs side by side as long as there are no more than three panels."""
    line: _Line = []
    for of_input in panels:
        if line and sum(map(len, line)) + len(of_input) > _MOST_PANELS:
            yield line
            line = []
        line.append(of_input)
    yield line


def _size(lines: Sequence[_Line]) -> tuple[float, float]:
    """Inches."""
    wide = max(_WIDE * sum(map(len, line)) + 2.0 * len(line) for line in lines)
    return wide, 0.5 + sum(map(_height_of_all, lines))


def _height_of_all(line: _Line) -> float:
    return max(map(_height, line))


def _height(panels: Sequence[_Panel]) -> float:
    """Inches of a row: as planes need to be to scale, within reason."""
    return 1.5 + max(min(max(_WIDE * panel.ratio, 2.0), 6.5) for panel in panels)


def _draw_row(row: Any, panels: Sequence[_Panel], *, log: bool) -> None:
    """The panels of one input, a bar of shades beside planes, and what lines mean below them."""
    all_axes = row.subplots(1, len(panels), squeeze=False)[0]
    scale = _scale(panels, log=log)
    image = None
    for axes, panel in zip(all_axes, panels, strict=True):
        if len(panel.shown) == 2:
            image = _draw_plane(axes, panel, scale)
        else:
            _draw_profile(axes, panel, log=log)
        if panels[-1].is_close:
            axes.set_title(_close_title(panel.picture) if panel.is_close else "the whole input", fontsize=10)
    picture = panels[0].picture
    if image is not None:
        bar = row.colorbar(image, ax=list(all_axes), shrink=0.8, ticks=None if log else _ticks(picture))
        if log:
            _label_magnitudes(bar.ax.yaxis, scale)
        bar.set_label(escape(panels[0].what), **_AS_IT_STANDS)
    row.legend(handles=_legend(picture), loc="outside lower center", ncols=4, frameon=False)


def _close_title(picture: Picture) -> str:
    return "the field alone" if picture.level is None else "what reaches the threshold"


def _label_magnitudes(axis: Axis, scale: Normalize) -> None:
    """Powers of ten are too few of labels where there are only two or three."""
    least, largest = scale.vmin, scale.vmax
    if least and largest and largest < _FEW_MAGNITUDES * least:
        axis.set_major_locator(LogLocator(subs=(1, 2, 5), numticks=20))
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axis.set_minor_formatter(NullFormatter())


def _scale(panels: Sequence[_Panel], *, log: bool) -> Normalize:
    """Shades for all panels of an input."""
    numbers = [panel.numbers for panel in panels]
    largest = max(each.max() for each in numbers)
    if not log:
        return Normalize(0, largest)
    least = min(each[each > 0].min() for each in numbers)
    return LogNorm(least if least < largest else largest / 10, largest)


def _draw_plane(axes: Axes, panel: _Panel, scale: Normalize) -> Any:
    """Two axes of an input, the first one downwards, as images are; each position is a square."""
    down, across = panel.shown
    picture = panel.picture
    _draw_borders(axes, panel)
    start, numbers = picture.weights.start, panel.numbers
    left, top = start[across] - 0.5, start[down] - 0.5
    image = axes.imshow(
        np.ma.masked_equal(numbers, 0),
        cmap=_SHADES,
        norm=scale,
        extent=(left, left + numbers.shape[1], top + numbers.shape[0], top),
        interpolation="none",
        zorder=2,
    )
    if _has_line(picture):
        around = np.pad(numbers, 1)  # with nothing around it, the line ends nowhere
        positions = (
            np.arange(extent) + start[axis] - 1 for axis, extent in zip((across, down), around.shape[::-1], strict=True)
        )
        axes.contour(*positions, around, levels=[picture.level], colors=_LEVEL, linewidths=1.5, zorder=3)
    axes.set_xlim(*panel.limits(across))
    axes.set_ylim(*reversed(panel.limits(down)))
    axes.set_aspect("equal")
    axes.set_xlabel(_label(panel, across), **_AS_IT_STANDS)
    axes.set_ylabel(_label(panel, down), **_AS_IT_STANDS)
    axes.set_xticks(_positions(panel, across))
    axes.set_yticks(_positions(panel, down))
    return image


def _has_line(picture: Picture) -> bool:
    """Whether a line shows where the level is: not of sums along axes that are not shown."""
    return picture.level is not None and picture.level > 0 and len(picture.extent) < 3


def _positions(panel: _Panel, axis: int) -> list[int]:
    """Those that are labelled, of those that are drawn."""
    start, stop = panel.ends(axis)
    ticks = MaxNLocator(integer=True, nbins=8).tick_values(start, stop - 1)
    return [int(each) for each in ticks if start <= each < stop and each == int(each)] or [start]


def _draw_borders(axes: Axes, panel: _Panel) -> None:
    """The input, white, with its border, before the field on an endless input, whose part beyond it is hatched."""
    down, across = panel.shown
    (top, bottom), (left, right) = (panel.picture.field[axis] for axis in (down, across))
    height, width = (panel.picture.extent[axis] for axis in (down, across))
    field = (left - 0.5, top - 0.5), right - left, bottom - top
    border = (-0.5, -0.5), width, height
    axes.add_patch(Rectangle(*field, facecolor="white", edgecolor=_PADDING, hatch="////", linewidth=0, zorder=0))
    axes.add_patch(Rectangle(*border, facecolor="white", edgecolor="none", zorder=1))
    axes.add_patch(Rectangle(*border, fill=False, edgecolor=_BORDER, linewidth=1.2, zorder=4))
    axes.add_patch(Rectangle(*field, fill=False, edgecolor=_FIELD, linewidth=1.4, linestyle="--", zorder=5))


def _draw_profile(axes: Axes, panel: _Panel, *, log: bool) -> None:
    """One axis of an input: a step for each position."""
    (axis,) = panel.shown
    picture = panel.picture
    start, numbers = picture.weights.start[axis], panel.numbers
    edges = np.arange(len(numbers) + 1) + start - 0.5
    axes.stairs(numbers, edges, fill=True, color=mpl.colormaps[_SHADES](0.6), zorder=2)
    if log:
        axes.set_yscale("log")
        _label_magnitudes(axes.yaxis, _scale([panel], log=True))
    else:
        axes.yaxis.set_major_locator(_ticks(picture))
    first, stop = picture.field[axis]
    for beyond in ((first, min(stop, 0)), (max(first, picture.extent[axis]), stop)):
        if beyond[0] < beyond[1]:
            axes.axvspan(
                beyond[0] - 0.5, beyond[1] - 0.5, facecolor="none", edgecolor=_PADDING, hatch="////", linewidth=0
            )
    for border in (-0.5, picture.extent[axis] - 0.5):
        axes.axvline(border, color=_BORDER, linewidth=1.2)
    for end in (first, stop):
        axes.axvline(end - 0.5, color=_FIELD, linewidth=1.4, linestyle="--", zorder=3)
    if picture.level is not None and _has_line(picture):
        axes.axhline(picture.level, color=_LEVEL, linewidth=1.5)
    axes.set_xlim(*panel.limits(axis))
    axes.set_xlabel(_label(panel, axis), **_AS_IT_STANDS)
    axes.set_ylabel(escape(panel.what), **_AS_IT_STANDS)
    axes.set_xticks(_positions(panel, axis))


def _ticks(picture: Picture) -> MaxNLocator:
    """Where a scale of weights is marked: counts at whole numbers."""
    return MaxNLocator(integer=picture.weights.numbers.dtype.kind != "f", nbins=8)


def _label(panel: _Panel, axis: int) -> str:
    return f"{panel.picture.axes[axis]} of {escape(panel.picture.name)}"


def _legend(picture: Picture) -> list[Patch]:
    """What lines and hatches mean, of those that are drawn."""
    sizes = "×".join(str(stop - start) for start, stop in picture.field)
    extent = "×".join(map(str, picture.extent))
    handles = [
        Patch(fill=False, edgecolor=_BORDER, label=f"input, {extent}"),
        Patch(fill=False, edgecolor=_FIELD, linestyle="--", label=f"field, {sizes}"),
    ]
    ends = zip(picture.field, picture.extent, strict=True)
    if any(start < 0 or stop > length for (start, stop), length in ends):
        handles.append(Patch(facecolor="white", edgecolor=_PADDING, hatch="////", linewidth=0, label="in padding"))
    if _has_line(picture):
        handles.append(Patch(fill=False, edgecolor=_LEVEL, label="threshold"))
    return handles

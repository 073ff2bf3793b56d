"""Drawings: the same bytes each time, whatever the net; what the colours say, read from the pixels."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from io import BytesIO
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.image import imread

from archanalyzer.passes.fields.reading_back import Places
from archanalyzer.report.field.drawing import draw
from archanalyzer.report.field.pictures import Picture

PLANE = Picture("image", ("height", "width"), (9, 9), ((-1, 4), (2, 7)), Places((0, 2), np.ones((4, 5), int)), "paths")
DARKEST, LIGHTEST = (np.round(255 * np.array(mpl.colormaps["YlGnBu"](end)[:3])) for end in (1.0, 0.0))


def png(picture: Picture, **options: Any) -> np.ndarray[Any, Any]:
    """Red, green and blue of every pixel, from 0 to 255."""
    content = draw([picture], "net: conv at 0", "5 paths", "png", **options)
    return np.round(255 * imread(BytesIO(content))[..., :3])


def share(pixels: np.ndarray[Any, Any], color: np.ndarray[Any, Any]) -> float:
    return float((np.abs(pixels - color) <= 2).all(axis=-1).mean())


@pytest.mark.parametrize("file_format", ["png", "svg"])
def test_the_same_bytes_each_time(file_format: str) -> None:
    one, again = (draw([PLANE], "net", "5 paths", file_format) for _ in range(2))
    assert one == again


def test_an_svg_is_one() -> None:
    root = ET.fromstring(draw([PLANE], "net", "5 paths", "svg"))  # noqa: S314
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert not list(root.iter("{http://purl.org/dc/elements/1.1/}date"))


def test_all_that_weighs_most_is_darkest() -> None:
    """4×5 of 9×9 positions, which the margin and labels around them make less of the page."""
    darkest = share(png(PLANE), DARKEST)
    smaller = share(png(PLANE._replace(weights=Places((0, 2), np.ones((2, 5), int)))), DARKEST)
    assert darkest > 0.05
    assert (darkest - smaller) / darkest == pytest.approx(0.5, abs=0.05)  # the colour bar has a little of it


def test_a_position_without_paths_is_left_white() -> None:
    gaps = np.ones((4, 5), int)
    gaps[:, 1::2] = 0
    with_gaps, without = (
        share(png(PLANE._replace(weights=Places((0, 2), each))), DARKEST) for each in (gaps, gaps | 1)
    )
    assert with_gaps / without == pytest.approx(3 / 5, abs=0.05)


def test_a_logarithmic_scale_tells_small_weights_apart() -> None:
    """1, 10 and 100: on a linear scale, the first two are nearly as light as nothing; else 10 is in the middle."""
    weights = Places((0, 2), np.repeat([[1, 10, 100]], 4, axis=0))
    middle = np.round(255 * np.array(mpl.colormaps["YlGnBu"](0.5)[:3]))
    linear, log = (share(png(PLANE._replace(weights=weights), log=each), middle) for each in (False, True))
    assert log > 0.02 > linear


def test_a_small_field_is_drawn_larger_beside_the_whole() -> None:
    large = png(PLANE._replace(extent=(9, 9))).shape
    small = png(PLANE._replace(extent=(90, 90))).shape
    assert small[1] > 1.5 * large[1]


def test_of_an_effective_field_what_reaches_the_threshold_is_drawn_larger() -> None:
    """A field as large as the input, of which one position weighs: the picture gets a second panel."""
    one = np.full((9, 9), 0.01)
    one[4, 4] = 1.0
    picture = PLANE._replace(field=((0, 9), (0, 9)), weights=Places((0, 0), one))
    assert png(picture._replace(level=0.5)).shape[1] > 1.5 * png(picture).shape[1]


@pytest.mark.parametrize("extents", [(9, 9), (4, 9, 9)])
def test_a_threshold_is_explained_where_a_line_is_drawn(extents: tuple[int, ...]) -> None:
    """Over three axes there is none; projections are parts of the largest sum there."""
    weights = Places((0,) * len(extents), np.ones(extents))
    field = tuple((0, extent) for extent in extents)
    names = ("depth", "height", "width")[-len(extents) :]
    picture = Picture("x", names, extents, field, weights, "part", 0.5, "part of the largest sum")
    texts = _texts(picture)
    assert ("threshold" in texts) is (len(extents) == 2)
    assert ("part of the largest sum" in texts) is (len(extents) == 3)


def _texts(picture: Picture) -> list[str]:
    """All that is written in a drawing: in an SVG, each text stands in a comment before its outlines."""
    content = draw([picture], "net", "", "svg").decode()
    return [each.strip() for each in re.findall(r"<!--(.*?)-->", content)]


def test_positions_that_do_not_exist_are_not_labelled() -> None:
    picture = PLANE._replace(extent=(28, 28), field=((0, 28), (0, 28)), weights=Places((0, 0), np.ones((28, 28), int)))
    labels = [int(each) for each in _texts(picture) if each.isdecimal()]
    assert 24 in labels
    assert 28 not in labels


def test_two_inputs_stand_side_by_side() -> None:
    both = draw([PLANE, PLANE], "net", "", "png")
    height, width = imread(BytesIO(both)).shape[:2]
    assert height == png(PLANE).shape[0]
    assert width > 1.5 * png(PLANE).shape[1]


def test_a_logarithmic_scale_of_few_magnitudes_is_labelled_between_them() -> None:
    weights = Places((0, 2), np.repeat([[1, 10, 30]], 4, axis=0))
    content = draw([PLANE._replace(weights=weights)], "net", "", "svg", log=True).decode()
    texts = [each.strip() for each in re.findall(r"<!--(.*?)-->", content)]
    assert {"2", "5", "10", "20"} <= set(texts)


@pytest.mark.parametrize(
    ("extent", "field"),
    [
        ((12,), ((-2, 4),)),
        ((1,), ((0, 1),)),
        ((6, 5, 4), ((0, 3), (1, 4), (2, 6))),
        ((3, 2, 2, 2), ((0, 3), (0, 1), (0, 1), (0, 2))),
        ((1, 300), ((0, 1), (0, 300))),
        ((300, 1), ((0, 300), (0, 1))),
    ],
)
@pytest.mark.parametrize("log", [False, True])
def test_inputs_of_any_number_of_axes(
    extent: tuple[int, ...], field: tuple[tuple[int, int], ...], *, log: bool
) -> None:
    inside = [range(max(start, 0), min(stop, length)) for (start, stop), length in zip(field, extent, strict=True)]
    weights = Places(tuple(each.start for each in inside), np.ones([len(each) for each in inside], int))
    names = tuple(f"axis{axis}" for axis in range(len(extent)))
    picture = Picture("x", names, extent, field, weights, "paths", 0.5)
    assert len(draw([picture, picture], "net", "", "png", log=log)) > 1000


def test_counts_beyond_doubles() -> None:
    weights = Places((0, 2), np.array([[10**400, 10**399, 0]], dtype=object))
    assert share(png(PLANE._replace(weights=weights)), DARKEST) > 0


@pytest.mark.parametrize("name", ["a$b$c", "$\\frac{", "图像", "x\x1b[2J", "a" * 500])
def test_names_are_no_formulas(name: str) -> None:
    assert draw([PLANE._replace(name=name, what=name)], name, name, "svg")


def test_settings_of_who_runs_it_change_nothing() -> None:
    expected = draw([PLANE], "net", "5 paths", "png")
    with mpl.rc_context({"font.size": 30, "image.cmap": "hot", "figure.facecolor": "red"}):
        assert draw([PLANE], "net", "5 paths", "png") == expected
        assert mpl.rcParams["font.size"] == 30

"""A network as a picture: which boxes, frames and arrows there are, in every format, and how they are written."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import archanalyzer
from archanalyzer.passes.analyzing import Analyzed, analyze
from archanalyzer.passes.drawing_flow import signal_flow
from archanalyzer.report.drawing import as_texts as drawing_texts
from archanalyzer.report.drawing import flow_svg as drawing_flow_svg
from archanalyzer.report.drawing import flow_texts as drawing_flow_texts
from archanalyzer.report.drawing.as_svg import render
from archanalyzer.report.drawing.boxes import Drawing, Look, drawing_of
from archanalyzer.report.drawing.ranks import TooManyToPlace
from archanalyzer.report.drawing.svg_parts import arrow, begun, clean, fitted, formula, text_width, way
from tests.docs.fences import ROOT
from tests.report.drawing.parsers import SVG, dot, mermaid, svg, texts

CASES = [*sorted((ROOT / "tests" / "passes" / "cases").glob("*.yaml")), *sorted((ROOT / "specs").glob("*.yaml"))]
NET = """\
archspec: 1
name: small
inputs: {image: [1, 8, 8]}
blocks:
  pair:
    arguments: {filters: null}
    layers:
      - conv2d: {filters: =filters, kernel: 3, padding: same}
      - relu
layers:
  - pair: 4
    name: first
  - pair: 4
  - add:
    from: [first, pair]
  - max_pool2d: 2
  - batch_norm:
    name: norm
  - flatten
  - dense: 3
    name: classes
"""
HOSTILE = 'archspec: 1\nname: "<script>alert(1)</script> \\"&amp; #35; `x` $$ */ ]]> \\\\ \\e[31m \\u202e \\uffff"\n'
HOSTILE += 'description: "</title></svg><script>1</script>"\ninputs: {x: [2]}\nlayers: [{dense: 2, name: end}]\n'


def analyzed(text: str) -> Analyzed:
    found = analyze(archanalyzer.loads(text))
    assert not found.partial
    return found


def drawing(text: str, depth: int | None = None) -> Drawing:
    return drawing_of(analyzed(text), depth)


# --- What there is to draw


def test_every_layer_is_a_box_with_name_type_fields_and_shape() -> None:
    found = drawing(NET)
    assert [(box.label, box.below, box.shape) for box in found.boxes] == [
        ("image", "input", "1×8×8"),
        ("conv2d", "kernel 3×3, padding same, filters 4", "4×8×8"),
        ("relu", "", "4×8×8"),
        ("conv2d", "kernel 3×3, padding same, filters 4", "4×8×8"),
        ("relu", "", "4×8×8"),
        ("add", "", "4×8×8"),
        ("max_pool2d", "kernel 2×2", "4×4×4"),
        ("norm", "batch_norm", "4×4×4"),
        ("flatten", "", "64"),
        ("classes", "dense: units 3", "3"),
    ]
    assert [(frame.label, frame.caption, frame.outer) for frame in found.frames] == [
        ("first", "first: pair", None),
        ("pair", "pair", None),
    ]
    assert [box.frame for box in found.boxes] == [None, 0, 0, 1, 1, None, None, None, None, None]
    assert found.arrows == ((0, 1), (1, 2), (2, 3), (3, 4), (2, 5), (4, 5), (5, 6), (6, 7), (7, 8), (8, 9))
    assert [box.name for box in found.boxes if box.is_output] == ["classes"]


def test_folded_blocks_are_boxes_and_only_arrows_between_boxes_are_left() -> None:
    found = drawing(NET, 0)
    assert [(box.label, box.below, box.shape) for box in found.boxes[:4]] == [
        ("image", "input", "1×8×8"),
        ("first", "pair: 2 layers", "4×8×8"),
        ("pair", "2 layers", "4×8×8"),
        ("add", "", "4×8×8"),
    ]
    assert found.frames == ()
    assert found.arrows == ((0, 1), (1, 2), (1, 3), (2, 3), (3, 4), (4, 5), (5, 6), (6, 7))


def test_looks_follow_from_what_ops_declare() -> None:
    looks = {box.name: box.look for box in drawing(NET).boxes}
    assert looks["image"] is Look.INPUT
    assert looks["first/conv2d"] is looks["norm"] is looks["classes"] is Look.WEIGHTS
    assert looks["first/relu"] is Look.ACTIVATION
    assert looks["add"] is Look.MERGE
    assert looks["max_pool2d"] is Look.SAMPLING
    assert looks["flatten"] is Look.OTHER
    assert drawing(NET, 0).boxes[1].look is Look.BLOCK


def test_blocks_in_blocks_are_frames_in_frames() -> None:
    found = drawing((ROOT / "specs" / "unet.yaml").read_text())
    inner = next(frame for frame in found.frames if frame.name == "up1/double_conv")
    assert inner.outer is not None
    assert (inner.label, found.frames[inner.outer].name) == ("double_conv", "up1")
    depth_one = drawing((ROOT / "specs" / "unet.yaml").read_text(), 1)
    assert "up1/double_conv" in [box.name for box in depth_one.boxes]
    assert "up1" in [frame.name for frame in depth_one.frames]


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("{filters: 2, kernel: 3, padding: 1}", "kernel 3×3, padding 1, filters 2"),
        ("{filters: 2, kernel: 3, stride: 1, dilation: 1, bias: true}", "kernel 3×3, filters 2"),
        ("{filters: 2, kernel: [3, 1], stride: 2}", "kernel 3×1, stride 2×2, filters 2"),
        ("{filters: 2, kernel: 3, bias: false}", "kernel 3×3, filters 2, bias false"),
    ],
)
def test_fields_are_told_where_they_are_not_the_default(written: str, shown: str) -> None:
    box = drawing(f"archspec: 1\ninputs: {{x: [1, 9, 9]}}\nlayers: [conv2d: {written}]\n").boxes[1]
    assert box.detail == shown


# --- Every format tells the same


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
@pytest.mark.parametrize("depth", [None, 0, 1])
def test_mermaid_and_dot_have_every_box_frame_and_arrow(path: Path, depth: int | None) -> None:
    found = drawing(path.read_text(), depth)
    for graph in (mermaid(drawing_texts.as_mermaid(found)), dot(drawing_texts.as_dot(found))):
        ids = list(graph.nodes)
        assert [label.splitlines()[0] for label in graph.nodes.values()] == [box.label for box in found.boxes]
        assert all(box.shape in label for box, label in zip(found.boxes, graph.nodes.values(), strict=True))
        assert [(ids.index(source), ids.index(target)) for source, target, _ in graph.edges] == list(found.arrows)
        assert list(graph.groups.values()) == [frame.caption for frame in found.frames]
        for frame, members in zip(range(len(found.frames)), graph.members.values(), strict=True):
            inside = [at for at, box in enumerate(found.boxes) if frame in _around(found, box.frame)]
            assert [ids.index(each) for each in members] == inside
        assert graph.title == found.title


def _around(found: Drawing, frame: int | None) -> set[int]:
    around = set()
    while frame is not None:
        around.add(frame)
        frame = found.frames[frame].outer
    return around


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
@pytest.mark.parametrize("to_the_right", [False, True])
def test_an_svg_has_every_box_and_an_arrowhead_for_every_arrow(path: Path, to_the_right: bool) -> None:
    found = drawing(path.read_text())
    root = svg(render(found, to_the_right=to_the_right))
    groups = [element for element in root.iter(f"{SVG}g") if element.find(f"{SVG}title") is not None]
    assert len(groups) == len(found.boxes)
    for group, box in zip(groups, found.boxes, strict=True):
        title = group.findtext(f"{SVG}title") or ""
        assert title.splitlines()[0] == box.name
        assert box.shape in texts(group)
        # Within a frame, the name within it; shortened where it is too long.
        shown = ".*".join(map(re.escape, texts(group)[0].split("…")))
        assert re.fullmatch(shown, box.label) or re.fullmatch(shown, box.name)
    heads = [element for element in root.iter(f"{SVG}path") if element.get("class") == "aa-head"]
    assert len(heads) == len(found.arrows)


def test_json_has_boxes_frames_and_arrows() -> None:
    data = json.loads(drawing_texts.as_json(drawing(NET)))
    assert (data["schema"], data["name"], data["description"]) == (1, "small", "")
    assert data["boxes"][1] == {
        "name": "first/conv2d",
        "type": "conv2d",
        "detail": "kernel 3×3, padding same, filters 4",
        "output_shape": [4, 8, 8],
        "look": "weights",
        "is_output": False,
        "frame": 0,
    }
    assert data["frames"] == [
        {"name": "first", "block": "pair", "outer": None},
        {"name": "pair", "block": "pair", "outer": None},
    ]
    assert data["arrows"][0] == {"from": 0, "to": 1}


def test_directions() -> None:
    found = drawing(NET)
    assert mermaid(drawing_texts.as_mermaid(found)).direction == dot(drawing_texts.as_dot(found)).direction == "TB"
    assert mermaid(drawing_texts.as_mermaid(found, to_the_right=True)).direction == "LR"
    assert dot(drawing_texts.as_dot(found, to_the_right=True)).direction == "LR"
    down, right = (svg(render(found, to_the_right=side)) for side in (False, True))
    assert float(down.get("height", 0)) > float(down.get("width", 0))
    assert float(right.get("width", 0)) > float(right.get("height", 0))


def test_mermaid_word_for_word() -> None:
    text = "archspec: 1\nname: tiny\ninputs: {x: [2]}\nlayers: [dense: 3, relu]\n"
    assert drawing_texts.as_mermaid(drawing(text)) == (
        '---\ntitle: "tiny"\n---\nflowchart TB\n'
        '  b0["x<br/>input<br/>2"]\n  b1["dense<br/>units 3<br/>3"]\n  b2["relu<br/>3"]\n'
        "  b0 --> b1\n  b1 --> b2\n"
        "  classDef input fill:#eef1f4,stroke:#8794a1,color:#1b1f24\n  class b0 input\n"
        "  classDef weights fill:#e3f0fa,stroke:#2f7fb8,color:#1b1f24\n  class b1 weights\n"
        "  classDef activation fill:#fdf1d9,stroke:#c98d12,color:#1b1f24\n  class b2 activation\n"
        "  classDef isOutput stroke-width:3px\n  class b2 isOutput\n"
    )


# --- Text is text


def test_hostile_names_stay_text() -> None:
    found = analyzed(HOSTILE)
    picture, flow = drawing_of(found), signal_flow(found.facts, found.spec.running)
    for text in (render(picture), drawing_flow_svg.render(flow)):
        root = svg(text)
        assert root[0].tag == f"{SVG}title"
        assert (root[0].text or "").startswith('<script>alert(1)</script> "&amp; #35; `x` $$ */ ]]> \\ \\x1b[31m')
        assert not re.search("[\x00-\x08\x0b-\x1f\u202e\uffff]", text)
    for writer, parse in ((drawing_texts.as_mermaid, mermaid), (drawing_texts.as_dot, dot)):
        assert parse(writer(picture)).title == picture.title
    assert mermaid(drawing_flow_texts.as_mermaid(flow)).title.startswith("<script>")
    assert dot(drawing_flow_texts.as_dot(flow)).title.startswith("<script>")


@pytest.mark.parametrize(
    ("label", "written"),
    [
        ('a "b"', '"a #34;b#34;"'),
        ("<br> & #35;", '"#60;br#62; #38; #35;35#59;"'),
        ("`x` $$ \\", '"#96;x#96; #36;#36; #92;"'),
        ("1. x", '"1#46; x"'),
        ("- x", '"#45; x"'),
        ("-x conv2d_2 1.5", '"-x conv2d_2 1.5"'),
    ],
)
def test_labels_of_mermaid(label: str, written: str) -> None:
    assert drawing_texts.mermaid_label(label) == written


def test_labels_of_dot() -> None:
    assert drawing_texts.dot_label('a "b"', "\\N") == r'"a \"b\"\n\\N"'


# --- Pieces


def test_lines_have_round_corners() -> None:
    assert way([(0, 0), (0, 20), (30, 20)], "x") == '<path class="x" d="M0 0L0 13Q0 20 7 20L30 20"/>'
    assert way([(0, 0), (0, 4), (30, 4)], "x") == '<path class="x" d="M0 0L0 2Q0 4 2 4L30 4"/>'


def test_an_arrow_ends_in_its_head() -> None:
    line, head = arrow([(0, 0), (0, 20)], "x", "y").split("/><")
    assert line == '<path class="x" d="M0 0L0 16.5"'
    assert head == 'path class="y" d="M0 20L-3.5 13L3.5 13Z"/>'


def test_formulas_raise_and_lower() -> None:
    assert formula("o₂¹ = (W)ᵀ", (1, 2), "m") == (
        '<text class="m" x="1" y="2">o<tspan class="aa-script" dy="3.5">2</tspan>'
        '<tspan class="aa-script" dy="-8.5">1</tspan><tspan dy="5"> = (W)</tspan>'
        '<tspan class="aa-script" dy="-5">T</tspan></text>'
    )


def test_what_does_not_fit_is_shortened() -> None:
    assert fitted("conv2d", 10, 100) == begun("conv2d", 10, 100) == "conv2d"
    short = fitted("a_very_long_name_of_a_layer_2", 10, 80)
    assert re.fullmatch("a_ver.*….*_2", short)
    assert text_width(short, 10) <= 80
    assert re.fullmatch("a_ver.*…", begun("a_very_long_name_of_a_layer_2", 10, 80))
    assert begun("abc", 10, 0) == "…"


def test_what_xml_cannot_carry_is_replaced() -> None:
    assert clean("a\x00\ud800\uffff<b>\U0001f600") == "a���&lt;b&gt;\U0001f600"


def test_too_many_ways_are_told() -> None:
    text = "archspec: 1\ninputs: {x: [1, 2]}\nlayers:\n"
    names = [f"c{at}" for at in range(400)]
    for at, name in enumerate(names):
        text += f"  - add:\n    from: [x, x, {', '.join(names[:at])}]\n    name: {name}\n".replace(", ]", "]")
    with pytest.raises(TooManyToPlace):
        render(drawing(text))


def test_the_same_bytes_each_time() -> None:
    assert render(drawing(NET)) == render(drawing(NET))

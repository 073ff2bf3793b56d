"""Receptive fields as a page: all layers, one in full, a walk; the exact text of small nets, worked out by hand."""

from __future__ import annotations

import json
from typing import Any

import pytest

import archanalyzer
from archanalyzer.diagnostics import Diagnostic
from archanalyzer.diagnostics.rules.layers import TOO_MANY_FIELDS
from archanalyzer.graph import Graph
from archanalyzer.passes.analyzing import Analyzed
from archanalyzer.passes.fields.by_hand import walked_by_hand
from archanalyzer.report.field.answer import Answer
from archanalyzer.report.json_text import document
from archanalyzer.report.parts import as_markdown, as_text
from archanalyzer.report.view import Page
from tests import graphs

HEAD = "archspec: 1\nname: net\ninputs: {x: [1, 12]}\nlayers:\n"
UP = f"{HEAD}  - upsample: 2\n  - conv1d: {{filters: 1, kernel: 3, padding: 1}}\n"
SKIP = """\
archspec: 1
name: net
inputs: {image: [1, 9, 9]}
blocks:
  stage:
    layers:
      - conv2d: {filters: 1, kernel: 3, padding: same}
        name: a
      - conv2d: {filters: 1, kernel: 3, padding: same}
layers:
  - stage
  - add:
    from: [stage, image]
"""
CROSS = """\
archspec: 1
name: net
inputs: {image: [1, 9, 9]}
layers:
  - conv2d: {filters: 1, kernel: [1, 5], padding: same}
    name: row
  - conv2d: {filters: 1, kernel: [5, 1], padding: same}
    name: column
    from: image
  - add:
    from: [row, column]
"""


def loaded(text: str) -> Analyzed:
    return archanalyzer.analyze(archanalyzer.loads(text))


def page(answer: Answer, depth: int | None = None) -> list[str]:
    """The lines below the name."""
    here = Page(80)
    return as_text(answer.parts(here, depth), here).splitlines()[2:]


def layer(text: str, name: str, *place: int) -> list[str]:
    analyzed = loaded(text)
    return page(Answer(analyzed, analyzed.graph.index[name], place or None))


def walk(text: str, name: str, *place: int, depth: int | None = None) -> list[str]:
    return page(walked(text, name, *place), depth)


def walked(text: str, name: str, *place: int) -> Answer:
    analyzed = loaded(text)
    return back(analyzed, analyzed.graph.index[name], place)


def back(analyzed: Analyzed, index: int, place: tuple[int, ...]) -> Answer:
    answer = Answer(analyzed, index, place)
    return answer._replace(walk=walked_by_hand(analyzed.graph, answer.fields.types, index, place))


def data(answer: Answer) -> Any:
    return json.loads(document(answer.data()))


# --- All layers


def test_all_layers() -> None:
    """Behind the up-sampling, each two positions see one; three of these see two, which the ends cut to one."""
    assert page(Answer(loaded(UP))) == [
        "layer     output  field  stride  padding  centre  period  cut",
        "─────────────────────────────────────────────────────────────",
        "x           1×12      1       1        0       0       1    1",
        "upsample    1×24      1     1/2        0       0       2    1",
        "conv1d      1×24      2     1/2        1    −1/2       2  1–2",
        "",
        "field: positions of the input from the first to the last that an output position",
        "sees, as if the input had no ends; least–most where output positions differ",
        "stride: from one field to the next",
        "padding: positions before the input's first that output position 0 sees",
        "centre: of output position 0",
        "period: output positions after which fields repeat, moved on",
        "cut: the field, of the input that there is",
    ]


def test_blocks_fold() -> None:
    """Two kernels of 3 see 5; a corner, 3."""
    lines = page(Answer(loaded(SKIP)))
    assert [line.split()[0] for line in lines[2:7]] == ["image", "stage", "a", "conv2d", "add"]
    assert lines[5] == "  conv2d   1×9×9      5       1        2       0  3–5"
    assert page(Answer(loaded(SKIP)), 0)[2:5] == [
        "image   1×9×9      1       1        0       0    1",
        "stage   1×9×9      5       1        2       0  3–5",
        "add     1×9×9      5       1        2       0  3–5",
    ]


def test_gaps_and_ways_that_do_not_align_have_columns() -> None:
    """Taps 0 and 3; kernels of 2 and of 3 from −1 have their middles at ½ and at 0."""
    gaps = f"{HEAD}  - conv1d: {{filters: 1, kernel: 2, dilation: 3}}\n"
    assert page(Answer(loaded(gaps)))[:4:3] == [
        "layer   output  field  seen  stride  padding  centre  cut",
        "conv1d     1×9      4     2       1        0     3/2    4",
    ]
    ways = f"{HEAD}  - conv1d: {{filters: 1, kernel: 2, stride: 2}}\n    name: even\n"
    ways += "  - conv1d: {filters: 1, kernel: 3, stride: 2, padding: 1}\n    from: x\n    name: odd\n"
    ways += "  - add:\n    from: [even, odd]\n"
    lines = page(Answer(loaded(ways)))
    assert lines[0] == "layer  output  field  stride  padding  centre  aligned  cut"
    assert lines[5] == "add       1×6      3       2        1       0       no  2–3"


def test_what_is_not_known_and_what_is_flat() -> None:
    analyzed = graphs.analyzed(graphs.with_mystery())
    assert page(Answer(analyzed))[4] == "mystery   4×6×6      ?       ?        ?       ?    ?"
    assert page(Answer(analyzed))[-1] == "? not known, or too much to look at"
    assert page(Answer(loaded("archspec: 1\ninputs: {x: [4]}\nlayers: [dense: 2]\n")))[3] == (
        "dense       2      –       –        –       –    –"
    )
    assert [field["fields"] for field in data(Answer(analyzed))["layers"]][2] is None


def test_advice_stands_below() -> None:
    finding = Diagnostic(TOO_MANY_FIELDS, "an example", None)
    answer = Answer(loaded(UP), advice=(finding,))
    assert page(answer)[-2:] == ["", "warning[too-many-fields]: an example"]
    assert [each["message"] for each in data(answer)["advice"]] == ["an example"]


# --- One layer


def test_a_layer_in_full() -> None:
    """Position 0 of 24 sees −1 and 0, the last one 11 and 12; on average, the middle is a quarter before o / 2."""
    assert layer(UP, "conv1d", 23) == [
        "layer   conv1d (conv1d)",
        "output  1×24",
        "",
        "x, length",
        "",
        "field    2 positions",
        "stride   1/2",
        "padding  1",
        "centre   −1/2 for position 0; 1/2·o − 1/4 for position o, on average over a",
        "         period",
        "period   2: position o + 2 sees what o does, 1 further on",
        "aligned  yes",
        "cut      1–2 of 12; the least at position 0, the most at 1; positions 0, 23 see",
        "         less than of an endless input",
        "at 23    11–12, 2, cut 11, 1",
        "",
        "positions modulo 2  sees  size",
        "──────────────────────────────",
        "0                   −1–0     2",
        "1                    0–1     2",
    ]


def test_axes_that_are_seen_alike_are_told_together() -> None:
    assert layer(SKIP, "add", 0, 4)[3:] == [
        "image, height and width",
        "",
        "field    5 positions",
        "stride   1",
        "padding  2",
        "centre   o for position o",
        "period   1: position o + 1 sees what o does, 1 further on",
        "aligned  yes",
        "cut      3–5 of 9; the least at position 0, the most at 2; positions 0–1, 7–8",
        "         see less than of an endless input",
        "at 0×4   height −2–2, 5, cut 0–2, 3; width 2–6, 5",
        "",
        "position  sees  size",
        "────────────────────",
        "0         −2–2     5",
    ]


def test_axes_that_differ_are_told_apart() -> None:
    lines = layer(CROSS, "row")
    assert [line for line in lines if line.startswith(("image", "field"))] == [
        "image, height",
        "field    1 position",
        "image, width",
        "field    5 positions",
    ]


def test_a_whole_axis() -> None:
    assert layer(f"{HEAD}  - global_avg_pool\n", "global_avg_pool")[-3:] == [
        "x, length",
        "",
        "field  all 12, from every feature",
    ]


def test_positions_without_a_period() -> None:
    """Windows from ⌊12·o / 7⌋ up to ⌈12·(o + 1) / 7⌉: from 0 up to 2, and from 10; of many, the first are shown."""
    lines = layer(f"{HEAD}  - adaptive_avg_pool1d: 7\n", "adaptive_avg_pool1d")
    assert lines[-9:-6] == ["positions   sees  size", "──────────────────────", "0            0–1     2"]
    assert lines[-1] == "6          10–11     2"
    long = HEAD.replace("12", "90") + "  - adaptive_avg_pool1d: 37\n"
    assert layer(long, "adaptive_avg_pool1d")[-1] == "17 more rows; `--format json` has them all"


def test_a_layer_that_is_not_known_and_one_that_sees_no_axis() -> None:
    analyzed = graphs.analyzed(graphs.with_mystery())
    assert page(Answer(analyzed, 2))[-1] == "it is not known what `mystery` sees"
    assert data(Answer(analyzed, 2))["fields"] is None
    flat = "archspec: 1\ninputs: {x: [4]}\nlayers: [dense: 2]\n"
    assert layer(flat, "dense")[-1] == "of the inputs that it sees, none has spatial axes"


def test_a_field_that_is_only_bounded() -> None:
    """Of an adaptive pool, positions are told one by one, and 70,000 are too many for that."""
    analyzed = graphs.analyzed(bounded())
    lines = page(Answer(analyzed, len(analyzed.graph.layers) - 1))
    assert any(line.startswith("field  at most ") for line in lines), lines
    (entry,) = data(Answer(analyzed, len(analyzed.graph.layers) - 1))["fields"]
    assert (entry["exact"], entry["residues"], entry["cut"]) == (False, None, None)


def bounded() -> Graph:
    build = graphs.Builder()
    build.input("x", 1, 140_000)
    build.add("conv1d", filters=1, kernel=(3,))
    build.add("adaptive_avg_pool1d", size=(70_000,))
    return build.graph()


# --- Walked back


def test_a_walk() -> None:
    """By hand: each kernel of 3 adds one at either side; position −1 is not there."""
    assert walk(SKIP, "add", 0, 4) == [
        "from           add (add) at 0×4",
        "sees of image  −2–2 × 2–6: 5×5; cut at the borders, 0–2 × 2–6: 3×5",
        "",
        "height",
        "",
        "layer     output  endless input  size  actual input  size",
        "─────────────────────────────────────────────────────────",
        "add        1×9×9  0                 1  0                1",
        "stage      1×9×9  0 → −2–2        1→5  0 → 0–2        1→3",
        "  conv2d   1×9×9  0                 1  0                1",
        "  a        1×9×9  −1–1              3  0–1              2",
        "image      1×9×9  −2–2              5  0–2              3",
        "",
        "width",
        "",
        "layer     output  positions  size",
        "─────────────────────────────────",
        "add        1×9×9  4             1",
        "stage      1×9×9  4 → 2–6     1→5",
        "  conv2d   1×9×9  4             1",
        "  a        1×9×9  3–5           3",
        "image      1×9×9  2–6           5",
        "",
        "block: what is asked for of its output → what its layers read from outside for",
        "it, the last layer first",
    ]


def test_a_walk_that_meets_no_border() -> None:
    assert walk(SKIP, "add", 4, 4, depth=0) == [
        "from           add (add) at 4×4",
        "sees of image  2–6: 5×5",
        "",
        "layer  output  positions  size",
        "──────────────────────────────",
        "add     1×9×9  4             1",
        "stage   1×9×9  4 → 2–6     1→5",
        "image   1×9×9  2–6           5",
        "",
        "no border is met: of the actual input, it is the same as of an endless one",
        "block: what is asked for of its output → what its layers read from outside for",
        "it, the last layer first",
    ]


def test_a_cross_is_no_product() -> None:
    lines = walk(CROSS, "add", 4, 4)
    assert "image    1×9×9  2–6 *         5" in lines
    assert lines[-1] == "* a union of several products of such sets: not every combination need be in it"
    (image,) = (each for each in data(walked(CROSS, "add", 4, 4))["walk"] if each["layer"] == "image")
    assert (image["endless"]["boxes"], image["actual"]["axes"][1]["number"]) == (2, 5)


def test_gaps_are_marked() -> None:
    text = f"{HEAD}  - conv1d: {{filters: 1, kernel: 2, dilation: 3}}\n"
    assert walk(text, "conv1d", 2)[3:] == [
        "layer   output  positions   size",
        "────────────────────────────────",
        "conv1d     1×9  2              1",
        "x         1×12  2, 5       4 (2)",
        "",
        "no border is met: of the actual input, it is the same as of an endless one",
        "size: from the first to the last position; in brackets, how many of them, gaps",
        "left out",
    ]


def test_what_only_an_endless_input_has() -> None:
    """A window that lies in the padding sees nothing of what there is."""
    text = f"{HEAD}  - pad: 3\n  - conv1d: {{filters: 1, kernel: 2}}\n"
    lines = walk(text, "conv1d", 0)
    assert lines[1] == "sees of x  −3–−2: 2; cut at the borders, nothing"
    assert "x         1×12  −3–−2             2  –                0" in lines


def test_some_channels_only() -> None:
    """Of two channels side by side, the crop takes position 1; a flat feature is a channel of one position."""
    text = "archspec: 1\ninputs: {x: [2, 3]}\nlayers:\n  - flatten\n"
    assert walk(text, "flatten", 4)[3:7] == [
        "layer    output  positions      size",
        "────────────────────────────────────",
        "flatten       6  4                 1",
        "x           2×3  channels 1: 1     1",
    ]


def test_a_walk_as_data() -> None:
    found = data(walked(SKIP, "add", 0, 4))
    assert (found["layer"], found["at"]) == ("add", [0, 4])
    assert [each["layer"] for each in found["walk"]] == ["add", "stage/conv2d", "stage/a", "image"]
    (stage,) = found["blocks"]
    assert stage["output"]["endless"]["axes"][1] == {"axis": "height", "start": 0, "stop": 1, "size": 1, "number": 1}
    (read,) = stage["reads"]
    assert (read["layer"], read["actual"]["axes"][1]["stop"], read["endless"]["axes"][1]["start"]) == ("image", 3, -2)


def test_markdown_has_the_same_tables() -> None:
    answer = walked(SKIP, "add", 4, 4)
    assert "| stage | 1×9×9 | 4 → 2–6 | 1→5 |\n" in as_markdown(answer.parts(Page(), 0))


def test_blocks_nested_deeper_than_functions_call_each_other() -> None:
    build = graphs.Builder()
    build.input("x", 1, 9)
    contexts = [build.block("b") for _ in range(1200)]
    for each in contexts:
        each.__enter__()
    build.add("relu")
    for each in reversed(contexts):
        each.__exit__(None, None, None)
    analyzed = graphs.analyzed(build.graph())
    assert len(page(Answer(analyzed))) > 1200
    assert len(page(back(analyzed, 1, (3,)))) > 1200


@pytest.mark.parametrize("format_name", ["text", "markdown"])
def test_names_are_written_as_they_stand_and_harmless(format_name: str) -> None:
    build = graphs.Builder()
    build.input("x\x1b[2J", 1, 9)
    build.add("conv1d", filters=1, kernel=(3,), name="$a_|b\u202e")
    analyzed = graphs.analyzed(build.graph())
    for answer in (Answer(analyzed), Answer(analyzed, 1, (2,)), back(analyzed, 1, (2,))):
        parts = list(answer.parts(Page()))
        written = as_text(parts, Page()) if format_name == "text" else as_markdown(parts)
        assert "\x1b" not in written
        assert "\u202e" not in written
        assert "\x1b" not in document(answer.data())

"""The table for people: exact text for small networks, and what must hold for any."""

from __future__ import annotations

import re
from contextlib import ExitStack

import pytest

from archanalyzer.graph import Graph
from archanalyzer.passes import standard_passes
from archanalyzer.passes.facts import Facts
from archanalyzer.report import Page, View, render
from archanalyzer.report.summary import TOLD
from archanalyzer.report.text import width
from tests import graphs

SMALL = """\
small  net.yaml

layer       type     output  parameters   MACs  field
─────────────────────────────────────────────────────
image       input     3×8×8           0      0      1
stage       stage
  conv2d    conv2d    4×6×6         112  3,888      3
  relu      relu      4×6×6           0      0      3
  conv2d_2  conv2d    4×4×4         148  2,304      5
flatten     flatten      64           0      0      5
dense       dense         2         130    128    all
─────────────────────────────────────────────────────
total                               390  6,320

parameters       390; 1.5 KiB as float32
filters          8 in 2 convolutions
MACs             6,320
FLOPs            12,994, with biases, activations, …
training step    15,072 MACs; 30,852 FLOPs
activations      610; 2.4 KiB; peak 1.3 KiB, 2.4 KiB in training
memory           2.8 KiB at inference; 5.5 KiB in training, without optimizer
receptive field  all

1 MAC = one multiply–accumulate, bias excluded; batch 1; see docs/counting.md
"""


def test_exact_text() -> None:
    """6,320 MACs are 12,640 FLOPs; with biases 144 + 64 + 2 and a relu of 144, 12,994.

    The gradient by the input is needed of the second convolution and of the dense layer: 6,320 + 2,432 + 6,320.
    At the worst moment of a forward step two outputs of 144 and the input's 192 are not alive at once, but 192 + 144.
    """
    assert render("table", [graphs.analyzed(graphs.small())]) == SMALL


def test_what_is_not_known_is_said() -> None:
    text = render("table", [graphs.analyzed(graphs.with_mystery())])
    assert "mystery  mystery   4×6×6           0        ?      ?\n" in text
    assert "total                            112  ≥ 3,888\n" in text
    assert "MACs             ≥ 3,888\n" in text
    assert "receptive field  ?\n" in text
    assert "\n? not known; ≥ at least so much, from what is known\n" in text


def test_repetitions_are_explained() -> None:
    text = render("table", [graphs.analyzed(graphs.repeated())])
    assert "  dense ×3  dense       8         216   192      –\n" in text
    assert "\n×N stands for N alike, with the sum over all of them\n" in text


@pytest.mark.parametrize("depth", [None, 0])
def test_vgg16_fits_80_columns(depth: int | None) -> None:
    text = render("table", [graphs.analyzed(graphs.vgg16())], View(depth=depth))
    assert max(map(width, text.splitlines())) <= 80
    assert "total" in text
    assert "138,357,544  15,470,264,320" in text


def test_long_names_give_way_and_numbers_never() -> None:
    build = graphs.Builder()
    build.input("image", 3, 224, 224)
    build.add("conv2d", name="a_name_" * 20 + "畳み込み", filters=64, kernel=(3, 3), padding="same")
    analyzed = graphs.analyzed(build.graph())
    lines = render("table", [analyzed]).splitlines()
    assert max(map(width, lines)) <= 80
    assert lines[5].startswith("a_name_a_name_")
    assert lines[5].endswith("畳み込み  conv2d  64×224×224       1,792  86,704,128      3")
    narrow = render("table", [analyzed], None, Page(width=30))
    assert "  64×224×224       1,792  86,704,128      3\n" in narrow


def test_counts_too_long_for_the_page_are_rounded_and_that_is_said() -> None:
    build = graphs.Builder()
    build.input("image", 4, 128, 128, 128)
    for name in ("first_layer", "second"):
        build.add("conv3d", name=name, filters=320_000, kernel=(3, 3, 3), padding="same")
    lines = render("table", [graphs.analyzed(build.graph())]).splitlines()
    assert max(map(width, lines)) <= 80
    # By hand: 320,000·27·320,000·128³ = 5.798·10¹⁸ MACs; the weights and biases, 2.76·10¹² + 320,000, fit as they are.
    assert lines[5:7] == [
        "first_layer  conv3d  320000×128×128×128         34,880,000  72.5 T      3",
        "second       conv3d  320000×128×128×128  2,764,800,320,000  5.80 E      5",
    ]
    notes = [line for line in lines if "to fit" in line or "in full" in line]
    assert notes == [
        "rounded to fit: k, M, G, T, P, E stand for 10³, 10⁶, 10⁹, 10¹², 10¹⁵, 10¹⁸",
        "in full with --format csv, or COLUMNS=92 for a page as wide as that",
    ]
    wide, narrow = (render("table", [graphs.analyzed(build.graph())], None, Page(at)) for at in (92, 91))
    assert "  5,798,205,849,600,000,000  " in wide
    assert "to fit" not in wide
    assert "to fit" in narrow


def test_of_many_digits_three_are_enough() -> None:
    build = graphs.Builder()
    build.input("x", 2)
    build.add("dense", units=10**10)
    build.add("dense", units=10**10)
    build.add("dense", units=10**9)
    lines = render("table", [graphs.analyzed(build.graph())], View(columns=("macs",)), Page(200)).splitlines()
    # By hand: 2·10¹⁰, 10²⁰, 10¹⁹, and their sum 1.1·10²⁰.
    assert [line.split()[-1] for line in lines[5:8]] == ["20,000,000,000", "1.00e20", "10,000,000,000,000,000,000"]
    assert lines[9].split() == ["total", "1.10e20"]


def test_the_number_of_rows_left_out_is_never_cut() -> None:
    build = graphs.Builder()
    build.input("x", 2)
    for _ in range(3001):
        build.add("relu")
    for at in (10, 40):
        text = render("table", [graphs.analyzed(build.graph())], View(top=1), Page(at))
        assert "\n… and 3,001 more " in text


@pytest.mark.parametrize("fixed", [True, False])
def test_columns_that_were_asked_for_keep_what_differs_apart(fixed: bool) -> None:
    build = graphs.Builder()
    build.input("image", 3, 224, 224)
    for side in ("left", "right"):
        with build.block("stage", f"a_block_on_the_{side}_of_the_network"):
            build.add("conv2d", filters=64, kernel=(3, 3), padding="same")
            build.add("batch_norm")
    columns = ("type", "inputs", "output_shape", "parameters", "macs", "flops", "activations", "training_macs")
    view = View(columns=columns, sort="parameters")
    lines = render("table", [graphs.analyzed(build.graph())], view, Page(60, fixed=fixed)).splitlines()
    names = [line.split()[0] for line in lines[2:-1] if "×224" in line]
    assert (len(set(names)) == 5) is not fixed
    if not fixed:
        assert sum("1,849,688,064" in line for line in lines) == 1, "numbers are whole"


def unwieldy() -> Graph:
    """Everything long: names, numbers, shapes, and a field for each of several inputs."""
    build = graphs.Builder()
    sources = [build.input(f"input_{number}" * 10, 2, *[100] * 7) for number in range(20)]
    with build.block("a_block_with_a_long_name" * 4):
        build.add("concat", name="concatenation" * 8, reads=tuple(sources))
        build.add("relu")
    build.add("flatten", reads=(build.layers[-1].index,))
    build.add("dense", units=2**62)
    build.add("mystery")
    return build.graph("network" * 100, description="description" * 100)


@pytest.mark.parametrize("depth", [None, 0])
def test_the_default_table_fits_80_columns_whatever_is_in_it(depth: int | None) -> None:
    text = render("table", [graphs.analyzed(unwieldy())], View(depth=depth))
    assert max(map(width, text.splitlines())) <= 80
    assert "\ncut to fit: …\n" in text
    # By hand: 20 inputs of 2·100⁷ numbers are 4·10¹⁵, times 4.6117·10¹⁸ units.
    assert re.search(r"^total +1\.84e34  ≥ 1\.84e34$", text, re.MULTILINE)


def test_titles_of_several_words_take_several_lines_before_numbers_are_shortened() -> None:
    columns = ("output_shape", "weight_gradient_macs", "training_macs", "training_flops", "activation_bytes")
    lines = render("table", [graphs.analyzed(graphs.small())], View(columns=columns)).splitlines()
    assert lines[2:5] == [
        "                      MACs",
        "                        by  training  training  activation",
        "layer       output  weight      MACs     FLOPs       bytes",
    ]


def test_names_in_blocks_nested_deep_are_still_read() -> None:
    build = graphs.Builder()
    build.input("image", 3, 224, 224)
    with ExitStack() as stack:
        for number in range(40):
            stack.enter_context(build.block("stage", f"stage{number}"))
        build.add("relu")
    lines = render("table", [graphs.analyzed(build.graph())]).splitlines()
    assert max(map(width, lines)) <= 80
    assert f"{' ' * 24}stage38" in "\n".join(lines)


def test_colour_changes_nothing_but_colour() -> None:
    analyzed = [graphs.analyzed(graphs.with_mystery()), graphs.analyzed(graphs.small())]
    plain, colored = render("table", analyzed), render("table", analyzed, None, Page(color=True))
    assert "\x1b" not in plain
    assert "\x1b[1m" in colored
    assert re.sub(r"\x1b\[[0-9;]*m", "", colored) == plain


def test_no_terminal_code_of_a_spec_gets_through() -> None:
    build = graphs.Builder()
    build.input("image\x1b[2J", 3, 8, 8)
    build.add("relu", name="\x9b31mred\u202e")
    graph = build.graph("net\x07", description="\x1b]0;title\x07")
    analyzed = graphs.analyzed(graph, path="\x1b[1m.yaml")
    for name in ("table", "json", "csv", "markdown", "latex"):
        text = render(name, [analyzed], View())
        assert not any(
            ord(character) < 32 or 127 <= ord(character) < 160 for character in text if character not in "\r\n"
        )


def test_every_total_has_a_place() -> None:
    """A total of the standard passes is told in a line of the summary; one of another pass gets a line of its own."""
    facts = Facts(graphs.small(), standard_passes())
    assert {total.name for total in facts.totals()} == TOLD

"""Ways that meet and look at different places: by hand."""

from __future__ import annotations

from fractions import Fraction

import pytest

from archanalyzer.passes.advice.alignment import Alignment
from archanalyzer.passes.receptive_field import ReceptiveFields
from tests.passes.advice.asking import Advice, Draft, advice, ask, rules, spec

CROPPED = """\
  - conv2d: {filters: 3, kernel: 3}
  - crop: {amount: [[%d, %d], [1, 1]]}
    from: image
  - add:
    from: [conv2d, crop]
"""


def test_what_is_said_of_ways_that_differ() -> None:
    message = "`add` (add) joins ways with different centres along the height of `image`"
    hint = "crop 1 position more at the start of what comes through `crop`, and so many fewer at its end"
    notes = "through conv2d: stride 1, centre 1 at position 0", "through crop: stride 1, centre 0 at position 0"
    assert advice(CROPPED % (0, 2)) == [Advice("misaligned-ways", message, hint, notes)]
    assert advice(CROPPED % (1, 1)) == []
    (found,) = advice(CROPPED.replace("[1, 1]", "[0, 2]") % (0, 2))
    assert found.message == "`add` (add) joins ways with different centres along the height and width of `image`"


def test_the_way_that_is_behind_is_to_be_shifted() -> None:
    """A kernel of 5 is centred on 2, a crop of 3 on 3: the crop is the one to change, as there is one."""
    layers = (
        "  - conv1d: {filters: 1, kernel: 5}\n  - crop: {amount: [[3, 1]]}\n    from: signal\n"
        "  - add:\n    from: [crop, conv1d]\n"
    )
    (found,) = advice(layers, "signal: [1, 16]")
    assert found.hint == (
        "crop 1 position fewer at the start of what comes through `crop`, and so many more at its end"
    )


SUM = "    name: seen\n  - add:\n    from: [seen, signal]\n"


def test_half_a_position() -> None:
    layers = (
        "  - conv1d: {filters: 1, kernel: 2}\n  - crop: {amount: [[0, 1]]}\n    from: signal\n"
        "  - add:\n    from: [conv1d, crop]\n"
    )
    (found,) = advice(layers, "signal: [1, 16]")
    assert found.notes[0] == "through conv1d: stride 1, centre 0.5 at position 0"
    mend = "an odd kernel, padded at both ends by half of what it reaches over, is centred"
    assert found.hint == f"no crop mends 0.5 positions: {mend}"
    # So it is: kernel 5 with dilation 3 reaches over 12 positions; -6 to 6 lie around 0.
    dilated = "  - conv1d: {filters: 1, kernel: 5, dilation: 3, padding: 6}\n"
    assert "misaligned-ways" not in rules(dilated + SUM, "signal: [1, 16]")


def test_positions_of_a_layer_are_meant_not_pixels() -> None:
    """Behind a stride of 4, a kernel that begins one position later is centred 4 pixels further on."""
    layers = (
        "  - max_pool1d: 4\n  - conv1d: {filters: 1, kernel: 3, padding: [[0, 2]]}\n  - add:\n"
        "    from: [conv1d, max_pool1d]\n"
    )
    (found,) = advice(layers, "signal: [1, 32]")
    assert found.notes == (
        "through conv1d: stride 4, centre 5.5 at position 0",
        "through max_pool1d: stride 4, centre 1.5 at position 0",
    )
    assert found.hint.startswith("shift what comes through `max_pool1d` by 1 position: ")


def test_different_strides() -> None:
    layers = (
        "  - max_pool1d: 4\n  - crop: {amount: [[12, 12]]}\n    from: signal\n  - concat:\n"
        "    from: [max_pool1d, crop]\n"
    )
    message = "`concat` (concat) joins ways with different strides along the length of `signal`"
    hint = "down-sample the one or up-sample the other, so that they move on alike before they meet"
    notes = "through max_pool1d: stride 4, centre 1.5 at position 0", "through crop: stride 1, centre 12 at position 0"
    assert advice(layers, "signal: [1, 32]") == [Advice("misaligned-ways", message, hint, notes)]


def test_each_join_is_told_whose_own_ways_differ() -> None:
    """Two ways that part behind such a join have in common what it is like."""
    build = Draft(32)
    last = 0
    for _ in range(4):
        last = build.grow(
            "add", build.grow("conv1d", last, filters=1, kernel=3), build.grow("crop", last, amount=((0, 2),))
        )
    build.grow("add", last, build.grow("relu", last))
    assert ask(build.graph(), Alignment).layers == (3, 6, 9, 12)


def test_of_many_joins_the_last_are_named_in_one() -> None:
    layer = "  - conv1d: {filters: 1, kernel: 2, padding: [[0, 1]], name: c}\n  - add:\n    from: [previous, %s]\n"
    layers = "".join(
        (layer.replace(", name: c", "") + f"    name: sum{n}\n") % (f"sum{n - 1}" if n else "signal") for n in range(11)
    )
    found = [each for each in advice(layers, "signal: [1, 32]") if each.rule == "misaligned-ways"]
    assert len(found) == 8
    assert found[-1].message.startswith("`sum7` (add) joins")
    assert found[-1].message.endswith("; of others, so do `sum8`, `sum9` and `sum10`")


PYRAMID = """\
  - conv1d: {filters: 1, kernel: 3, stride: 2, padding: 1}
    name: c1
  - conv1d: {filters: 1, kernel: 3, stride: 2, padding: 1}
    name: c2
  - upsample: 2
    name: u1
  - add:
    from: [u1, %s]
    name: p1
  - upsample: 2
    name: u0
  - add:
    from: [u0, %s]
    name: p0
"""


def test_ways_up_that_lag_behind_ever_more() -> None:
    """Of nearest up-sampling, output 0 and 1 both see what is around 0, which is for 1 a stride too early: half a
    stride on average. By strides of 2 and 1: 2/2 behind at `p1`, and 1/2 more at `p0`.
    """
    found = [each for each in advice(PYRAMID % ("c1", "image"), "image: [1, 32]") if each.rule == "misaligned-ways"]
    assert [each.notes for each in found] == [
        (
            "through u1: stride 2, centre −1 at position 0, on average over a period",
            "through c1: stride 2, centre 0 at position 0",
        ),
        (
            "through u0: stride 1, centre −1.5 at position 0, on average over a period",
            "through image: stride 1, centre 0 at position 0",
        ),
    ]
    mend = (
        "on a way down and up by a stride of 2, let both kernels be even, or both odd; up-sampling by 2 counts as an "
        "even one"
    )
    assert [each.hint for each in found] == [f"no crop mends {n} positions: {mend}" for n in ("0.5", "1.5")]


@pytest.mark.parametrize(
    ("down", "up"),
    [
        ("kernel: 4, stride: 2, padding: 1", "  - upsample: 2\n"),
        (
            "kernel: 3, stride: 2, padding: 1",
            "  - conv_transpose1d: {filters: 1, kernel: 3, stride: 2, padding: 1, output_padding: 1}\n",
        ),
    ],
)
def test_what_the_hint_for_ways_up_says_is_so(down: str, up: str) -> None:
    layers = (PYRAMID % ("c1", "image")).replace("kernel: 3, stride: 2, padding: 1}", f"{down}}}")
    assert "misaligned-ways" not in rules(layers.replace("  - upsample: 2\n", up), "image: [1, 32]")


@pytest.mark.parametrize(("start", "names"), [(4, ["p1"]), (3, ["p1", "p0"])])
def test_what_a_way_up_inherits_is_not_told_again(start: int, names: list[str]) -> None:
    """A pool of 2 is centred on 0.5, so `cropped` on 2.5 and `skip1` on 4.5: 2 apart.

    The former sees 20, and so around the latter: of both of them, and half a stride of 1 before it, `up` is centred on
    2, and by what came through `skip1` alone on 4. A skip to 4 is right, and one to 3 is not.
    """
    layers = f"""\
  - max_pool1d: 2
    name: c1
  - max_pool1d: 2
  - conv1d: {{filters: 1, kernel: 5, padding: 2}}
  - upsample: 2
  - crop: {{amount: [[1, 1]]}}
    name: cropped
  - crop: {{amount: [[2, 0]]}}
    from: c1
    name: skip1
  - add:
    from: [cropped, skip1]
    name: p1
  - upsample: 2
    name: up
  - crop: {{amount: [[{start}, {4 - start}]]}}
    from: image
    name: skip0
  - add:
    from: [skip0, up]
    name: p0
"""
    graph = spec(layers, "image: [1, 32]")
    assert [graph.layers[index].name for index in ask(graph, Alignment).layers] == names


def test_whose_type_alone_is_read_hands_nothing_on() -> None:
    """A crop to the size of a sum of what is 1 apart is itself 1 apart from one of the two, and not by inheritance."""
    layers = """\
  - crop: {amount: [[0, 2]]}
    name: a
  - conv1d: {filters: 1, kernel: 3}
    from: signal
    name: b
  - add:
    from: [a, b]
    name: sum
  - crop_like:
    from: [signal, sum]
    name: cut
  - add:
    from: [cut, b]
    name: alike
  - add:
    from: [cut, a]
    name: apart
outputs: [alike, apart]
"""
    graph = spec(layers, "signal: [1, 16]")
    assert [graph.layers[index].name for index in ask(graph, Alignment).layers] == ["sum", "apart"]


def test_inputs_are_compared_each_with_itself() -> None:
    """That what is seen of `left` lies elsewhere than what is seen of `right` says nothing."""
    layers = (
        "  - crop: {amount: [[0, 3]]}\n    from: left\n    name: l\n  - crop: {amount: [[3, 0]]}\n    from: right\n"
        "    name: r\n  - add:\n    from: [l, r]\n"
    )
    inputs = "left: [1, 16], right: [1, 16]"
    assert "misaligned-ways" not in rules(layers, inputs)
    layers += "  - crop: {amount: [[1, 2]]}\n    from: right\n  - concat:\n    from: [add, previous]\n"
    (found,) = [each for each in advice(layers, inputs) if each.rule == "misaligned-ways"]
    assert found.message == "`concat` (concat) joins ways with different centres along the length of `right`"


UP = "  - max_pool1d: 2\n    name: down\n%s    name: up\n  - concat:\n    from: [up, signal]\n"


@pytest.mark.parametrize(
    ("up", "apart"),
    [
        # A pool of 2 is centred on 2·i + 0.5. Output 0 and 1 both see pool 0: 0.5, and 0.5 less 1.
        ("  - upsample: 2\n", 0),
        ("  - conv_transpose1d: {filters: 1, kernel: 2, stride: 2}\n", 0),
        # Output 0 sees pools -1 and 0, centred on -0.5; output 1 sees 0 and 1, on 1.5, less 1: 0 on average.
        ("  - conv_transpose1d: {filters: 1, kernel: 4, stride: 2, padding: 1}\n", 0),
        ("  - upsample: {factor: 2, mode: linear}\n", 0),
        # Output 0 sees pool 0, centred on 0.5; output 1 sees 0 and 1, on 1.5, less 1: 0.5 on average.
        ("  - conv_transpose1d: {filters: 1, kernel: 3, stride: 2, padding: 1, output_padding: 1}\n", Fraction(1, 2)),
        # Output 0 sees pools -1 and 0, on -0.5; output 1 sees pool 0, on 0.5 less 1: -0.5 on average.
        ("  - conv_transpose1d: {filters: 1, kernel: 3, stride: 2, padding: [[0, 1]]}\n", Fraction(-1, 2)),
    ],
)
def test_ways_up_and_skips(up: str, apart: Fraction) -> None:
    found = [each for each in advice(UP % up, "signal: [1, 32]") if each.rule == "misaligned-ways"]
    told = [
        (
            f"through up: stride 1, centre {float(apart):g} at position 0, on average over a period".replace("-", "−"),
            "through signal: stride 1, centre 0 at position 0",
        )
    ]
    assert [each.notes for each in found] == (told if apart else [])


def test_two_ways_up() -> None:
    """Of the first and the fifth of these: 0 and 0.5 on average."""
    layers = (
        "  - max_pool1d: 2\n  - upsample: 2\n  - conv_transpose1d: {filters: 1, kernel: 3, stride: 2, padding: 1, "
        "output_padding: 1}\n    from: max_pool1d\n    name: transposed\n  - add:\n    from: [upsample, transposed]\n"
    )
    (found,) = [each for each in advice(layers, "signal: [1, 32]") if each.rule == "misaligned-ways"]
    assert found.notes == (
        "through upsample: stride 1, centre 0 at position 0, on average over a period",
        "through transposed: stride 1, centre 0.5 at position 0, on average over a period",
    )


@pytest.mark.parametrize(
    "layers",
    [
        "  - adaptive_avg_pool1d: 3\n  - upsample: {size: 32}\n",  # moves by no one stride
        "  - global_avg_pool: {keep_axes: true}\n",  # sees everything
        "  - flatten\n  - dense: 32\n  - reshape: {shape: [1, 32]}\n",
    ],
)
def test_what_has_no_centre_is_not_compared(layers: str) -> None:
    merged = f"{layers}    name: other\n  - add:\n    from: [signal, other]\n"
    assert rules(merged, "signal: [1, 32]") == []


@pytest.mark.parametrize("padded", [True, False])
def test_causal_layers_lie_upon_each_other_with_their_ends(*, padded: bool) -> None:
    """As WaveNet's, padded or not: the present is the last position that each of the two ways sees."""
    build, last = Draft(32), 0
    for dilation in (1, 2, 4):
        before = dilation if padded else 0
        seen = build.grow("conv1d", last, filters=1, kernel=2, dilation=dilation, padding=((before, 0),))
        skipped = build.grow("crop", last, amount=((dilation - before, 0),))
        last = build.grow("relu", build.grow("add", seen, skipped))
    graph = build.graph()
    assert ask(graph, Alignment).layers == ()
    (told,) = ask(graph, ReceptiveFields).told[last] or ()
    assert (told.size, told.aligned) == (8, False)  # 1 + 1 + 2 + 4; the centres do differ


def test_what_is_not_causal_on_one_way_is_told() -> None:
    layers = (
        "  - conv1d: {filters: 1, kernel: 2, padding: [[1, 0]]}\n    name: causal\n"
        "  - conv1d: {filters: 1, kernel: 2, padding: [[0, 1]]}\n    from: signal\n"
        "  - add:\n    from: [causal, previous, signal]\n"
    )
    assert rules(layers, "signal: [1, 32]") == ["misaligned-ways"]


def test_what_does_not_move_is_no_way_to_compare() -> None:
    layers = (
        "  - conv1d: {filters: 1, kernel: 3}\n  - crop: {amount: [[0, 2]]}\n    from: signal\n"
        "  - crop: {amount: [[5, 5]]}\n    from: signal\n  - global_avg_pool: {keep_axes: true}\n"
        "  - add:\n    from: [global_avg_pool, conv1d, crop]\n"
    )
    (found,) = [each for each in advice(layers, "signal: [1, 32]") if each.rule == "misaligned-ways"]
    assert [note.partition(":")[0] for note in found.notes] == ["through conv1d", "through crop"]


def test_behind_what_has_no_centre_others_are_compared() -> None:
    layers = (
        "  - adaptive_avg_pool1d: 3\n  - upsample: {size: 32}\n  - add:\n    from: [signal, upsample]\n"
        "  - conv1d: {filters: 1, kernel: 3}\n    from: signal\n  - crop: {amount: [[0, 2]]}\n    from: signal\n"
        "  - add:\n    from: [conv1d, crop]\n    name: differing\n  - crop: 1\n    from: add\n    name: c\n"
        "  - add:\n    from: [differing, c]\n"
    )
    graph = spec(layers, "signal: [1, 32]")
    assert [graph.layers[index].name for index in ask(graph, Alignment).layers] == ["differing"]


def test_a_layer_of_which_it_is_not_known_what_it_reads() -> None:
    build = Draft(16)
    build.grow("conv1d", 0, filters=1, kernel=3)
    build.grow("mystery", 1)
    build.grow("add", 2, build.grow("crop", 0, amount=((0, 2),)))
    assert ask(build.graph(), Alignment).layers == ()

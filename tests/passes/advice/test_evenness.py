"""Checkerboards against counting every product, gridding against the sets of positions that are seen."""

from __future__ import annotations

import re
from collections import Counter
from random import Random

import pytest

from archanalyzer.graph import Graph
from archanalyzer.passes.advice.evenness import Evenness
from tests import graphs
from tests.passes.advice.asking import Advice, advice, advice_on, ask, rules, spec

# --- Outputs that are sums of more products than others


def test_what_is_said_of_uneven_outputs() -> None:
    """Of three taps, every other one meets a position: two of them or one."""
    layers = "  - conv_transpose2d: {filters: 4, kernel: 3, stride: 2}\n"
    message = (
        "`conv_transpose2d` (conv_transpose2d): along the height and width, outputs read by turns 2 and 1 positions"
    )
    hint = "a kernel of 2 or 4, a multiple of the stride, overlaps evenly"
    hint += "; so does up-sampling with a convolution behind it"
    assert advice(layers) == [Advice("uneven-overlap", message, hint)]


def test_axes_of_different_kernels() -> None:
    """Along the height, o = 2·i + k with k below 3; along the width, o = 3·i + k with k below 5."""
    layers = "  - conv_transpose2d: {filters: 4, kernel: [3, 5], stride: [2, 3]}\n    name: up\n"
    (found,) = advice(layers)
    height, width = (
        "along the height, outputs read by turns 2 and 1",
        "along the width, outputs read by turns 2, 2 and 1",
    )
    assert found.message == f"`up` (conv_transpose2d): {height} positions; {width} positions"
    assert found.hint.startswith("a kernel of 2 or 4 along the height and 3 or 6 along the width, a multiple of the")


def test_one_axis_alone() -> None:
    layers = "  - conv_transpose2d: {filters: 4, kernel: [4, 1], stride: [2, 3]}\n    name: up\n"
    (found,) = advice(layers)
    assert found.message == "`up` (conv_transpose2d): along the width, outputs read by turns 1, 0 and 0 positions"
    assert found.hint.startswith("a kernel of 3, a multiple of the stride")


def test_a_dilation_that_goes_along_with_the_stride() -> None:
    """Every tap is an even number of positions away, so that odd outputs get nothing, whatever the kernel."""
    (found,) = advice("  - conv_transpose1d: {filters: 4, kernel: 4, stride: 2, dilation: 2}\n", "signal: [1, 9]")
    assert found.message.endswith("along the length, outputs read by turns 4 and 0 positions")
    assert found.hint.startswith("a dilation without a common factor with the stride, and a kernel that is a multiple")


def test_many_turns_are_cut_short() -> None:
    (found,) = advice("  - conv_transpose1d: {filters: 4, kernel: 2, stride: 8}\n", "signal: [1, 9]")
    assert found.message.endswith("outputs read by turns 1, 1, 0, 0, 0, 0, … positions")


@pytest.mark.parametrize(
    "layers",
    [
        "  - conv_transpose2d: {filters: 4, kernel: 2, stride: 2}\n",
        "  - conv_transpose2d: {filters: 4, kernel: 4, stride: 2, padding: 1}\n",
        "  - conv_transpose2d: {filters: 4, kernel: 3}\n",
        "  - conv_transpose2d: {filters: 4, kernel: 4, stride: 2, dilation: 3}\n",
        "  - upsample: 2\n  - conv2d: {filters: 4, kernel: 3, padding: same}\n",
        "  - upsample: {factor: 3, mode: bilinear}\n",  # 2, 1 and 2, by weights that are made so
        "  - conv2d: {filters: 4, kernel: 3, stride: 2}\n  - conv2d: {filters: 4, kernel: 3}\n",  # gradients alone
    ],
)
def test_what_is_even(layers: str) -> None:
    assert "uneven-overlap" not in rules(layers)


def test_of_one_position_nothing_overlaps() -> None:
    """A generator's noise, made larger: every output reads the one position."""
    layers = "  - conv_transpose2d: {filters: 4, kernel: 4, stride: 3}\n"
    assert rules(layers, "noise: [100, 1, 1]") == []
    assert rules(layers, "noise: [100, 1, 2]") == ["uneven-overlap"]


def messages(graph: Graph, rule: str) -> str:
    return "\n".join(each.message for each in advice_on(graph) if each.rule == rule)


def products(length: int, kernel: int, stride: int, dilation: int, cut: tuple[int, int]) -> list[int]:
    """How many products each output is a sum of, counted by where every product goes."""
    counted = Counter(i * stride + k * dilation for i in range(length) for k in range(kernel))
    outputs = (length - 1) * stride + (kernel - 1) * dilation + 1
    return [counted[o] for o in range(outputs)][cut[0] : outputs - cut[1]]


def test_uneven_outputs_against_counting_products() -> None:
    uneven = 0
    for seed in range(400):
        random = Random(seed)  # noqa: S311
        kernel, stride, dilation = random.randint(1, 7), random.randint(1, 5), random.choice((1, 1, 2, 3))
        cut = random.randint(0, 3), random.randint(0, 3)
        build = graphs.Builder()
        build.input("signal", 1, 60)
        build.add("conv_transpose1d", filters=1, kernel=kernel, stride=stride, dilation=dilation, padding=(cut,))
        border = kernel * dilation
        inside = products(60, kernel, stride, dilation, cut)
        turns = inside[border * stride :][: len(inside) - 2 * border * stride]
        expected = len(set(turns)) > 1
        assert bool(ask(build.graph(), Evenness).uneven) == expected, seed
        if expected:
            start = -border * stride % stride  # the outputs from 0 on, as if there were positions before the first
            (found,) = re.findall(r"by turns ([0-9, and]+) positions", messages(build.graph(), "uneven-overlap"))
            assert [int(each) for each in re.findall(r"\d+", found)] == turns[start : start + stride], seed
            uneven += 1
    assert 50 < uneven < 350


# --- Fields with gaps


def test_what_is_said_of_gaps() -> None:
    """Three taps, 2 apart, of three taps, 2 apart: every other one of 9."""
    layers = "  - conv2d: {filters: 4, kernel: 3, dilation: 2, padding: 2}\n    repeat: 2\n  - relu\n"
    message = (
        "`conv2d_2`: along the height and width of `image`, a position sees 5 of the 9 positions that its field spans"
    )
    hint = (
        "let the taps of a kernel be no further apart than what each of them sees: dilations of 1, 2 and 5 leave no "
        "gaps, those of 2, 2 and 2 do"
    )
    notes = ("gaps arise in conv2d: its taps lie 2 positions apart",)
    assert advice(layers) == [Advice("gridding", message, hint, notes)]


def test_several_layers_with_gaps() -> None:
    layers = (
        "  - conv1d: {filters: 4, kernel: 3, dilation: 4, padding: same}\n    name: a\n"
        "  - conv1d: {filters: 4, kernel: 2, dilation: 3, padding: same}\n    from: signal\n    name: b\n"
        "outputs: [a, b]\n"
    )
    (found,) = advice(layers, "signal: [1, 32]")
    told = (
        "along the length of `signal`, at the first of them, a position sees 3 of the 9 positions that its field spans"
    )
    assert found.message == f"`a` and `b`: {told}"


DILATED = "  - conv1d: {filters: 4, kernel: 3, dilation: %d, padding: same}\n"


@pytest.mark.parametrize(
    ("dilations", "number", "size"),
    [
        # Wang et al. 2018 (arXiv:1702.08502), figure 1: 2, 2, 2 see 7 of 13 along each axis; 1, 2, 3 all of 13.
        ((2, 2, 2), 7, 13),
        ((1, 2, 3), 13, 13),
        ((1, 2, 5), 17, 17),
        ((1, 2, 9), 21, 25),  # -3 to 3, and the same 9 to either side
        ((1, 2, 4, 8), 31, 31),
        ((3, 1), 9, 9),
        ((4, 1), 9, 11),
    ],
)
def test_known_dilations(dilations: tuple[int, ...], number: int, size: int) -> None:
    found = advice("".join(DILATED % each for each in dilations), "signal: [1, 64]")
    told = [f"sees {number} of the {size} positions" in each.message for each in found]
    assert told == ([True] if number < size else [])


@pytest.mark.parametrize(
    "layers",
    [
        "  - add:\n    from: [signal, conv1d]\n  - conv1d: {filters: 1, kernel: 3, padding: same}\n",  # 3 of 5, widened
        "  - max_pool1d: {kernel: 2, stride: 1}\n",
        "  - conv1d: {filters: 1, kernel: 2, padding: same}\n  - relu\n",
    ],
)
def test_gaps_that_are_filled_later(layers: str) -> None:
    assert rules("  - conv1d: {filters: 1, kernel: 3, dilation: 2, padding: same}\n" + layers, "signal: [1, 16]") == []


def test_gaps_that_another_way_fills() -> None:
    layers = (
        "  - conv1d: {filters: 1, kernel: 3, dilation: 2, padding: same}\n    name: wide\n"
        "  - conv1d: {filters: 1, kernel: 3, padding: same}\n    from: signal\n  - add:\n    from: [wide, previous]\n"
    )
    assert rules(layers, "signal: [1, 16]") == []


GAPPED = "  - conv1d: {filters: 1, kernel: 3, dilation: 2, padding: same}\n    name: wide\n  - relu\n"


@pytest.mark.parametrize(
    "layers", ["", "  - global_avg_pool\n", "  - conv1d: {filters: 2, kernel: 16}\n", "  - flatten\n  - dense: 2\n"]
)
def test_what_takes_in_all_positions_fills_no_gaps(layers: str) -> None:
    (found,) = advice(GAPPED + layers, "signal: [1, 16]")
    assert found.message.startswith("`wide`: along the length of `signal`, a position sees 3 of the 5 positions")


def test_whether_gaps_are_filled_behind_a_gate_is_not_told() -> None:
    gate = "  - global_avg_pool: {keep_axes: true}\n  - multiply:\n    from: [relu, previous]\n"
    filled = "  - conv1d: {filters: 1, kernel: 3, padding: same}\n"
    assert rules(GAPPED + gate + filled, "signal: [1, 16]") == []


def test_one_output_may_be_left_with_gaps_that_another_fills() -> None:
    filled = "  - conv1d: {filters: 1, kernel: 3, padding: same}\n    name: filled\noutputs: [relu, filled]\n"
    (found,) = advice(GAPPED + filled, "signal: [1, 16]")
    assert found.message.startswith("`wide`: ")


def test_a_stride_beyond_the_kernel_leaves_gaps() -> None:
    layers = "  - conv1d: {filters: 1, kernel: 1, stride: 2}\n  - conv1d: {filters: 1, kernel: 3}\n"
    found = [each for each in advice(layers, "signal: [1, 15]") if each.rule == "gridding"]
    message = "`conv1d_2`: along the length of `signal`, a position sees 3 of the 5 positions that its field spans"
    notes = ("gaps arise from conv1d: it moves on by 2 positions and spans 1",)
    hint = "give `conv1d` a stride no larger than its kernel"
    assert found == [Advice("gridding", message, hint, notes)]


def test_the_stride_that_makes_gaps_may_lie_far_behind() -> None:
    """As in a pyramid: kernel 3 at stride 4, and then at stride 2: 3 of 3, 9 of 11, 21 of 27."""
    then = "  - conv1d: {filters: 1, kernel: 3, stride: 2, padding: 1}\n  - relu\n"
    layers = f"  - conv1d: {{filters: 1, kernel: 3, stride: 4, padding: 1}}\n    name: first\n{then}{then}"
    (found,) = [each for each in advice(layers, "signal: [1, 64]") if each.rule == "gridding"]
    assert " sees 21 of the 27 positions " in found.message
    assert found.notes == ("gaps arise from first: it moves on by 4 positions and spans 3",)


def test_of_gaps_with_another_cause_nothing_is_advised() -> None:
    """Of rows of 4, cut into halves and laid end to end, those that begin a row lie 2 further on than 2 before."""
    layers = (
        "  - reshape: {shape: [1, 4, 2, 2]}\n  - permute: {axes: [0, 2, 1, 3]}\n  - reshape: {shape: [1, 16]}\n"
        "  - conv1d: {filters: 1, kernel: 3}\n"
    )
    found = [each for each in advice(layers, "signal: [1, 16]") if each.rule == "gridding"]
    assert [(each.hint, each.notes) for each in found] == [("", ())]


@pytest.mark.parametrize(("length", "size"), [(3, 3), (4, 4)])
def test_of_all_positions_that_there_are_the_one_with_the_largest_gap_is_told(length: int, size: int) -> None:
    """Up-sampled by 2, the first output reads 0 and 5, which are 0 and 2; the second one 1 and 6, which are 0 and 3.

    Up-sampled from a length of 3, there is no second one.
    """
    layers = "  - upsample: 2\n  - conv1d: {filters: 1, kernel: 2, dilation: 5}\n"
    (found,) = [each.message for each in advice(layers, f"signal: [1, {length}]") if each.rule == "gridding"]
    sees = f"a position sees 2 of the {size} positions that its field spans"
    assert found == f"`conv1d`: along the length of `signal`, {sees}"


def test_gaps_of_ways_that_do_not_align_are_not_told_as_gridding() -> None:
    layers = (
        "  - crop: {amount: [[0, 5]]}\n    name: a\n  - crop: {amount: [[5, 0]]}\n    from: signal\n"
        "  - add:\n    from: [a, previous]\n  - conv1d: {filters: 1, kernel: 3}\n"
    )
    assert rules(layers, "signal: [1, 32]") == ["misaligned-ways"]


def test_what_follows_is_not_known() -> None:
    build = graphs.Builder()
    build.input("signal", 1, 16)
    build.add("conv1d", filters=1, kernel=3, dilation=2)
    assert ask(build.graph(), Evenness).gridded == (1,)
    build.add("mystery")
    assert ask(build.graph(), Evenness).gridded == ()


def offsets(graph: Graph, layer: int) -> frozenset[int]:
    """What a position sees, taken from its own: taps upon taps, of all ways."""
    one = graph.layers[layer]
    if not one.inputs:
        return frozenset({0})
    below = frozenset().union(*(offsets(graph, source) for source in one.inputs))
    fields = one.op.model_dump()
    if "kernel" not in fields:
        return below
    (kernel,), (dilation,) = fields["kernel"], fields.get("dilation", (1,))
    return frozenset(each + (tap - kernel // 2) * dilation for each in below for tap in range(kernel))


def has_gaps(seen: frozenset[int]) -> bool:
    return len(seen) < max(seen) - min(seen) + 1


def dilated_at_random(seed: int) -> Graph:
    """Odd kernels, padded alike on both sides, so that all ways align; skips, and branches that end in outputs."""
    random, build = Random(seed), graphs.Builder()  # noqa: S311
    build.input("signal", 1, 40)
    for _ in range(random.randint(1, 7)):
        reads = random.choice((len(build.layers) - 1, random.randrange(len(build.layers))))
        kernel, dilation = random.choice((1, 3, 3, 5)), random.randint(1, 4)
        match random.choice(("conv", "conv", "conv", "pool", "add", "relu")):
            case "conv":
                build.add("conv1d", reads=(reads,), filters=1, kernel=kernel, dilation=dilation, padding="same")
            case "pool":
                build.add("max_pool1d", reads=(reads,), kernel=kernel, stride=1, padding="same")
            case "add":
                build.add("add", reads=(reads, random.randrange(len(build.layers))))
            case "relu":
                build.add("relu", reads=(reads,))
    read = {source for layer in build.layers for source in layer.inputs}
    ends = tuple(layer.index for layer in build.layers if layer.index not in read)
    return build.graph(outputs=ends)


def test_gridding_against_sets() -> None:
    """Gaps are told of just if some output sees with gaps, and of layers alone that do."""
    some, told_of = 0, 0
    for seed in range(500):
        graph = dilated_at_random(seed)
        gridded = ask(graph, Evenness).gridded
        expected = any(has_gaps(offsets(graph, output)) for output in graph.outputs)
        assert bool(gridded) == expected, seed
        assert all(has_gaps(offsets(graph, index)) for index in gridded), seed
        for index in gridded[:1]:
            seen = offsets(graph, index)
            (told,) = [each.message for each in advice_on(graph) if each.rule == "gridding"]
            assert f" sees {len(seen)} of the {max(seen) - min(seen) + 1} positions " in told, seed
        some += expected
        told_of += len(gridded)
    assert 50 < some < 450
    assert told_of > some


def test_a_spec_tells_the_same_as_a_graph() -> None:
    graph = spec("  - conv1d: {filters: 1, kernel: 3, dilation: 2}\n", "signal: [1, 16]")
    assert ask(graph, Evenness).gridded == (1,)
